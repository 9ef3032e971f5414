//! English: notes, gaps and complaints. A gap and a complaint say the way out where there is one.

use std::sync::Arc;

use lastgood_model::{Gap, GapKind, NoteKind};

use super::super::Lang;
use super::super::Words;
use super::super::capture::bytes;
use super::super::number::{grouped, percent};
use super::hosts;
use super::{English, listed, name_of, plural};
use crate::case::VERSION;
use crate::complaint::Complaint;
use crate::render::postmortem::{Fault, Mistake};
use crate::settings::SettingsFault;

const EVERY_KEY: &str = "docs/CONFIG.md lists every key and what may stand there";

pub(super) fn note(kind: &NoteKind) -> String {
    match kind {
        NoteKind::Blip { failed, seconds, vhost } => {
            let failures = plural(*failed, "failure");
            format!("{}: a blip of {failures} within {}", name_of(vhost), English.duration(*seconds))
        }
        NoteKind::Recovered { failed, seconds, vhost } => format!(
            "{}: {} in {}, over since then; --since with a time before it explains it",
            name_of(vhost),
            plural(*failed, "failure"),
            English.duration(*seconds)
        ),
        NoteKind::SteadyFailures { failed, requests, vhost } => format!(
            "{}: {} of {} requests failed here and there ({})",
            name_of(vhost),
            grouped(*failed),
            grouped(*requests),
            percent(*failed, *requests)
        ),
        NoteKind::OneClient { failed, vhost } => {
            format!("{}: {} of one client alone; the others were served", name_of(vhost), plural(*failed, "failure"))
        }
        NoteKind::ClientErrors { count, busiest_percent, vhost } => format!(
            "{}: {} answers of 4xx, {busiest_percent} % of them to one client: a scan or a broken client",
            name_of(vhost),
            grouped(*count)
        ),
        NoteKind::Limited { refused, clients, vhost } => format!(
            "{}: limits of the site turned {} away, of {} alone",
            name_of(vhost),
            plural(*refused, "request"),
            plural(*clients, "client")
        ),
        NoteKind::Silence { expected, seconds } => format!(
            "no request for {}, where about {} were to be expected; nothing at hand says why",
            English.duration(*seconds),
            grouped(*expected)
        ),
        NoteKind::Retried { count, upstream } => {
            let who = upstream.as_deref().unwrap_or("an upstream");
            let errors = plural(*count, "error");
            format!("{errors} of {who} without a failed request: nginx tried another server")
        }
        NoteKind::SameContent { file, of } => format!("{file} says the same as {of}; read once"),
        NoteKind::DuplicateLines { count, file } => {
            format!("{} of {file} also in another file; counted once", plural(*count, "line"))
        }
        NoteKind::MoreFiles { files } => format!("{} likewise", plural(*files, "more file")),
        NoteKind::ManyPaths { other, vhost } => {
            format!("{}: too many different paths; {} counted as one", name_of(vhost), plural(*other, "request"))
        }
        NoteKind::StaleVariables { service, keys } => {
            format!("{service} runs with other values than its files hold: {}; up -d makes it anew", listed(keys, 4))
        }
        NoteKind::OtherArchitecture { service, label, host } => format!(
            "{service} runs, although its image is labelled {label} and this machine is {host}: emulated, or the label is wrong"
        ),
        NoteKind::Elsewhere { incidents, components } => {
            format!("{} elsewhere: {}", plural(*incidents, "incident"), listed(components, 4))
        }
        NoteKind::RolloutUnderWay(rollout) => Lang::En.not_judged(rollout),
        NoteKind::UnrelatedOom { process } => {
            format!("the kernel killed {process} for lack of memory; nothing links that to failures")
        }
    }
}

pub(super) fn gap_what(gap: &Gap) -> &str {
    &gap.what
}

