//! English: claims, changes and what a proxy logs. One sentence each, without its time.

use lastgood_model::{ChangeKind, Claim, ProxyErrorKind, UnitFileState};

use super::super::Words;
use super::super::number::{grouped, status};
use super::{English, app, builds, plural, states, turns};

pub(super) fn claim(claim: &Claim) -> String {
    match claim {
        Claim::FirstBad { status: code } => format!("first failure, {}", status(*code)),
        Claim::FailingShare { failed, requests } => {
            format!("{} of {} requests failed", grouped(*failed), grouped(*requests))
        }
        Claim::UpstreamErrors { kind, upstream, count } => {
            format!("{} ({}× in the error log)", proxy_error(*kind, upstream.as_deref()), grouped(*count))
        }
        Claim::ErrorsBeganLater { seconds } => {
            format!("nginx logged such errors only from {} after the onset", English.duration(*seconds))
        }
        Claim::ErrorsBefore { count } => {
            format!("the same errors were there before, {}×, and nothing failed", grouped(*count))
        }
        Claim::ChangeBefore { kind, subject, seconds, reported } => {
            let lead = match seconds {
                0 => "right at the onset".to_owned(),
                seconds => format!("{} before the first failure", English.duration(*seconds)),
            };
            let source = if *reported { ", as reported" } else { "" };
            format!("{}, {lead}{source}", change(*kind, subject))
        }
        Claim::HostRebooted { clean: true } => "the host rebooted, after an orderly shutdown".to_owned(),
        Claim::HostRebooted { clean: false } => {
            "the host came up again without having shut down: a crash, or the power failed".to_owned()
        }
        Claim::UnitRanBefore { unit } => format!("{unit} was running before the reboot"),
        Claim::UnitStopped { unit } => format!("{unit} was stopped"),
        Claim::UnitNotStarted { unit } => format!("{unit} was not started after the boot, other units were"),
        Claim::UnitCameBack { unit } => format!("{unit} came back by itself"),
        Claim::UnitFile { unit, state } => format!("{unit} is {}", unit_state(*state)),
        Claim::UnitStartedAtRecovery { unit, seconds } => match seconds {
            0 => format!("{unit} was started just as answers became good again"),
            seconds => format!("{unit} was started {} before the first good answer", English.duration(*seconds)),
        },
        Claim::UnitFailed { unit, result } => format!("{unit} failed: {result}"),
        Claim::OomKilled { process, scope } => match scope {
            Some(scope) => format!("the kernel killed {process} of {scope}: out of memory"),
            None => format!("the kernel killed {process}: out of memory"),
        },
        Claim::NoSpace { who } => format!("{who} found no space left on the device"),
        Claim::FailedAfterReturn { unit } => format!("requests went on failing after {unit} was back"),
        Claim::Silence { expected, seconds } => format!(
            "no request for {}, where about {} were to be expected",
            English.duration(*seconds),
            grouped(*expected)
        ),
        Claim::ConnectionsExhausted { who } => format!("{who} took no more connections"),
        Claim::DependencyStopped { who, clean: true } => format!("{who} was stopped"),
        Claim::DependencyStopped { who, clean: false } => format!("{who} crashed"),
        Claim::DependencyReturned { who } => format!("{who} was ready again just before answers became good"),
        Claim::DependencyStillDown { who } => format!("{who} was not ready again while requests failed"),
        Claim::UpstreamAnswered { status, count } => {
            format!("the upstream itself answered {status}, {}×: the proxy only passed it on", grouped(*count))
        }
        Claim::CertificateEnded { names } => format!("the certificate for {names} ended"),
        Claim::SlowedBefore { from_ms, to_ms } => {
            format!(
                "good answers had become slow before: {} ms instead of {} ms",
                grouped(u64::from(*to_ms)),
                grouped(u64::from(*from_ms))
            )
        }
        Claim::ProxyStopped => "nginx was told to stop".to_owned(),
        Claim::ProxyStarted => "nginx was started just before requests came again".to_owned(),
        Claim::ProxyConfigRefused { message } => format!("nginx refused its configuration: {message}"),
        Claim::State(claim) => states::claim(claim),
        Claim::Application(claim) => app::claim(claim),
        Claim::Build(fact) => builds::claim(fact),
        Claim::Turn(claim) => turns::claim(claim),
        Claim::ServedWell { requests, failed: 0 } => {
            format!("{} in the same time, none failed", plural(*requests, "request"))
        }
        Claim::ServedWell { requests, failed } => {
            format!("{} in the same time, only {} failed", plural(*requests, "request"), grouped(*failed))
        }
    }
}

