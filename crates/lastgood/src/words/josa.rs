//! Korean particles after inserted names: 은/는, 이/가, 을/를, 과/와, 으로/로 by how the name ends when it is read out.
//! Hangul is exact; Latin letters and digits are read as engineers read them, with a rule of thumb.

/// How a name ends when it is read out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// On a vowel.
    Open,
    /// On ㄹ, which counts as a vowel before `으로`.
    Rieul,
    /// On another consonant.
    Closed,
}

/// `name` with 은 or 는.
#[must_use]
pub fn topic(name: &str) -> String {
    attach(name, "은", "는")
}

/// `name` with 이 or 가.
#[must_use]
pub fn subject(name: &str) -> String {
    attach(name, "이", "가")
}

/// `name` with 을 or 를.
#[must_use]
pub fn object(name: &str) -> String {
    attach(name, "을", "를")
}

/// `name` with 과 or 와.
#[must_use]
pub fn with(name: &str) -> String {
    attach(name, "과", "와")
}

/// `name` with 으로 or 로.
#[must_use]
pub fn towards(name: &str) -> String {
    let particle = if ending(name) == Ending::Closed { "으로" } else { "로" };
    format!("{name}{particle}")
}

fn attach(name: &str, closed: &str, open: &str) -> String {
    let particle = if ending(name) == Ending::Open { open } else { closed };
    format!("{name}{particle}")
}

fn ending(name: &str) -> Ending {
    let spoken = name.trim_end_matches(|c: char| !c.is_alphanumeric());
    match spoken.chars().next_back() {
        Some(c @ '가'..='힣') => hangul(c),
        Some(c) if c.is_ascii_digit() => digit(c),
        Some(c) if c.is_ascii_alphabetic() => {
            let start = spoken.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
            latin(spoken.get(start..).unwrap_or(spoken))
        }
        // Unknown scripts: the form that reads least wrong.
        Some(_) | None => Ending::Open,
    }
}

fn hangul(syllable: char) -> Ending {
    match (u32::from(syllable) - u32::from('가')) % 28 {
        0 => Ending::Open,
        8 => Ending::Rieul,
        _ => Ending::Closed,
    }
}

/// 영 일 이 삼 사 오 육 칠 팔 구; numbers that end in 0 end on 십, 백, 천, 만 or 영, all closed.
const fn digit(digit: char) -> Ending {
    match digit {
        '1' | '7' | '8' => Ending::Rieul,
        '0' | '3' | '6' => Ending::Closed,
        _ => Ending::Open,
    }
}

fn latin(word: &str) -> Ending {
    let spelled_out = word.bytes().all(|byte| byte.is_ascii_uppercase()) || word.len() == 1;
    let lower = word.to_ascii_lowercase();
    if spelled_out {
        // Letters by their names: 엘, 엠, 엔, 알; all others end on a vowel.
        return match lower.bytes().last() {
            Some(b'l' | b'r') => Ending::Rieul,
            Some(b'm' | b'n') => Ending::Closed,
            _ => Ending::Open,
        };
    }
    let vowel = |byte: Option<&u8>| byte.is_some_and(|byte| b"aeiou".contains(byte));
    let bytes = lower.as_bytes();
    let before = |back: usize| bytes.len().checked_sub(back).and_then(|at| bytes.get(at));
    match bytes.last() {
        Some(b'l') => Ending::Rieul,
        Some(b'm' | b'n') => Ending::Closed,
        // A final e is silent: file is 파일, name is 네임, service stays 서비스.
        Some(b'e') if before(2) == Some(&b'l') => Ending::Rieul,
        Some(b'e') if matches!(before(2), Some(b'm' | b'n')) && vowel(before(3)) => Ending::Closed,
        Some(b'g') if before(2) == Some(&b'n') => Ending::Closed,
        // After one short vowel these close the syllable: web 웹, app 앱, socket 소켓, stack 스택; host stays 호스트.
        Some(b'b' | b'c' | b'k' | b'p' | b't') => {
            let doubled = before(2) == before(1) || (before(1) == Some(&b'k') && before(2) == Some(&b'c'));
            let short = vowel(before(2)) && !vowel(before(3));
            if doubled || short { Ending::Closed } else { Ending::Open }
        }
        _ => Ending::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hangul_is_exact() {
        assert_eq!(topic("서버"), "서버는");
        assert_eq!(subject("인스턴스"), "인스턴스가");
        assert_eq!(object("응답"), "응답을");
        assert_eq!(with("디스크"), "디스크와");
        assert_eq!(towards("파일"), "파일로");
        assert_eq!(towards("서버"), "서버로");
        assert_eq!(towards("요청"), "요청으로");
    }

    #[test]
    fn digits_are_read_in_korean() {
        for (name, read) in [
            ("502", "502는"),
            ("127.0.0.1:8080", "127.0.0.1:8080은"),
            ("8001", "8001은"),
            ("3", "3은"),
            ("5", "5는"),
            ("9", "9는"),
        ] {
            assert_eq!(topic(name), read);
        }
        assert_eq!(towards("8001"), "8001로");
        assert_eq!(towards("8080"), "8080으로");
    }

    #[test]
    fn latin_names_are_read_as_engineers_read_them() {
        for (name, read) in [
            ("nginx", "nginx가"),
            ("driver-insu.service", "driver-insu.service가"),
            ("upstream", "upstream이"),
            ("host", "host가"),
            ("java", "java가"),
            ("mysql", "mysql이"),
            ("gunicorn", "gunicorn이"),
            ("AMI", "AMI가"),
            ("URL", "URL이"),
            ("DNS", "DNS가"),
            ("web", "web이"),
            ("myapp", "myapp이"),
            ("app.sock", "app.sock이"),
            ("python", "python이"),
            ("node", "node가"),
            ("file", "file이"),
            ("(nginx)", "(nginx)가"),
            ("ping", "ping이"),
        ] {
            assert_eq!(subject(name), read);
        }
    }
}
