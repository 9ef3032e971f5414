//! Access lines in JSON, damaged or not.
#![no_main]

use lastgood_fuzz::check;
use lastgood_intake::{Format, JsonDialect};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(&Format::JsonAccess(JsonDialect::Plain), input);
});
