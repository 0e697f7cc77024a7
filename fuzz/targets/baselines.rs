#![no_main]

use libfuzzer_sys::fuzz_target;
use logweir_fuzz::{bounded, laws};

fuzz_target!(|input: &[u8]| bounded(input, laws::baseline));
