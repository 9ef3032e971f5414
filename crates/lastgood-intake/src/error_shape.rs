//! The sentence of an error line without what differs from line to line, so that equal lines are counted together.
//! What a sentence means stands in `proxy_error_kind.rs`.

use lastgood_model::ProxyErrorKind as Kind;

use crate::nginx_error::ProxyError;

/// The sentence without what differs from line to line: quoted text of clients and, but for the errno, numbers.
pub(crate) fn message(error: &ProxyError<'_>) -> Vec<u8> {
    let message = error.message;
    if !matches!(
        error.kind,
        Kind::Other | Kind::ClientSide | Kind::Harmless | Kind::Limited | Kind::BodyTooBig | Kind::BadAnswer
    ) {
        return without_numbers(message);
    }
    let mut shape = Vec::with_capacity(message.len());
    for (index, part) in message.split(|byte| *byte == b'"').enumerate() {
        match index % 2 {
            0 => shape.extend(without_numbers(part)),
            _ => shape.extend_from_slice("\"…\"".as_bytes()),
        }
    }
    shape
}

/// `{}` for every number that is not an errno, and for every path with a number in it.
pub(crate) fn without_numbers(text: &[u8]) -> Vec<u8> {
    let mut shape = Vec::with_capacity(text.len());
    for (index, word) in text.split(|byte| *byte == b' ').enumerate() {
        if index > 0 {
            shape.push(b' ');
        }
        let is_errno = word.starts_with(b"(") && word.ends_with(b":");
        let numbered = word.iter().any(u8::is_ascii_digit);
        match word {
            word if !numbered || is_errno || word.starts_with(b"HTTP/") => shape.extend_from_slice(word),
            // Addresses and sockets are what a reader looks for.
            word if word.contains(&b':') => shape.extend_from_slice(word),
            word if word.ends_with(b",") => shape.extend_from_slice(b"{},"),
            _ => shape.extend_from_slice(b"{}"),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, message: &str) -> String {
        let error = ProxyError { kind, message: message.as_bytes(), ..ProxyError::default() };
        String::from_utf8(super::message(&error)).unwrap()
    }

    #[test]
    fn lines_that_differ_in_numbers_share_a_shape() {
        for (kind, message, shape) in [
            (
                Kind::ConnectRefused,
                "connect() failed (111: Connection refused) while connecting to upstream",
                "connect() failed (111: Connection refused) while connecting to upstream",
            ),
            (
                Kind::Limited,
                r#"limiting requests, excess: 0.973 by zone "rl""#,
                r#"limiting requests, excess: {} by zone "…""#,
            ),
            (
                Kind::Other,
                r#"open() "/srv/a/1" failed (2: No such file or directory)"#,
                r#"open() "…" failed (2: No such file or directory)"#,
            ),
            (
                Kind::Harmless,
                "an upstream response is buffered to a temporary file /tmp/proxy/0001 while reading upstream",
                "an upstream response is buffered to a temporary file {} while reading upstream",
            ),
            (
                Kind::SocketMissing,
                "connect() to unix:/srv/2.sock failed (2: No such file or directory) while connecting to upstream",
                "connect() to unix:/srv/2.sock failed (2: No such file or directory) while connecting to upstream",
            ),
        ] {
            assert_eq!(of(kind, message), shape);
        }
    }
}
