//! Fingerprints: SHA-256 in hexadecimal, of bytes and of things that are said one after the other.
//!
//! `cache` and `review` call this module.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The fingerprint of these bytes.
#[must_use]
pub fn of(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// A fingerprint in the making. No two different sequences of parts look the same to it.
pub struct Digest(Sha256);

impl Digest {
    /// Of something of this kind.
    #[must_use]
    pub fn new(kind: &str) -> Digest {
        Digest(Sha256::new()).text(kind)
    }

    /// A text comes next.
    #[must_use]
    pub fn text(mut self, text: &str) -> Digest {
        self.0.update(b"t");
        self.0.update(text.len().to_le_bytes());
        self.0.update(text);
        self
    }

    /// So many things come next.
    #[must_use]
    pub fn count(mut self, count: usize) -> Digest {
        self.0.update(b"c");
        self.0.update(count.to_le_bytes());
        self
    }

    /// These texts come next, and it is told how many they are.
    #[must_use]
    pub fn texts<'a>(self, texts: impl ExactSizeIterator<Item = &'a str>) -> Digest {
        let digest = self.count(texts.len());
        texts.fold(digest, Digest::text)
    }

    /// Everything was said.
    #[must_use]
    pub fn finish(self) -> String {
        hexadecimal(&self.0.finalize())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
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
        assert_eq!(of(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(of(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn where_one_part_ends_matters() {
        let of = |parts: &[&str]| parts.iter().fold(Digest::new("kind"), |digest, part| digest.text(part)).finish();
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&[]), of(&[""]));
        assert_ne!(Digest::new("kind").count(0).finish(), of(&[""]));
        assert_ne!(Digest::new("a").finish(), Digest::new("b").finish());
    }
}
