//! The catalogue of what `lint` looks for, and what one finding consists of.
//!
//! A finding is neither a fault of the input (`diagnostic`: nothing is decided then) nor the answer to a
//! property (`outcome`): the manifests are right as YAML, and say something else than whoever wrote
//! them can have meant, or nothing. Plain data: `lint` makes it, `report` shows it, specs name its codes.
//! Every code has a heading in `docs/codes.md`.

use crate::model::net::Flow;
use crate::model::options::Options;
use crate::model::policy::{Direction, Policy};
use crate::source::Origin;

pub use crate::model::severity::PropertySeverity as Severity;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $severity:ident, $title:literal;)*) => {
        /// What kind of finding, under a stable name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable name, in kebab case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// How much a finding of this kind matters, where nothing makes it matter less.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }

            /// What it is, in one line.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }
        }
    };
}

codes! {
    /// A pod selector and a namespace selector as two items, where one item admits less (R18).
    DashSplitsPeer = "dash-splits-peer", Medium, "one dash more makes two peers of one";
    /// A pod selector without bound on namespaces, by an empty namespace selector (R17).
    AnyNamespace = "any-namespace", Low, "an empty namespaceSelector admits pods of every namespace, new ones too";
    /// An empty pod selector beside a namespace selector (R17).
    IdlePodSelector = "idle-pod-selector", Info, "an empty podSelector beside a namespaceSelector narrows nothing";
    /// A policy for egress without `policyTypes`, which isolates for ingress too (R2).
    IsolatesIngressToo = "isolates-ingress-too", High, "without policyTypes, an egress policy closes ingress as well";
    /// `egress: []` without `policyTypes` (R2).
    EmptyEgressIgnored = "empty-egress-ignored", High, "without policyTypes, an empty egress list closes nothing";
    /// Rules of a direction that `policyTypes` leaves out (R3).
    RulesIgnored = "rules-ignored", Medium, "rules of a direction that policyTypes leaves out do nothing";
    /// Pods that are isolated for egress and cannot resolve names.
    EgressWithoutDns = "egress-without-dns", Medium, "pods are isolated for egress and cannot ask DNS";
    /// A selector that contradicts itself (R13).
    ContradictorySelector = "contradictory-selector", High, "no object can match the selector";
    /// A pod selector that no declared pod matches.
    MatchesNoPod = "matches-no-pod", Medium, "the selector matches no declared pod";
    /// A namespace selector that no declared namespace matches.
    MatchesNoNamespace = "matches-no-namespace", Medium, "the selector matches no declared namespace";
    /// Selectors, blocks or ports that together say "everything".
    RoundaboutEverything = "roundabout-everything", Info, "a long way to say everything";
    /// A policy whose work others do (R5).
    RedundantPolicy = "redundant-policy", Low, "other policies do all that this one does";
    /// A rule that admits nothing beyond the others (R5).
    RedundantRule = "redundant-rule", Low, "the rule admits nothing that is not admitted without it";
    /// A peer that admits nothing beyond the others (R8).
    RedundantPeer = "redundant-peer", Low, "the peer admits nothing that is not admitted without it";
    /// A port that admits nothing beyond the others (R8).
    RedundantPort = "redundant-port", Low, "the port admits nothing that is not admitted without it";
    /// A policy that isolates pods and admits all, where nothing else isolates them.
    PolicyWithoutEffect = "policy-without-effect", Low, "with or without the policy, the same traffic flows";
    /// Declared workloads that no policy isolates (R4).
    UnisolatedWorkload = "unisolated-workload", Low, "no policy isolates the workload";
    /// Every declared workload is isolated, and a new pod would not be (R4).
    NoDefaultDeny = "no-default-deny", Low, "a new pod of the namespace would be open";
    /// A Service's port in a rule, where the pods listen on another (R24, R36).
    ServicePort = "service-port", Medium, "the port is a Service's, which leads to another port of the pods";
    /// A named port that no pod declares (R27).
    UnknownPortName = "unknown-port-name", Medium, "no pod declares a port of this name and protocol";
    /// A block that pods or nodes may lie in (R22).
    BlockDependsOnPlugin = "block-depends-on-plugin", Info, "network plugins differ on whether the block matches pods and nodes";
    /// An `except` that takes nothing away (R20).
    IdleExcept = "idle-except", Low, "the exception takes nothing away";
    /// Bits below the prefix (R23).
    HostBits = "host-bits", Low, "bits below the prefix of a block are set";
    /// All of one address family, and not the other (R21).
    OneFamily = "one-family", Info, "the rule is about one address family only";
    /// Namespaces chosen by a label that whoever creates one may write (R9).
    ForgeableNamespace = "forgeable-namespace", Medium, "whoever creates a namespace may set the label that it is chosen by";
    /// A door on more pods or ports than anything uses.
    WideDoor = "wide-door", Low, "the rule opens more than the pods declare";
}

