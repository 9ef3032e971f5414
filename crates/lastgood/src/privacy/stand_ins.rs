//! Log text made fit to be handed on: what is private gives way to a stand-in of the same kind, the same one wherever
//! it stands, and everything else stays byte for byte. Lines are never read as a format here, so damaged ones stay as
//! damaged as they were. The key of the digests lives as long as this value and is written nowhere.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::addresses::{address, mail, may_be_a_client};
use super::known::Known;
use super::secrets::{Why, private};

/// Where the stand-ins of clients begin: a range that was never given to anybody.
const FIRST_V4: u32 = 0xf000_0001;
const FIRST_V6: u128 = 0xfd00_0000_0000_0000_0000_0000_0000_0001;
/// A digest is as long as what it stands for, up to this: long ones stay long to those who cut them out.
const LONGEST_DIGEST: usize = 64;
/// What brackets became on a German terminal.
const BRACKETS: &[char] = &['Ä', 'Ö', 'Ü', 'ä', 'ö', 'ü', 'ß'];
/// Fewer numbers in brackets are no text that was written as its bytes.
const SHORTEST_ARRAY: usize = 6;

/// How much gave way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masked {
    /// Different addresses of machines.
    pub addresses: u64,
    /// Different addresses of mail.
    pub mails: u64,
    /// Places at which a secret stood.
    pub secrets: u64,
    /// Places at which a long opaque value stood.
    pub opaque: u64,
}

/// Stand-ins of one capture.
#[derive(Debug)]
pub struct StandIns {
    key: RandomState,
    with_addresses: bool,
    kept: HashSet<IpAddr>,
    known: Known,
    four: HashMap<IpAddr, u32>,
    six: HashMap<IpAddr, u128>,
    mails: HashMap<String, usize>,
    secrets: u64,
    opaque: u64,
}

impl StandIns {
    /// Some for whom `kept` are no clients and `known` are secrets wherever they stand.
    #[must_use]
    pub fn new(kept: HashSet<IpAddr>, known: Known, with_addresses: bool) -> Self {
        Self {
            key: RandomState::new(),
            with_addresses,
            kept,
            known,
            four: HashMap::new(),
            six: HashMap::new(),
            mails: HashMap::new(),
            secrets: 0,
            opaque: 0,
        }
    }

    /// How much gave way so far.
    #[must_use]
    pub fn masked(&self) -> Masked {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        Masked {
            addresses: count(self.four.len() + self.six.len()),
            mails: count(self.mails.len()),
            secrets: self.secrets,
            opaque: self.opaque,
        }
    }

