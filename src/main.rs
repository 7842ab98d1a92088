//! The `netverify` program.
fn main() {}
