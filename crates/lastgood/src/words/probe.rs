//! What sentences about probes need in every language: how the one that was asked is called.

use lastgood_model::ProbeProtocol;
use lastgood_model::probe_claim::Asked;

/// Name and address, where the name is not in the address.
pub(super) fn who(asked: &Asked) -> String {
    match &asked.to {
        Some(to) if *to != asked.host => format!("{to} ({})", asked.address()),
        _ => asked.address(),
    }
}

/// A protocol by its own name.
pub(super) const fn called(protocol: ProbeProtocol) -> &'static str {
    match protocol {
        ProbeProtocol::Redis => "Redis",
        ProbeProtocol::Postgres => "PostgreSQL",
        ProbeProtocol::Mysql => "MySQL",
        ProbeProtocol::Http => "HTTP",
        ProbeProtocol::Oidc => "OpenID Connect",
        ProbeProtocol::Tcp => "TCP",
        ProbeProtocol::Front => "TLS",
    }
}