pub(super) fn gap_why(gap: &Gap) -> String {
    match &gap.why {
        GapKind::NotFound => "not there".to_owned(),
        GapKind::NoPermission => "no permission; run as root or as a member of its group".to_owned(),
        GapKind::NotAFile => "a pipe, socket or device, not opened".to_owned(),
        GapKind::Io(message) => message.to_string(),
        GapKind::Truncated { lines } => {
            format!("damaged or cut off; {} could be read", plural(*lines, "line"))
        }
        GapKind::Packed(by) => format!("packed with {by}; unpack it first"),
        GapKind::UnknownFormat => "no format that is known here".to_owned(),
        GapKind::NoTimes => {
            "its lines have no time; a log of the container (docker logs -t) or the journal has".to_owned()
        }
        GapKind::NotGiven => format!("not given{}", how_to_get(&gap.what)),
        GapKind::OtherMachine => "the engine is, or may be, on another machine; ask there".to_owned(),
        GapKind::SourceMissing(source) => {
            format!("not opened: {source} is missing, and the engine would make a folder of it")
        }
        GapKind::NothingTells => format!("nothing on this host tells{}", who_would_tell(&gap.what)),
        GapKind::YearAssumed => "names no year; the latest that is not in the future was taken".to_owned(),
        GapKind::ZoneAssumed(zone) => format!("names no zone, read as {zone}; --tz says another"),
        GapKind::OtherThanCompose(keys) if keys.is_empty() => {
            "Compose reads it otherwise than lastgood does; what Compose says was taken".to_owned()
        }
        GapKind::OtherThanCompose(keys) => {
            format!("Compose reads {keys} otherwise than lastgood does; what Compose says was taken")
        }
        GapKind::NothingThen => "no request in the time that was asked about (--since, --until)".to_owned(),
        GapKind::NoAccessLog => "not found; without one failures cannot be set against successes".to_owned(),
        GapKind::TooManyFiles { left_out } => format!("too many files; {} left out", plural(*left_out, "file")),
        GapKind::AndMore { files, why } => {
            let why = gap_why(&Gap { what: Arc::clone(&gap.what), why: (**why).clone() });
            format!("{why}; likewise {}", plural(*files, "more file"))
        }
        GapKind::NoRoomToProbe => "left out: the host is short of memory or disk".to_owned(),
        GapKind::NotProbed(why) => {
            format!("could not be started ({why}); the static build of lastgood runs in every image")
        }
        GapKind::TooLarge => "too large; the rest was not read".to_owned(),
    }
}

/// How to get what the diagnosis would have liked to see.
fn how_to_get(what: &str) -> &'static str {
    match what {
        "journal" => "; journalctl -o json > journal.json writes it",
        "unit list" => "; systemctl list-unit-files > units.txt writes it",
        "cloud audit log" => " (CloudTrail as JSON); it knows machine images and reboots",
        "error log" => "; nginx says there what the upstream did",
        _ => "",
    }
}

fn who_would_tell(what: &str) -> &'static str {
    match what {
        "clock" => " whether it is kept right; timedatectl and chronyc would",
        "units at boot" => "; systemd does not run here",
        _ => "",
    }
}

fn gap_line(gap: &Gap) -> String {
    format!("{}: {}", gap_what(gap), gap_why(gap))
}

