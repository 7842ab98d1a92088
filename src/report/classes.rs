//! Classes of flows as a report shows them: in words, with the rules that let them pass, what exists today, and one flow.
//!
//! [`reach`] makes the report of `who-can-reach` and `what-can-be-reached-from`; [`text`] lays it out, `json` writes it as it
//! is. `report::diff` shares the classes.

pub mod text;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use super::build::Words;
use super::{CaseReport, Place};
use crate::classes::{Asked, Class, Door, List};
use crate::describe;
use crate::model::policy::Direction;
use crate::model::workload::Cluster;
use crate::source::SourceMap;

/// The version of the JSON form.
pub const SCHEMA: &str = "netverify-reach/1";

/// Who can reach something, or what can be reached from it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReachReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of netverify.
    pub netverify: &'static str,
    /// The version of Z3.
    pub z3: String,
    /// What was asked, as the user wrote it: `vector-db:6333`.
    pub end: String,
    /// `sources` where it is asked who can reach it, `destinations` where it is asked what it can reach.
    pub asked: &'static str,
    /// The classes: together exactly what passes.
    pub classes: Vec<ClassReport>,
    /// A flow beyond the classes that some plugins let pass.
    pub beyond: Option<Box<CaseReport>>,
    /// What the list takes for granted, in words.
    pub assumptions: Vec<String>,
}

/// A class of flows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClassReport {
    /// From where, in words.
    pub from: String,
    /// To where, in words.
    pub to: String,
    /// On which ports, in words.
    pub ports: String,
    /// Flows that are not meant, in words.
    pub except: Vec<String>,
    /// The rules that let the flows in and out, ingress first; a side that no policy isolates has none.
    pub doors: Vec<DoorReport>,
    /// The directions in which the flows pass because no policy isolates the pod.
    pub open: Vec<Direction>,
    /// The declared workloads among the sources, as `Deployment ml-ops/model-monitor`.
    pub sources_today: Vec<String>,
    /// The declared workloads among the destinations.
    pub destinations_today: Vec<String>,
    /// Where not every plugin lets all of the flows pass: in words what those do that let them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_plugins: Option<String>,
    /// One of the flows.
    pub witness: Box<CaseReport>,
}

/// A rule that lets flows of a class pass.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DoorReport {
    /// The direction in which it does.
    pub direction: Direction,
    /// The policy, as `namespace/name`.
    pub policy: String,
    /// The field, as `ingress[0].from[1]`.
    pub path: String,
    /// What the rule admits, in words.
    pub text: String,
    /// The lines.
    pub at: Place,
}

/// The report of one list.
#[must_use]
pub fn reach(question: &Question<'_>, list: &List, assumptions: Vec<String>, z3: String) -> ReachReport {
    let words = Words { cluster: question.cluster, sources: question.sources };
    let class = |class: &Class| words.class(class);
    ReachReport {
        schema: SCHEMA,
        netverify: env!("CARGO_PKG_VERSION"),
        z3,
        end: question.end.to_owned(),
        asked: match question.asked {
            Asked::Sources => "sources",
            Asked::Destinations => "destinations",
        },
        classes: list.classes.iter().map(class).collect(),
        beyond: list.beyond.as_ref().map(|case| Box::new(words.case(case))),
        assumptions,
    }
}

/// What a list answers.
pub struct Question<'a> {
    /// The declared objects.
    pub cluster: &'a Cluster,
    /// The files.
    pub sources: &'a SourceMap,
    /// The end that was named.
    pub end: &'a str,
    /// What was asked of it.
    pub asked: Asked,
}

impl Words<'_> {
    /// One class.
    pub(crate) fn class(&self, class: &Class) -> ClassReport {
        let sides =
            class.ways.iter().flat_map(|way| [(Direction::Ingress, way.ingress), (Direction::Egress, way.egress)]);
        let sides: BTreeSet<_> = sides.filter_map(|(direction, door)| Some((direction, door?))).collect();
        let doors = sides.iter().filter_map(|(direction, door)| self.door(*direction, door));
        let open = sides.iter().filter(|(_, door)| *door == Door::Open).map(|(direction, _)| *direction);
        let names = |indices: &[usize]| {
            let workloads = indices.iter().filter_map(|index| self.cluster.workloads.get(*index));
            workloads.map(crate::model::workload::Workload::full_name).collect()
        };
        let on_plugins = |choices: &Vec<String>| match choices.is_empty() {
            true => "wholly on some plugins only".to_owned(),
            false => format!("wholly only on plugins that {}", choices.join(", and ")),
        };
        ClassReport {
            from: class.words.from.clone(),
            to: class.words.to.clone(),
            ports: class.words.ports.clone(),
            except: class.words.except.clone(),
            doors: doors.collect(),
            open: open.collect(),
            sources_today: names(&class.sources_today),
            destinations_today: names(&class.destinations_today),
            on_plugins: class.on_plugins.as_ref().map(on_plugins),
            witness: Box::new(self.case(&class.witness)),
        }
    }

    fn door(&self, direction: Direction, door: &Door) -> Option<DoorReport> {
        let Door::Rule { policy, rule, peer } = *door else { return None };
        let policy = self.cluster.policies.get(policy)?;
        let written = policy.rules(direction)?.get(rule)?;
        let peer = peer.and_then(|at| Some((at, written.named_peers().get(at)?)));
        let (path, origin, admits) = match peer {
            Some((at, peer)) => {
                let key = describe::peers_key(direction);
                // A peer that a comparison has split stands where the first part of it does.
                let peers = written.named_peers();
                let at = peers.iter().position(|one| one.origin == peer.origin).unwrap_or(at);
                (format!("{direction}[{rule}].{key}[{at}]"), peer.origin, describe::peer(policy, peer))
            }
            None => (format!("{direction}[{rule}]"), written.origin, "everything".to_owned()),
        };
        let text = format!("{admits}, {}", describe::ports(written));
        Some(DoorReport { direction, policy: policy.full_name(), path, text, at: self.place(origin) })
    }
}
