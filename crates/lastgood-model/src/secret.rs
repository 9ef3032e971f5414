//! A text that may be a secret: environment values, command lines. It can be compared and handed on, and never shows itself
//! by accident. What of it may be shown is decided where it is rendered.

use std::fmt;
use std::sync::Arc;

/// A text that may be a secret. Its `Debug` form hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Secret(Arc<str>);

impl Secret {
    /// The text itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing is there but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Arc::from(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "Secret(\"\")" } else { "Secret(…)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_shows_itself() {
        let secret = Secret::from("carbon-kvs-password-8");
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)).matches("carbon").count(), 0);
        assert!(Secret::from(" \t\r").is_blank());
    }
}
