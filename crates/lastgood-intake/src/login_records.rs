//! Login records, which also tell of boots and shutdowns: the binary `wtmp` of Linux, and what `last -x` prints of it.
//! Who logged in is nobody's business here.

use lastgood_model::{Fact, UnixMs};

use crate::civil_time::CivilClock;
use crate::scan::{Context, Counts, Line, Sink};

/// Size of a record of glibc on 64-bit machines; musl keeps none.
const RECORD: usize = 384;
const RUN_LEVEL: i16 = 1;
const BOOT_TIME: i16 = 2;
/// Records that have to look like ones, if there are so many.
const LOOKED_AT: usize = 4;

/// Whether a file begins with login records: several, or all that it has.
pub(crate) fn is_wtmp(head: &[u8]) -> bool {
    let records = head.chunks_exact(RECORD).take(LOOKED_AT);
    records.len() > 0
        && (head.len().is_multiple_of(RECORD) || head.len() > RECORD * LOOKED_AT)
        && records.into_iter().all(is_record)
}

/// Texts that end in NULs, a time with microseconds, zeros where the format has nothing yet.
fn is_record(record: &[u8]) -> bool {
    let is_text = |from: usize, to: usize| {
        let text = &record[from..to];
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
        text[..end].iter().all(u8::is_ascii_graphic)
    };
    (0..=9).contains(&i16::from_le_bytes([record[0], record[1]]))
        && record[2..4] == [0, 0]
        && is_text(8, 40)
        && is_text(44, 76)
        && (0..1_000_000).contains(&word(record, 344))
        && word(record, 340) > 0
        && record[364..RECORD].iter().all(|byte| *byte == 0)
}

fn word(record: &[u8], at: usize) -> i32 {
    i32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
}

/// Reads a binary `wtmp`. A record counts as a line.
#[derive(Debug, Default)]
pub(crate) struct Wtmp {
    rest: Vec<u8>,
}

impl Wtmp {
    /// Reads a block, wherever it was cut.
    pub(crate) fn push(&mut self, block: &[u8], counts: &mut Counts, sink: &mut impl Sink) {
        self.rest.extend_from_slice(block);
        let whole = self.rest.len() - self.rest.len() % RECORD;
        for record in self.rest[..whole].chunks_exact(RECORD) {
            let number = counts.lines + 1;
            counts.count(read(record, number, sink));
        }
        self.rest.drain(..whole);
    }

    /// The file ended; what is less than a record was cut off.
    pub(crate) fn finish(self, counts: &mut Counts) {
        if !self.rest.is_empty() {
            counts.count(Line::Unreadable);
        }
    }
}

fn read(record: &[u8], number: u64, sink: &mut impl Sink) -> Line {
    if !is_record(record) {
        return Line::Unreadable;
    }
    let at = UnixMs::from_seconds(i64::from(word(record, 340))).plus(i64::from(word(record, 344)) / 1000);
    let user = record[44..76].split(|byte| *byte == 0).next().unwrap_or_default();
    match (i16::from_le_bytes([record[0], record[1]]), user) {
        (BOOT_TIME, _) => tell(Turn::Up, at, number, sink),
        (RUN_LEVEL, b"shutdown") => tell(Turn::Down, at, number, sink),
        _ => Line::Other,
    }
}

#[derive(Clone, Copy)]
enum Turn {
    Up,
    Down,
}

fn tell(turn: Turn, at: UnixMs, number: u64, sink: &mut impl Sink) -> Line {
    let boot = "".into();
    let fact = match turn {
        Turn::Up => Fact::BootStarted { boot },
        Turn::Down => Fact::BootEnded { boot, clean: true },
    };
    sink.fact(Some(at), fact, number);
    Line::Parsed
}

/// Reads what `last -x` or `last -xF` prints.
#[derive(Debug)]
pub(crate) struct LastText(CivilClock);

impl LastText {
    pub(crate) fn new(context: Context) -> Self {
        Self(CivilClock::new(context.zone, context.about))
    }

    /// Reads one line.
    pub(crate) fn line(&self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let Ok(text) = str::from_utf8(line) else { return Line::Unreadable };
        let turn = match text.split_ascii_whitespace().take(3).collect::<Vec<_>>()[..] {
            ["reboot", "system", "boot"] => Turn::Up,
            ["shutdown", "system", "down"] => Turn::Down,
            // Sessions, run levels and `wtmp begins …`.
            _ => return Line::Other,
        };
        match self.moment(text) {
            Some(at) => tell(turn, at, number, sink),
            None => Line::Unreadable,
        }
    }

