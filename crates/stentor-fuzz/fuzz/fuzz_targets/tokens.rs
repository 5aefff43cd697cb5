//! libFuzzer's way to the body of this name.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| stentor_fuzz::tokens::body(input));
