//! What files about a property are called.

use std::collections::BTreeSet;
use std::path::Path;

use crate::plain;
use crate::plan::{Item, Plan};

/// One name for each item of the plan, all different: `rag-as-published.step-3.embeddings-stay-home`.
/// Specs in different folders may bear one name, and long names may begin alike; the second of them gets a number.
pub(super) fn of_items(plan: &Plan) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let unique = |item: &Item| {
        let name = of_item(item);
        let numbered = (2..=plan.items.len() + 1).map(|times| format!("{name}-{times}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name);
        taken.insert(free.clone());
        free
    };
    plan.items.iter().map(unique).collect()
}

fn of_item(item: &Item) -> String {
    let spec = item.spec.as_deref().and_then(|path| Path::new(path).file_stem()?.to_str());
    let parts = [spec, item.variant.as_deref(), Some(item.name.as_str())];
    // Each part is cut to a length, so that the whole stays below what file systems take.
    let parts: Vec<_> = parts.into_iter().flatten().map(|part| plain::file_name(part, 75)).collect();
    parts.join(".")
}
