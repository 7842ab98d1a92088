//! One document of a stream: what kind it is, the items of a list, and from there to the model.
//! Called by the module's front only.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::{apps::v1 as apps, batch::v1 as batch, core::v1 as core, networking::v1 as networking};

use super::decode::decode;
use super::faults::Faults;
use super::kinds::{self, Kind, Treatment};
use super::place::{Context, Place};
use super::validate::Identity;
use super::workload::{self, Controller};
use super::yaml::{Document, Node as Yaml, Value};
use super::{Settings, hints, other, policy};
use crate::diagnostic::{Code, Diagnostic, closest};
use crate::model::policy::Policy;
use crate::model::workload::{DeclaredNamespace, Node, Service, Workload};

/// Something of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A NetworkPolicy.
    Policy(Arc<Policy>),
    /// A Namespace.
    Namespace(DeclaredNamespace),
    /// A pod or a controller of pods.
    Workload(Arc<Workload>),
    /// A Service.
    Service(Arc<Service>),
    /// A Node.
    Node(Node),
}

/// An object that was read.
pub struct Object {
    /// Its kind, namespace and name: what makes it one object (R41).
    pub id: Identity,
    /// Its kind.
    pub kind: Kind,
    /// What it means; `None` for a pod that has ended (R34).
    pub thing: Option<Thing>,
}

/// What a document holds.
pub struct Contents {
    /// The objects, in order.
    pub objects: Vec<Arc<Object>>,
    /// How many objects of kinds that are read were met, faulty ones included.
    pub recognised: usize,
    /// Kinds that do not matter.
    pub unread: BTreeMap<String, usize>,
    /// Kinds that matter and that the user chose to ignore.
    pub ignored: BTreeMap<String, usize>,
    /// What is wrong.
    pub faults: Faults,
}

impl Contents {
    /// Nothing yet, with room for so many faults.
    pub fn new(most: usize) -> Contents {
        Contents {
            objects: Vec::new(),
            recognised: 0,
            unread: BTreeMap::new(),
            ignored: BTreeMap::new(),
            faults: Faults::new(most),
        }
    }

    /// The same once more, for contents without faults: the objects are shared.
    pub fn same(&self) -> Contents {
        Contents {
            objects: self.objects.clone(),
            recognised: self.recognised,
            unread: self.unread.clone(),
            ignored: self.ignored.clone(),
            faults: Faults::new(0),
        }
    }
}

/// Under which name documents are counted that are no Kubernetes objects.
pub const NOT_AN_OBJECT: &str = "(not a Kubernetes object)";

/// Reads documents of one file.
pub struct Reader<'a> {
    /// The text of the file.
    pub text: &'a str,
    /// Whether the file was met in a folder, where other things may lie.
    pub in_folder: bool,
    /// How to read.
    pub settings: &'a Settings,
}

