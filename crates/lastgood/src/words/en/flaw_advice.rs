//! English: why a flaw bites, and what to do about it.

use lastgood_model::check::Flaw;

use super::probes;

pub(super) fn why(flaw: &Flaw) -> String {
    let text = match flaw {
        Flaw::ComposeRefuses { .. } | Flaw::EnvFileRefused { .. } | Flaw::VariableRequired { .. } => {
            "docker compose stops here; nothing is created or updated"
        }
        Flaw::NothingToWaitFor { .. } => "Compose gives up when it comes to waiting",
        Flaw::NetworkMissing { .. } | Flaw::VolumeMissing { .. } => {
            "Compose does not make external resources; up fails without it"
        }
        Flaw::VariablesUnset { .. } => "Compose only warns of it, and goes on with an empty text",
        Flaw::KeysMissing { .. } => "code that was written for the example may want it",
        Flaw::KeysLost { .. } => "the next container starts without it",
        Flaw::KeysUndocumented { .. } => "whoever sets up the next host by the example leaves it out",
        Flaw::HalfAddress { .. } => "half an address leads nowhere",
        Flaw::KeysBlank { .. } => "an empty value is not the same as no value: the program's default does not apply",
        Flaw::DollarLost { .. } => "the container gets a shorter value: a password that is refused",
        Flaw::CarriageReturn { .. } => {
            "the invisible character becomes part of the value: names do not resolve, passwords fail"
        }
        Flaw::EnvFileReadable { .. } => "anybody with an account here has these secrets",
        Flaw::LocalhostAddress { .. } => "in a container, localhost is the container itself",
        Flaw::NoSharedNetwork { .. } => "names are only known, and packets only arrive, on a common network",
        Flaw::WrongPort { .. } => "connections are refused; a published port counts on the host only",
        Flaw::UnknownName { .. } => "the name does not resolve",
        Flaw::GatewayAddress { .. } => "the engine may choose another address when the network is made again",
        Flaw::BuildEmulated { .. } => "under emulation such a step is slow, or dies with `exec format error`",
        Flaw::ImageMislabelled { .. } => {
            "the engine trusts the label; on a machine that the program is not for, the start ends with `exec format error`"
        }
        Flaw::ModuleArchitecture { .. } => "a program for the one cannot load a module for the other",
        Flaw::ImageArchitecture { .. } => "without emulation the start ends with `exec format error`",
        Flaw::LoginMissing { .. } => "the pull is refused if the image is not public",
        Flaw::FloatingTag { .. } => {
            "the same file brings another version tomorrow, and there is no way back to this one"
        }
        Flaw::SecretInImage { .. } => "whoever can pull the image can read it, also after a later layer deleted it",
        Flaw::NoRestart { .. } => "after a reboot the engine starts only always and unless-stopped",
        Flaw::UnitDisabled { .. } => "after a reboot nothing of it runs",
        Flaw::MountMissing { .. } => {
            "the engine makes an empty directory there, and the program does not find its file"
        }
        Flaw::MountNotAFile { .. } => "the engine made it at an earlier start, when the file was not there",
        Flaw::PortTaken { .. } => "the container cannot be started",
        Flaw::DatabasePublished { .. } => "published ports go past the rules of ufw and firewalld",
        Flaw::SecretOnCommandLine { .. } => "ps and docker inspect show it",
        Flaw::StaleContainer { .. } => "a container keeps what it was told when it was created; restart will not help",
        Flaw::VariablesDiffer { .. } => "variables are told when a container is created; restart will not help",
        Flaw::ContainerDiffers { .. } => "the next up creates it again, with what changed",
        Flaw::MountReplaced { .. } => {
            "a mounted file is that file, not its name; editors and git put a new one in its place"
        }
        Flaw::Detached { .. } => "it can neither reach others there nor be reached",
        Flaw::StaleUpstream { .. } => "nginx looks names up once, when it reads its configuration",
        Flaw::Orphan { .. } => "it goes on running and holding its ports, with nobody who looks after it",
        Flaw::NotCreated => "nothing answers for it",
        Flaw::NotRunning { .. } | Flaw::CrashLooping { .. } => "whoever asks it gets an error",
        Flaw::Unhealthy { .. } => "its own check says that it cannot do its work",
        Flaw::Paused { .. } => "requests to it wait until they time out",
        Flaw::HealthcheckPort { .. } => "it is never healthy, and what waits for it never starts",
        Flaw::HealthcheckAlwaysPasses => {
            "it is called healthy whatever happens, and what waits for it starts too early"
        }
        Flaw::HealthcheckCertificate => "certificates are made for the public name; the check fails though all is well",
        Flaw::DiskShort { .. } => "pulls, builds, logs and databases fail when it is full",
        Flaw::InodesShort { .. } => "no new file can be made, though bytes are left",
        Flaw::DiskReadOnly { .. } => "nothing can be written; the kernel does that after an error of the disk",
        Flaw::MemoryShort { .. } => "the kernel kills a process when it is gone, often the database",
        Flaw::ClockAdrift => "tokens and certificates are judged by it",
        Flaw::OpenFilesShort { .. } => "then nothing on the host can open a file or a connection",
        Flaw::NotServed { asked, .. } => return probes::bites(asked),
    };
    text.to_owned()
}

