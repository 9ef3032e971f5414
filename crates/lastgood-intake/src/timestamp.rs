//! Times as servers write them, read by hand, with the last minute remembered: neighbouring lines share it.
//! Not a general date parser; a time that is not a real date is `None`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use lastgood_model::UnixMs;

/// Length of `16/Nov/2022:11:04:56 +0900`.
pub const LOCAL_LEN: usize = 26;
/// Length of `16/Nov/2022:11:04:56`, the part that marks a time when searching for one.
const LOCAL_HEAD: usize = 20;
/// Length of `2026-11-21T19:25:05`.
const ISO_HEAD: usize = 19;
/// Length of `2026/11/21 19:25:05`.
pub const ERROR_LEN: usize = 19;

/// A moment and the offset it was written in, in seconds east of UTC.
pub type Stamp = (UnixMs, i32);

/// Reads times. Keep one per file: it remembers the last minute.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    /// The text up to the minute, and the seconds since 1970 as if it were UTC.
    minute: ([u8; 17], i64),
    /// The same for times without a zone, with the offset that the zone had then.
    zoned: Option<([u8; 17], i64, i32)>,
}

impl Clock {
    /// A reader whose times without a zone are in `zone`.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        Self { zone, minute: (*b"01/Jan/1970:00:00", 0), zoned: None }
    }

    /// `16/Nov/2022:11:04:56 +0900`, as in `$time_local`.
    #[inline]
    pub fn local(&mut self, text: &[u8]) -> Option<Stamp> {
        let text: &[u8; LOCAL_LEN] = text.try_into().ok()?;
        let (minute, rest) = text.split_first_chunk::<17>()?;
        if *minute != self.minute.0 {
            let civil = day_first(minute)?;
            self.minute = (*minute, civil);
        }
        // rest: `:56 +0900`
        if rest[0] != b':' || rest[3] != b' ' {
            return None;
        }
        let offset = offset(rest[4], two(rest[5], rest[6])?, two(rest[7], rest[8])?)?;
        Some((UnixMs::from_seconds(self.minute.1 + second(rest[1], rest[2])? - i64::from(offset)), offset))
    }

    /// `2026-11-21T19:25:05+00:00`, `…+0000` or `…Z`, as in `$time_iso8601`; also with a fraction of the second.
    #[inline]
    pub fn iso8601(&mut self, text: &[u8]) -> Option<Stamp> {
        let (minute, rest) = text.split_first_chunk::<16>()?;
        if minute[..] != self.minute.0[..16] || self.minute.0[16] != 0 {
            if [minute[4], minute[7], minute[10], minute[13]] != *b"--T:" {
                return None;
            }
            let mut key = [0; 17];
            key[..16].copy_from_slice(minute);
            self.minute = (key, year_first(minute)?);
        }
        let (&[colon, tens, ones], rest) = rest.split_first_chunk()?;
        let (ms, zone) = fraction(rest)?;
        let offset = match zone {
            [b'Z'] => 0,
            [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => offset(*sign, two(*h1, *h2)?, two(*m1, *m2)?)?,
            _ => return None,
        };
        if colon != b':' {
            return None;
        }
        let seconds = self.minute.1 + second(tens, ones)? - i64::from(offset);
        Some((UnixMs::from_seconds(seconds).plus(ms), offset))
    }

    /// `1668564450.123`, as in `$msec`, or a whole number of seconds, milliseconds or microseconds since 1970. The offset
    /// is that of the reader's zone.
    pub fn msec(&mut self, text: &[u8]) -> Option<Stamp> {
        let ms = match (text.iter().position(|byte| *byte == b'.'), text.len()) {
            (Some(dot @ 1..=11), len) if len == dot + 4 => {
                number(&text[..dot])?.checked_mul(1000)?.checked_add(number(&text[dot + 1..])?)?
            }
            (None, 10) => number(text)? * 1000,
            (None, 13) => number(text)?,
            (None, 16) => number(text)? / 1000,
            _ => return None,
        };
        self.at(UnixMs(i64::try_from(ms).ok()?))
    }

    /// A moment that is known, with the offset that the reader's zone had then.
    pub(crate) fn at(&self, at: UnixMs) -> Option<Stamp> {
        let offset = self.zone.to_offset(Timestamp::from_millisecond(at.0).ok()?);
        Some((at, offset.seconds()))
    }

    /// `2026/11/21 19:25:05`, as in an nginx error log: no zone, so the reader's. Where clocks were put back the
    /// earlier of the two moments is taken.
    #[inline]
    pub fn error_log(&mut self, text: &[u8]) -> Option<Stamp> {
        let text: &[u8; ERROR_LEN] = text.try_into().ok()?;
        let (minute, rest) = text.split_first_chunk::<16>()?;
        let mut key = [0; 17];
        key[..16].copy_from_slice(minute);
        let marks = [minute[4], minute[7], minute[10], minute[13]] == *b"// :";
        let (begin, offset) = self.zoned(key, || marks.then(|| year_first(minute)).flatten())?;
        if rest[0] != b':' {
            return None;
        }
        Some((UnixMs::from_seconds(begin + second(rest[1], rest[2])?), offset))
    }

    /// `06/Feb/2009:12:14:14.655`, as HAProxy writes it: no zone, so the reader's.
    pub fn local_without_zone(&mut self, text: &[u8]) -> Option<Stamp> {
        let (minute, rest) = text.split_first_chunk::<17>()?;
        let (begin, offset) = self.zoned(*minute, || day_first(minute))?;
        let (&[colon, tens, ones], rest) = rest.split_first_chunk()?;
        let (ms, rest) = fraction(rest)?;
        let whole = colon == b':' && rest.is_empty();
        whole.then_some((UnixMs::from_seconds(begin + second(tens, ones)?).plus(ms), offset))
    }

    /// `Fri Sep 09 10:42:29.902022 2011`, as in Apache's error log: no zone, so the reader's.
    pub fn weekday_first(&mut self, text: &[u8]) -> Option<Stamp> {
        let (rest, year) = text.split_last_chunk::<5>()?;
        // `Sep 09 10:42`, and `:29.902022` behind it.
        let (minute, second_of) = rest.get(4..)?.split_first_chunk::<12>()?;
        let mut key = [0; 17];
        key[..12].copy_from_slice(minute);
        key[12..].copy_from_slice(year);
        let (begin, offset) = self.zoned(key, || {
            let marks = [minute[3], minute[6], minute[9], year[0]] == *b"  : ";
            let tens = if minute[4] == b' ' { b'0' } else { minute[4] };
            let civil = civil(
                four([year[1], year[2], year[3], year[4]])?,
                month([minute[0], minute[1], minute[2]])?,
                two(tens, minute[5])?,
                two(minute[7], minute[8])?,
                two(minute[10], minute[11])?,
            )?;
            marks.then_some(civil)
        })?;
        let (&[colon, tens, ones], rest) = second_of.split_first_chunk()?;
        let (ms, rest) = fraction(rest)?;
        let whole = colon == b':' && rest.is_empty();
        whole.then_some((UnixMs::from_seconds(begin + second(tens, ones)?).plus(ms), offset))
    }

    /// When a minute of the reader's zone began, and the offset that it had then; `civil` reads the text.
    #[inline]
    fn zoned(&mut self, minute: [u8; 17], civil: impl FnOnce() -> Option<i64>) -> Option<(i64, i32)> {
        if let Some((known, begin, offset)) = self.zoned
            && known == minute
        {
            return Some((begin, offset));
        }
        let civil: DateTime = Offset::UTC.to_datetime(Timestamp::from_second(civil()?).ok()?);
        let begin = self.zone.to_ambiguous_timestamp(civil).compatible().ok()?;
        let offset = self.zone.to_offset(begin).seconds();
        self.zoned = Some((minute, begin.as_second(), offset));
        Some((begin.as_second(), offset))
    }
}

