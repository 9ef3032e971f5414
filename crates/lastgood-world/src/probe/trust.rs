//! Whom the asking side would trust: the certificates that its system and its environment name, else those of Mozilla that are
//! compiled in, since a container may have none at all.

use std::env;
use std::path::Path;
use std::sync::OnceLock;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use crate::settings::read_small;

/// Where distributions keep theirs.
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];
/// By which programs are told of others. Each is known to one runtime only; who asks with one of them means it.
const VARIABLES: [&str; 4] = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// The files in which one with this environment, `KEY=value`, would look for them.
pub fn trust_files(environment: &[String]) -> impl Iterator<Item = &str> {
    let told = environment.iter().filter_map(|told| told.split_once('='));
    told.filter(|(key, _)| VARIABLES.contains(key)).map(|(_, path)| path).chain(BUNDLES)
}

/// The certificates that are trusted.
pub(super) struct Trust {
    pub(super) roots: RootCertStore,
    /// As they are: a server may show one of them itself.
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

/// They are read once.
pub(super) fn trust() -> &'static Trust {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    TRUST.get_or_init(|| {
        let named = VARIABLES.iter().filter_map(|name| env::var(name).ok()).filter(|path| !path.is_empty());
        let system = BUNDLES.iter().map(|path| (*path).to_owned()).find(|path| Path::new(path).is_file());
        let mut certificates: Vec<CertificateDer<'static>> = Vec::new();
        for path in named.chain(system) {
            let bytes = read_small(Path::new(&path)).unwrap_or_default();
            certificates.extend(CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok));
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        if roots.is_empty() {
            let compiled_in: &[TrustAnchor<'static>] = webpki_roots::TLS_SERVER_ROOTS;
            roots.extend(compiled_in.iter().cloned());
        }
        Trust { roots, certificates }
    })
}
