//! English: what applications wrote, and the causes that their own words name.

use lastgood_model::app_claim::SaidError;
use lastgood_model::{About, AppClaim, CauseCode, Piece};

use super::super::Account;
use super::super::number::{grouped, status};

/// Summary, fix, prevention.
type Text = (String, String, Vec<String>);

pub(super) fn claim(claim: &AppClaim) -> String {
    match claim {
        AppClaim::Said { error, count } => {
            let times = grouped(*count);
            let place = if error.frame.is_empty() { String::new() } else { format!(", raised at {}", error.frame) };
            let who = &error.who;
            match (error.class.is_empty(), error.about) {
                (false, _) => format!("{who} wrote {} ({times}×){place}", error.class),
                (true, Some(about)) => format!("{who} wrote an error about {} ({times}×)", name(about)),
                (true, None) => format!("{who} wrote this error ({times}×)"),
            }
        }
        AppClaim::WithFailures { who, met, failed } => {
            let (met, failed) = (grouped(*met), grouped(*failed));
            format!("of {failed} failures that were looked at, {met} came within two seconds of it in {who}")
        }
        AppClaim::Answered { who, target, status: code, count } => {
            format!("{target} answered {who}: {} ({}×)", status(*code), grouped(*count))
        }
        AppClaim::CallFailed { who, target, status: Some(code), count } => {
            format!("{target} answered {who} with {} ({}×)", status(*code), grouped(*count))
        }
        AppClaim::CallFailed { who, target, status: None, count } => {
            format!("{who} asked {target} and got no answer ({}×)", grouped(*count))
        }
    }
}

/// What a sentence is about, as people call it.
const fn name(about: About) -> &'static str {
    match about {
        About::Redis => "Redis",
        About::Postgres => "PostgreSQL",
        About::Mysql => "MySQL",
        About::Database => "its database",
        About::Http => "an HTTP call",
        About::Oidc => "its identity provider",
        About::Dns => "a name that does not resolve",
        About::Tls => "TLS",
        About::Network => "a connection",
        About::Nginx => "nginx",
        About::Docker => "Docker",
        About::Compose => "Compose",
        About::Registry => "an image registry",
        About::Image => "what its image lacks",
        About::Volume => "a file or volume",
        About::Disk => "a full disk",
        About::Memory => "memory",
        About::Environment => "what it was told",
        About::Application => "itself",
        About::Host => "the host",
        About::Client => "clients",
    }
}