/// Where a `16/Nov/2022:11:04:56` begins in `text`, at or after `from`.
#[must_use]
pub fn find_local(text: &[u8], from: usize) -> Option<usize> {
    let begin = from.checked_add(2)?;
    memchr::memchr_iter(b'/', text.get(begin..)?).map(|slash| begin + slash - 2).find(|&start| {
        text.get(start..start + LOCAL_HEAD).is_some_and(|t| {
            t[6] == b'/'
                && [t[11], t[14], t[17]] == *b":::"
                && month([t[3], t[4], t[5]]).is_some()
                && [0, 1, 7, 8, 9, 10, 12, 13, 15, 16, 18, 19].iter().all(|&i: &usize| t[i].is_ascii_digit())
        })
    })
}

/// Where a `2026-11-21T19:25:05` begins in `text`, at or after `from`.
#[must_use]
pub fn find_iso8601(text: &[u8], from: usize) -> Option<usize> {
    let begin = from.checked_add(10)?;
    memchr::memchr_iter(b'T', text.get(begin..)?).map(|t| begin + t - 10).find(|&start| {
        text.get(start..start + ISO_HEAD).is_some_and(|t| {
            [t[4], t[7], t[13], t[16]] == *b"--::"
                && [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18].iter().all(|&i: &usize| t[i].is_ascii_digit())
        })
    })
}

