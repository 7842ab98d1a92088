//! The rules by example: every row of the pages in `tests/rules`, judged by `eval` and asked of `symbolic`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "how much was checked belongs in the test's own output")]

#[path = "rules/page.rs"]
mod page;
#[path = "rules/scene.rs"]
mod scene;

use std::collections::BTreeMap;
use std::path::PathBuf;

use netverify::eval::{Verdict, verdict};
use netverify::model::net::{End, Flow};
use netverify::model::options::Options;
use netverify::model::world::World;
use netverify::symbolic::{Answer, Guarding, Query, Session, Setting, Slice};
use page::{Example, Section, Table};
use scene::{Said, Scene};

/// The pages, in the order of the rules.
const PAGES: [&str; 5] = ["policy.md", "selectors.md", "peers.md", "ports.md", "nodes.md"];

fn sections(page: &str) -> Vec<Section> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/rules").join(page);
    page::read(&format!("tests/rules/{page}"), &std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The cluster that every example builds on.
fn common() -> String {
    let sections = sections("README.md");
    let of_cluster = sections.iter().find(|section| section.title == "The cluster").unwrap();
    of_cluster.examples[0].yaml.clone()
}

/// The number of the rule that a section is about.
fn rule(section: &Section) -> Option<usize> {
    section.title.strip_prefix('R')?.split_once(": ")?.0.parse().ok()
}

#[derive(Default)]
struct Checked {
    rows: usize,
    asked: usize,
    faults: usize,
    wrong: Vec<String>,
}

struct Checker<'a> {
    common: &'a str,
    session: &'a Session,
    page: &'a str,
}

impl Checker<'_> {
    fn example(&self, example: &Example, checked: &mut Checked) {
        let at = format!("tests/rules/{}:{}", self.page, example.line);
        let scene = Scene::new(self.common, &example.yaml);
        if example.tables.is_empty() {
            checked.wrong.push(format!("{at}: nothing is said about this block"));
        }
        let mut said_errors = Vec::new();
        for table in &example.tables {
            match table.header.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["error", "line"] => said_errors.extend(faults(table)),
                ["warning", "line"] => {
                    checked.faults += table.rows.len();
                    let said = faults(table);
                    if said != scene.warnings {
                        checked.wrong.push(format!("{at}: said {said:?}, found {:?}", scene.warnings));
                    }
                }
                ["from", "to", "port", "verdict"] | ["from", "to", "port", "verdict", "plugin"] => {
                    self.table(&scene, table, checked);
                }
                ref other => checked.wrong.push(format!("{at}: a table of {other:?}")),
            }
        }
        checked.faults += said_errors.len();
        if said_errors != scene.errors {
            checked.wrong.push(format!("{at}: said {said_errors:?}, found {:?}", scene.errors));
        }
    }

    fn table(&self, scene: &Scene, table: &Table, checked: &mut Checked) {
        for row in &table.rows {
            checked.rows += 1;
            let plugin = row.cells.get(4).map_or("", String::as_str);
            match self.row(scene, &row.cells, plugin) {
                Ok(asked) => checked.asked += usize::from(asked),
                Err(fault) => checked.wrong.push(format!("tests/rules/{}:{}: {fault}", self.page, row.line)),
            }
        }
    }

    /// Whether the solver was asked; it judges no flow of one end, nor one of a pod on its node's network.
    fn row(&self, scene: &Scene, cells: &[String], plugin: &str) -> Result<bool, String> {
        let (options, said) = (scene::options(plugin)?, scene::said(&cells[3])?);
        let Some(flow) = scene.flow(&cells[0], &cells[1], &cells[2])? else {
            return if said == Said::NoSuchPod { Ok(false) } else { Err("a pod is not there".to_owned()) };
        };
        let (found, trace) = verdict(&scene.cluster, &options, &flow);
        let expected = if said == Said::Allowed { Verdict::Allowed } else { Verdict::Denied };
        if said == Said::NoSuchPod || found != expected {
            return Err(format!("said {said:?}, and eval says {found:?}\n{trace:#?}"));
        }
        if flow.source == flow.destination {
            return Ok(false);
        }
        let Some((passes, fails)) = self.ask(scene, options, &flow) else {
            let on_a_node = |end: &End| end.pod().is_some_and(|pod| pod.host_network);
            let left_out = on_a_node(&flow.source) || on_a_node(&flow.destination);
            return if left_out { Ok(false) } else { Err("the solver has no place for the flow".to_owned()) };
        };
        let allowed = said == Said::Allowed;
        let wanted = if allowed { (Answer::Sat, Answer::Unsat) } else { (Answer::Unsat, Answer::Sat) };
        if (passes, fails) == wanted {
            Ok(true)
        } else {
            Err(format!("said {said:?}, and the solver says passes: {passes:?}, fails: {fails:?}"))
        }
    }

    /// Whether the flow can pass, and whether it can fail to; `None` where it cannot be asked.
    fn ask(&self, scene: &Scene, options: Options, flow: &Flow) -> Option<(Answer, Answer)> {
        let world = World { nodes: true, ..World::default() };
        let query = Query::new(Setting {
            cluster: &scene.cluster,
            world: &world,
            options,
            slice: Slice::everything(&scene.cluster),
            claims: vec![],
            workloads: Vec::new(),
            guarding: Guarding::Isolation,
        });
        let (pinned, allowed) = (query.pinned(flow)?, query.allowed());
        let ask = |statement| self.session.scoped(|| query.check_assuming(self.session, &[pinned.clone(), statement]));
        Some((ask(allowed.clone()), ask(allowed.negated())))
    }
}

fn faults(table: &Table) -> Vec<(String, usize)> {
    table.rows.iter().map(|row| (row.cells[0].clone(), row.cells[1].parse().unwrap())).collect()
}

#[test]
fn every_row_comes_out_as_it_says() {
    let (common, session) = (common(), Session::new().unwrap());
    let (mut checked, mut examples) = (Checked::default(), 0);
    for page in PAGES {
        let checker = Checker { common: &common, session: &session, page };
        for example in sections(page).iter().flat_map(|section| &section.examples) {
            examples += 1;
            checker.example(example, &mut checked);
        }
    }
    let Checked { rows, asked, faults, wrong } = checked;
    println!("rules: {examples} examples, {rows} rows by eval, {asked} of them by the solver, {faults} faults");
    assert!(wrong.is_empty(), "{} rows fail\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked + 3 >= rows, "only {asked} of {rows} rows were asked of the solver");
}

#[test]
fn every_rule_has_its_section() {
    let mut found: BTreeMap<usize, (String, bool)> = BTreeMap::new();
    for page in PAGES {
        for section in sections(page) {
            let at = format!("tests/rules/{page}:{}", section.line);
            let rule = rule(&section).unwrap_or_else(|| panic!("{at}: no rule in `{}`", section.title));
            let judged = !section.examples.is_empty();
            assert!(judged != section.not_judged, "{at}: R{rule} has neither an example nor a reason, or has both");
            let other = found.insert(rule, (at.clone(), judged));
            assert!(other.is_none(), "{at}: R{rule} is at {other:?} too");
        }
    }
    let rules: Vec<usize> = found.keys().copied().collect();
    assert_eq!(rules, (1..=42).collect::<Vec<_>>(), "a rule without a section, or a section without a rule");
    let unjudged: Vec<usize> = found.iter().filter(|(_, (_, judged))| !judged).map(|(rule, _)| *rule).collect();
    assert_eq!(unjudged, [38, 42], "the rules that no manifest can decide");
}
