//! To which layers of a site each cause belongs, and so whatever proposes it. A diagnosis without a layer leaves out what only that
//! layer uses; the arena asks so, to see how lastgood does with faults that it has never heard of.

use lastgood_model::{CauseCode, Layer, Layers, ProbeProtocol};

/// The layers in which a cause occurs; none where every layer has it.
#[must_use]
pub const fn of(code: CauseCode) -> Layers {
    use CauseCode as C;
    use Layer::{Container, Database, Deploy, Edge, Env, Host, Network, Oidc, Redis, Tls};
    Layers::of(match code {
        // Where it fails, that somebody is gone, slow or in error: there is no layer without that.
        C::Located | C::ProcessDown | C::DependencyDown | C::TimeoutSlow | C::AppBug | C::ConnectionClosed => &[],
        C::HeaderTooBig
        | C::BodyTooBig
        | C::RateLimit
        | C::WorkerLimit
        | C::ConfigSyntax
        | C::ConfigSemantic
        | C::WrongHostHeader
        | C::StaleUpstreamIp => &[Edge],
        C::FdLimit => &[Edge, Host],
        C::RedirectLoop => &[Edge, Tls],
        C::TlsExpired | C::TlsChain | C::TlsNameMismatch | C::TlsNotYetValid | C::TlsVersion => &[Tls],
        C::ProtectedMode | C::PersistenceFailing | C::MemoryLimit | C::AuthNotExpected => &[Redis],
        C::Loading | C::ReadOnly | C::MissingCredential => &[Redis, Database],
        C::WrongCredential => &[Redis, Database, Oidc],
        C::ProtocolMismatch => &[Redis, Database, Tls],
        C::SchemaMissing | C::ServerConnLimit => &[Database],
        C::IssuerMismatch | C::RedirectUri => &[Oidc],
        C::ClockSkew => &[Oidc, Host],
        C::BadEntrypoint
        | C::HealthcheckBroken
        | C::WrongArch
        | C::BadMount
        | C::Permission
        | C::HeapLimit
        | C::PortConflict => &[Container],
        C::OomKill => &[Container, Host],
        C::BuildMissing => &[Container, Deploy],
        C::StartupOrder => &[Container, Edge],
        C::BindLoopback => &[Container, Network],
        C::DnsFailure | C::WrongNetwork | C::Ipv6Mismatch => &[Network],
        C::FirewallDrop => &[Network, Host],
        C::WrongAddress => &[Network, Env, Edge, Oidc],
        C::VersionSkew => &[Deploy],
        C::VersionIncompatible => &[Deploy, Database],
        C::StaleEnv | C::EnvMissing | C::EnvMalformed => &[Env],
        C::DiskFull => &[Host, Database],
        C::HostDown => &[Host],
        C::NotStartedAfterReboot => &[Host, Container],
    })
}

/// The layers that ask in a protocol: without them, what its servers answer says no more than that somebody did.
#[must_use]
pub const fn of_protocol(protocol: ProbeProtocol) -> Layers {
    Layers::of(match protocol {
        ProbeProtocol::Redis => &[Layer::Redis],
        ProbeProtocol::Postgres | ProbeProtocol::Mysql => &[Layer::Database],
        ProbeProtocol::Oidc => &[Layer::Oidc],
        ProbeProtocol::Front => &[Layer::Tls],
        ProbeProtocol::Http | ProbeProtocol::Tcp => &[],
    })
}
