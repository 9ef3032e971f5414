//! A host's records as text.
#![no_main]

use lastgood_fuzz::check;
use lastgood_intake::{Format, HostText};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(&Format::HostText(HostText { by_journalctl: false, names_year: false }), input);
});
