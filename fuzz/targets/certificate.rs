//! certificates as servers keep them.
#![no_main]

use lastgood_fuzz::check;
use lastgood_intake::Format;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(&Format::Certificate, input);
});
