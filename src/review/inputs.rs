//! Which files a review is about, so that it can be made again and compared.

use std::collections::BTreeSet;

use super::Material;
use crate::digest;
use crate::report::review::Input;
use crate::source::{STDIN, SourceMap};

/// Every file and standard input, once each; texts of the command line are no files.
pub(super) fn inputs(material: &Material<'_>) -> Vec<Input> {
    let specs: BTreeSet<&str> = material.plan.items.iter().filter_map(|item| item.spec.as_deref()).collect();
    let inputs = of(material.sources);
    inputs.into_iter().map(|input| Input { is_spec: specs.contains(input.name.as_str()), ..input }).collect()
}

/// One hash for all of them: two reports with the same one are about the same files.
pub(super) fn together(inputs: &[Input]) -> String {
    let list: String = inputs.iter().map(|input| format!("{}  {}\n", input.sha256, input.name)).collect();
    digest::of(list.as_bytes())
}

fn of(sources: &SourceMap) -> Vec<Input> {
    let files = sources.files().filter(|file| file.is_file() || file.name() == STDIN);
    let all = files.map(|file| Input {
        name: file.name().to_owned(),
        is_spec: false,
        bytes: file.text().len(),
        sha256: digest::of(file.text().as_bytes()),
    });
    // Variants share files, and a file that changed while it was read is two.
    let mut seen = BTreeSet::new();
    all.filter(|input| seen.insert((input.name.clone(), input.sha256.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_several_variants_is_one() {
        let mut sources = SourceMap::default();
        for (name, text) in [("a.yaml", "a"), ("b.yaml", "b"), ("a.yaml", "a"), ("a.yaml", "changed")] {
            sources.add(name, text);
        }
        sources.add_argument("--assert", "nothing can reach a");
        let names: Vec<_> = of(&sources).into_iter().map(|input| (input.name, input.bytes)).collect();
        assert_eq!(names, [("a.yaml".to_owned(), 1), ("b.yaml".to_owned(), 1), ("a.yaml".to_owned(), 7)]);
    }
}
