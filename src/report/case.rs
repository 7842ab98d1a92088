//! The part of a report about one case, a proof's policies and the lines at fault: plain, serialisable data, as in [`super`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::policy::Direction;
use crate::outcome::Part;
use crate::source::{Origin, Position, STDIN};

/// A place in a file, with what a renderer needs to show it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Position")]
pub struct Place {
    /// File, line and column.
    #[serde(flatten)]
    pub position: Position,
    /// The bytes, for renderers that show the source.
    #[serde(skip)]
    pub origin: Origin,
    /// Whether there is such a file: not so for standard input and the command line.
    #[serde(skip)]
    pub in_file: bool,
}

/// A place in a report that was read: the file itself is not at hand.
impl From<Position> for Place {
    fn from(position: Position) -> Place {
        let in_file = position.file != STDIN && !position.file.starts_with("--");
        Place { position, origin: Origin::nowhere(), in_file }
    }
}

/// A policy and what it contributes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PolicyReport {
    /// `namespace/name`.
    pub policy: String,
    /// The direction in which it acts.
    pub direction: Direction,
    /// Whether it isolates or admits.
    pub part: Part,
    /// Where it is written.
    pub at: Place,
}

/// A concrete case.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseReport {
    /// Where the flow begins; absent for a property about isolation.
    pub source: Option<EndReport>,
    /// Where it ends, or the pod that is not isolated.
    pub destination: EndReport,
    /// The protocol; absent for a property about isolation.
    pub protocol: Option<String>,
    /// The destination port; absent for a property about isolation.
    pub port: Option<u16>,
    /// Whether the flow passes; absent for a property about isolation.
    pub allowed: Option<bool>,
    /// Whether it exists today: every pod in it belongs to a declared workload.
    pub today: bool,
    /// The same in words, with the workloads or what somebody would have to create.
    pub today_words: String,
    /// Why the source's side lets it out or not.
    pub leaves: Option<String>,
    /// Why the destination's side lets it in or not.
    pub enters: Option<String>,
    /// Pods beside the ends that somebody would have to create, in words: they lend a named port (R27).
    pub further: Vec<String>,
    /// For a comparison of policies: `isolation`, `admission`, `overlap` or, of sets, `verdict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half: Option<Cow<'static, str>>,
    /// For a comparison of policies: how they differ here, or what they share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differs: Option<String>,
    /// For sets of policies: what each makes of the flow, the one that allows it first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<SetVerdictReport>,
    /// For a path: its steps, each a flow that begins where the one before ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<CaseReport>,
    /// Choices of the network plugin that the case needs.
    pub needs: Vec<String>,
    /// The lines at fault, the most telling first.
    pub blames: Vec<BlameReport>,
    /// A command that shows the case in the cluster, where there is one.
    pub try_it: Option<String>,
}

/// What one set of policies makes of a flow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SetVerdictReport {
    /// The set.
    pub set: String,
    /// Whether the flow passes.
    pub allowed: bool,
    /// Why the source's side lets it out or not.
    pub leaves: String,
    /// Why the destination's side lets it in or not.
    pub enters: String,
    /// The same in words: where it passes both sides, and where not what stops it.
    pub words: String,
}

/// One end of a flow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EndReport {
    /// What it is.
    #[schemars(extend("enum" = ["pod", "node", "external"]))]
    pub kind: Cow<'static, str>,
    /// The namespace of a pod.
    pub namespace: Option<String>,
    /// The labels of that namespace, where no manifest declares it.
    pub namespace_labels: BTreeMap<String, String>,
    /// The declared workload, as `Deployment ml-ops/model-monitor`; absent for anything else.
    pub workload: Option<String>,
    /// The name of a workload or node.
    pub name: Option<String>,
    /// The labels of a pod.
    pub labels: BTreeMap<String, String>,
    /// The node whose network a pod is on (R33); absent for any other end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_node: Option<String>,
    /// The address; for a pod it matters only where an ipBlock does.
    pub address: String,
    /// Where the workload is declared.
    pub at: Option<Place>,
}

/// Lines at fault.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BlameReport {
    /// The policy, as `namespace/name`.
    pub policy: String,
    /// The direction in which it acts.
    pub direction: Direction,
    /// Whether it isolates, admits, or lacks what the other policy has.
    pub part: Part,
    /// The field, as `ingress[0].from[1]`.
    pub path: String,
    /// The lines.
    pub at: Place,
    /// What they do.
    pub text: String,
}
