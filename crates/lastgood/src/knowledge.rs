//! What a cause or a status means in general, in both languages: the texts of `knowledge/`, compiled in.
//! What happened in one incident is said by `words`.

use std::sync::OnceLock;

use lastgood_model::CauseCode;
use serde::Deserialize;

use crate::words::Lang;

/// A cause in general.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseArticle {
    /// In a few words.
    pub title: String,
    /// What lastgood looks for.
    pub looks_for: String,
    /// Why a site breaks of it.
    pub why: String,
    /// What speaks for it.
    pub evidence_for: Vec<String>,
    /// What speaks against it.
    pub evidence_against: Vec<String>,
    /// What to do now.
    pub remedy: Vec<String>,
    /// What keeps it from happening again.
    pub prevention: Vec<String>,
}

/// An HTTP status, for a reader who is no engineer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusArticle {
    /// Its name.
    pub title: String,
    /// First sentence: what it means.
    pub meaning: String,
    /// Second sentence: who produced it.
    pub producer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both<T> {
    en: T,
    ko: T,
}

impl<T> Both<T> {
    const fn of(&self, lang: Lang) -> &T {
        match lang {
            Lang::En => &self.en,
            Lang::Ko => &self.ko,
        }
    }
}

const STATUSES: &str = include_str!("../../../knowledge/statuses.toml");

/// The text of a cause; a cause without one does not compile.
const fn source(code: CauseCode) -> &'static str {
    match code {
        CauseCode::ProcessDown => include_str!("../../../knowledge/causes/process-down.toml"),
        CauseCode::OomKill => include_str!("../../../knowledge/causes/oom-kill.toml"),
        CauseCode::DiskFull => include_str!("../../../knowledge/causes/disk-full.toml"),
        CauseCode::TlsExpired => include_str!("../../../knowledge/causes/tls-expired.toml"),
        CauseCode::TlsChain => include_str!("../../../knowledge/causes/tls-chain.toml"),
        CauseCode::TlsNameMismatch => include_str!("../../../knowledge/causes/tls-name-mismatch.toml"),
        CauseCode::HeaderTooBig => include_str!("../../../knowledge/causes/header-too-big.toml"),
        CauseCode::BodyTooBig => include_str!("../../../knowledge/causes/body-too-big.toml"),
        CauseCode::RateLimit => include_str!("../../../knowledge/causes/rate-limit.toml"),
        CauseCode::FdLimit => include_str!("../../../knowledge/causes/fd-limit.toml"),
        CauseCode::WorkerLimit => include_str!("../../../knowledge/causes/worker-limit.toml"),
        CauseCode::ServerConnLimit => include_str!("../../../knowledge/causes/server-conn-limit.toml"),
        CauseCode::AppBug => include_str!("../../../knowledge/causes/app-bug.toml"),
        CauseCode::VersionIncompatible => include_str!("../../../knowledge/causes/version-incompatible.toml"),
        CauseCode::DependencyDown => include_str!("../../../knowledge/causes/dependency-down.toml"),
        CauseCode::ConnectionClosed => include_str!("../../../knowledge/causes/connection-closed.toml"),
        CauseCode::DnsFailure => include_str!("../../../knowledge/causes/dns-failure.toml"),
        CauseCode::PortConflict => include_str!("../../../knowledge/causes/port-conflict.toml"),
        CauseCode::ConfigSyntax => include_str!("../../../knowledge/causes/config-syntax.toml"),
        CauseCode::HostDown => include_str!("../../../knowledge/causes/host-down.toml"),
        CauseCode::NotStartedAfterReboot => include_str!("../../../knowledge/causes/not-started-after-reboot.toml"),
        CauseCode::TimeoutSlow => include_str!("../../../knowledge/causes/timeout-slow.toml"),
        CauseCode::BadEntrypoint => include_str!("../../../knowledge/causes/bad-entrypoint.toml"),
        CauseCode::HealthcheckBroken => include_str!("../../../knowledge/causes/healthcheck-broken.toml"),
        CauseCode::WrongArch => include_str!("../../../knowledge/causes/wrong-arch.toml"),
        CauseCode::WrongNetwork => include_str!("../../../knowledge/causes/wrong-network.toml"),
        CauseCode::WrongAddress => include_str!("../../../knowledge/causes/wrong-address.toml"),
        CauseCode::StaleUpstreamIp => include_str!("../../../knowledge/causes/stale-upstream-ip.toml"),
        CauseCode::StaleEnv => include_str!("../../../knowledge/causes/stale-env.toml"),
        CauseCode::BadMount => include_str!("../../../knowledge/causes/bad-mount.toml"),
        CauseCode::WrongCredential => include_str!("../../../knowledge/causes/wrong-credential.toml"),
        CauseCode::MissingCredential => include_str!("../../../knowledge/causes/missing-credential.toml"),
        CauseCode::AuthNotExpected => include_str!("../../../knowledge/causes/auth-not-expected.toml"),
        CauseCode::ProtectedMode => include_str!("../../../knowledge/causes/protected-mode.toml"),
        CauseCode::PersistenceFailing => include_str!("../../../knowledge/causes/persistence-failing.toml"),
        CauseCode::MemoryLimit => include_str!("../../../knowledge/causes/memory-limit.toml"),
        CauseCode::ReadOnly => include_str!("../../../knowledge/causes/read-only.toml"),
        CauseCode::FirewallDrop => include_str!("../../../knowledge/causes/firewall-drop.toml"),
        CauseCode::BindLoopback => include_str!("../../../knowledge/causes/bind-loopback.toml"),
        CauseCode::SchemaMissing => include_str!("../../../knowledge/causes/schema-missing.toml"),
        CauseCode::Loading => include_str!("../../../knowledge/causes/loading.toml"),
        CauseCode::ProtocolMismatch => include_str!("../../../knowledge/causes/protocol-mismatch.toml"),
        CauseCode::IssuerMismatch => include_str!("../../../knowledge/causes/issuer-mismatch.toml"),
        CauseCode::ClockSkew => include_str!("../../../knowledge/causes/clock-skew.toml"),
        CauseCode::TlsNotYetValid => include_str!("../../../knowledge/causes/tls-not-yet-valid.toml"),
        CauseCode::TlsVersion => include_str!("../../../knowledge/causes/tls-version.toml"),
        CauseCode::EnvMissing => include_str!("../../../knowledge/causes/env-missing.toml"),
        CauseCode::EnvMalformed => include_str!("../../../knowledge/causes/env-malformed.toml"),
        CauseCode::Permission => include_str!("../../../knowledge/causes/permission.toml"),
        CauseCode::HeapLimit => include_str!("../../../knowledge/causes/heap-limit.toml"),
        CauseCode::BuildMissing => include_str!("../../../knowledge/causes/build-missing.toml"),
        CauseCode::RedirectUri => include_str!("../../../knowledge/causes/redirect-uri.toml"),
        CauseCode::RedirectLoop => include_str!("../../../knowledge/causes/redirect-loop.toml"),
        CauseCode::WrongHostHeader => include_str!("../../../knowledge/causes/wrong-host-header.toml"),
        CauseCode::Ipv6Mismatch => include_str!("../../../knowledge/causes/ipv6-mismatch.toml"),
        CauseCode::ConfigSemantic => include_str!("../../../knowledge/causes/config-semantic.toml"),
        CauseCode::VersionSkew => include_str!("../../../knowledge/causes/version-skew.toml"),
        CauseCode::StartupOrder => include_str!("../../../knowledge/causes/startup-order.toml"),
        CauseCode::Located => include_str!("../../../knowledge/causes/located.toml"),
    }
}

