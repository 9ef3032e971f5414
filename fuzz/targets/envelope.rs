//! Logs in the envelopes of container runtimes, whatever is in them.
#![no_main]

use std::sync::Arc;

use lastgood_fuzz::check;
use lastgood_intake::{AccessFormat, Envelope, Format, Wrapped};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    for envelope in Envelope::ALL {
        let combined = Format::Access(Arc::new(AccessFormat::combined()));
        check(&Format::Wrapped(Arc::new(Wrapped::new(envelope, vec![(Box::default(), combined)]))), input);
    }
});
