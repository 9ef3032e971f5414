//! What a container runtime puts around each line of a log: Docker's json-file, the prefixes of `docker compose logs` and
//! `docker logs -t`, and the CRI format of Kubernetes. It takes the envelope off; the line inside is any other format's.

use jiff::tz::TimeZone;
use lastgood_model::UnixMs;
use memchr::{memchr, memrchr};

use crate::docker_json;
use crate::timestamp::{Clock, find_iso8601};

/// Longer words are no names of containers.
const MAX_NAME: usize = 128;
/// Length of `2026-11-21T19:25:05.123456789Z`: Docker always writes nine digits, in UTC, as nobody else does.
const NANO_LEN: usize = 30;

/// Which envelope the lines of a file are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// Docker's json-file log driver: `{"log":"…\n","stream":"stdout","time":"…"}`.
    DockerJson,
    /// `docker compose logs`, also with `-t`: `web-1  | …`. The lines of several services, each in its own format.
    Compose,
    /// `docker logs -t`: `2026-11-21T19:25:05.123456789Z …`.
    DockerTimes,
    /// The format of containerd and CRI-O: `2026-11-21T19:25:05.123456789Z stdout F …`.
    Cri,
}

/// A line without its envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Letter<'a> {
    /// Who wrote it; empty where the whole file is one container's.
    pub(crate) service: &'a [u8],
    /// `stdout` or `stderr`; empty where the envelope does not say.
    pub(crate) stream: &'a [u8],
    /// When the runtime got it.
    pub(crate) at: Option<UnixMs>,
    /// What was written, without its newline.
    pub(crate) text: &'a [u8],
    /// Whether the line goes on in the next letter of the same service and stream.
    pub(crate) goes_on: bool,
}

impl Envelope {
    /// All of them. Those that say more of themselves come first.
    pub const ALL: [Self; 4] = [Self::DockerJson, Self::Compose, Self::Cri, Self::DockerTimes];

    /// Its name, as shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DockerJson => "docker json-file",
            Self::Compose => "docker compose logs",
            Self::DockerTimes => "docker logs -t",
            Self::Cri => "CRI",
        }
    }

    /// The envelope that most of these lines are in.
    pub(crate) fn around(lines: &[&[u8]]) -> Option<Self> {
        Self::ALL.into_iter().find(|envelope| {
            let mut opener = Opener::new(*envelope);
            let fits = lines.iter().filter(|line| opener.open(line, &mut |_| ()) > 0).count();
            fits > 0 && fits * 2 >= lines.len()
        })
    }
}

/// Takes envelopes off. Keep one per file.
#[derive(Debug)]
pub(crate) struct Opener {
    envelope: Envelope,
    clock: Clock,
}

impl Opener {
    pub(crate) fn new(envelope: Envelope) -> Self {
        Self { envelope, clock: Clock::new(TimeZone::UTC) }
    }

