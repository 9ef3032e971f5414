//! Changes: what somebody or something did to the system. Whether it is to blame is not said here.

use std::sync::Arc;

use crate::{Ref, Span};

/// Something that was changed, somewhen in an interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When, as exactly as the source knows.
    pub span: Span,
    /// What sort of change.
    pub kind: ChangeKind,
    /// What was changed, in the source's own words (`ami-0abc from i-0def`, `nginx.service`).
    pub subject: Arc<str>,
    /// Only a person says so; ranked at most likely.
    pub reported: bool,
    /// Where it stands.
    pub reference: Ref,
}

/// Sorts of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// A machine image was taken with a reboot of the instance (noReboot false or absent).
    MachineImage,
    /// A machine image was taken without a reboot.
    MachineImageNoReboot,
    /// Somebody asked for a reboot, a stop or a start of the instance.
    InstanceReboot,
    /// The instance was told to stop.
    InstanceStop,
    /// The instance was told to start.
    InstanceStart,
    /// The host booted; the span reaches from the last line of the old boot to the first of the new one.
    HostBoot,
    /// Rules of a security group changed.
    SecurityGroup,
    /// A load balancer's targets changed.
    TargetGroup,
    /// A unit was started.
    UnitStarted,
    /// A unit was stopped.
    UnitStopped,
    /// A unit failed.
    UnitFailed,
    /// The proxy started.
    ProxyStarted,
    /// The proxy took over a configuration.
    ProxyReloaded,
    /// Packages were installed, upgraded or removed; the span is that of the package manager's run.
    PackageChanged,
    /// A database or cache became ready to take connections.
    DependencyStarted,
    /// A database or cache stopped, orderly or not.
    DependencyStopped,
    /// A certificate began to be valid: it was renewed then, or a little before or after.
    CertificateRenewed,
    /// A configuration or environment file was edited, as its times say.
    FileEdited,
    /// What a person said with `--change`.
    Reported,
}

impl ChangeKind {
    /// Stable kebab-case name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MachineImage => "machine-image",
            Self::MachineImageNoReboot => "machine-image-no-reboot",
            Self::InstanceReboot => "instance-reboot",
            Self::InstanceStop => "instance-stop",
            Self::InstanceStart => "instance-start",
            Self::HostBoot => "host-boot",
            Self::SecurityGroup => "security-group",
            Self::TargetGroup => "target-group",
            Self::UnitStarted => "unit-started",
            Self::UnitStopped => "unit-stopped",
            Self::UnitFailed => "unit-failed",
            Self::ProxyStarted => "proxy-started",
            Self::ProxyReloaded => "proxy-reloaded",
            Self::PackageChanged => "package-changed",
            Self::DependencyStarted => "dependency-started",
            Self::DependencyStopped => "dependency-stopped",
            Self::CertificateRenewed => "certificate-renewed",
            Self::FileEdited => "file-edited",
            Self::Reported => "reported",
        }
    }
}
