//! netverify.
fn main() {}
