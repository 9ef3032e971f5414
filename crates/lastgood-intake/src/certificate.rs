//! Certificates as servers keep them: PEM files, the server's own one first. It says from when to when they are valid and
//! for which names. Keys that stand in the same file are passed over unread.

use lastgood_model::{Fact, UnixMs};
use x509_cert::Certificate;
use x509_cert::der::DecodePem;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

use crate::scan::{Line, Sink};

pub(crate) const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";
/// Longer ones are no certificates, in bytes.
const LONGEST: usize = 64 * 1024;
/// So many names are told; a certificate may have a hundred.
const MOST_NAMES: usize = 4;

/// Reads such a file.
#[derive(Debug, Default)]
pub(crate) struct CertificateFile {
    /// The certificate that is being read, and the line at which it begins.
    block: Option<(Vec<u8>, u64)>,
    /// Those after the first one vouch for it.
    told: bool,
}

impl CertificateFile {
    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let line = line.trim_ascii();
        if line == BEGIN {
            self.block = Some((Vec::new(), number));
        }
        let Some((text, begin)) = &mut self.block else { return Line::Other };
        if text.len() + line.len() > LONGEST {
            self.block = None;
            return Line::Unreadable;
        }
        text.extend_from_slice(line);
        text.push(b'\n');
        if line != END {
            return Line::Parsed;
        }
        let begin = *begin;
        let certificate = Certificate::from_pem(text.as_slice());
        self.block = None;
        let Some(fact) = certificate.ok().as_ref().and_then(fact) else { return Line::Unreadable };
        if !std::mem::replace(&mut self.told, true) {
            sink.fact(None, fact, begin);
        }
        Line::Parsed
    }
}

fn fact(certificate: &Certificate) -> Option<Fact> {
    let signed = certificate.tbs_certificate();
    let validity = signed.validity();
    let (from, until) = (moment(validity.not_before)?, moment(validity.not_after)?);
    let names = match alternative_names(certificate) {
        names if names.is_empty() => signed.subject().to_string(),
        names => names,
    };
    Some(Fact::Certificate { names: names.into(), from, until })
}

fn alternative_names(certificate: &Certificate) -> String {
    let Ok(Some((_, SubjectAltName(names)))) = certificate.tbs_certificate().get_extension::<SubjectAltName>() else {
        return String::new();
    };
    let hosts = names.iter().filter_map(|name| match name {
        GeneralName::DnsName(name) => Some(name.as_str()),
        _ => None,
    });
    hosts.take(MOST_NAMES).collect::<Vec<_>>().join(", ")
}

pub(crate) fn moment(time: Time) -> Option<UnixMs> {
    i64::try_from(time.to_unix_duration().as_millis()).ok().map(UnixMs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, NginxConf, recognise};

    /// Made for these tests: `billing.internal` and `pay.internal`, 2024-03-10 to 2025-03-10, and who vouches for it.
    const CHAIN: &str = include_str!("../tests/data/chain.pem");

    #[derive(Default)]
    struct Told(Vec<(String, i64, i64, u64)>);

    impl Sink for Told {
        fn fact(&mut self, _at: Option<UnixMs>, fact: Fact, line: u64) {
            if let Fact::Certificate { names, from, until } = fact {
                self.0.push((names.to_string(), from.0, until.0, line));
            }
        }
    }

    fn read(text: &str) -> (Vec<Line>, Told) {
        let (mut file, mut told) = (CertificateFile::default(), Told::default());
        let lines =
            (1..).zip(text.lines()).map(|(number, line)| file.line(line.as_bytes(), number, &mut told)).collect();
        (lines, told)
    }

    #[test]
    fn the_first_certificate_is_told() {
        let (lines, told) = read(CHAIN);
        assert!(lines.iter().all(|line| *line == Line::Parsed));
        let expected = ("billing.internal, pay.internal".to_owned(), 1_710_063_000_000, 1_741_599_000_000, 1);
        assert_eq!(told.0, [expected]);
        assert_eq!(recognise(CHAIN.as_bytes(), "x", &NginxConf::default()), Format::Certificate);
    }

    #[test]
    fn keys_are_passed_over_and_damage_is_counted() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n";
        let (lines, told) = read(&format!("{key}{CHAIN}"));
        assert_eq!((&lines[..3], told.0.len(), told.0[0].3), (&[Line::Other; 3][..], 1, 4));
        let (lines, told) = read(&CHAIN.replacen("MII", "MXX", 2));
        assert_eq!((lines.iter().filter(|line| **line == Line::Unreadable).count(), told.0.len()), (2, 0));
    }
}
