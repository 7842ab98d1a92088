//! One question over one cluster: the two ends, the flow between them, and what is asked of it.
//!
//! A [`Query`] hands out [`Statement`]s ("the flow is allowed", "it is one of these flows", "both
//! ends are declared today"); `property` combines them and [`Query::check`] asks the solver. This is
//! the façade of `symbolic`; `property` and `prove` use it, and tests that compare it with `eval`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;

use z3::ast::Bool;

use super::encode::{Encoder, Guarding, Part};
use super::end::{SymbolicEnd, UNLISTED_NODES, Wire, distinct};
use super::lender::Lender;
use super::slice::Slice;
use super::solver::{Answer, Session, Statement};
use super::term::Term;
use super::universe::Universe;
use crate::model::algebra::Gap;
use crate::model::claim::{Claim, Endpoint, FlowSet};
use crate::model::net::{End, Flow};
use crate::model::options::{NamedPortScope, Options};
use crate::model::policy::Direction;
use crate::model::workload::Cluster;
use crate::model::world::{Existence, World};

/// What a question is asked of.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The declared objects.
    pub cluster: &'a Cluster,
    /// What else could exist.
    pub world: &'a World,
    /// The plugin's choices.
    pub options: Options,
    /// The policies that can matter.
    pub slice: Slice,
    /// The claims that are asked about, whose labels, names and ports belong to the universe.
    pub claims: Vec<&'a Claim>,
    /// Declared workloads that may be an end under their own name, by index.
    pub workloads: Vec<usize>,
    /// What a core can name.
    pub guarding: Guarding,
}

/// One question.
pub struct Query<'a> {
    pub(crate) setting: Setting<'a>,
    pub(crate) universe: Universe,
    pub(crate) source: SymbolicEnd,
    pub(crate) destination: SymbolicEnd,
    pub(crate) wire: Wire,
    /// Pods beside the two ends that lend port numbers, where a comparison can feel them (R27).
    pub(crate) lenders: Vec<Lender>,
    guards: RefCell<BTreeMap<Part, Term>>,
}

impl<'a> Query<'a> {
    /// Makes the variables of a question. Nothing is asserted yet.
    #[must_use]
    pub fn new(setting: Setting<'a>) -> Query<'a> {
        let cluster = setting.cluster;
        let universe = Universe::new(cluster, setting.world, &setting.slice, &setting.claims, &setting.workloads);
        Query {
            source: SymbolicEnd::new("source", setting.world, &universe),
            destination: SymbolicEnd::new("destination", setting.world, &universe),
            wire: Wire::new(),
            lenders: lenders(&setting, &universe),
            guards: RefCell::default(),
            universe,
            setting,
        }
    }

    /// What is asked of.
    #[must_use]
    pub fn setting(&self) -> &Setting<'a> {
        &self.setting
    }

