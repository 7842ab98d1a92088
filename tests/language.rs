//! Sentences: what the right ones mean, and what is said about the wrong ones.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use netverify::language::{Resolved, Yes};

mod support {
    //! The cluster that the sentences of these tests speak about.
    use std::collections::BTreeMap;

    use netverify::language::{Name, Names, Resolved, Sentence, Yes, parse, parse_question, resolve};
    use netverify::model::algebra::PolicySet;
    use netverify::model::net::Protocol;
    use netverify::model::policy::{NamespaceScope, Peer, PeerKind, Peers, Policy, Ports, Rule};
    use netverify::model::selector::{LabelSelector, Labels, Requirement, WrittenSelector};
    use netverify::model::workload::{
        Cluster, ContainerPort, DeclaredNamespace, Namespace, Node, Service, ServicePort, TargetPort, Workload,
        WorkloadKind,
    };
    use netverify::source::{Origin, SourceMap, Span};
    use netverify::spec::{self, NamedEndpoint};

    fn nowhere() -> Origin {
        let file = SourceMap::default().add("cluster.yaml", "");
        Origin { file, span: Span::new(0, 0) }
    }

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn workload(kind: WorkloadKind, namespace: &str, name: &str, ports: &[(&str, u16, Protocol)]) -> Workload {
        let port = |(name, number, protocol): &(&str, u16, Protocol)| ContainerPort {
            name: (!name.is_empty()).then(|| (*name).to_owned()),
            number: *number,
            protocol: *protocol,
        };
        Workload {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            labels: labels(&[("app", name)]),
            ports: ports.iter().map(port).collect(),
            addresses: Vec::new(),
            node: None,
            host_network: false,
            origin: nowhere(),
        }
    }

    fn service(namespace: &str, name: &str, ports: &[(&str, u16, Protocol, TargetPort)]) -> Service {
        let port = |(name, port, protocol, target): &(&str, u16, Protocol, TargetPort)| ServicePort {
            name: Some((*name).to_owned()),
            port: *port,
            protocol: *protocol,
            target: target.clone(),
        };
        Service {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            selector: Some(labels(&[("app", name)])),
            ports: ports.iter().map(port).collect(),
            origin: nowhere(),
        }
    }

    /// A policy that mentions the namespace `monitoring`, which nothing declares.
    fn policy(namespace: &str, name: &str) -> Policy {
        let monitoring = Requirement::equals("kubernetes.io/metadata.name", "monitoring");
        let namespaces = NamespaceScope::Matching(LabelSelector { requirements: vec![monitoring] });
        let kind = PeerKind::Pods { namespaces, pods: LabelSelector::everything() };
        let peers = Peers::AnyOf(vec![Peer { kind, origin: nowhere() }]);
        Policy {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            pod_selector: WrittenSelector { selector: LabelSelector::everything(), origin: nowhere() },
            ingress: Some(vec![Rule { peers, ports: Ports::All, origin: nowhere() }]),
            egress: None,
            origin: nowhere(),
            name_origin: nowhere(),
            written: netverify::model::policy::Written::default(),
        }
    }

