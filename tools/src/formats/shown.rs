//! What the product has to call the format of a set's logs, as `docs/FORMATS.md` promises it.
//! Written down here by hand: a name that changes is a change that users see.

/// Names that must be shown for this set.
pub fn shown(set: &str) -> &'static [&'static str] {
    match set {
        "combined" | "gunicorn" => &["combined"],
        "common" => &["common"],
        "vhost-combined" => &["vhost_combined"],
        "nginx-upstream" => &["main_ext"],
        "nginx-json-declared" => &["json_ext"],
        "nginx-json" | "json-lines" | "pino" => &["json"],
        "caddy" => &["caddy"],
        "traefik-clf" => &["traefik"],
        "traefik-json" => &["traefik-json"],
        "haproxy" | "haproxy-syslog" => &["haproxy"],
        "aws-alb" => &["aws-alb"],
        "apache-logformat" => &["timed"],
        "uvicorn-docker" => &["uvicorn in docker json-file"],
        "combined-docker" => &["combined in docker json-file"],
        "nginx-json-docker" => &["json in docker json-file"],
        "caddy-docker" => &["caddy in docker json-file"],
        "combined-compose" => &["combined in docker compose logs"],
        "json-compose" => &["json in docker compose logs"],
        "uvicorn-compose-times" => &["uvicorn in docker compose logs"],
        "combined-cri" => &["combined in CRI"],
        "traefik-json-cri" => &["traefik-json in CRI"],
        "nginx-error" => &["nginx-error"],
        "apache-error" => &["apache-error"],
        "journal-json" => &["journal"],
        "journal-short-iso" => &["journal-text"],
        // What the journal shows by default is written as syslog writes, but for the fractions.
        "journal-short-precise" | "syslog" => &["syslog"],
        "dmesg-iso" | "dmesg-human" => &["dmesg"],
        "mixed" => &[
            "aws-alb",
            "timed",
            "caddy",
            "combined in docker json-file",
            "combined",
            "haproxy",
            "main_ext",
            "nginx-error",
            "json_ext",
            "json",
            "traefik-json",
            "traefik",
            "uvicorn in docker json-file",
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_set_has_its_names() {
        for name in crate::formats::names() {
            assert!(!super::shown(name).is_empty(), "{name}");
        }
    }
}
