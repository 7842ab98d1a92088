//! How much is read before netverify gives up with an error, so that hostile or runaway input ends
//! quickly. Called by the reader only.

/// The size of one file: 64 MiB.
pub const FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Documents in one file.
pub const DOCUMENTS: usize = 200_000;
/// Objects of one run, the items of lists counted one by one.
pub const OBJECTS: usize = 1_000_000;
/// Collections inside collections.
pub const DEPTH: usize = 64;
/// YAML events replayed for the aliases of one document: stops a billion laughs.
pub const ALIAS_EVENTS: usize = 200_000;
/// The limits, for a message.
pub const WORDS: &str = "The limits: 64 MiB a file, 200,000 documents a file, 64 levels of nesting, \
    200,000 values through aliases a document, 1,000,000 objects.";
