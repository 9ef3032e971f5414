//! Client and mail addresses out of what leaves the house (`report`): the same client stays the same `client-1`,
//! different ones stay different. Upstreams and loopback are no clients.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::ops::Range;

use lastgood_model::Catalogue;

use crate::privacy::addresses::{address, mail, may_be_a_client};

/// Names of what was masked, for one document.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    clients: HashMap<IpAddr, usize>,
    mails: HashMap<String, usize>,
    upstreams: HashSet<IpAddr>,
}

impl Mask {
    /// One that leaves the upstreams of a catalogue alone.
    #[must_use]
    pub fn new(catalogue: &Catalogue) -> Self {
        Self { upstreams: upstreams(catalogue), ..Self::default() }
    }

    /// The text without addresses.
    pub fn hide(&mut self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut out = String::with_capacity(text.len());
        let (mut at, mut copied) = (0, 0);
        while at < bytes.len() {
            let Some((range, name)) = self.name(bytes, at) else {
                at += 1;
                continue;
            };
            out.push_str(text.get(copied..range.start).unwrap_or_default());
            out.push_str(&name);
            at = range.end;
            copied = at;
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        out
    }

    /// The name of the address that begins here.
    fn name(&mut self, text: &[u8], at: usize) -> Option<(Range<usize>, String)> {
        if let Some(mail) = mail(text, at) {
            let next = self.mails.len() + 1;
            let number = *self.mails.entry(mail.address).or_insert(next);
            return Some((mail.range, format!("mail-{number}")));
        }
        let (address, range) = address(text, at)?;
        let next = self.clients.len() + 1;
        let kept =
            || (range.clone(), String::from_utf8_lossy(text.get(range.clone()).unwrap_or_default()).into_owned());
        if !may_be_a_client(address) || self.upstreams.contains(&address) {
            return Some(kept());
        }
        let number = *self.clients.entry(address).or_insert(next);
        Some((range, format!("client-{number}")))
    }
}

/// The addresses of upstreams, as logs and configurations name them.
pub fn upstreams(catalogue: &Catalogue) -> HashSet<IpAddr> {
    let logged = catalogue.shapes.iter().filter_map(|shape| shape.upstream.as_deref());
    let sliced = catalogue.slices.iter().filter_map(|slice| slice.upstream.map(|atom| catalogue.text(atom)));
    let first = |upstream: &str| {
        let bytes = upstream.as_bytes();
        (0..bytes.len()).find_map(|at| address(bytes, at)).map(|(address, _)| address)
    };
    logged.chain(sliced).filter_map(first).collect()
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
