//! What can be wrong with a stack: one variant a problem, with its arguments. Each has a stable code; how bad it is depends
//! on where it was found.

use std::sync::Arc;

use crate::drift::{Difference, VariableDrift};
use crate::probe_claim::Asked;
use crate::{CauseCode, ProbeOutcome, UnixMs};

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Flaw {
    /// Compose refuses its files.
    ComposeRefuses {
        /// In its own words.
        words: Arc<str>,
    },
    /// Something waits for a service to be healthy that has no health check: Compose refuses to start.
    NothingToWaitFor {
        /// The service without one.
        service: Arc<str>,
    },
    /// A network that others are to have made is not there.
    NetworkMissing {
        /// Its name.
        network: Arc<str>,
        /// The existing name that looks most like it.
        nearest: Option<Arc<str>>,
        /// Who is on that one.
        on_nearest: Vec<Arc<str>>,
    },
    /// A volume that others are to have made is not there.
    VolumeMissing {
        /// Its name.
        volume: Arc<str>,
        /// The existing name that looks most like it.
        nearest: Option<Arc<str>>,
    },

    /// A variable without which Compose refuses to go on is not set, or blank.
    VariableRequired {
        /// Its name.
        key: Arc<str>,
    },
    /// Nobody sets variables that a compose file asks for, and nothing stands in: their place stays empty.
    VariablesUnset {
        /// Their names.
        keys: Vec<Arc<str>>,
    },
    /// An environment file that Compose refuses.
    EnvFileRefused {
        /// What is wrong, in the parser's words.
        words: Arc<str>,
    },
    /// Keys that the example has and the real file has not.
    KeysMissing {
        /// The keys.
        keys: Vec<Arc<str>>,
        /// The example.
        example: Arc<str>,
    },
    /// Keys that a running container was told and the next one would not be, though the example has them.
    KeysLost {
        /// The keys.
        keys: Vec<Arc<str>>,
        /// The example.
        example: Arc<str>,
    },
    /// Keys that the real file has and the example has not.
    KeysUndocumented {
        /// The keys.
        keys: Vec<Arc<str>>,
        /// The example.
        example: Arc<str>,
    },
    /// A key without a value whose partner has one: half an address.
    HalfAddress {
        /// The blank key.
        key: Arc<str>,
        /// The other one.
        partner: Arc<str>,
    },
    /// Keys without a value for which the example shows one.
    KeysBlank {
        /// The keys.
        keys: Vec<Arc<str>>,
        /// The example.
        example: Arc<str>,
    },
    /// A `$` in a value was taken for a variable, and a part of the value is gone.
    DollarLost {
        /// The key.
        key: Arc<str>,
    },
    /// Values end with a carriage return: the file has the line ends of Windows.
    CarriageReturn {
        /// The keys.
        keys: Vec<Arc<str>>,
    },
    /// An environment file with secrets that everybody on the host may read.
    EnvFileReadable {
        /// The keys that look like secrets.
        keys: Vec<Arc<str>>,
    },

    /// An address that is the container itself, where nothing listens on that port.
    LocalhostAddress {
        /// The key that holds it.
        key: Arc<str>,
        /// The address.
        address: Arc<str>,
        /// A service that does listen there.
        meant: Option<Arc<str>>,
    },
    /// An address of something that shares no network with whoever asks.
    NoSharedNetwork {
        /// The key that holds it; none if a proxy's configuration does.
        key: Option<Arc<str>>,
        /// Who is asked.
        asked: Arc<str>,
        /// The networks of that one.
        networks: Vec<Arc<str>>,
    },
    /// An address with a port on which nothing listens there.
    WrongPort {
        /// The key that holds it; none if a proxy's configuration does.
        key: Option<Arc<str>>,
        /// Who is asked.
        asked: Arc<str>,
        /// The port.
        port: u16,
        /// On which it listens.
        listens: Vec<u16>,
    },
    /// An address by a name that nobody has.
    UnknownName {
        /// The key that holds it; none if a proxy's configuration does.
        key: Option<Arc<str>>,
        /// The name.
        name: Arc<str>,
        /// A name that looks like it.
        nearest: Option<Arc<str>>,
    },
    /// The address of a gateway that the engine chose: another one when the network is made again.
    GatewayAddress {
        /// The key that holds it.
        key: Arc<str>,
        /// The address.
        address: Arc<str>,
        /// The network.
        network: Arc<str>,
        /// The container behind it.
        behind: Option<Arc<str>>,
        /// Whether that container can be reached by name.
        shares_network: bool,
    },

    /// An image would be built for another architecture than the building machine's, and steps would run its programs.
    BuildEmulated {
        /// The Dockerfile.
        dockerfile: Arc<str>,
        /// The first of these steps.
        line: u64,
        /// How many they are.
        steps: usize,
        /// The building machine's architecture.
        development: Arc<str>,
        /// The target's.
        target: Arc<str>,
    },
    /// The program in an image is for another architecture than its label says.
    ImageMislabelled {
        /// The image.
        image: Arc<str>,
        /// What the label says.
        label: Arc<str>,
        /// What the program is for.
        program: Arc<str>,
    },
    /// A module in an image is for another architecture than the programs that would load it.
    ModuleArchitecture {
        /// The image.
        image: Arc<str>,
        /// The module's file.
        module: Arc<str>,
        /// What it is for.
        architecture: Arc<str>,
        /// What the image is for.
        label: Arc<str>,
    },
    /// An image for another architecture than the host's.
    ImageArchitecture {
        /// The image.
        image: Arc<str>,
        /// Its architecture.
        image_architecture: Arc<str>,
        /// The host's.
        host: Arc<str>,
    },
    /// An image that is not here would have to be pulled from a registry to which nobody has logged in.
    LoginMissing {
        /// The registry.
        registry: Arc<str>,
        /// The image.
        image: Arc<str>,
    },
    /// An image by a name that stands for something else tomorrow.
    FloatingTag {
        /// The image.
        image: Arc<str>,
    },
    /// A value that looks like a secret stands in an image's history.
    SecretInImage {
        /// The image.
        image: Arc<str>,
        /// The key.
        key: Arc<str>,
    },

    /// Nothing starts a service again after a reboot.
    NoRestart {
        /// The policy.
        policy: Arc<str>,
    },
    /// A unit that everything hangs on does not start at boot.
    UnitDisabled {
        /// The unit.
        unit: Arc<str>,
    },
    /// Nothing is where a bind mount comes from: the engine will put an empty directory there.
    MountMissing {
        /// The host's path.
        source: Arc<str>,
        /// Where it is in the container.
        target: Arc<str>,
    },
    /// An empty directory is where a bind mount wants a file.
    MountNotAFile {
        /// The host's path.
        source: Arc<str>,
        /// Where it is in the container.
        target: Arc<str>,
    },
    /// A port of the host that is to be published is somebody else's.
    PortTaken {
        /// The port.
        port: u16,
        /// Whose it is, if that may be known.
        by: Option<Arc<str>>,
    },
    /// A database is published to everybody who can reach the host.
    DatabasePublished {
        /// The port of the host.
        port: u16,
        /// What it speaks.
        protocol: &'static str,
    },
    /// A password stands on a command line, where `ps` and `docker inspect` show it.
    SecretOnCommandLine {
        /// The option before it.
        option: Arc<str>,
    },

    /// A container was told other values than its files hold now.
    StaleContainer {
        /// Its name.
        container: Arc<str>,
        /// When it was created.
        created: Option<UnixMs>,
        /// The values that differ.
        variables: Vec<VariableDrift>,
    },
    /// A container lacks variables that its files hold now, or has some that they do not.
    VariablesDiffer {
        /// Its name.
        container: Arc<str>,
        /// New ones.
        added: Vec<Arc<str>>,
        /// Gone ones.
        removed: Vec<Arc<str>>,
    },
    /// A container was created from another definition than the files hold now.
    ContainerDiffers {
        /// Its name.
        container: Arc<str>,
        /// In what.
        differences: Vec<Difference>,
    },
    /// A container still sees a file that was replaced on the host since.
    MountReplaced {
        /// Its name.
        container: Arc<str>,
        /// Where the files are in the container.
        targets: Vec<Arc<str>>,
    },
    /// A running container is not on networks that its service joins.
    Detached {
        /// Its name.
        container: Arc<str>,
        /// The networks.
        networks: Vec<Arc<str>>,
    },
    /// A proxy connects to an address that is not the service's any more.
    StaleUpstream {
        /// The name that it looked up.
        name: Arc<str>,
        /// When it did.
        read_at: UnixMs,
        /// When the service's container was started since.
        started: UnixMs,
    },
    /// A container whose service is declared no more.
    Orphan {
        /// Its name.
        container: Arc<str>,
    },

    /// A service has no container, while others of its project have.
    NotCreated,
    /// A service is not running.
    NotRunning {
        /// Its container.
        container: Arc<str>,
        /// What it ended with.
        exit_code: i64,
        /// Whether the kernel killed it for lack of memory.
        out_of_memory: bool,
        /// The last thing it said.
        last_words: Option<Arc<str>>,
    },
    /// A service ends and is started, again and again.
    CrashLooping {
        /// Its container.
        container: Arc<str>,
        /// How often it was started again.
        restarts: u64,
        /// What it ends with.
        exit_code: i64,
        /// The last thing it said.
        last_words: Option<Arc<str>>,
    },
    /// A service's own health check is not content.
    Unhealthy {
        /// Its container.
        container: Arc<str>,
        /// What the check says.
        says: Option<Arc<str>>,
    },
    /// Somebody froze a service.
    Paused {
        /// Its container.
        container: Arc<str>,
    },

    /// A health check asks a port on which nothing listens.
    HealthcheckPort {
        /// The port.
        port: u16,
        /// On which the service listens.
        listens: Vec<u16>,
    },
    /// A health check that cannot fail.
    HealthcheckAlwaysPasses,
    /// A health check asks for a certificate of `localhost`, which nobody has.
    HealthcheckCertificate,

    /// A file system is nearly full.
    DiskShort {
        /// What it is looked at for.
        path: Arc<str>,
        /// Bytes that are left.
        free: u64,
        /// Bytes in all.
        bytes: u64,
    },
    /// A file system has nearly no inodes left.
    InodesShort {
        /// What it is looked at for.
        path: Arc<str>,
        /// How many are left.
        free: u64,
        /// How many there are.
        inodes: u64,
    },
    /// A file system can only be read.
    DiskReadOnly {
        /// What it is looked at for.
        path: Arc<str>,
    },
    /// Programs can get nearly no more memory.
    MemoryShort {
        /// Bytes that are left.
        available: u64,
        /// Bytes in all.
        total: u64,
    },
    /// Nothing sets the clock right.
    ClockAdrift,
    /// Nearly as many files are open as there may be.
    OpenFilesShort {
        /// How many are.
        open: u64,
        /// How many may be.
        most: u64,
    },

    /// A dependency was asked as its dependent asks it, and does not serve it.
    NotServed {
        /// Who asked, and whom.
        asked: Asked,
        /// What came back.
        outcome: ProbeOutcome,
        /// What that is as a cause.
        cause: CauseCode,
    },
}