    /// Hands on what is in a line, and says how many letters that were: none if this is no such envelope, several if
    /// newlines between them were lost.
    pub(crate) fn open(&mut self, line: &[u8], take: &mut impl FnMut(Letter<'_>)) -> usize {
        if self.envelope == Envelope::DockerJson {
            return docker_json::open(line, &mut self.clock, take);
        }
        // An unclean shutdown leaves a block of NULs before the next line.
        let mut rest = memrchr(0, line).map_or(line, |last| &line[last + 1..]);
        let mut letters = 0;
        while let Some(letter) = self.letter(rest) {
            let (text, next) = self.until_next(letter.text, letter.service);
            take(Letter { text, ..letter });
            letters += 1;
            let Some(next) = next else { break };
            rest = next;
        }
        letters
    }

    /// The letter that a text begins with.
    fn letter<'a>(&mut self, text: &'a [u8]) -> Option<Letter<'a>> {
        match self.envelope {
            Envelope::Compose => compose(text, &mut self.clock),
            Envelope::Cri => cri(text, &mut self.clock),
            Envelope::DockerTimes | Envelope::DockerJson => nano_time(text, &mut self.clock).map(|(at, text)| Letter {
                service: b"",
                stream: b"",
                at: Some(at),
                text,
                goes_on: false,
            }),
        }
    }

    /// What a letter says, and the next one if the newline between them was lost: nobody but the runtime writes such times.
    fn until_next<'a>(&mut self, text: &'a [u8], service: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
        let mut from = 0;
        while let Some(time) = find_iso8601(text, from) {
            from = time + 1;
            let Some(begin) = self.begin_of_letter(text, time, service) else { continue };
            if self.letter(&text[begin..]).is_some_and(|letter| letter.at.is_some()) {
                return (&text[..begin], Some(&text[begin..]));
            }
        }
        (text, None)
    }

    /// Where the letter begins whose time stands at `time`. Before the name of a service there may be anything, so it has to
    /// be the name that is known.
    fn begin_of_letter(&self, text: &[u8], time: usize, service: &[u8]) -> Option<usize> {
        if self.envelope != Envelope::Compose {
            return Some(time);
        }
        let before = text[..time].strip_suffix(b"| ")?.trim_ascii_end();
        Some(before.strip_suffix(service)?.len())
    }

    /// Whether a line outside of any envelope is the runtime's own word, and none of a container.
    pub(crate) fn is_own_word(&self, line: &[u8]) -> bool {
        let says = |part: &[u8]| memchr::memmem::find(line, part).is_some();
        line.trim_ascii().is_empty()
            || (self.envelope == Envelope::Compose
                && (line.starts_with(b"Attaching to ") || says(b" exited with code ") || says(b" has been recreated")))
    }
}

/// `web-1  | 2026-11-21T19:25:05.123456789Z …`, the time only with `-t`, coloured if a terminal was pretended.
fn compose<'a>(line: &'a [u8], clock: &mut Clock) -> Option<Letter<'a>> {
    let line = without_colour(line);
    let name = line.iter().take(MAX_NAME).take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    let (service, rest) = line.split_at(name.count());
    let rest = without_colour(rest);
    let text = without_colour(rest.trim_ascii_start()).strip_prefix(b"|")?;
    if service.is_empty() || !rest.starts_with(b" ") || !service[0].is_ascii_alphanumeric() {
        return None;
    }
    let text = without_colour(text);
    let text = without_colour(text.strip_prefix(b" ").unwrap_or(text));
    let (at, text) = nano_time(text, clock).map_or((None, text), |(at, text)| (Some(at), text));
    Some(Letter { service, stream: b"", at, text, goes_on: false })
}

/// `2026-11-21T19:25:05.123456789Z stdout F …`, with `P` instead of `F` where the line goes on.
fn cri<'a>(line: &'a [u8], clock: &mut Clock) -> Option<Letter<'a>> {
    let (time, rest) = line.split_at(memchr(b' ', line)?);
    let rest = &rest[1..];
    let (stream, rest) = rest.split_at(memchr(b' ', rest)?);
    let rest = &rest[1..];
    if ![&b"stdout"[..], b"stderr"].contains(&stream) {
        return None;
    }
    // Tags after the first one are for later versions.
    let (tags, text) = rest.split_at(memchr(b' ', rest).unwrap_or(rest.len()));
    let goes_on = match tags.split(|byte| *byte == b':').next()? {
        b"P" => true,
        b"F" => false,
        _ => return None,
    };
    let (at, _) = clock.iso8601(time)?;
    Some(Letter { service: b"", stream, at: Some(at), text: text.strip_prefix(b" ").unwrap_or(text), goes_on })
}

/// Docker's own time and what stands behind it.
fn nano_time<'a>(text: &'a [u8], clock: &mut Clock) -> Option<(UnixMs, &'a [u8])> {
    let (time, rest) = text.split_at_checked(NANO_LEN)?;
    if time[19] != b'.' || !time.ends_with(b"Z") || !matches!(rest.first(), None | Some(b' ')) {
        return None;
    }
    let (at, _) = clock.iso8601(time)?;
    Some((at, rest.get(1..).unwrap_or_default()))
}

