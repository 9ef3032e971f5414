//! English: states of containers and of the machine: claims, what is wrong, and the causes that they prove.

use lastgood_diagnose::PASSED_ON;
use lastgood_model::{Ailment, CauseCode, DeadEnd, Ending, Instead, Misread, StateClaim};

use super::super::number::{grouped, listed_ports};
use super::super::{Account, CauseText, value};
use super::probes;

pub(super) fn claim(claim: &StateClaim) -> String {
    match claim {
        StateClaim::Misread { key, how, .. } => match how {
            Misread::DollarLost => format!("a $ in {key} was taken for a variable, and a part of its value is gone"),
            Misread::NothingStandsIn { variable } => {
                format!("{key} is made of ${{{variable}}}, which is set nowhere: nothing stands in its place")
            }
            Misread::Splits => {
                format!("a sign in the password of {key} ends the address there: what follows is read as its path")
            }
            Misread::Cut => format!("a # behind a blank ended {key}: Compose took the rest of its value for a comment"),
        },
        StateClaim::ContainerEnded { container, ending: Ending::Stopped, .. } => format!("{container} was stopped"),
        StateClaim::ContainerEnded { container, ending: Ending::Killed, exit_code } => {
            format!("{container} was killed (exit code {exit_code})")
        }
        StateClaim::ContainerEnded { container, ending: Ending::ByItself, exit_code } => {
            format!("{container} ended with exit code {exit_code}")
        }
        StateClaim::ContainerGone { service } => format!("{service} has no container: removed, or never created"),
        StateClaim::NothingCreated { project } => format!("no service of {project} has a container"),
        StateClaim::NeverStarted { container } => format!("{container} was created and never started"),
        StateClaim::ContainerPaused { container } => format!("{container} is paused"),
        StateClaim::KeepsRestarting { container, restarts, exit_code } => {
            let times = match restarts {
                0 => String::new(),
                times => format!(", {}× so far", grouped(*times)),
            };
            format!("{container} ends with exit code {exit_code} and is started again{times}")
        }
        StateClaim::EngineSaid { container, text } => format!("the engine could not start {container}: {text}"),
        StateClaim::LastWords { container, text } => format!("{container} said last: {text}"),
        StateClaim::ProgramOfOtherArch { image, label, program, machine } => {
            format!("{image} is labelled {label}, a program in it is made for {program}; this machine is {machine}")
        }
        StateClaim::MemoryKilled { container, limit } => {
            format!("the kernel killed {container} for lack of memory{}", limited(*limit))
        }
        StateClaim::ChildrenKilled { container, kills, limit } => {
            let what = match kills {
                Some(1) | None => "a process".to_owned(),
                Some(kills) => format!("{} processes", grouped(*kills)),
            };
            format!("the kernel killed {what} in {container} for lack of memory, and it runs on{}", limited(*limit))
        }
        StateClaim::HealthFails { container, failures, output } => {
            let said = if output.is_empty() { String::new() } else { format!(": {output}") };
            format!("the health check of {container} failed {}× in a row{said}", grouped(*failures))
        }
        StateClaim::CheckMissesProgram { container, program } => {
            format!("the health check of {container} calls {program}, which its image does not have")
        }
        StateClaim::CheckAsksPort { container, port, listens } => {
            format!("the health check of {container} asks port {port}; it listens on {}", listed_ports(listens))
        }
        StateClaim::ListensForItself { container, port } => {
            format!("{container} listens on port {port} of its own loopback alone")
        }
        StateClaim::NotAttached { container, network } => {
            format!("{container} is not on the network {network}, which it is declared to join")
        }
        StateClaim::NoSharedNetwork { from, to } => format!("{from} asks {to}, and no network has both"),
        StateClaim::LookedUpBefore { proxy, name, container, address } => {
            format!("{proxy} looked {name} up before {container} got its present address {address}")
        }
        StateClaim::AddressHeldBy { address, holder: Some(holder) } => format!("{address} belongs to {holder} now"),
        StateClaim::AddressHeldBy { address, holder: None } => format!("nobody has the address {address} any more"),
        StateClaim::ValueDiffers { key, declared, running } => {
            match value::both(key, running.as_ref(), declared.as_ref(), "blank") {
                Some((running, declared)) => format!("{key} is {running} in the container, {declared} in the files"),
                None => format!("{key} has another value in the container than in the files"),
            }
        }
        StateClaim::VariableMissing { container, key, instead } => match instead {
            Instead::Blank => format!("{key} is blank in {container}"),
            Instead::Near(near) => format!("{container} is told {near}, and no {key}"),
            Instead::OnlyIn(file) => format!("{key} stands in {file}, and {container} is not told it"),
            Instead::Nothing => format!("nobody tells {container} a {key}"),
        },
        StateClaim::VariableThere { container, key } => format!("{container} is told a {key} that is not blank"),
        StateClaim::LeadsNowhere { key, why, .. } => {
            let place = value::place(claim).unwrap_or_else(|| "an address".to_owned());
            match why {
                DeadEnd::OwnLocalhost => format!(
                    "{key} leads to {place}: in a container that is the container itself, and nothing listens there"
                ),
                DeadEnd::UnknownName => format!("{key} leads to {place}, a name that nobody has"),
                DeadEnd::WrongPort { listens } => {
                    format!("{key} leads to {place}, which listens on {}", listed_ports(listens))
                }
            }
        }
        StateClaim::ContainerCreated { container } => format!("{container} was created"),
        StateClaim::ContainerStarted { container } => format!("{container} was started"),
        StateClaim::EnvFileEdited { file } => format!("{file} was edited"),
        StateClaim::EnvFileArrived { file } => format!("{file} arrived on this machine"),
        StateClaim::FileSystemFull { path, inodes: false } => format!("no room is left on the file system of {path}"),
        StateClaim::FileSystemFull { path, inodes: true } => format!("no inode is left on the file system of {path}"),
        StateClaim::Probe(claim) => probes::claim(claim),
    }
}