    pub(crate) fn cluster() -> Cluster {
        use Protocol::{Tcp, Udp};
        use WorkloadKind::{Deployment, Job, StatefulSet};
        let namespace = |name: &str| {
            let namespace = Namespace::new(name, Labels::new());
            (name.to_owned(), DeclaredNamespace { namespace, origin: nowhere() })
        };
        let mut external = service("ai-platform", "llm", &[]);
        external.selector = None;
        Cluster {
            policies: [
                ("ai-platform", "default-deny"),
                ("ai-platform", "p"),
                ("ml-ops", "default-deny"),
                ("ml-ops", "is"),
            ]
            .map(|(namespace, name)| policy(namespace, name))
            .to_vec()
            .into(),
            namespaces: ["ai-platform", "ml-ops", "kube-system"].map(namespace).into(),
            workloads: vec![
                workload(Deployment, "ai-platform", "chat-ui", &[]),
                workload(Deployment, "ai-platform", "rag-api", &[("http", 8000, Tcp)]),
                workload(StatefulSet, "ai-platform", "vector-db", &[("", 80, Tcp)]),
                workload(Deployment, "kube-system", "dns", &[("dns", 53, Udp), ("dns-tcp", 53, Tcp)]),
                workload(Deployment, "ml-ops", "drift", &[]),
                workload(Job, "ml-ops", "drift", &[]),
                workload(Deployment, "ml-ops", "vector-db", &[]),
            ]
            .into(),
            services: vec![
                service("ai-platform", "chat", &[("web", 80, Tcp, TargetPort::Number(3000))]),
                service("ai-platform", "rag-api", &[("web", 80, Tcp, TargetPort::Name("http".to_owned()))]),
                service(
                    "ai-platform",
                    "vector-db",
                    &[("rest", 6333, Tcp, TargetPort::Number(80)), ("grpc", 6334, Tcp, TargetPort::Number(80))],
                ),
                service("kube-system", "dns", &[("dns", 53, Udp, TargetPort::Name("dns".to_owned()))]),
                external,
            ]
            .into(),
            nodes: vec![Node {
                name: "worker-1".to_owned(),
                labels: Labels::new(),
                addresses: Vec::new(),
                origin: nowhere(),
            }],
            ..Cluster::default()
        }
    }

    fn endpoints() -> BTreeMap<String, NamedEndpoint> {
        let text = r#"
            [endpoints]
            api = { namespace = "ai-platform", pods = "app=rag-api" }
            chat-ui = { namespace = "ai-platform", pods = "app=chat" }
            office = { cidr = "192.0.2.0/24" }
            callers = { is = "api or office" }
            front = { is = "service ai-platform/vector-db" }
            lost = { namespace = "ai-platfrom" }
            [[property]]
            name = "p"
            assert = "s"
        "#;
        let (spec, faults) = spec::parse(SourceMap::default().add("spec.toml", text), text);
        assert_eq!(faults, []);
        spec.endpoints
    }

    pub(crate) fn whole(text: &str) -> Origin {
        let file = SourceMap::default().add("sentence", text);
        Origin { file, span: Span::new(0, text.len()) }
    }

    pub(crate) fn read(text: &str) -> Result<Resolved, Vec<netverify::diagnostic::Diagnostic>> {
        look_up(&parse(text, whole(text)).map_err(|fault| vec![fault])?)
    }

    /// The sentence behind a question, and which answer to it is the yes.
    pub(crate) fn read_question(text: &str) -> Result<(Resolved, Yes), Vec<netverify::diagnostic::Diagnostic>> {
        let (sentence, yes) = parse_question(text, whole(text)).map_err(|fault| vec![fault])?;
        look_up(&sentence).map(|resolved| (resolved, yes))
    }

    fn look_up(sentence: &Sentence) -> Result<Resolved, Vec<netverify::diagnostic::Diagnostic>> {
        let set = |path: &Name| PolicySet { name: path.text.clone(), policies: Vec::new() };
        let sets = sentence.sets().map(|paths| paths.map(set));
        resolve(sentence, &Names { cluster: &cluster(), endpoints: &endpoints(), sets: sets.as_ref() })
    }
}

mod show {
    //! Claims in a short notation.
    use netverify::model::algebra::{Comparison, SetRelation};
    use netverify::model::claim::{Claim, Endpoint, FlowSet, NamespaceSet, PortSet};
    use netverify::model::net::PortMatch;
    use netverify::model::selector::{LabelSelector, Operator};

