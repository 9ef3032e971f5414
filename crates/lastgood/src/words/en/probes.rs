//! English: what dependencies answered when they were asked in their dependents' stead, and the causes that this proves.

use lastgood_model::probe_claim::Asked;
use lastgood_model::{CauseCode, ProbeClaim, ProbeOutcome, ProbeProtocol, TlsFault, Told};

use super::super::Account;
use super::super::probe::{called, who};

pub(super) fn claim(claim: &ProbeClaim) -> String {
    match claim {
        ProbeClaim::Answered { asked, outcome, .. } => {
            let answered = answered(asked, outcome);
            match asked.told {
                Told::Running => answered,
                Told::Declared => format!("with what the files say now: {answered}"),
            }
        }
        ProbeClaim::NoVariable { asked } => format!(
            "no variable of {} holds a password for {}: a variable alone helps only if the code reads it",
            asked.from,
            asked.peer()
        ),
        ProbeClaim::ServedWith { asked, sends_none } => {
            let (from, key) = (&asked.from, password_key(asked));
            let sends = if *sends_none { "none" } else { "another one" };
            format!(
                "{} takes the password that {from} is told ({key}), and {from} sends {sends}: its code does not read it",
                asked.peer()
            )
        }
        ProbeClaim::WayIsOpen { asked } => {
            format!("{} reaches {}, which answers: names, networks and ports are right", asked.from, asked.address())
        }
    }
}

/// What came back, in a sentence.
pub fn answered(asked: &Asked, outcome: &ProbeOutcome) -> String {
    let (from, peer, address) = (&asked.from, asked.peer(), asked.address());
    let who = who(asked);
    match outcome {
        ProbeOutcome::NoSuchName => format!("{from} cannot find {}: nobody bears that name there", asked.host),
        ProbeOutcome::NameserverFails => format!("no nameserver answers {from}, which looks for {}", asked.host),
        ProbeOutcome::Refused => format!("nothing listens on {address}, as {from} sees it"),
        ProbeOutcome::Unanswered => format!("{from} asks {address}, and nothing comes back"),
        ProbeOutcome::NoRoute => format!("there is no way from {from} to {address}"),
        ProbeOutcome::Silent => format!("{who} accepts and says nothing"),
        ProbeOutcome::HungUp => format!("{who} accepts and hangs up"),
        ProbeOutcome::OtherProtocol => format!("{address} does not speak {}", called(asked.protocol)),
        ProbeOutcome::Serves => match asked.protocol {
            ProbeProtocol::Tcp => format!("{who} accepts connections of {from}"),
            ProbeProtocol::Front => format!("{from} shows a certificate for {} that is valid", asked.host),
            _ => format!("{who} serves {from}"),
        },
        ProbeOutcome::Undecided => format!("{who} answers, and whether it serves {from} cannot be told"),
        ProbeOutcome::WantsPassword if asked.sends_password => {
            format!("{who} demands a password and does not take what {from} sends")
        }
        ProbeOutcome::WantsPassword => format!("{who} demands a password, {from} sends none"),
        ProbeOutcome::RefusesPassword => format!("{who} refuses the user or the password that {from} sends"),
        ProbeOutcome::WantsNoPassword => format!("{who} has no password and refuses the one that {from} sends"),
        ProbeOutcome::RefusesHost => format!("{who} lets nobody in from where {from} is"),
        ProbeOutcome::RefusesAccess => format!("{who} lets {from} in and refuses what it asks for"),
        ProbeOutcome::NoSuchUser => format!("{who} does not know the user that {from} logs in as"),
        ProbeOutcome::NoSuchDatabase => match &asked.place {
            Some(database) => format!("{who} has no database {database}"),
            None => format!("{who} does not have the database that {from} asks for"),
        },
        ProbeOutcome::TooManyConnections => format!("{who} takes no more connections"),
        ProbeOutcome::Starting => format!("{who} is still starting"),
        ProbeOutcome::Stopping => format!("{who} is shutting down"),
        ProbeOutcome::ReadOnly => format!("{who} takes no writes"),
        ProbeOutcome::CannotPersist => format!("{who} takes no writes, since it cannot save them to disk"),
        ProbeOutcome::MemoryFull => format!("{who} takes no writes, since its memory is used up"),
        ProbeOutcome::NoTls => format!("{who} speaks no TLS, and {from} wants it"),
        ProbeOutcome::WantsTls => format!("{who} wants TLS, and {from} speaks none"),
        ProbeOutcome::Tls(fault) => format!("{} of {peer} ({address})", certificate(fault)),
        ProbeOutcome::HttpStatus(status) => format!("{who} answers {status}"),
        ProbeOutcome::IssuerDiffers { said } => format!("{who} calls itself {said}, and is called otherwise"),
        ProbeOutcome::NoSuchRealm => match &asked.place {
            Some(path) => format!("{who} has no realm at {path}"),
            None => format!("{who} does not have that realm"),
        },
        ProbeOutcome::RefusesClient => format!("{who} refuses the client that {from} is, or its secret"),
        ProbeOutcome::ClockDiffers { seconds } => {
            let side = if *seconds > 0 { "ahead" } else { "behind" };
            format!("the clock of {who} is {} s {side}", seconds.unsigned_abs())
        }
    }
}

