//! Requests over time for programs: tab-separated values, and `lastgood.timeline/1`. Written row by row, since there
//! may be hundreds of thousands. For people: `course_table`.

use std::io::{self, Write};

use lastgood_model::{Read, UnixMs};
use serde::Serialize;
use serde::ser::SerializeMap;

use super::clock::Clock;
use super::quote::{inert_json, steers};
use crate::pipeline::timeline::{Count, Course};
use crate::words::Words;

/// A header line, then one row per bucket and set of keys.
///
/// # Errors
/// If it cannot be written.
pub fn tsv(course: &Course, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(256 * 1024, out);
    out.write_all(b"time\t")?;
    for key in &course.by {
        write!(out, "{}\t", key.name())?;
    }
    out.write_all(b"requests\n")?;
    let mut times = Times::new(course);
    for count in course.counts() {
        write!(out, "{}\t", times.of(count.from))?;
        for text in course.texts(count) {
            write_escaped(text, &mut out)?;
            out.write_all(b"\t")?;
        }
        writeln!(out, "{}", count.requests)?;
    }
    out.flush()
}

/// The text of a key: bytes as logged, but no control that would end a field or steer a terminal, and no byte that is
/// no character.
pub(super) fn escaped(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len());
    // Writing to memory does not fail.
    let _written = write_escaped(text, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn write_escaped(text: &[u8], out: &mut impl Write) -> io::Result<()> {
    if text.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return out.write_all(text);
    }
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\t' => out.write_all(b"\\t")?,
                '\n' => out.write_all(b"\\n")?,
                '\r' => out.write_all(b"\\r")?,
                c if steers(c) && u32::from(c) < 0x100 => write!(out, "\\x{:02x}", u32::from(c))?,
                c if steers(c) => write!(out, "\\u{{{:x}}}", u32::from(c))?,
                c => write!(out, "{c}")?,
            }
        }
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02X}")?;
        }
    }
    Ok(())
}

/// The time of a bucket, written once for all its rows.
struct Times {
    clock: Clock,
    at: Option<UnixMs>,
    text: String,
}

impl Times {
    fn new(course: &Course) -> Self {
        Self { clock: Clock::new(course.offset_s), at: None, text: String::new() }
    }

    fn of(&mut self, at: UnixMs) -> &str {
        if self.at != Some(at) {
            self.at = Some(at);
            self.text = self.clock.rfc3339(at);
        }
        &self.text
    }
}

/// The whole as one JSON object, a row a line.
///
/// # Errors
/// If it cannot be written.
pub fn json(course: &Course, words: &dyn Words, out: &mut dyn Write) -> io::Result<()> {
    let mut out = io::BufWriter::with_capacity(256 * 1024, out);
    let keys: Vec<_> = course.by.iter().map(|key| key.name()).collect();
    write!(out, "{{\"schema\":\"lastgood.timeline/1\",\"per_s\":{}", course.per_ms / 1000)?;
    write!(out, ",\"by\":{},\"rows\":[", serde_json::to_string(&keys)?)?;
    let mut times = Times::new(course);
    for (index, count) in course.counts().enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        out.write_all(inert(&RowShape { course, count, time: times.of(count.from) })?.as_bytes())?;
    }
    let clock = Clock::new(course.offset_s);
    let changes: Vec<_> = course
        .changes
        .iter()
        .map(|change| ChangeShape {
            from: clock.rfc3339(change.span.from()),
            to: clock.rfc3339(change.span.to()),
            kind: change.kind.name(),
            subject: &change.subject,
            reference: change.reference.to_string(),
        })
        .collect();
    let gaps: Vec<_> =
        course.gaps.iter().map(|gap| GapShape { what: words.gap_what(gap), why: words.gap_why(gap) }).collect();
    write!(out, "\n],\"changes\":{}", inert(&changes)?)?;
    write!(out, ",\"gaps\":{}", inert(&gaps)?)?;
    writeln!(out, ",\"read\":{}}}", serde_json::to_string(&ReadShape::of(course.read))?)?;
    out.flush()
}

fn inert(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(inert_json)
}

struct RowShape<'a> {
    course: &'a Course,
    count: Count,
    time: &'a str,
}

impl Serialize for RowShape<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(Some(self.course.by.len() + 2))?;
        row.serialize_entry("time", self.time)?;
        for (key, text) in self.course.by.iter().zip(self.course.texts(self.count)) {
            match std::str::from_utf8(text) {
                Ok(text) => row.serialize_entry(key.name(), text)?,
                Err(_) => row.serialize_entry(key.name(), &escaped(text))?,
            }
        }
        row.serialize_entry("requests", &self.count.requests)?;
        row.end()
    }
}

#[derive(Serialize)]
struct ChangeShape<'a> {
    from: String,
    to: String,
    /// As in `lastgood.verdict/1`.
    kind: &'static str,
    subject: &'a str,
    #[serde(rename = "ref")]
    reference: String,
}

#[derive(Serialize)]
struct GapShape<'a> {
    what: &'a str,
    why: String,
}

#[derive(Serialize)]
struct ReadShape {
    files: u64,
    bytes: u64,
    lines: u64,
    parsed: u64,
    other: u64,
    unreadable: u64,
    duplicates: u64,
}

impl ReadShape {
    const fn of(read: Read) -> Self {
        let Read { files, bytes, lines, parsed, other, unreadable, duplicates } = read;
        Self { files, bytes, lines, parsed, other, unreadable, duplicates }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_a_field_or_steers_a_terminal() {
        assert_eq!(escaped(b"/api/\\x22"), "/api/\\x22");
        assert_eq!(escaped(b"a\tb\nc\rd\x1b[31m\0\x7f"), "a\\tb\\nc\\rd\\x1b[31m\\x00\\x7f");
        assert_eq!(escaped("원인\u{9b}31m".as_bytes()), "원인\\x9b31m");
        assert_eq!(escaped(b"\xc4\xff/"), "\\xC4\\xFF/");
    }
}
