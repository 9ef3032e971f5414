//! A container whose health check fails: `startup/healthcheck-broken` if the check itself is wrong, else the component is not
//! well, and its check's own words are all that is known (`unknown/located`).

use std::sync::Arc;

use lastgood_model::snapshot::{Container, HealthResult, HealthStatus};
use lastgood_model::{Ailment, CauseCode, Secret, StateClaim, UnixMs, Weight};

use super::{Fault, edge};
use crate::rules::Depth;
use crate::stack_scene::{StackScene, key};

/// Proposes one fault for each container that is unhealthy.
pub fn propose(scene: &StackScene<'_>) -> Vec<Fault> {
    scene.containers().filter_map(|container| of_container(scene, container)).collect()
}

fn of_container(scene: &StackScene<'_>, container: &Container) -> Option<Fault> {
    let health = container.health.as_ref().filter(|health| health.status == HealthStatus::Unhealthy)?;
    if !container.is_running() {
        return None;
    }
    let reference = || key(&container.name, "State.Health");
    let name = || Arc::clone(&container.name);
    let component = scene.component(container);
    let (last_good, first_bad) = turn(&health.checks);
    let first_bad = first_bad.or(container.state.started).unwrap_or(scene.stack.at);
    let last = health.checks.iter().rfind(|check| check.exit_code != 0);
    let output: Arc<str> = last.map_or_else(|| Arc::from(""), |check| Arc::from(telling(&check.output)));
    let fails =
        StateClaim::HealthFails { container: name(), failures: health.failing_streak, output: Arc::clone(&output) };
    let broken = missing_program(&output)
        .map(|program| StateClaim::CheckMissesProgram { container: name(), program: Arc::from(program) })
        .or_else(|| wrong_port(container))
        .filter(|_| scene.may_be(CauseCode::HealthcheckBroken));
    let first_bad = edge(first_bad, reference());
    let mut fault =
        match broken {
            Some(claim) => {
                Fault::new(CauseCode::HealthcheckBroken, &component, Ailment::Unhealthy, Depth::Origin, first_bad)
                    .led(None, claim, key(&container.name, "Config.Healthcheck"), Weight::Decisive)
                    .led(None, fails, reference(), Weight::Strong)
            }
            None => {
                let fault = Fault::new(CauseCode::Located, &component, Ailment::Unhealthy, Depth::Symptom, first_bad)
                    .led(None, fails, reference(), Weight::Strong);
                Fault { follows: true, ..fault }
            }
        };
    fault.last_good = last_good.map(|at| edge(at, reference()));
    Some(fault)
}

/// The last good check and the first bad one after it, as far as the engine remembers.
fn turn(checks: &[HealthResult]) -> (Option<UnixMs>, Option<UnixMs>) {
    let good = checks.iter().rposition(|check| check.exit_code == 0);
    let bad = checks.get(good.map_or(0, |index| index + 1)).and_then(|check| check.at);
    (good.and_then(|index| checks.get(index)?.at), bad)
}

/// The line of a check's output that says most: the last one, as with a traceback.
fn telling(output: &str) -> &str {
    output.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default()
}

/// The program that a check calls and the image does not have.
fn missing_program(output: &str) -> Option<&str> {
    if let Some((before, _)) = output.split_once(": executable file not found") {
        return before.rsplit('"').nth(1).or_else(|| before.rsplit(' ').next());
    }
    // `/bin/sh: 1: curl: not found`, `sh: curl: not found`, `/bin/sh: line 1: curl: command not found`
    let before = output.strip_suffix(": command not found").or_else(|| output.strip_suffix(": not found"))?;
    let program = before.rsplit(": ").next()?;
    (before.contains("sh: ") && !program.contains(' ')).then_some(program)
}

/// A port of its own that the check asks and on which nothing listens, while something does on others.
fn wrong_port(container: &Container) -> Option<StateClaim> {
    // The engine's own resolver listens in there, too.
    let sockets = container.listening.as_ref()?.iter().filter(|socket| &*socket.address != "127.0.0.11");
    let mut listens: Vec<u16> = sockets.map(|socket| socket.port).collect();
    listens.dedup();
    let port = container.healthcheck.as_ref()?.test.iter().find_map(asked_port)?;
    (!listens.is_empty() && !listens.contains(&port)).then(|| StateClaim::CheckAsksPort {
        container: Arc::clone(&container.name),
        port,
        listens,
    })
}

/// The port behind `localhost:` or `127.0.0.1:` in a word of a command.
fn asked_port(word: &Secret) -> Option<u16> {
    let text = word.expose();
    let rest = ["localhost:", "127.0.0.1:", "[::1]:"].iter().find_map(|own| text.split_once(own))?.1;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| rest.get(..end).unwrap_or(""));
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_missing_is_named() {
        let said = "OCI runtime exec failed: exec failed: unable to start container process: exec: \"curl\": \
                    executable file not found in $PATH: unknown";
        assert_eq!(missing_program(said), Some("curl"));
        assert_eq!(missing_program("/bin/sh: 1: curl: not found"), Some("curl"));
        assert_eq!(missing_program("/bin/sh: line 1: wget: command not found"), Some("wget"));
        assert_eq!(missing_program("curl: (22) The requested URL returned error: 404 not found"), None);
        assert_eq!(missing_program("user: not found"), None);
    }

    #[test]
    fn the_port_that_a_check_asks() {
        let port = |text: &str| asked_port(&Secret::from(text));
        assert_eq!(port("curl -f http://localhost:8000/health || exit 1"), Some(8000));
        assert_eq!(port("http://127.0.0.1:9000/"), Some(9000));
        assert_eq!(port("http://localhost/"), None);
    }
}
