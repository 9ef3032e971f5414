//! Points and stretches of time. Not a calendar: zones and formats belong to the edges.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMs(pub i64);

impl UnixMs {
    /// Earlier than anything a log can say.
    pub const MIN: Self = Self(i64::MIN);
    /// Later than anything a log can say.
    pub const MAX: Self = Self(i64::MAX);

    /// From whole seconds since 1970.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds from `earlier` to `self`; negative when `self` is the earlier one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This moment moved by `ms` milliseconds, never wrapping.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// A stretch of time, both ends included. `from <= to` always holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    from: UnixMs,
    to: UnixMs,
}

impl Span {
    /// All of time.
    pub const ALL: Self = Self { from: UnixMs::MIN, to: UnixMs::MAX };

    /// The stretch between two moments, given in any order.
    #[must_use]
    pub fn new(a: UnixMs, b: UnixMs) -> Self {
        Self { from: a.min(b), to: a.max(b) }
    }

    /// A single moment.
    #[must_use]
    pub const fn at(moment: UnixMs) -> Self {
        Self { from: moment, to: moment }
    }

    /// First moment.
    #[must_use]
    pub const fn from(self) -> UnixMs {
        self.from
    }

    /// Last moment.
    #[must_use]
    pub const fn to(self) -> UnixMs {
        self.to
    }

    /// Length in milliseconds.
    #[must_use]
    pub const fn length_ms(self) -> i64 {
        self.to.since(self.from)
    }

    /// Whether the moment lies inside, ends included.
    #[must_use]
    pub fn contains(self, moment: UnixMs) -> bool {
        self.from <= moment && moment <= self.to
    }

    /// Whether two stretches share a moment.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.from <= other.to && other.from <= self.to
    }

    /// The smallest stretch that holds both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }
}

/// A time as a person says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A full date and time.
    Exactly(UnixMs),
    /// Only a time of day, in milliseconds after midnight of the output zone.
    Clock(i64),
}

impl Said {
    /// The moment meant: a time of day is the first such time at or after midnight of the day of `onset`
    /// (in a zone `offset_s` seconds east of UTC) that does not lie before `data_begins`.
    #[must_use]
    pub fn resolve(self, onset: UnixMs, data_begins: UnixMs, offset_s: i32) -> UnixMs {
        const DAY: i64 = 86_400_000;
        match self {
            Self::Exactly(moment) => moment,
            Self::Clock(after_midnight) => {
                let offset = i64::from(offset_s) * 1000;
                let midnight =
                    onset.0.saturating_add(offset).div_euclid(DAY).saturating_mul(DAY).saturating_sub(offset);
                let first = UnixMs(midnight.saturating_add(after_midnight));
                if first < data_begins { first.plus(DAY) } else { first }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_lies_on_the_day_of_the_onset() {
        let kst = 9 * 3600;
        let onset = UnixMs::from_seconds(1_668_564_450); // 2022-11-16T11:07:30+09:00
        let noticed = Said::Clock((12 * 60 + 57) * 60_000).resolve(onset, onset.plus(-3_600_000), kst);
        assert_eq!(noticed.since(onset), (110 * 60 - 30) * 1000);
    }

    #[test]
    fn a_time_of_day_before_the_data_is_the_next_day() {
        let onset = UnixMs::from_seconds(1_668_564_450);
        let said = Said::Clock(60_000).resolve(onset, onset.plus(-3_600_000), 0);
        assert!(said > onset);
    }
}
