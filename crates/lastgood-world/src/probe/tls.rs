//! TLS that listens first and judges later: any certificate is taken down, and the handshake goes on, so that what the peer says
//! next is heard, too. A secret may be sent only where the record says that the peer would be trusted.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lastgood_model::{Asked, TlsSeen, TurnEnd};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme,
};

use super::peer::{Peer, end_of};
use super::record::Record;
use super::trust::trust;

/// What of a probe's time the handshake may take: some is left to ask without TLS.
const LONGEST: Duration = Duration::from_millis(1_100);
/// More certificates are not taken down.
const MOST_CERTIFICATES: usize = 8;

/// What the handshake came to.
pub(super) enum Handshake {
    /// Done.
    Secure(Peer),
    /// Not done. What came first was none of TLS, or nothing came.
    NotTls,
    /// Not done: both speak TLS and do not agree.
    Failed,
}

/// Agrees on TLS. `name` is whom the certificate has to be for.
pub(super) fn secure(peer: Peer, name: &str, asked: Asked, record: &mut Record) -> Handshake {
    let recorder = Arc::new(Recorder::new());
    let mut seen;
    let (mut peer, failed) = match connection(name, &recorder) {
        Ok(connection) => handshake(peer, connection),
        Err(error) => {
            record.tls(TlsSeen { failed: Some(error.to_string().into()), ..TlsSeen::default() });
            record.turn(asked, Vec::new(), TurnEnd::Tls);
            return Handshake::Failed;
        }
    };
    seen = recorder.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(stream) = peer.tls() {
        seen.version = stream.conn.protocol_version().map(|version| match version {
            ProtocolVersion::TLSv1_2 => "TLSv1.2".into(),
            ProtocolVersion::TLSv1_3 => "TLSv1.3".into(),
            other => format!("{other:?}").into(),
        });
    }
    let Some((ended, error)) = failed else {
        record.tls(seen);
        record.turn(asked, Vec::new(), TurnEnd::Complete);
        return Handshake::Secure(peer);
    };
    let head = std::mem::take(&mut peer.socket().head);
    let speaks_tls = matches!(head.as_slice(), [0x15 | 0x16, 3, ..]);
    match error {
        Some(Error::AlertReceived(alert)) => seen.alert = Some(alert.into()),
        Some(error) => seen.failed = Some(error.to_string().into()),
        None => {}
    }
    record.tls(seen);
    record.turn(asked, if speaks_tls { Vec::new() } else { head }, ended);
    if speaks_tls { Handshake::Failed } else { Handshake::NotTls }
}

fn connection(name: &str, recorder: &Arc<Recorder>) -> Result<ClientConnection, Error> {
    let name = name.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_owned();
    let name = ServerName::try_from(name).map_err(|error| Error::General(error.to_string()))?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Recorder>::clone(recorder))
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), name)
}

/// What failed, if it did: how it ended, and why by the library.
type Failure = (TurnEnd, Option<Error>);

fn handshake(mut peer: Peer, connection: ClientConnection) -> (Peer, Option<Failure>) {
    peer = peer.with_tls(connection);
    let whole = peer.socket().deadline;
    peer.socket().deadline = whole.at_most(LONGEST);
    let mut failed = None;
    if let Some(stream) = peer.tls() {
        while stream.conn.is_handshaking() {
            match stream.conn.complete_io(&mut stream.sock) {
                Ok((0, 0)) => {
                    failed = Some((TurnEnd::Closed, None));
                    break;
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    failed = Some((end_of(&error), of_library(&error)));
                    break;
                }
            }
        }
    }
    peer.socket().deadline = whole;
    (peer, failed)
}

/// The library's own error inside of one of reading or writing.
fn of_library(error: &std::io::Error) -> Option<Error> {
    error.get_ref()?.downcast_ref::<Error>().cloned()
}

/// The alert that ended a turn after the handshake, if one did.
pub(super) fn late_alert(peer: &mut Peer) -> Option<u8> {
    match peer.tls()?.conn.process_new_packets() {
        Err(Error::AlertReceived(alert)) => Some(alert.into()),
        _ => None,
    }
}

/// Takes down what the peer shows, and lets everything pass.
#[derive(Debug)]
struct Recorder {
    /// `None`: nobody is trusted.
    judge: Option<Arc<WebPkiServerVerifier>>,
    seen: Mutex<TlsSeen>,
}

impl Recorder {
    fn new() -> Self {
        let roots = Arc::new(trust().roots.clone());
        let judge = WebPkiServerVerifier::builder_with_provider(roots, Arc::new(default_provider())).build();
        Self { judge: judge.ok(), seen: Mutex::default() }
    }

    fn distrust(&self, error: &Error) {
        let why = match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => "UnknownIssuer".to_owned(),
            Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                "Expired".to_owned()
            }
            Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
                "NotValidYet".to_owned()
            }
            error => error.to_string(),
        };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).distrust.get_or_insert(why.into());
    }

    /// A signature proves that the peer has the key of its certificate. Without it, it is not trusted.
    fn signature(&self, verified: Result<HandshakeSignatureValid, Error>) -> HandshakeSignatureValid {
        verified.unwrap_or_else(|error| {
            self.distrust(&error);
            HandshakeSignatureValid::assertion()
        })
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let fits = ParsedCertificate::try_from(own).and_then(|parsed| verify_server_name(&parsed, name));
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let all = std::iter::once(own).chain(others).take(MOST_CERTIFICATES);
            seen.certificates = all.map(|certificate| certificate.as_ref().to_vec()).collect();
            seen.other_name = matches!(
                fits,
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
                ))
            );
        }
        let verdict = match &self.judge {
            Some(judge) => judge.verify_server_cert(own, others, name, ocsp, now).map(|_| ()),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        match verdict {
            // The name is noted apart; who is trusted itself needs nobody to vouch for it.
            Err(error) if !trust().certificates.iter().any(|trusted| trusted == own) => self.distrust(&error),
            _ => {}
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        Ok(self.signature(rustls::crypto::verify_tls12_signature(message, certificate, signed, &algorithms)))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = default_provider().signature_verification_algorithms;
        Ok(self.signature(rustls::crypto::verify_tls13_signature(message, certificate, signed, &algorithms)))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
