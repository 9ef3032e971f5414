//! Client and mail addresses out of what leaves the house (`report`): the same client stays the same `client-1`,
//! different ones stay different. Upstreams and loopback are no clients.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use lastgood_model::Catalogue;

/// Names of what was masked, for one document.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    clients: HashMap<IpAddr, usize>,
    mails: HashMap<String, usize>,
    upstreams: HashSet<IpAddr>,
}

/// What systemd's instantiated units end in: `user@1000.service` is no mail address.
const UNIT_SUFFIXES: &[&str] =
    &["service", "socket", "timer", "mount", "automount", "target", "slice", "scope", "path", "device", "swap"];

impl Mask {
    /// One that leaves the upstreams of a catalogue alone.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Self {
        let logged = catalogue.shapes.iter().filter_map(|shape| shape.upstream.as_deref());
        let sliced = catalogue.slices.iter().filter_map(|slice| slice.upstream.map(|atom| catalogue.text(atom)));
        let upstreams = logged.chain(sliced).filter_map(|upstream| address(upstream).map(|(address, _)| address));
        Self { upstreams: upstreams.collect(), ..Self::default() }
    }

    /// The text without addresses.
    pub fn hide(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let begins = !out.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_');
            if let Some((mail, length)) = begins.then(|| mail(rest)).flatten() {
                let next = self.mails.len() + 1;
                let number = *self.mails.entry(mail).or_insert(next);
                out.push_str(&format!("mail-{number}"));
                rest = rest.get(length..).unwrap_or_default();
            } else if let Some((address, length)) =
                begins.then(|| address(rest)).flatten().filter(|(address, _)| self.is_client(*address))
            {
                let next = self.clients.len() + 1;
                let number = *self.clients.entry(address).or_insert(next);
                out.push_str(&format!("client-{number}"));
                rest = rest.get(length..).unwrap_or_default();
            } else {
                let mut chars = rest.chars();
                out.extend(chars.next());
                rest = chars.as_str();
            }
        }
        out
    }

    fn is_client(&self, address: IpAddr) -> bool {
        !address.is_loopback() && !address.is_unspecified() && !self.upstreams.contains(&address)
    }
}

/// The address that a text begins with, and its length; a port is not part of it.
fn address(text: &str) -> Option<(IpAddr, usize)> {
    let run = |part: fn(u8) -> bool| text.bytes().take_while(|byte| part(*byte)).count();
    let four = run(|byte| byte.is_ascii_digit() || byte == b'.');
    let four = text.get(..four)?.trim_end_matches('.');
    if let Ok(address) = four.parse::<IpAddr>() {
        return Some((address, four.len()));
    }
    let six = run(|byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.');
    let six = text.get(..six)?.trim_end_matches('.');
    // A time of day is no address; std agrees, unless it has eight groups.
    let six = if six.ends_with("::") { six } else { six.trim_end_matches(':') };
    six.contains(':').then(|| six.parse::<IpAddr>().ok()).flatten().map(|address| (address, six.len()))
}

/// The mail address that a text begins with, and its length.
fn mail(text: &str) -> Option<(String, usize)> {
    let local = text.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"._+-".contains(b)).count();
    let (local_part, rest) = text.split_at_checked(local)?;
    // `%40` is how `@` stands in a URL.
    let (sign, rest) = ["@", "%40"].into_iter().find_map(|sign| Some((sign, rest.strip_prefix(sign)?)))?;
    let domain = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'.' || *b == b'-').count();
    let domain = rest.get(..domain)?.trim_end_matches('.');
    let last = domain.rsplit_once('.').map(|(_, last)| last)?;
    let named = last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic()) && !UNIT_SUFFIXES.contains(&last);
    (!local_part.is_empty() && named)
        .then(|| (format!("{local_part}@{domain}").to_ascii_lowercase(), local + sign.len() + domain.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_clients_stay_distinct() {
        let mut mask = Mask::default();
        let text = "203.0.113.7 - [16/Nov/2022:11:06:33 +0900] 198.51.100.2, 203.0.113.7, 2001:db8::5:443";
        assert_eq!(mask.hide(text), "client-1 - [16/Nov/2022:11:06:33 +0900] client-2, client-1, client-3");
        assert_eq!(mask.hide("client: 198.51.100.2, server"), "client: client-2, server");
        assert_eq!(mask.hide("[2001:db8::1]:443"), "[client-4]:443");
    }

    #[test]
    fn upstreams_loopback_and_versions_stay() {
        let mut mask = Mask { upstreams: HashSet::from([IpAddr::from([10, 0, 0, 5])]), ..Mask::default() };
        for text in ["http://127.0.0.1:8080/", "10.0.0.5:8080", "Chrome/107.0.5304.105", "::1", "at 11:06:33", "1.22.1"]
        {
            assert_eq!(mask.hide(text), text);
        }
    }

    #[test]
    fn mail_addresses_go_and_units_stay() {
        let mut mask = Mask::default();
        assert_eq!(mask.hide("?to=kim.a+b@mail.example&cc=Kim%40x.co.kr"), "?to=mail-1&cc=mail-2");
        assert_eq!(mask.hide("KIM.A+B@mail.example."), "mail-1.");
        for text in ["user@1000.service", "getty@tty1.service", "@", "a@b"] {
            assert_eq!(mask.hide(text), text);
        }
    }
}
