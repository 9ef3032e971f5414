//! An access log in any format: the first line declares it, the others are its lines.
#![no_main]

use std::sync::Arc;

use lastgood_fuzz::{check, first_line};
use lastgood_intake::{AccessFormat, Format};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (format, log) = first_line(input);
    if let Some(format) = AccessFormat::compile("fuzz", &String::from_utf8_lossy(format)) {
        check(&Format::Access(Arc::new(format)), log);
    }
});
