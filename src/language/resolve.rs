//! From a sentence to its claim: names become endpoints, ports of Services become ports of pods.
//!
//! All faults are gathered, not the first alone. A claim is made only where there is none. Only
//! [`super::resolve`] calls it.

use super::ast::{EndpointExpr, EndpointKind, Form, Name, PortExpr, Quantifier, Scope, Sentence, Target};
use super::{Names, Resolved, ResolvedTarget};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::claim::{Claim, Endpoint, FlowSet, NamespaceSet, PortSet};
use crate::model::policy::Direction;
use crate::model::selector::LabelSelector;
use crate::model::workload::Service;
use names::Meaning;

mod names;
mod policies;
mod ports;
mod served;

/// How deep names of `[endpoints]` may stand for one another.
const MAX_DEPTH: usize = 64;

/// How many endpoints a sentence may come to when all names are replaced: names that stand for two
/// names each double it at every step.
const MAX_STEPS: usize = 4096;

pub(super) fn resolve(sentence: &Sentence, names: &Names<'_>) -> Result<Resolved, Vec<Diagnostic>> {
    let mut resolver = Resolver { names: *names, faults: Vec::new(), warnings: Vec::new(), depth: 0, steps: 0 };
    match (resolver.form(&sentence.form), resolver.faults.is_empty()) {
        (Some(claim), true) => Ok(Resolved { claim, warnings: resolver.warnings }),
        _ => Err(resolver.faults),
    }
}

pub(super) fn resolve_target(target: &Target, names: &Names<'_>) -> Result<ResolvedTarget, Vec<Diagnostic>> {
    let mut resolver = Resolver { names: *names, faults: Vec::new(), warnings: Vec::new(), depth: 0, steps: 0 };
    match (resolver.target(&target.endpoint, &target.ports), resolver.faults.is_empty()) {
        (Some((endpoint, ports)), true) => Ok(ResolvedTarget { endpoint, ports, warnings: resolver.warnings }),
        _ => Err(resolver.faults),
    }
}

pub(super) fn resolve_targets(targets: &[Target], names: &Names<'_>) -> Result<ResolvedTarget, Vec<Diagnostic>> {
    let mut resolver = Resolver { names: *names, faults: Vec::new(), warnings: Vec::new(), depth: 0, steps: 0 };
    match (resolver.targets(targets), resolver.faults.is_empty()) {
        (Some((endpoint, ports)), true) => Ok(ResolvedTarget { endpoint, ports, warnings: resolver.warnings }),
        _ => Err(resolver.faults),
    }
}

struct Resolver<'a> {
    names: Names<'a>,
    faults: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    depth: usize,
    steps: usize,
}

impl<'a> Resolver<'a> {
    fn form(&mut self, form: &Form) -> Option<Claim> {
        match form {
            Form::Flows { quantifier, sources, targets } => self.flows(*quantifier, sources, targets),
            Form::Path { sources, targets } => self.path(sources, targets),
            Form::Isolated { pods, directions } => self.isolated(pods, directions),
            Form::Compared { relation, policy, others } => self.compared(*relation, policy, others),
            Form::Sets { relation, one, other } => self.sets(*relation, one, other),
        }
    }

    fn flows(&mut self, quantifier: Quantifier, sources: &EndpointExpr, targets: &[Target]) -> Option<Claim> {
        let sources = self.endpoint(sources);
        let targets = self.targets(targets);
        let (sources, (destinations, ports)) = (sources?, targets?);
        let flows = |sources| FlowSet::new(sources, destinations, ports);
        Some(match quantifier {
            Quantifier::None => Claim::NoneCanReach(flows(sources)),
            Quantifier::Only => Claim::NoneCanReach(flows(sources.complement())),
            Quantifier::Every => Claim::EveryCanReach(flows(sources)),
            Quantifier::Some => Claim::SomeCanReach(flows(sources)),
        })
    }

    fn path(&mut self, sources: &EndpointExpr, targets: &[Target]) -> Option<Claim> {
        let sources = self.endpoint(sources);
        let (destinations, ports) = self.targets(targets)?;
        Some(Claim::NoPath(FlowSet::new(sources?, destinations, ports)))
    }

    fn isolated(&mut self, pods: &EndpointExpr, directions: &[Direction]) -> Option<Claim> {
        let endpoint = self.endpoint(pods)?;
        if !only_pods(&endpoint) {
            let fault = Diagnostic::error(Code::SentenceSyntax, "only pods can be isolated")
                .at(pods.origin, "not only pods")
                .note("Nodes and addresses outside the cluster are never isolated (R4).")
                .help("say which pods: `every pod in ai-platform is isolated for ingress`");
            self.faults.push(fault);
            return None;
        }
        Some(Claim::Isolated { pods: endpoint, directions: directions.to_vec() })
    }

