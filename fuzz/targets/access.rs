//! An access log in the combined format, damaged or not.
#![no_main]

use std::sync::Arc;

use lastgood_fuzz::check;
use lastgood_intake::{AccessFormat, Format};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(&Format::Access(Arc::new(AccessFormat::combined())), input);
});
