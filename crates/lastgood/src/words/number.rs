//! Numbers as both languages write them. Durations differ and stand with each language.

/// `1,912`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A status as it stands in a log: nginx writes `009` for an answer that was not HTTP.
#[must_use]
pub fn status(status: u16) -> String {
    format!("{status:03}")
}

/// The two biggest units of a stretch of time, as (days, hours, minutes, seconds); smaller ones are 0.
pub(super) const fn parts(seconds: u64) -> (u64, u64, u64, u64) {
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    if days > 0 {
        (days, hours, 0, 0)
    } else if hours > 0 {
        (0, hours, minutes, 0)
    } else {
        (0, 0, minutes, rest)
    }
}

/// `8000, 9000`, shortened beyond four.
pub(super) fn listed_ports(ports: &[u16]) -> String {
    let mut shown: Vec<String> = ports.iter().take(4).map(u16::to_string).collect();
    if ports.len() > 4 {
        shown.push("…".to_owned());
    }
    if shown.is_empty() { "-".to_owned() } else { shown.join(", ") }
}

/// A share in percent, never rounded to 0 or 100 when it is neither.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    let tenths = part.saturating_mul(1000) / whole;
    match tenths {
        0 => "< 0.1 %".to_owned(),
        1000 => "100 %".to_owned(),
        100..1000 => format!("{} %", tenths / 10),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_by_three() {
        let shown: Vec<String> = [0, 999, 1_000, 45_312, 1_234_567].into_iter().map(grouped).collect();
        assert_eq!(shown, ["0", "999", "1,000", "45,312", "1,234,567"]);
        assert_eq!(status(9), "009");
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_everything() {
        assert_eq!(percent(0, 10), "0 %");
        assert_eq!(percent(1, 100_000), "< 0.1 %");
        assert_eq!(percent(4, 1000), "0.4 %");
        assert_eq!(percent(999_999, 1_000_000), "99 %");
        assert_eq!(percent(5, 5), "100 %");
    }
}