    /// All destinations together. A claim has one set of ports, so theirs have to be the same.
    fn targets(&mut self, targets: &[Target]) -> Option<(Endpoint, PortSet)> {
        let resolved: Vec<_> = targets.iter().map(|target| self.target(&target.endpoint, &target.ports)).collect();
        let resolved: Vec<_> = resolved.into_iter().collect::<Option<_>>()?;
        let places = targets.iter().map(|target| target.endpoint.origin);
        self.together(resolved.into_iter().zip(places))
    }

    fn together(
        &mut self,
        all: impl Iterator<Item = ((Endpoint, PortSet), crate::source::Origin)>,
    ) -> Option<(Endpoint, PortSet)> {
        let mut common: Option<PortSet> = None;
        let mut endpoints = Vec::new();
        for ((endpoint, ports), origin) in all {
            if common.as_ref().is_some_and(|common| !same_ports(common, &ports)) {
                self.faults.push(different_ports(origin));
                return None;
            }
            common = Some(ports);
            endpoints.push(endpoint);
        }
        Some((union(endpoints), common?))
    }

    /// A destination and its ports; a Service translates them, wherever its name is hidden (R36).
    fn target(&mut self, expr: &EndpointExpr, ports: &[PortExpr]) -> Option<(Endpoint, PortSet)> {
        self.step(expr)?;
        match &expr.kind {
            EndpointKind::Service(name) if !ports.is_empty() => self.service_target(name, ports),
            EndpointKind::Named(name) => match self.meaning(name)? {
                Meaning::Endpoint(named) => self.deeper(name, |resolver| resolver.target(&named.definition, ports)),
                Meaning::Workload(_) => self.plain(expr, ports),
            },
            EndpointKind::Union(list) => {
                let resolved: Vec<_> = list.iter().map(|part| self.target(part, ports)).collect();
                let resolved: Vec<_> = resolved.into_iter().collect::<Option<_>>()?;
                self.together(resolved.into_iter().zip(list.iter().map(|part| part.origin)))
            }
            EndpointKind::Except(base, excepted) => {
                let (base, excepted) = (self.target(base, ports), self.endpoint(excepted));
                let (base, ports) = base?;
                Some((Endpoint::Except(Box::new(base), Box::new(excepted?)), ports))
            }
            _ => self.plain(expr, ports),
        }
    }

    fn plain(&mut self, expr: &EndpointExpr, ports: &[PortExpr]) -> Option<(Endpoint, PortSet)> {
        let endpoint = self.endpoint(expr)?;
        for port in ports {
            let items = ports::plain(std::slice::from_ref(port)).items;
            self.warnings.extend(served::unserved(self.names.cluster, &endpoint, &items, port.origin));
        }
        Some((endpoint, ports::plain(ports)))
    }

    fn service_target(&mut self, name: &Name, ports: &[PortExpr]) -> Option<(Endpoint, PortSet)> {
        let (service, endpoint) = self.service(name)?;
        let translated = match ports::translated(service, ports) {
            Ok(translated) => translated,
            Err(faults) => {
                self.faults.extend(faults);
                return None;
            }
        };
        self.warnings.extend(served::unserved(self.names.cluster, &endpoint, &translated.items, name.origin));
        Some((endpoint, translated))
    }

    fn endpoint(&mut self, expr: &EndpointExpr) -> Option<Endpoint> {
        self.step(expr)?;
        match &expr.kind {
            EndpointKind::Anything => Some(Endpoint::Anything),
            EndpointKind::Outside(namespaces) => self.outside(namespaces),
            EndpointKind::External => Some(Endpoint::External(None)),
            EndpointKind::Cidr(block) => Some(self.block(expr, *block)),
            EndpointKind::Node(name) => self.node(name.as_ref()),
            EndpointKind::Pods { selector, scope } => self.pods(selector, scope),
            EndpointKind::Named(name) => match self.meaning(name)? {
                Meaning::Endpoint(named) => self.deeper(name, |resolver| resolver.endpoint(&named.definition)),
                Meaning::Workload(index) => Some(Endpoint::Workload(index)),
            },
            EndpointKind::Service(name) => self.service(name).map(|(_, endpoint)| endpoint),
            EndpointKind::Union(list) => {
                let list: Vec<_> = list.iter().map(|part| self.endpoint(part)).collect();
                list.into_iter().collect::<Option<_>>().map(union)
            }
            EndpointKind::Except(base, excepted) => {
                let (base, excepted) = (self.endpoint(base), self.endpoint(excepted));
                Some(Endpoint::Except(Box::new(base?), Box::new(excepted?)))
            }
        }
    }

    /// Counts one endpoint; beyond the limit everything ends at once.
    fn step(&mut self, expr: &EndpointExpr) -> Option<()> {
        self.steps += 1;
        if self.steps == MAX_STEPS + 1 {
            let message = format!("with all names replaced, the sentence names more than {MAX_STEPS} endpoints");
            let fault = Diagnostic::error(Code::LimitExceeded, message).at(expr.origin, "one too many");
            self.faults.push(fault.help("say the same with selectors"));
        }
        (self.steps <= MAX_STEPS).then_some(())
    }

