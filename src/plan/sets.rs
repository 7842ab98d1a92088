//! The two sets of policies of a sentence that compares them, and the cluster that they are compared in.
//! `plan::builder` alone calls this module.

use std::path::PathBuf;

use super::builder::{Builder, Place, objects};
use crate::diagnostic::{Code, Diagnostic};
use crate::language::Name;
use crate::manifest::{self, ManifestPath};
use crate::model::algebra::PolicySet;

impl Builder<'_> {
    /// Reads both sets. Namespaces, workloads, Services and nodes are those of the manifests and of both
    /// sets together, the same for both; policies are those of the sets alone. `None` where there is a fault.
    pub(super) fn sets(&mut self, place: &Place<'_>, paths: [&Name; 2]) -> Option<(usize, [PolicySet; 2])> {
        let sides = paths.map(|path| {
            vec![ManifestPath { path: path.text.clone(), base: place.base.clone(), origin: Some(path.origin) }]
        });
        let before = self.errors();
        self.read(&sides);
        if let [Some(one), Some(other)] = sides.each_ref().map(|side| canonical(side))
            && one == other
            && let [_, again] = paths
        {
            self.plan.diagnostics.push(same_place(again));
        }
        let (read, diagnostics) = self.parts();
        let surroundings = objects(read, &place.manifests);
        let [one, other] = objects(read, &sides)[..] else { return None };
        let (cluster, policies) = manifest::assemble_sets(&surroundings, [one, other], diagnostics);
        for (path, found) in paths.iter().zip(&policies) {
            // Whatever could not be read may have been a policy.
            if found.is_empty() && diagnostics.iter().all(|diagnostic| !diagnostic.is_error()) {
                diagnostics.push(no_policy(path));
            }
        }
        self.plan.clusters.push(cluster);
        let ([first, second], [one, other]) = (paths, policies);
        let named = |path: &Name, policies| PolicySet { name: path.text.clone(), policies };
        let sets = [named(first, one), named(second, other)];
        (self.errors() == before).then_some((self.plan.clusters.len() - 1, sets))
    }
}

fn canonical(side: &[ManifestPath]) -> Option<PathBuf> {
    let path = side.first()?;
    let full = path.base.as_ref().map_or_else(|| PathBuf::from(&path.path), |base| base.join(&path.path));
    full.canonicalize().ok()
}

fn same_place(path: &Name) -> Diagnostic {
    Diagnostic::error(Code::SentenceSyntax, "the two sets of policies are one and the same")
        .at(path.origin, "leads to the same files as the first path")
        .note("They permit what they permit; such a sentence says nothing.")
        .help("name another file or folder")
}

fn no_policy(path: &Name) -> Diagnostic {
    Diagnostic::error(Code::EmptyInput, format!("`{}` holds no NetworkPolicy", path.text))
        .at(path.origin, "no policy to compare")
        .note("Without a policy everything is allowed, and such a comparison says nothing.")
        .help("name a file or folder that holds policies")
}
