//! Times as a host's own records write them: with or without year, fraction and zone. What servers write with every
//! request is read by `timestamp.rs`, which is faster and stricter.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use lastgood_model::UnixMs;

use crate::timestamp::number;

/// Letters that stand for one offset wherever they are used by servers; `CST` and `IST` mean several.
const ABBREVIATIONS: [(&[u8], i32); 17] = [
    (b"UTC", 0),
    (b"GMT", 0),
    (b"WET", 0),
    (b"WEST", 3600),
    (b"BST", 3600),
    (b"CET", 3600),
    (b"CEST", 7200),
    (b"EET", 7200),
    (b"EEST", 10_800),
    (b"MSK", 10_800),
    (b"KST", 32_400),
    (b"JST", 32_400),
    (b"EST", -18_000),
    (b"EDT", -14_400),
    (b"CDT", -18_000),
    (b"PST", -28_800),
    (b"PDT", -25_200),
];
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Reads times at the beginning of a text. Each method also says how many bytes it read.
#[derive(Clone, Debug)]
pub(crate) struct CivilClock {
    zone: TimeZone,
    about: Option<UnixMs>,
}

impl CivilClock {
    /// Times without a zone are in `zone`; those without a year lie near `about`, and cannot be read without it.
    pub(crate) const fn new(zone: TimeZone, about: Option<UnixMs>) -> Self {
        Self { zone, about }
    }

    /// `2022-11-16T11:06:31.123456+09:00`; also with spaces for the `T`, `+0900`, `Z`, a zone's letters or none.
    pub(crate) fn dated(&self, text: &[u8]) -> Option<(UnixMs, usize)> {
        let date = text.get(..10)?;
        if [date[4], date[7]] != *b"--" {
            return None;
        }
        let date = civil(number(&date[..4])?, number(&date[5..7])?, number(&date[8..10])?)?;
        let gap = match text.get(10)? {
            b'T' => 1,
            b' ' => 1 + spaces(&text[11..]),
            _ => return None,
        };
        let begin = 10 + gap;
        let (time, length) = time_of_day(text.get(begin..)?)?;
        let end = begin + length;
        let (offset, length) = zone(&text[end..]);
        Some((self.moment(at(date, time), offset)?, end + length))
    }

    /// `Nov 16 11:06:31`, also with a fraction, as a Korean locale writes it (`11월 16 11:06:31`), or with the year
    /// behind the day.
    pub(crate) fn month_first(&self, text: &[u8]) -> Option<(UnixMs, usize)> {
        let (month, begin) = month(text)?;
        let day_at = begin + spaces(&text[begin..]);
        let day_end = day_at + digits(&text[day_at..]);
        let day = number(&text[day_at..day_end])?;
        let time_at = day_end + spaces(&text[day_end..]);
        if day_at == begin || time_at == day_end {
            return None;
        }
        let (time, length) = time_of_day(&text[time_at..])?;
        let about = self.about?;
        let year = Offset::UTC.to_datetime(jiff::Timestamp::from_millisecond(about.0).ok()?).year();
        let moments = (year.checked_sub(1)?..=year.checked_add(1)?).filter_map(|year| {
            let date = civil(u64::try_from(year).ok()?, month, day)?;
            self.moment(at(date, time), None)
        });
        let nearest = moments.min_by_key(|moment| moment.since(about).abs())?;
        Some((nearest, time_at + length))
    }

    /// `16 Nov 2022 11:04:56.123`.
    pub(crate) fn day_first(&self, text: &[u8]) -> Option<(UnixMs, usize)> {
        let day = digits(text);
        let (month, length) = month(text.get(day + 1..)?)?;
        let year_at = day + 1 + length + 1;
        let date = civil(number(text.get(year_at..year_at + 4)?)?, month, number(&text[..day])?)?;
        let (time, length) = time_of_day(text.get(year_at + 5..)?)?;
        Some((self.moment(at(date, time), None)?, year_at + 5 + length))
    }

    /// Where clocks were put back the earlier of the two moments is taken.
    fn moment(&self, civil: DateTime, offset: Option<i32>) -> Option<UnixMs> {
        let moment = match offset {
            Some(offset) => Offset::from_seconds(offset).ok()?.to_timestamp(civil).ok()?,
            None => self.zone.to_ambiguous_timestamp(civil).compatible().ok()?,
        };
        Some(UnixMs(moment.as_millisecond()))
    }
}

/// Whether a text begins like `Nov 16 11:06:31`, whatever its year may be.
pub(crate) fn is_month_first(text: &[u8]) -> bool {
    CivilClock::new(TimeZone::UTC, Some(UnixMs(0))).month_first(text).is_some()
}

fn civil(year: u64, month: u64, day: u64) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Hour, minute, second and milliseconds.
type TimeOfDay = (i8, i8, i8, i32);

fn at(date: Date, (hour, minute, second, ms): TimeOfDay) -> DateTime {
    date.at(hour, minute, second, ms * 1_000_000)
}

/// `11:06:31`, with what stands behind a point or comma as milliseconds.
fn time_of_day(text: &[u8]) -> Option<(TimeOfDay, usize)> {
    let clock = text.get(..8)?;
    if [clock[2], clock[5]] != *b"::" {
        return None;
    }
    let part = |range: std::ops::Range<usize>, most| {
        number(&clock[range]).filter(|value| *value <= most).and_then(|value| i8::try_from(value).ok())
    };
    let (hour, minute, second) = (part(0..2, 23)?, part(3..5, 59)?, part(6..8, 59)?);
    let fraction = match text.get(8) {
        Some(b'.' | b',') => digits(&text[9..]),
        _ => 0,
    };
    let ms = (0..3).fold(0, |ms, place| {
        let digit = if place < fraction { i32::from(text[9 + place] - b'0') } else { 0 };
        ms * 10 + digit
    });
    Some(((hour, minute, second, ms), if fraction == 0 { 8 } else { 9 + fraction }))
}

