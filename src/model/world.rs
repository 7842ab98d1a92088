//! What could exist: the universe over which a property is decided (`docs/spec.md`, `[world]`).

use std::collections::BTreeSet;

use super::plugin::{Choice, OptionSpace, Plugin};

/// Whether more may exist than the manifests declare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Existence {
    /// Anything that Kubernetes admits may exist beside what is declared.
    #[default]
    Any,
    /// Only what is declared exists.
    Declared,
}

/// What an attacker cannot do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Namespaces in which only declared workloads run.
    pub namespaces: BTreeSet<String>,
    /// Label keys that only declared workloads carry.
    pub pod_labels: BTreeSet<String>,
    /// Label keys that only declared namespaces carry.
    pub namespace_labels: BTreeSet<String>,
}

/// What could exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// Pods: with any labels, or the declared workloads' alone.
    pub pods: Existence,
    /// Namespaces: with any labels, or the declared ones alone.
    pub namespaces: Existence,
    /// Whether addresses outside the cluster are endpoints.
    pub external: bool,
    /// Whether the pods' own nodes and pods on their nodes' network are endpoints (R31, R33).
    pub nodes: bool,
    /// What an attacker cannot do.
    pub trust: Trust,
    /// The network plugin.
    pub plugin: Plugin,
    /// Choices of the plugin that are given one by one; they go before what is known of it.
    pub choices: Vec<Choice>,
}

impl World {
    /// What the network plugin may do.
    #[must_use]
    pub fn options(&self) -> OptionSpace {
        let mut space = self.plugin.space();
        self.choices.iter().for_each(|choice| space.fix(*choice));
        space
    }
}

impl Default for World {
    fn default() -> World {
        World {
            pods: Existence::Any,
            namespaces: Existence::Any,
            external: true,
            nodes: false,
            trust: Trust::default(),
            plugin: Plugin::Any,
            choices: Vec::new(),
        }
    }
}
