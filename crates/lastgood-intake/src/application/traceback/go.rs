//! A panic of Go, with the goroutines that are printed with it; and the chain of a wrapped error, which is one sentence with
//! colons.

use super::thrown::Thrown;
use super::{Chain, is_library};

/// Reads one.
#[derive(Debug, Default)]
pub(crate) struct Go {
    /// The first goroutine is the one that panicked; places of others say nothing.
    goroutines: u32,
    /// Whether the line before was a function, so that its place is to come.
    function: bool,
}

/// The message of a line that begins a panic.
pub(crate) fn begins(text: &str) -> Option<&str> {
    let text = text.trim_ascii_end();
    text.strip_prefix("panic: ").or_else(|| text.strip_prefix("fatal error: "))
}

/// `goroutine 1 [running]:`
pub(crate) fn is_goroutine(text: &str) -> bool {
    text.starts_with("goroutine ") && text.trim_ascii_end().ends_with("]:")
}

impl Go {
    /// Reads a line; false if it is none of its lines.
    pub(crate) fn line(&mut self, text: &str, is_head: bool, number: u64, chain: &mut Chain) -> bool {
        let body = text.trim_ascii();
        if is_goroutine(text) {
            self.goroutines += 1;
            self.function = false;
            return true;
        }
        if let Some(message) = body.strip_prefix("panic: ").filter(|_| text.starts_with(['\t', ' '])) {
            // What a deferred function panicked of while the first panic was under way.
            chain.push_first(Thrown::new("panic", message, number));
            return true;
        }
        if body.is_empty()
            || body.starts_with("[signal ")
            || body.starts_with("exit status ")
            || body.starts_with("...additional frames")
        {
            return true;
        }
        if self.function
            && let Some(place) = place(text)
        {
            self.function = false;
            if self.goroutines <= 1 {
                let is_own = !is_library(&place);
                chain.at(place, is_own, false);
            }
            return true;
        }
        self.function = self.goroutines > 0 && !is_head && is_function(body);
        self.function
    }
}

/// `main.find(0x1)`, `created by net/http.(*Server).Serve in goroutine 1`, `panic({0x1?, 0x2?})`
fn is_function(body: &str) -> bool {
    body.starts_with("created by ")
        || body.split_once('(').is_some_and(|(name, rest)| {
            let path = name.rsplit_once('.').map_or(name, |(path, _)| path);
            rest.contains(')') && !path.contains(' ') && !name.is_empty()
        })
}

/// `/app/main.go:12 +0x1d`, behind a tab
pub(crate) fn place(text: &str) -> Option<String> {
    let body = text.strip_prefix(['\t', ' '])?.trim_ascii();
    let place = body.split_once(' ').map_or(body, |(place, _)| place);
    let (file, line) = place.rsplit_once(':')?;
    let is_line = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    (is_line && file.contains(".go")).then(|| place.to_owned())
}

/// The root of a wrapped error: what stands behind the last colon that is not within quotes, brackets or an address.
pub(crate) fn root(message: &str) -> &str {
    let (mut quoted, mut begin) = (None, 0);
    for (at, c) in message.char_indices() {
        match (quoted, c) {
            (None, '"' | '`') => quoted = Some(c),
            (Some(open), c) if open == c => quoted = None,
            (None, ':') if message[at..].starts_with(": ") => begin = at + 2,
            _ => {}
        }
    }
    message.get(begin..).unwrap_or(message)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_root_of_a_wrapped_error() {
        for (message, root) in [
            ("get user: dial tcp: lookup pg on 127.0.0.11:53: no such host", "no such host"),
            ("Post \"http://x: y\": EOF", "EOF"),
            ("plain", "plain"),
            ("ends: ", ""),
        ] {
            assert_eq!(super::root(message), root);
        }
    }
}
