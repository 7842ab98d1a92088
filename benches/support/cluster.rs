//! A seeded generator of clusters as they are found in the field, as plain YAML that any tool can read.
//!
//! One seed gives one cluster, on every machine. The shape, for N workloads and N policies:
//!
//! | what | how many |
//! |---|---|
//! | platform | `kube-system` with coredns, `monitoring` with prometheus, `ingress-nginx` with its controller: 3 Deployments, no policies |
//! | teams | namespaces of 20 Deployments, labelled `team`, `env` (prod, staging, dev) and, one in four, `purpose=shared` |
//! | open teams | one team in twelve has no policies at all |
//! | apps | four Deployments each: frontend, api, worker, db; five labels; named container ports; a Service for all but workers |
//! | in each other team | `default-deny` (seven in ten both directions, else ingress alone), `allow-dns`, `allow-monitoring` (named port `metrics`) |
//! | the rest of the N policies | app policies, spread over the teams, by the weights of [`KINDS`] |
//!
//! The bench, the example `cluster` and the tests include this file; the library knows nothing of it.

use std::fmt::Write as _;

/// The size of a cluster, and which one of that size.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Deployments; as many policies where there are ten or more.
    pub workloads: usize,
    /// Which cluster of that size.
    pub seed: u64,
}

/// One file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Deployments of a team, and of the platform.
pub const TEAM: usize = 20;
pub const PLATFORM: usize = 3;
const TIERS: [Tier; 4] = [
    Tier { name: "frontend", port: "http", number: 8080, upstream: None },
    Tier { name: "api", port: "http", number: 8000, upstream: Some("frontend") },
    Tier { name: "worker", port: "admin", number: 8081, upstream: Some("api") },
    Tier { name: "db", port: "postgres", number: 5432, upstream: Some("api") },
];

/// One of the Deployments of an app.
#[derive(Clone, Copy, Debug)]
struct Tier {
    name: &'static str,
    port: &'static str,
    number: u16,
    upstream: Option<&'static str>,
}

/// An app policy of one kind: its name, and its spec below `podSelector`.
type Kind = (u32, &'static str, fn(&mut Random, &App) -> String);

/// App policies with their weights.
const KINDS: [Kind; 8] = [
    (6, "from-upstream", from_upstream),
    (4, "to-downstream", to_downstream),
    (3, "from-gateway", from_gateway),
    (2, "from-shared", from_shared),
    (2, "to-internet", to_internet),
    (1, "from-office", from_office),
    (1, "range", range),
    (1, "by-expressions", by_expressions),
];

/// splitmix64: eight lines that give the same numbers for ever, which no library promises.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the bound, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }

    fn is(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T], otherwise: T) -> T {
        all.get(self.below(all.len())).copied().unwrap_or(otherwise)
    }
}

/// One app of a team.
#[derive(Clone, Copy, Debug)]
struct App {
    team: usize,
    app: usize,
    tier: Tier,
}

/// All files of the cluster.
#[must_use]
pub fn files(shape: Shape) -> Vec<File> {
    let mut random = Random(shape.seed);
    let in_teams = shape.workloads.saturating_sub(PLATFORM);
    let teams = in_teams.div_ceil(TEAM);
    let mut left = shape.workloads;
    let closed = (0..teams).filter(|team| !is_open(*team)).count();
    let mut files = vec![platform()];
    let mut nth = 0;
    for team in 0..teams {
        let workloads = TEAM.min(in_teams - team * TEAM);
        files.push(File {
            path: format!("team-{team:04}/workloads.yaml"),
            text: workloads_of(&mut random, team, workloads),
        });
        if is_open(team) {
            continue;
        }
        // What is left is spread over the teams that are left.
        let share = left.div_ceil(closed - nth);
        (left, nth) = (left - share, nth + 1);
        files.push(File {
            path: format!("team-{team:04}/policies.yaml"),
            text: policies_of(&mut random, team, workloads, share),
        });
    }
    files
}

fn is_open(team: usize) -> bool {
    team % 12 == 11
}

fn platform() -> File {
    let mut text = String::new();
    for (name, labels) in
        [("kube-system", ""), ("monitoring", "purpose: monitoring"), ("ingress-nginx", "purpose: gateway")]
    {
        namespace(&mut text, name, labels);
    }
    let dns = "k8s-app: kube-dns";
    deployment(
        &mut text,
        "kube-system",
        "coredns",
        dns,
        "[{name: dns, protocol: UDP, containerPort: 53}, {name: dns-tcp, containerPort: 53}, {name: metrics, containerPort: 9153}]",
    );
    deployment(&mut text, "monitoring", "prometheus", "app: prometheus", "[{name: web, containerPort: 9090}]");
    deployment(
        &mut text,
        "ingress-nginx",
        "controller",
        "app: ingress-nginx",
        "[{name: http, containerPort: 80}, {name: https, containerPort: 443}]",
    );
    service(
        &mut text,
        "kube-system",
        "kube-dns",
        dns,
        "[{name: dns, protocol: UDP, port: 53}, {name: dns-tcp, port: 53}]",
    );
    File { path: "platform.yaml".to_owned(), text }
}

