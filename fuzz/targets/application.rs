//! What applications print, bare and in a container's envelope.
#![no_main]

use std::sync::Arc;

use lastgood_fuzz::check;
use lastgood_intake::{Envelope, Format, Wrapped};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    check(&Format::Application, input);
    let wrapped = Wrapped::new(Envelope::Compose, vec![(Box::default(), Format::Application)]);
    check(&Format::Wrapped(Arc::new(wrapped)), input);
});
