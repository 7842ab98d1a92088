//! Every console block of the README and of docs/ is run, and prints what the page says.
//!
//! A block is fenced as `console`; a line `$ netverify ...` is a command, run from the top of the
//! project, and the lines up to the next `$` are what it prints, standard error first. `$ echo $?`
//! stands for the exit code of the command before it. Times and Z3's version may differ. Set
//! `NETVERIFY_BLESS=1` to write what is printed into the pages.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first thing that is not as expected"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    pages.push(root.join("README.md"));
    pages.sort();
    pages
}

/// What a command prints, and its exit code. Only `netverify` and a pipe into it are known.
fn run(command: &str) -> (String, i32) {
    let binary = env!("CARGO_BIN_EXE_netverify");
    let script = command.replace("netverify ", &format!("'{binary}' "));
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("COLUMNS")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    let printed = [output.stderr, output.stdout].concat();
    (String::from_utf8(printed).unwrap(), output.status.code().unwrap())
}

/// Times and versions, which differ from run to run and from machine to machine.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit());
        let word = |at: usize| {
            let (before, after) = (at.checked_sub(1).map(|at| words[at]), words.get(at + 1));
            match words[at] {
                word if is_number(word) && after.is_some_and(|after| after.starts_with("ms")) => "N".to_owned(),
                word if before == Some("Z3") && word.contains('.') => "V)".to_owned(),
                word => word.to_owned(),
            }
        };
        let words: Vec<String> = (0..words.len()).map(word).collect();
        steady += words.join(" ").trim_end();
        steady.push('\n');
    }
    steady.trim_end().to_owned()
}

/// The page with every console block as it is printed today.
fn replayed(page: &str) -> (String, usize) {
    let (mut text, mut commands, mut last_code) = (String::new(), 0, 0);
    let mut blocks = page.split("```console\n");
    text += blocks.next().unwrap();
    for block in blocks {
        let (body, rest) = block.split_once("\n```").unwrap_or_else(|| panic!("an open console block:\n{block}"));
        text += "```console\n";
        for step in body.split("$ ").skip(1) {
            let (command, _) = step.split_once('\n').unwrap_or((step, ""));
            commands += 1;
            let printed = if command == "echo $?" {
                format!("{last_code}\n")
            } else {
                let (printed, code) = run(command);
                last_code = code;
                printed
            };
            text += &format!("$ {command}\n{}", printed.trim_start_matches('\n'));
        }
        text = text.trim_end().to_owned() + "\n```" + rest;
    }
    (text, commands)
}

#[test]
fn console_blocks_print_what_the_pages_say() {
    let mut commands = 0;
    for path in pages() {
        let page = std::fs::read_to_string(&path).unwrap();
        let (today, count) = replayed(&page);
        commands += count;
        if steady(&page) == steady(&today) {
            continue;
        }
        if std::env::var_os("NETVERIFY_BLESS").is_some() {
            std::fs::write(&path, today).unwrap();
            continue;
        }
        let differing = steady(&page)
            .lines()
            .zip(steady(&today).lines())
            .find(|(page, today)| page != today)
            .map(|(page, today)| format!("page:  {page}\ntoday: {today}"));
        panic!(
            "{}: {}\nNETVERIFY_BLESS=1 cargo test --test docs rewrites the page",
            path.display(),
            differing.unwrap_or_default()
        );
    }
    assert!(commands >= 3, "only {commands} commands were run");
}

/// What stands in the column of this name, of every table of the page that has one.
fn column(page: &str, name: &str) -> Vec<String> {
    let (mut cells, mut at) = (Vec::new(), None);
    for line in page.lines() {
        let row: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if !line.starts_with('|') {
            at = None;
        } else if let Some(found) = row.iter().position(|cell| *cell == name) {
            at = Some(found);
        } else if let Some(at) = at.filter(|_| !line.starts_with("|---")) {
            cells.push(row[at].trim_matches('`').to_owned());
        }
    }
    cells
}

/// The examples of docs/language.md are proved or refuted over the repaired platform, from the folder specs.
#[test]
fn every_example_sentence_is_decided() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/language.md")).unwrap();
    let examples = column(&page, "example");
    assert!(examples.len() >= 14, "only {examples:?}");
    for example in examples {
        let output = Command::new(env!("CARGO_BIN_EXE_netverify"))
            .args(["prove", "-m", "rag/cluster.yaml", "-m", "rag/policies", "--assert", &example])
            .current_dir(root.join("specs"))
            .output()
            .unwrap();
        let said = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{example}\n{said}");
    }
}

/// Whatever a page shows as TOML is a spec, or a part of one; docs/codes.md shows wrong ones.
#[test]
fn every_toml_block_is_read() {
    let mut read = 0;
    for path in pages().into_iter().filter(|path| !path.ends_with("codes.md")) {
        let page = std::fs::read_to_string(&path).unwrap();
        for block in page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let property = if block.contains("assert") { "" } else { "[[property]]\nname = 'p'\nassert = 's'\n" };
            let text = format!("{block}\n{property}");
            let file = netverify::source::SourceMap::default().add("page", text.clone());
            let (_, faults) = netverify::spec::parse(file, &text);
            assert!(
                !faults.iter().any(netverify::diagnostic::Diagnostic::is_error),
                "{}: {faults:#?}\n{text}",
                path.display()
            );
            read += 1;
        }
    }
    assert!(read >= 2, "only {read} blocks were read");
}

/// Every code has a heading in docs/codes.md, and every heading a code.
#[test]
fn every_code_has_its_page() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/codes.md")).unwrap();
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let diagnostics = netverify::diagnostic::Code::ALL.iter().map(|code| code.name());
    let findings = netverify::finding::Code::ALL.iter().map(|code| code.name());
    // `host-bits` is both.
    let codes: std::collections::BTreeSet<&str> = diagnostics.chain(findings).collect();
    for code in &codes {
        assert!(headings.contains(code), "docs/codes.md has no heading for {code}");
    }
    assert_eq!(headings.len(), codes.len(), "a heading without a code");
}

/// docs/lint.md lists every finding with its severity.
#[test]
fn every_finding_is_in_the_table() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| [")).collect();
    for code in netverify::finding::Code::ALL {
        let row = format!("| [{0}](codes.md#{0}) | {1} | {2} |", code.name(), code.severity().name(), code.title());
        assert!(rows.contains(&row.as_str()), "docs/lint.md lacks the row\n{row}");
    }
    assert_eq!(rows.len(), netverify::finding::Code::ALL.len());
}