fn namespace(text: &mut String, name: &str, labels: &str) {
    // A String takes any text: there is nothing to fail, here and below.
    let _ = write!(text, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels: {{{labels}}}\n---\n");
}

fn deployment(text: &mut String, namespace: &str, name: &str, labels: &str, ports: &str) {
    let _ = write!(
        text,
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  replicas: 2\n  \
         selector:\n    matchLabels: {{{labels}}}\n  template:\n    metadata:\n      labels: {{{labels}}}\n    spec:\n      \
         containers:\n        - name: main\n          image: example/{name}:1.0\n          ports: {ports}\n---\n"
    );
}

fn service(text: &mut String, namespace: &str, name: &str, selector: &str, ports: &str) {
    let _ = write!(
        text,
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  \
         selector: {{{selector}}}\n  ports: {ports}\n---\n"
    );
}

fn workloads_of(random: &mut Random, team: usize, count: usize) -> String {
    let mut text = String::new();
    let env = random.of(&["prod", "staging", "dev"], "dev");
    let purpose = if random.is(4) { ", purpose: shared" } else { "" };
    namespace(&mut text, &format!("team-{team:04}"), &format!("team: t{team:04}, env: {env}{purpose}"));
    for at in 0..count {
        let app = app(team, at);
        let (name, home) = (format!("app-{}-{}", app.app, app.tier.name), format!("team-{team:04}"));
        let version = random.of(&["v1", "v2"], "v1");
        let labels = format!("{}, part-of: shop, team: t{team:04}, version: {version}", app.labels(app.tier.name));
        let Tier { port, number, .. } = app.tier;
        let ports = format!("[{{name: {port}, containerPort: {number}}}, {{name: metrics, containerPort: 9100}}]");
        deployment(&mut text, &home, &name, &labels, &ports);
        if app.tier.name != "worker" {
            let selector = app.labels(app.tier.name);
            service(&mut text, &home, &name, &selector, &format!("[{{name: main, port: 80, targetPort: {port}}}]"));
        }
    }
    text
}

fn app(team: usize, at: usize) -> App {
    let tier = TIERS.get(at % TIERS.len()).copied().unwrap_or(TIERS[0]);
    App { team, app: at / TIERS.len(), tier }
}

impl App {
    fn labels(&self, tier: &str) -> String {
        format!("app: app-{}, tier: {tier}", self.app)
    }

    fn own(&self) -> String {
        format!("podSelector: {{matchLabels: {{{}}}}}", self.labels(self.tier.name))
    }

    fn upstream(&self) -> &'static str {
        self.tier.upstream.unwrap_or("frontend")
    }
}

fn policies_of(random: &mut Random, team: usize, workloads: usize, count: usize) -> String {
    let types = if random.below(10) < 7 { "[Ingress, Egress]" } else { "[Ingress]" };
    let first = [
        ("default-deny", format!("podSelector: {{}}\n  policyTypes: {types}")),
        (
            "allow-dns",
            "podSelector: {}\n  policyTypes: [Egress]\n  egress:\n    - to:\n        - namespaceSelector: {matchLabels: \
             {kubernetes.io/metadata.name: kube-system}}\n          podSelector: {matchLabels: {k8s-app: kube-dns}}\n      \
             ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]"
                .to_owned(),
        ),
        (
            "allow-monitoring",
            "podSelector: {}\n  policyTypes: [Ingress]\n  ingress:\n    - from:\n        - namespaceSelector: {matchLabels: \
             {purpose: monitoring}}\n          podSelector: {matchLabels: {app: prometheus}}\n      ports: [{port: metrics}]"
                .to_owned(),
        ),
    ];
    let mut text = String::new();
    for (name, spec) in first.iter().take(count) {
        policy(&mut text, team, name, spec);
    }
    for at in first.len()..count {
        let app = app(team, random.below(workloads));
        let (name, spec) = app_policy(random, &app);
        policy(&mut text, team, &format!("app-{}-{}-{name}-{at}", app.app, app.tier.name), &spec);
    }
    text
}

fn policy(text: &mut String, team: usize, name: &str, spec: &str) {
    let _ = write!(
        text,
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\n  namespace: team-{team:04}\n\
         spec:\n  {spec}\n---\n"
    );
}

