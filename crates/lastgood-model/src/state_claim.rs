//! Claims about states: what a container is doing, what it was told, what the machine under it lacks. Typed; their words live in
//! the binary. What of a value may be shown is decided there, too.

use std::sync::Arc;

use crate::{ProbeClaim, Secret};

/// What is claimed of a state. Each has words in every language.
#[derive(Clone, Debug, PartialEq)]
pub enum StateClaim {
    /// A variable reached a container as something else than was written.
    Misread {
        /// The service that holds it.
        service: Arc<str>,
        /// The variable.
        key: Arc<str>,
        /// What became of it.
        how: Misread,
    },
    /// A container does not run any more.
    ContainerEnded {
        /// Which.
        container: Arc<str>,
        /// What its first process ended with.
        exit_code: i64,
        /// Who ended it.
        ending: Ending,
    },
    /// A declared service has no container, while others of its project have.
    ContainerGone {
        /// The service.
        service: Arc<str>,
    },
    /// No service of the project has a container.
    NothingCreated {
        /// The project.
        project: Arc<str>,
    },
    /// A container was made and never started.
    NeverStarted {
        /// Which.
        container: Arc<str>,
    },
    /// A container is frozen.
    ContainerPaused {
        /// Which.
        container: Arc<str>,
    },
    /// A container ends and is started again, over and over.
    KeepsRestarting {
        /// Which.
        container: Arc<str>,
        /// How often the engine started it again.
        restarts: u64,
        /// What its first process ended with.
        exit_code: i64,
    },
    /// What the engine says of a container that it could not start.
    EngineSaid {
        /// Which.
        container: Arc<str>,
        /// Verbatim.
        text: Arc<str>,
    },
    /// What a container wrote before it ended.
    LastWords {
        /// Which.
        container: Arc<str>,
        /// Verbatim.
        text: Arc<str>,
    },
    /// An image is labelled for one architecture and its program made for another.
    ProgramOfOtherArch {
        /// The image.
        image: Arc<str>,
        /// What its label says.
        label: Arc<str>,
        /// What its program is made for.
        program: Arc<str>,
        /// What the machine is.
        machine: Arc<str>,
    },
    /// The kernel killed a container's first process for lack of memory.
    MemoryKilled {
        /// Which container.
        container: Arc<str>,
        /// Its limit in bytes, if it has one.
        limit: Option<u64>,
    },
    /// The kernel killed processes of a container that runs on without them.
    ChildrenKilled {
        /// Which container.
        container: Arc<str>,
        /// How many; `None` if only an event tells of it.
        kills: Option<u64>,
        /// Its limit in bytes, if it has one.
        limit: Option<u64>,
    },
    /// A container's health check fails.
    HealthFails {
        /// Which container.
        container: Arc<str>,
        /// How often in a row.
        failures: u64,
        /// What the last check said, verbatim.
        output: Arc<str>,
    },
    /// A container's health check calls a program that the image does not have.
    CheckMissesProgram {
        /// Which container.
        container: Arc<str>,
        /// The program.
        program: Arc<str>,
    },
    /// A container's health check asks a port on which nothing listens, while something listens on others.
    CheckAsksPort {
        /// Which container.
        container: Arc<str>,
        /// The port that it asks.
        port: u16,
        /// Ports on which something listens.
        listens: Vec<u16>,
    },
    /// A container's port is open on its own loopback, and nowhere else.
    ListensForItself {
        /// Which container.
        container: Arc<str>,
        /// The port.
        port: u16,
    },
    /// A container is not on a network that it is declared to join.
    NotAttached {
        /// Which container.
        container: Arc<str>,
        /// The network.
        network: Arc<str>,
    },
    /// One asks the other, and no network has both.
    NoSharedNetwork {
        /// Who asks.
        from: Arc<str>,
        /// Who is asked.
        to: Arc<str>,
    },
    /// A proxy looked a name up before what it names got its present address.
    LookedUpBefore {
        /// The proxy.
        proxy: Arc<str>,
        /// The name.
        name: Arc<str>,
        /// The container that bears the name.
        container: Arc<str>,
        /// Its present address.
        address: Arc<str>,
    },
    /// The address that a proxy still asks is another one's now, or nobody's.
    AddressHeldBy {
        /// The address.
        address: Arc<str>,
        /// Who has it.
        holder: Option<Arc<str>>,
    },
    /// A container was told another value than the files hold now.
    ValueDiffers {
        /// The variable.
        key: Arc<str>,
        /// What the files say; `None`: nothing.
        declared: Option<Secret>,
        /// What the container was told; `None`: nothing.
        running: Option<Secret>,
    },
    /// A variable that is asked for is not what a container was told.
    VariableMissing {
        /// Which container.
        container: Arc<str>,
        /// The variable.
        key: Arc<str>,
        /// What there is instead.
        instead: Instead,
    },
    /// A variable that is said to be missing is there, and not blank.
    VariableThere {
        /// Which container.
        container: Arc<str>,
        /// The variable.
        key: Arc<str>,
    },
    /// A value in a container leads nowhere.
    LeadsNowhere {
        /// The variable.
        key: Arc<str>,
        /// Its value.
        value: Secret,
        /// The host in it.
        host: Arc<str>,
        /// The port in it.
        port: Option<u16>,
        /// Why it cannot work.
        why: DeadEnd,
    },
    /// A container was created.
    ContainerCreated {
        /// Which.
        container: Arc<str>,
    },
    /// A container was started.
    ContainerStarted {
        /// Which.
        container: Arc<str>,
    },
    /// An environment file was edited, as its times say.
    EnvFileEdited {
        /// The file.
        file: Arc<str>,
    },
    /// A file whose modification time is older arrived on this machine.
    EnvFileArrived {
        /// The file.
        file: Arc<str>,
    },
    /// A file system of the machine has no room, or nearly none.
    FileSystemFull {
        /// What it is looked at for.
        path: Arc<str>,
        /// Whether it is inodes that are missing.
        inodes: bool,
    },
    /// What a dependency answered.
    Probe(ProbeClaim),
}

/// What there is instead of a variable that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instead {
    /// The variable, without a value.
    Blank,
    /// Another one that looks like it.
    Near(Arc<str>),
    /// It stands in a file that only fills `${…}` in.
    OnlyIn(Arc<str>),
    /// Nothing.
    Nothing,
}

/// Who ended a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ending {
    /// Somebody stopped it, and the engine keeps it stopped.
    Stopped,
    /// It was killed by a signal that it cannot refuse.
    Killed,
    /// It ended by itself.
    ByItself,
}

/// Why an address in a container's environment cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadEnd {
    /// It is the container's own, where nothing listens on that port.
    OwnLocalhost,
    /// Nobody has that name.
    UnknownName,
    /// The one with that name listens on other ports.
    WrongPort {
        /// Which.
        listens: Vec<u16>,
    },
}

/// What became of a value on its way to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misread {
    /// A `$` in it was taken for a variable, and a part of it is gone.
    DollarLost,
    /// A `${…}` in it stands for nothing.
    NothingStandsIn {
        /// The variable that nobody sets.
        variable: Arc<str>,
    },
    /// A sign in its password ends the address.
    Splits,
    /// A `#` behind a blank ended it.
    Cut,
}
