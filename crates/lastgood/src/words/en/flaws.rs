//! English: what is wrong with a stack, in a sentence.

use std::sync::Arc;

use lastgood_model::check::Flaw;
use lastgood_model::drift::Difference;

use super::super::capture::bytes;
use super::super::flaw::{FlawText, Side, Told, is_of_a_container, listed, said, sides};
use super::super::number::{grouped, listed_ports};
use super::flaw_advice::{fix, why};
use super::plural;
use super::probes::answered;

pub(super) fn flaw(told: &Told<'_>) -> FlawText {
    let flaw = &told.finding.flaw;
    let fix = match told.foreign {
        Some(project) if is_of_a_container(flaw) => {
            format!("it belongs to the project {project}: whoever runs that has to repair it")
        }
        _ => fix(flaw),
    };
    FlawText { what: what(told), sides: values(told), why: why(flaw), fix }
}

pub(super) fn headline(breaking: usize, knowing: usize) -> String {
    let breaking = match breaking {
        0 => None,
        1 => Some("1 thing will break".to_owned()),
        more => Some(format!("{more} things will break")),
    };
    let knowing = (knowing > 0).then(|| format!("{knowing} worth knowing"));
    [breaking, knowing].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Both values of each variable, with the times that explain them.
fn values(told: &Told<'_>) -> Vec<Side> {
    let Flaw::StaleContainer { container, created, variables } = &told.finding.flaw else { return Vec::new() };
    let mut rows = Vec::new();
    for variable in variables {
        let (running, declared) = sides(told, variable, "blank")
            .unwrap_or_else(|| (format!("another {}", variable.key), "(values are not shown)".to_owned()));
        let since = created.map(|at| format!("created {}", told.clock.beside(at, told.now)));
        rows.push(Side { place: container.to_string(), value: running, since });
        let place = variable.at.as_ref().map_or_else(|| "files".to_owned(), ToString::to_string);
        let since = variable.edited.map(|span| format!("edited {}", told.clock.beside(span.from(), told.now)));
        rows.push(Side { place, value: declared, since });
    }
    rows
}

fn what(told: &Told<'_>) -> String {
    let who = &told.finding.component;
    let key_or = |key: &Option<Arc<str>>| key.as_deref().unwrap_or("the proxy configuration").to_owned();
    let nearest =
        |nearest: &Option<Arc<str>>| nearest.as_ref().map_or_else(String::new, |name| format!("; there is {name}"));
    let shown = |text: &Arc<str>| if told.hide_values { "(hidden)".to_owned() } else { text.to_string() };
    match &told.finding.flaw {
        Flaw::ComposeRefuses { words } => format!("Compose refuses its files: {}", said(words)),
        Flaw::NothingToWaitFor { service } => {
            format!("{who} waits until {service} is healthy, and {service} has no health check")
        }
        Flaw::NetworkMissing { network, nearest: near, on_nearest } => {
            let on = if on_nearest.is_empty() { String::new() } else { format!(" (with {})", listed(on_nearest)) };
            format!("the external network {network} does not exist{}{on}", nearest(near))
        }
        Flaw::VolumeMissing { volume, nearest: near } => {
            format!("the external volume {volume} does not exist{}", nearest(near))
        }
        Flaw::VariableRequired { key } => format!("{key} is required and has no value"),
        Flaw::VariablesUnset { keys } => format!("nobody sets {}; their place stays empty", listed(keys)),
        Flaw::EnvFileRefused { words } => format!("Compose cannot read {who}: {}", said(words)),
        Flaw::KeysMissing { keys, example } => format!("{who} lacks {}, which {example} has", listed(keys)),
        Flaw::KeysLost { keys, example } => {
            format!("{who} lacks {}, which {example} has and the running container still knows", listed(keys))
        }
        Flaw::KeysUndocumented { keys, example } => format!("{example} lacks {}, which {who} has", listed(keys)),
        Flaw::HalfAddress { key, partner } => format!("{key} is empty while {partner} is set"),
        Flaw::KeysBlank { keys, example } => format!("{} empty in {who}; {example} shows a value", listed(keys)),
        Flaw::DollarLost { key } => {
            format!("a $ in the value of {key} was taken for a variable, and a part of it is gone")
        }
        Flaw::CarriageReturn { keys } => format!("values in {who} end with a carriage return: {}", listed(keys)),
        Flaw::EnvFileReadable { keys } => format!("every user of this host can read {who} with {}", listed(keys)),
        Flaw::LocalhostAddress { key, address, meant } => {
            let meant = meant.as_ref().map_or_else(String::new, |service| format!("; {service} listens on that port"));
            format!("{key} leads {who} to {}, which is its own container; nothing listens there{meant}", shown(address))
        }
        Flaw::NoSharedNetwork { key, asked, networks } => {
            let on = if networks.is_empty() { String::new() } else { format!(" (it is on {})", listed(networks)) };
            format!("{}: {who} shares no network with {asked}{on}", key_or(key))
        }
        Flaw::WrongPort { key, asked, port, listens } => {
            format!("{}: {asked} does not listen on {port}, but on {}", key_or(key), listed_ports(listens))
        }
        Flaw::UnknownName { key, name, nearest: near } => {
            format!("{}: nobody on the networks of {who} is called {}{}", key_or(key), shown(name), nearest(near))
        }
        Flaw::GatewayAddress { key, address, network, behind, .. } => {
            let behind = behind.as_ref().map_or_else(String::new, |name| format!(", the way to {name}"));
            format!("{key} is the gateway of {network} ({}){behind}", shown(address))
        }
        Flaw::BuildEmulated { dockerfile, steps, development, target, .. } => format!(
            "{dockerfile} runs {target} programs in {} while it is built on {development}",
            plural(*steps as u64, "step")
        ),
        Flaw::ImageMislabelled { image, label, program } => {
            format!("{image} says {label}, and its program is for {program}")
        }
        Flaw::ModuleArchitecture { image, module, architecture, label } => {
            format!("{module} in {image} is for {architecture}, and the image for {label}")
        }
        Flaw::ImageArchitecture { image, image_architecture, host } => {
            format!("{image} is for {image_architecture}, this host is {host}")
        }
        Flaw::LoginMissing { registry, image } => format!("{image} is not here, and nobody is logged in to {registry}"),
        Flaw::FloatingTag { image } => format!("{image} names no version"),
        Flaw::SecretInImage { image, key } => format!("the value of {key} stands in the history of {image}"),
        Flaw::NoRestart { policy } => format!("{who} does not come back after a reboot (restart: {policy})"),
        Flaw::UnitDisabled { unit } => format!("{unit} does not start at boot"),
        Flaw::MountMissing { source, target } => format!("{source} does not exist; {target} is to come from it"),
        Flaw::MountNotAFile { source, target } => format!("{source} is an empty directory; {target} should be a file"),
        Flaw::PortTaken { port, by } => {
            let by = by.as_deref().unwrap_or("another program");
            format!("port {port} is taken by {by}")
        }
        Flaw::DatabasePublished { port, protocol } => format!("{protocol} is published to everybody on port {port}"),
        Flaw::SecretOnCommandLine { option } => format!("a secret stands on the command line of {who}, after {option}"),
        Flaw::StaleContainer { container, variables, .. } => {
            let keys: Vec<_> = variables.iter().map(|variable| variable.key.clone()).collect();
            format!("{container} works with an old value of {}", listed(&keys))
        }
        Flaw::VariablesDiffer { container, added, removed } => {
            let added = (!added.is_empty()).then(|| format!("does not know {} yet", listed(added)));
            let removed = (!removed.is_empty()).then(|| format!("still has {}", listed(removed)));
            let both: Vec<String> = [added, removed].into_iter().flatten().collect();
            format!("{container} {}", both.join(" and "))
        }
        Flaw::ContainerDiffers { container, differences } => {
            let told: Vec<String> = differences.iter().map(difference).collect();
            format!("{container} is not what the files say: {}", told.join("; "))
        }
        Flaw::MountReplaced { container, targets } => {
            format!("{container} still sees the old {}: the file was replaced on the host", listed(targets))
        }
        Flaw::Detached { container, networks } => format!("{container} is not on {}", listed(networks)),
        Flaw::StaleUpstream { name, read_at, started } => format!(
            "{who} looked {name} up at {}; its container was started again at {}",
            told.clock.beside(*read_at, told.now),
            told.clock.beside(*started, told.now)
        ),
        Flaw::Orphan { container } => format!("no file declares {who} any more, and {container} is still there"),
        Flaw::NotCreated => format!("{who} has no container"),
        Flaw::NotRunning { container, exit_code, out_of_memory, last_words } => {
            let why = if *out_of_memory { ", killed for lack of memory" } else { "" };
            let words = last_words.as_ref().map_or_else(String::new, |words| format!(": {}", said(words)));
            format!("{container} is not running (exit code {exit_code}{why}){words}")
        }
        Flaw::CrashLooping { container, restarts, exit_code, last_words } => {
            let words = last_words.as_ref().map_or_else(String::new, |words| format!(": {}", said(words)));
            let times = plural(*restarts, "restart");
            format!("{container} ends again and again (exit code {exit_code}, {times}){words}")
        }
        Flaw::Unhealthy { container, says } => {
            let says = says.as_ref().map_or_else(String::new, |says| format!(": {}", said(says)));
            format!("{container} is not healthy{says}")
        }
        Flaw::Paused { container } => format!("{container} is paused"),
        Flaw::HealthcheckPort { port, listens } => {
            format!("the health check of {who} asks port {port}; it listens on {}", listed_ports(listens))
        }
        Flaw::HealthcheckAlwaysPasses => format!("the health check of {who} cannot fail"),
        Flaw::HealthcheckCertificate => format!("the health check of {who} wants a certificate for localhost"),
        Flaw::DiskShort { path, free, bytes: all } => {
            format!("{} of {} left on the disk of {path}", bytes(*free), bytes(*all))
        }
        Flaw::InodesShort { path, free, inodes } => {
            format!("{} of {} inodes left on the disk of {path}", grouped(*free), grouped(*inodes))
        }
        Flaw::DiskReadOnly { path } => format!("the disk of {path} can only be read"),
        Flaw::MemoryShort { available, total } => format!("{} of {} memory left", bytes(*available), bytes(*total)),
        Flaw::ClockAdrift => "nothing sets this host's clock right".to_owned(),
        Flaw::NotServed { asked, outcome, .. } => answered(asked, outcome),
        Flaw::OpenFilesShort { open, most } => {
            format!("{} of {} possible files are open", grouped(*open), grouped(*most))
        }
    }
}

pub(in crate::words) fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Image { rebuilt: true, declared, .. } => format!("{declared} was built again"),
        Difference::Image { declared, running, .. } => format!("image {declared}, runs {running}"),
        Difference::NetworkMissing(network) => format!("not on {network}"),
        Difference::NetworkExtra(network) => format!("still on {network}"),
        Difference::NetworkReplaced(network) => format!("on a {network} that is gone"),
        Difference::Mount { target, declared: None, .. } => format!("still mounts {target}"),
        Difference::Mount { target, running: None, .. } => format!("does not mount {target}"),
        Difference::Mount { target, .. } => format!("mounts {target} from elsewhere"),
        Difference::Ports { declared, running } => {
            let list = |ports: &[Arc<str>]| if ports.is_empty() { "none".to_owned() } else { listed(ports) };
            format!("ports {}, has {}", list(declared), list(running))
        }
        Difference::Restart { declared, running } => format!("restart {declared}, has {running}"),
        Difference::Setting(name) => format!("another {name}"),
        Difference::Replicas { declared, running } => {
            format!("{running} of {declared} containers are there")
        }
        // These are findings of their own.
        Difference::NotCreated
        | Difference::Orphan
        | Difference::Variable(_)
        | Difference::MountReplaced { .. }
        | Difference::StaleUpstream { .. } => String::new(),
    }
}
