//! Databases that anybody who can reach the host can talk to. The engine's own rules stand before those of most firewalls.

use lastgood_model::check::{Finding, Flaw, Severity};

use super::ports::is_all;
use super::{Look, finding};

const DATABASES: [(u16, &str); 8] = [
    (5432, "PostgreSQL"),
    (3306, "MySQL"),
    (6379, "Redis"),
    (27_017, "MongoDB"),
    (9200, "Elasticsearch"),
    (11_211, "memcached"),
    (1433, "SQL Server"),
    (5984, "CouchDB"),
];

/// Ports of databases that are published on every address of the host.
pub(super) fn published(look: &Look<'_>, found: &mut Vec<Finding>) {
    for service in look.services() {
        for port in service.ports.iter().filter(|port| is_all(&port.host_ip)) {
            let Some((_, protocol)) = DATABASES.iter().find(|(number, _)| *number == port.container) else { continue };
            let flaw = Flaw::DatabasePublished { port: port.host.unwrap_or(port.container), protocol };
            found.push(finding(Severity::WorthKnowing, service.name.clone(), flaw, service.at.clone()));
        }
    }
}
