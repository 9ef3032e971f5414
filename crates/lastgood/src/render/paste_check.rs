//! Commands that a person can paste for a finding of `check`, with the user's own `-f`. They look or repair, never delete, and
//! never touch what belongs to another project. Nothing is run here.

use lastgood_model::check::{Finding, Flaw};

use super::paste::word;

/// Commands for a finding, the first one first. `compose`: how the user calls Compose; `is_foreign`: it is somebody else's.
#[must_use]
pub fn commands(finding: &Finding, compose: &str, is_foreign: bool) -> Vec<String> {
    let service = || word(&finding.component);
    let up = || service().map(|service| format!("{compose} up -d --no-deps {service}"));
    let recreate = || service().map(|service| format!("{compose} up -d --no-deps --force-recreate {service}"));
    let listed: Vec<Option<String>> = match &finding.flaw {
        Flaw::NetworkMissing { nearest: None, network, .. } => {
            vec![word(network).map(|network| format!("docker network create {network}"))]
        }
        Flaw::NetworkMissing { .. } => vec![Some("docker network ls".to_owned())],
        Flaw::VolumeMissing { nearest: None, volume } => {
            vec![word(volume).map(|volume| format!("docker volume create {volume}"))]
        }
        Flaw::VolumeMissing { .. } => vec![Some("docker volume ls".to_owned())],
        Flaw::ComposeRefuses { .. } | Flaw::EnvFileRefused { .. } | Flaw::VariableRequired { .. } => {
            vec![Some(format!("{compose} config --quiet"))]
        }
        Flaw::CarriageReturn { .. } => vec![service().map(|file| format!("sed -i 's/\\r$//' {file}"))],
        Flaw::EnvFileReadable { .. } => vec![service().map(|file| format!("chmod o-r {file}"))],
        Flaw::LoginMissing { registry, .. } => vec![word(registry).map(|registry| format!("docker login {registry}"))],
        Flaw::UnitDisabled { unit } => vec![word(unit).map(|unit| format!("sudo systemctl enable {unit}"))],
        Flaw::PortTaken { port, .. } => vec![Some(format!("sudo ss -ltnp 'sport = :{port}'"))],
        Flaw::StaleContainer { .. }
        | Flaw::VariablesDiffer { .. }
        | Flaw::ContainerDiffers { .. }
        | Flaw::NotCreated => {
            vec![up()]
        }
        // Compose may see no difference in its files, and the container would stay.
        Flaw::MountReplaced { .. } | Flaw::Detached { .. } => vec![recreate()],
        Flaw::StaleUpstream { .. } if &*finding.component == "nginx" => vec![Some("sudo nginx -s reload".to_owned())],
        Flaw::StaleUpstream { .. } => {
            vec![service().map(|service| format!("{compose} exec {service} nginx -s reload"))]
        }
        Flaw::NotRunning { container, .. }
        | Flaw::CrashLooping { container, .. }
        | Flaw::Unhealthy { container, .. } => {
            let logs = word(container).map(|container| format!("docker logs --tail 50 {container}"));
            vec![logs, up().filter(|_| !is_foreign && matches!(finding.flaw, Flaw::NotRunning { .. }))]
        }
        Flaw::Paused { container } if !is_foreign => {
            vec![word(container).map(|container| format!("docker unpause {container}"))]
        }
        Flaw::DiskShort { .. } => vec![Some("docker system df".to_owned())],
        Flaw::InodesShort { .. } => vec![Some("df -i".to_owned())],
        Flaw::DiskReadOnly { .. } => vec![Some("journalctl -k -n 50 --no-pager".to_owned())],
        Flaw::MemoryShort { .. } => vec![Some("docker stats --no-stream".to_owned())],
        Flaw::ClockAdrift => vec![Some("sudo timedatectl set-ntp true".to_owned())],
        Flaw::NothingToWaitFor { .. }
        | Flaw::VariablesUnset { .. }
        | Flaw::KeysMissing { .. }
        | Flaw::KeysLost { .. }
        | Flaw::KeysUndocumented { .. }
        | Flaw::HalfAddress { .. }
        | Flaw::KeysBlank { .. }
        | Flaw::DollarLost { .. }
        | Flaw::LocalhostAddress { .. }
        | Flaw::NoSharedNetwork { .. }
        | Flaw::WrongPort { .. }
        | Flaw::UnknownName { .. }
        | Flaw::GatewayAddress { .. }
        | Flaw::BuildEmulated { .. }
        | Flaw::ImageMislabelled { .. }
        | Flaw::ModuleArchitecture { .. }
        | Flaw::ImageArchitecture { .. }
        | Flaw::FloatingTag { .. }
        | Flaw::SecretInImage { .. }
        | Flaw::NoRestart { .. }
        | Flaw::MountMissing { .. }
        | Flaw::MountNotAFile { .. }
        | Flaw::DatabasePublished { .. }
        | Flaw::SecretOnCommandLine { .. }
        | Flaw::Orphan { .. }
        | Flaw::Paused { .. }
        | Flaw::HealthcheckPort { .. }
        | Flaw::HealthcheckAlwaysPasses
        | Flaw::HealthcheckCertificate
        | Flaw::OpenFilesShort { .. }
        | Flaw::NotServed { .. } => Vec::new(),
    };
    listed.into_iter().flatten().collect()
}
