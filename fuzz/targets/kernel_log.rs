//! What the kernel says, in both forms of its times.
#![no_main]

use lastgood_fuzz::check;
use lastgood_intake::{Format, KernelText};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(&Format::Kernel(KernelText { names_zone: false }), input);
});
