//! Counts per minute, segment and status class, read from the outputs of different tools.
//! Two tools did the same job if and only if these are equal, row by row.

use anyhow::{Context as _, Result, bail};
use std::collections::HashMap;

/// Requests by (minute since the epoch, first path segment, class such as `5xx`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    counts: HashMap<(i64, String, String), u64>,
}

impl Rows {
    /// From `lastgood timeline --per 1m --by segment,class --tsv`.
    pub fn of_lastgood(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or("");
        if head != "time\tsegment\tclass\trequests" {
            bail!("the header line is `{head}`");
        }
        let mut rows = Self::default();
        // Rows come in order of time, so one parsed time serves many of them.
        let mut known = (String::new(), 0);
        for line in lines {
            let [time, segment, class, requests] = fields(line)?;
            if time != known.0 {
                let at: jiff::Timestamp = time.parse().with_context(|| format!("time {time}"))?;
                known = (time.to_owned(), at.as_second().div_euclid(60));
            }
            rows.add(known.1, segment, class, requests)?;
        }
        Ok(rows)
    }

    /// From a rival's rows: minute as logged, segment, first digit of the status, requests.
    /// They do not tell the zone, so it is handed in, in seconds east of UTC.
    pub fn of_rival(text: &str, offset_s: i64) -> Result<Self> {
        let mut rows = Self::default();
        let mut known: HashMap<String, i64> = HashMap::new();
        for line in text.lines() {
            let [time, segment, class, requests] = fields(line)?;
            let minute = match known.get(time) {
                Some(minute) => *minute,
                None => {
                    let local = jiff::civil::DateTime::strptime("%d/%b/%Y:%H:%M", time)
                        .with_context(|| format!("minute {time}"))?;
                    let offset = jiff::tz::Offset::from_seconds(i32::try_from(offset_s)?)?;
                    let at = offset.to_timestamp(local)?.as_second().div_euclid(60);
                    known.insert(time.to_owned(), at);
                    at
                }
            };
            rows.add(minute, segment, &format!("{class}xx"), requests)?;
        }
        Ok(rows)
    }

    fn add(&mut self, minute: i64, segment: &str, class: &str, requests: &str) -> Result<()> {
        // The front page's segment is empty; a tool may show it as the slash that it is.
        let segment = segment.trim_start_matches('/');
        let requests: u64 = requests.parse().with_context(|| format!("count {requests}"))?;
        let key = (minute, segment.to_owned(), class.to_owned());
        *self.counts.entry(key).or_default() += requests;
        Ok(())
    }

    /// All requests.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// What differs, in words; `None` if nothing does.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let mut keys: Vec<_> = self
            .counts
            .keys()
            .chain(other.counts.keys())
            .filter(|key| self.counts.get(*key) != other.counts.get(*key))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let first = *keys.first()?;
        let of = |rows: &Self| rows.counts.get(first).copied().unwrap_or(0);
        Some(format!(
            "{} rows differ, totals {} and {}; first: {first:?} is {} and {}",
            keys.len(),
            self.total(),
            other.total(),
            of(self),
            of(other)
        ))
    }
}

fn fields(line: &str) -> Result<[&str; 4]> {
    let parts: Vec<&str> = line.split('\t').collect();
    match parts.try_into() {
        Ok(fields) => Ok(fields),
        Err(parts) => bail!("{} fields instead of 4 in `{line}`", parts.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_of_the_same_counts_are_equal() {
        let ours = "time\tsegment\tclass\trequests\n\
                    2022-11-14T13:23:00+09:00\t/\t2xx\t3\n2022-11-14T13:23:00+09:00\tapi\t5xx\t1\n";
        let theirs = "14/Nov/2022:13:23\tapi\t5\t1\n14/Nov/2022:13:23\t\t2\t3\n";
        let ours = Rows::of_lastgood(ours).unwrap();
        let theirs = Rows::of_rival(theirs, 32_400).unwrap();
        assert_eq!(ours.difference(&theirs), None);
        assert_eq!((ours.total(), ours.len()), (4, 2));
        let shifted = Rows::of_rival("14/Nov/2022:13:24\tapi\t5\t4\n", 32_400).unwrap();
        let told = ours.difference(&shifted).unwrap();
        assert!(told.starts_with("3 rows differ, totals 4 and 4"), "{told}");
    }

    #[test]
    fn another_header_is_refused() {
        assert!(Rows::of_lastgood("time\tclass\trequests\n").is_err());
    }
}