    pub(crate) fn claim(claim: &Claim) -> String {
        match claim {
            Claim::NoneCanReach(flows) => format!("none {}", self::flows(flows)),
            Claim::EveryCanReach(flows) => format!("every {}", self::flows(flows)),
            Claim::SomeCanReach(flows) => format!("some {}", self::flows(flows)),
            Claim::NoPath(flows) => format!("no path {}", self::flows(flows)),
            Claim::Isolated { pods, directions } => {
                let directions: Vec<_> = directions.iter().map(ToString::to_string).collect();
                format!("isolated {} for {}", endpoint(pods), directions.join("+"))
            }
            Claim::Compared(Comparison::Subsumed { policy, by }) => format!("policy {policy} within {by:?}"),
            Claim::Compared(Comparison::Equivalent { one, other }) => format!("policy {one} same as {other}"),
            Claim::Compared(Comparison::Disjoint { one, other }) => format!("policy {one} apart from {other}"),
            Claim::Compared(Comparison::Sets { relation, one, other }) => {
                let relation = match relation {
                    SetRelation::NoMore => "within",
                    SetRelation::Equivalent => "same as",
                };
                format!("set {} {relation} {}", one.name, other.name)
            }
            Claim::NoGap { gap, .. } => format!("{gap:?}"),
        }
    }

    fn flows(flows: &FlowSet) -> String {
        format!("{} -> {} {}", endpoint(&flows.sources), endpoint(&flows.destinations), ports(&flows.ports))
    }

    fn endpoint(set: &Endpoint) -> String {
        match set {
            Endpoint::Anything => "*".to_owned(),
            Endpoint::Pods { namespaces: NamespaceSet::Any, pods } => format!("pods[{}]", selector(pods)),
            Endpoint::Pods { namespaces: NamespaceSet::Named(name), pods } => format!("{name}[{}]", selector(pods)),
            Endpoint::Pods { namespaces: NamespaceSet::Matching(namespaces), pods } => {
                format!("({})[{}]", selector(namespaces), selector(pods))
            }
            Endpoint::Workload(index) => format!("#{index}"),
            Endpoint::External(None) => "external".to_owned(),
            Endpoint::External(Some(block)) => block.to_string(),
            Endpoint::Within(block) => format!("within {block}"),
            Endpoint::Node(None) => "node".to_owned(),
            Endpoint::Node(Some(name)) => format!("node {name}"),
            Endpoint::Union(list) => {
                format!("({})", list.iter().map(endpoint).collect::<Vec<_>>().join(" | "))
            }
            Endpoint::Except(base, excepted) => format!("({} - {})", endpoint(base), endpoint(excepted)),
        }
    }

    fn selector(selector: &LabelSelector) -> String {
        let show = |(key, operator): (&String, &Operator)| match operator {
            Operator::In(values) => format!("{key} in {values:?}"),
            Operator::NotIn(values) => format!("{key} notin {values:?}"),
            Operator::Exists => key.clone(),
            Operator::DoesNotExist => format!("!{key}"),
        };
        selector.requirements.iter().map(|one| show((&one.key, &one.operator))).collect::<Vec<_>>().join(" & ")
    }

    fn ports(ports: &PortSet) -> String {
        if ports.items.is_empty() {
            return "any port".to_owned();
        }
        let show = |ports: &PortMatch| match ports {
            PortMatch::All => "*".to_owned(),
            PortMatch::Range(first, last) if first == last => first.to_string(),
            PortMatch::Range(first, last) => format!("{first}-{last}"),
            PortMatch::Named(name) => name.clone(),
        };
        ports.items.iter().map(|item| format!("{}/{}", show(&item.ports), item.protocol)).collect::<Vec<_>>().join(",")
    }
}

