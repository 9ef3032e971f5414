//! What is said of where images are built.

use super::Lang;

impl Lang {
    /// A service is built on its target, which nobody asked for.
    #[must_use]
    pub fn builds_there(self, service: &str, host: &str, machine: &str) -> String {
        match self {
            Self::En => format!(
                "{service} is built on {host}: its Dockerfile runs programs, and {host} is {machine} (build.on = \"here\" emulates)"
            ),
            Self::Ko => format!(
                "{service}: {host}에서 빌드. Dockerfile에 RUN이 있고 {host} 아키텍처가 {machine}임 (build.on = \"here\"면 에뮬레이션)"
            ),
        }
    }

    /// A service is built by emulation of a processor, which the builder knows or not.
    #[must_use]
    pub fn emulates(self, service: &str, processor: &str, knows: bool) -> String {
        match (self, knows) {
            (Self::En, true) => format!("{service} is built by emulation of {processor}, which is slow"),
            (Self::Ko, true) => format!("{service}: {processor} 에뮬레이션으로 빌드하므로 느림"),
            (Self::En, false) => format!(
                "{service} is to be built for {processor}, which the builder here cannot emulate; a target that is {processor} can build it (build.on = \"target\")"
            ),
            (Self::Ko, false) => format!(
                "{service}: 이 빌더는 {processor} 에뮬레이션을 지원하지 않음. 대상 아키텍처가 {processor}일 때는 build.on = \"target\"으로 대상에서 빌드할 수 있음"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_says_it() {
        let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        for lang in [Lang::En, Lang::Ko] {
            let said = [
                lang.builds_there("app", "vm", "amd64"),
                lang.emulates("app", "arm64", true),
                lang.emulates("app", "arm64", false),
            ];
            for (at, text) in said.iter().enumerate() {
                assert!(text.contains("app") && hangul(text) == (lang == Lang::Ko), "{text}");
                assert!(!said[..at].contains(text), "{text}");
            }
        }
    }
}
