//! A draft as the text of a spec: commented, in the order of namespaces, short lines.

use super::{Draft, Endpoint, Property, Section};
use crate::plain;

/// The width that lines keep to where they can.
const WIDTH: usize = 100;

/// The longest name that others are aligned to.
const ALIGNED: usize = 32;

/// What stands above a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The paths of `manifests`, relative to the spec; none where they come from the command line.
    pub manifests: Vec<String>,
    /// The command that proves the spec.
    pub command: String,
    /// The network plugin, by the name that `[world]` gives it.
    pub plugin: String,
}

/// The text of the spec.
#[must_use]
pub fn render(head: &Head, draft: &Draft) -> String {
    let mut text = String::new();
    comment(&mut text, &opening(head));
    for note in &draft.notes {
        text += "#\n";
        comment(&mut text, note);
    }
    text += &format!("\ntitle     = {}\n", plain::quoted(&title(draft)));
    text += &manifests(&head.manifests);
    text += &world(&head.plugin);
    text += &trust(draft);
    text += &endpoints(&draft.endpoints);
    draft.sections.iter().for_each(|section| text += &part(section));
    text
}

fn opening(head: &Head) -> String {
    format!(
        "A first spec, made by `netverify init`: what holds today. Each property was proved when it was written; whether it should \
         hold is for you to say. Delete what you do not mean, add the `why` to what you do, and give your worst fears `severity = \
         \"critical\"`. netverify's docs/language.md has the sentences, docs/spec.md the keys, docs/world.md what may exist.\n\n  {}",
        head.command
    )
}

fn title(draft: &Draft) -> String {
    let names: Vec<&str> = draft.sections.iter().map(|section| section.namespace.as_str()).collect();
    match names.as_slice() {
        [] => "Network policies".to_owned(),
        [one] => format!("Network policies of {one}"),
        [first @ .., last] if first.len() < 4 => format!("Network policies of {} and {last}", first.join(", ")),
        all => format!("Network policies of {} namespaces", all.len()),
    }
}

fn manifests(paths: &[String]) -> String {
    if paths.is_empty() {
        return "manifests = [] # they come from the command line: see above\n".to_owned();
    }
    let quoted: Vec<String> = paths.iter().map(|path| plain::quoted(path)).collect();
    let note = if paths.iter().all(|path| path.starts_with('/')) { "" } else { " # relative to this file" };
    let line = format!("manifests = [{}]{note}\n", quoted.join(", "));
    if line.len() <= WIDTH {
        return line;
    }
    format!("manifests = [{note}\n    {},\n]\n", quoted.join(",\n    "))
}

fn world(plugin: &str) -> String {
    let plugin = plain::quoted(plugin);
    format!(
        "\n# What may exist beside what the manifests declare.\n\
         [world]\n\
         pods       = \"any\"  # pods with any labels; \"declared\": only those of the manifests\n\
         namespaces = \"any\"  # the same of namespaces\n\
         external   = true   # addresses outside the cluster take part\n\
         nodes      = false  # true: the pods' own nodes too, which reach their pods whatever policies say\n\
         plugin     = {plugin}  # any network plugin, or the name of yours, such as \"calico\"\n"
    )
}

fn trust(draft: &Draft) -> String {
    let is_there = draft.sections.iter().any(|section| section.namespace == "kube-system");
    let namespace = if is_there { "kube-system" } else { "the-namespaces-that-you-guard" };
    format!(
        "\n# What an attacker cannot do. Nothing is trusted until you say so:\n\
         # [trust]\n\
         # namespaces = [\"{namespace}\"]  # only the declared workloads run there\n"
    )
}

/// The section `[endpoints]`; nothing where there are none.
pub(super) fn endpoints(all: &[Endpoint]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut text = "\n[endpoints]\n".to_owned();
    for of_one in all.chunk_by(|one, other| one.namespace == other.namespace) {
        let widths = of_one.iter().map(|endpoint| key(&endpoint.name).len());
        let width = widths.filter(|width| *width <= ALIGNED).max().unwrap_or(0);
        let namespace = of_one.first().map_or("", |endpoint| endpoint.namespace.as_str());
        text += &format!("# {namespace}\n");
        for Endpoint { name, definition, .. } in of_one {
            text += &format!("{:width$} = {definition}\n", key(name));
        }
    }
    text
}

/// A key of TOML: a name with a dot would be two.
fn key(name: &str) -> String {
    if name.contains('.') { plain::quoted(name) } else { name.to_owned() }
}

fn part(section: &Section) -> String {
    let Section { namespace, policies, workloads, .. } = section;
    let counts =
        format!("{}, {}", counted(*workloads, "workload", "workloads"), counted(*policies, "policy", "policies"));
    let heading = format!("{namespace}: {counts}");
    let dashes = "-".repeat(WIDTH.saturating_sub(heading.len() + 3).max(4));
    let mut text = format!("\n# {dashes} {heading}\n");
    for note in &section.notes {
        comment(&mut text, note);
    }
    for property in &section.properties {
        text += &one(property);
    }
    text
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn one(property: &Property) -> String {
    let Property { name, sentence, shuts } = property;
    let severity = if *shuts { "severity = \"high\"\n" } else { "" };
    format!("\n[[property]]\nname     = {}\nassert   = {}\n{severity}", plain::quoted(name), assertion(sentence))
}

/// The sentence, over several lines where it is long.
fn assertion(sentence: &str) -> String {
    if sentence.len() + 13 <= WIDTH {
        return plain::quoted(sentence);
    }
    let lines: Vec<String> = wrapped(sentence).iter().map(|line| plain::quoted(line)).collect();
    let bare: Vec<&str> = lines.iter().map(|line| line.trim_matches('"')).collect();
    format!("\"\"\"\n{}\"\"\"", bare.join("\n"))
}

fn comment(text: &mut String, words: &str) {
    for paragraph in words.split('\n') {
        // A command keeps its blanks.
        let lines = if paragraph.starts_with(' ') { vec![paragraph.to_owned()] } else { wrapped(paragraph) };
        for line in lines {
            *text += format!("# {}", plain::line(&line)).trim_end();
            *text += "\n";
        }
        if paragraph.is_empty() {
            *text += "#\n";
        }
    }
}

/// The words in lines that keep to the width.
fn wrapped(words: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() + 2 <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
