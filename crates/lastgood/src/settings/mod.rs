//! `lastgood.toml`: what a site says once and for all: its language, where its images are built, findings that it accepts, and
//! how its logs are written. It is the nearest one in the current folder or above, or the one that `--config` names.
//! docs/CONFIG.md lists every key. What formats and findings mean is not known here.

pub(crate) mod keys;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use lastgood_diagnose::check::Accept;
use lastgood_diagnose::nearest::nearest;
use lastgood_intake::nginx_conf::AccessLog;
use lastgood_intake::{AccessFormat, NginxConf};
use lastgood_model::check::Flaw;
use lastgood_world::{expand, find_upwards, read_small, read_standard_input};
use serde::Deserialize;
use toml::Spanned;

use crate::complaint::Complaint;
use crate::pipeline::remote::Target;
use crate::rollout::environment::Environment;
use crate::rollout::manner::Manner;
use crate::words::Lang;

/// Its name.
pub const NAME: &str = "lastgood.toml";
/// Architectures, in Docker's words.
const ARCHITECTURES: &[&str] = &["amd64", "arm64", "arm", "386", "ppc64le", "riscv64", "s390x"];

/// So many names a reader takes in.
const FEW: usize = 8;

/// What is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Language of answers.
    pub lang: Option<Lang>,
    /// The architecture on which images are built, in Docker's words.
    pub development: Option<Arc<str>>,
    /// Hosts that are asked, in the order of their names.
    pub targets: Vec<Target>,
    /// How releases are brought out.
    pub deploy: Manner,
    /// Where it stands, if there is one.
    pub path: Option<PathBuf>,
    /// Findings that are meant to be so.
    pub accepted: Vec<Accept>,
    /// Formats of logs, and which logs are written in them.
    pub logs: NginxConf,
}

