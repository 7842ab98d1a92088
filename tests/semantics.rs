//! What the pages of docs/ name is there: every `file.rs::function`, every test, and a place for every rule.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The code spans of a text that name a function: `file.rs::function`.
fn references(text: &str) -> Vec<(&str, &str)> {
    let spans = text.split('`').skip(1).step_by(2);
    let named = spans.filter_map(|span| span.split_once(".rs::"));
    named.filter(|(_, function)| function.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).collect()
}

/// Whether the file, below `src/` or from the top, has this function; a test has to be one.
fn exists(file: &str, function: &str) -> bool {
    let from_top = root().join(format!("{file}.rs"));
    let path = if from_top.is_file() { from_top } else { root().join(format!("src/{file}.rs")) };
    let Ok(code) = std::fs::read_to_string(path) else { return false };
    let mut before = "";
    code.lines().any(|line| {
        let previous = std::mem::replace(&mut before, line.trim());
        let names_it = ["(", "<"].iter().any(|open| line.contains(&format!("fn {function}{open}")));
        names_it && (!file.starts_with("tests/") || previous == "#[test]")
    })
}

fn pages() -> Vec<(String, String)> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let read = |path: &Path| {
        (path.strip_prefix(root()).unwrap().display().to_string(), std::fs::read_to_string(path).unwrap())
    };
    docs.filter(is_page).map(|path| read(&path)).collect()
}

#[test]
fn every_function_that_a_page_names_exists() {
    let (mut gone, mut count) = (Vec::new(), 0);
    for (name, page) in pages() {
        for (file, function) in references(&page) {
            count += 1;
            if !exists(file, function) {
                gone.push(format!("{name}: `{file}.rs::{function}`"));
            }
        }
    }
    assert!(gone.is_empty(), "no such function or test:\n{}", gone.join("\n"));
    assert!(count > 100, "only {count} functions are named");
}

/// The cells of the rows that begin with a rule, of the table with these headings.
fn rows<'a>(page: &'a str, header: &str) -> Vec<Vec<&'a str>> {
    let (_, table) = page.split_once(header).unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|')).skip(1);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The rules of a letter that the page states, one row each.
fn stated(page: &str, letter: char) -> Vec<String> {
    let rule = |line: &str| {
        let cell = line.strip_prefix("| ")?.split(' ').next()?.to_owned();
        let number = cell.strip_prefix(letter)?.parse::<usize>();
        number.is_ok().then_some(cell)
    };
    page.lines().take_while(|line| !line.starts_with("## 3")).filter_map(rule).collect()
}

/// Each rule is stated once and has its place once, so it stands in two rows.
fn assert_placed(page: &str, letter: char, placed: &[&str]) {
    let all = stated(page, letter);
    let rules: BTreeSet<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(placed.iter().copied().collect::<BTreeSet<_>>(), rules, "a rule without a place");
    assert_eq!((placed.len(), all.len()), (rules.len(), 2 * rules.len()), "a rule that is there twice");
}

#[test]
fn every_rule_of_policies_has_its_place_and_examples() {
    let page = text("docs/semantics.md");
    let rows = rows(&page, "| rule | reading | `eval` | `symbolic` | examples | also |");
    assert_placed(&page, 'R', &rows.iter().map(|row| row[0]).collect::<Vec<_>>());
    for row in &rows {
        let link = row[4].split_once('(').unwrap().1.split_once(')').unwrap().0;
        let examples = text(&format!("docs/{link}"));
        assert!(examples.contains(&format!("\n## {}: ", row[0])), "{link} has no section {}", row[0]);
        let judged = !row[4].ends_with("not judged");
        assert_eq!(judged, !references(&row.join("|")).is_empty(), "{}: judged, but where?", row[0]);
    }
}

#[test]
fn every_rule_of_the_api_server_has_its_place_and_a_test() {
    let page = text("docs/semantics.md");
    let rows = rows(&page, "| rule | where | held by |");
    assert_placed(&page, 'V', &rows.iter().map(|row| row[0]).collect::<Vec<_>>());
    let cases = text("tests/cases/validation.yaml");
    for row in &rows {
        let rule = row[0];
        assert!(!references(row[1]).is_empty(), "{rule} has no place");
        if row[2] == "cases" {
            let named = [format!("'{rule}:"), format!("'{rule},"), format!(", {rule}:"), format!(", {rule},")];
            assert!(named.iter().any(|name| cases.contains(name)), "no case is about {rule}");
        } else {
            assert_eq!(references(row[2]).len(), 1, "{rule}: a test holds it");
        }
    }
}