impl Flaw {
    /// Every code, in the order of the variants.
    pub const CODES: &'static [&'static str] = &[
        "compose-refuses",
        "nothing-to-wait-for",
        "network-missing",
        "volume-missing",
        "variable-required",
        "variables-unset",
        "env-file-refused",
        "keys-missing",
        "keys-lost",
        "keys-undocumented",
        "half-address",
        "keys-blank",
        "dollar-lost",
        "carriage-return",
        "env-file-readable",
        "localhost-address",
        "no-shared-network",
        "wrong-port",
        "unknown-name",
        "gateway-address",
        "build-emulated",
        "image-mislabelled",
        "module-architecture",
        "image-architecture",
        "login-missing",
        "floating-tag",
        "secret-in-image",
        "no-restart",
        "unit-disabled",
        "mount-missing",
        "mount-not-a-file",
        "port-taken",
        "database-published",
        "secret-on-command-line",
        "stale-container",
        "variables-differ",
        "container-differs",
        "mount-replaced",
        "detached",
        "stale-upstream",
        "orphan",
        "not-created",
        "not-running",
        "crash-looping",
        "unhealthy",
        "paused",
        "healthcheck-port",
        "healthcheck-always-passes",
        "healthcheck-certificate",
        "disk-short",
        "inodes-short",
        "disk-read-only",
        "memory-short",
        "clock-adrift",
        "open-files-short",
        "not-served",
    ];

    /// Keys of the environment that it is about.
    #[must_use]
    pub fn keys(&self) -> Vec<&Arc<str>> {
        match self {
            Self::VariableRequired { key }
            | Self::HalfAddress { key, .. }
            | Self::DollarLost { key }
            | Self::LocalhostAddress { key, .. }
            | Self::GatewayAddress { key, .. }
            | Self::SecretInImage { key, .. } => vec![key],
            Self::NoSharedNetwork { key, .. } | Self::WrongPort { key, .. } | Self::UnknownName { key, .. } => {
                key.iter().collect()
            }
            Self::VariablesUnset { keys }
            | Self::KeysMissing { keys, .. }
            | Self::KeysLost { keys, .. }
            | Self::KeysUndocumented { keys, .. }
            | Self::KeysBlank { keys, .. }
            | Self::CarriageReturn { keys }
            | Self::EnvFileReadable { keys } => keys.iter().collect(),
            Self::StaleContainer { variables, .. } => variables.iter().map(|variable| &variable.key).collect(),
            Self::VariablesDiffer { added, removed, .. } => added.iter().chain(removed).collect(),
            _ => Vec::new(),
        }
    }

    /// Stable kebab-case code, as in JSON and in `lastgood.toml`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ComposeRefuses { .. } => "compose-refuses",
            Self::NothingToWaitFor { .. } => "nothing-to-wait-for",
            Self::NetworkMissing { .. } => "network-missing",
            Self::VolumeMissing { .. } => "volume-missing",
            Self::VariableRequired { .. } => "variable-required",
            Self::VariablesUnset { .. } => "variables-unset",
            Self::EnvFileRefused { .. } => "env-file-refused",
            Self::KeysMissing { .. } => "keys-missing",
            Self::KeysLost { .. } => "keys-lost",
            Self::KeysUndocumented { .. } => "keys-undocumented",
            Self::HalfAddress { .. } => "half-address",
            Self::KeysBlank { .. } => "keys-blank",
            Self::DollarLost { .. } => "dollar-lost",
            Self::CarriageReturn { .. } => "carriage-return",
            Self::EnvFileReadable { .. } => "env-file-readable",
            Self::LocalhostAddress { .. } => "localhost-address",
            Self::NoSharedNetwork { .. } => "no-shared-network",
            Self::WrongPort { .. } => "wrong-port",
            Self::UnknownName { .. } => "unknown-name",
            Self::GatewayAddress { .. } => "gateway-address",
            Self::BuildEmulated { .. } => "build-emulated",
            Self::ImageMislabelled { .. } => "image-mislabelled",
            Self::ModuleArchitecture { .. } => "module-architecture",
            Self::ImageArchitecture { .. } => "image-architecture",
            Self::LoginMissing { .. } => "login-missing",
            Self::FloatingTag { .. } => "floating-tag",
            Self::SecretInImage { .. } => "secret-in-image",
            Self::NoRestart { .. } => "no-restart",
            Self::UnitDisabled { .. } => "unit-disabled",
            Self::MountMissing { .. } => "mount-missing",
            Self::MountNotAFile { .. } => "mount-not-a-file",
            Self::PortTaken { .. } => "port-taken",
            Self::DatabasePublished { .. } => "database-published",
            Self::SecretOnCommandLine { .. } => "secret-on-command-line",
            Self::StaleContainer { .. } => "stale-container",
            Self::VariablesDiffer { .. } => "variables-differ",
            Self::ContainerDiffers { .. } => "container-differs",
            Self::MountReplaced { .. } => "mount-replaced",
            Self::Detached { .. } => "detached",
            Self::StaleUpstream { .. } => "stale-upstream",
            Self::Orphan { .. } => "orphan",
            Self::NotCreated => "not-created",
            Self::NotRunning { .. } => "not-running",
            Self::CrashLooping { .. } => "crash-looping",
            Self::Unhealthy { .. } => "unhealthy",
            Self::Paused { .. } => "paused",
            Self::HealthcheckPort { .. } => "healthcheck-port",
            Self::HealthcheckAlwaysPasses => "healthcheck-always-passes",
            Self::HealthcheckCertificate => "healthcheck-certificate",
            Self::DiskShort { .. } => "disk-short",
            Self::InodesShort { .. } => "inodes-short",
            Self::DiskReadOnly { .. } => "disk-read-only",
            Self::MemoryShort { .. } => "memory-short",
            Self::ClockAdrift => "clock-adrift",
            Self::OpenFilesShort { .. } => "open-files-short",
            Self::NotServed { .. } => "not-served",
        }
    }
}
