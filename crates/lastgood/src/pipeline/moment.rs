//! Times as people write them in arguments. Which moment one means may depend on the zone and the end of the logs,
//! so it is read first and resolved when those are known. Times in logs are not read here.

use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use lastgood_model::{Said, UnixMs};

const DAY_MS: i64 = 86_400_000;

/// A time as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// With its zone: `2022-11-16T11:07:30+09:00`.
    Exactly(UnixMs),
    /// A date and a time in the zone of the answer: `2022-11-16 11:07`.
    Local(DateTime),
    /// A time of day in the zone of the answer, in milliseconds after midnight: `11:07`.
    Clock(i64),
    /// So many milliseconds before now: `-2h`.
    Before(i64),
}

/// A time that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: write 11:07, '2022-11-16 11:07:30', 2022-11-16T11:07:30+09:00 or -2h")]
pub struct NotATime(String);

impl FromStr for Moment {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let text = text.trim();
        before(text)
            .or_else(|| text.parse::<Timestamp>().ok().map(|moment| Self::Exactly(UnixMs(moment.as_millisecond()))))
            .or_else(|| clock(text))
            .or_else(|| local(text))
            .ok_or_else(|| NotATime(text.to_owned()))
    }
}

impl Moment {
    /// Reads the time that a sentence begins with: `11:07 AMI of the instance`. The rest is handed back.
    ///
    /// # Errors
    /// If it begins with none.
    pub fn leading(text: &str) -> Result<(Self, &str), NotATime> {
        let text = text.trim();
        let spaces = text.match_indices(' ').map(|(at, _)| at).chain([text.len()]);
        // A date and its time are two words; one is tried after two.
        let mut ends: Vec<usize> = spaces.take(2).collect();
        ends.reverse();
        ends.into_iter()
            .find_map(|end| {
                let (time, rest) = text.split_at(end);
                time.parse().ok().map(|moment| (moment, rest.trim()))
            })
            .ok_or_else(|| NotATime(text.to_owned()))
    }

    /// As diagnosis takes it. `now` is the end of the logs, or the clock when live; the zone lies `offset_s` seconds
    /// east of UTC.
    #[must_use]
    pub fn said(self, now: UnixMs, offset_s: i32) -> Said {
        match self {
            Self::Exactly(moment) => Said::Exactly(moment),
            Self::Local(written) => Said::Exactly(in_zone(written, offset_s)),
            Self::Clock(after_midnight) => Said::Clock(after_midnight),
            Self::Before(ms) => Said::Exactly(now.plus(-ms)),
        }
    }

    /// As a bound of the stretch that is looked at: a time of day lies on the last day of the data.
    #[must_use]
    pub fn bound(self, now: UnixMs, offset_s: i32) -> UnixMs {
        match self {
            Self::Exactly(moment) => moment,
            Self::Local(written) => in_zone(written, offset_s),
            Self::Before(ms) => now.plus(-ms),
            Self::Clock(after_midnight) => {
                let offset = i64::from(offset_s) * 1000;
                let midnight = now.plus(offset).0.div_euclid(DAY_MS).saturating_mul(DAY_MS);
                UnixMs(midnight).plus(after_midnight).plus(-offset)
            }
        }
    }

    /// The moment, if it does not depend on anything that only the logs can tell.
    #[must_use]
    pub const fn known(self) -> Option<UnixMs> {
        match self {
            Self::Exactly(moment) => Some(moment),
            _ => None,
        }
    }
}

fn in_zone(written: DateTime, offset_s: i32) -> UnixMs {
    let zone = Offset::from_seconds(offset_s).map_or(TimeZone::UTC, TimeZone::fixed);
    // Fixed offsets have no gaps; what is left is the year 9999.
    zone.to_timestamp(written).map_or(UnixMs::MAX, |moment| UnixMs(moment.as_millisecond()))
}

/// `-2h`, `-90m`, `-1h30m`.
fn before(text: &str) -> Option<Moment> {
    let duration: SignedDuration = text.strip_prefix('-')?.parse().ok()?;
    let ms = i64::try_from(duration.as_millis()).ok()?;
    (ms >= 0).then_some(Moment::Before(ms))
}

fn clock(text: &str) -> Option<Moment> {
    // Jiff also reads `11` and `T11`: a number is not yet a time.
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.contains(':') || text.contains([' ', '-', '+', 'Z']) {
        return None;
    }
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
    let time: Time = padded.parse().ok()?;
    let seconds = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    Some(Moment::Clock(seconds * 1000 + i64::from(time.subsec_nanosecond()) / 1_000_000))
}

fn local(text: &str) -> Option<Moment> {
    if !text.contains(':') || text.contains(['Z', '+', '[']) {
        return None;
    }
    text.parse().ok().map(Moment::Local)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KST: i32 = 9 * 3600;
    /// 2022-11-16T11:07:30+09:00
    const ONSET: UnixMs = UnixMs(1_668_564_450_000);

    #[test]
    fn every_documented_way_to_write_a_time_is_read() {
        for (text, moment) in [
            ("2022-11-16T11:07:30+09:00", Moment::Exactly(ONSET)),
            ("2022-11-16T02:07:30Z", Moment::Exactly(ONSET)),
            ("2022-11-16 02:07:30Z", Moment::Exactly(ONSET)),
            ("2022-11-16 11:07:30", Moment::Local(jiff::civil::date(2022, 11, 16).at(11, 7, 30, 0))),
            ("2022-11-16 11:07", Moment::Local(jiff::civil::date(2022, 11, 16).at(11, 7, 0, 0))),
            ("2022-11-16T11:07", Moment::Local(jiff::civil::date(2022, 11, 16).at(11, 7, 0, 0))),
            ("11:07", Moment::Clock(40_020_000)),
            (" 9:05 ", Moment::Clock(32_700_000)),
            ("11:07:30.250", Moment::Clock(40_050_250)),
            ("-2h", Moment::Before(7_200_000)),
            ("-90m", Moment::Before(5_400_000)),
        ] {
            assert_eq!(text.parse(), Ok(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_ways_that_are() {
        for text in ["", "11", "noon", "25:00", "11:60", "2022-13-01 11:07", "2022-11-16", "--2h", "2h", "-", "11:07 AMI"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_sentence_may_begin_with_a_time() {
        let rest = |text| Moment::leading(text).unwrap();
        assert_eq!(rest("11:07 AMI of the instance"), (Moment::Clock(40_020_000), "AMI of the instance"));
        let date = Moment::Local(jiff::civil::date(2022, 11, 16).at(11, 7, 0, 0));
        assert_eq!(rest("2022-11-16 11:07 AMI"), (date, "AMI"));
        assert_eq!(rest("2022-11-16T11:07:30+09:00 AMI"), (Moment::Exactly(ONSET), "AMI"));
        assert_eq!(rest("-2h deploy"), (Moment::Before(7_200_000), "deploy"));
        assert_eq!(rest("11:07"), (Moment::Clock(40_020_000), ""));
        assert!(Moment::leading("AMI at 11:07").is_err());
    }

    #[test]
    fn bounds_without_a_date_lie_on_the_last_day_of_the_data() {
        let end = ONSET.plus(6 * 3_600_000);
        assert_eq!(Moment::Clock(40_050_000).bound(end, KST), ONSET);
        assert_eq!(Moment::Before(6 * 3_600_000).bound(end, KST), ONSET);
        let local = Moment::Local(jiff::civil::date(2022, 11, 16).at(11, 7, 30, 0));
        assert_eq!(local.bound(end, KST), ONSET);
        assert_eq!(local.said(end, KST), Said::Exactly(ONSET));
    }
}
