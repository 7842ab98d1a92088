//! Which files a review is about, so that it can be made again and compared.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::Material;
use crate::report::review::Input;
use crate::source::{STDIN, SourceMap};

/// Every file and standard input, once each; texts of the command line are no files.
pub(super) fn inputs(material: &Material<'_>) -> Vec<Input> {
    let specs: BTreeSet<&str> = material.plan.items.iter().filter_map(|item| item.spec.as_deref()).collect();
    let inputs = of(material.sources);
    inputs.into_iter().map(|input| Input { is_spec: specs.contains(input.name.as_str()), ..input }).collect()
}

/// One hash for all of them: two reports with the same one are about the same files.
pub(super) fn digest(inputs: &[Input]) -> String {
    let list: String = inputs.iter().map(|input| format!("{}  {}\n", input.sha256, input.name)).collect();
    sha256(list.as_bytes())
}

fn of(sources: &SourceMap) -> Vec<Input> {
    let files = sources.files().filter(|file| file.is_file() || file.name() == STDIN);
    let all = files.map(|file| Input {
        name: file.name().to_owned(),
        is_spec: false,
        bytes: file.text().len(),
        sha256: sha256(file.text().as_bytes()),
    });
    // Variants share files, and a file that changed while it was read is two.
    let mut seen = BTreeSet::new();
    all.filter(|input| seen.insert((input.name.clone(), input.sha256.clone()))).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures are those of FIPS 180-4's examples.
    #[test]
    fn the_hash_is_sha_256() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

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
