//! Documents with a few edits made at random, for tests of what reads them.

use proptest::prelude::*;

/// One of the documents, with up to three characters taken out or fragments put in.
pub fn edited(documents: &'static [&'static str], fragments: &'static [&'static str]) -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), prop::option::of(prop::sample::select(fragments)));
    (prop::sample::select(documents), prop::collection::vec(edit, 0..4)).prop_map(|(document, edits)| {
        let mut text: Vec<String> = document.chars().map(String::from).collect();
        for (place, fragment) in edits {
            let at = place.index(text.len());
            match fragment {
                Some(fragment) => text.insert(at, fragment.to_owned()),
                None => drop(text.remove(at)),
            }
        }
        text.concat()
    })
}
