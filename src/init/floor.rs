//! What holds of a namespace as a whole: who is isolated, what stays outside, what gets out, whether names resolve.
//!
//! Each statement is tried of all pods of the namespace first, then of its ends one by one.

use super::ends::End;
use super::facts::Facts;
use super::names::Names;
use super::words::{self, Port};
use super::{Property, Scene, Section, lists, rules};
use crate::model::net::{PortMatch, Protocol};
use crate::model::policy::{Direction, Policy, Ports, Rule};

/// The address at which clouds hand out a machine's credentials.
const METADATA: &str = "169.254.169.254/32";

/// What the edges of a namespace build on.
pub(super) struct Floor<'a> {
    /// Its ends that are isolated for ingress.
    pub(super) shut_in: Vec<&'a End>,
    /// Its ends that are isolated for egress.
    pub(super) shut_out: Vec<&'a End>,
    /// The names of the ends that nothing can reach.
    pub(super) unreached: Vec<String>,
    /// Whether nothing from outside the namespace gets in.
    pub(super) is_home: bool,
    /// Whether its pods can all reach one another.
    pub(super) talks_within: bool,
}

/// Of whom a statement holds.
enum Held {
    /// Of all pods of the namespace.
    All,
    /// Of these ends.
    Of(Vec<String>),
}

impl Held {
    fn is_all(&self) -> bool {
        matches!(self, Held::All)
    }

    fn is_of(&self, name: &str) -> bool {
        match self {
            Held::All => true,
            Held::Of(names) => names.iter().any(|known| known == name),
        }
    }

    /// The ends of which it does not hold.
    fn others(&self, ends: &[&End]) -> Vec<String> {
        ends.iter().map(|end| end.name.clone()).filter(|name| !self.is_of(name)).collect()
    }

    /// The ends of which it holds.
    fn those<'a>(&self, ends: &[&'a End]) -> Vec<&'a End> {
        ends.iter().copied().filter(|end| self.is_of(&end.name)).collect()
    }
}

/// A section in the making.
pub(super) struct Desk<'d, 'f> {
    pub(super) facts: &'d mut Facts<'f>,
    pub(super) names: &'d mut Names,
    pub(super) section: &'d mut Section,
}

impl Desk<'_, '_> {
    /// Writes a property down.
    pub(super) fn write(&mut self, name: &str, sentence: String, shuts: bool) {
        let name = self.names.free(&[name.to_owned()]);
        self.section.properties.push(Property { name, sentence, shuts });
    }

    /// Writes down what holds of each of these, in as few sentences as stay readable.
    pub(super) fn write_lists(&mut self, name: &str, of: &[String], shuts: bool, say: impl Fn(&str) -> String) {
        lists::chunks(of).for_each(|list| self.write(name, say(&list), shuts));
    }

    /// A name for what is said of these ends: after the end where it is one, else after the namespace.
    pub(super) fn name_of(&self, ends: &[String], what: &str) -> String {
        match ends {
            [end] => format!("{end}-{what}"),
            _ => format!("{}-{what}", self.section.namespace),
        }
    }

    /// A note, once a section.
    pub(super) fn note(&mut self, note: String) {
        if !self.section.notes.contains(&note) {
            self.section.notes.push(note);
        }
    }

    /// Of whom the statement holds.
    fn held(&mut self, ends: &[&End], say: &impl Fn(&str) -> String) -> Held {
        let all = format!("pods in {}", self.section.namespace);
        match self.facts.holds(&say(&all)) {
            Some(true) => Held::All,
            Some(false) => {
                let names = ends.iter().map(|end| &end.name);
                Held::Of(names.filter(|name| self.facts.holds(&say(name)) == Some(true)).cloned().collect())
            }
            None => Held::Of(Vec::new()),
        }
    }

    /// Of whom the statement holds, written down: of all pods, or of the ends that pass.
    fn lay(&mut self, what: &str, shuts: bool, held: &Held, besides: &[&Held], say: &impl Fn(&str) -> String) {
        match held {
            Held::All => {
                let sentence = say(&format!("pods in {}", self.section.namespace));
                self.write(&self.name_of(&[], what), sentence, shuts);
            }
            Held::Of(names) => {
                let new = |end: &&String| !besides.iter().any(|held| held.is_of(end));
                let names: Vec<String> = names.iter().filter(new).cloned().collect();
                self.write_lists(&self.name_of(&names, what), &names, shuts, say);
            }
        }
    }
}

