//! Commands that a person can paste where a state proves the cause: of Docker and Compose, with the user's own `-f`. They look
//! or repair, and never delete. Nothing is run here.

use lastgood_model::{CauseCode, StateClaim};

use super::paste::word;
use crate::words::Account;

/// Commands, the first one first.
#[must_use]
pub(super) fn commands(account: &Account<'_>, claim: &StateClaim) -> Vec<String> {
    let container = account.container().and_then(word);
    let logs = container.iter().map(|container| format!("docker logs --tail 50 {container}"));
    let mut out: Vec<String> = Vec::new();
    match (account.cause.code, claim) {
        (CauseCode::StaleEnv, _) => out.extend(anew(account)),
        // A line is edited by hand first, or a file put in its place: that is said by the fix.
        (CauseCode::WrongAddress | CauseCode::BadMount, _)
        | (_, StateClaim::VariableMissing { .. } | StateClaim::Misread { .. }) => {}
        (CauseCode::StartupOrder, _) => {
            out.extend(start(container.as_deref()));
            out.extend(logs);
        }
        (CauseCode::StaleUpstreamIp, _) => {
            let proxy = word(&account.cause.component).filter(|proxy| proxy != "nginx");
            out.push(match proxy {
                Some(proxy) => format!("{} exec {proxy} nginx -s reload", account.compose),
                None => "sudo nginx -s reload".to_owned(),
            });
        }
        (CauseCode::WrongNetwork, StateClaim::NotAttached { container, network }) => {
            let names = [network, &account.cause.component, container].map(|name| word(name));
            if let [Some(network), Some(alias), Some(container)] = names {
                out.push(format!("docker network connect --alias {alias} {network} {container}"));
            }
            out.extend(anew(account));
        }
        (CauseCode::WrongNetwork, _) => {
            out.push("docker network ls".to_owned());
            out.extend(anew(account));
        }
        (CauseCode::OomKill, StateClaim::MemoryKilled { .. }) => {
            out.extend(start(container.as_deref()));
            out.extend(logs);
        }
        (CauseCode::OomKill, _) => {
            out.extend(container.as_ref().map(|container| format!("docker stats --no-stream {container}")));
            out.extend(logs);
            out.extend(container.as_ref().map(|container| format!("docker restart {container}")));
        }
        (CauseCode::DiskFull, _) => {
            out.push("df -h; df -i".to_owned());
            out.push("docker system df".to_owned());
        }
        (CauseCode::PortConflict, StateClaim::EngineSaid { text, .. }) => {
            if let Some(port) = port_in(text) {
                out.push(format!("docker ps --filter publish={port}; sudo ss -ltnp 'sport = :{port}'"));
            }
            out.extend(start(container.as_deref()));
        }
        (CauseCode::WrongArch, _) => {
            out.extend(logs);
            out.extend(anew(account));
        }
        (CauseCode::HealthcheckBroken, _) | (_, StateClaim::HealthFails { .. }) => {
            out.extend(
                container
                    .as_ref()
                    .map(|container| format!("docker inspect -f '{{{{json .State.Health}}}}' {container}")),
            );
            out.extend(logs);
        }
        (_, StateClaim::ContainerGone { .. }) => out.extend(anew(account)),
        (_, StateClaim::NothingCreated { .. }) => out.push(format!("{} up -d", account.compose)),
        (_, StateClaim::ContainerPaused { .. }) => {
            out.extend(container.map(|container| format!("docker unpause {container}")));
        }
        (_, StateClaim::ContainerEnded { .. } | StateClaim::NeverStarted { .. }) => {
            out.extend(start(container.as_deref()));
            out.extend(logs);
        }
        _ => {
            out.extend(logs);
            out.extend(start(container.as_deref()));
        }
    }
    out
}

/// Makes the container anew from the files, and no other one.
fn anew(account: &Account<'_>) -> Option<String> {
    Some(format!("{} up -d --no-deps {}", account.compose, word(&account.cause.component)?))
}

fn start(container: Option<&str>) -> Option<String> {
    container.map(|container| format!("docker start {container}"))
}

/// The host's port in what the engine says: `Bind for 0.0.0.0:8080 failed: port is already allocated`.
fn port_in(text: &str) -> Option<u16> {
    text.split(|c: char| c.is_whitespace() || c == ',').find_map(|part| {
        let (_, port) = part.trim_end_matches([':', '/']).rsplit_once(':')?;
        port.trim_end_matches("/tcp").parse().ok().filter(|port| *port > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_that_is_taken() {
        let of_docker = "driver failed programming external connectivity on endpoint web (ab12): Bind for 0.0.0.0:8080 failed: port is already allocated";
        assert_eq!(port_in(of_docker), Some(8080));
        let of_the_host = "Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use";
        assert_eq!(port_in(of_the_host), Some(80));
        assert_eq!(port_in("no such thing"), None);
    }
}
