//! Causes that a line of the proxy's own error log names outright: an upstream's certificate, a header too large, a limit
//! of the proxy. One rule each, which differ only in the lines they look for. Not why the limit was met.

use std::sync::Arc;

use lastgood_model::{CauseCode, Claim, ProxyErrorKind, Weight};

use super::{Depth, Hypothesis, Rule, upstream};
use crate::host::Certificate;
use crate::scene::Scene;

/// A cause and the lines that name it.
pub struct ProxySays {
    code: CauseCode,
    kinds: &'static [ProxyErrorKind],
    /// Whether the proxy itself is what has to be changed, and not what it asks.
    own: bool,
}

impl ProxySays {
    /// The upstream's certificate has ended.
    pub const TLS_EXPIRED: Self = Self::of_upstream(CauseCode::TlsExpired, &[ProxyErrorKind::TlsExpired]);
    /// The upstream's certificate is of nobody who is trusted.
    pub const TLS_CHAIN: Self = Self::of_upstream(CauseCode::TlsChain, &[ProxyErrorKind::TlsUntrusted]);
    /// The upstream's certificate is for another name.
    pub const TLS_NAME: Self = Self::of_upstream(CauseCode::TlsNameMismatch, &[ProxyErrorKind::TlsNameMismatch]);
    /// The upstream's header does not fit.
    pub const HEADER_TOO_BIG: Self = Self::of_proxy(CauseCode::HeaderTooBig, &[ProxyErrorKind::HeaderTooBig]);
    /// It speaks TLS to somebody who does not.
    pub const NO_TLS: Self = Self::of_proxy(CauseCode::ProtocolMismatch, &[ProxyErrorKind::NoTls]);
    /// It may not open the upstream's socket.
    pub const SOCKET_DENIED: Self = Self::of_upstream(CauseCode::Permission, &[ProxyErrorKind::SocketDenied]);
    /// What clients send does not fit.
    pub const BODY_TOO_BIG: Self = Self::of_proxy(CauseCode::BodyTooBig, &[ProxyErrorKind::BodyTooBig]);
    /// Clients ask more often than they may.
    pub const RATE_LIMIT: Self = Self::of_proxy(CauseCode::RateLimit, &[ProxyErrorKind::Limited]);
    /// No file can be opened any more.
    pub const FD_LIMIT: Self = Self::of_proxy(CauseCode::FdLimit, &[ProxyErrorKind::TooManyFiles]);
    /// No connection is left.
    pub const WORKER_LIMIT: Self =
        Self::of_proxy(CauseCode::WorkerLimit, &[ProxyErrorKind::WorkerConnections, ProxyErrorKind::WorkerLimit]);

    const fn of_upstream(code: CauseCode, kinds: &'static [ProxyErrorKind]) -> Self {
        Self { code, kinds, own: false }
    }

    const fn of_proxy(code: CauseCode, kinds: &'static [ProxyErrorKind]) -> Self {
        Self { code, kinds, own: true }
    }
}

impl Rule for ProxySays {
    fn code(&self) -> CauseCode {
        self.code
    }

    fn propose(&self, scene: &Scene<'_>) -> Option<Hypothesis> {
        let mut hypothesis = upstream::from_errors(scene, self.code, self.kinds, Weight::Decisive)?;
        if self.own {
            let line = scene.errors_of(self.kinds).and_then(|errors| scene.writer(errors.first.1));
            hypothesis.component = line.unwrap_or_else(|| Arc::from("nginx"));
        }
        if self.code == CauseCode::TlsExpired
            && let Some(certificate) = ended_at_onset(scene)
        {
            let claim = Claim::CertificateEnded { names: Arc::clone(&certificate.names) };
            let mark = (certificate.valid.to(), certificate.line);
            hypothesis.evidence.push(scene.evidence(claim.clone(), mark, Weight::Strong));
            hypothesis.chain.insert(0, scene.link(claim, mark));
        }
        // That connections then fail in other ways, too, follows from it.
        hypothesis.depth = Depth::Process;
        Some(hypothesis)
    }
}

/// A certificate met its end at most this long before the first failure; connections that are kept live on a while.
const LIVED_ON_MS: i64 = 3_600_000;

/// The certificate among the files whose end is where requests began to fail.
fn ended_at_onset<'s>(scene: &'s Scene<'_>) -> Option<&'s Certificate> {
    scene
        .host
        .certificates
        .iter()
        .find(|certificate| (0..=LIVED_ON_MS).contains(&scene.onset.to().since(certificate.valid.to())))
}