/// Writes down what holds of the namespace as a whole.
pub(super) fn lay<'a>(scene: Scene<'a>, facts: &mut Facts<'_>, names: &mut Names, section: &mut Section) -> Floor<'a> {
    let namespace = section.namespace.clone();
    let ends: Vec<&End> = scene.ends.all.iter().filter(|end| end.namespace == namespace).collect();
    let mut desk = Desk { facts, names, section };
    let (incoming, outgoing) = isolation(&mut desk, scene, &ends);
    let (shut_in, shut_out) = (incoming.those(&ends), outgoing.those(&ends));
    let (unreached, is_home) = ingress(&mut desk, &shut_in);
    egress(&mut desk, scene, &shut_out);
    let within = format!("pods in {namespace} can reach pods in {namespace}");
    let talks_within = incoming.is_all() && desk.facts.holds(&within) == Some(true);
    if talks_within {
        desk.write(&desk.name_of(&[], "talks-within"), within, false);
    }
    Floor { shut_in, shut_out, unreached, is_home, talks_within }
}

/// Who is isolated, for ingress and for egress.
fn isolation(desk: &mut Desk<'_, '_>, scene: Scene<'_>, ends: &[&End]) -> (Held, Held) {
    let say = |direction: &'static str| {
        move |who: &str| match who.strip_prefix("pods in ") {
            Some(namespace) => format!("every pod in {namespace} is isolated for {direction}"),
            None => format!("{who} {} isolated for {direction}", if who.contains(" or ") { "are" } else { "is" }),
        }
    };
    let (incoming, outgoing) = (desk.held(ends, &say("ingress")), desk.held(ends, &say("egress")));
    let namespace = desk.section.namespace.clone();
    if incoming.is_all() && outgoing.is_all() {
        let sentence = format!("every pod in {namespace} is isolated for ingress and egress");
        desk.write(&desk.name_of(&[], "isolated"), sentence, true);
    } else {
        desk.lay("isolated-for-ingress", true, &incoming, &[], &say("ingress"));
        desk.lay("isolated-for-egress", true, &outgoing, &[], &say("egress"));
    }
    note_open(desk, scene, ends, &incoming, Direction::Ingress);
    note_open(desk, scene, ends, &outgoing, Direction::Egress);
    (incoming, outgoing)
}

fn note_open(desk: &mut Desk<'_, '_>, scene: Scene<'_>, ends: &[&End], held: &Held, direction: Direction) {
    if held.is_all() {
        return;
    }
    let namespace = desk.section.namespace.clone();
    let mut own = scene.cluster.policies.iter().filter(|policy| policy.namespace == namespace);
    let others = held.others(ends);
    let note = if own.all(|policy| policy.rules(direction).is_none()) {
        format!("No policy of {namespace} isolates for {direction}.")
    } else if others.is_empty() {
        format!("Not isolated for {direction}: pods of {namespace} that no policy selects.")
    } else {
        format!("Not isolated for {direction}, at least not all such pods: {}.", lists::some_of(&others))
    };
    desk.note(note);
}

/// What stays outside. Gives the ends that nothing reaches, and whether no outsider reaches any pod.
fn ingress(desk: &mut Desk<'_, '_>, shut: &[&End]) -> (Vec<String>, bool) {
    let namespace = desk.section.namespace.clone();
    if shut.is_empty() {
        return (Vec::new(), false);
    }
    let unreached = |who: &str| format!("nothing can reach {who}");
    let outside = |who: &str| format!("nothing outside {namespace} can reach {who}");
    let public = |who: &str| format!("external cannot reach {who}");
    let nothing = desk.held(shut, &unreached);
    desk.lay("unreachable", true, &nothing, &[], &unreached);
    if nothing.is_all() {
        return (shut.iter().map(|end| end.name.clone()).collect(), true);
    }
    let home = desk.held(shut, &outside);
    desk.lay("no-outsiders", true, &home, &[&nothing], &outside);
    if !home.is_all() {
        let hidden = desk.held(shut, &public);
        desk.lay("not-public", true, &hidden, &[&nothing, &home], &public);
    }
    let names = nothing.those(shut).iter().map(|end| end.name.clone()).collect();
    (names, home.is_all())
}

