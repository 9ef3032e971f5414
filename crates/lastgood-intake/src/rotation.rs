//! Which files belong to one rotated set, by their names alone. Content is compared elsewhere.

/// Endings that compression leaves.
const PACKED: [&str; 7] = [".gz", ".zst", ".xz", ".bz2", ".lz4", ".zip", ".Z"];
/// Endings that people and editors leave.
const LEFT: [&str; 12] =
    [".old", ".bak", ".orig", ".save", ".excerpt", ".part", ".partial", ".copy", ".tmp", ".head", ".tail", "~"];

/// The name that all files of one rotated set share: `shop-access.log` of `shop-access.log-20221116.gz`,
/// `shop-access.log.2`, `shop-access.log.1.excerpt` and `shop-access (copy).log`. Folders stay.
#[must_use]
pub fn stem(name: &str) -> String {
    let folder = name.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, mut file) = name.split_at(folder);
    while let Some(shorter) = without_ending(file) {
        file = shorter;
    }
    // Dates and numbers may also stand before the extension: `access-20221116.log`.
    if let Some(mut base) = file.strip_suffix(".log") {
        while let Some(shorter) = without_ending(base) {
            base = shorter;
        }
        return format!("{folder}{base}.log");
    }
    format!("{folder}{file}")
}

/// The virtual host that a set's name stands for: `shop` of `logs/shop-access.log`; a plain `access.log` is its own.
#[must_use]
pub fn vhost_of(stem: &str) -> &str {
    let file = stem.rfind('/').map_or(stem, |slash| &stem[slash + 1..]);
    let base = file.strip_suffix(".log").unwrap_or(file);
    let base = ["-access", "_access", ".access", "-access_log", "_access_log"]
        .iter()
        .find_map(|ending| base.strip_suffix(ending))
        .unwrap_or(base);
    if base.is_empty() || base == "access" { file } else { base }
}

/// The name without the last thing that rotation, compression or a person added; `None` if nothing was added.
fn without_ending(name: &str) -> Option<&str> {
    let shorter = PACKED
        .iter()
        .chain(&LEFT)
        .find_map(|ending| name.strip_suffix(ending))
        .or_else(|| without_copy(name))
        .or_else(|| without_number(name))
        .or_else(|| without_date(name))?;
    (!shorter.is_empty()).then_some(shorter)
}

/// ` (copy)`, ` (2)`, ` copy`, ` - Copy`.
fn without_copy(name: &str) -> Option<&str> {
    if let Some((before, inner)) = name.strip_suffix(')').and_then(|name| name.rsplit_once(" (")) {
        let copied = inner.bytes().all(|byte| byte.is_ascii_digit()) || inner.contains("copy");
        return copied.then_some(before);
    }
    name.strip_suffix(" - Copy").or_else(|| name.strip_suffix(" copy"))
}

/// `.1`, `.12`.
fn without_number(name: &str) -> Option<&str> {
    let (before, number) = name.rsplit_once('.')?;
    ((1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(before)
}

/// `-20221116`, `.2022-11-16`, `_20221116-11`, `-20221116T110700`, `-1668564000`.
fn without_date(name: &str) -> Option<&str> {
    let digits_and_marks = |byte: u8| byte.is_ascii_digit() || b"-_.T:Z".contains(&byte);
    let start = name.bytes().rposition(|byte| !digits_and_marks(byte)).map_or(0, |last| last + 1);
    let tail = &name[start..];
    // The first mark behind which the rest is a date: names such as `web-2-20221116` keep their own number.
    tail.bytes()
        .enumerate()
        .filter(|(_, byte)| b"-_.".contains(byte))
        .find(|(mark, _)| is_date(&tail[mark + 1..]))
        .map(|(mark, _)| &name[..start + mark])
}

fn is_date(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).collect();
    let number = |range: std::ops::Range<usize>| {
        digits.get(range).map(|digits| digits.iter().fold(0u32, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    };
    let calendar = || {
        Some(
            (1990..2200).contains(&number(0..4)?)
                && (1..=12).contains(&number(4..6)?)
                && (1..=31).contains(&number(6..8)?),
        )
    };
    let starts_with_digit = text.starts_with(|c: char| c.is_ascii_digit());
    match digits.len() {
        8 | 12 | 14 => starts_with_digit && calendar() == Some(true),
        // A date with an hour, or the seconds since 1970.
        10 => starts_with_digit && (calendar() == Some(true) || text.starts_with('1') && text.len() == 10),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_set_share_a_stem() {
        for name in [
            "shop-access.log",
            "shop-access.log.1",
            "shop-access.log.12.gz",
            "shop-access.log-20221116",
            "shop-access.log-20221116.gz",
            "shop-access.log-20221116-11",
            "shop-access.log-2022111611.zst",
            "shop-access.log-1668564000",
            "shop-access.log.2022-11-16",
            "shop-access.log.2022-11-16_11-07-00.xz",
            "shop-access-20221116.log",
            "shop-access.2022-11-16.log",
            "shop-access.1.log",
            "shop-access.log.old",
            "shop-access.log.1.bak",
            "shop-access.log.excerpt",
            "shop-access.log.1.excerpt",
            "shop-access (copy).log",
            "shop-access.log (copy)",
            "shop-access.log (2)",
            "shop-access.log.2.gz.part",
        ] {
            assert_eq!(stem(name), "shop-access.log", "{name}");
            assert_eq!(stem(&format!("a.1/{name}")), "a.1/shop-access.log", "{name}");
        }
    }

    #[test]
    fn names_that_only_look_rotated_stay() {
        for name in ["shop-2.log", "node-1-access.log", "web-99999999-access.log", "v1.log", ".1", "20221116", "", "1"]
        {
            assert_eq!(stem(name), name);
        }
        assert_eq!(stem("web-2-20221116.log"), "web-2.log");
    }

    #[test]
    fn a_set_names_its_host() {
        for (name, host) in [
            ("logs/toggle-driver-insu-prod-access.log", "toggle-driver-insu-prod"),
            ("shop_access.log", "shop"),
            ("shop.example.access.log", "shop.example"),
            ("shop.example.log", "shop.example"),
            ("/var/log/nginx/access.log", "access.log"),
            ("access_log", "access_log"),
            ("-", "-"),
        ] {
            assert_eq!(vhost_of(name), host, "{name}");
        }
    }
}
