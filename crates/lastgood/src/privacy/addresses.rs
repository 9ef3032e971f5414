//! Addresses of machines and of mail, wherever they stand in a line, also a torn one. Whose they are and what becomes
//! of them is decided by `render/mask.rs` and `stand_ins.rs`.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

/// What systemd's instantiated units end in: `user@1000.service` is no mail address.
const UNIT_SUFFIXES: &[&str] =
    &["service", "socket", "timer", "mount", "automount", "target", "slice", "scope", "path", "device", "swap"];
/// Parts of two addresses that a torn write has glued together: the last of the first is the first of the second.
const PARTS_OF_TWO: usize = 7;

/// Whether an address may be a client's: not this machine's own, no link's, no netmask.
#[must_use]
pub fn may_be_a_client(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            !four.is_loopback() && !four.is_unspecified() && !four.is_link_local() && four.octets()[0] != 255
        }
        IpAddr::V6(six) => !six.is_loopback() && !six.is_unspecified() && !six.is_unicast_link_local(),
    }
}

/// The address that begins at `at`, or behind digits that begin there and belong to a torn line; a port is no part of
/// it.
#[must_use]
pub fn address(text: &[u8], at: usize) -> Option<(IpAddr, Range<usize>)> {
    let first = *text.get(at)?;
    if !first.is_ascii_hexdigit() && first != b':' {
        return None;
    }
    four(text, at).or_else(|| six(text, at))
}

fn begins(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b"._".contains(byte))
}

fn run(text: &[u8], at: usize, part: impl Fn(&u8) -> bool) -> &[u8] {
    let rest = text.get(at..).unwrap_or_default();
    rest.get(..rest.iter().take_while(|byte| part(byte)).count()).unwrap_or_default()
}

fn four(text: &[u8], at: usize) -> Option<(IpAddr, Range<usize>)> {
    let part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    // From where the digits begin; behind an address that another one is glued to, from there.
    let goes_on = at.checked_sub(1).and_then(|before| text.get(before)).is_some_and(part);
    let digits = run(text, at, part);
    let length = digits.len() - digits.iter().rev().take_while(|byte| **byte == b'.').count();
    let digits = digits.get(..length).filter(|digits| digits.len() >= 7)?;
    if goes_on && (parse_four(digits).is_none() || !text.get(at + length..)?.starts_with(b" - ")) {
        return None;
    }
    if let Some(address) = parse_four(digits) {
        let starts_record = text.get(at + length..)?.starts_with(b" - ");
        let known = starts_record || (begins(text, at) && !is_version(text, at, at + length));
        return known.then(|| (address.into(), at..at + length));
    }
    if digits.split(|byte| *byte == b'.').count() >= PARTS_OF_TWO {
        let dot = digits.iter().enumerate().filter(|(_, byte)| **byte == b'.').nth(2)?.0;
        let (address, end) = (1..=3).find_map(|octet| {
            let (one, other) = digits.split_at_checked(dot + 1 + octet)?;
            parse_four(other)?;
            Some((parse_four(one)?, one.len()))
        })?;
        return Some((address.into(), at..at + end));
    }
    // A record that begins in the middle of another one: `[16/Nov/2022:11203.0.113.9 - - [16/Nov/…`.
    text.get(at + length..)?.starts_with(b" - ").then_some(())?;
    (1..digits.len()).find_map(|skipped| {
        let address = parse_four(digits.get(skipped..)?)?;
        Some((address.into(), at + skipped..at + length))
    })
}

fn parse_four(digits: &[u8]) -> Option<Ipv4Addr> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `Chrome/107.0.0.0`: a product and its version. `https://203.0.113.7/`, `/ip/203.0.113.7` and
/// `db.example/203.0.113.7:5432` are none.
fn is_version(text: &[u8], at: usize, end: usize) -> bool {
    let Some(front) = text.get(..at).and_then(|front| front.strip_suffix(b"/")) else { return false };
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let word = front.iter().rev().take_while(part).count();
    let before = front.len().checked_sub(word + 1).and_then(|before| front.get(before));
    word > 0 && !matches!(before, Some(b'/' | b'.')) && text.get(end) != Some(&b':')
}

