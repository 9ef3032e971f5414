//! `lastgood.toml`: what a site says of its logs once and for all. It is the nearest one in the current folder or above,
//! or the one that `--config` names. What its formats mean is `intake`'s business.

use std::collections::BTreeMap;
use std::path::Path;

use lastgood_intake::nginx_conf::AccessLog;
use lastgood_intake::{AccessFormat, NginxConf};
use lastgood_world::{expand, find_upwards, read_small};
use serde::Deserialize;

use crate::complaint::Complaint;

const NAME: &str = "lastgood.toml";

/// The file, as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Formats of access logs, in the words of nginx's `log_format`.
    #[serde(default)]
    formats: BTreeMap<String, String>,
    /// Which logs are written in them.
    #[serde(default)]
    logs: Vec<Log>,
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
    /// It is no TOML, or has a key that is not known; in the parser's words, with the line.
    Syntax(String),
    /// A format without a time or without a status.
    Format(String),
    /// A log with a format that nobody declares.
    UnknownFormat(String),
}

/// Reads the settings: the given file, else the nearest one, else none.
///
/// # Errors
/// If there is one and it is not right.
pub fn declared(given: Option<&Path>) -> Result<NginxConf, Complaint> {
    let Some(path) = given.map(Path::to_owned).or_else(|| find_upwards(NAME)) else { return Ok(NginxConf::default()) };
    let complaint = |fault| Complaint::Settings { path: path.to_string_lossy().into_owned(), fault };
    let bytes = read_small(&path).map_err(|damage| complaint(SettingsFault::Unreadable(damage.to_string())))?;
    let text = String::from_utf8_lossy(&bytes);
    understood(&text, path.parent().unwrap_or(Path::new(""))).map_err(complaint)
}

fn understood(text: &str, folder: &Path) -> Result<NginxConf, SettingsFault> {
    let Settings { formats, logs } =
        toml::from_str(text).map_err(|error| SettingsFault::Syntax(located(&error, text)))?;
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
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    let message = error.message().lines().next().unwrap_or_default();
    line.map_or_else(|| message.to_owned(), |line| format!("line {line}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NginxConf, SettingsFault> {
        understood(text, Path::new("/nowhere"))
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
        let SettingsFault::Syntax(what) = fault("\n[formatz]\nx = ''") else { panic!() };
        assert!(what.starts_with("line 2: unknown field `formatz`"), "{what}");
        assert!(matches!(fault("[formats"), SettingsFault::Syntax(_)));
        assert!(matches!(fault("[[logs]]\npath = 'a'"), SettingsFault::Syntax(_)));
    }

    #[test]
    fn a_file_that_is_named_has_to_be_there() {
        let Err(Complaint::Settings { fault: SettingsFault::Unreadable(_), .. }) =
            declared(Some(Path::new("/nowhere/lastgood.toml")))
        else {
            panic!()
        };
    }
}
