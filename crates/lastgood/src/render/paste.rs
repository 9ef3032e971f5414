//! Commands that a person can paste into a shell, for each cause. Names come from logs: they are quoted for the shell,
//! and a name that could not be a real one yields no command. Nothing is run here.

use lastgood_model::app_claim::SaidError;
use lastgood_model::{BuildError, BuildFact, CauseCode, Piece, UnitFileState};

use super::clock::Clock;
use super::paste_state;
use super::quote::clean;
use crate::words::Account;

/// Commands for a cause, the first one first; they look or repair, and never delete.
#[must_use]
pub fn commands(account: &Account<'_>) -> Vec<String> {
    let unit = account.unit().and_then(word);
    let upstream = account.upstream();
    let mut out = Vec::new();
    if let Some(claim) = account.state() {
        return paste_state::commands(account, claim);
    }
    if let Some(said) = account.said() {
        return of_application(account, said);
    }
    if let Some(fact) = account.build() {
        return of_build(account, fact);
    }
    match account.cause.code {
        CauseCode::NotStartedAfterReboot => {
            let Some(unit) = unit else { return out };
            let now = if account.ongoing() { "--now " } else { "" };
            match account.unit_state() {
                Some(UnitFileState::Masked) => {
                    out.push(format!("sudo systemctl unmask {unit}"));
                    out.push(format!("sudo systemctl enable {now}{unit}"));
                }
                Some(UnitFileState::Disabled) => out.push(format!("sudo systemctl enable {now}{unit}")),
                Some(UnitFileState::Enabled | UnitFileState::Other) | None => {
                    if account.ongoing() {
                        out.push(format!("sudo systemctl start {unit}"));
                    }
                    out.push(format!("systemctl is-enabled {unit}"));
                }
            }
            out.push(format!("systemctl status {unit}"));
        }
        CauseCode::ProcessDown | CauseCode::OomKill => {
            if let Some(unit) = unit {
                out.push(format!("systemctl status {unit}"));
                out.push(format!("journalctl -u {unit} -n 50 --no-pager"));
                if account.ongoing() {
                    out.push(format!("sudo systemctl start {unit}"));
                }
            }
            if account.cause.code == CauseCode::OomKill {
                out.push("journalctl -k --grep 'Out of memory' --no-pager".to_owned());
            } else {
                out.extend(now_or_then(account, upstream.and_then(listener)));
            }
        }
        CauseCode::ConnectionClosed | CauseCode::TimeoutSlow => {
            out.extend(now_or_then(account, upstream.and_then(ask)));
        }
        CauseCode::DiskFull => {
            out.push("df -h; df -i".to_owned());
            out.push("sudo du -xh --max-depth=3 / | sort -h | tail -n 20".to_owned());
        }
        CauseCode::DnsFailure => {
            let name = upstream.map(|upstream| upstream.rsplit_once(':').map_or(upstream, |(host, _)| host));
            out.extend(name.and_then(word).map(|name| format!("getent hosts {name}")));
            out.push("sudo nginx -t".to_owned());
        }
        CauseCode::TlsExpired | CauseCode::TlsChain | CauseCode::TlsNameMismatch => {
            out.extend(upstream.and_then(certificate));
        }
        CauseCode::HeaderTooBig => out.extend(upstream.and_then(ask)),
        CauseCode::BodyTooBig => out.push("sudo nginx -T | grep -n client_max_body_size".to_owned()),
        CauseCode::RateLimit => out.push("sudo nginx -T | grep -nE 'limit_(req|conn)|real_ip'".to_owned()),
        CauseCode::FdLimit | CauseCode::WorkerLimit => {
            out.push("sudo nginx -T | grep -nE 'worker_(connections|rlimit_nofile)'".to_owned());
            out.push("grep 'open files' /proc/$(cat /run/nginx.pid)/limits".to_owned());
        }
        CauseCode::ServerConnLimit | CauseCode::DependencyDown | CauseCode::AppBug => {
            out.extend(around_the_onset(account));
        }
        CauseCode::VersionIncompatible => {
            out.push("tail -n 40 /var/log/apt/history.log".to_owned());
            out.extend(around_the_onset(account));
        }
        CauseCode::HostDown => {
            out.push("journalctl --list-boots --no-pager".to_owned());
            out.extend(around_the_onset(account));
        }
        CauseCode::ConfigSemantic => out.push("sudo nginx -T".to_owned()),
        CauseCode::ConfigSyntax => {
            out.push("sudo nginx -t".to_owned());
            out.push("systemctl status nginx".to_owned());
        }
        CauseCode::PortConflict => {
            out.push("sudo ss -ltnp 'sport = :80 or sport = :443'".to_owned());
            out.push("systemctl status nginx".to_owned());
        }
        CauseCode::BadEntrypoint
        | CauseCode::HealthcheckBroken
        | CauseCode::WrongArch
        | CauseCode::WrongNetwork
        | CauseCode::WrongAddress
        | CauseCode::StaleUpstreamIp
        | CauseCode::StaleEnv
        | CauseCode::BadMount
        | CauseCode::WrongCredential
        | CauseCode::MissingCredential
        | CauseCode::AuthNotExpected
        | CauseCode::ProtectedMode
        | CauseCode::PersistenceFailing
        | CauseCode::MemoryLimit
        | CauseCode::ReadOnly
        | CauseCode::FirewallDrop
        | CauseCode::BindLoopback
        | CauseCode::SchemaMissing
        | CauseCode::Loading
        | CauseCode::ProtocolMismatch
        | CauseCode::IssuerMismatch
        | CauseCode::ClockSkew
        | CauseCode::EnvMissing
        | CauseCode::EnvMalformed
        | CauseCode::Permission
        | CauseCode::HeapLimit
        | CauseCode::BuildMissing
        | CauseCode::RedirectUri
        | CauseCode::WrongHostHeader
        | CauseCode::RedirectLoop
        | CauseCode::Ipv6Mismatch
        | CauseCode::VersionSkew
        | CauseCode::StartupOrder
        | CauseCode::TlsNotYetValid
        | CauseCode::TlsVersion => out.push("lastgood check".to_owned()),
        CauseCode::Located => {
            out.extend(upstream.and_then(ask));
            out.extend(around_the_onset(account));
        }
    }
    out
}