pub(super) fn change(kind: ChangeKind, subject: &str) -> String {
    let what = match kind {
        ChangeKind::MachineImage => "machine image taken, which reboots the instance",
        ChangeKind::MachineImageNoReboot => "machine image taken without a reboot",
        ChangeKind::InstanceReboot => "reboot of the instance requested",
        ChangeKind::InstanceStop => "stop of the instance requested",
        ChangeKind::InstanceStart => "start of the instance requested",
        ChangeKind::HostBoot => "the host booted",
        ChangeKind::SecurityGroup => "security group rules changed",
        ChangeKind::TargetGroup => "load balancer targets changed",
        ChangeKind::UnitStarted => "unit started",
        ChangeKind::UnitStopped => "unit stopped",
        ChangeKind::UnitFailed => "unit failed",
        ChangeKind::ProxyStarted => "nginx started",
        ChangeKind::ProxyReloaded => "nginx took over its configuration",
        ChangeKind::PackageChanged => "packages changed",
        ChangeKind::DependencyStarted => "database or cache ready",
        ChangeKind::DependencyStopped => "database or cache stopped",
        ChangeKind::CertificateRenewed => "certificate became valid",
        ChangeKind::FileEdited => "file edited",
        ChangeKind::Reported => return subject.to_owned(),
    };
    // nginx says of itself only that it is nginx.
    let told = subject.is_empty() || what.starts_with(subject);
    if told { what.to_owned() } else { format!("{what}: {subject}") }
}

pub(super) fn proxy_error(kind: ProxyErrorKind, upstream: Option<&str>) -> String {
    let who = upstream.unwrap_or("the upstream");
    match kind {
        ProxyErrorKind::ConnectRefused => format!("{who} refuses connections: nothing listens there"),
        ProxyErrorKind::ConnectTimeout => format!("{who} does not accept connections in time"),
        ProxyErrorKind::NoRoute => format!("no route leads to {who}"),
        ProxyErrorKind::SocketMissing => format!("the socket {who} does not exist"),
        ProxyErrorKind::SocketDenied => format!("nginx may not open the socket {who}"),
        ProxyErrorKind::SocketFull => format!("the queue of the socket {who} is full"),
        ProxyErrorKind::AnswerTimeout => format!("{who} takes requests and does not answer in time"),
        ProxyErrorKind::Reset => format!("{who} resets connections"),
        ProxyErrorKind::ClosedEarly => format!("{who} closes connections before it has answered"),
        ProxyErrorKind::NoLiveUpstreams => format!("no server of {who} is left to try"),
        ProxyErrorKind::TemporarilyDisabled => format!("nginx left {who} out for a while"),
        ProxyErrorKind::NameNotResolved => match upstream {
            Some(name) => format!("the name {name} does not resolve"),
            None => "the upstream's name does not resolve".to_owned(),
        },
        ProxyErrorKind::Tls => format!("the TLS handshake with {who} fails"),
        ProxyErrorKind::NoTls => format!("{who} answers a TLS handshake with something that is no TLS"),
        ProxyErrorKind::TlsExpired => format!("the certificate of {who} has expired"),
        ProxyErrorKind::TlsUntrusted => format!("the certificate of {who} is not trusted"),
        ProxyErrorKind::TlsNameMismatch => format!("the certificate of {who} is for another name"),
        ProxyErrorKind::BadAnswer => format!("{who} answers something that is not valid HTTP"),
        ProxyErrorKind::HeaderTooBig => format!("{who} sends a header that is bigger than nginx's buffer"),
        ProxyErrorKind::NoIndex => "nginx serves a folder that has no start page".to_owned(),
        ProxyErrorKind::NoSpace => "no space is left on the device".to_owned(),
        ProxyErrorKind::TooManyFiles => "nginx has too many files open".to_owned(),
        ProxyErrorKind::WorkerConnections => "nginx has no connection left (worker_connections)".to_owned(),
        ProxyErrorKind::WorkerLimit => "Apache has no worker left (MaxRequestWorkers)".to_owned(),
        ProxyErrorKind::ClientSide => "clients went away or sent something invalid".to_owned(),
        ProxyErrorKind::BodyTooBig => "clients send more than nginx accepts (client_max_body_size)".to_owned(),
        ProxyErrorKind::Limited => "nginx's own limits turned requests away".to_owned(),
        ProxyErrorKind::Harmless => "a warning that breaks nothing".to_owned(),
        ProxyErrorKind::Other => "an error of a kind that is not known here".to_owned(),
    }
}

pub(super) const fn unit_state(state: UnitFileState) -> &'static str {
    match state {
        UnitFileState::Enabled => "enabled and starts at boot",
        UnitFileState::Disabled => "disabled and does not start at boot",
        UnitFileState::Masked => "masked and cannot be started",
        UnitFileState::Other => "neither enabled nor disabled; something else starts it, or somebody",
    }
}