fn certificate(fault: &TlsFault) -> String {
    match fault {
        TlsFault::Expired => "the certificate has ended".to_owned(),
        TlsFault::NotYetValid => "the certificate is not valid yet".to_owned(),
        TlsFault::OtherName { names } => format!("the certificate is for {}", names.join(", ")),
        TlsFault::UnknownIssuer { alone: true } => "a certificate is missing between the root and that".to_owned(),
        TlsFault::UnknownIssuer { alone: false } => "nobody trusted has signed the certificate".to_owned(),
        TlsFault::NothingInCommon => "no TLS version or cipher in common with that".to_owned(),
        TlsFault::Alert(alert) => format!("TLS ends with {alert}, said by that"),
    }
}

/// Summary, fix and prevention of a cause that a probe proves.
pub(super) fn cause(account: &Account<'_>, claim: &ProbeClaim) -> (String, String, Vec<String>) {
    if let ProbeClaim::ServedWith { asked, sends_none } = claim {
        let (from, peer, key) = (&asked.from, asked.peer(), password_key(asked));
        let sends = if *sends_none { "sends none" } else { "sends another one" };
        return (
            format!("{peer} demands a password, {from} is told it and {sends}"),
            format!(
                "Let the code of {from} read {key} and send it to {peer}: the value is right, and {peer} takes it."
            ),
            vec!["Let a service ask its dependencies once when it starts, and end if one refuses.".to_owned()],
        );
    }
    let ProbeClaim::Answered { asked, outcome, .. } = claim else {
        return (self::claim(claim), format!("Look at what {} answers.", account.cause.component), vec![check_first()]);
    };
    let (fix, prevention) = advice(account.cause.code, asked);
    (answered(asked, outcome), fix, vec![prevention])
}

/// The variable with the password, which may be that of the whole address.
fn password_key(asked: &Asked) -> &str {
    asked.password_key.as_ref().unwrap_or(&asked.key)
}