    /// Writes one line, without its newline.
    pub fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let (mut at, mut copied) = (0, 0);
        while at < line.len() {
            let Some((range, stand_in)) = self.at(line, at) else {
                at += 1;
                continue;
            };
            out.extend_from_slice(line.get(copied..range.start).unwrap_or_default());
            out.extend_from_slice(&stand_in);
            at = range.end;
            copied = at;
        }
        out.extend_from_slice(line.get(copied..).unwrap_or_default());
    }

    /// What stands for a whole text that is a secret.
    pub fn digest_of(&mut self, secret: &str) -> String {
        self.secrets += 1;
        String::from_utf8_lossy(&self.value(secret.as_bytes())).into_owned()
    }

    /// What is private here, and what to write instead.
    fn at(&mut self, line: &[u8], at: usize) -> Option<(Range<usize>, Vec<u8>)> {
        match private(line, at) {
            Some((range, Why::Secret)) => {
                self.secrets += 1;
                return Some((range.clone(), self.value(line.get(range)?)));
            }
            Some((range, Why::Opaque)) => {
                self.opaque += 1;
                return Some((range.clone(), self.value(line.get(range)?)));
            }
            // A path or a list; what is private in it is looked for.
            Some((_, Why::Long)) | None => {}
        }
        if let Some(length) = self.known.at(line, at) {
            self.secrets += 1;
            return Some((at..at + length, self.digest(line.get(at..at + length)?)));
        }
        if let Some(array) = self.array(line, at) {
            return Some(array);
        }
        if self.with_addresses {
            return None;
        }
        if let Some(mail) = mail(line, at) {
            let next = self.mails.len() + 1;
            let number = *self.mails.entry(mail.address).or_insert(next);
            let domain = "mail.invalid";
            let width = mail.range.len().saturating_sub(mail.sign.len() + domain.len() + 1);
            // As long as the real one where there is room: what is cut by its length stays cut.
            return Some((mail.range, format!("m{number:0width$}{}{domain}", mail.sign).into_bytes()));
        }
        let (address, range) = address(line, at)?;
        let is_kept = !may_be_a_client(address) || self.kept.contains(&address);
        let stand_in = if is_kept { line.get(range.clone())?.to_vec() } else { self.client(address) };
        Some((range, stand_in))
    }

    fn client(&mut self, address: IpAddr) -> Vec<u8> {
        let stand_in: IpAddr = match address {
            IpAddr::V4(_) => {
                let next = FIRST_V4.saturating_add(u32::try_from(self.four.len()).unwrap_or(u32::MAX));
                Ipv4Addr::from(*self.four.entry(address).or_insert(next)).into()
            }
            IpAddr::V6(_) => {
                let next = FIRST_V6 + self.six.len() as u128;
                Ipv6Addr::from(*self.six.entry(address).or_insert(next)).into()
            }
        };
        stand_in.to_string().into_bytes()
    }

    /// What stands for a value. Damage inside of it stays: without it the line would be another one.
    fn value(&self, value: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(value.len());
        let mut text = String::new();
        for chunk in value.utf8_chunks() {
            for letter in chunk.valid().chars() {
                if letter.is_control() || BRACKETS.contains(&letter) {
                    out.extend(self.digest(std::mem::take(&mut text).as_bytes()));
                    out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                } else {
                    text.push(letter);
                }
            }
            if !chunk.invalid().is_empty() {
                out.extend(self.digest(std::mem::take(&mut text).as_bytes()));
                out.extend_from_slice(chunk.invalid());
            }
        }
        out.extend(self.digest(text.as_bytes()));
        out
    }

    /// Signs that stand for a value: numbers for a number, which may stand where nothing else may.
    fn digest(&self, value: &[u8]) -> Vec<u8> {
        let number = value.iter().all(u8::is_ascii_digit);
        let signs: &[u8] = if number { b"1234567891234567" } else { b"0123456789abcdef" };
        let sign = |nibble: u64| signs.get(usize::try_from(nibble & 15).unwrap_or(0)).copied().unwrap_or(b'0');
        let words = (0_u64..).map(|block| self.key.hash_one((block, value)));
        let nibbles = words.flat_map(|word| (0..16).map(move |nibble| sign(word >> (nibble * 4))));
        nibbles.take(value.len().min(LONGEST_DIGEST)).collect()
    }

    /// A text that is written as a list of its bytes, as the journal writes what is no UTF-8.
    fn array(&mut self, line: &[u8], at: usize) -> Option<(Range<usize>, Vec<u8>)> {
        if line.get(at) != Some(&b'[') || !line.get(..at)?.trim_ascii_end().ends_with(b":") {
            return None;
        }
        let list = line.get(at + 1..)?;
        let length = list.iter().take_while(|byte| byte.is_ascii_digit() || b", ".contains(byte)).count();
        let numbers = std::str::from_utf8(list.get(..length)?).ok()?;
        if list.get(length) != Some(&b']') || numbers.len() < 2 * SHORTEST_ARRAY {
            return None;
        }
        let text: Vec<u8> = numbers.split(',').map(|number| number.trim().parse().ok()).collect::<Option<_>>()?;
        let mut rewritten = Vec::with_capacity(text.len());
        self.line(&text, &mut rewritten);
        let list: Vec<String> = rewritten.iter().map(u8::to_string).collect();
        (rewritten != text).then(|| (at..at + length + 2, format!("[{}]", list.join(",")).into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand_ins() -> StandIns {
        let mut known = Known::default();
        known.learn(b"hunter22");
        StandIns::new(HashSet::from([IpAddr::from([10, 0, 0, 5])]), known, false)
    }

    fn written(stand_ins: &mut StandIns, line: &[u8]) -> String {
        let mut out = Vec::new();
        stand_ins.line(line, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn clients_and_mails_get_others_and_stay_distinct() {
        let mut stand_ins = stand_ins();
        let line = br#"203.0.113.7 - - [16/Nov/2022:11:06:33 +0900] "GET /u/kim@mail.example?x=198.51.100.2 HTTP/1.1" 200 5 "-" "Chrome/107.0.0.0" "10.0.0.5:8080" 203.0.113.7 2001:db8::1"#;
        assert_eq!(
            written(&mut stand_ins, line),
            r#"240.0.0.1 - - [16/Nov/2022:11:06:33 +0900] "GET /u/m01@mail.invalid?x=240.0.0.2 HTTP/1.1" 200 5 "-" "Chrome/107.0.0.0" "10.0.0.5:8080" 240.0.0.1 fd00::1"#
        );
        assert_eq!(stand_ins.masked(), Masked { addresses: 3, mails: 1, secrets: 0, opaque: 0 });
    }

    #[test]
    fn secrets_stay_equal_and_as_long_as_they_were() {
        let mut stand_ins = stand_ins();
        let enc = "Zx9".repeat(30);
        let line =
            format!("?enc={enc}&a=1 password=abcdef \"pin\": 1234}} redis://u:p@h hunter22 aHVudGVyMjI= Ä?enc={enc}");
        let out = written(&mut stand_ins, line.as_bytes());
        for secret in ["Zx9", "abcdef", "1234", "u:p", "hunter22", "aHVudGVyMjI"] {
            assert!(!out.contains(secret), "{secret}: {out}");
        }
        let values: Vec<&str> = out.split("?enc=").skip(1).map(|rest| &rest[..64]).collect();
        assert_eq!(values[0], values[1]);
        assert!(out.contains("redis://") && out.contains("@h ") && out.ends_with(values[0]) && out.contains("Ä"));
        assert_ne!(written(&mut self::stand_ins(), line.as_bytes()), out, "the key is another one");
    }

    #[test]
    fn damage_stays_as_it_is() {
        let line = b"\xc416/Nov/2022:11\xdc \0\0 \"GET / HTTP/1.1\" 200 7\r";
        let mut out = Vec::new();
        stand_ins().line(line, &mut out);
        assert_eq!(out, line);
    }

    #[test]
    fn damage_in_a_secret_stays_and_the_secret_goes() {
        let mut out = Vec::new();
        stand_ins().line(b"?password=abcdef\0\0ghi\xc4jkl\xc3\x84mno x", &mut out);
        assert!(holds(&out, b"\0\0") && holds(&out, b"\xc4") && holds(&out, b"\xc3\x84") && out.ends_with(b" x"));
        assert!(!holds(&out, b"abcdef") && !holds(&out, b"ghi") && !holds(&out, b"mno"));
    }

    fn holds(text: &[u8], part: &[u8]) -> bool {
        text.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn a_message_of_bytes_is_read() {
        let bytes: Vec<String> = b"from 203.0.113.7 \xff".iter().map(u8::to_string).collect();
        let line = format!("{{\"MESSAGE\":[{}],\"x\":[1,2,3,4,5,6,7,8]}}", bytes.join(","));
        let stand_in: Vec<String> = b"from 240.0.0.1 \xff".iter().map(u8::to_string).collect();
        let wanted = format!("{{\"MESSAGE\":[{}],\"x\":[1,2,3,4,5,6,7,8]}}", stand_in.join(","));
        assert_eq!(written(&mut stand_ins(), line.as_bytes()), wanted);
    }
}