impl Code {
    /// The code of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name() == name)
    }
}

/// Something that the manifests say and cannot mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What kind.
    pub code: Code,
    /// How much it matters here.
    pub severity: Severity,
    /// The policy, as `namespace/name`, or what else it is about.
    pub about: String,
    /// One sentence, without a full stop: what is wrong.
    pub message: String,
    /// The lines, those at fault first; at least one.
    pub marks: Vec<Mark>,
    /// Why it is so.
    pub evidence: Evidence,
    /// Why it matters: whole sentences.
    pub notes: Vec<String>,
    /// What to do next: whole sentences.
    pub help: Vec<String>,
    /// What to write instead, as YAML.
    pub yaml: Option<String>,
}

/// Lines, and what is to be said of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The lines.
    pub origin: Origin,
    /// A few words; may be empty.
    pub text: String,
}

/// Why a finding is true.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// The text of the manifests shows it: there is nothing to prove.
    Text,
    /// Every selector, label and port in question was gone through by the reference semantics.
    Examined,
    /// The solver found no pod or flow to the contrary in the whole world.
    Proved,
    /// This pod or flow shows it.
    Shown(Box<Shown>),
}

/// A pod or flow, and what is true of it. `lint::holds` judges it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The flow; where the fact is one of a single pod, the pod is its destination.
    pub flow: Flow,
    /// What is true of it.
    pub fact: Fact,
    /// Under these choices of the network plugin.
    pub options: Options,
    /// Choices of the plugin that it needs, in words; empty where any plugin will do.
    pub needs: Vec<String>,
}

/// What is true of a pod or flow. Policies are named by their index in the cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// It passes.
    Allowed,
    /// It does not pass.
    Denied,
    /// No policy isolates the pod.
    Open(Direction),
    /// This policy isolates the pod, and no other does.
    IsolatedOnlyBy(usize, Direction),
    /// The policy isolates the pod's end and admits the flow.
    Admitted(usize, Direction),
    /// The policy isolates the pod's end and does not admit the flow.
    NotAdmitted(usize, Direction),
    /// The policy admits the flow; written like this it would not, and no other policy does.
    AdmittedOnlyAsWritten {
        /// The policy.
        policy: usize,
        /// For which direction.
        direction: Direction,
        /// The other way to write it.
        instead: Box<Policy>,
    },
    /// The policy admits the flow under the choices of the fact, and not under these.
    PluginDecides {
        /// The policy.
        policy: usize,
        /// For which direction.
        direction: Direction,
        /// The other choices.
        other: Options,
    },
}

impl Fact {
    /// Whether it is about one pod, and not about a flow.
    #[must_use]
    pub fn is_about_a_pod(&self) -> bool {
        matches!(self, Fact::Open(_) | Fact::IsolatedOnlyBy(..))
    }
}

impl Finding {
    /// A finding about a policy with nothing but a message.
    #[must_use]
    pub fn new(code: Code, about: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding {
            code,
            severity: code.severity(),
            about: about.into(),
            message: message.into(),
            marks: Vec::new(),
            evidence: Evidence::Text,
            notes: Vec::new(),
            help: Vec::new(),
            yaml: None,
        }
    }

    /// Makes it matter more or less than others of its kind.
    #[must_use]
    pub fn severity(self, severity: Severity) -> Finding {
        Finding { severity, ..self }
    }

    /// Adds lines, with a few words to stand beside them.
    #[must_use]
    pub fn at(mut self, origin: Origin, text: impl Into<String>) -> Finding {
        self.marks.push(Mark { origin, text: text.into() });
        self
    }

    /// Says why it is so.
    #[must_use]
    pub fn because(self, evidence: Evidence) -> Finding {
        Finding { evidence, ..self }
    }

    /// Says what pod or flow shows it, whatever the plugin.
    #[must_use]
    pub fn shown(self, flow: Flow, fact: Fact, options: Options) -> Finding {
        let shown = Shown { flow, fact, options, needs: Vec::new() };
        Finding { evidence: Evidence::Shown(Box::new(shown)), ..self }
    }

    /// Adds a reason.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Finding {
        self.notes.push(text.into());
        self
    }

    /// Adds a suggestion.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Finding {
        self.help.push(text.into());
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn yaml(self, text: impl Into<String>) -> Finding {
        Finding { yaml: Some(text.into()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_codes_are_unique_and_in_kebab_case() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        let is_plain = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(names.iter().all(is_plain));
        assert!(Code::ALL.iter().all(|code| Code::of_name(code.name()) == Some(*code)));
    }
}