/// The offset at the beginning of a text, in seconds, and its length; none and 0 if it has none that is known.
fn zone(text: &[u8]) -> (Option<i32>, usize) {
    let rest = &text[spaces(text).min(1)..];
    let before = text.len() - rest.len();
    let known = match rest {
        [b'Z', after @ ..] if before == 0 && !after.first().is_some_and(u8::is_ascii_alphanumeric) => Some((0, 1)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..] => offset(*sign, &[*h1, *h2], &[*m1, *m2]).map(|s| (s, 6)),
        [sign @ (b'+' | b'-'), h1, h2, m1, m2, ..] if m1.is_ascii_digit() => {
            offset(*sign, &[*h1, *h2], &[*m1, *m2]).map(|s| (s, 5))
        }
        [sign @ (b'+' | b'-'), h1, h2, ..] => offset(*sign, &[*h1, *h2], b"00").map(|s| (s, 3)),
        _ if before == 1 => {
            let letters = rest.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
            let ends = !rest.get(letters).is_some_and(u8::is_ascii_alphanumeric);
            let known = ABBREVIATIONS.iter().find(|(name, _)| *name == &rest[..letters]).filter(|_| ends);
            known.map(|(_, offset)| (*offset, letters))
        }
        _ => None,
    };
    known.map_or((None, 0), |(offset, length)| (Some(offset), before + length))
}

fn offset(sign: u8, hours: &[u8], minutes: &[u8]) -> Option<i32> {
    let (hours, minutes) = (number(hours).filter(|h| *h <= 18)?, number(minutes).filter(|m| *m <= 59)?);
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Some(if sign == b'-' { -seconds } else { seconds })
}

/// A month's name at the beginning of a text, and its length.
fn month(text: &[u8]) -> Option<(u64, usize)> {
    let name = text.get(..3)?;
    if let Some((month, _)) = (1..).zip(MONTHS).find(|(_, known)| **known == name) {
        return Some((month, 3));
    }
    let before = spaces(text).min(1);
    let end = before + digits(&text[before..]);
    let month = number(&text[before..end]).filter(|month| (1..=12).contains(month))?;
    text[end..].starts_with("월".as_bytes()).then_some((month, end + "월".len()))
}

fn spaces(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b' ').count()
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: UnixMs = UnixMs(1_668_564_391_000); // 2022-11-16T11:06:31+09:00

    fn clock() -> CivilClock {
        CivilClock::new(TimeZone::fixed(Offset::constant(9)), Some(MOMENT))
    }

    #[test]
    fn dates_with_a_year() {
        for (text, ms, rest) in [
            ("2022-11-16T11:06:31+0900 host", 0, " host"),
            ("2022-11-16T11:06:31.123456+09:00 host", 123, " host"),
            ("2022-11-16T02:06:31.123456Z 0 [Note]", 123, " 0 [Note]"),
            ("2022-11-16 11:06:31.5 KST [7] LOG", 500, " [7] LOG"),
            ("2022-11-16 02:06:31 UTC host", 0, " host"),
            ("2022-11-16 10:06:31 +08 host", 0, " host"),
            ("2022-11-16  11:06:31", 0, ""),
            ("2022-11-16 11:06:31 upgrade", 0, " upgrade"),
            ("2022-11-16 11:06:31 GMTX", 0, " GMTX"),
        ] {
            let (at, read) = clock().dated(text.as_bytes()).unwrap();
            assert_eq!((at, &text[read..]), (MOMENT.plus(ms), rest), "{text}");
        }
        for text in ["2022-13-16 11:06:31", "2022-11-16", "2022/11/16 11:06:31", "", "2022-11-16 11:06:61"] {
            assert_eq!(clock().dated(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn dates_without_a_year_are_near() {
        for (text, rest) in [
            ("Nov 16 11:06:31 host", " host"),
            ("Nov 16 11:06:31.000009 host", " host"),
            ("11월 16 11:06:31 host", " host"),
        ] {
            let (at, read) = clock().month_first(text.as_bytes()).unwrap();
            assert_eq!((at, &text[read..]), (MOMENT, rest), "{text}");
        }
        let about = |seconds| CivilClock::new(TimeZone::UTC, Some(UnixMs::from_seconds(seconds)));
        let new_year = 1_672_531_200; // 2023-01-01T00:00:00Z
        let last = about(new_year).month_first(b"Dec 31 23:59:59 h").unwrap().0;
        let first = about(new_year - 5).month_first(b"Jan  1 00:00:01 h").unwrap().0;
        assert_eq!((last, first), (UnixMs::from_seconds(new_year - 1), UnixMs::from_seconds(new_year + 1)));
        for text in ["Nov 16", "Nov16 11:06:31", "Nox 16 11:06:31", "13월 16 11:06:31", ""] {
            assert_eq!(clock().month_first(text.as_bytes()), None, "{text}");
        }
        assert_eq!(CivilClock::new(TimeZone::UTC, None).month_first(b"Nov 16 11:06:31"), None);
    }

    #[test]
    fn dates_with_the_day_first() {
        let (at, read) = clock().day_first(b"16 Nov 2022 11:06:31.123 * Ready").unwrap();
        assert_eq!((at, read), (MOMENT.plus(123), 24));
        assert_eq!(clock().day_first(b"16 Nov"), None);
    }
}
