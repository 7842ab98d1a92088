//! Which of the plugin's choices a counterexample needs: those without which it is none.

use super::Judge;
use crate::model::net::Flow;
use crate::model::options::Options;

/// The choices, in words; empty where the case stands under the first choice of every rule.
#[must_use]
pub fn of(judge: &Judge<'_>, options: &Options, flow: &Flow) -> Vec<String> {
    let mut least = *options;
    let mut needed = Vec::new();
    for choice in CHOICES {
        let mut without = least;
        (choice.reset)(&mut without);
        if judge.is_sought(&without, flow) {
            least = without;
        } else {
            needed.push((choice.words)(options).to_owned());
        }
    }
    needed
}

/// One choice: how to put it back to the first one of its rule, and how to say it.
struct Choice {
    reset: fn(&mut Options),
    words: fn(&Options) -> &'static str,
}

const CHOICES: [Choice; 5] = [
    Choice {
        reset: |options| options.ipblock_matches = Options::default().ipblock_matches,
        words: |_| "the network plugin matches ipBlocks against external addresses only, as Cilium does (R22)",
    },
    Choice {
        reset: |options| options.end_port = Options::default().end_port,
        words: |_| "the network plugin ignores endPort (R26)",
    },
    Choice {
        reset: |options| options.egress_named_port_any = Options::default().egress_named_port_any,
        words: |_| "the network plugin drops egress rules with a named port and no pod peer (R28)",
    },
    Choice {
        reset: |options| options.local_node_ingress = Options::default().local_node_ingress,
        words: |_| "the network plugin applies policies to traffic from a pod's own node (R31)",
    },
    Choice {
        reset: |options| options.local_node_egress = Options::default().local_node_egress,
        words: |_| "the network plugin lets a pod reach its own node whatever the policies say (R32)",
    },
];
