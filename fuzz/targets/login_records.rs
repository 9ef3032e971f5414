//! Login records: the binary ones, whose lines are records, and what `last -x` prints of them.
#![no_main]

use lastgood_fuzz::{check, counted};
use lastgood_intake::Format;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(&Format::Last, input);
    let whole = counted(&Format::Wtmp, [input]);
    assert_eq!(counted(&Format::Wtmp, input.chunks(97)), whole);
});
