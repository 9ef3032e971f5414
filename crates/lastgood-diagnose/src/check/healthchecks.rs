//! Health checks that check the wrong thing. Which programs an image has cannot be known from here.

use lastgood_model::check::{Finding, Flaw, Severity};
use lastgood_model::desired::{Healthcheck, Service};

use super::{Look, finding};

/// What the container itself is called in a health check.
const ITSELF: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
/// Options that let any certificate pass.
const UNCHECKED: [&str; 3] = ["-k", "--insecure", "--no-check-certificate"];

/// Checks that ask a port on which nothing listens.
pub(super) fn ports(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services() {
        let Some(listens) = listening(look, service) else { continue };
        let Some(check) = check_of(look, service) else { continue };
        if let Some(port) = asked_port(&text(check)).filter(|port| !listens.contains(port)) {
            let flaw = Flaw::HealthcheckPort { port, listens };
            found.push(finding(Severity::WillBreak, service.name.clone(), flaw, service.at.clone()));
        }
    }
}

/// A service whose check is wrong is not healthy; what it listens on counts all the same.
fn listening<'a>(look: &Look<'a>, service: &'a Service) -> Option<Vec<u16>> {
    let owner = look.namespace(service);
    let known = look.containers(owner).filter(|one| one.is_running()).find_map(|one| one.listening.as_ref())?;
    let ports = super::sorted(known.iter().map(|listening| listening.port));
    (!ports.is_empty()).then_some(ports)
}

/// Checks that say yes whatever happens.
pub(super) fn always_pass(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services() {
        if service.healthcheck.as_ref().is_some_and(cannot_fail) {
            let flaw = Flaw::HealthcheckAlwaysPasses;
            found.push(finding(Severity::WorthKnowing, service.name.clone(), flaw, service.at.clone()));
        }
    }
}

/// Checks by HTTPS of a name that is in nobody's certificate.
pub(super) fn certificates(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services() {
        let Some(check) = &service.healthcheck else { continue };
        let text = text(check);
        let is_https = ITSELF.iter().any(|host| text.contains(&format!("https://{host}")));
        let is_client = ["curl", "wget"].iter().any(|program| text.contains(program));
        if is_https && is_client && !text.split_whitespace().any(|word| UNCHECKED.contains(&word)) {
            let flaw = Flaw::HealthcheckCertificate;
            found.push(finding(Severity::WorthKnowing, service.name.clone(), flaw, service.at.clone()));
        }
    }
}

fn check_of<'a>(look: &Look<'a>, service: &'a Service) -> Option<&'a Healthcheck> {
    service.healthcheck.as_ref().or_else(|| look.image(service)?.healthcheck.as_ref())
}

fn text(check: &Healthcheck) -> String {
    check.test.iter().skip(1).map(lastgood_model::Secret::expose).collect::<Vec<_>>().join(" ")
}

fn cannot_fail(check: &Healthcheck) -> bool {
    let text = text(check);
    let last = text.rsplit("||").next().unwrap_or_default().trim().trim_end_matches(';');
    let is_disabled = check.test.first().is_none_or(|kind| kind.expose() == "NONE");
    !is_disabled && matches!(last, "true" | ":" | "exit 0" | "/bin/true")
}

/// The port of the first URL or `host:port` that leads to the container itself.
fn asked_port(text: &str) -> Option<u16> {
    ITSELF.iter().find_map(|host| {
        let (before, after) = text.split_once(host)?;
        if let Some(rest) = after.strip_prefix(':') {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return digits.parse().ok();
        }
        if before.ends_with("http://") {
            Some(80)
        } else if before.ends_with("https://") {
            Some(443)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod text_tests {
    use super::*;

    #[test]
    fn the_port_that_a_check_asks() {
        assert_eq!(asked_port("curl -f http://localhost:8000/health"), Some(8000));
        assert_eq!(asked_port("wget -q http://127.0.0.1/"), Some(80));
        assert_eq!(
            asked_port("import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=2)"),
            Some(8000)
        );
        assert_eq!(asked_port("pg_isready -h 127.0.0.1 -d econipass"), None);
    }
}
