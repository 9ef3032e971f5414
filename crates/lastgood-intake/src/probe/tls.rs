//! What a server showed of itself in TLS, judged: when its certificate is valid, for whom, who vouches for it; and the names of
//! alerts. Whether a signature is right was found out where it was heard.

use std::sync::Arc;

use lastgood_model::{ProbeOutcome, TlsFault, TlsSeen, UnixMs};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::Reading;
use super::words::shown;
use crate::certificate::moment;

/// So many names are told.
const MOST_NAMES: usize = 8;

/// Why the peer is not to be trusted; `None` if it is. What is sure comes first: a date and a name are the same for everybody,
/// whom one trusts is not.
pub(super) fn judge(seen: &TlsSeen, now: UnixMs) -> Option<Reading> {
    let own = seen.certificates.first()?;
    let distrust = seen.distrust.as_deref();
    let Ok(certificate) = Certificate::from_der(own) else {
        return distrust
            .map(|why| (ProbeOutcome::Tls(TlsFault::UnknownIssuer { alone: false }), Some(shown(why.as_bytes()))));
    };
    let signed = certificate.tbs_certificate();
    let (from, until) = (moment(signed.validity().not_before), moment(signed.validity().not_after));
    let dated = |word: &str, at: Option<UnixMs>| {
        let at = at.and_then(|at| jiff::Timestamp::from_millisecond(at.0).ok());
        at.map(|at| Arc::from(format!("{word} {at}")))
    };
    if until.is_some_and(|until| until < now) || distrust == Some("Expired") {
        return Some((ProbeOutcome::Tls(TlsFault::Expired), dated("notAfter", until)));
    }
    if from.is_some_and(|from| from > now) || distrust == Some("NotValidYet") {
        return Some((ProbeOutcome::Tls(TlsFault::NotYetValid), dated("notBefore", from)));
    }
    if seen.other_name {
        let names = names(&certificate);
        let words = names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
        return Some((ProbeOutcome::Tls(TlsFault::OtherName { names }), Some(words.into())));
    }
    distrust?;
    let alone = seen.certificates.len() == 1 && signed.issuer() != signed.subject();
    let words = shown(format!("issuer {}", signed.issuer()).as_bytes());
    Some((ProbeOutcome::Tls(TlsFault::UnknownIssuer { alone }), Some(words)))
}

/// For whom it is.
fn names(certificate: &Certificate) -> Vec<Arc<str>> {
    let signed = certificate.tbs_certificate();
    let Ok(Some((_, SubjectAltName(names)))) = signed.get_extension::<SubjectAltName>() else {
        return vec![shown(signed.subject().to_string().as_bytes())];
    };
    let one = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(shown(name.as_str().as_bytes())),
        GeneralName::IpAddress(address) => match *address.as_bytes() {
            [a, b, c, d] => Some(Arc::from(std::net::Ipv4Addr::new(a, b, c, d).to_string())),
            ref bytes => {
                let bytes: [u8; 16] = bytes.try_into().ok()?;
                Some(Arc::from(std::net::Ipv6Addr::from(bytes).to_string()))
            }
        },
        _ => None,
    };
    names.iter().filter_map(one).take(MOST_NAMES).collect()
}

/// What an alert says, by the names of RFC 8446 and the older ones.
pub(super) fn alert(number: u8) -> Reading {
    let name = match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "",
    };
    let name: Arc<str> = if name.is_empty() { format!("alert {number}").into() } else { name.into() };
    let fault = match number {
        40 | 70 | 71 | 86 => TlsFault::NothingInCommon,
        _ => TlsFault::Alert(Arc::clone(&name)),
    };
    (ProbeOutcome::Tls(fault), Some(name))
}