#[test]
fn right_sentences_mean_what_they_say() {
    let table = include_str!("language/sentences.txt");
    let mut wrong = String::new();
    for (sentence, wanted) in table.lines().filter_map(|line| line.split_once(" => ")) {
        let found = match support::read(sentence.trim()) {
            Ok(resolved) => show::claim(&resolved.claim),
            Err(faults) => faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; "),
        };
        if found != wanted.trim() {
            wrong += &format!("{sentence} => {found}\n");
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn right_questions_are_read_as_the_sentence_that_answers_them() {
    let table = include_str!("language/questions.txt");
    let mut wrong = String::new();
    for (question, wanted) in table.lines().filter_map(|line| line.split_once(" => ")) {
        let found = match support::read_question(question.trim()) {
            Ok((resolved, Yes::Proved)) => show::claim(&resolved.claim),
            Ok((resolved, Yes::Refuted)) => format!("not {}", show::claim(&resolved.claim)),
            Err(faults) => faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; "),
        };
        if found != wanted.trim() {
            wrong += &format!("{question} => {found}\n");
        }
    }
    assert_eq!(wrong, "");
}

/// Code, column, what stands there, message, label, help: everything a person sees.
fn told(text: &str, read: Reader) -> String {
    let (kept, faults) = match read(text) {
        Ok(resolved) => (show::claim(&resolved.claim), resolved.warnings),
        Err(faults) => (String::new(), faults),
    };
    let mut lines = format!("> {text}\n");
    if !kept.is_empty() {
        lines += &format!("  {kept}\n");
    }
    for fault in faults {
        let label = fault.primary.unwrap();
        let (start, found) = (label.origin.span.start + 1, text.get(label.origin.span.range()).unwrap_or("?"));
        lines += &format!("  {} at {start} `{found}`: {}\n", fault.code.name(), fault.message);
        lines += &format!("    ^ {}\n", label.text);
        lines.extend(fault.notes.iter().map(|note| format!("    note: {note}\n")));
        let help = fault.help.iter().filter(|help| !help.starts_with("for example"));
        lines.extend(help.map(|help| format!("    help: {help}\n")));
    }
    lines
}

type Reader = fn(&str) -> Result<Resolved, Vec<netverify::diagnostic::Diagnostic>>;

fn all_told(texts: &str, read: Reader) -> String {
    texts.lines().map(str::trim).filter(|line| !line.is_empty()).map(|text| told(text, read)).collect()
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("language");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn a_mistake_at_every_position_of_the_grammar() {
    let told = all_told(include_str!("language/mistakes.txt"), support::read);
    settings().bind(|| insta::assert_snapshot!("mistakes", told));
}

#[test]
fn a_mistake_at_every_position_of_a_question() {
    let read = |text: &str| support::read_question(text).map(|(resolved, _)| resolved);
    let told = all_told(include_str!("language/question-mistakes.txt"), read);
    settings().bind(|| insta::assert_snapshot!("question-mistakes", told));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        let _ = support::read(&text);
        let _ = support::read_question(&text);
    }

    #[test]
    fn sentences_of_the_languages_own_words_stay_inside_themselves(words in proptest::collection::vec(word(), 1..14)) {
        let text = words.join(" ");
        let origin = support::whole(&text);
        let inside = |one: netverify::source::Origin| one.span.start <= one.span.end && one.span.end <= origin.span.end;
        match netverify::language::parse(&text, origin) {
            Ok(sentence) => proptest::prop_assert!(inside(sentence.origin)),
            Err(fault) => proptest::prop_assert!(fault.primary.is_some_and(|label| inside(label.origin))),
        }
        match netverify::language::parse_question(&text, origin) {
            Ok((sentence, _)) => proptest::prop_assert!(inside(sentence.origin)),
            Err(fault) => proptest::prop_assert!(fault.primary.is_some_and(|label| inside(label.origin))),
        }
        let _ = support::read(&text);
        let _ = support::read_question(&text);
    }
}

/// Words that get past the first step of the grammar, as arbitrary text never does.
fn word() -> impl proptest::strategy::Strategy<Value = &'static str> {
    const WORDS: &str = "nothing no only some every can cannot not reach is are isolated for ingress egress and or \
        outside except anything external node pods pod in with namespaces service do permit more than 'x policy policies p is subsumed by equivalent to disjoint from redundant api chat-ui vector-db ml-ops \
        ai-platform/chat dns:53/UDP api:http,80 :80 : x: app=web tier in (a, b) , !key a= 10.0.0.0/8:443 [fd00::/8]:1 \
        fd00::/8 [ é ü:ß/ö";
    proptest::sample::select(WORDS.split_whitespace().collect::<Vec<_>>())
}
