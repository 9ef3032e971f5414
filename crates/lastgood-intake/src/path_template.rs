//! Targets as path templates: query cut, numbers and tokens as `{}`, so that one page is one path.
//! Not a URL parser; what is no path becomes one placeholder.

/// Stands for every target that is no path.
pub const INVALID: &[u8] = b"{invalid}";
/// Deeper paths are cut: templates stay short whatever a client sends.
const MAX_SEGMENTS: usize = 16;
/// Longer segments are tokens, not names.
const MAX_NAME: usize = 24;

/// The path of a target: from its first `/` up to the query; `None` if it has none.
#[must_use]
pub fn path(target: &[u8]) -> Option<&[u8]> {
    let target = match target.first()? {
        b'/' => target,
        b'h' | b'H' | b'w' | b'W' => {
            let scheme = target.iter().position(|byte| *byte == b':').filter(|at| *at <= 5)?;
            let host = target[scheme..].strip_prefix(b"://")?;
            // `http://host` without a path asks for the root.
            host.iter().position(|byte| *byte == b'/').map_or(&b"/"[..], |slash| &host[slash..])
        }
        _ => return None,
    };
    let end = memchr::memchr3(b'?', b' ', b'#', target).unwrap_or(target.len());
    Some(&target[..end])
}

/// The first segment with its slash, as written: `/api` of `/api/join?x`; `/` for the root.
#[must_use]
pub fn segment(target: &[u8]) -> &[u8] {
    let Some(path) = path(target) else { return INVALID };
    let end = memchr::memchr2(b'/', b'"', &path[1..]).map_or(path.len(), |end| end + 1);
    &path[..end]
}

/// Appends the template of a target: `/order/{}/items` of `/order/1234/items?page=2`.
pub fn template(target: &[u8], out: &mut Vec<u8>) {
    let Some(path) = path(target) else {
        out.extend_from_slice(INVALID);
        return;
    };
    for (index, segment) in path[1..].split(|byte| *byte == b'/').enumerate() {
        out.push(b'/');
        if index == MAX_SEGMENTS {
            out.extend_from_slice(b"{}");
            return;
        }
        out.extend_from_slice(if is_token(segment) { b"{}" } else { segment });
    }
}

/// Whether a segment names one thing of many: a number, a UUID, hexadecimal with a digit, or something long.
fn is_token(segment: &[u8]) -> bool {
    if segment.len() > MAX_NAME {
        return true;
    }
    let digit = segment.iter().any(u8::is_ascii_digit);
    digit
        && (segment.iter().all(u8::is_ascii_digit) || (segment.len() >= 8 && segment.iter().all(u8::is_ascii_hexdigit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(target: &str) -> String {
        let mut out = Vec::new();
        template(target.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_and_tokens_are_one_path() {
        for (target, expected) in [
            ("/", "/"),
            ("/api/join/user?enc=Ab/c", "/api/join/user"),
            ("/order/1234/items", "/order/{}/items"),
            ("/u/550e8400-e29b-41d4-a716-446655440000", "/u/{}"),
            ("/h/deadbeef01", "/h/{}"),
            ("/h/deadbeef", "/h/deadbeef"),
            ("/h/abc123", "/h/abc123"),
            ("/t/abcdefghijklmnopqrstuvwxy", "/t/{}"),
            ("/t/abcdefghijklmnopqrstuvwx", "/t/abcdefghijklmnopqrstuvwx"),
            ("/v1/", "/v1/"),
            ("http://shop.example/a/1?x", "/a/{}"),
            ("https://shop.example", "/"),
            ("*", "{invalid}"),
            ("", "{invalid}"),
            (r"\x16\x03\x01", "{invalid}"),
            ("shop.example:443", "{invalid}"),
        ] {
            assert_eq!(of(target), expected, "{target}");
        }
        assert_eq!(of(&"/a".repeat(50)), format!("{}/{{}}", "/a".repeat(16)));
    }

    #[test]
    fn segments_are_as_written() {
        for (target, expected) in [
            ("/", "/"),
            ("/?x", "/"),
            ("/api/join", "/api"),
            ("/api?x", "/api"),
            ("/1234/x", "/1234"),
            ("/a b", "/a"),
            ("//x", "/"),
            ("http://shop.example/a/b", "/a"),
            ("-", "{invalid}"),
        ] {
            assert_eq!(segment(target.as_bytes()), expected.as_bytes(), "{target}");
        }
    }
}
