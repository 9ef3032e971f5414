//! A configuration of nginx; every format that it declares is compiled.
#![no_main]

use lastgood_fuzz::check;
use lastgood_intake::{AccessFormat, Format, NginxConf};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut conf = NginxConf::parse(input);
    for (name, format) in &conf.log_formats {
        let _ = AccessFormat::compile(name, format);
    }
    conf.merge(NginxConf::parse(input));
    check(&Format::NginxConf, input);
});