pub(super) fn fix(flaw: &Flaw) -> String {
    let text = match flaw {
        Flaw::ComposeRefuses { .. } | Flaw::EnvFileRefused { .. } => "repair that line",
        Flaw::NothingToWaitFor { service } => {
            return format!("give {service} a health check, or wait with condition: service_started");
        }
        Flaw::NetworkMissing { nearest: Some(name), .. } => {
            return format!("write name: {name} if that is meant; else start the project that makes it first");
        }
        Flaw::VolumeMissing { nearest: Some(name), .. } => {
            return format!("write name: {name} if that is meant; else create it");
        }
        Flaw::NetworkMissing { .. } => "start the project that makes it first, or create it",
        Flaw::VolumeMissing { .. } => "create it, or drop external",
        Flaw::VariableRequired { .. } => "set it in .env or in the shell",
        Flaw::VariablesUnset { .. } => "set them, or write a default: ${NAME:-default}",
        Flaw::KeysMissing { .. } | Flaw::KeysLost { .. } => "add it, or take it out of the example",
        Flaw::KeysUndocumented { .. } => "add the key to the example, without its value",
        Flaw::HalfAddress { key, .. } => return format!("give {key} a value"),
        Flaw::KeysBlank { .. } => "give it a value, or remove the line",
        Flaw::DollarLost { .. } => "put the value in single quotes, or write $$",
        Flaw::CarriageReturn { .. } => "save it with the line ends of Unix",
        Flaw::EnvFileReadable { .. } => "take the others' permission away",
        Flaw::LocalhostAddress { meant: Some(service), .. } => {
            return format!("write {service} in the place of localhost");
        }
        Flaw::LocalhostAddress { .. } => "write the name of the service that is meant",
        Flaw::NoSharedNetwork { networks, .. } => {
            return match networks.first() {
                Some(network) => format!("join {network} under networks:"),
                None => "put both on one network".to_owned(),
            };
        }
        Flaw::WrongPort { listens, .. } if listens.len() == 1 => {
            return format!("write {}", listens.first().copied().unwrap_or_default());
        }
        Flaw::WrongPort { .. } => "write a port that it listens on inside its container",
        Flaw::UnknownName { nearest: Some(name), .. } => return format!("write {name} if that is meant"),
        Flaw::UnknownName { .. } => "check the name, and that its project runs and shares a network",
        Flaw::GatewayAddress { behind: Some(name), shares_network: true, .. } => {
            return format!("write {name}: it is on the same network");
        }
        Flaw::GatewayAddress { network, .. } => {
            return format!("fix the subnet of {network} under ipam, or join its network and use its name");
        }
        Flaw::BuildEmulated { .. } => {
            "lastgood deploy has the target build it (build.on); else only COPY what was built, or begin that stage with FROM --platform=$BUILDPLATFORM"
        }
        Flaw::ImageMislabelled { label, .. } => {
            return format!("build it again with --platform linux/{label} and a program for {label}");
        }
        Flaw::ModuleArchitecture { module, label, .. } => {
            return format!("install or build what {module} belongs to for linux/{label}, in the image or for it");
        }
        Flaw::ImageArchitecture { host, .. } => return format!("build or pull it with --platform linux/{host}"),
        Flaw::LoginMissing { registry, .. } => return format!("log in to {registry}, if it wants that"),
        Flaw::FloatingTag { .. } => "name a version, or a digest",
        Flaw::SecretInImage { .. } => {
            "hand it to the build as a secret (RUN --mount=type=secret), change it, and build again"
        }
        Flaw::NoRestart { .. } => "add restart: unless-stopped",
        Flaw::UnitDisabled { .. } => "enable it",
        Flaw::MountMissing { .. } => "put the file there before the start",
        Flaw::MountNotAFile { .. } => "remove the directory, put the file there, and create the container again",
        Flaw::PortTaken { .. } => "publish another port, or stop what holds it",
        Flaw::DatabasePublished { .. } => {
            "write 127.0.0.1: before the port, or drop it: services of one network need none"
        }
        Flaw::SecretOnCommandLine { .. } => "hand it over in a file or in the environment",
        Flaw::StaleContainer { .. }
        | Flaw::VariablesDiffer { .. }
        | Flaw::ContainerDiffers { .. }
        | Flaw::Detached { .. } => "create the container again",
        Flaw::MountReplaced { .. } => "create or restart the container",
        Flaw::StaleUpstream { .. } => {
            "let nginx read its configuration again; a resolver with a variable does it for good"
        }
        Flaw::Orphan { .. } => "remove it, if nobody needs it",
        Flaw::NotCreated => "create it",
        Flaw::NotRunning { .. } | Flaw::CrashLooping { .. } | Flaw::Unhealthy { .. } => {
            "read what it says; lastgood why asks further"
        }
        Flaw::Paused { .. } => "let it go on",
        Flaw::HealthcheckPort { .. } => "let it ask a port that the service listens on",
        Flaw::HealthcheckAlwaysPasses => "let it end with the result of what it asks",
        Flaw::HealthcheckCertificate => "ask by http inside of the container, or skip the certificate (curl -k)",
        Flaw::DiskShort { .. } => "make room: old images, build cache, logs",
        Flaw::InodesShort { .. } => "find the folder with very many files",
        Flaw::DiskReadOnly { .. } => "look at the kernel's messages, then check and mount it again",
        Flaw::MemoryShort { .. } => "find what takes it, or add some",
        Flaw::ClockAdrift => "switch a time service on",
        Flaw::OpenFilesShort { .. } => "find what keeps them open",
        Flaw::NotServed { asked, cause, .. } => return probes::advice(*cause, asked).0,
    };
    text.to_owned()
}
