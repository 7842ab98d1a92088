//! Sets of ports: ranges of numbers and names, closed under "and".
//!
//! A name stands for whatever the destination pod declares under it (R27), so that of a name and a range both
//! have to be kept. `product` and its neighbours call this module.

use std::collections::BTreeSet;

use crate::model::claim::{Endpoint, FlowSet, PortItem, PortSet};
use crate::model::net::{PortMatch, Protocol};
use crate::model::workload::Workload;

/// Every port: there is no port 0 (V40).
const FULL: (u16, u16) = (1, u16::MAX);

/// Ports of one protocol: in the range, and each of the names stands for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    protocol: Protocol,
    range: (u16, u16),
    names: BTreeSet<String>,
}

impl Item {
    fn and(&self, other: &Item) -> Option<Item> {
        let range = (self.range.0.max(other.range.0), self.range.1.min(other.range.1));
        let names = self.names.union(&other.names).cloned().collect();
        (self.protocol == other.protocol && range.0 <= range.1).then_some(Item { range, names, ..*self })
    }

    fn is_within(&self, other: &Item) -> bool {
        self.and(other).as_ref() == Some(self)
    }

    /// "6333-6334", "http", "http that is also 8000-8100".
    fn words(&self) -> String {
        let names = self.names.iter().cloned().collect::<Vec<_>>().join(" that is also ");
        let numbers = match self.range {
            FULL => "any port".to_owned(),
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        };
        match (self.names.is_empty(), self.range == FULL) {
            (true, _) => numbers,
            (false, true) => names,
            (false, false) => format!("{names} that is also {numbers}"),
        }
    }

    /// Whether a sentence has no word for it: it takes several conditions at once.
    fn is_mixed(&self) -> bool {
        self.names.len() + usize::from(self.range != FULL) > 1
    }

    /// As an item of a sentence; of a mixed one its first name.
    fn item(&self) -> PortItem {
        let ports = match self.names.first() {
            Some(name) => PortMatch::Named(name.clone()),
            None if self.range == FULL => PortMatch::All,
            None => PortMatch::Range(self.range.0, self.range.1),
        };
        PortItem { protocol: self.protocol, ports }
    }

    /// What has to be taken away from [`Item::item`] to come to a mixed item.
    fn excess(&self) -> Vec<FlowSet> {
        let of = |items| FlowSet::new(Endpoint::Anything, Endpoint::Anything, PortSet { items });
        let of_range = |range| of(vec![Item { range, names: BTreeSet::new(), ..*self }.item()]);
        let below = (self.range.0 > FULL.0).then(|| of_range((FULL.0, self.range.0.saturating_sub(1))));
        let above = (self.range.1 < FULL.1).then(|| of_range((self.range.1.saturating_add(1), FULL.1)));
        let all = |_| of(vec![PortItem { protocol: self.protocol, ports: PortMatch::All }]);
        let named =
            |name: &String| of(vec![PortItem { protocol: self.protocol, ports: PortMatch::Named(name.clone()) }]);
        let not_named = self.names.iter().skip(1).map(|name| FlowSet { except: vec![named(name)], ..all(name) });
        below.into_iter().chain(above).chain(not_named).collect()
    }
}

/// Ports that are in any of the items; never none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ports(Vec<Item>);

impl Ports {
    /// Every port of TCP, UDP and SCTP.
    pub(super) fn everything() -> Ports {
        let full = |protocol| Item { protocol, range: FULL, names: BTreeSet::new() };
        Ports(Protocol::SPOKEN.map(full).into())
    }

    /// The ports of these items; `None` for none. What stands for no port at all is left out.
    pub(super) fn of(items: impl Iterator<Item = (Protocol, PortMatch)>) -> Option<Ports> {
        let item = |(protocol, ports)| {
            let (range, names) = match ports {
                PortMatch::All => (FULL, BTreeSet::new()),
                PortMatch::Range(first, last) => ((first.max(FULL.0), last), BTreeSet::new()),
                PortMatch::Named(name) => (FULL, BTreeSet::from([name])),
            };
            (range.0 <= range.1).then_some(Item { protocol, range, names })
        };
        Ports::some(items.filter_map(item).collect())
    }

    /// The ports of a sentence.
    pub(super) fn of_set(set: &PortSet) -> Option<Ports> {
        if set.items.is_empty() {
            return Some(Ports::everything());
        }
        Ports::of(set.items.iter().map(|item| (item.protocol, item.ports.clone())))
    }

