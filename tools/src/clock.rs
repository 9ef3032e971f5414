//! Civil time at a fixed offset, for writing generated log lines.
//! It is not a time-zone database: an incident generated here never meets a clock change.

use std::io::Write as _;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;
/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60_000;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A fixed offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Seconds east of UTC.
    pub offset_s: i32,
}

/// A broken-down local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, four digits.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: u32,
    /// Day of the month, from 1.
    pub day: u32,
    /// Hour, 0 to 23.
    pub hour: u32,
    /// Minute.
    pub minute: u32,
    /// Second.
    pub second: u32,
}

impl Zone {
    /// UTC itself.
    pub const UTC: Self = Self { offset_s: 0 };

    /// A zone of whole minutes east of UTC.
    #[must_use]
    pub const fn minutes(east: i32) -> Self {
        Self { offset_s: east * 60 }
    }

    /// The instant of a local time, in milliseconds since the epoch.
    #[must_use]
    pub const fn at(self, date: (i64, u32, u32), hour: u32, minute: u32, second: u32) -> i64 {
        let days = days_from_civil(date.0, date.1, date.2);
        let seconds = days * 86_400 + hour as i64 * 3_600 + minute as i64 * 60 + second as i64;
        (seconds - self.offset_s as i64) * 1_000
    }

    /// The local time of an instant.
    #[must_use]
    pub const fn civil(self, ms: i64) -> Civil {
        let local = ms.div_euclid(1_000) + self.offset_s as i64;
        let (year, month, day) = civil_from_days(local.div_euclid(86_400));
        let of_day = local.rem_euclid(86_400) as u32;
        Civil { year, month, day, hour: of_day / 3_600, minute: of_day / 60 % 60, second: of_day % 60 }
    }

    /// `16/Nov/2022:11:04:56 +0900`, as in an access log.
    pub fn write_clf(self, ms: i64, out: &mut Vec<u8>) {
        let c = self.civil(ms);
        let month = MONTHS[c.month as usize - 1];
        append(
            out,
            format_args!(
                "{:02}/{month}/{:04}:{:02}:{:02}:{:02} {}",
                c.day,
                c.year,
                c.hour,
                c.minute,
                c.second,
                self.suffix("")
            ),
        );
    }

    /// `2022/11/16 11:07:41`, as in an nginx error log, which has no zone.
    pub fn write_error(self, ms: i64, out: &mut Vec<u8>) {
        let c = self.civil(ms);
        append(
            out,
            format_args!("{:04}/{:02}/{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second),
        );
    }

    /// `Nov  6 11:04:56`, as syslog writes it: no year, no zone, the day padded with a space.
    #[must_use]
    pub fn syslog(self, ms: i64) -> String {
        let c = self.civil(ms);
        format!("{} {:2} {:02}:{:02}:{:02}", MONTHS[c.month as usize - 1], c.day, c.hour, c.minute, c.second)
    }

    /// `2022-11-16T11:04:56+09:00`, as nginx's `$time_iso8601`.
    #[must_use]
    pub fn iso(self, ms: i64) -> String {
        let (whole, fraction_and_offset) = (self.rfc3339(ms), 19..23);
        format!("{}{}", &whole[..fraction_and_offset.start], &whole[fraction_and_offset.end..])
    }

    /// `2022-11-16T02:04:56.007`: UTC with milliseconds and without a zone's mark, for those who add digits and a `Z`.
    #[must_use]
    pub fn utc_millis(ms: i64) -> String {
        let mut text = Self::UTC.rfc3339(ms);
        text.truncate(23);
        text
    }

    /// RFC 3339 with milliseconds and the offset.
    #[must_use]
    pub fn rfc3339(self, ms: i64) -> String {
        let c = self.civil(ms);
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}",
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            ms.rem_euclid(1_000),
            self.suffix(":")
        )
    }

    /// `20221116`, as in the name of a file rotated with `dateext`.
    #[must_use]
    pub fn date_stamp(self, ms: i64) -> String {
        let c = self.civil(ms);
        format!("{:04}{:02}{:02}", c.year, c.month, c.day)
    }

    fn suffix(self, separator: &str) -> String {
        let sign = if self.offset_s < 0 { '-' } else { '+' };
        let minutes = self.offset_s.abs() / 60;
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }
}

/// Appends formatted text; writing to a vector cannot fail, so there is no error to hand on.
pub fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "a vector takes every byte");
}

/// Days since 1970-01-01 (Howard Hinnant's algorithm).
const fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let shifted = (month as i64 + 9) % 12;
    let of_year = (153 * shifted + 2) / 5 + day as i64 - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of `days_from_civil`.
const fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096).div_euclid(365);
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_jiff_over_many_days() {
        let zone = Zone::minutes(540);
        let offset = jiff::tz::Offset::from_seconds(zone.offset_s).unwrap();
        for step in 0..4_000_i64 {
            let ms = step * 37 * HOUR_MS + step * 1_013;
            let expected = offset.to_datetime(jiff::Timestamp::from_millisecond(ms).unwrap());
            let got = zone.civil(ms);
            assert_eq!(i64::from(expected.year()), got.year);
            assert_eq!(expected.month() as u32, got.month);
            assert_eq!(expected.day() as u32, got.day);
            assert_eq!(expected.hour() as u32, got.hour);
            assert_eq!(expected.second() as u32, got.second);
            let date = (got.year, got.month, got.day);
            let back = zone.at(date, got.hour, got.minute, got.second);
            assert_eq!(back, ms - ms.rem_euclid(1_000));
        }
    }

    #[test]
    fn writes_the_three_forms() {
        let zone = Zone::minutes(540);
        let ms = zone.at((2022, 11, 16), 11, 4, 56) + 7;
        let mut out = Vec::new();
        zone.write_clf(ms, &mut out);
        assert_eq!(out, b"16/Nov/2022:11:04:56 +0900");
        out.clear();
        zone.write_error(ms, &mut out);
        assert_eq!(out, b"2022/11/16 11:04:56");
        assert_eq!(zone.rfc3339(ms), "2022-11-16T11:04:56.007+09:00");
        assert_eq!(Zone::minutes(-210).rfc3339(0), "1969-12-31T20:30:00.000-03:30");
    }
}