/// `16/Nov/2022:11:04`, as seconds since 1970 if it were UTC.
fn day_first(minute: &[u8; 17]) -> Option<i64> {
    let begin = civil(
        four(minute[7..11].try_into().ok()?)?,
        month(minute[3..6].try_into().ok()?)?,
        two(minute[0], minute[1])?,
        two(minute[12], minute[13])?,
        two(minute[15], minute[16])?,
    )?;
    ([minute[2], minute[6], minute[11], minute[14]] == *b"//::").then_some(begin)
}

/// `2026-11-21T19:25` with any separators, as seconds since 1970 if it were UTC.
fn year_first(text: &[u8; 16]) -> Option<i64> {
    civil(
        four(text[..4].try_into().ok()?)?,
        two(text[5], text[6])?,
        two(text[8], text[9])?,
        two(text[11], text[12])?,
        two(text[14], text[15])?,
    )
}

/// Seconds since 1970 of a civil minute in UTC; `None` if there is no such day or minute.
fn civil(year: u16, month: u8, day: u8, hour: u8, minute: u8) -> Option<i64> {
    let signed = |n: u8| i8::try_from(n).ok();
    let date = Date::new(i16::try_from(year).ok()?, signed(month)?, signed(day)?).ok()?;
    if hour > 23 || minute > 59 {
        return None;
    }
    let midnight = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    Some(midnight.as_second() + i64::from(hour) * 3600 + i64::from(minute) * 60)
}

/// The milliseconds of `.186641Z`, none in `Z`, and what stands behind them.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let place = |place: usize| digits[..len].get(place).map_or(0, |digit| i64::from(digit - b'0'));
    (1..=9).contains(&len).then(|| (place(0) * 100 + place(1) * 10 + place(2), &digits[len..]))
}

fn offset(sign: u8, hours: u8, minutes: u8) -> Option<i32> {
    if hours > 18 || minutes > 59 {
        return None;
    }
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

fn second(tens: u8, ones: u8) -> Option<i64> {
    two(tens, ones).filter(|&s| s < 60).map(i64::from)
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

fn four(digits: [u8; 4]) -> Option<u16> {
    Some(u16::from(two(digits[0], digits[1])?) * 100 + u16::from(two(digits[2], digits[3])?))
}

fn month(name: [u8; 3]) -> Option<u8> {
    const NAMES: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    (1..=12).zip(NAMES).find(|(_, known)| **known == name).map(|(number, _)| number)
}

/// A decimal number of at most 19 digits and nothing else.
#[must_use]
pub fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0u64, |sum, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + u64::from(digit))
    })
}

