//! English: summary, fix and prevention of each cause, with the names of this incident. What a cause is in general
//! stands in `knowledge/causes/`.

use lastgood_model::{CauseCode, ChangeKind, ProxyErrorKind, UnitFileState};

use super::super::{Account, CauseText};
use super::{app, builds, limits, states, turns};

pub(super) fn cause(account: &Account<'_>) -> CauseText {
    if let Some((summary, fix, prevention)) = turns::cause(account) {
        return CauseText { summary, fix, prevention };
    }
    if let Some(claim) = account.state() {
        return states::cause(account, claim);
    }
    if let Some(said) = account.said() {
        let (summary, fix, prevention) = app::cause(account, said);
        return CauseText { summary, fix, prevention };
    }
    if let Some(fact) = account.build() {
        let (summary, fix, prevention) = builds::cause(fact);
        return CauseText { summary, fix, prevention };
    }
    let (summary, fix, prevention) = match account.cause.code {
        CauseCode::NotStartedAfterReboot => not_started(account),
        CauseCode::ProcessDown => process_down(account),
        CauseCode::OomKill => oom_kill(account),
        CauseCode::DiskFull => disk_full(),
        CauseCode::ConnectionClosed => connection_closed(account),
        CauseCode::DnsFailure => dns_failure(account),
        CauseCode::TimeoutSlow => timeout_slow(account),
        CauseCode::TlsExpired => limits::tls_expired(account),
        CauseCode::TlsChain => limits::tls_chain(account),
        CauseCode::TlsNameMismatch => limits::tls_name_mismatch(account),
        CauseCode::HeaderTooBig => limits::header_too_big(account),
        CauseCode::BodyTooBig => limits::body_too_big(),
        CauseCode::RateLimit => limits::rate_limit(),
        CauseCode::FdLimit => limits::fd_limit(),
        CauseCode::WorkerLimit => limits::worker_limit(),
        CauseCode::ServerConnLimit => limits::server_conn_limit(account),
        CauseCode::DependencyDown => limits::dependency_down(account),
        CauseCode::AppBug => limits::app_bug(account),
        CauseCode::VersionIncompatible => limits::version_incompatible(account),
        CauseCode::HostDown => host_down(account),
        CauseCode::ConfigSyntax => config_syntax(account),
        CauseCode::PortConflict => port_conflict(account),
        CauseCode::BadEntrypoint => bare(account, "a program that cannot be started"),
        CauseCode::HealthcheckBroken => bare(account, "a health check that is wrong"),
        CauseCode::WrongArch => bare(account, "an image for another architecture"),
        CauseCode::WrongNetwork => bare(account, "a network that is missing"),
        CauseCode::WrongAddress => bare(account, "an address that cannot work"),
        CauseCode::StaleUpstreamIp => bare(account, "an address that nginx looked up before it changed"),
        CauseCode::StaleEnv => bare(account, "values older than its env files"),
        CauseCode::BadMount => bare(account, "a mount that is not there"),
        CauseCode::WrongCredential => bare(account, "a credential that is refused"),
        CauseCode::MissingCredential => bare(account, "a password that nobody sends"),
        CauseCode::AuthNotExpected => bare(account, "a password where none is expected"),
        CauseCode::ProtectedMode => bare(account, "a server that lets in its own host only"),
        CauseCode::PersistenceFailing => bare(account, "a server that cannot save"),
        CauseCode::MemoryLimit => bare(account, "a server whose memory is used up"),
        CauseCode::ReadOnly => bare(account, "a server that takes no writes"),
        CauseCode::FirewallDrop => bare(account, "something that swallows packets"),
        CauseCode::BindLoopback => bare(account, "a program that listens for itself alone"),
        CauseCode::SchemaMissing => bare(account, "a database or table that is not there"),
        CauseCode::Loading => bare(account, "a server that is still starting"),
        CauseCode::ProtocolMismatch => bare(account, "two that speak different protocols"),
        CauseCode::IssuerMismatch => bare(account, "an issuer of another name"),
        CauseCode::ClockSkew => bare(account, "clocks that differ"),
        CauseCode::TlsNotYetValid => bare(account, "a certificate that is not valid yet"),
        CauseCode::TlsVersion => bare(account, "no TLS version in common"),
        CauseCode::EnvMissing => bare(account, "a variable that is missing"),
        CauseCode::EnvMalformed => bare(account, "a value that cannot be read"),
        CauseCode::Permission if account.proxy_error(ProxyErrorKind::SocketDenied) => (
            format!("nginx may not open the socket of {}", account.cause.component),
            "Let nginx's user write to the socket: by its mode, or by a umask of 007 and a group that both are in."
                .to_owned(),
            vec!["Ask the site through nginx after every release, and not the application alone.".to_owned()],
        ),
        CauseCode::Permission => bare(account, "a file that it may not use"),
        CauseCode::HeapLimit => bare(account, "a heap that is used up"),
        CauseCode::BuildMissing => bare(account, "an image that lacks something"),
        CauseCode::RedirectUri => bare(account, "an address that is not registered"),
        CauseCode::WrongHostHeader => bare(account, "a host name that is refused"),
        CauseCode::Ipv6Mismatch => bare(account, "a localhost that means IPv6"),
        CauseCode::ConfigSemantic => bare(account, "a configuration that leads elsewhere"),
        CauseCode::VersionSkew => bare(account, "a release that does not know what is asked of it"),
        CauseCode::RedirectLoop => bare(account, "redirects that never end"),
        CauseCode::StartupOrder => bare(account, "something that was started too early"),
        CauseCode::Located => located(account),
    };
    CauseText { summary, fix, prevention }
}