    pub(super) fn encoder(&self, further: Option<&'a World>) -> Encoder<'_> {
        Encoder {
            further,
            lenders: &self.lenders,
            cluster: self.setting.cluster,
            options: &self.setting.options,
            slice: &self.setting.slice,
            universe: &self.universe,
            source: &self.source,
            destination: &self.destination,
            wire: &self.wire,
            guarding: self.setting.guarding,
            nodes: self.setting.world.nodes,
            guards: &self.guards,
        }
    }

    /// The flow can exist in the world: both ends do, they are two, and the port is legal.
    #[must_use]
    pub fn legal_flow(&self) -> Statement {
        let ends = [&self.source, &self.destination].map(|end| self.legal_end(end));
        let apart = distinct(&self.source, &self.destination, &self.universe, &self.wire);
        Statement(Term::all(ends.into_iter().chain([apart, self.wire.legal(), self.legal_lenders()])))
    }

    fn legal_lenders(&self) -> Term {
        let Setting { cluster, world, .. } = self.setting;
        let legal = |(at, lender): (usize, &Lender)| {
            let before = self.lenders.iter().take(at).map(|other| &other.pod);
            let others: Vec<_> = [&self.source, &self.destination].into_iter().chain(before).collect();
            lender.legal(&others, cluster, world, &self.universe, &self.wire)
        };
        Term::all(self.lenders.iter().enumerate().map(legal))
    }

    /// The destination end can exist in the world. For questions about a single pod.
    #[must_use]
    pub fn legal_pod(&self) -> Statement {
        Statement(Term::all([self.legal_end(&self.destination), self.destination.is_pod(), self.wire.legal()]))
    }

    fn legal_end(&self, end: &SymbolicEnd) -> Term {
        end.legal(self.setting.cluster, self.setting.world, &self.universe, &self.wire)
    }

    /// The flow is allowed (R6).
    #[must_use]
    pub fn allowed(&self) -> Statement {
        Statement(self.encoder(None).allowed())
    }

    /// The flow is allowed, perhaps with the help of pods that nobody has declared: where the plugin
    /// takes the numbers of named ports together, such a pod may lend any (R27).
    #[must_use]
    pub fn allowed_with_further_pods(&self) -> Statement {
        Statement(self.encoder(self.can_lend().then_some(self.setting.world)).allowed())
    }

    /// Whether pods that nobody has declared can make a difference to a flow which they are no end of.
    #[must_use]
    pub fn can_lend(&self) -> bool {
        can_lend(&self.setting, &self.universe)
    }

    /// No pod beside the two ends lends a port number.
    #[must_use]
    pub fn without_lenders(&self) -> Statement {
        Statement(Term::any(self.lenders.iter().map(|lender| lender.exists.clone())).not())
    }

    /// The flow is one of these.
    #[must_use]
    pub fn flow_in(&self, flows: &FlowSet) -> Statement {
        Statement(self.encoder(None).flow_in(flows))
    }

    /// The destination end is one of these.
    #[must_use]
    pub fn pod_in(&self, pods: &Endpoint) -> Statement {
        Statement(self.encoder(None).contains(pods, &self.destination))
    }

    /// The destination end, a pod, is isolated for this direction (R4).
    #[must_use]
    pub fn isolated(&self, direction: Direction) -> Statement {
        Statement(self.encoder(None).isolated(direction, &self.destination))
    }

    /// The flow, or for a gap of single pods the destination end, falls into the gap.
    #[must_use]
    pub fn falls_into(&self, gap: &Gap) -> Statement {
        Statement(self.encoder(None).falls_into(gap))
    }

    /// A name for the statement, so that the solver works it out once for all questions of this scope.
    #[must_use]
    pub fn named(&self, session: &Session, statement: &Statement) -> Statement {
        let name = Term::variable("sought");
        session.assert(&Statement(name.clone().iff(statement.0.clone())));
        Statement(name)
    }

    /// What is always true.
    #[must_use]
    pub fn anything(&self) -> Statement {
        Statement(Term::TRUE)
    }

    /// The source is a pod of a declared workload.
    #[must_use]
    pub fn source_declared(&self) -> Statement {
        Statement(self.source.is_declared())
    }

    /// The destination is a pod of a declared workload.
    #[must_use]
    pub fn destination_declared(&self) -> Statement {
        Statement(self.destination.is_declared())
    }

    /// The source is no pod.
    #[must_use]
    pub fn source_outside(&self) -> Statement {
        Statement(self.source.is_pod().not())
    }

    /// The destination is no pod.
    #[must_use]
    pub fn destination_outside(&self) -> Statement {
        Statement(self.destination.is_pod().not())
    }

    /// Neither end has the address of a declared pod or node that it is not, as it has in this flow.
    /// `None` where the flow is fine. Added only when a flow breaks it: there may be many addresses.
    #[must_use]
    pub fn forbid_stolen_addresses(&self, flow: &Flow) -> Option<Statement> {
        let ends = [(&self.source, &flow.source), (&self.destination, &flow.destination)];
        let stolen = ends.into_iter().filter(|(_, end)| is_stolen(self.setting.cluster, end));
        let forbidden: Vec<Term> = stolen
            .map(|(symbolic, end)| symbolic.address.is(end.address()).implies(self.is_owner(symbolic, end.address())))
            .collect();
        (!forbidden.is_empty()).then(|| Statement(Term::all(forbidden)))
    }

    /// The end is the declared pod or node that has this address, or is on that node's network (R33).
    fn is_owner(&self, end: &SymbolicEnd, address: IpAddr) -> Term {
        let identities = self.universe.identities.iter().enumerate();
        let pods = identities.filter(|(_, one)| !one.host_network && one.addresses.contains(&address));
        let nodes = self.setting.cluster.nodes.iter().enumerate();
        let nodes = nodes.filter(|(_, node)| node.addresses.contains(&address));
        let is_pod = pods.map(|(at, _)| end.identity.is(at + 1));
        let is_node = nodes.map(|(at, _)| end.is_on_a_node().and(end.node.is(at + UNLISTED_NODES)));
        Term::any(is_pod.chain(is_node))
    }

    /// Asserts the statements and asks whether there is such a case, with every policy as written.
    pub fn check(&self, session: &Session, statements: &[Statement]) -> Answer {
        if statements.iter().any(|statement| matches!(statement.0, Term::Const(false))) {
            session.ask_nothing();
            return Answer::Unsat;
        }
        statements.iter().for_each(|statement| session.assert(statement));
        session.check(&self.assumptions(&self.parts()))
    }

    /// Asks again, with these statements assumed on top of what is asserted.
    pub fn check_assuming(&self, session: &Session, statements: &[Statement]) -> Answer {
        let mut assumptions = self.assumptions(&self.parts());
        assumptions.extend(statements.iter().map(|statement| statement.0.to_bool()));
        session.check(&assumptions)
    }

    /// After Unsat: policies on whose isolation (or admission, see [`Guarding`]) it rests, as few as the
    /// solver finds: it takes back one after the other, and keeps those that it cannot do without.
    #[must_use]
    pub fn core(&self, session: &Session) -> Vec<(usize, Direction)> {
        let mut parts = self.parts();
        parts.sort_by_key(|part| self.tells_less(*part));
        let core = self.named_in_core(session, &parts);
        // Where one policy carries the proof it had better be the most telling one of its direction.
        if let [(only, direction)] = *core.as_slice()
            && let Some(first) = parts.iter().find(|(_, of)| *of == direction)
            && first.0 != only
            && session.check(&self.assumptions(&[*first])) == Answer::Unsat
        {
            return vec![*first];
        }
        core
    }

    fn named_in_core(&self, session: &Session, among: &[Part]) -> Vec<Part> {
        let core = session.core();
        let guards = self.guards.borrow();
        let named = |part: &&Part| guards.get(part).is_some_and(|guard| core.contains(&guard.to_bool()));
        among.iter().filter(named).copied().collect()
    }

    /// Where several policies would carry a proof, a plain default deny tells the reader most: one that
    /// selects every pod, and has no rules.
    fn tells_less(&self, (index, direction): Part) -> (bool, bool, usize) {
        let policy = self.setting.cluster.policies.get(index);
        let has_rules = policy.and_then(|policy| policy.rules(direction)).is_some_and(|rules| !rules.is_empty());
        let is_choosy = policy.is_some_and(|policy| !policy.pod_selector.selector.is_empty());
        (has_rules, is_choosy, index)
    }

    fn parts(&self) -> Vec<Part> {
        self.guards.borrow().keys().copied().collect()
    }

    fn assumptions(&self, parts: &[Part]) -> Vec<Bool> {
        let guards = self.guards.borrow();
        parts.iter().filter_map(|part| guards.get(part)).map(Term::to_bool).collect()
    }
}

/// R27.
fn can_lend(setting: &Setting<'_>, universe: &Universe) -> bool {
    let union = setting.options.named_port_scope == NamedPortScope::Union;
    union && setting.world.pods == Existence::Any && !universe.port_names.is_empty()
}

/// For a comparison one lender for each side of a flow that it is about; none for any other claim.
fn lenders(setting: &Setting<'_>, universe: &Universe) -> Vec<Lender> {
    let sides = |claim: &&Claim| match claim {
        Claim::NoGap { gap: Gap::Verdict { .. }, .. } => 2,
        Claim::NoGap { gap: Gap::Admission { .. }, .. } => 1,
        _ => 0,
    };
    let count = setting.claims.iter().map(sides).max().filter(|_| can_lend(setting, universe)).unwrap_or(0);
    (1..=count).map(|at| Lender::new(&format!("lender {at}"), setting.world, universe)).collect()
}

/// Whether the end has an address that belongs to a declared pod or node, and to it not: the mirror of
/// [`Query::is_owner`]. R33: a pod on its node's network has its node's.
fn is_stolen(cluster: &Cluster, end: &End) -> bool {
    let address = end.address();
    let own_workload = end.pod().and_then(|pod| pod.workload);
    let pods = cluster.workloads.iter().enumerate().filter(|(_, workload)| !workload.host_network);
    let pods = pods.filter(|(_, workload)| workload.addresses.contains(&address));
    let nodes = cluster.nodes.iter().filter(|node| node.addresses.contains(&address));
    let mut is_own = pods
        .map(|(index, _)| Some(index) == own_workload)
        .chain(nodes.map(|node| Some(node.name.as_str()) == end.own_node()))
        .peekable();
    is_own.peek().is_some() && !is_own.any(|own| own)
}