fn six(text: &[u8], at: usize) -> Option<(IpAddr, Range<usize>)> {
    if !begins(text, at) {
        return None;
    }
    let whole = run(text, at, |byte| byte.is_ascii_hexdigit() || b":.".contains(byte));
    // `DBD::mysql` is a name.
    if text.get(at + whole.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
        return None;
    }
    let six = std::str::from_utf8(whole).ok()?.trim_end_matches('.');
    // A time of day is no address; std agrees, unless it has eight groups.
    let six = if six.ends_with("::") { six } else { six.trim_end_matches(':') };
    let address = six.contains(':').then(|| six.parse::<IpAddr>().ok()).flatten()?;
    Some((address, at..at + six.len()))
}

/// A mail address as it stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// In small letters, with a plain `@`.
    pub address: String,
    /// `@`, or `%40` as in a URL.
    pub sign: &'static str,
    /// Where it stands.
    pub range: Range<usize>,
}

/// The mail address that begins at `at`.
#[must_use]
pub fn mail(text: &[u8], at: usize) -> Option<Mail> {
    if !begins(text, at) {
        return None;
    }
    let local = run(text, at, |b| b.is_ascii_alphanumeric() || b"._+-".contains(b));
    let rest = text.get(at + local.len()..)?;
    // `%40` is how `@` stands in a URL.
    let sign = ["@", "%40"].into_iter().find(|sign| rest.starts_with(sign.as_bytes()))?;
    let domain = run(text, at + local.len() + sign.len(), |b| b.is_ascii_alphanumeric() || b".-".contains(b));
    let (local, domain) = (std::str::from_utf8(local).ok()?, std::str::from_utf8(domain).ok()?);
    let domain = domain.trim_end_matches(['.', '-']);
    let last = domain.rsplit_once('.').map(|(_, last)| last)?;
    let named = last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic()) && !UNIT_SUFFIXES.contains(&last);
    (!local.is_empty() && named).then(|| Mail {
        address: format!("{local}@{domain}").to_ascii_lowercase(),
        sign,
        range: at..at + local.len() + sign.len() + domain.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Vec<&str> {
        let (mut found, mut at) = (Vec::new(), 0);
        while at < text.len() {
            match address(text.as_bytes(), at) {
                Some((_, range)) => {
                    found.push(&text[range.clone()]);
                    at = range.end;
                }
                None => at += 1,
            }
        }
        found
    }

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        for (text, expected) in [
            ("203.0.113.7 - - [16/Nov/2022:11:06:33 +0900]", &["203.0.113.7"][..]),
            ("x 198.51.100.2, 203.0.113.7:80, 2001:db8::5", &["198.51.100.2", "203.0.113.7", "2001:db8::5"]),
            ("[2001:db8::1]:443 end 10.0.0.1.", &["2001:db8::1", "10.0.0.1"]),
            (
                "https://203.0.113.7/ /ip/203.0.113.8 db.example/203.0.113.9:1",
                &["203.0.113.7", "203.0.113.8", "203.0.113.9"],
            ),
            ("\0 \x00203.0.113.7 - - [", &["203.0.113.7"]),
            ("[16/Nov/2022:11203.0.113.9 - - [16", &["203.0.113.9"]),
            ("Mozill203.0.113.9 - kim [16", &["203.0.113.9"]),
            ("203.0.113.7198.51.100.8 - - [", &["203.0.113.7", "198.51.100.8"]),
        ] {
            assert_eq!(addresses(text), expected, "{text}");
        }
    }

    #[test]
    fn versions_times_and_names_are_none() {
        for text in [
            "Chrome/107.0.0.0 Safari/537.36",
            "Chrome/107.0.5304.105",
            "nginx 1.22.1",
            "1.3.6.1.4",
            "at 11:06:33",
            "DBD::mysql",
            "std::net",
            "16/Nov/2022:11:06:33",
            "v1.2.3.4",
        ] {
            assert_eq!(addresses(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn machines_talk_to_themselves() {
        for own in ["127.0.0.1", "::1", "0.0.0.0", "::", "169.254.169.254", "fe80::1", "255.255.255.0"] {
            assert!(!may_be_a_client(own.parse().unwrap()), "{own}");
        }
        assert!(may_be_a_client("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn mail_addresses_are_told_from_units_and_packages() {
        let found = |text: &str| mail(text.as_bytes(), 0).map(|mail| (mail.address, mail.sign, mail.range.end));
        assert_eq!(found("Kim.a+b@Mail.example, x"), Some(("kim.a+b@mail.example".into(), "@", 20)));
        assert_eq!(found("kim%40x.co.kr&y"), Some(("kim@x.co.kr".into(), "%40", 13)));
        for text in ["user@1000.service", "getty@tty1.service", "@", "a@b", "express@4.18.2"] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