/// What gets out, and whether names resolve.
fn egress(desk: &mut Desk<'_, '_>, scene: Scene<'_>, shut: &[&End]) {
    if shut.is_empty() {
        return;
    }
    let nothing = |who: &str| format!("{who} cannot reach anything");
    let outside = |who: &str| format!("{who} cannot reach external");
    let mute = desk.held(shut, &nothing);
    desk.lay("calls-nothing", true, &mute, &[], &nothing);
    if mute.is_all() {
        return;
    }
    let dns = dns(scene);
    let mut asks = Held::Of(Vec::new());
    if let Some(dns) = &dns {
        let only = |who: &str| format!("{who} cannot reach anything except {}", dns.end);
        asks = desk.held(shut, &only);
        desk.lay("calls-dns-alone", true, &asks, &[&mute], &only);
    }
    let inside = desk.held(shut, &outside);
    desk.lay("no-way-out", true, &inside, &[&mute, &asks], &outside);
    let metadata = format!("pods in {} cannot reach {METADATA}", desk.section.namespace);
    if !inside.is_all() && desk.facts.holds(&metadata) == Some(true) {
        desk.write(&desk.name_of(&[], "no-cloud-credentials"), metadata, true);
    }
    if let Some(dns) = &dns {
        names_resolve(desk, shut, dns);
    }
}

fn names_resolve(desk: &mut Desk<'_, '_>, shut: &[&End], dns: &Dns) {
    let resolves = |who: &str| format!("{who} can reach {}{}", dns.end, dns.ports);
    let held = desk.held(shut, &resolves);
    desk.lay("resolves-names", false, &held, &[], &resolves);
    let others = held.others(shut);
    if !others.is_empty() {
        let target = format!("{}{}", dns.end, dns.ports);
        let note =
            format!("Isolated for egress, and cannot ask the cluster's DNS ({target}): {}.", lists::some_of(&others));
        desk.note(note);
    }
}

/// Where the cluster's names are looked up.
struct Dns {
    end: String,
    ports: String,
}

/// The DNS pods that a manifest declares, else those that an egress rule for port 53 names.
fn dns(scene: Scene<'_>) -> Option<Dns> {
    let is_dns = |end: &&End| {
        let label = |key: &str, value: &str| end.labels.get(key).is_some_and(|own| own == value);
        end.is_declared && (label("k8s-app", "kube-dns") || label("dns.operator.openshift.io/daemonset-dns", "default"))
    };
    if let Some(end) = scene.ends.all.iter().find(is_dns) {
        let number = end.ports.iter().map(|(port, _)| port).find(|port| port.ports == number(5353));
        let ports = dns_ports(if number.is_some() { 5353 } else { 53 });
        return Some(Dns { end: end.name.clone(), ports });
    }
    let rules =
        scene.cluster.policies.iter().flat_map(|policy| policy.egress.iter().flatten().map(move |rule| (policy, rule)));
    let end = rules.filter(|(_, rule)| asks_names(rule)).find_map(|(policy, rule)| named(policy, rule))?;
    Some(Dns { end, ports: dns_ports(53) })
}

fn number(port: u16) -> PortMatch {
    PortMatch::Range(port, port)
}

fn dns_ports(port: u16) -> String {
    let of = |protocol| Port { protocol, ports: number(port) };
    words::ports(&[of(Protocol::Udp), of(Protocol::Tcp)])
}

fn asks_names(rule: &Rule) -> bool {
    matches!(&rule.ports, Ports::AnyOf(items) if items.iter().any(|item| item.protocol == Protocol::Udp && item.ports == number(53)))
}

fn named(policy: &Policy, rule: &Rule) -> Option<String> {
    let peers = rules::peers(rule)?;
    peers.iter().find_map(|peer| words::peer(policy, peer).into_iter().next())
}
