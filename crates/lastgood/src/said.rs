//! Times, durations and zones as a person types them. What a time of day means is known only after
//! reading: until then it stays a [`Moment`]. Times in logs are read elsewhere.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};
use lastgood_model::{Said, UnixMs};

const DAY_MS: i64 = 86_400_000;

/// A time as typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// With date, time and zone.
    Exactly(UnixMs),
    /// With date and time, in the zone of the answer: milliseconds as if that zone were UTC.
    Local(i64),
    /// A time of day, in milliseconds after midnight.
    Clock(i64),
    /// So many milliseconds before now.
    Ago(i64),
}

impl Moment {
    /// Reads RFC 3339, `YYYY-MM-DD HH:MM[:SS]`, `HH:MM[:SS]` or `-2h`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.starts_with('-') {
            return ago(text).map(Self::Ago);
        }
        if let Ok(stamp) = text.parse::<Timestamp>() {
            return Some(Self::Exactly(UnixMs(stamp.as_millisecond())));
        }
        if let Some((date, time)) = text.split_once([' ', 'T', 't']) {
            let moment = DateTime::from_parts(date.parse::<Date>().ok()?, clock(time.trim_start())?);
            let stamp = Offset::UTC.to_timestamp(moment).ok()?;
            return Some(Self::Local(stamp.as_millisecond()));
        }
        clock(text).map(|time| Self::Clock(whole_ms(time.duration_since(Time::midnight()))))
    }

    /// As the diagnosis takes it: a time of day stays one until the onset is known.
    #[must_use]
    pub fn said(self, now: UnixMs, offset_s: i32) -> Said {
        match self {
            Self::Exactly(moment) => Said::Exactly(moment),
            Self::Local(local) => Said::Exactly(UnixMs(local).plus(-i64::from(offset_s) * 1000)),
            Self::Clock(after_midnight) => Said::Clock(after_midnight),
            Self::Ago(ms) => Said::Exactly(now.plus(-ms)),
        }
    }

    /// As a bound of what counts: a time of day lies on the last day of the data, which ends `now`.
    #[must_use]
    pub fn bound(self, now: UnixMs, offset_s: i32) -> UnixMs {
        match self.said(now, offset_s) {
            Said::Exactly(moment) => moment,
            Said::Clock(after_midnight) => {
                let offset = i64::from(offset_s) * 1000;
                let midnight = now.plus(offset).0.div_euclid(DAY_MS) * DAY_MS;
                UnixMs(midnight).plus(after_midnight - offset)
            }
        }
    }
}

/// `HH:MM[:SS]`, nothing looser: `1107` or `11` would be a guess.
fn clock(text: &str) -> Option<Time> {
    let plain = text.split_once(':').is_some_and(|(hours, _)| (1..=2).contains(&hours.len()));
    if !plain || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':' || byte == b'.') {
        return None;
    }
    let padded = if text.as_bytes().get(1) == Some(&b':') { format!("0{text}") } else { text.to_owned() };
    padded.parse().ok()
}

/// `-2h`, `-1d 6h`; a day has 24 hours.
fn ago(text: &str) -> Option<i64> {
    let span: jiff::Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    duration.is_negative().then(|| whole_ms(-duration))
}

fn whole_ms(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// `11:07 AMI of the instance`: a time, then what was changed.
#[must_use]
pub fn change(text: &str) -> Option<(Moment, Arc<str>)> {
    let text = text.trim();
    let ends = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(index, _)| index);
    // The longest beginning that is a time: `2022-11-16 11:07 AMI` must not be read as a date and a text.
    let splits = ends.take(4).map(|end| (text.get(..end), text.get(end..)));
    splits
        .filter_map(|(time, what)| Some((Moment::parse(time?)?, what?.trim())))
        .filter(|(_, what)| !what.is_empty())
        .last()
        .map(|(moment, what)| (moment, what.into()))
}

/// A duration in milliseconds: `30s`, `2m`, `1h 30m`; a bare number is seconds.
#[must_use]
pub fn duration_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1000);
    }
    let span: jiff::Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (!duration.is_negative()).then(|| whole_ms(duration))
}

/// A size in bytes: `200M`, `2G`, `512k`, in powers of 1000.
#[must_use]
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches(['B', 'b']);
    let (number, unit) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (text.get(..at)?, 1_000),
        (at, 'm' | 'M') => (text.get(..at)?, 1_000_000),
        (at, 'g' | 'G') => (text.get(..at)?, 1_000_000_000),
        _ => (text, 1),
    };
    number.trim().parse::<u64>().ok()?.checked_mul(unit)
}

