//! English: other hosts, and why one of them was not asked.

use super::super::capture::bytes;
use crate::complaint::Complaint;
use crate::pipeline::remote::HostFault;

pub(super) fn complaint(complaint: &Complaint) -> (String, Vec<String>) {
    let (what, hint) = match complaint {
        Complaint::Targets { names } => (
            format!("lastgood.toml has several targets: {}", names.join(", ")),
            "name one with --target, or ask this machine with --local".to_owned(),
        ),
        Complaint::NoHost => (
            "no host was named".to_owned(),
            "name one with --host, or as [target.prod] in lastgood.toml; or a folder of this machine with --to"
                .to_owned(),
        ),
        Complaint::Target { given, near } => (
            format!("lastgood.toml has no target `{given}`"),
            near.as_ref().map_or_else(
                || "declare it: [target.prod] host = \"me@vm\"; or name a host with --host".to_owned(),
                |near| format!("is {near} meant?"),
            ),
        ),
        Complaint::FileThere { path, host } => (
            format!("{path} is a file of this machine, and {host} is to be asked"),
            "leave --host or --target away, or leave the file away".to_owned(),
        ),
        Complaint::Host { host, fault } => of_host(host, fault),
        _ => return (String::new(), Vec::new()),
    };
    (what, vec![hint])
}

fn of_host(host: &str, fault: &HostFault) -> (String, String) {
    match fault {
        HostFault::NoSsh => {
            (format!("{host}: ssh is not installed here"), "install the OpenSSH client: apt install openssh-client".to_owned())
        }
        HostFault::Unreachable(why) => {
            (format!("{host}: ssh does not get there: {why}"), format!("try it alone: ssh {host} true"))
        }
        HostFault::CutOff => (
            format!("{host}: the connection broke"),
            format!("what was begun there goes on; how it ended says: lastgood history --host {host}"),
        ),
        HostFault::TookTooLong(seconds) => {
            (format!("{host}: no answer within {seconds} s"), format!("see whether it is well: ssh {host} uptime"))
        }
        HostFault::NoAgent(machine, Some(place)) => (
            format!("{host} is {machine}, and the agent for it is not there: {place}"),
            "put that file of the same version there, beside the lastgood that you run; scripts/build-static --agents makes it"
                .to_owned(),
        ),
        HostFault::NoAgent(machine, None) => (
            format!("{host} is {machine}, and there is no agent for it"),
            "agents run on Linux x86_64 and Linux aarch64".to_owned(),
        ),
        HostFault::NoLinux(machine) => {
            (format!("{host} is {machine}; the agent runs on Linux"), "name a Linux host".to_owned())
        }
        HostFault::NotBrought(why) => (
            format!("{host}: the agent could not be put there: {why}"),
            "it goes to ~/.cache/lastgood of the user who logs in: see whether that can be written, and has room".to_owned(),
        ),
        HostFault::NotRun(code) => (
            format!("{host}: the agent does not run there (exit code {code})"),
            "home folders that are mounted noexec do not let it; a lastgood that is not static may lack a library there"
                .to_owned(),
        ),
        HostFault::NoFolder(path) => (
            format!("{host}: there is no folder {path}"),
            "correct path of the target in lastgood.toml, or leave it away".to_owned(),
        ),
        HostFault::NoForward(why) => (
            format!("{host}: nothing can be built by its engine, which is not reached through ssh: {why}"),
            "it has to listen on a socket, and sshd to allow AllowStreamLocalForwarding; or build.on = \"here\" in [deploy]".to_owned(),
        ),
        HostFault::NoTemporary => (
            format!("{host}: no temporary folder can be made there"),
            "the case is captured below /tmp there, or TMPDIR: see whether that can be written, and has room".to_owned(),
        ),
        HostFault::Incomplete => (
            format!("{host}: the case did not arrive as a whole; nothing was written"),
            format!("see whether a shell there prints anything by itself: ssh {host} true | wc -c"),
        ),
        HostFault::Foreign(what) => (
            format!("{host} sent {what}, which belongs to no case; nothing was written"),
            "do not trust that host until you know why".to_owned(),
        ),
        HostFault::TooLarge(most) => (
            format!("{host} sent more than {}; nothing was written", bytes(*most)),
            "capture less with --since and --until, or allow more with --max-size".to_owned(),
        ),
        HostFault::Io(why) => (format!("{host} could not be asked: {why}"), format!("try it alone: ssh {host} true")),
    }
}

pub(super) fn brings_agent(host: &str, size: u64) -> String {
    format!("bringing the agent to {host}, once: {}", bytes(size))
}

pub(super) fn removed(host: &str, files: &[String]) -> String {
    match files {
        [] => format!("nothing of lastgood was on {host}\n"),
        files => format!("removed from {host}: {}\n", files.join(", ")),
    }
}