pub(super) fn ailing(component: &str, ailment: Ailment) -> String {
    match ailment {
        Ailment::HostShort => "the host has no room left".to_owned(),
        Ailment::NotStarted => format!("{component} could not be started"),
        Ailment::Down => format!("{component} is down"),
        Ailment::Restarting => format!("{component} keeps ending and being restarted"),
        Ailment::CutOff => format!("{component} is cut off from a network that it needs"),
        Ailment::Misled => format!("{component} runs with an address that cannot work"),
        Ailment::Unserved => format!("{component} is not served by something that it needs"),
        Ailment::Distrusted => format!("whoever comes to {component} cannot trust its certificate"),
        Ailment::Crowded => format!("{component} has no room for some of those who come to it"),
        Ailment::Unhealthy => format!("{component} is unhealthy"),
        Ailment::Maimed => format!("a process of {component} was killed"),
        Ailment::NotBuilt if component == "build" => "the build fails".to_owned(),
        Ailment::NotBuilt => format!("the build of {component} fails"),
    }
}

/// The cause that a state proves.
pub(super) fn cause(account: &Account<'_>, claim: &StateClaim) -> CauseText {
    let who = &account.cause.component;
    let said = |text: &str| format!("{who} ends at once: {text}");
    let (summary, fix, prevention) = match (account.cause.code, claim) {
        (_, StateClaim::Probe(claim)) => probes::cause(account, claim),
        (_, StateClaim::Misread { key, how, .. }) => misread(who, key, how),
        (CauseCode::StartupOrder, _) => (
            format!("{who} gave up because it was started before what it needs, and nothing starts it again"),
            format!("Start {who}: what it missed is there now."),
            vec![
                "Give it a restart policy (unless-stopped), and let it wait for the other (depends_on with service_healthy).".to_owned(),
            ],
        ),
        (CauseCode::StaleEnv, StateClaim::ValueDiffers { .. }) => (
            format!("{who} runs with old values: {}", account.stale_keys().join(", ")),
            "Create the container anew with the command above; restart does not read env files again.".to_owned(),
            vec!["After every edit of an env file, run up -d, never restart; lastgood check shows what is stale.".to_owned()],
        ),
        (CauseCode::WrongAddress, StateClaim::LeadsNowhere { key, .. }) if &**key == PASSED_ON => (
            format!("{who} passes requests on to a port on which nobody listens"),
            "Correct the port of proxy_pass, then let nginx read it again (nginx -s reload).".to_owned(),
            vec!["Change both together: lastgood deploy tries a proxy with whom it asks, before anybody meets them.".to_owned()],
        ),
        (CauseCode::WrongAddress, _) => (
            format!("{who} was told an address that cannot work"),
            "Correct the value where it is declared, then create the container anew.".to_owned(),
            vec!["Let containers ask each other by service name and container port; run lastgood check before a deploy.".to_owned()],
        ),
        (CauseCode::StaleUpstreamIp, _) => (
            format!("{who} still asks the old address of a container that was created anew"),
            "Reload nginx, so that it looks the name up again.".to_owned(),
            vec!["Let nginx look names up while it runs (resolver 127.0.0.11 and a variable in proxy_pass), or reload it after each up.".to_owned()],
        ),
        (CauseCode::WrongNetwork, StateClaim::NotAttached { network, .. }) => (
            format!("{who} is not on the network {network}"),
            "Attach it with its alias, or create it anew from its compose file.".to_owned(),
            vec!["Declare networks in the compose file; what is connected by hand is gone with the container.".to_owned()],
        ),
        (CauseCode::WrongNetwork, StateClaim::EngineSaid { .. }) => (
            format!("{who} does not start: a network that it joins is not there"),
            "Make the network again: up -d does for those of its own project, docker network create NAME for one that the compose file calls external; then create the container anew.".to_owned(),
            vec!["Run lastgood check before a deploy: it looks whether external networks are there.".to_owned()],
        ),
        (CauseCode::WrongNetwork, _) => (
            format!("{who} shares no network with what it asks"),
            "Let both join one network in the compose file, then create it anew.".to_owned(),
            vec!["Run lastgood check before a deploy: it knows who asks whom.".to_owned()],
        ),
        (CauseCode::HealthcheckBroken, _) => (
            format!("the health check of {who} is wrong, not {who}"),
            "Correct the check: a program that the image has, the port on which it listens; then create it anew.".to_owned(),
            vec!["Try a new health check in the image that it is for.".to_owned()],
        ),
        (CauseCode::WrongArch, _) => (
            format!("{who} has an image for another architecture"),
            "Build the image for this machine's architecture and create the container anew.".to_owned(),
            vec!["Build with --platform, and let the image only copy what was built on the host.".to_owned()],
        ),
        (CauseCode::BadEntrypoint, _) => (
            format!("{who} starts a program that is not there or may not be run"),
            "Correct entrypoint or command, or put the program into the image; then create it anew.".to_owned(),
            vec!["Start a new image once before it goes live.".to_owned()],
        ),
        (CauseCode::BadMount, _) => (
            format!("{who} mounts something that is not there"),
            "Put file or folder where the compose file says, then start it.".to_owned(),
            vec!["Keep mounted files beside the compose file, and copy them with it.".to_owned()],
        ),
        (CauseCode::PortConflict, _) => (
            format!("another process holds a port of {who}"),
            "Stop what holds the port, or publish another one; then start it.".to_owned(),
            vec!["Give every service of the host a port of its own, and write them down.".to_owned()],
        ),
        (CauseCode::OomKill, StateClaim::ChildrenKilled { .. }) => (
            format!("out of memory: the kernel killed a process of {who}, which runs on"),
            format!("Restart {who}, then raise its limit or find what took the memory."),
            vec!["Watch its memory; the engine does not call this a kill.".to_owned()],
        ),
        (CauseCode::OomKill, _) => (
            format!("out of memory: the kernel killed {who}"),
            format!("Raise the memory limit of {who}, or find what takes the memory; then start it."),
            vec!["Give it a limit that it fits into, and a restart policy.".to_owned()],
        ),
        (CauseCode::DiskFull, _) => (
            "the host has no room left on its disk".to_owned(),
            "Free space: old logs, old images, dumps; then restart what gave up.".to_owned(),
            vec!["Limit container logs (max-size), and be warned at 80 %.".to_owned()],
        ),
        (CauseCode::ConfigSyntax, StateClaim::LastWords { .. }) => (
            format!("{who} does not start: nginx refuses its configuration"),
            "Repair the line that nginx names, then start it.".to_owned(),
            vec!["Run nginx -t after every change and before every restart.".to_owned()],
        ),
        (CauseCode::DnsFailure, StateClaim::LastWords { text, .. }) => (
            format!("{who} does not start: it cannot find {}", quoted(text).unwrap_or("a name")),
            "Start what bears that name, on a network of its own; then start it.".to_owned(),
            vec!["Let nginx look names up while it runs (resolver, and a variable in proxy_pass).".to_owned()],
        ),
        (CauseCode::EnvMissing, StateClaim::VariableMissing { key, instead, .. }) => (
            format!("{key} is missing in the environment of {who}"),
            match instead {
                Instead::Blank => format!("Give {key} a value where {who} gets it from, then create {who} anew."),
                Instead::Near(near) => {
                    format!("Rename {near} to {key} where it is declared for {who}, or the other way round in its code; then create {who} anew.")
                }
                Instead::OnlyIn(file) => format!(
                    "Pass it on: {key}: ${{{key}}} below environment: of {who}; {file} only fills ${{…}} in. Then create {who} anew."
                ),
                Instead::Nothing => format!("Declare {key} for {who}, then create it anew."),
            },
            vec![format!("Write ${{{key}:?}} in the compose file: Compose then refuses to start without it.")],
        ),
        (_, StateClaim::LastWords { text, .. }) => (
            said(text),
            format!("Read what {who} said last and mend that; restarting alone has not helped."),
            vec!["Start a new version once before it replaces the running one.".to_owned()],
        ),
        (_, StateClaim::HealthFails { output, .. }) if output.is_empty() => located(who, "its health check fails"),
        (_, StateClaim::HealthFails { output, .. }) => located(who, &format!("its health check says {output}")),
        (_, StateClaim::ContainerGone { .. } | StateClaim::NothingCreated { .. }) => (
            format!("{who} has no container"),
            "Create it from its compose file.".to_owned(),
            vec!["Take services down with stop, not with rm or down, if they are to come back.".to_owned()],
        ),
        (_, StateClaim::ContainerPaused { .. }) => {
            (format!("{who} is paused"), "Let it go on: unpause it.".to_owned(), vec![restart_policy()])
        }
        (_, StateClaim::EngineSaid { text, .. }) => (
            format!("{who} could not be started: {text}"),
            "Mend what the engine names, then start it.".to_owned(),
            vec!["Look at docker compose ps after every up.".to_owned()],
        ),
        (_, StateClaim::ContainerEnded { ending: Ending::Stopped, .. }) => (
            format!("{who} was stopped"),
            "Start it again, if nobody stopped it on purpose.".to_owned(),
            vec!["Somebody has to hear of it when a service that others need is stopped.".to_owned()],
        ),
        (_, StateClaim::ContainerEnded { ending: Ending::Killed, .. }) => (
            format!("{who} was killed"),
            "Read what it said last, then start it again.".to_owned(),
            vec![restart_policy()],
        ),
        (_, StateClaim::KeepsRestarting { .. }) => (
            format!("{who} ends again and again, and says nothing"),
            "Look at its logs and its exit code.".to_owned(),
            vec!["Start a new version once before it replaces the running one.".to_owned()],
        ),
        (_, other) => (self::claim(other), "Read its logs, then start it again.".to_owned(), vec![restart_policy()]),
    };
    CauseText { summary, fix, prevention }
}