/// A zone: `Asia/Seoul`, `+09:00`, `+0900`, `UTC`.
#[must_use]
pub fn zone(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    if ["z", "utc", "gmt"].contains(&text.to_ascii_lowercase().as_str()) {
        return Some(TimeZone::UTC);
    }
    let Some(sign) = text.strip_prefix('+').map(|_| 1).or_else(|| text.strip_prefix(['-', '−']).map(|_| -1)) else {
        return TimeZone::get(text).ok();
    };
    let digits: String = text.chars().skip(1).filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?),
        _ => return None,
    };
    let known = digits.bytes().all(|byte| byte.is_ascii_digit()) && hours <= 15 && minutes < 60;
    known.then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().map(TimeZone::fixed))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_668_573_300_000); // 2022-11-16T13:35:00+09:00
    const KST: i32 = 9 * 3600;

    fn bound(text: &str) -> Option<String> {
        let moment = Moment::parse(text)?.bound(NOW, KST);
        let stamp = Timestamp::from_millisecond(moment.0).ok()?;
        Some(Offset::from_seconds(KST).ok()?.to_datetime(stamp).to_string())
    }

    #[test]
    fn reads_every_form_that_a_person_may_type() {
        for (typed, meant) in [
            ("2022-11-16T11:07:00+09:00", "2022-11-16T11:07:00"),
            ("2022-11-16T02:07:00Z", "2022-11-16T11:07:00"),
            ("2022-11-16 02:07:00.5Z", "2022-11-16T11:07:00.5"),
            ("2022-11-15 11:07", "2022-11-15T11:07:00"),
            ("2022-11-15T11:07:09", "2022-11-15T11:07:09"),
            ("11:07", "2022-11-16T11:07:00"),
            ("9:07", "2022-11-16T09:07:00"),
            (" 11:07:09 ", "2022-11-16T11:07:09"),
            ("-2h", "2022-11-16T11:35:00"),
            ("-1d 30m", "2022-11-15T13:05:00"),
        ] {
            assert_eq!(bound(typed).as_deref(), Some(meant), "{typed}");
        }
    }

    #[test]
    fn refuses_what_would_be_a_guess() {
        for typed in ["", "11", "1107", "yesterday", "11:07pm", "25:00", "2022-11-16", "2022-13-01 10:00", "2h", "-"] {
            assert_eq!(Moment::parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_time_of_day_stays_one_until_the_onset_is_known() {
        assert_eq!(Moment::parse("12:57").map(|m| m.said(NOW, KST)), Some(Said::Clock((12 * 60 + 57) * 60_000)));
    }

    #[test]
    fn a_reported_change_is_a_time_and_words() {
        let words = |text| change(text).map(|(moment, what)| (moment, what.to_string()));
        let clock = Moment::Clock((11 * 60 + 7) * 60_000);
        assert_eq!(words("11:07 AMI of the instance"), Some((clock, "AMI of the instance".into())));
        assert_eq!(words("11:07 인스턴스 AMI 생성"), Some((clock, "인스턴스 AMI 생성".into())));
        let local = Moment::parse("2022-11-16 11:07").unwrap();
        assert_eq!(words("2022-11-16 11:07 AMI"), Some((local, "AMI".into())));
        assert_eq!(words("-2h new certificate"), Some((Moment::Ago(7_200_000), "new certificate".into())));
        for wrong in ["AMI at 11:07", "11:07", "11:07 ", ""] {
            assert_eq!(words(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_and_zones() {
        assert_eq!(duration_ms("30s"), Some(30_000));
        assert_eq!(duration_ms("45"), Some(45_000));
        assert_eq!(duration_ms("1h 30m"), Some(5_400_000));
        assert_eq!(duration_ms("-30s"), None);
        assert_eq!(duration_ms("soon"), None);
        assert_eq!(
            ["200M", "2 GB", "7", "M", "1.5G"].map(size),
            [Some(200_000_000), Some(2_000_000_000), Some(7), None, None]
        );
        let offset = |text: &str| zone(text).and_then(|zone| Some(zone.to_fixed_offset().ok()?.seconds()));
        assert_eq!(offset("+09:00"), Some(KST));
        assert_eq!(offset("+9"), Some(KST));
        assert_eq!(offset("-0330"), Some(-12_600));
        assert_eq!(offset("utc"), Some(0));
        assert!(zone("Asia/Seoul").is_some());
        for wrong in ["Seoul", "+25:00", "+09:60", "", "KST?"] {
            assert!(zone(wrong).is_none(), "{wrong}");
        }
    }
}