fn not_started(account: &Account<'_>) -> (String, String, Vec<String>) {
    let unit = account.unit().unwrap_or(&account.cause.component);
    let reboot = match account.trigger().map(|trigger| trigger.kind) {
        Some(ChangeKind::MachineImage) => "the machine image's reboot",
        Some(ChangeKind::InstanceReboot | ChangeKind::InstanceStop | ChangeKind::InstanceStart) => {
            "the reboot that was requested"
        }
        _ if account.clean_reboot() == Some(false) => "the host went down unasked",
        _ => "the host rebooted",
    };
    let start = if account.ongoing() { "Start it now" } else { "It runs again" };
    let fix = match account.unit_state() {
        Some(UnitFileState::Masked) => {
            format!("{start}; {unit} is masked, so unmask it and enable it, or the next boot leaves it down again.")
        }
        Some(UnitFileState::Disabled) => {
            format!("{start}; then enable {unit}, or the next boot leaves it down again.")
        }
        _ => format!("{start}; then find out why {unit} did not start at boot."),
    };
    let mut prevention = vec![
        "Enable every unit that the site needs, and reboot once on purpose to see it come back.".to_owned(),
        "Let the load balancer check a path that the application answers, not one that nginx answers.".to_owned(),
    ];
    if account.trigger().is_some_and(|trigger| trigger.kind == ChangeKind::MachineImage) {
        let image = "Take machine images without a reboot (no-reboot), or in an announced window.";
        prevention.insert(1, image.to_owned());
    }
    (format!("{unit} did not start after {reboot}"), fix, prevention)
}

fn process_down(account: &Account<'_>) -> (String, String, Vec<String>) {
    let summary = match (account.unit(), account.unit_result(), account.upstream()) {
        (Some(unit), Some(result), _) => format!("{unit} failed ({result})"),
        (Some(unit), None, _) => format!("{unit} was stopped"),
        (None, _, _) if account.proxy_stopped() => "nginx was stopped".to_owned(),
        (None, _, Some(socket)) if socket.starts_with("unix:") => format!("nothing listens at {socket}"),
        (None, _, Some(upstream)) => format!("the application is down: nothing listens at {upstream}"),
        (None, _, None) => "the application is down: nothing listens behind nginx".to_owned(),
    };
    let who = account.unit().unwrap_or(if account.proxy_stopped() { "nginx" } else { "the application" });
    let fix = if account.ongoing() {
        format!("Read what {who} said last, then start it again.")
    } else {
        format!("It answers again; read what {who} said before it went down.")
    };
    let prevention = vec![
        format!("Let systemd restart {who} when it fails (Restart=on-failure)."),
        "Ask a path that the application answers from outside, every minute.".to_owned(),
    ];
    (summary, fix, prevention)
}

fn oom_kill(account: &Account<'_>) -> (String, String, Vec<String>) {
    let process = account.process().unwrap_or("a process");
    let unit = account.unit().unwrap_or(&account.cause.component);
    (
        format!("out of memory: the kernel killed {process} of {unit}"),
        format!("Start {unit} if it is still down, then find what took the memory."),
        vec![
            format!("Give {unit} a limit that it fits into (MemoryMax=), and watch its memory."),
            "Let it restart after a kill (Restart=on-failure).".to_owned(),
        ],
    )
}

fn disk_full() -> (String, String, Vec<String>) {
    (
        "a file system of the host is full".to_owned(),
        "Free space: old logs, old images, dumps. Check inodes as well as bytes, then restart what gave up.".to_owned(),
        vec!["Rotate logs, put a limit on what grows, and be warned at 80 %.".to_owned()],
    )
}

fn connection_closed(account: &Account<'_>) -> (String, String, Vec<String>) {
    let who = account.upstream().or(account.culprit()).unwrap_or("the upstream");
    (
        format!("{who} hangs up before it has answered"),
        format!("Look at the application behind {who} at that time: a crash while working, a worker limit, a restart."),
        vec![
            "Let the application finish its requests before it stops.".to_owned(),
            "Keep its keep-alive time longer than nginx's.".to_owned(),
        ],
    )
}