fn located(who: &str, why: &str) -> (String, String, Vec<String>) {
    (
        format!("{who} is not well: {why}"),
        format!("Read the logs of {who} around the first failed check."),
        vec!["Let a health check say what is wrong, not only that something is.".to_owned()],
    )
}

fn restart_policy() -> String {
    "Let it be started again (restart: unless-stopped).".to_owned()
}

fn limited(limit: Option<u64>) -> String {
    limit.map_or_else(String::new, |limit| format!(" (its limit is {} MiB)", grouped(limit >> 20)))
}

/// The first name in quotes.
fn quoted(message: &str) -> Option<&str> {
    message.split('"').nth(1).filter(|name| !name.is_empty())
}

/// A value that reached its container as something else than was written.
fn misread(who: &str, key: &str, how: &Misread) -> (String, String, Vec<String>) {
    let anew = format!("then create {who} anew");
    let (summary, fix) = match how {
        Misread::DollarLost => (
            format!("Compose took a $ in {key} of {who} for a variable"),
            format!("Write $$ for each $ of the value, or put it in single quotes; {anew}."),
        ),
        Misread::NothingStandsIn { variable } => (
            format!("{variable} is set nowhere, and {key} of {who} lacks it"),
            format!("Set {variable} where Compose looks for it (.env), {anew}."),
        ),
        Misread::Cut => (
            format!("Compose took the end of {key} of {who} for a comment"),
            format!("Put the value of {key} in single quotes; {anew}."),
        ),
        Misread::Splits => (
            format!("a sign in the password of {key} ends the address that {who} is told"),
            format!("Write / as %2F, ? as %3F, # as %23 and @ as %40 in the password of {key}; {anew}."),
        ),
    };
    let prevention = match how {
        Misread::NothingStandsIn { variable } => {
            format!("Write ${{{variable}:?}} in the compose file: Compose then refuses to start without it.")
        }
        _ => "Make passwords of letters and digits alone; run lastgood check before a deploy.".to_owned(),
    };
    (summary, fix, vec![prevention])
}