/// Where an application itself names the cause: from where it is, the same is asked again.
fn of_application(account: &Account<'_>, said: &SaidError) -> Vec<String> {
    let host = said.named(Piece::Host).and_then(word);
    let asked = match (account.cause.code, word(&said.who), host) {
        (CauseCode::DnsFailure, Some(who), Some(host)) => {
            Some(format!("{} exec {who} getent hosts {host}", account.compose))
        }
        _ => None,
    };
    asked.into_iter().chain(["lastgood check".to_owned()]).collect()
}

/// What a build that failed needs: for a program of another architecture an image that runs none; where it is not known what is
/// wrong, the step once more, with all that it says.
fn of_build(account: &Account<'_>, fact: &BuildFact) -> Vec<String> {
    let component = account.cause.component.as_ref();
    let dockerfile = if component.contains("ockerfile") { component } else { "Dockerfile" };
    let Some(dockerfile) = word(dockerfile) else { return Vec::new() };
    let step = account.build_step().unwrap_or_default();
    match fact {
        BuildFact::Error { kind: BuildError::WrongArchitecture, .. } => prebuilt(account, step, &dockerfile),
        BuildFact::Error { kind: BuildError::Other, .. } | BuildFact::Step { .. } | BuildFact::Failed { .. }
            if step.starts_with('[') || step.starts_with("Step ") =>
        {
            vec![format!("docker build --progress=plain --no-cache -f {dockerfile} .")]
        }
        _ => Vec::new(),
    }
}

/// The artefact is built here, and a Dockerfile without a `RUN` places it: of what the output names, and nothing else.
fn prebuilt(account: &Account<'_>, step: &str, dockerfile: &str) -> Vec<String> {
    // Only what is known by heart: a line of a log is nothing to paste into a shell.
    const BUILDS: [&str; 5] = ["npm run build", "yarn build", "pnpm run build", "pnpm build", "npx vite build"];
    let mut out: Vec<String> =
        BUILDS.into_iter().find(|build| step.contains(build)).map(str::to_owned).into_iter().collect();
    let Some(BuildFact::Image { platform, base, from, to, .. }) = account.build_image() else {
        out.push("lastgood check".to_owned());
        return out;
    };
    // Where a stage made it, it lies in the folder of the same name.
    let folder = from.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let lines = [format!("FROM {base}"), format!("COPY {folder} {to}")];
    if let ([Some(base), Some(copy)], false) = (lines.map(|line| word(&line)), folder.is_empty()) {
        out.push(format!("printf '%s\\n' {base} {copy} > {dockerfile}.prebuilt"));
        let platform = word(platform).map_or_else(String::new, |platform| format!(" --platform {platform}"));
        out.push(format!("docker buildx build{platform} -f {dockerfile}.prebuilt ."));
    }
    out.push("lastgood check".to_owned());
    out
}

