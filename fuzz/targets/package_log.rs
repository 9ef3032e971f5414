//! What package managers log.
#![no_main]

use lastgood_fuzz::check;
use lastgood_intake::{Format, PackageManager};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    for manager in [PackageManager::Dpkg, PackageManager::Apt, PackageManager::Dnf, PackageManager::Yum] {
        check(&Format::Packages(manager), input);
    }
});
