//! A configuration of Apache; every format that it declares is compiled.
#![no_main]

use lastgood_fuzz::check;
use lastgood_intake::{AccessFormat, ApacheConf, Format, NginxConf};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let conf = NginxConf::from(ApacheConf::parse(input));
    for (name, format) in &conf.log_formats {
        let _ = AccessFormat::compile(name, format);
    }
    check(&Format::ApacheConf, input);
});