/// While it goes on one asks the component; once it is over only the journal can tell.
fn now_or_then(account: &Account<'_>, ask: Option<String>) -> Vec<String> {
    let mut both: Vec<String> = [ask, around_the_onset(account)].into_iter().flatten().collect();
    if !account.ongoing() {
        both.reverse();
    }
    both
}

/// What the host wrote around the onset. In UTC, so that the host's own zone does not matter.
fn around_the_onset(account: &Account<'_>) -> Option<String> {
    const MINUTE_MS: i64 = 60_000;
    let onset = &account.incident.onset;
    let bad = onset.first_bad.as_ref().or(onset.last_good.as_ref())?.at;
    let good = onset.last_good.as_ref().map_or(bad, |edge| edge.at);
    let utc = Clock::new(0);
    let minute = |at| format!("{} {} UTC", utc.date(at), utc.minute(at));
    let (from, to) = (minute(good.plus(-MINUTE_MS)), minute(bad.plus(2 * MINUTE_MS)));
    Some(format!("journalctl -S '{from}' -U '{to}'"))
}

/// Who listens on the upstream's port.
fn listener(upstream: &str) -> Option<String> {
    if let Some(path) = upstream.strip_prefix("unix:") {
        return word(path).map(|path| format!("ls -l {path}"));
    }
    let port: u16 = upstream.rsplit_once(':')?.1.parse().ok()?;
    Some(format!("sudo ss -ltnp 'sport = :{port}'"))
}

/// The certificate that the upstream shows.
fn certificate(upstream: &str) -> Option<String> {
    let name = word(upstream).filter(|name| !name.starts_with('\'') && name.contains(':'))?;
    Some(format!("openssl s_client -connect {name} </dev/null | openssl x509 -noout -dates -ext subjectAltName"))
}

/// What the upstream answers, without a proxy.
fn ask(upstream: &str) -> Option<String> {
    const CURL: &str = "curl -sSI -m 10";
    match upstream.strip_prefix("unix:") {
        Some(path) => word(path).map(|path| format!("{CURL} --unix-socket {path} http://localhost/")),
        None => word(upstream).filter(|name| !name.starts_with('\'')).map(|name| format!("{CURL} http://{name}/")),
    }
}

/// A name as one word of a shell; none if it holds what no real name holds, or begins like an option.
pub(crate) fn word(name: &str) -> Option<String> {
    let real = !name.is_empty() && name.len() <= 255 && !name.starts_with('-') && clean(name) == name;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+:,./-[]".contains(&byte);
    match (real, name.bytes().all(|byte| plain(byte) && !b"[]".contains(&byte))) {
        (false, _) => None,
        (true, true) => Some(name.to_owned()),
        (true, false) => Some(format!("'{}'", name.replace('\'', "'\\''"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_logs_cannot_break_out() {
        assert_eq!(word("driver-insu.service").as_deref(), Some("driver-insu.service"));
        assert_eq!(word("a b;$(reboot).service").as_deref(), Some("'a b;$(reboot).service'"));
        assert_eq!(word("it's").as_deref(), Some("'it'\\''s'"));
        for wrong in ["", "--force", "a\nb", "a\u{202e}b"] {
            assert_eq!(word(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn asks_the_upstream_itself() {
        assert_eq!(listener("127.0.0.1:8080").as_deref(), Some("sudo ss -ltnp 'sport = :8080'"));
        assert_eq!(listener("unix:/run/app.sock").as_deref(), Some("ls -l /run/app.sock"));
        assert_eq!(listener("backend"), None);
        assert!(ask("unix:/run/app.sock").is_some_and(|line| line.contains("--unix-socket /run/app.sock ")));
        assert!(ask("127.0.0.1:8080").is_some_and(|line| line.ends_with(" http://127.0.0.1:8080/")));
    }
}