/// What is known about a cause. `None` only if the compiled-in text were broken, which a test excludes.
#[must_use]
pub fn cause(code: CauseCode, lang: Lang) -> Option<CauseArticle> {
    toml::from_str::<Both<CauseArticle>>(source(code)).ok().map(|both| both.of(lang).clone())
}

type Statuses = std::collections::BTreeMap<String, Both<StatusArticle>>;

fn statuses() -> &'static Statuses {
    static PARSED: OnceLock<Statuses> = OnceLock::new();
    PARSED.get_or_init(|| toml::from_str(STATUSES).unwrap_or_default())
}

/// What is known about a status, written as nginx writes it (`009`, `502`).
#[must_use]
pub fn status(code: &str, lang: Lang) -> Option<&'static StatusArticle> {
    statuses().get(code).map(|both| both.of(lang))
}

/// Every status that is explained.
pub fn known_statuses() -> impl Iterator<Item = &'static str> {
    statuses().keys().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither empty nor in the other language.
    fn well_said(text: &str, lang: Lang) -> bool {
        let korean = text.chars().any(|c| ('가'..='힣').contains(&c));
        !text.trim().is_empty() && text.trim() == text && korean == (lang == Lang::Ko)
    }

    #[test]
    fn every_cause_is_explained_in_both_languages() {
        for (code, lang) in CauseCode::ALL.iter().flat_map(|code| [(*code, Lang::En), (*code, Lang::Ko)]) {
            let parsed: Result<Both<CauseArticle>, _> = toml::from_str(source(code));
            assert!(parsed.is_ok(), "{code}: {}", parsed.err().map(|e| e.to_string()).unwrap_or_default());
            let article = cause(code, lang).unwrap();
            for text in [&article.title, &article.looks_for, &article.why] {
                assert!(well_said(text, lang), "{code} {lang:?}: {text:?}");
            }
            for list in [&article.evidence_for, &article.evidence_against, &article.remedy, &article.prevention] {
                assert!(!list.is_empty(), "{code} {lang:?}");
                assert!(list.iter().all(|text| well_said(text, lang)), "{code} {lang:?}: {list:?}");
            }
        }
    }

    #[test]
    fn a_status_is_explained_in_exactly_two_sentences() {
        let parsed: Result<Statuses, _> = toml::from_str(STATUSES);
        assert!(parsed.is_ok(), "{}", parsed.err().map(|e| e.to_string()).unwrap_or_default());
        for wanted in [
            "009", "400", "401", "403", "404", "408", "413", "429", "499", "500", "501", "502", "503", "504", "520",
            "521", "522", "523", "524", "525", "526", "527",
        ] {
            assert!(statuses().contains_key(wanted), "{wanted}");
        }
        for (code, lang) in known_statuses().flat_map(|code| [(code, Lang::En), (code, Lang::Ko)]) {
            let article = status(code, lang).unwrap();
            assert!(!article.title.is_empty());
            for sentence in [&article.meaning, &article.producer] {
                assert!(well_said(sentence, lang), "{code}: {sentence:?}");
                assert_eq!(sentence.matches(". ").count(), 0, "{code}: one sentence: {sentence}");
                assert!(sentence.ends_with('.'), "{code}: {sentence}");
            }
        }
    }
}
