//! Times in the one zone of an answer. Zones as typed are read in `said`; times in logs in `lastgood-intake`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use lastgood_model::UnixMs;

/// Shows moments in a zone that is a fixed number of seconds east of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    offset: Offset,
}

impl Clock {
    /// For a zone `offset_s` seconds east of UTC; one that cannot exist is taken as UTC.
    #[must_use]
    pub fn new(offset_s: i32) -> Self {
        Self { offset: Offset::from_seconds(offset_s).unwrap_or(Offset::UTC) }
    }

    fn civil(self, at: UnixMs) -> DateTime {
        Timestamp::from_millisecond(at.0).map_or(DateTime::default(), |stamp| self.offset.to_datetime(stamp))
    }

    /// `2022-11-16`.
    #[must_use]
    pub fn date(self, at: UnixMs) -> String {
        self.civil(at).date().to_string()
    }

    /// `11:07:00`.
    #[must_use]
    pub fn time(self, at: UnixMs) -> String {
        let time = self.civil(at).time();
        format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
    }

    /// `11:07`.
    #[must_use]
    pub fn minute(self, at: UnixMs) -> String {
        let time = self.civil(at).time();
        format!("{:02}:{:02}", time.hour(), time.minute())
    }

    /// `2022-11-16 11:07:00`.
    #[must_use]
    pub fn full(self, at: UnixMs) -> String {
        format!("{} {}", self.date(at), self.time(at))
    }

    /// The time alone on the day of `day`, else with its date.
    #[must_use]
    pub fn beside(self, at: UnixMs, day: UnixMs) -> String {
        if self.civil(at).date() == self.civil(day).date() { self.time(at) } else { self.full(at) }
    }

    /// `2022-11-16T11:07:00+09:00`, with milliseconds where there are any.
    #[must_use]
    pub fn rfc3339(self, at: UnixMs) -> String {
        let ms = at.0.rem_euclid(1000);
        let fraction = if ms == 0 { String::new() } else { format!(".{ms:03}") };
        format!("{}T{}{fraction}{}", self.date(at), self.time(at), self.zone())
    }

    /// `+09:00`.
    #[must_use]
    pub fn zone(self) -> String {
        let minutes = self.offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }

    /// The beginning of the step of `step_ms` that holds a moment, with steps counted from this zone's midnight.
    #[must_use]
    pub fn step(self, at: UnixMs, step_ms: i64) -> UnixMs {
        let offset = i64::from(self.offset.seconds()) * 1000;
        let local = at.plus(offset).0;
        UnixMs(local - local.rem_euclid(step_ms.max(1))).plus(-offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_moment_in_its_zone() {
        let (clock, at) = (Clock::new(9 * 3600), UnixMs(1_668_564_420_250));
        assert_eq!(clock.full(at), "2022-11-16 11:07:00");
        assert_eq!(clock.rfc3339(at), "2022-11-16T11:07:00.250+09:00");
        assert_eq!(Clock::new(-12_600).rfc3339(UnixMs(1_668_564_420_000)), "2022-11-15T22:37:00-03:30");
        assert_eq!(clock.beside(at, at.plus(60_000)), "11:07:00");
        assert_eq!(clock.beside(at, at.plus(-86_400_000)), "2022-11-16 11:07:00");
        assert_eq!(clock.step(at, 300_000), UnixMs(1_668_564_300_000));
        assert_eq!(clock.zone(), "+09:00");
    }

    #[test]
    fn no_moment_is_too_far() {
        let clock = Clock::new(0);
        assert_eq!(clock.date(UnixMs::MAX), clock.date(UnixMs::MIN));
    }
}
