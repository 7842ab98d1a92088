#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| netverify_fuzz::sentence(text));