/// Summary, fix and prevention of a cause that an application's error names.
pub(super) fn cause(account: &Account<'_>, said: &SaidError) -> Text {
    let (from, peer) = (said.who.as_ref(), account.cause.component.as_ref());
    let (summary, fix) = match account.cause.code {
        CauseCode::MissingCredential => (
            format!("{peer} demands a password, {from} sends none"),
            format!(
                "Let {from} send the password that {peer} wants: let its code read one from its env, empty meaning none, and \
                 create {from} anew. A variable alone helps only if the code reads it."
            ),
        ),
        CauseCode::WrongCredential => {
            let user = said.named(Piece::User).filter(|user| !user.is_empty());
            let user = user.map_or(String::new(), |user| format!(" (user {user})"));
            (
                format!("{peer} refuses the login of {from}{user}"),
                format!("Correct user and password of {from} where they are declared, then create it anew."),
            )
        }
        CauseCode::AuthNotExpected => (
            format!("{from} sends a password, {peer} has none"),
            format!("Take the password out of what {from} is told, or give {peer} one."),
        ),
        CauseCode::ProtectedMode => (
            format!("{peer} lets in its own host only"),
            format!("Give {peer} a password and let {from} send it, or let it listen for its network alone."),
        ),
        CauseCode::PersistenceFailing => (
            format!("{peer} takes no writes, since it cannot save them to disk"),
            format!("Make room on the disk of {peer}, or mend the rights of its folder; it then takes writes again."),
        ),
        CauseCode::MemoryLimit => (
            format!("the memory of {peer} is used up"),
            format!("Raise the limit of {peer}, or find what grows in it."),
        ),
        CauseCode::ReadOnly => {
            (format!("{peer} takes no writes"), format!("Lead {from} to the server that takes writes."))
        }
        CauseCode::SchemaMissing => schema_missing(said, from, peer),
        CauseCode::Loading => {
            (format!("{peer} is still starting"), format!("Wait until {peer} is ready; if it never is, read its log."))
        }
        CauseCode::ServerConnLimit => (
            format!("{peer} takes no more connections"),
            format!(
                "Make the pools of {from} smaller, or raise the limit of {peer}; look for connections that nobody gives back."
            ),
        ),
        CauseCode::ConnectionClosed => (
            format!("{peer} hangs up on {from}"),
            format!("Look at what {peer} did at that time: a restart, a limit, an idle timeout."),
        ),
        CauseCode::DnsFailure => {
            let host = said.named(Piece::Host).unwrap_or(peer);
            (
                format!("{from} cannot find {host}: the name does not resolve"),
                format!(
                    "See whether {host} runs, whether {from} is on a network with it, and whether the name is spelled right."
                ),
            )
        }
        CauseCode::DependencyDown | CauseCode::ProcessDown => (
            format!("{peer} refuses connections of {from}: nothing listens there"),
            format!("Start {peer} if it is down; else correct host and port in what {from} is told."),
        ),
        CauseCode::WrongAddress => (
            format!("{from} asks the wrong address"),
            format!("Correct the address in what {from} is told; in a container, localhost is the container itself."),
        ),
        CauseCode::Ipv6Mismatch => (
            format!("{from} asks for localhost by IPv6, where nothing listens"),
            "Write 127.0.0.1 or the service's name instead of localhost.".to_owned(),
        ),
        CauseCode::ProtocolMismatch => (
            format!("{from} and {peer} do not speak the same protocol"),
            format!("Correct scheme, port or TLS settings in what {from} is told."),
        ),
        CauseCode::TlsExpired => (
            format!("the certificate of {peer} has expired"),
            format!("Renew the certificate of {peer} and reload what shows it."),
        ),
        CauseCode::TlsChain => (
            format!("{from} does not trust the certificate of {peer}"),
            format!("Let {peer} send its whole chain, or let {from} trust its issuer."),
        ),
        CauseCode::TlsNameMismatch => (
            format!("the certificate of {peer} is for another name"),
            format!("Let {from} call {peer} by a name that its certificate has."),
        ),
        CauseCode::IssuerMismatch => (
            format!("tokens name another issuer than {from} expects"),
            format!("Let {from} expect the public name of the provider, which browsers see."),
        ),
        CauseCode::RedirectUri => (
            format!("{peer} does not know the address that it should send users back to"),
            "Register the exact address, with scheme and port, as a valid redirect URI.".to_owned(),
        ),
        CauseCode::ClockSkew => (
            "the clocks differ: tokens come from the future".to_owned(),
            "Set the clocks right: let a time service run on both sides.".to_owned(),
        ),
        CauseCode::WrongHostHeader => (
            format!("{from} refuses the host name under which it is asked"),
            format!("Let the proxy pass the host on (proxy_set_header Host $host), and let {from} allow that name."),
        ),
        CauseCode::EnvMissing => match said.named(Piece::Variable) {
            Some(variable) => (
                format!("{variable} is missing in the environment of {peer}"),
                format!("Declare {variable} for {peer}, then create it anew."),
            ),
            None => (
                format!("{peer} lacks a variable that it needs"),
                format!("Compare what {peer} is told with what its code reads, then create it anew."),
            ),
        },
        CauseCode::EnvMalformed => (
            format!("a value that {peer} is told cannot be read"),
            format!("Correct the value in what {peer} is told: scheme, quotes, characters that have to be escaped."),
        ),
        CauseCode::Permission => {
            let file = said.named(Piece::File).filter(|file| !file.is_empty()).unwrap_or("a file that it needs");
            (format!("{peer} may not use {file}"), format!("Give {file} to the user that {peer} runs as."))
        }
        CauseCode::DiskFull => (
            "a file system of the host is full".to_owned(),
            "Free space: old logs, old images, dumps. Check inodes as well as bytes.".to_owned(),
        ),
        CauseCode::BadMount => (
            format!("a mount of {peer} is not what it should be"),
            format!("Look at the volumes of {peer}: what they come from, and whether they may be written to."),
        ),
        CauseCode::FdLimit => (
            format!("{peer} has too many files or connections open"),
            format!("Find what {peer} does not close; raise ulimits.nofile if it really needs more."),
        ),
        CauseCode::HeapLimit => (
            format!("{peer} ran out of heap"),
            format!(
                "Give the runtime of {peer} more of its memory (-XX:MaxRAMPercentage, --max-old-space-size), or find the leak."
            ),
        ),
        CauseCode::OomKill => (
            format!("a process of {peer} was killed for lack of memory"),
            format!("Give {peer} more memory, or find what takes it."),
        ),
        CauseCode::TimeoutSlow => (
            format!("{peer} is there and does not answer in time"),
            format!("See what {from} waits for: a query, a lock, a pool that is empty."),
        ),
        CauseCode::BadEntrypoint => (
            format!("the program of {peer} cannot be started"),
            "Look at command and entrypoint: the path, the line ends, the interpreter.".to_owned(),
        ),
        CauseCode::BuildMissing => {
            let program = said.named(Piece::Program).or(said.named(Piece::File)).unwrap_or("something that it needs");
            (
                format!("the image of {peer} lacks {program}"),
                format!("Let the build of {peer} install or copy {program}, then build and deploy again."),
            )
        }
        CauseCode::PortConflict => (
            format!("{peer} cannot listen: another process holds its port"),
            "Stop the other process, or give one of them another port.".to_owned(),
        ),
        CauseCode::WrongArch => (
            format!("a program of {peer} is made for another architecture"),
            "Build the image for the machine that runs it.".to_owned(),
        ),
        CauseCode::ConfigSyntax => {
            (format!("{peer} refuses its configuration"), "Repair or take back the last change.".to_owned())
        }
        CauseCode::VersionIncompatible => (
            format!("{peer} does not fit its data"),
            format!("Go back to the version that wrote the data of {peer}, or migrate it."),
        ),
        CauseCode::AppBug => {
            let class = if said.class.is_empty() { "an error" } else { &said.class };
            (
                format!("{peer} fails by itself: {class}"),
                format!("Look at {}.", if said.frame.is_empty() { "its traceback" } else { &said.frame }),
            )
        }
        _ => (format!("{from} names the cause itself"), format!("Read what {from} wrote, and look at {peer}.")),
    };
    (summary, fix, vec![prevention(account.cause.code)])
}

