//! What every verdict takes for granted, for readers who have never seen a spec: all of the world, also what is not restricted.
//!
//! `plan::assumptions` says the same in a line each, for whoever wrote the spec, and only what is restricted.

use std::collections::BTreeSet;

use crate::model::plugin::Plugin;
use crate::model::workload::Cluster;
use crate::model::world::{Existence, Trust, World};
use crate::plan::{Plan, assumptions};
use crate::report::review::Note;
use crate::report::words::counted;

/// A note, and the specs that it is about.
type Told<'a> = (Note, BTreeSet<&'a str>);

/// A note for each part of the world. Where specs differ, each of theirs names them.
pub(super) fn assumed(plan: &Plan) -> Vec<Note> {
    let specs: BTreeSet<&str> = plan.items.iter().map(|item| item.spec.as_deref().unwrap_or("")).collect();
    let mut told: Vec<Told<'_>> = Vec::new();
    for item in &plan.items {
        let spec = item.spec.as_deref().unwrap_or("");
        let worlds = plan.world(item).into_iter().flat_map(of_world);
        for note in worlds.chain(of_cluster(plan.cluster(item))) {
            match told.iter_mut().find(|(known, _)| *known == note) {
                Some((_, of)) => drop(of.insert(spec)),
                None => told.push((note, BTreeSet::from([spec]))),
            }
        }
    }
    // Notes about the same stand together, in the order in which they are first told.
    let first = |about: &str| told.iter().position(|(note, _)| note.about == about);
    let mut order: Vec<(Option<usize>, Note)> =
        told.iter().map(|(note, of)| (first(&note.about), limited(note, of, &specs))).collect();
    order.sort_by_key(|(at, _)| *at);
    let further = assumptions::further(plan).into_iter().map(|words| note("Also", sentence(&words)));
    order.into_iter().map(|(_, note)| note).chain(further).chain([files()]).collect()
}

fn limited(note: &Note, of: &BTreeSet<&str>, specs: &BTreeSet<&str>) -> Note {
    if of == specs {
        return note.clone();
    }
    let names: Vec<&str> = of.iter().copied().collect();
    Note { about: note.about.clone(), words: format!("{} (for {})", note.words, names.join(", ")) }
}

fn note(about: &str, words: impl Into<String>) -> Note {
    Note { about: about.to_owned(), words: words.into() }
}

/// With a capital and a full stop.
fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), rest.as_str()))
}

fn of_world(world: &World) -> Vec<Note> {
    // All fields, so that none that is added can be forgotten here.
    let World { pods, namespaces, external, nodes, trust, plugin: _, choices: _ } = world;
    let mut notes = vec![
        note(
            "Pods",
            match pods {
                Existence::Any => match *trust == Trust::default() {
                    true => "Any pod could exist, with any labels and any ports, in every namespace that could exist.",
                    false => {
                        "Any pod could exist, with any labels and any ports, in every namespace that could exist, but for what is trusted."
                    }
                },
                Existence::Declared => "Only pods of the declared workloads exist. Nobody creates others.",
            },
        ),
        note(
            "Namespaces",
            match namespaces {
                Existence::Any => "Any namespace could exist, with any labels, beside those that are declared.",
                Existence::Declared => "Only the declared namespaces exist. Nobody creates others.",
            },
        ),
    ];
    notes.extend(trusted(trust));
    notes.push(note(
        "Outside",
        match external {
            true => "Any address outside the cluster may take part.",
            false => "Traffic from and to addresses outside the cluster is left out: nothing is said of it.",
        },
    ));
    notes.push(match nodes {
        true => note("Nodes", on_nodes(world)),
        false => note(
            "Nodes",
            "Left out, with the pods on their network. By the documentation of Kubernetes a pod's own node can always reach it (R31).",
        ),
    });
    notes.push(note("Network plugin", plugin(world)));
    notes
}

fn on_nodes(world: &World) -> String {
    let words = "Nodes may take part, and so may the pods on their network.";
    match world.options().leaves_host_network_open() {
        true => format!("{words} {}", sentence(&assumptions::on_node_network(world))),
        false => words.to_owned(),
    }
}

fn trusted(trust: &Trust) -> Vec<Note> {
    let Trust { namespaces, pod_labels, namespace_labels } = trust;
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let told = |names: &BTreeSet<String>, before: &str, after: &str| {
        (!names.is_empty()).then(|| note("Trust", format!("{before}{}{after}", list(names))))
    };
    let all = [
        told(namespaces, "Only declared workloads run in: ", "."),
        told(pod_labels, "Only pods of declared workloads carry a label with the key: ", "."),
        told(namespace_labels, "Only declared namespaces carry a label with the key: ", "."),
    ];
    all.into_iter().flatten().collect()
}

fn plugin(world: &World) -> String {
    let mut words = match world.plugin {
        Plugin::Any => {
            "Any that does what the documentation of Kubernetes says. Where that leaves a choice, a verdict holds for every choice."
                .to_owned()
        }
        plugin => {
            format!("{}, which does what docs/world.md of netverify says. Where that leaves a choice, a verdict holds for every choice.", plugin.name())
        }
    };
    for choice in &world.choices {
        let (option, value) = choice.names();
        words += &format!(" The spec says of it: {option} is {value}.");
    }
    words
}

fn of_cluster(cluster: &Cluster) -> Vec<Note> {
    let ignored = cluster.ignored_kinds.iter();
    let words = |(kind, count): (&String, &usize)| {
        let objects = counted(*count, "object", "objects");
        note(
            "Ignored",
            format!(
                "{objects} of kind {kind}, as was asked for (--ignore-kind). What such objects allow or deny is not considered."
            ),
        )
    };
    ignored.map(words).collect()
}

fn files() -> Note {
    note("Files", "The policies and workloads of the cluster are those of the files under Inputs.")
}