    /// In order, without what is within another item, and neighbouring ranges as one.
    fn some(mut items: Vec<Item>) -> Option<Ports> {
        items.sort();
        let mut kept: Vec<Item> = Vec::new();
        for item in items {
            match kept.last_mut() {
                Some(last) if last.protocol == item.protocol && last.names == item.names && meet(last, &item) => {
                    last.range.1 = last.range.1.max(item.range.1);
                }
                _ => kept.push(item),
            }
        }
        let all = kept.clone();
        kept.retain(|item| !all.iter().any(|other| item != other && item.is_within(other)));
        (!kept.is_empty()).then_some(Ports(kept))
    }

    /// Whether some port hangs on its name.
    pub(super) fn has_names(&self) -> bool {
        self.0.iter().any(|item| !item.names.is_empty())
    }

    /// The ports that are numbers, and those that hang on a name.
    pub(super) fn apart(&self) -> (Option<Ports>, Option<Ports>) {
        let (numbered, named): (Vec<Item>, Vec<Item>) = self.0.iter().cloned().partition(|item| item.names.is_empty());
        (Ports::some(numbered), Ports::some(named))
    }

    /// The ports that are in both.
    pub(super) fn and(&self, other: &Ports) -> Option<Ports> {
        let both = self.0.iter().flat_map(|one| other.0.iter().filter_map(|other| one.and(other)));
        Ports::some(both.collect())
    }

    /// The ports of one or the other.
    pub(super) fn or(&self, other: &Ports) -> Ports {
        Ports::some([self.0.as_slice(), &other.0].concat()).unwrap_or_else(|| self.clone())
    }

    /// Whether each item is within one of the other's.
    pub(super) fn is_within(&self, other: &Ports) -> bool {
        self.0.iter().all(|item| other.0.iter().any(|other| item.is_within(other)))
    }

    /// The ports that are not in the other, where neither has names; `Some(None)` where there are none.
    pub(super) fn minus(&self, other: &Ports) -> Option<Option<Ports>> {
        let is_numbered = |ports: &Ports| ports.0.iter().all(|item| item.names.is_empty());
        if !is_numbered(self) || !is_numbered(other) {
            return None;
        }
        let left = other
            .0
            .iter()
            .fold(self.0.clone(), |left, gone| left.iter().flat_map(|item| item_minus(item, gone)).collect());
        Some(Ports::some(left))
    }

    /// The same where names are those that this workload gives; `None` where none is left.
    pub(super) fn at(&self, workload: &Workload) -> Option<Ports> {
        let numbers = |item: &Item| {
            let declared = |name: &String| {
                let named = workload
                    .ports
                    .iter()
                    .filter(|port| port.protocol == item.protocol && port.name.as_ref() == Some(name));
                named.map(|port| port.number).collect::<BTreeSet<u16>>()
            };
            let plain = Item { names: BTreeSet::new(), ..item.clone() };
            let mut sets = item.names.iter().map(declared);
            let Some(first) = sets.next() else { return vec![plain] };
            let all = sets.fold(first, |all, set| all.intersection(&set).copied().collect());
            let one = |number| plain.and(&Item { range: (number, number), ..plain.clone() });
            all.into_iter().filter_map(one).collect()
        };
        Ports::some(self.0.iter().flat_map(numbers).collect())
    }

    /// "TCP 80, 6333-6334, UDP http".
    pub(super) fn words(&self) -> String {
        let mut words = String::new();
        let mut before = None;
        for item in &self.0 {
            if before != Some(item.protocol) {
                words += if words.is_empty() { "" } else { ", " };
                words += &format!("{} ", item.protocol);
            } else {
                words += ", ";
            }
            words += &item.words();
            before = Some(item.protocol);
        }
        words
    }

    /// The same as sets that sentences can say, and for each what has to be taken away from it.
    pub(super) fn sets(&self) -> Vec<(PortSet, Vec<FlowSet>)> {
        if *self == Ports::everything() {
            return vec![(PortSet::default(), Vec::new())];
        }
        let (mixed, plain): (Vec<&Item>, Vec<&Item>) = self.0.iter().partition(|item| item.is_mixed());
        let items: Vec<_> = plain.into_iter().map(Item::item).collect();
        let together = (!items.is_empty()).then_some((PortSet { items }, Vec::new()));
        let alone = |item: &Item| (PortSet { items: vec![item.item()] }, item.excess());
        together.into_iter().chain(mixed.into_iter().map(alone)).collect()
    }
}

fn meet(one: &Item, next: &Item) -> bool {
    u32::from(next.range.0) <= u32::from(one.range.1) + 1
}

fn item_minus(item: &Item, gone: &Item) -> Vec<Item> {
    let Some(both) = item.and(gone) else { return vec![item.clone()] };
    let part = |range: (u16, u16)| (range.0 <= range.1).then(|| Item { range, ..item.clone() });
    let below = both.range.0.checked_sub(1).and_then(|last| part((item.range.0, last)));
    let above = both.range.1.checked_add(1).and_then(|first| part((first, item.range.1)));
    below.into_iter().chain(above).collect()
}
