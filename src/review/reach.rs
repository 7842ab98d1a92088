//! Who can reach what matters most: the destinations of the properties of severity high and critical.

use super::{Material, Scope};
use crate::classes::{self, Asked, List, NoList, Stop};
use crate::describe;
use crate::error::Error;
use crate::model::claim::{Endpoint, FlowSet, PortSet};
use crate::report::build::Words;
use crate::report::classes::ClassReport;
use crate::report::review::{Class, Reach, ReachOf};
use crate::report::words;
use crate::spec::PropertySeverity;

/// The most lists that are made.
const LISTS: usize = 40;
/// The most classes of one list that are shown.
const CLASSES: usize = 40;
/// Pods on their nodes' network alone, for example (R33).
const ABOUT_NOTHING: &str = "no such pod or address could exist where nodes, and pods on their network, are left out";

/// The lists, and whether one of them was not confirmed: a bug in netverify.
pub(super) fn reach(material: &Material<'_>, scopes: &[Scope<'_>]) -> Result<(Reach, bool), Error> {
    let of_scope = |scope| named(material, scope).into_iter().map(move |named| (scope, named));
    let mut wanted: Vec<Wanted<'_, '_>> = scopes.iter().flat_map(of_scope).collect();
    let mut reach = Reach { left_out: wanted.len().saturating_sub(LISTS), ..Reach::default() };
    wanted.truncate(LISTS);
    let lists = material.prover.side_by_side(&wanted, |wanted| list(material, wanted))?;
    let mut disagrees = false;
    for made in lists {
        let (entry, is_unconfirmed) = made?;
        disagrees |= is_unconfirmed;
        add(&mut reach.endpoints, entry);
    }
    Ok((reach, disagrees))
}

/// A destination, with the properties that name it.
type Named = (Endpoint, Vec<String>);

/// The same with its scope.
type Wanted<'a, 'b> = (&'a Scope<'b>, Named);

/// The endpoints of a scope that are named as destinations, with the properties that name them.
fn named(material: &Material<'_>, scope: &Scope<'_>) -> Vec<Named> {
    let mut named: Vec<Named> = Vec::new();
    let items = scope.items.iter().filter_map(|at| material.plan.items.get(*at));
    for item in items.filter(|item| item.severity >= PropertySeverity::High) {
        let Some(flows) = item.claim.flows() else { continue };
        if !is_a_place(&flows.destinations) {
            continue;
        }
        match named.iter_mut().find(|(endpoint, _)| *endpoint == flows.destinations) {
            Some((_, properties)) => properties.push(item.name.clone()),
            None => named.push((flows.destinations.clone(), vec![item.name.clone()])),
        }
    }
    named
}

/// Whether the endpoint is something that one asks about: not "anything but", and no node (R31).
fn is_a_place(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Pods { .. } | Endpoint::Workload(_) | Endpoint::External(_) | Endpoint::Within(_) => true,
        Endpoint::Union(parts) => parts.iter().all(is_a_place),
        Endpoint::Except(whole, _) => is_a_place(whole),
        Endpoint::Anything | Endpoint::Node(_) => false,
    }
}

/// A list, and whether it was not confirmed.
fn list(material: &Material<'_>, (scope, (endpoint, properties)): &Wanted<'_, '_>) -> Result<(ReachOf, bool), Error> {
    let mut disagrees = false;
    let flows = FlowSet::new(Endpoint::Anything, endpoint.clone(), PortSet::default());
    let mut entry = ReachOf {
        endpoint: describe::endpoint(scope.cluster, endpoint),
        variants: scope.name.iter().cloned().collect(),
        properties: properties.clone(),
        classes: Vec::new(),
        missing: None,
        beyond: None,
    };
    match classes::list(material.prover, scope.cluster, scope.world, &flows, Asked::Sources) {
        Ok(list) => show(material, scope, &list, &mut entry),
        Err(NoList::Nodes) => entry.missing = Some("nodes are no ends of such a list".to_owned()),
        Err(NoList::AboutNothing) => entry.missing = Some(ABOUT_NOTHING.to_owned()),
        Err(NoList::Stopped(Stop::Failed(error))) => return Err(error),
        Err(NoList::Stopped(Stop::Undecided(reason))) => entry.missing = Some(format!("not decided: {reason}")),
        Err(NoList::Stopped(Stop::Disagreement(_) | Stop::Unconfirmed(_))) => {
            disagrees = true;
            entry.missing =
                Some("the solver does not confirm the list: a bug in netverify, please report it".to_owned());
        }
    }
    Ok((entry, disagrees))
}

fn show(material: &Material<'_>, scope: &Scope<'_>, list: &List, entry: &mut ReachOf) {
    let build = Words { cluster: scope.cluster, sources: material.sources };
    entry.classes = list.classes.iter().take(CLASSES).map(|class| of(build.class(class))).collect();
    entry.beyond = list.beyond.as_ref().map(|case| words::flow(&build.case(case)));
    let more = list.classes.len().saturating_sub(CLASSES);
    if more > 0 {
        entry.missing = Some(format!("{} not shown", words::counted(more, "more class is", "more classes are")));
    }
}

fn of(class: ClassReport) -> Class {
    let except = class.except.iter().map(|except| format!("; not {except}")).collect::<String>();
    let doors = class
        .doors
        .iter()
        .map(|door| format!("{} {} ({}:{})", door.policy, door.path, door.at.position.file, door.at.position.line));
    let open = class.open.iter().map(|direction| format!("no policy isolates for {direction}"));
    let plugins = class.on_plugins.clone();
    Class {
        from: class.from + &except,
        to: class.to,
        ports: class.ports,
        by: doors.chain(open).chain(plugins).collect(),
        today: class.sources_today,
    }
}

/// Variants with the same list share an entry.
fn add(all: &mut Vec<ReachOf>, entry: ReachOf) {
    let is_same = |known: &&mut ReachOf| {
        known.endpoint == entry.endpoint
            && known.classes == entry.classes
            && known.missing == entry.missing
            && known.beyond == entry.beyond
    };
    match all.iter_mut().find(is_same) {
        Some(known) => {
            known.variants.extend(entry.variants);
            let new: Vec<String> = entry.properties.into_iter().filter(|one| !known.properties.contains(one)).collect();
            known.properties.extend(new);
        }
        None => all.push(entry),
    }
}
