//! The output of builds.
#![no_main]

use lastgood_fuzz::check;
use lastgood_intake::Format;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(&Format::Build, input);
});