    /// Goes into the definition of a name, but not for ever.
    fn deeper<T>(&mut self, name: &Name, go: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            let message = format!("`{}` stands for names that stand for names, more than {MAX_DEPTH} deep", name.text);
            let fault = Diagnostic::error(Code::LimitExceeded, message).at(name.origin, "too deep, or a circle");
            // One is enough: every way through a circle ends here.
            if !self.faults.iter().any(|known| known.code == Code::LimitExceeded) {
                self.faults.push(fault);
            }
            return None;
        }
        self.depth += 1;
        let result = go(self);
        self.depth -= 1;
        result
    }

    fn outside(&mut self, namespaces: &[Name]) -> Option<Endpoint> {
        let all: Vec<_> = namespaces.iter().map(|name| self.pods_in(name)).collect();
        all.into_iter().collect::<Option<_>>().map(|inside| union(inside).complement())
    }

    fn pods_in(&mut self, namespace: &Name) -> Option<Endpoint> {
        self.pods(&LabelSelector::everything(), &Scope::Named(namespace.clone()))
    }

    fn pods(&mut self, selector: &LabelSelector, scope: &Scope) -> Option<Endpoint> {
        let namespaces = match scope {
            Scope::Any => NamespaceSet::Any,
            Scope::Matching(selector) => NamespaceSet::Matching(selector.clone()),
            Scope::Named(name) => {
                let checked = names::namespace(self.names.cluster, name);
                NamespaceSet::Named(self.keep(checked)?)
            }
        };
        Some(Endpoint::Pods { namespaces, pods: selector.clone() })
    }

    fn block(&mut self, expr: &EndpointExpr, block: ipnet::IpNet) -> Endpoint {
        let masked = block.trunc();
        if masked != block {
            let message = format!("`{block}` has bits set below its prefix; `{masked}` is meant");
            let warning = Diagnostic::warning(Code::HostBits, message).at(expr.origin, "taken as the whole block");
            self.warnings.push(warning.help(format!("write `{masked}`, or `{}` for one address", one_address(block))));
        }
        Endpoint::External(Some(masked))
    }

    fn node(&mut self, name: Option<&Name>) -> Option<Endpoint> {
        let Some(name) = name else { return Some(Endpoint::Node(None)) };
        let found = names::node(self.names.cluster, name);
        self.keep(found).map(|name| Endpoint::Node(Some(name)))
    }

    fn meaning(&mut self, name: &Name) -> Option<Meaning<'a>> {
        let found = names::meaning(&self.names, name);
        self.keep(found)
    }

    /// A Service and the pods behind it.
    fn service(&mut self, name: &Name) -> Option<(&'a Service, Endpoint)> {
        let found = names::service(self.names.cluster, name);
        let (service, selector) = self.keep(found)?;
        let namespaces = NamespaceSet::Named(service.namespace.clone());
        let pods = Endpoint::Pods { namespaces, pods: LabelSelector::of_labels(selector) };
        // R33: a description by labels takes in no pod on its node's network, and a Service does.
        let on_nodes = served::on_nodes_behind(self.names.cluster, service);
        let all: Vec<_> = std::iter::once(pods).chain(on_nodes.into_iter().map(Endpoint::Workload)).collect();
        Some((service, union(all)))
    }

    fn keep<T>(&mut self, found: Result<T, Box<Diagnostic>>) -> Option<T> {
        found.map_err(|fault| self.faults.push(*fault)).ok()
    }
}

fn union(mut endpoints: Vec<Endpoint>) -> Endpoint {
    match endpoints.pop() {
        Some(only) if endpoints.is_empty() => only,
        last => {
            endpoints.extend(last);
            Endpoint::Union(endpoints)
        }
    }
}

fn only_pods(endpoint: &Endpoint) -> bool {
    match endpoint {
        Endpoint::Pods { .. } | Endpoint::Workload(_) => true,
        Endpoint::Union(list) => list.iter().all(only_pods),
        Endpoint::Except(base, _) => only_pods(base),
        Endpoint::Anything | Endpoint::External(_) | Endpoint::Within(_) | Endpoint::Node(_) => false,
    }
}

fn one_address(block: ipnet::IpNet) -> String {
    format!("{}/{}", block.addr(), block.max_prefix_len())
}

fn same_ports(one: &PortSet, other: &PortSet) -> bool {
    let within = |a: &PortSet, b: &PortSet| a.items.iter().all(|item| b.items.contains(item));
    one.items.is_empty() == other.items.is_empty() && within(one, other) && within(other, one)
}

fn different_ports(origin: crate::source::Origin) -> Diagnostic {
    Diagnostic::error(Code::SentenceSyntax, "the destinations have different ports")
        .at(origin, "other ports than before")
        .note("A list of ports belongs to the one endpoint before it, and a sentence speaks about one list.")
        .help("write the same ports after each destination, `a:80 or b:80`, or one sentence for each")
}
