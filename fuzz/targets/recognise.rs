//! Any file at all: the first line is its name, the others are its beginning and its configuration.
#![no_main]

use lastgood_fuzz::{check, first_line};
use lastgood_intake::{NginxConf, recognise, rotation};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let (name, head) = first_line(input);
    let name = String::from_utf8_lossy(name);
    let stem = rotation::stem(&name);
    assert_eq!(rotation::stem(&stem), stem);
    let _ = rotation::vhost_of(&stem);
    let format = recognise(head, &name, &NginxConf::parse(head));
    check(&format, head);
});
