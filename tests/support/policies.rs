//! The NetworkPolicies of a case, read by the crate's own loader.

use netverify::diagnostic::Diagnostic;
use netverify::manifest::{Settings, assemble, read_text};
use netverify::model::policy::Policy;
use netverify::source::{Origin, SourceMap, Span};

/// The policies of a stream of YAML documents, in the order of their namespaces and names.
pub fn read(manifests: &str) -> Vec<Policy> {
    // The loader calls a text without objects a mistake; a case may well have no policy.
    if manifests.trim().is_empty() {
        return Vec::new();
    }
    let (mut sources, mut diagnostics) = (SourceMap::default(), Vec::new());
    let objects = read_text("case.yaml", manifests, &Settings::default(), &mut sources, &mut diagnostics);
    let cluster = assemble(&[&objects], &mut diagnostics);
    let errors: Vec<_> = diagnostics.iter().filter(|diagnostic| Diagnostic::is_error(diagnostic)).collect();
    assert!(errors.is_empty(), "{manifests}\n{errors:#?}");
    cluster.policies.into_iter().collect()
}

/// The one place that everything else is said to come from.
pub fn origin() -> Origin {
    Origin { file: SourceMap::default().add("case", ""), span: Span::new(0, 0) }
}
