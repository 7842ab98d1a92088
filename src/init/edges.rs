//! Who reaches what: for each end that is isolated, the callers that its policies name, and addresses.
//!
//! "Only" is tried of the ends that the peers admit today, then of the peers themselves; "can" of both. What everybody reaches on a
//! port is said of that port.

use super::ends::End;
use super::facts::Facts;
use super::floor::{Desk, Floor};
use super::lists::Gathered;
use super::names::Names;
use super::words::{self, Port};
use super::{Scene, Section, rules};
use crate::model::net::IpBlock;
use crate::model::policy::{Direction, Peer, PeerKind, Policy, Ports, Rule};

/// The most callers that one sentence lists.
const MOST_CALLERS: usize = 16;

/// A rule and its policy.
type Ruling<'a> = (&'a Policy, &'a Rule);

/// Ports of an end, and the rules that speak about them.
struct Door<'a> {
    ports: Vec<Port>,
    /// What the destination calls the port, where it has a name.
    name: Option<String>,
    rules: Vec<Ruling<'a>>,
}

/// Writes down who reaches what in the namespace.
pub(super) fn draw(
    scene: Scene<'_>,
    facts: &mut Facts<'_>,
    names: &mut Names,
    floor: &Floor<'_>,
    section: &mut Section,
) {
    let mut desk = Desk { facts, names, section };
    let reached: Vec<&End> = floor.shut_in.iter().copied().filter(|end| !floor.unreached.contains(&end.name)).collect();
    only(&mut desk, scene, floor, &reached);
    callers(&mut desk, scene, floor, &reached);
    from_outside(&mut desk, scene, &reached);
    to_outside(&mut desk, scene, &floor.shut_out);
}

/// "Only A or B can reach T", of every port where that holds, else port by port.
fn only(desk: &mut Desk<'_, '_>, scene: Scene<'_>, floor: &Floor<'_>, ends: &[&End]) {
    let home = format!("pods in {}", desk.section.namespace);
    let mut said: Gathered<(String, String), String> = Gathered::new();
    for end in ends {
        let all = rules::about(scene.cluster, end, Direction::Ingress);
        let whole = sole_callers(desk, scene, end, &all, "");
        let found = match whole {
            Some(callers) => vec![(callers, String::new())],
            None => doors(end, &all).iter().filter_map(|door| sole_callers_of(desk, scene, end, door)).collect(),
        };
        for key in found {
            if !(floor.is_home && key.0 == home) {
                said.add(key, end.name.clone());
            }
        }
    }
    for ((callers, ports), ends) in said.all {
        note_labels(desk, &callers);
        let targets: Vec<String> = ends.iter().map(|end| format!("{end}{ports}")).collect();
        desk.write_lists(&desk.name_of(&ends, "callers"), &targets, true, |list| {
            if callers.is_empty() {
                format!("nothing can reach {list}")
            } else {
                format!("only {callers} can reach {list}")
            }
        });
    }
}

/// R9: but for the name, a label of a namespace is whatever its creator writes.
fn note_labels(desk: &mut Desk<'_, '_>, callers: &str) {
    if callers.contains(" in namespaces with ") {
        desk.note(
            "Some callers are chosen by a label of their namespace, which whoever creates a namespace can set: trust the label \
             ([trust] namespace-labels), or select kubernetes.io/metadata.name in the policy."
                .to_owned(),
        );
    }
}

fn sole_callers_of(desk: &mut Desk<'_, '_>, scene: Scene<'_>, end: &End, door: &Door<'_>) -> Option<(String, String)> {
    let ports = words::ports(&door.ports);
    if ports.is_empty() {
        return None;
    }
    sole_callers(desk, scene, end, &door.rules, &ports).map(|callers| (callers, ports))
}