/// What to do, and what keeps it from happening again.
pub fn advice(code: CauseCode, asked: &Asked) -> (String, String) {
    let (from, peer) = (&asked.from, asked.peer());
    let key = asked.password_key.as_ref().unwrap_or(&asked.key);
    match code {
        CauseCode::MissingCredential if asked.password_key.is_some() => (
            format!(
                "Give {key} of {from} the password that {peer} wants: it holds none now. Then create {from} anew. It helps only if \
                 the code reads it."
            ),
            check_first(),
        ),
        CauseCode::MissingCredential => (
            format!(
                "Let {from} send a password: let its code read one from its env, empty meaning none, set it to what {peer} wants, \
                 and create {from} anew. A variable alone helps only if the code reads it."
            ),
            check_first(),
        ),
        CauseCode::WrongCredential => (
            format!("Correct user and password of {from} ({key}) where they are declared, then create {from} anew."),
            "Change a password in one step on both sides; a database keeps the one of its first start.".to_owned(),
        ),
        CauseCode::AuthNotExpected => (
            format!("Take the password out of {key} of {from}, then create it anew; or give {peer} one."),
            "Let an empty variable mean no password, so that both ways run.".to_owned(),
        ),
        CauseCode::ProtectedMode => (
            format!("Give {peer} a password and let {from} send it, or let it listen for its network alone."),
            check_first(),
        ),
        CauseCode::PersistenceFailing => (
            format!("Make room on the disk of {peer}, or mend the rights of its folder; it then takes writes again."),
            "Be warned when a disk is 80 % full.".to_owned(),
        ),
        CauseCode::MemoryLimit => (
            format!("Raise maxmemory of {peer}, or let it evict; find the keys that grow."),
            "Let what is kept there expire.".to_owned(),
        ),
        CauseCode::ReadOnly => (
            format!("Lead {from} to the server that takes writes ({})", asked.key),
            "Name the leader, not a replica.".to_owned(),
        ),
        CauseCode::SchemaMissing => (
            format!(
                "Create the database on {peer}, or correct its name in {} of {from}; then run the migrations.",
                asked.key
            ),
            "Run migrations before the new version is let in.".to_owned(),
        ),
        CauseCode::Loading => (
            format!("Wait until {peer} is ready; if it never is, read its log."),
            "Let dependents wait for its health (depends_on with condition: service_healthy).".to_owned(),
        ),
        CauseCode::BindLoopback => (
            format!("Let {peer} listen on 0.0.0.0 in its container; 127.0.0.1 there is itself alone."),
            "Publish ports on 127.0.0.1 of the host instead, where nobody else shall come in.".to_owned(),
        ),
        CauseCode::FirewallDrop => (
            format!("Look at the firewall between {from} and {}: something swallows what is sent.", asked.address()),
            "Let firewall rules be files that come back after a reboot.".to_owned(),
        ),
        CauseCode::ProtocolMismatch => {
            (format!("Correct scheme or port in {} of {from}, then create it anew.", asked.key), check_first())
        }
        CauseCode::IssuerMismatch => (
            format!("Let {peer} call itself as {from} calls it: its host name setting, or {} of {from}.", asked.key),
            "Give the provider of identities one name for browsers and services.".to_owned(),
        ),
        CauseCode::ClockSkew => (
            "Set the clocks right: let a time service run on both sides.".to_owned(),
            "Let chrony or timesyncd start at boot.".to_owned(),
        ),
        CauseCode::TlsExpired | CauseCode::TlsNotYetValid => (
            format!("Give {peer} a certificate that is valid now, and reload it."),
            "Let certificates be renewed by a timer that somebody hears of when it fails.".to_owned(),
        ),
        CauseCode::TlsChain => (
            format!("Let {peer} send the certificates between its own and the root, or let {from} trust its issuer."),
            "Install the full chain, not the certificate alone.".to_owned(),
        ),
        CauseCode::TlsNameMismatch => (
            format!("Call {peer} by a name that its certificate has, or give it one for {}.", asked.host),
            check_first(),
        ),
        CauseCode::WrongAddress => (
            format!("Correct {} of {from} where it is declared, then create it anew.", asked.key),
            "Let containers ask each other by service name and container port.".to_owned(),
        ),
        CauseCode::WrongNetwork => {
            (format!("Let {from} and {peer} join one network in the compose file, then create it anew."), check_first())
        }
        _ => (format!("Look at {peer}: its log, its state; {from} cannot do without it."), check_first()),
    }
}

/// Why a finding of `check` bites.
pub fn bites(asked: &Asked) -> String {
    match asked.told {
        Told::Running => format!("{} needs it, and is not served", asked.from),
        Told::Declared => format!("the next container of {} will not be served", asked.from),
    }
}

fn check_first() -> String {
    "Run lastgood check before a deploy: it asks every dependency with the values that the new container gets."
        .to_owned()
}
