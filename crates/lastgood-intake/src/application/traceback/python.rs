//! A traceback of Python: `Traceback (most recent call last):`, its frames, the error, and the sentences that join one to the
//! next. The error that came first is printed first.

use super::thrown::Thrown;
use super::{Chain, is_library};

const HEADER: &str = "Traceback (most recent call last):";
const CAUSE: &str = "The above exception was the direct cause of the following exception:";
const CONTEXT: &str = "During handling of the above exception, another exception occurred:";
/// Lines of a message after its first one.
const MAX_MORE: u8 = 24;

/// What is expected next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Frames, then the error.
    Frames,
    /// The error was printed, and so many more lines of its message.
    Raised { more: u8, blank: bool },
    /// A sentence that joins it to the next traceback was printed.
    Joined,
}

/// Reads one.
#[derive(Debug)]
pub(crate) struct Python {
    /// What stands before each line: blanks, or the bars of an exception group.
    margin: String,
    state: State,
    frame: Option<(String, bool)>,
}

impl Python {
    /// Whether a line begins one, and where in it.
    pub(crate) fn begins(text: &str) -> Option<Self> {
        let at = text.trim_ascii_end().strip_suffix(HEADER)?.len();
        let margin = &text[..at];
        let is_margin = margin.chars().all(|c| matches!(c, ' ' | '\t' | '|' | '+'));
        let group = margin.contains("Exception Group");
        let margin = if is_margin && !group { margin.to_owned() } else { String::new() };
        Some(Self { margin, state: State::Frames, frame: None })
    }

    /// Whether it may be over.
    pub(crate) const fn is_complete(&self) -> bool {
        matches!(self.state, State::Raised { .. })
    }

    /// Reads a line; false if it is none of its lines. `is_head`: the line begins a record of its own.
    pub(crate) fn line(&mut self, text: &str, is_head: bool, number: u64, chain: &mut Chain) -> bool {
        let (depth, body) = self.body(text);
        if body.trim_ascii_end().ends_with(HEADER) {
            return self.again(text, depth);
        }
        match self.state {
            State::Frames => {
                if body.starts_with([' ', '\t']) || body.is_empty() {
                    if let Some((frame, is_own)) = frame(body)
                        && (is_own || self.frame.as_ref().is_none_or(|(_, own)| !own))
                    {
                        self.frame = Some((frame, is_own));
                    }
                    return true;
                }
                if is_head && !looks_raised(body) {
                    return false;
                }
                self.raised(body, depth, number, chain)
            }
            State::Raised { more, blank } => {
                let body = body.trim_ascii_end();
                if body.is_empty() || is_rule(body) {
                    self.state = State::Raised { more, blank: true };
                    return !blank || is_rule(body);
                }
                if body == CAUSE || body == CONTEXT {
                    self.state = State::Joined;
                    return true;
                }
                // Behind a blank line only what is known to go on does.
                let goes_on = !blank
                    || ["(Background on this", "[SQL", "DETAIL", "HINT", "For further information"]
                        .iter()
                        .any(|begin| body.starts_with(begin));
                if is_head || more >= MAX_MORE || !goes_on {
                    return false;
                }
                chain.add(body.trim_ascii_start());
                self.state = State::Raised { more: more + 1, blank };
                true
            }
            State::Joined => body.trim_ascii().is_empty(),
        }
    }

    /// Another traceback begins.
    fn again(&mut self, text: &str, depth: usize) -> bool {
        let goes_on = self.state == State::Joined || depth > 0;
        if goes_on {
            if let Some(next) = Self::begins(text).filter(|next| !next.margin.is_empty()) {
                self.margin = next.margin;
            }
            self.state = State::Frames;
            self.frame = None;
        }
        goes_on
    }

    fn raised(&mut self, body: &str, depth: usize, number: u64, chain: &mut Chain) -> bool {
        let (class, message) = body.split_once(": ").unwrap_or((body.trim_end_matches(':'), ""));
        let class = class.trim_ascii();
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        if class.is_empty() || !class.chars().all(fits) || class.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        let mut thrown = Thrown::new(class, message.trim_ascii(), number);
        if let Some((frame, is_own)) = self.frame.take() {
            thrown.at(frame, is_own, true);
        }
        chain.push(thrown, depth);
        self.state = State::Raised { more: 0, blank: false };
        true
    }

    /// A line without its margin; of an exception group's, how far in its bar stands.
    fn body<'t>(&self, text: &'t str) -> (usize, &'t str) {
        if let Some(rest) = text.strip_prefix(self.margin.as_str()).filter(|_| !self.margin.contains('|')) {
            let indent = rest.len() - rest.trim_start_matches(' ').len();
            return match rest.trim_start_matches(' ').strip_prefix('|') {
                Some(body) => (indent + 1, body.strip_prefix(' ').unwrap_or(body)),
                None => (0, rest),
            };
        }
        let indent = text.len() - text.trim_start_matches(' ').len();
        match text.trim_start_matches(' ').strip_prefix(['|', '+']) {
            Some(body) => (indent + 1, body.strip_prefix(' ').unwrap_or(body)),
            None => (0, text),
        }
    }
}

/// The rule between two members of an exception group: `+---------------- 1 ----------------`.
fn is_rule(body: &str) -> bool {
    let body = body.trim_ascii();
    body.contains("------") && body.chars().all(|c| matches!(c, '+' | '-' | ' ' | '|' | '.') || c.is_ascii_digit())
}

/// Whether it is surely an error, though it may look like a head, too.
fn looks_raised(body: &str) -> bool {
    super::thrown::thrown(body).is_some()
}

/// `  File "/app/shop/main.py", line 12, in find`
fn frame(body: &str) -> Option<(String, bool)> {
    let (file, rest) = body.trim_ascii_start().strip_prefix("File \"")?.split_once("\", line ")?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let is_own = !is_library(file) && !file.starts_with('<');
    Some((format!("{file}:{}", rest.get(..digits)?), is_own))
}