/// The callers beside whom nobody reaches the ports, if these rules are the ones that matter; none where nothing does.
fn sole_callers(
    desk: &mut Desk<'_, '_>,
    scene: Scene<'_>,
    end: &End,
    rules: &[Ruling<'_>],
    ports: &str,
) -> Option<String> {
    let peers: Vec<(&Policy, &Peer)> = pod_peers(rules)?;
    if peers.is_empty() {
        let sentence = format!("nothing can reach {}{ports}", end.name);
        return (desk.facts.holds(&sentence) == Some(true)).then(String::new);
    }
    let declared: Vec<String> = peers.iter().flat_map(|(policy, peer)| matched(scene, policy, peer)).collect();
    let terms: Vec<String> = peers.iter().flat_map(|(policy, peer)| words::peer(policy, peer)).collect();
    for mut callers in [declared, terms] {
        callers.sort();
        callers.dedup();
        if callers.is_empty() || callers.len() > MOST_CALLERS {
            continue;
        }
        let callers = words::any_of(&callers);
        match desk.facts.holds(&format!("only {callers} can reach {}{ports}", end.name)) {
            Some(true) => return Some(callers),
            Some(false) => {}
            None => return None,
        }
    }
    None
}

/// The peers of these rules; `None` where one admits everybody, or addresses, which pods may have too (R22).
fn pod_peers<'a>(rules: &[Ruling<'a>]) -> Option<Vec<(&'a Policy, &'a Peer)>> {
    let mut all = Vec::new();
    for (policy, rule) in rules {
        for peer in rules::peers(rule)? {
            match peer.kind {
                PeerKind::Pods { .. } => all.push((*policy, peer)),
                PeerKind::IpBlock(_) => return None,
            }
        }
    }
    Some(all)
}

/// The ends that a peer admits.
fn matched(scene: Scene<'_>, policy: &Policy, peer: &Peer) -> Vec<String> {
    let admitted = scene.ends.all.iter().filter(|end| rules::admits(scene.cluster, policy, peer, end));
    admitted.map(|end| end.name.clone()).collect()
}

/// The ports that the end listens on, each with the rules about it; where it does not say, the ports of the rules.
fn doors<'a>(end: &End, rules: &[Ruling<'a>]) -> Vec<Door<'a>> {
    let own = end.ports.iter().map(|(port, name)| Door {
        ports: vec![port.clone()],
        name: name.clone(),
        rules: rules.iter().copied().filter(|(_, rule)| rules::covers(rule, port, name.as_ref())).collect(),
    });
    let of_rule = |ruling: &Ruling<'a>| Door { ports: rule_ports(ruling.1), name: None, rules: vec![*ruling] };
    if end.ports.is_empty() { rules.iter().map(of_rule).collect() } else { own.collect() }
}

fn rule_ports(rule: &Rule) -> Vec<Port> {
    match &rule.ports {
        Ports::All => Vec::new(),
        Ports::AnyOf(items) => items.iter().map(Port::of).collect(),
    }
}

/// Ports that several sentences speak about: numbers that the pods listen on, or the ports of a rule.
type PortWords = Vec<Port>;

/// "A or B can reach T:PORT".
fn callers(desk: &mut Desk<'_, '_>, scene: Scene<'_>, floor: &Floor<'_>, ends: &[&End]) {
    let mut said: Gathered<(Vec<String>, String), String> = Gathered::new();
    for end in ends {
        let mut of_end: Gathered<Vec<String>, Port> = Gathered::new();
        for door in doors(end, &rules::about(scene.cluster, end, Direction::Ingress)) {
            let (callers, ports) = callers_of(desk, scene, floor, end, &door);
            if callers.is_empty() {
                continue;
            }
            match ports.is_empty() {
                true => said.add((callers, String::new()), end.name.clone()),
                false => ports.into_iter().for_each(|port| of_end.add(callers.clone(), port)),
            }
        }
        for (callers, ports) in of_end.all {
            said.add((callers, words::ports(&ports)), end.name.clone());
        }
    }
    for ((callers, ports), ends) in said.all {
        let targets: Vec<String> = ends.iter().map(|end| format!("{end}{ports}")).collect();
        let callers = words::any_of(&callers);
        desk.write_lists(&desk.name_of(&ends, "reached"), &targets, false, |list| {
            format!("{callers} can reach {list}")
        });
    }
}

