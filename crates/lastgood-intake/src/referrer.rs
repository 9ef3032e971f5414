//! The host that a referrer names. Nothing else of a referrer is kept: its query may hold personal data.

/// `app.example:8080` of `https://user@app.example:8080/x?enc=…`; `None` if there is no host.
#[must_use]
pub fn host(referrer: &[u8]) -> Option<&[u8]> {
    let scheme = referrer.iter().position(|byte| *byte == b':')?;
    if !referrer[..scheme].iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)) {
        return None;
    }
    let rest = referrer[scheme..].strip_prefix(b"://")?;
    let end = rest.iter().position(|byte| b"/?#\\ \"".contains(byte)).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority.iter().rposition(|byte| *byte == b'@').map_or(authority, |at| &authority[at + 1..]);
    (!host.is_empty() && host.len() <= 255).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_is_taken() {
        for (referrer, expected) in [
            ("https://a.example/x?enc=1", Some("a.example")),
            ("http://u:p@a.example:8080", Some("a.example:8080")),
            ("android-app://com.example.navi/", Some("com.example.navi")),
            ("https://a.example?x=@b", Some("a.example")),
            ("a.example/x", None),
            ("https:///x", None),
            (r"a\x5Cb", None),
            ("", None),
        ] {
            assert_eq!(host(referrer.as_bytes()), expected.map(str::as_bytes), "{referrer}");
        }
    }
}