    /// `Wed Nov 16 11:06`, with `-F` `Wed Nov 16 11:06:31 2022`.
    fn moment(&self, text: &str) -> Option<UnixMs> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let day = words.iter().position(|word| ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(word))?;
        let (month, date, time) = (words.get(day + 1)?, words.get(day + 2)?, words.get(day + 3)?);
        let year = words.get(day + 4).filter(|word| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit()));
        match year {
            Some(year) => self.0.day_first(format!("{date} {month} {year} {time}").as_bytes()),
            // The middle of the minute in which it was.
            None => self.0.month_first(format!("{month} {date} {time}:30").as_bytes()),
        }
        .map(|(at, _)| at)
    }
}

/// Whether a line is one that `last -x` prints of a boot or a shutdown.
pub(crate) fn is_of_last(line: &[u8]) -> bool {
    struct Nobody;
    impl Sink for Nobody {}
    LastText(CivilClock::new(jiff::tz::TimeZone::UTC, Some(UnixMs(0)))).line(line, 1, &mut Nobody) == Line::Parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Scanner;
    use crate::{NginxConf, recognise};
    use jiff::tz::TimeZone;

    #[derive(Default)]
    struct Turns(Vec<(i64, bool, u64)>);

    impl Sink for Turns {
        fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
            self.0.push((at.unwrap().0 / 1000, matches!(fact, Fact::BootStarted { .. }), line));
        }
    }

    fn read(file: &[u8]) -> (String, Counts, Vec<(i64, bool, u64)>) {
        let format = recognise(file, "wtmp", &NginxConf::default());
        let about = Some(UnixMs::from_seconds(AT));
        let mut scanner = Scanner::new(
            &format,
            Context { zone: TimeZone::UTC, vhost: "".into(), about, without: lastgood_model::Layers::NONE },
        );
        let mut turns = Turns::default();
        // Only text is cut where lines end.
        for block in file.chunks(if format.is_text() { file.len() } else { 100 }) {
            scanner.feed(block, &mut turns);
        }
        (format.name().to_owned(), scanner.finish(&mut turns), turns.0)
    }

    const AT: i64 = 1_668_564_391; // 2022-11-16T02:06:31Z

    fn record(sort: i16, user: &str, seconds: i64) -> Vec<u8> {
        let mut record = vec![0; RECORD];
        record[..2].copy_from_slice(&sort.to_le_bytes());
        record[8] = b'~';
        record[44..44 + user.len()].copy_from_slice(user.as_bytes());
        record[340..344].copy_from_slice(&i32::try_from(seconds).unwrap().to_le_bytes());
        record[344..348].copy_from_slice(&500_000_i32.to_le_bytes());
        record
    }

    #[test]
    fn boots_and_shutdowns_are_in_wtmp() {
        let mut file = [
            record(7, "ops", AT - 100),
            record(1, "shutdown", AT - 30),
            record(2, "reboot", AT),
            record(1, "runlevel", AT + 9),
        ]
        .concat();
        let (name, counts, turns) = read(&file);
        assert_eq!((name.as_str(), counts.lines, counts.parsed, counts.other), ("wtmp", 4, 2, 2));
        assert_eq!(turns, [(AT - 30, false, 2), (AT, true, 3)]);
        file.extend_from_slice(&[7; 10]);
        file.extend(record(2, "reboot", AT + 99));
        file.extend(record(2, "reboot", AT + 99));
        let (_, counts, _) = read(&file);
        assert_eq!((counts.lines, counts.unreadable), (7, 3));
    }

    #[test]
    fn other_bytes_are_no_login_records() {
        assert!(!is_wtmp(&[0; 4 * RECORD]));
        assert!(!is_wtmp(&[1; 4 * RECORD]));
        assert!(!is_wtmp(&record(2, "reboot", AT)[..RECORD - 1]));
        assert!(!is_wtmp(b""));
        assert!(is_wtmp(&record(2, "reboot", AT)));
    }

    #[test]
    fn last_prints_them() {
        let (name, counts, turns) = read(
            b"ops      pts/0        10.0.0.5         Wed Nov 16 01:00 - crash  (01:06)\n\
              reboot   system boot  6.1.0-18-amd64   Wed Nov 16 02:06   still running\n\
              shutdown system down  6.1.0-18-amd64   Wed Nov 16 02:05 - 02:06  (00:01)\n\n\
              reboot   system boot  6.1.0-18-amd64   Tue Nov\n\
              wtmp begins Tue Nov  1 00:00:10 2022\n",
        );
        assert_eq!((name.as_str(), counts.parsed, counts.other, counts.unreadable), ("last", 2, 3, 1));
        assert_eq!(turns, [(AT - 1, true, 2), (AT - 61, false, 3)]);
        let (_, _, turns) = read(
            b"reboot   system boot  6.1.0-18-amd64   Wed Nov 16 02:06:31 2022 - Wed Nov 16 03:00:00 2022  (00:53)\n",
        );
        assert_eq!(turns, [(AT, true, 1)]);
    }
}
