//! The table of formats: what each is called, where it lies, who writes it and what belongs beside it.

use super::Files;
use super::draft::Draft;
use super::envelope::Envelope;
use super::request::{Request, Site};
use super::{balancers, clf, json_lines, nginx, servers};

/// A format of access lines as one server writes it.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The folder's name.
    pub name: &'static str,
    /// The name of its file; `{}` is the site.
    pub file: &'static str,
    /// Appends one line.
    pub write: fn(&Request, &Site, &mut Draft),
    /// What is around it.
    pub envelope: Envelope,
    /// Its time stands in brackets, so brackets may be mangled.
    pub bracketed: bool,
    /// Its times have no zone, so that a reader has to be told one.
    pub zoneless: bool,
    /// What a client is told when the application is gone.
    pub failing: u16,
    /// It may write the status `009`.
    pub no_number: bool,
    /// The configuration beside it.
    pub beside: fn(&Site) -> Files,
}

const fn dialect(name: &'static str, file: &'static str, write: fn(&Request, &Site, &mut Draft)) -> Dialect {
    Dialect {
        name,
        file,
        write,
        envelope: Envelope::Bare,
        bracketed: false,
        zoneless: false,
        failing: 502,
        no_number: false,
        beside: |_| Vec::new(),
    }
}

/// All of them.
pub const ALL: [Dialect; 25] = [
    Dialect { bracketed: true, ..dialect("common", "{}-access.log", clf::common) },
    Dialect { bracketed: true, no_number: true, ..dialect("combined", "{}-access.log", clf::combined) },
    Dialect { bracketed: true, ..dialect("vhost-combined", "other_vhosts_access.log", clf::vhost_combined) },
    Dialect {
        bracketed: true,
        no_number: true,
        beside: nginx::configuration,
        ..dialect("nginx-upstream", "{}-access.log", nginx::main_ext)
    },
    Dialect {
        no_number: true,
        beside: nginx::json_configuration,
        ..dialect("nginx-json-declared", "{}-access.log", nginx::json)
    },
    Dialect { no_number: true, ..dialect("nginx-json", "{}-access.json", nginx::json) },
    dialect("json-lines", "{}.jsonl", json_lines::flat),
    dialect("pino", "{}.log", json_lines::pino),
    dialect("caddy", "{}-caddy.log", json_lines::caddy),
    Dialect { bracketed: true, ..dialect("traefik-clf", "{}-traefik.log", clf::traefik) },
    dialect("traefik-json", "{}-traefik.json.log", json_lines::traefik),
    Dialect { zoneless: true, failing: 503, ..dialect("haproxy", "{}-haproxy.log", balancers::haproxy) },
    Dialect { zoneless: true, failing: 503, ..dialect("haproxy-syslog", "haproxy.log", balancers::haproxy_syslog) },
    dialect("aws-alb", "{}-alb.log", balancers::alb),
    Dialect {
        failing: 503,
        beside: servers::apache_configuration,
        ..dialect("apache-logformat", "{}-access.log", servers::apache)
    },
    Dialect { failing: 500, bracketed: true, ..dialect("gunicorn", "{}-gunicorn.log", clf::combined) },
    Dialect { failing: 500, envelope: Envelope::Docker, ..dialect("uvicorn-docker", "{}-json.log", servers::uvicorn) },
    Dialect { envelope: Envelope::Docker, ..dialect("combined-docker", "{}-json.log", clf::combined) },
    Dialect { envelope: Envelope::Docker, ..dialect("nginx-json-docker", "{}-json.log", nginx::json) },
    Dialect { envelope: Envelope::Docker, ..dialect("caddy-docker", "{}-json.log", json_lines::caddy) },
    Dialect { envelope: Envelope::Compose, ..dialect("combined-compose", "compose.log", clf::combined) },
    Dialect { envelope: Envelope::Compose, ..dialect("json-compose", "compose.log", json_lines::flat) },
    Dialect {
        failing: 500,
        envelope: Envelope::ComposeTimes,
        ..dialect("uvicorn-compose-times", "compose.log", servers::uvicorn)
    },
    Dialect { envelope: Envelope::Cri, ..dialect("combined-cri", "0.log", clf::combined) },
    Dialect { envelope: Envelope::Cri, ..dialect("traefik-json-cri", "0.log", json_lines::traefik) },
];

/// The one of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Dialect> {
    // A constant would be copied into every caller; a static is one table.
    static TABLE: [Dialect; ALL.len()] = ALL;
    TABLE.iter().find(|dialect| dialect.name == name)
}

impl Dialect {
    /// One line with what is around it.
    #[must_use]
    pub fn line(&self, request: &Request, site: &Site) -> Draft {
        let mut draft = Draft::default();
        (self.write)(request, site, &mut draft);
        self.envelope.wrap(request.at_ms, site.name, &mut draft);
        draft
    }
}