impl Reader<'_> {
    /// Reads one document. What nobody can say the meaning of matters only where an object is read.
    pub fn document(&self, document: Document<'_>, contents: &mut Contents) {
        let before = contents.recognised;
        self.object(&document.root, None, contents);
        if contents.recognised > before {
            contents.faults.absorb(document.doubts);
        }
    }

    /// Reads an object; the items of a typed list may leave version and kind to the list.
    fn object(&self, node: &Yaml<'_>, inherited: Option<(&str, &str)>, contents: &mut Contents) {
        let Some((version, kind)) = self.header(node, inherited, contents) else { return };
        if kind.ends_with("List") && (kinds::is_known_list(kind) || node.get("items").is_some()) {
            return self.list(node, version, kind, contents);
        }
        match kinds::treatment(version, kind) {
            Treatment::Read(kind) => self.read(kind, node, contents),
            Treatment::Irrelevant => *contents.unread.entry(kind.to_owned()).or_default() += 1,
            Treatment::ChangesTraffic => self.changes_traffic(node, version, kind, contents),
            Treatment::WrongVersion(right) => contents.faults.push(wrong_version(node, version, kind, right)),
            Treatment::Misspelt(right) => contents.faults.push(misspelt(node, version, kind, right)),
        }
    }

    /// `apiVersion` and `kind`.
    fn header<'n>(
        &self,
        node: &'n Yaml<'n>,
        inherited: Option<(&'n str, &'n str)>,
        contents: &mut Contents,
    ) -> Option<(&'n str, &'n str)> {
        let field = |name: &str| node.get(name).and_then(Yaml::as_str).filter(|text| !text.is_empty());
        let version = field("apiVersion").or(inherited.map(|(version, _)| version));
        let kind = field("kind").or(inherited.map(|(_, kind)| kind));
        if let (Some(version), Some(kind), Value::Map(_)) = (version, kind, &node.value) {
            return Some((version, kind));
        }
        if is_foreign(node) && self.in_folder && inherited.is_none() {
            *contents.unread.entry(NOT_AN_OBJECT.to_owned()).or_default() += 1;
        } else {
            contents.faults.push(self.not_an_object(node));
        }
        None
    }

    fn not_an_object(&self, node: &Yaml<'_>) -> Diagnostic {
        let Value::Map(entries) = &node.value else {
            return Diagnostic::error(
                Code::NotAnObject,
                "this document is not a Kubernetes object, which is a mapping",
            )
            .at(node.origin, "");
        };
        let missing = ["apiVersion", "kind"].into_iter().find(|name| node.get(name).and_then(Yaml::as_str).is_none());
        let missing = missing.unwrap_or("kind");
        if let Some(written) = node.get(missing) {
            if self.text.get(written.origin.span.range()).is_some_and(|text| text.starts_with("{{")) {
                return hints::helm(written.origin);
            }
            return Diagnostic::error(Code::NotAnObject, format!("`{missing}` of this object must be a string"))
                .at(written.origin, "");
        }
        let place = entries.first().map_or(node.origin, |(key, _)| key.origin);
        let near = entries.iter().filter_map(|(key, _)| Some((key.as_str()?, key.origin)));
        let near = near.into_iter().find(|(name, _)| closest(name, [missing]).is_some());
        let message = format!("this document has no `{missing}`, so it is no Kubernetes object");
        match near {
            Some((_, origin)) => {
                Diagnostic::error(Code::NotAnObject, message).at(origin, "").help(format!("did you mean `{missing}`?"))
            }
            None => Diagnostic::error(Code::NotAnObject, message).at(place, "").help(if is_foreign(node) {
                "name only files that hold Kubernetes objects".to_owned()
            } else {
                format!("add a line `{missing}: ...`")
            }),
        }
    }

    fn list(&self, node: &Yaml<'_>, version: &str, kind: &str, contents: &mut Contents) {
        let known = ["apiVersion", "kind", "metadata", "items"];
        for (key, _) in node.entries() {
            match key.as_str() {
                Some(name) if kinds::is_known_list(kind) && !known.contains(&name) => {
                    contents.faults.push(hints::unknown_field(name, key, name, "List", &known));
                }
                _ => {}
            }
        }
        let inherited = kind.strip_suffix("List").filter(|item| !item.is_empty()).map(|item| (version, item));
        match node.get("items") {
            Some(items) if !matches!(items.value, Value::List(_) | Value::Null) => {
                let source = self.text.get(items.origin.span.range()).unwrap_or("");
                contents.faults.push(hints::wrong_type("items", items, source, "a list"));
            }
            Some(items) => items.items().iter().for_each(|item| self.object(item, inherited, contents)),
            None => {}
        }
    }

    fn changes_traffic(&self, node: &Yaml<'_>, version: &str, kind: &str, contents: &mut Contents) {
        let full = format!("{kind} ({version})");
        if self.settings.ignore_kinds.iter().any(|name| name.eq_ignore_ascii_case(kind)) {
            *contents.ignored.entry(full).or_default() += 1;
            return;
        }
        let place = node.get("kind").map_or(node.origin, |value| value.origin);
        let diagnostic = Diagnostic::error(Code::UnsupportedKind, format!("{full} is not supported yet"))
            .at(place, "")
            .note("It changes what traffic flows, so a proof without it would be about another cluster.")
            .help(format!("to leave it out all the same, `--ignore-kind {kind}`: every report will say so"));
        contents.faults.push(diagnostic);
    }

    fn read(&self, kind: Kind, node: &Yaml<'_>, contents: &mut Contents) {
        contents.recognised += 1;
        let context = Context::new(self.text);
        let root = Place::root(node);
        let object = self.convert(kind, &root, &context);
        if let Some((id, thing)) = object.filter(|_| !context.failed()) {
            contents.objects.push(Arc::new(Object { id, kind, thing }));
        }
        contents.faults.absorb(context.finish());
    }

    fn convert(&self, kind: Kind, root: &Place<'_>, context: &Context<'_>) -> Option<(Identity, Option<Thing>)> {
        let (node, namespace) = (root.node(), self.settings.default_namespace.as_str());
        let controller = |object: &dyn Controller| {
            let (id, workload) = workload::controller(object, root, namespace, context);
            (id, Some(Thing::Workload(Arc::new(workload))))
        };
        Some(match kind {
            Kind::NetworkPolicy => {
                let (id, policy) =
                    policy::policy(&decode::<networking::NetworkPolicy>(node, context)?, root, namespace, context);
                (id, Some(Thing::Policy(Arc::new(policy))))
            }
            Kind::Namespace => {
                let (id, declared) = other::namespace(&decode::<core::Namespace>(node, context)?, root, context);
                (id, Some(Thing::Namespace(declared)))
            }
            Kind::Pod => {
                let (id, pod) = workload::pod(&decode::<core::Pod>(node, context)?, root, namespace, context);
                (id, pod.map(Arc::new).map(Thing::Workload))
            }
            Kind::Service => {
                let (id, service) = other::service(&decode::<core::Service>(node, context)?, root, namespace, context);
                (id, Some(Thing::Service(Arc::new(service))))
            }
            Kind::Node => {
                let (id, node) = other::node(&decode::<core::Node>(node, context)?, root, context);
                (id, Some(Thing::Node(node)))
            }
            Kind::Deployment => controller(&decode::<apps::Deployment>(node, context)?),
            Kind::ReplicaSet => controller(&decode::<apps::ReplicaSet>(node, context)?),
            Kind::StatefulSet => controller(&decode::<apps::StatefulSet>(node, context)?),
            Kind::DaemonSet => controller(&decode::<apps::DaemonSet>(node, context)?),
            Kind::Job => controller(&decode::<batch::Job>(node, context)?),
            Kind::CronJob => controller(&decode::<batch::CronJob>(node, context)?),
            Kind::ReplicationController => controller(&decode::<core::ReplicationController>(node, context)?),
        })
    }
}

/// Whether nothing about a document says that it is meant to be a Kubernetes object.
fn is_foreign(node: &Yaml<'_>) -> bool {
    !["apiVersion", "kind", "metadata", "spec"].iter().any(|name| node.get(name).is_some())
}

fn wrong_version(node: &Yaml<'_>, version: &str, kind: &str, right: &str) -> Diagnostic {
    let place = node.get("apiVersion").map_or(node.origin, |value| value.origin);
    Diagnostic::error(Code::UnsupportedVersion, format!("{kind} does not exist in {version}"))
        .at(place, "")
        .note("The API server refuses this version.")
        .help(format!("write `apiVersion: {right}`"))
}

fn misspelt(node: &Yaml<'_>, version: &str, kind: &str, right: &str) -> Diagnostic {
    let place = node.get("kind").map_or(node.origin, |value| value.origin);
    Diagnostic::error(Code::UnsupportedKind, format!("there is no kind {kind} in {version}"))
        .at(place, "")
        .help(format!("did you mean `{right}`?"))
}