/// Zones lie this far apart.
const QUARTER_MS: i64 = 900_000;
/// From a line's own time to that of whoever took it, at most.
const TAKEN_MS: i64 = 60_000;
/// No zone is farther from UTC.
const FARTHEST_MS: i64 = 14 * 3_600_000;

/// A time that was read in a zone that may not be its own, put right by when the line was taken, which is known: the two differ by zones
/// alone.
pub(crate) fn put_right(at: UnixMs, around: UnixMs) -> UnixMs {
    let apart = around.since(at);
    let zones = (apart + QUARTER_MS / 2).div_euclid(QUARTER_MS) * QUARTER_MS;
    let is_zone = zones.abs() <= FARTHEST_MS && (apart - zones).abs() <= TAKEN_MS;
    if is_zone { at.plus(zones) } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::new(TimeZone::fixed(Offset::constant(9)))
    }

    #[test]
    fn what_is_around_a_line_tells_its_zone() {
        let at = UnixMs::from_seconds(1_700_000_000);
        let hours = |hours: i64| at.plus(hours * 3_600_000);
        assert_eq!(put_right(hours(9), at), at, "written in Seoul, taken at once");
        assert_eq!(put_right(hours(-8), at.plus(700)), at, "and a moment later");
        assert_eq!(put_right(at, at.plus(5_000)), at, "no zone at all");
        assert_eq!(put_right(at, at.plus(240_000)), at, "read much later: nobody knows");
        assert_eq!(put_right(hours(-40), at), hours(-40), "another day");
    }

    #[test]
    fn local_times_in_mixed_offsets() {
        let mut clock = clock();
        let seoul = clock.local(b"16/Nov/2022:11:04:56 +0900").unwrap();
        let utc = clock.local(b"16/Nov/2022:02:04:56 +0000").unwrap();
        assert_eq!(seoul, (UnixMs::from_seconds(1_668_564_296), 32_400));
        assert_eq!(utc, (seoul.0, 0));
        assert_eq!(clock.local(b"16/Nov/2022:02:04:57 -0330").unwrap().1, -12_600);
        assert_eq!(clock.local(b"16/Nov/2022:02:04:57 +0000").unwrap().0.since(utc.0), 1000);
    }

    #[test]
    fn what_is_not_a_date_is_not_read() {
        let mut clock = clock();
        for text in [
            "31/Feb/2022:11:04:56 +0900",
            "16/Nox/2022:11:04:56 +0900",
            "16/Nov/2022:24:04:56 +0900",
            "16/Nov/2022:11:60:56 +0900",
            "16/Nov/2022:11:04:60 +0900",
            "16/Nov/2022:11:04:56 0900 ",
            "16/Nov/2022:11:04:56 +9900",
            "16/Nov/2022:11:04:56",
            "00/Nov/2022:11:04:56 +0900",
            "16-Nov-2022:11:04:56 +0900",
            "",
        ] {
            assert_eq!(clock.local(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn iso_and_epoch_times() {
        let mut clock = clock();
        let expected = UnixMs::from_seconds(1_668_564_296);
        assert_eq!(clock.iso8601(b"2022-11-16T11:04:56+09:00"), Some((expected, 32_400)));
        assert_eq!(clock.iso8601(b"2022-11-16T02:04:56Z"), Some((expected, 0)));
        assert_eq!(clock.iso8601(b"2022-11-16T11:04:56+0900"), Some((expected, 32_400)));
        assert_eq!(clock.iso8601(b"2022-11-16T02:04:56.186641Z"), Some((expected.plus(186), 0)));
        assert_eq!(clock.iso8601(b"2022-11-16T02:04:56.1+00:00"), Some((expected.plus(100), 0)));
        for text in ["2022-11-16T02:04:56.Z", "2022-11-16T02:04:56.1", "2022-11-16T02:04.56Z", "2022-11-16T02:04"] {
            assert_eq!(clock.iso8601(text.as_bytes()), None, "{text}");
        }
        assert_eq!(clock.iso8601(b"2022-11-16 02:04:56Z"), None);
        assert_eq!(clock.iso8601(b"2022-02-30T02:04:56Z"), None);
        assert_eq!(clock.msec(b"1668564296.123"), Some((expected.plus(123), 32_400)));
        assert_eq!(clock.msec(b"1668564296"), Some((expected, 32_400)));
        assert_eq!(clock.msec(b"1668564296123"), Some((expected.plus(123), 32_400)));
        assert_eq!(clock.msec(b"1668564296123456"), Some((expected.plus(123), 32_400)));
        assert_eq!(clock.msec(b"16685642961"), None);
        assert_eq!(clock.msec(b".123"), None);
        // Both forms share the remembered minute and must not be mistaken for each other.
        assert_eq!(clock.local(b"16/Nov/2022:11:04:56 +0900").unwrap().0, expected);
        assert_eq!(clock.iso8601(b"2022-11-16T11:04:56+09:00").unwrap().0, expected);
    }

    #[test]
    fn error_log_times_take_the_zone() {
        let mut clock = clock();
        assert_eq!(clock.error_log(b"2022/11/16 11:04:56"), Some((UnixMs::from_seconds(1_668_564_296), 32_400)));
        assert_eq!(clock.error_log(b"2022/11/16 11:04:57"), Some((UnixMs::from_seconds(1_668_564_297), 32_400)));
        assert_eq!(clock.error_log(b"2022/13/16 11:04:56"), None);
        assert_eq!(
            clock.weekday_first(b"Wed Nov 16 11:04:56 2022"),
            Some((UnixMs::from_seconds(1_668_564_296), 32_400))
        );
        assert_eq!(clock.weekday_first(b"Wed Nov 16 11:04:56.902022 2022"), Some((UnixMs(1_668_564_296_902), 32_400)));
        for text in
            ["Wed Nov 36 11:04:56 2022", "Wed Nov 16 11:04 2022", "Wed Nov 16 11:04:56 22", "Wed Nov 16T11:04:56 2022"]
        {
            assert_eq!(clock.weekday_first(text.as_bytes()), None, "{text}");
        }
        let half = UnixMs(1_668_564_296_500);
        assert_eq!(clock.local_without_zone(b"16/Nov/2022:11:04:56.500"), Some((half, 32_400)));
        assert_eq!(clock.error_log(b"2022/11/16 11:04:56"), Some((UnixMs::from_seconds(1_668_564_296), 32_400)));
        assert_eq!(clock.local_without_zone(b"16/Nov/2022:11:04:56"), Some((half.plus(-500), 32_400)));
        for text in
            ["31/Feb/2022:11:04:56.500", "16/Nov/2022:11:04:56.500 ", "16/Nov/2022:11:04", "16-Nov-2022:11:04:56"]
        {
            assert_eq!(clock.local_without_zone(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn times_are_found_in_text() {
        assert_eq!(find_local(b"a/b - - [16/Nov/2022:11:04:56 +0900] ", 0), Some(9));
        assert_eq!(find_local(b"16/Nov/2022:11:04:56", 0), Some(0));
        assert_eq!(find_local(b"16/Nov/2022:11:04:56", 1), None);
        assert_eq!(find_local(b"16/Nov/2022:11:04", 0), None);
        assert_eq!(find_iso8601(b"{\"time\":\"2022-11-16T02:04:56Z\"", 0), Some(9));
        assert_eq!(find_iso8601(b"", 5), None);
    }
}