fn schema_missing(said: &SaidError, from: &str, peer: &str) -> (String, String) {
    match (said.named(Piece::Database), said.named(Piece::Relation)) {
        (Some(database), _) => (
            format!("{peer} has no database {database}"),
            format!("Create it on {peer}, or correct its name in what {from} is told; then run the migrations."),
        ),
        (None, Some(relation)) => (
            format!("{relation} is missing in the database of {from}"),
            format!("Run the migrations of {from}: its code and its database are of different versions."),
        ),
        (None, None) => (
            format!("the database of {from} lacks something that its code asks for"),
            format!("Run the migrations of {from}."),
        ),
    }
}

fn prevention(code: CauseCode) -> String {
    match code {
        CauseCode::AppBug | CauseCode::BuildMissing | CauseCode::BadEntrypoint => {
            "Ask the new version for a few real pages before it is let in."
        }
        CauseCode::TlsExpired => "Be warned weeks before a certificate ends, by asking the server and not the file.",
        CauseCode::DiskFull | CauseCode::PersistenceFailing => "Be warned when a disk is 80 % full.",
        CauseCode::SchemaMissing => "Run migrations before the new version is let in.",
        CauseCode::ServerConnLimit | CauseCode::TimeoutSlow => {
            "Give every pool and every call a limit, and watch how near to it they come."
        }
        _ => {
            "Run lastgood check before a deploy: it asks every dependency with the values that the new container gets."
        }
    }
    .to_owned()
}