fn dns_failure(account: &Account<'_>) -> (String, String, Vec<String>) {
    let name = account.upstream().or(account.refusal().and_then(quoted)).or(account.culprit());
    (
        name.map_or("nginx cannot resolve the upstream's name".to_owned(), |name| {
            format!("nginx cannot resolve the name {name}")
        }),
        "Check that the name exists and is spelled right, and that what it names runs; then reload nginx.".to_owned(),
        vec![
            "Let nginx resolve names while it runs (resolver, and a variable in proxy_pass).".to_owned(),
            "Start nginx after what it points to.".to_owned(),
        ],
    )
}

fn host_down(account: &Account<'_>) -> (String, String, Vec<String>) {
    let summary = match (account.trigger().map(|trigger| trigger.kind), account.clean_reboot()) {
        (Some(ChangeKind::MachineImage), _) => "the host was down: a machine image rebooted it",
        (Some(ChangeKind::InstanceReboot), _) => "the host was down: a reboot was requested",
        (Some(ChangeKind::InstanceStop), _) => "the host was down: a stop was requested",
        (_, Some(false)) => "the host was down: it crashed, or its power failed",
        _ => "the host was down: it rebooted",
    };
    let mut prevention = vec![
        "Reboot at an announced time, and let something else answer meanwhile.".to_owned(),
        "Ask the site from outside, every minute: its own logs cannot show that it is down.".to_owned(),
    ];
    if account.trigger().is_some_and(|trigger| trigger.kind == ChangeKind::MachineImage) {
        prevention.insert(0, "Take machine images without a reboot (no-reboot).".to_owned());
    }
    let fix = if account.ongoing() {
        "Start the host, then see how it went down."
    } else {
        "It runs again; see how it went down, and what it did then."
    };
    (summary.to_owned(), fix.to_owned(), prevention)
}

fn config_syntax(account: &Account<'_>) -> (String, String, Vec<String>) {
    let certificate = account.refusal().is_some_and(|message| message.contains("certificate"));
    let what = if certificate { "its certificate" } else { "its configuration" };
    let fix = if account.ongoing() {
        "Repair or take back the last change until nginx -t is content, then start nginx."
    } else {
        "It runs again; make sure that nginx -t is content before the next restart."
    };
    (
        format!("nginx did not start: it refused {what}"),
        fix.to_owned(),
        vec![
            "Run nginx -t after every change and before every restart; reload instead of restarting.".to_owned(),
            "Ask the site from outside, every minute: its own logs cannot show that it is down.".to_owned(),
        ],
    )
}

fn port_conflict(account: &Account<'_>) -> (String, String, Vec<String>) {
    let fix = if account.ongoing() {
        "Stop the process that holds nginx's port, then start nginx."
    } else {
        "It runs again; find out which process held nginx's port."
    };
    (
        "nginx did not start: another process holds its port".to_owned(),
        fix.to_owned(),
        vec!["Disable the other server's unit, so that it does not win the next boot.".to_owned()],
    )
}

/// The first name in quotes.
fn quoted(message: &str) -> Option<&str> {
    message.split('"').nth(1).filter(|name| !name.is_empty())
}

fn timeout_slow(account: &Account<'_>) -> (String, String, Vec<String>) {
    let who = account.upstream().or(account.culprit()).unwrap_or("the upstream");
    (
        format!("{who} is there and does not answer in time"),
        format!("See what the application behind {who} waits for: a query, a lock, another service."),
        vec![
            "Set a time limit on everything that the application calls, shorter than nginx's proxy_read_timeout."
                .to_owned(),
            "Move long work out of the request.".to_owned(),
        ],
    )
}

fn located(account: &Account<'_>) -> (String, String, Vec<String>) {
    let summary = account.culprit().map_or_else(
        || "not known from what was read".to_owned(),
        |who| format!("not known from what was read; the failures come from {who}"),
    );
    (
        summary,
        "Give lastgood what it has not seen: the whole folder of logs, the error log, the journal.".to_owned(),
        vec![
            "Log the upstream's address and status ($upstream_addr, $upstream_status).".to_owned(),
            "Keep the journal over reboots (Storage=persistent).".to_owned(),
        ],
    )
}

/// A cause of a state whose claim is not at hand.
fn bare(account: &Account<'_>, what: &str) -> (String, String, Vec<String>) {
    (
        format!("{} has {what}", account.cause.component),
        "Run lastgood check on the host: it names what is wrong.".to_owned(),
        vec!["Run lastgood check before every deploy.".to_owned()],
    )
}
