//! Which kinds are read, which are refused because they change what traffic flows, and which do not
//! matter. Called by `object` only.

/// A kind of object that netverify reads, under Kubernetes' own name; in alphabetical order, which is that of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    CronJob,
    DaemonSet,
    Deployment,
    Job,
    Namespace,
    NetworkPolicy,
    Node,
    Pod,
    ReplicaSet,
    ReplicationController,
    Service,
    StatefulSet,
}

/// The kinds that are read, with their only API version.
const READ: &[(&str, &str, Kind)] = &[
    ("networking.k8s.io/v1", "NetworkPolicy", Kind::NetworkPolicy),
    ("v1", "Namespace", Kind::Namespace),
    ("v1", "Pod", Kind::Pod),
    ("apps/v1", "Deployment", Kind::Deployment),
    ("apps/v1", "ReplicaSet", Kind::ReplicaSet),
    ("apps/v1", "StatefulSet", Kind::StatefulSet),
    ("apps/v1", "DaemonSet", Kind::DaemonSet),
    ("batch/v1", "Job", Kind::Job),
    ("batch/v1", "CronJob", Kind::CronJob),
    ("v1", "ReplicationController", Kind::ReplicationController),
    ("v1", "Service", Kind::Service),
    ("v1", "Node", Kind::Node),
];

/// The API groups in which Kubernetes keeps or kept these kinds.
const GROUPS: &[&str] = &["", "apps", "extensions", "batch", "networking.k8s.io"];

/// Groups all of whose kinds change what traffic flows.
const TRAFFIC_GROUPS: &[&str] =
    &["policy.networking.k8s.io", "k8s.ovn.org", "security.istio.io", "policy.linkerd.io", "security.antrea.io"];

/// Words in the names of kinds that change what traffic flows, whatever their group.
const TRAFFIC_WORDS: &[&str] = &[
    "networkpolicy",
    "networkset",
    "egressfirewall",
    "authorizationpolicy",
    "peerauthentication",
    "trafficpermission",
];

/// Further kinds that change what traffic flows. The names are too common to look for inside others.
const TRAFFIC_KINDS: &[&str] = &[
    "Sidecar",
    "EgressIP",
    "Tier",
    "HostEndpoint",
    "ClusterGroup",
    "EgressQoS",
    "NetNamespace",
    "CiliumEgressGatewayPolicy",
    "CiliumLocalRedirectPolicy",
    "CiliumCIDRGroup",
    "CiliumEnvoyConfig",
    "CiliumClusterwideEnvoyConfig",
    "ServiceIntentions",
    "PolicyEndpoint",
];

/// What is to be done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Read it.
    Read(Kind),
    /// Refuse it: a kind that is read, in another version than this one.
    WrongVersion(&'static str),
    /// Refuse it: most likely this kind, misspelt.
    Misspelt(&'static str),
    /// Refuse it: it changes what traffic flows.
    ChangesTraffic,
    /// Leave it alone.
    Irrelevant,
}

/// What is to be done with objects of a kind.
pub fn treatment(api_version: &str, kind: &str) -> Treatment {
    if let Some((.., read)) = READ.iter().find(|(version, name, _)| *version == api_version && *name == kind) {
        return Treatment::Read(*read);
    }
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    if GROUPS.contains(&group) {
        if let Some((version, ..)) = READ.iter().find(|(_, name, _)| *name == kind) {
            return Treatment::WrongVersion(version);
        }
        let near = READ.iter().filter(|(version, ..)| version.split_once('/').map_or("", |(g, _)| g) == group);
        return crate::diagnostic::closest(kind, near.map(|(_, name, _)| *name))
            .map_or(Treatment::Irrelevant, Treatment::Misspelt);
    }
    if changes_traffic(group, kind) { Treatment::ChangesTraffic } else { Treatment::Irrelevant }
}

fn changes_traffic(group: &str, kind: &str) -> bool {
    let lower = kind.to_ascii_lowercase();
    TRAFFIC_GROUPS.contains(&group)
        || TRAFFIC_WORDS.iter().any(|word| lower.contains(word))
        || TRAFFIC_KINDS.contains(&kind)
}

/// Whether a list of objects of this kind is one of Kubernetes' own lists of a kind that is read.
pub fn is_known_list(kind: &str) -> bool {
    kind == "List" || kind.strip_suffix("List").is_some_and(|item| READ.iter().any(|(_, name, _)| *name == item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_fall_into_their_places() {
        assert_eq!(treatment("networking.k8s.io/v1", "NetworkPolicy"), Treatment::Read(Kind::NetworkPolicy));
        assert_eq!(treatment("extensions/v1beta1", "NetworkPolicy"), Treatment::WrongVersion("networking.k8s.io/v1"));
        assert_eq!(treatment("apps/v1beta2", "Deployment"), Treatment::WrongVersion("apps/v1"));
        assert_eq!(treatment("networking.k8s.io/v1", "NetworkPolcy"), Treatment::Misspelt("NetworkPolicy"));
        assert_eq!(treatment("projectcalico.org/v3", "NetworkPolicy"), Treatment::ChangesTraffic);
        assert_eq!(treatment("cilium.io/v2", "CiliumClusterwideNetworkPolicy"), Treatment::ChangesTraffic);
        assert_eq!(treatment("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"), Treatment::ChangesTraffic);
        assert_eq!(treatment("security.istio.io/v1", "AuthorizationPolicy"), Treatment::ChangesTraffic);
        assert_eq!(treatment("networking.istio.io/v1", "Sidecar"), Treatment::ChangesTraffic);
        for kind in ["ConfigMap", "Secret", "ServiceAccount", "PodTemplate", "Endpoints", "Event", "PersistentVolume"] {
            assert_eq!(treatment("v1", kind), Treatment::Irrelevant, "{kind}");
        }
        for kind in ["Ingress", "IngressClass", "IPAddress", "ServiceCIDR"] {
            assert_eq!(treatment("networking.k8s.io/v1", kind), Treatment::Irrelevant, "{kind}");
        }
        assert_eq!(treatment("apps/v1", "ControllerRevision"), Treatment::Irrelevant);
        assert_eq!(treatment("serving.knative.dev/v1", "Service"), Treatment::Irrelevant);
    }
}
