//! `network/dns-failure`: the proxy cannot turn the upstream's name into an address. Not who broke the name.

use lastgood_model::{CauseCode, ProxyErrorKind, Weight};

use super::{Hypothesis, Rule, upstream};
use crate::scene::Scene;

/// The upstream's name does not resolve.
pub struct DnsFailure;

impl Rule for DnsFailure {
    fn code(&self) -> CauseCode {
        CauseCode::DnsFailure
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        const KINDS: &[ProxyErrorKind] = &[ProxyErrorKind::NameNotResolved];
        upstream::from_errors(scene, self.code(), KINDS, Weight::Decisive)
    }
}
