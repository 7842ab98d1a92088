//! How much is read before netverify gives up with an error, so that hostile or runaway input ends
//! quickly and in bounded memory. `docs/hostile-input.md` lists the limits. Called by the reader only.

use std::fmt::Display;

use crate::diagnostic::{Code, Diagnostic};

/// The size of one file: 64 MiB.
pub const FILE_BYTES: u64 = 64 * 1024 * 1024;
/// The size of all files of a run together: 1 GiB.
pub const TOTAL_BYTES: u64 = 1024 * 1024 * 1024;
/// Files of one run.
pub const FILES: usize = 100_000;
/// Files and folders met on the way through folders, whatever they are called.
pub const ENTRIES: usize = 1_000_000;
/// Documents in one file.
pub const DOCUMENTS: usize = 200_000;
/// Objects of one run, the items of lists counted one by one.
pub const OBJECTS: usize = 1_000_000;
/// Collections inside collections.
pub const DEPTH: usize = 64;
/// Scalars, lists and mappings of one document.
pub const NODES: usize = 5_000_000;
/// Anchors of one document, and aliases.
pub const ANCHORS: usize = 50_000;
/// Values that the aliases of one document repeat: stops a billion laughs.
pub const REPEATED: usize = 200_000;
/// Bytes of all strings of one document, those that aliases repeat counted again.
pub const STRING_BYTES: usize = 128 * 1024 * 1024;
/// Labels of one object, and terms of one selector: its labels, expressions and their values.
pub const TERMS: usize = 10_000;
/// Everything that one policy lists: rules, peers, ports, `except` blocks and terms of selectors.
pub const POLICY_ITEMS: usize = 50_000;
/// Errors told of one document, and warnings; the rest is counted.
pub const FAULTS: usize = 1_000;
/// Errors told of one run, and warnings.
pub const ALL_FAULTS: usize = 10_000;

/// A limit that was met: what of, how much is too much, and what can be done.
pub fn exceeded(what: impl Display, help: &str) -> Diagnostic {
    Diagnostic::error(Code::LimitExceeded, what.to_string()).help(help)
}

/// A number as a person reads it: 1,000,000.
pub fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([1, 999, 1_000, 200_000, 1_234_567].map(number), ["1", "999", "1,000", "200,000", "1,234,567"]);
    }
}