/// Text without an escape sequence for colours (`ESC [ … m`) at its beginning.
fn without_colour(text: &[u8]) -> &[u8] {
    let Some(rest) = text.strip_prefix(b"\x1b[") else { return text };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    rest[length..].strip_prefix(b"m").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Service, stream, time, text and whether it goes on, of each letter.
    fn letters(envelope: Envelope, line: &str) -> Vec<String> {
        let mut found = Vec::new();
        Opener::new(envelope).open(line.as_bytes(), &mut |letter| {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let at = letter.at.map_or(0, |at| at.0);
            let more = if letter.goes_on { "+" } else { "" };
            found.push(format!("{}/{}/{at}/{}{more}", text(letter.service), text(letter.stream), text(letter.text)));
        });
        found
    }

    #[test]
    fn prefixes_of_compose_are_taken_off() {
        let open = |line: &str| letters(Envelope::Compose, line);
        assert_eq!(open("web-1  | GET / 200"), ["web-1//0/GET / 200"]);
        assert_eq!(open("db_1 |   indented | x"), ["db_1//0/  indented | x"]);
        assert_eq!(open("web-1  | "), ["web-1//0/"]);
        assert_eq!(open("web-1  |"), ["web-1//0/"]);
        assert_eq!(open("web-1  | 2026-11-21T19:25:05.123456789Z x y"), ["web-1//1795289105123/x y"]);
        assert_eq!(open("\u{1b}[36mweb-1  | \u{1b}[0mx"), ["web-1//0/x"]);
        assert_eq!(open("\u{1b}[33;1mweb_1  |\u{1b}[0m x"), ["web_1//0/x"]);
        for line in ["Attaching to web-1", "web-1 exited with code 1", "a|b", "| x", "", "1.2.3.4 - - [x] | y"] {
            assert!(open(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_lost_newline_is_found_by_the_next_time() {
        let (a, b) = ("2026-11-21T19:25:05.123456789Z", "2026-11-21T19:25:06.123456789Z");
        assert_eq!(
            letters(Envelope::Compose, &format!("web-1  | {a} GET /web-1  | {b} x")),
            ["web-1//1795289105123/GET /", "web-1//1795289106123/x"]
        );
        assert_eq!(letters(Envelope::DockerTimes, &format!("{a} x{b} y")), ["//1795289105123/x", "//1795289106123/y"]);
        assert_eq!(
            letters(Envelope::Cri, &format!("{a} stdout F x{b} stderr P y")),
            ["/stdout/1795289105123/x", "/stderr/1795289106123/y+"]
        );
        // A time that the application wrote, and a letter of somebody else.
        for text in [format!("at 2026-11-21T19:25:06Z {b}"), format!("db-1  | {b} x")] {
            assert_eq!(letters(Envelope::Compose, &format!("web-1  | {a} {text}")).len(), 1, "{text}");
        }
    }

    #[test]
    fn times_of_docker_and_cri_are_taken_off() {
        let line = "2026-11-21T19:25:05.123456789Z x y";
        assert_eq!(letters(Envelope::DockerTimes, line), ["//1795289105123/x y"]);
        assert!(letters(Envelope::DockerTimes, "2026-11-21T19:25:05.123456Z 0 [System] x").is_empty());
        for (line, expected) in [
            ("2026-11-21T19:25:05.123456789Z stdout F x y", "/stdout/1795289105123/x y"),
            ("2026-11-21T19:25:05.1Z stderr P x ", "/stderr/1795289105100/x +"),
            ("2026-11-22T04:25:05.123456789+09:00 stdout F", "/stdout/1795289105123/"),
            ("\0\0\x002026-11-21T19:25:05Z stdout F:x y", "/stdout/1795289105000/y"),
        ] {
            assert_eq!(letters(Envelope::Cri, line), [expected], "{line}");
        }
        for line in ["2026-11-21T19:25:05Z stdin F x", "2026-11-21T19:25:05Z stdout X x", "x stdout F y"] {
            assert!(letters(Envelope::Cri, line).is_empty(), "{line}");
        }
    }
}
