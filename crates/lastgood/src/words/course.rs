//! What `timeline` alone says. Everything that it shares with other commands stands in [`super::Words`].

use super::{Lang, grouped};

impl Lang {
    /// There were more sets of keys than are told apart.
    #[must_use]
    pub fn many_keys(self, most: u64) -> String {
        let most = grouped(most);
        match self {
            Self::En => format!("more than {most} different keys; the rest is counted under {{other}}"),
            Self::Ko => format!("서로 다른 키가 {most}개를 넘어 나머지는 {{other}}에 합산"),
        }
    }
}