pub(super) fn complaint(complaint: &Complaint) -> (String, Vec<String>) {
    let (what, hint) = match complaint {
        Complaint::Time { flag, given } => (
            format!("{flag}: `{given}` is not a time"),
            "write 12:57, '2022-11-16 12:57', 2022-11-16T12:57:00+09:00 or -2h".to_owned(),
        ),
        Complaint::Change { given } => (
            format!("--change: `{given}` is not a time and what was changed"),
            "write --change '11:07 machine image of the instance'".to_owned(),
        ),
        Complaint::Duration { flag, given } => {
            (format!("{flag}: `{given}` is not a duration"), "write 30s, 5m or '1h 30m'".to_owned())
        }
        Complaint::Zone { flag, given } => {
            (format!("{flag}: `{given}` is not a known time zone"), "write Asia/Seoul, +09:00 or UTC".to_owned())
        }
        Complaint::Settings { path, fault } => match fault {
            SettingsFault::Unreadable(why) => {
                (format!("{path}: cannot be read: {why}"), "name another one with --config".to_owned())
            }
            SettingsFault::Syntax(what) => (format!("{path}: not understood: {what}"), EVERY_KEY.to_owned()),
            SettingsFault::UnknownKey { line, key, near } => (
                format!("{path}:{line}: there is no key `{key}`"),
                near.as_ref().map_or_else(|| EVERY_KEY.to_owned(), |near| format!("is {near} meant?")),
            ),
            SettingsFault::UnknownValue { line, key, given, meant } => {
                let hint = match meant.as_slice() {
                    [] => EVERY_KEY.to_owned(),
                    [one] => format!("is {one} meant?"),
                    several => format!("it can be {}", several.join(", ")),
                };
                (format!("{path}:{line}: {key} cannot be `{given}`"), hint)
            }
            SettingsFault::NoReason { line } => (
                format!("{path}:{line}: a finding is accepted, and the reason is blank"),
                "write why it is meant to be so".to_owned(),
            ),
            SettingsFault::Host { line, given } => {
                (format!("{path}:{line}: `{given}` is no host"), "write it as ssh knows it: me@vm".to_owned())
            }
            SettingsFault::Environments(name) => (
                format!("{path}: target `{name}` has more than one of env, env_file and env_command"),
                "leave one of them".to_owned(),
            ),
            SettingsFault::Format(name) => (
                format!("{path}: the format `{name}` has no time or no status"),
                "name $time_local, $time_iso8601 or $msec, and $status".to_owned(),
            ),
            SettingsFault::UnknownFormat(name) => {
                (format!("{path}: there is no format `{name}`"), "declare it under [formats]".to_owned())
            }
        },
        Complaint::Targets { .. }
        | Complaint::NoHost
        | Complaint::Target { .. }
        | Complaint::FileThere { .. }
        | Complaint::Host { .. } => {
            return hosts::complaint(complaint);
        }
        Complaint::Rollout { .. }
        | Complaint::Images { .. }
        | Complaint::Artifact { .. }
        | Complaint::Hook { .. }
        | Complaint::Nobody { .. }
        | Complaint::Contents { .. }
        | Complaint::NoRelease { .. } => {
            return Lang::En.rollout_complaint(complaint);
        }
        Complaint::NoPath => (
            "no log was given".to_owned(),
            "name files or folders: lastgood why /var/log/nginx; or - for standard input".to_owned(),
        ),
        Complaint::Topic { given, near } if near.is_empty() => (
            format!("`{given}` is neither a cause code nor an HTTP status that is explained here"),
            "lastgood explain lists all of them".to_owned(),
        ),
        Complaint::Topic { given, near } => (
            format!("`{given}` is neither a cause code nor an HTTP status that is explained here"),
            format!("did you mean {}?", near.join(", ")),
        ),
        Complaint::Command { given, known } => {
            (format!("there is no command `{given}`"), format!("there are {}", known.join(", ")))
        }
        Complaint::NoLogs { looked_at, files, gaps } => {
            let place =
                if looked_at.is_empty() { "on this host".to_owned() } else { format!("in {}", looked_at.join(", ")) };
            let files = plural(u64::try_from(*files).unwrap_or(u64::MAX), "file");
            let mut hints: Vec<String> = gaps.iter().take(3).map(gap_line).collect();
            hints.push(
                "looked for access and error logs of nginx or Apache (rotated and gzip too) and journal exports \
                 (journalctl -o json)"
                    .to_owned(),
            );
            hints.push("name files or folders: lastgood why /var/log/nginx".to_owned());
            return (format!("no log found {place} ({files})"), hints);
        }
        Complaint::Undetermined => (English.labels().could_not_tell.to_owned(), String::new()),
        Complaint::Write { path, why } => (format!("{path}: could not be written: {why}"), String::new()),
        Complaint::TemplateRead { path, why } => (format!("{path}: could not be read: {why}"), String::new()),
        Complaint::Template { path, mistake: Mistake { line, fault } } => {
            let what = match fault {
                Fault::Undefined(name) => format!("{path}:{line}: nothing is called `{name}`"),
                Fault::Other(what) => format!("{path}:{line}: {what}"),
            };
            (what, "docs/TEMPLATE.md lists the names that a template may use".to_owned())
        }
        Complaint::TemplateFormat { format } => (
            format!("--template: a template is for --format md, not {format}"),
            "leave --format or --template away".to_owned(),
        ),
        Complaint::Size { given } => (format!("--max-size: `{given}` is not a size"), "write 200M or 2G".to_owned()),
        Complaint::Case { folder, why } => (
            format!("{folder}: not a case that can be read: {why}"),
            "lastgood capture LOG -o DIR writes one".to_owned(),
        ),
        Complaint::NewerCase { folder, version } => (
            format!("{folder}: a case of version {version}; this lastgood reads version {VERSION}"),
            "replay it with the lastgood that its case.toml names under tool, or a newer one".to_owned(),
        ),
        Complaint::Exists { path } => {
            (format!("{path}: is there already; nothing was written"), "name another folder with -o".to_owned())
        }
        Complaint::NoProject => ("no compose file here or in a folder above".to_owned(), "name it with -f".to_owned()),
        Complaint::NoProxy { service } => (
            match service {
                Some(service) => format!("no nginx is seen that passes requests to {service}"),
                None => "no nginx is seen that passes requests to a service".to_owned(),
            },
            "it has to run in the stack, or on this machine".to_owned(),
        ),
        Complaint::SettingsExist { path } => {
            (format!("{path}: is there already; it was left as it is"), EVERY_KEY.to_owned())
        }
        Complaint::TooMuch { bytes: found, most } => (
            format!("{} to capture, and no more than {} are wanted; nothing was written", bytes(*found), bytes(*most)),
            "narrow it with --since and --until or fewer files, or allow more with --max-size".to_owned(),
        ),
        Complaint::Other { what, hints } => return (what.clone(), hints.clone()),
    };
    (what, if hint.is_empty() { Vec::new() } else { vec![hint] })
}