/// The file, as written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    lang: Option<Spanned<String>>,
    dev: Development,
    target: BTreeMap<String, Host>,
    deploy: Manner,
    check: Check,
    /// Formats of access logs, in the words of nginx's `log_format`.
    formats: BTreeMap<String, String>,
    /// Which logs are written in them.
    logs: Vec<Log>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Development {
    arch: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Host {
    host: Spanned<String>,
    path: Option<String>,
    env: Option<Spanned<String>>,
    env_file: Option<PathBuf>,
    env_command: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Check {
    accept: Vec<Accepted>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    code: Spanned<String>,
    component: Option<String>,
    #[serde(default)]
    keys: Vec<String>,
    reason: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    /// Relative to the folder of the file; `*`, `?` and `[…]` as in a shell.
    path: String,
    /// One of `formats`, or of those that are built in.
    format: String,
}

/// What is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsFault {
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// It is no TOML, or a key lacks or has the wrong kind of value; in the parser's words, with the line.
    Syntax(String),
    /// A key that nobody knows.
    UnknownKey {
        /// Where, from 1.
        line: usize,
        /// The key, with the tables that it is in.
        key: String,
        /// The one that was probably meant.
        near: Option<String>,
    },
    /// A value that is none of those that may stand there.
    UnknownValue {
        /// Where, from 1.
        line: usize,
        /// The key.
        key: &'static str,
        /// The value.
        given: String,
        /// The one that was probably meant; if none looks like it and there are few, all.
        meant: Vec<String>,
    },
    /// A finding that is accepted for no reason.
    NoReason {
        /// Where, from 1.
        line: usize,
    },
    /// No host that ssh could be asked for.
    Host {
        /// Where, from 1.
        line: usize,
        /// What stands there.
        given: String,
    },
    /// A target has more than one source of its `.env`: its name.
    Environments(String),
    /// A format without a time or without a status.
    Format(String),
    /// A log with a format that nobody declares.
    UnknownFormat(String),
}

/// Reads the settings: the given file, else the nearest one, else none.
///
/// # Errors
/// If there is one and it is not right.
pub fn read(given: Option<&Path>) -> Result<Settings, Complaint> {
    let Some(path) = given.map(Path::to_owned).or_else(|| find_upwards(NAME)) else { return Ok(Settings::default()) };
    let complaint = |fault| Complaint::Settings { path: path.to_string_lossy().into_owned(), fault };
    let piped = path == Path::new("-");
    let bytes = if piped { read_standard_input() } else { read_small(&path) };
    let bytes = bytes.map_err(|damage| complaint(SettingsFault::Unreadable(damage.to_string())))?;
    let text = String::from_utf8_lossy(&bytes);
    let settings = understood(&text, path.parent().unwrap_or(Path::new(""))).map_err(complaint)?;
    Ok(Settings { path: Some(path).filter(|_| !piped), ..settings })
}

fn understood(text: &str, folder: &Path) -> Result<Settings, SettingsFault> {
    if let Some(fault) = keys::unknown(text) {
        return Err(fault);
    }
    let written: Written = toml::from_str(text).map_err(|error| SettingsFault::Syntax(located(&error, text)))?;
    let one_of = |key, value: &Spanned<String>, known: &[&str]| match value.get_ref().as_str() {
        given if known.contains(&given) => Ok(Arc::from(given)),
        given => Err(SettingsFault::UnknownValue {
            line: line(text, value.span().start),
            key,
            given: given.to_owned(),
            meant: match nearest(given, known.iter().copied()) {
                Some(near) => vec![near.to_owned()],
                None => known.iter().filter(|_| known.len() <= FEW).map(|known| (*known).to_owned()).collect(),
            },
        }),
    };
    let languages = Lang::value_variants().iter().map(|lang| lang.name()).collect::<Vec<_>>();
    let lang = written.lang.map(|lang| one_of("lang", &lang, &languages)).transpose()?;
    let development = written.dev.arch.map(|arch| one_of("dev.arch", &arch, ARCHITECTURES)).transpose()?;
    let accepted = written.check.accept.into_iter().map(|accepted| {
        let code = one_of("check.accept.code", &accepted.code, Flaw::CODES)?;
        let Range { start, .. } = accepted.reason.span();
        match accepted.reason.into_inner().trim() {
            "" => Err(SettingsFault::NoReason { line: line(text, start) }),
            reason => Ok(Accept {
                code,
                component: accepted.component.map(Arc::from),
                keys: accepted.keys.into_iter().map(Arc::from).collect(),
                reason: Arc::from(reason),
            }),
        }
    });
    let targets = written.target.into_iter().map(|(name, Host { host, path, env, env_file, env_command })| {
        let line = line(text, host.span().start);
        let server = env.map(|env| one_of("target.*.env", &env, &["server"])).transpose()?.map(|_| Environment::Server);
        let named = [server, env_file.map(Environment::File), env_command.map(Environment::Command)];
        let mut named = named.into_iter().flatten();
        let environment = named.next().unwrap_or_default();
        if named.next().is_some() {
            return Err(SettingsFault::Environments(name));
        }
        match host.into_inner() {
            // What begins like an option, ssh would take for one.
            host if host.trim().is_empty() || host.starts_with('-') => Err(SettingsFault::Host { line, given: host }),
            host => Ok(Target { name, host, path, environment }),
        }
    });
    Ok(Settings {
        targets: targets.collect::<Result<_, _>>()?,
        deploy: written.deploy,
        path: None,
        lang: lang.and_then(|lang| Lang::of_locale(&lang)),
        development,
        accepted: accepted.collect::<Result<_, _>>()?,
        logs: logs(written.formats, written.logs, folder)?,
    })
}

fn logs(formats: BTreeMap<String, String>, logs: Vec<Log>, folder: &Path) -> Result<NginxConf, SettingsFault> {
    if let Some((name, _)) = formats.iter().find(|(name, format)| AccessFormat::compile(name, format).is_none()) {
        return Err(SettingsFault::Format(name.clone()));
    }
    let mut conf = NginxConf::default();
    let is_known =
        |name: &str| formats.contains_key(name) || AccessFormat::built_ins().iter().any(|format| format.name() == name);
    for Log { path, format } in logs {
        if !is_known(&format) {
            return Err(SettingsFault::UnknownFormat(format));
        }
        let mut files = expand(&folder.join(&path));
        if files.is_empty() {
            // The logs may have been copied elsewhere: their names still say which they are.
            files.push(path.into());
        }
        conf.access_logs.extend(files.into_iter().map(|file| AccessLog {
            path: file.to_string_lossy().into_owned(),
            format: Some(format.clone()),
            server_name: None,
        }));
    }
    conf.log_formats.extend(formats);
    Ok(conf)
}

/// `line 3: unknown field …`.
fn located(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().lines().next().unwrap_or_default();
    error.span().map_or_else(|| message.to_owned(), |span| format!("line {}: {message}", line(text, span.start)))
}

/// The line of a place in a text, from 1.
fn line(text: &str, at: usize) -> usize {
    text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
}

/// Whether a file with this text would be taken.
#[cfg(test)]
pub(crate) fn is_understood(text: &str) -> bool {
    understood(text, Path::new("/nowhere")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings, SettingsFault> {
        understood(text, Path::new("/nowhere"))
    }

    fn read(text: &str) -> Result<NginxConf, SettingsFault> {
        settings(text).map(|settings| settings.logs)
    }

    #[test]
    fn formats_and_logs_are_declared() {
        let conf = read(
            "[formats]\nshop = '$remote_addr [$time_local] $status'\n\n\
             [[logs]]\npath = 'logs/shop.log'\nformat = 'shop'\n\n[[logs]]\npath = 'b.log'\nformat = 'combined'\n",
        )
        .unwrap();
        assert_eq!(conf.log_format("shop"), Some("$remote_addr [$time_local] $status"));
        let logs: Vec<_> = conf.access_logs.iter().map(|log| (log.path.as_str(), log.format.as_deref())).collect();
        assert_eq!(logs, [("logs/shop.log", Some("shop")), ("b.log", Some("combined"))]);
        assert_eq!(read(""), Ok(NginxConf::default()));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fault = |text| read(text).unwrap_err();
        assert_eq!(fault("[formats]\nx = '$remote_addr $status'"), SettingsFault::Format("x".into()));
        let unknown = "[[logs]]\npath = 'a'\nformat = 'x'";
        assert_eq!(fault(unknown), SettingsFault::UnknownFormat("x".into()));
        let SettingsFault::UnknownKey { key, .. } = fault("\n[formatz]\nx = ''") else { panic!() };
        assert_eq!(key, "formatz");
        assert!(matches!(fault("[formats"), SettingsFault::Syntax(_)));
        let SettingsFault::Syntax(what) = fault("\n[deploy]\nhold = '1s'\nbake = 'soon'") else { panic!() };
        assert!(what.contains("line 4: `soon` is no span"), "{what}");
        assert!(matches!(fault("[[logs]]\npath = 'a'"), SettingsFault::Syntax(_)));
    }

    #[test]
    fn a_file_that_is_named_has_to_be_there() {
        let Err(Complaint::Settings { fault: SettingsFault::Unreadable(_), .. }) =
            super::read(Some(Path::new("/nowhere/lastgood.toml")))
        else {
            panic!()
        };
    }

    #[test]
    fn a_targets_env_has_one_source() {
        let of = |keys: &str| settings(&format!("[target.prod]\nhost = 'me@vm'\n{keys}"));
        let environment = |keys: &str| of(keys).unwrap().targets.remove(0).environment;
        assert_eq!(environment(""), Environment::Local);
        assert_eq!(environment("env_file = '.env.prod'"), Environment::File(".env.prod".into()));
        assert_eq!(environment("env_command = 'sops -d x'"), Environment::Command("sops -d x".to_owned()));
        assert_eq!(environment("env = 'server'"), Environment::Server);
        let unknown = of("env = 'serve'").unwrap_err();
        let expected = SettingsFault::UnknownValue {
            line: 3,
            key: "target.*.env",
            given: "serve".to_owned(),
            meant: vec!["server".to_owned()],
        };
        assert_eq!(unknown, expected);
        let two = of("env = 'server'\nenv_file = '.env'").unwrap_err();
        assert_eq!(two, SettingsFault::Environments("prod".to_owned()));
    }

    #[test]
    fn language_architecture_and_what_is_accepted() {
        let read = settings(
            "lang = 'ko'\n[dev]\narch = 'arm64'\n[[check.accept]]\ncode = 'gateway-address'\ncomponent = 'backend'\n\
             keys = ['KVS_HOST']\nreason = ' fixed '\n",
        )
        .unwrap();
        assert_eq!((read.lang, read.development.as_deref()), (Some(Lang::Ko), Some("arm64")));
        let accepted = Accept {
            code: "gateway-address".into(),
            component: Some("backend".into()),
            keys: vec!["KVS_HOST".into()],
            reason: "fixed".into(),
        };
        assert_eq!(read.accepted, [accepted]);
    }

    #[test]
    fn values_that_nobody_knows() {
        let fault = |text: &str| match settings(text).unwrap_err() {
            SettingsFault::UnknownValue { line, key, meant, .. } => (line, key, meant.join(" ")),
            other => panic!("{other:?}"),
        };
        assert_eq!(fault("lang = 'kr'"), (1, "lang", "en ko".to_owned()));
        assert_eq!(fault("[dev]\narch = 'amd65'"), (2, "dev.arch", "amd64".to_owned()));
        assert_eq!(fault("[[check.accept]]\ncode = 'tomato'\nreason = 'x'").2, "");
        assert_eq!(
            fault("[[check.accept]]\ncode = 'gateway-adress'\nreason = 'x'"),
            (2, "check.accept.code", "gateway-address".to_owned())
        );
    }

    #[test]
    fn nothing_is_accepted_without_a_reason() {
        let fault = |reason: &str| settings(&format!("[[check.accept]]\ncode = 'orphan'\n{reason}")).unwrap_err();
        let SettingsFault::Syntax(what) = fault("") else { panic!() };
        assert!(what.contains("missing field `reason`"), "{what}");
        assert_eq!(fault("reason = ' '"), SettingsFault::NoReason { line: 3 });
    }

    #[test]
    fn the_document_lists_the_same_keys() {
        let document = include_str!("../../../../docs/CONFIG.md");
        let listed = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        let listed: Vec<&str> = listed.map(|(key, _)| key).collect();
        assert_eq!(listed, keys::KEYS);
    }
}