/// Who can reach the end through a door, and by which ports: those with names where the number is not certain.
fn callers_of(
    desk: &mut Desk<'_, '_>,
    scene: Scene<'_>,
    floor: &Floor<'_>,
    end: &End,
    door: &Door<'_>,
) -> (Vec<String>, PortWords) {
    let by_number = found(desk, scene, floor, end, &door.rules, &door.ports);
    let (Some(name), [port]) = (&door.name, door.ports.as_slice()) else { return (by_number, door.ports.clone()) };
    if !by_number.is_empty() {
        return (by_number, door.ports.clone());
    }
    let named = vec![Port { protocol: port.protocol, ports: crate::model::net::PortMatch::Named(name.clone()) }];
    (found(desk, scene, floor, end, &door.rules, &named), named)
}

fn found(
    desk: &mut Desk<'_, '_>,
    scene: Scene<'_>,
    floor: &Floor<'_>,
    end: &End,
    rules: &[Ruling<'_>],
    ports: &[Port],
) -> Vec<String> {
    let target = format!("{}{}", end.name, words::ports(ports));
    let mut callers = Vec::new();
    for (policy, peer) in rules
        .iter()
        .flat_map(|(policy, rule)| rules::peers(rule).unwrap_or_default().iter().map(move |peer| (*policy, peer)))
    {
        callers.extend(of_peer(desk, scene, floor, policy, peer, end, &target));
    }
    callers.sort();
    callers.dedup();
    callers.truncate(MOST_CALLERS);
    callers
}

/// Who can reach the target of those whom a peer admits: all of them where it asks for no labels, else the ends.
fn of_peer(
    desk: &mut Desk<'_, '_>,
    scene: Scene<'_>,
    floor: &Floor<'_>,
    policy: &Policy,
    peer: &Peer,
    end: &End,
    target: &str,
) -> Vec<String> {
    let terms = words::peer(policy, peer);
    let PeerKind::Pods { pods, .. } = &peer.kind else { return Vec::new() };
    let admitted: Vec<&End> = scene
        .ends
        .all
        .iter()
        .filter(|one| rules::admits(scene.cluster, policy, peer, one) && one.name != end.name)
        .collect();
    let is_known = |one: &&&End| !(floor.talks_within && one.namespace == end.namespace);
    let names: Vec<String> = admitted.iter().filter(is_known).map(|one| one.name.clone()).collect();
    if floor.talks_within && terms == [format!("pods in {}", end.namespace)] {
        return Vec::new();
    }
    let general = pods.is_empty() || admitted.is_empty();
    let mut asked = |who: &Vec<String>| {
        let answers: Vec<Option<bool>> =
            who.iter().map(|who| desk.facts.holds(&format!("{who} can reach {target}"))).collect();
        let held = who.iter().zip(&answers).filter(|(_, answer)| **answer == Some(true)).map(|(who, _)| who.clone());
        (held.collect::<Vec<_>>(), answers.contains(&None))
    };
    let (held, waiting) = if general { asked(&terms) } else { (Vec::new(), false) };
    if !held.is_empty() || waiting || names.len() > MOST_CALLERS { held } else { asked(&names).0 }
}

/// "External can reach T:PORT", where rules admit everybody or addresses.
fn from_outside(desk: &mut Desk<'_, '_>, scene: Scene<'_>, ends: &[&End]) {
    let mut said: Gathered<(String, String), String> = Gathered::new();
    for end in ends {
        let mut of_end: Gathered<String, Port> = Gathered::new();
        for door in doors(end, &rules::about(scene.cluster, end, Direction::Ingress)) {
            let target = format!("{}{}", end.name, words::ports(&door.ports));
            let reach = |who: &str| format!("{who} can reach {target}");
            for who in addresses(desk, &door.rules, reach, |some| format!("some {some} can reach {target}")) {
                match door.ports.is_empty() {
                    true => said.add((who, String::new()), end.name.clone()),
                    false => door.ports.iter().for_each(|port| of_end.add(who.clone(), port.clone())),
                }
            }
        }
        for (who, ports) in of_end.all {
            said.add((who, words::ports(&ports)), end.name.clone());
        }
    }
    for ((who, ports), ends) in said.all {
        let targets: Vec<String> = ends.iter().map(|end| format!("{end}{ports}")).collect();
        let name = desk.name_of(&ends, "reached-from-outside");
        // "Some ... can reach a or b" would be true if it were true of one of them.
        match who.starts_with("some ") {
            true => targets.iter().for_each(|target| desk.write(&name, format!("{who} can reach {target}"), false)),
            false => desk.write_lists(&name, &targets, false, |list| format!("{who} can reach {list}")),
        }
    }
}

/// "S can reach external:PORT".
fn to_outside(desk: &mut Desk<'_, '_>, scene: Scene<'_>, ends: &[&End]) {
    let mut said: Gathered<String, String> = Gathered::new();
    for end in ends {
        for ruling in rules::about(scene.cluster, end, Direction::Egress) {
            let ports = words::ports(&rule_ports(ruling.1));
            let reach = |whom: &str| format!("{} can reach {}{ports}", end.name, bracketed(whom, &ports));
            let some = |whom: &str| format!("some {} can reach {}{ports}", end.name, bracketed(whom, &ports));
            for whom in addresses(desk, &[ruling], reach, some) {
                match whom.strip_prefix("some ") {
                    Some(whom) => desk.write(&format!("{}-calls-out", end.name), some(whom), false),
                    None => said.add(format!("{}{ports}", bracketed(&whom, &ports)), end.name.clone()),
                }
            }
        }
    }
    for (whom, ends) in said.all {
        desk.write_lists(&desk.name_of(&ends, "calls-out"), &ends, false, |list| format!("{list} can reach {whom}"));
    }
}

/// The addresses outside that these rules let through: all of them, a block, or some of one.
fn addresses(
    desk: &mut Desk<'_, '_>,
    rules: &[Ruling<'_>],
    every: impl Fn(&str) -> String,
    some: impl Fn(&str) -> String,
) -> Vec<String> {
    let mut blocks: Vec<&IpBlock> = Vec::new();
    let mut everybody = false;
    for (_, rule) in rules {
        match rules::peers(rule) {
            None => everybody = true,
            Some(peers) => blocks.extend(peers.iter().filter_map(|peer| match &peer.kind {
                PeerKind::IpBlock(block) => Some(block),
                PeerKind::Pods { .. } => None,
            })),
        }
    }
    if !everybody && blocks.is_empty() {
        return Vec::new();
    }
    match desk.facts.holds(&every("external")) {
        Some(true) => return vec!["external".to_owned()],
        Some(false) => {}
        None => return Vec::new(),
    }
    let mut found: Vec<String> = blocks.iter().filter_map(|block| of_block(desk, block, &every, &some)).collect();
    found.sort();
    found.dedup();
    found
}

fn of_block(
    desk: &mut Desk<'_, '_>,
    block: &IpBlock,
    every: &impl Fn(&str) -> String,
    some: &impl Fn(&str) -> String,
) -> Option<String> {
    let cidr = block.cidr.to_string();
    match desk.facts.holds(&every(&cidr)) {
        Some(true) => return Some(cidr),
        Some(false) => {}
        None => return None,
    }
    let whole = if block.cidr.prefix_len() == 0 { "external".to_owned() } else { cidr };
    (desk.facts.holds(&some(&whole)) == Some(true)).then(|| format!("some {whole}"))
}

/// An IPv6 block stands in brackets before ports.
fn bracketed(whom: &str, ports: &str) -> String {
    if whom.contains(':') && !ports.is_empty() { format!("[{whom}]") } else { whom.to_owned() }
}
