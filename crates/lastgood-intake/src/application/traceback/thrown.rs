//! One error as it was thrown: its class, its message, and where. What a class looks like in each language.

/// So much of a message is kept.
const MAX_MESSAGE: usize = 2_048;
/// Longer words are no classes.
const MAX_CLASS: usize = 160;

/// One error of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Thrown {
    /// As the language writes it: `redis.exceptions.AuthenticationError`.
    pub(crate) class: String,
    /// May be of several lines.
    pub(crate) message: String,
    /// The line that says so.
    pub(crate) line: u64,
    /// Where it was thrown, `file:line`.
    pub(crate) frame: String,
    /// Whether that is in the application's own code.
    pub(crate) is_own: bool,
}

impl Thrown {
    pub(crate) fn new(class: &str, message: &str, line: u64) -> Self {
        let mut thrown = Self { class: class.to_owned(), line, ..Self::default() };
        thrown.add(message);
        thrown
    }

    /// Adds to the message.
    pub(crate) fn add(&mut self, text: &str) {
        if !self.message.is_empty() {
            self.message.push('\n');
        }
        let room = MAX_MESSAGE.saturating_sub(self.message.len());
        self.message.extend(text.chars().scan(room, |room, c| {
            *room = room.checked_sub(c.len_utf8())?;
            Some(c)
        }));
    }

    /// Remembers a place. Of two the application's own counts, then the one that `nearer` says.
    pub(crate) fn at(&mut self, frame: String, is_own: bool, nearer: bool) {
        if self.frame.is_empty() || is_own && (!self.is_own || nearer) || !self.is_own && nearer {
            self.frame = frame;
            self.is_own = is_own;
        }
    }
}

/// Class and message of a line that is an error as the languages print one, whatever stands before it.
pub(crate) fn thrown(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii();
    // Without a stack, Node puts an error in brackets.
    let mut bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    for lead in ["Uncaught ", "Unhandled exception. ", "Caused by: ", "Wrapped by: "] {
        bare = bare.strip_prefix(lead).unwrap_or(bare);
    }
    if let Some(rest) = bare.strip_prefix("Exception in thread \"") {
        bare = rest.split_once("\" ").map_or(bare, |(_, rest)| rest);
    }
    let (class, message) = bare.split_once(": ").unwrap_or((bare.trim_end_matches(':'), ""));
    // Node names the code behind the class: `Error [ERR_X]: …`.
    let name = class.split_once(" [").filter(|(_, code)| code.ends_with(']')).map_or(class, |(name, _)| name);
    is_class(name).then_some((name, message.trim_ascii()))
}

/// The error in a line that begins with other words: `GET /cart TypeError: x`. Only frames below it say that it is one.
pub(crate) fn behind(text: &str) -> Option<&str> {
    let starts = text.match_indices(' ').map(|(at, _)| &text[at + 1..]);
    starts.take(64).find(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()) && thrown(rest).is_some())
}

/// Whether a word is an error's class: dotted or not, and its last part says that it is one.
pub(crate) fn is_class(word: &str) -> bool {
    const ENDS: [&str; 9] =
        ["Error", "Exception", "Throwable", "Failure", "Fault", "Interrupt", "Exit", "Warning", "Timeout"];
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
    if word.is_empty()
        || word.len() > MAX_CLASS
        || !word.chars().all(fits)
        || word.contains("..")
        || word.ends_with('.')
    {
        return false;
    }
    let last = word.rsplit(['.', '$']).next().unwrap_or(word);
    let is_name = last.starts_with(|c: char| c.is_ascii_uppercase());
    // `socket.gaierror`, `binascii.error`: old modules of Python.
    let old = word.contains('.') && last.ends_with("error") && word.chars().all(|c| c.is_ascii_lowercase() || c == '.');
    is_name && ENDS.iter().any(|end| last.contains(end)) || old
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_many_languages() {
        for (text, class, message) in [
            (
                "redis.exceptions.AuthenticationError: Authentication required.",
                "redis.exceptions.AuthenticationError",
                "Authentication required.",
            ),
            ("KeyError: 'x'", "KeyError", "'x'"),
            ("RuntimeError", "RuntimeError", ""),
            ("AggregateError:", "AggregateError", ""),
            ("socket.gaierror: [Errno -2] x", "socket.gaierror", "[Errno -2] x"),
            ("Uncaught Error: x", "Error", "x"),
            ("Error [ERR_X]: y", "Error", "y"),
            (
                "Exception in thread \"main\" java.lang.IllegalStateException: a: b",
                "java.lang.IllegalStateException",
                "a: b",
            ),
            ("Caused by: a.B$CException: d", "a.B$CException", "d"),
            ("ReplyError: NOAUTH x", "ReplyError", "NOAUTH x"),
            ("[ErrorReply: NOAUTH x]", "ErrorReply", "NOAUTH x"),
        ] {
            assert_eq!(thrown(text), Some((class, message)), "{text}");
        }
        for text in ["", "hello: world", "Application: started", "http://x: y", "a b Error: c", "Error.", "..Error: x"]
        {
            assert_eq!(thrown(text), None, "{text}");
        }
    }

    #[test]
    fn an_error_behind_other_words_is_found() {
        assert_eq!(behind("GET /cart TypeError: x is not a function"), Some("TypeError: x is not a function"));
        assert_eq!(behind("order 7 failed: Error [ERR_X]: y"), Some("Error [ERR_X]: y"));
        assert_eq!(behind("TypeError: x"), None);
        assert_eq!(behind("all is well"), None);
    }

    #[test]
    fn a_message_is_bounded_and_cut_at_a_character() {
        let mut thrown = Thrown::new("X", &"가".repeat(2_000), 1);
        thrown.add("more");
        assert!(thrown.message.len() <= MAX_MESSAGE + 1);
    }
}