fn app_policy(random: &mut Random, app: &App) -> (&'static str, String) {
    let all: u32 = KINDS.iter().map(|(weight, ..)| weight).sum();
    let mut at = u32::try_from(random.below(all as usize)).unwrap_or(0);
    for (weight, name, spec) in KINDS {
        if at < weight {
            return (name, spec(random, app));
        }
        at -= weight;
    }
    ("from-upstream", from_upstream(random, app))
}

fn ingress(app: &App, peers: &str, ports: &str) -> String {
    format!("{}\n  policyTypes: [Ingress]\n  ingress:\n    - from:\n{peers}      ports: {ports}", app.own())
}

fn egress(app: &App, peers: &str, ports: &str) -> String {
    format!("{}\n  policyTypes: [Egress]\n  egress:\n    - to:\n{peers}      ports: {ports}", app.own())
}

fn peer(fields: &str) -> String {
    format!("        - {fields}\n")
}

/// By number or by name.
fn port(random: &mut Random, tier: Tier) -> String {
    if random.is(3) {
        format!("[{{port: {}}}]", tier.port)
    } else {
        format!("[{{protocol: TCP, port: {}}}]", tier.number)
    }
}

fn from_upstream(random: &mut Random, app: &App) -> String {
    let from = peer(&format!("podSelector: {{matchLabels: {{{}}}}}", app.labels(app.upstream())));
    ingress(app, &from, &port(random, app.tier))
}

fn to_downstream(random: &mut Random, app: &App) -> String {
    let next = if app.tier.name == "frontend" { TIERS[1] } else { TIERS[3] };
    let to = peer(&format!("podSelector: {{matchLabels: {{{}}}}}", app.labels(next.name)));
    egress(app, &to, &port(random, next))
}

fn from_gateway(random: &mut Random, app: &App) -> String {
    let from = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}";
    ingress(app, &peer(from), &port(random, app.tier))
}

fn from_shared(random: &mut Random, app: &App) -> String {
    let other = random.below(app.team + 10);
    let spaces = random.of(
        &[
            "matchExpressions: [{key: purpose, operator: In, values: [shared, monitoring]}]",
            "matchExpressions: [{key: env, operator: NotIn, values: [dev, staging]}, {key: team, operator: Exists}]",
        ],
        "matchLabels: {purpose: shared}",
    );
    let own = if random.is(2) { format!("matchLabels: {{team: t{other:04}}}") } else { spaces.to_owned() };
    let from = format!(
        "namespaceSelector: {{{own}}}\n          podSelector: {{matchExpressions: [{{key: tier, operator: In, values: [api, worker]}}]}}"
    );
    ingress(app, &peer(&from), &port(random, app.tier))
}

fn to_internet(random: &mut Random, app: &App) -> String {
    let partner = format!("ipBlock: {{cidr: 203.0.{}.0/24}}", random.below(256));
    let to = if random.is(3) {
        peer(&partner)
    } else {
        peer("ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16]}")
    };
    egress(app, &to, "[{protocol: TCP, port: 443}]")
}

fn from_office(random: &mut Random, app: &App) -> String {
    let site = random.below(64);
    let from = peer(&format!("ipBlock: {{cidr: 10.{site}.0.0/16, except: [10.{site}.10.0/24, 10.{site}.128.0/17]}}"))
        + &peer("ipBlock: {cidr: 2001:db8::/48, except: [2001:db8:0:10::/64]}");
    ingress(app, &from, &port(random, app.tier))
}

fn range(random: &mut Random, app: &App) -> String {
    let first = 20_000 + 1_000 * random.below(10);
    let from = peer(&format!("podSelector: {{matchLabels: {{{}}}}}", app.labels(app.upstream())));
    ingress(
        app,
        &from,
        &format!("[{{protocol: TCP, port: {first}, endPort: {}}}, {{protocol: UDP, port: {first}}}]", first + 999),
    )
}

fn by_expressions(random: &mut Random, app: &App) -> String {
    let version = random.of(&["v1", "v2"], "v1");
    format!(
        "podSelector:\n    matchExpressions: [{{key: app, operator: In, values: [app-{}, app-{}]}}, {{key: tier, operator: NotIn, values: [db]}}, {{key: legacy, operator: DoesNotExist}}]\n  \
         policyTypes: [Ingress]\n  ingress:\n    - from:\n        - podSelector: {{matchExpressions: [{{key: version, operator: NotIn, values: [{version}]}}, {{key: part-of, operator: Exists}}]}}\n      \
         ports: [{{port: metrics}}, {{port: http}}]",
        app.app,
        app.app + 1
    )
}
