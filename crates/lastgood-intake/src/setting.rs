//! Settings of a service that Compose and the engine write each in its own way: one table, and one form in which the two can
//! be compared. A setting that is as it is where nobody says anything is absent. What differs is judged elsewhere.

use lastgood_model::Secret;
use lastgood_model::desired::Settings;
use serde_json::Value;

/// A setting, where it stands on both sides, and in which form it is compared.
struct Setting {
    /// Compose's name.
    name: &'static str,
    /// Where Compose's own output has it; of several the last that is there counts.
    compose: &'static [&'static str],
    /// Where the body of a container has it.
    engine: &'static str,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    Text,
    Flag,
    /// A number, or a text of one; 0 and less is none.
    Number,
    /// A number below 0 means something, too.
    Signed,
    /// Processors here, billionths of them there.
    Processors,
    /// A duration here, seconds there.
    Seconds,
    /// A duration here, nanoseconds there.
    Nanoseconds,
    List,
    Set,
    Capabilities,
    /// `key=value` each.
    Pairs,
    /// A namespace of another; a container's name is its id there.
    Namespace,
    Security,
    Devices,
    Limits,
    Mounted,
}

const fn one(name: &'static str, compose: &'static [&'static str], engine: &'static str, form: Form) -> Setting {
    Setting { name, compose, engine, form }
}

const SETTINGS: &[Setting] = &[
    one("domainname", &["/domainname"], "/Config/Domainname", Form::Text),
    one("hostname", &["/hostname"], "/Config/Hostname", Form::Text),
    one("working_dir", &["/working_dir"], "/Config/WorkingDir", Form::Text),
    one("stop_signal", &["/stop_signal"], "/Config/StopSignal", Form::Text),
    one("stop_grace_period", &["/stop_grace_period"], "/Config/StopTimeout", Form::Seconds),
    one("tty", &["/tty"], "/Config/Tty", Form::Flag),
    one("stdin_open", &["/stdin_open"], "/Config/OpenStdin", Form::Flag),
    one(
        "healthcheck.start_interval",
        &["/healthcheck/start_interval"],
        "/Config/Healthcheck/StartInterval",
        Form::Nanoseconds,
    ),
    one("privileged", &["/privileged"], "/HostConfig/Privileged", Form::Flag),
    one("read_only", &["/read_only"], "/HostConfig/ReadonlyRootfs", Form::Flag),
    one("init", &["/init"], "/HostConfig/Init", Form::Flag),
    one("cap_add", &["/cap_add"], "/HostConfig/CapAdd", Form::Capabilities),
    one("cap_drop", &["/cap_drop"], "/HostConfig/CapDrop", Form::Capabilities),
    one("security_opt", &["/security_opt"], "/HostConfig/SecurityOpt", Form::Security),
    one("dns", &["/dns"], "/HostConfig/Dns", Form::List),
    one("dns_search", &["/dns_search"], "/HostConfig/DnsSearch", Form::List),
    one("dns_opt", &["/dns_opt"], "/HostConfig/DnsOptions", Form::List),
    one("sysctls", &["/sysctls"], "/HostConfig/Sysctls", Form::Pairs),
    one("pid", &["/pid"], "/HostConfig/PidMode", Form::Namespace),
    one("ipc", &["/ipc"], "/HostConfig/IpcMode", Form::Namespace),
    one("uts", &["/uts"], "/HostConfig/UTSMode", Form::Text),
    one("userns_mode", &["/userns_mode"], "/HostConfig/UsernsMode", Form::Text),
    one("group_add", &["/group_add"], "/HostConfig/GroupAdd", Form::Set),
    one("devices", &["/devices"], "/HostConfig/Devices", Form::Devices),
    one("device_cgroup_rules", &["/device_cgroup_rules"], "/HostConfig/DeviceCgroupRules", Form::List),
    one("tmpfs", &["/tmpfs"], "/HostConfig/Tmpfs", Form::Mounted),
    one("cpus", &["/cpus", "/deploy/resources/limits/cpus"], "/HostConfig/NanoCpus", Form::Processors),
    one("cpu_shares", &["/cpu_shares"], "/HostConfig/CpuShares", Form::Number),
    one("cpu_quota", &["/cpu_quota"], "/HostConfig/CpuQuota", Form::Number),
    one("cpu_period", &["/cpu_period"], "/HostConfig/CpuPeriod", Form::Number),
    one("cpuset", &["/cpuset"], "/HostConfig/CpusetCpus", Form::Text),
    one("pids_limit", &["/pids_limit", "/deploy/resources/limits/pids"], "/HostConfig/PidsLimit", Form::Number),
    one(
        "mem_reservation",
        &["/mem_reservation", "/deploy/resources/reservations/memory"],
        "/HostConfig/MemoryReservation",
        Form::Number,
    ),
    one("oom_score_adj", &["/oom_score_adj"], "/HostConfig/OomScoreAdj", Form::Signed),
    // Of these an engine has its own where a service says nothing.
    one("memswap_limit", &["/memswap_limit"], "/HostConfig/MemorySwap", Form::Number),
    one("shm_size", &["/shm_size"], "/HostConfig/ShmSize", Form::Number),
    one("ulimits", &["/ulimits"], "/HostConfig/Ulimits", Form::Limits),
    one("logging.driver", &["/logging/driver"], "/HostConfig/LogConfig/Type", Form::Text),
    one("logging.options", &["/logging/options"], "/HostConfig/LogConfig/Config", Form::Pairs),
    one("runtime", &["/runtime"], "/HostConfig/Runtime", Form::Text),
    one("cgroup", &["/cgroup"], "/HostConfig/CgroupnsMode", Form::Text),
    one("cgroup_parent", &["/cgroup_parent"], "/HostConfig/CgroupParent", Form::Text),
];

/// What a service of Compose's output declares.
pub(crate) fn declared(service: &Value) -> Settings {
    let value = |setting: &Setting| setting.compose.iter().rev().find_map(|place| service.pointer(place));
    collect(|setting| setting.form.of_compose(value(setting)?))
}

/// What a container has, by its own body.
pub(crate) fn running(container: &Value) -> Settings {
    let mut settings = collect(|setting| setting.form.of_engine(container.pointer(setting.engine)?));
    let text = |place: &str| container.pointer(place).and_then(Value::as_str).unwrap_or_default();
    // Without a name of its own, a container is called by its id, or as whoever it shares a network with.
    let (id, mode) = (text("/Id"), text("/HostConfig/NetworkMode"));
    let own = id.get(..12).is_none_or(|short| text("/Config/Hostname") != short);
    if !own || mode == "host" || mode.starts_with("container:") {
        settings.remove("hostname");
    }
    settings
}

fn collect(value: impl Fn(&Setting) -> Option<String>) -> Settings {
    let set = |setting: &Setting| Some((setting.name, Secret::from(value(setting).filter(|text| !text.is_empty())?)));
    SETTINGS.iter().filter_map(set).collect()
}

impl Form {
    fn of_compose(self, value: &Value) -> Option<String> {
        let duration = || value.as_str()?.parse::<jiff::SignedDuration>().ok();
        match self {
            Self::Processors => {
                let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
                Some(format!("{:.0}", number * 1e9)).filter(|text| text != "0")
            }
            Self::Seconds => Some(duration()?.as_secs().to_string()),
            Self::Nanoseconds => Some(duration()?.as_nanos().to_string()).filter(|text| text != "0"),
            Self::Limits => {
                let limit = |(name, limit): (&String, &Value)| {
                    let of = |key: &str| limit.get(key).unwrap_or(limit).as_i64();
                    Some(format!("{name}={}:{}", of("soft")?, of("hard")?))
                };
                Some(sorted(value.as_object()?.iter().filter_map(limit)))
            }
            Self::Devices => {
                let device = |device: &Value| match device {
                    Value::String(text) => {
                        let mut parts = text.split(':');
                        let source = parts.next()?;
                        let target = parts.next().unwrap_or(source);
                        Some(format!("{source}:{target}:{}", parts.next().unwrap_or("rwm")))
                    }
                    device => {
                        let of = |key: &str| device.get(key).and_then(Value::as_str);
                        let source = of("source")?;
                        Some(format!(
                            "{source}:{}:{}",
                            of("target").unwrap_or(source),
                            of("permissions").unwrap_or("rwm")
                        ))
                    }
                };
                Some(sorted(value.as_array()?.iter().filter_map(device)))
            }
            Self::Mounted => {
                let mounted = |text: &str| text.split_once(':').map_or_else(|| format!("{text}:"), |_| text.to_owned());
                Some(sorted(value.as_array()?.iter().filter_map(Value::as_str).map(mounted)))
            }
            form => form.plain(value).map(|text| text.replace("$$", "$")),
        }
    }

    fn of_engine(self, value: &Value) -> Option<String> {
        match self {
            Self::Processors | Self::Nanoseconds => Self::Number.plain(value),
            Self::Seconds => Self::Signed.plain(value).or_else(|| (value.as_i64()? == 0).then(|| "0".to_owned())),
            Self::Limits => {
                let limit = |limit: &Value| {
                    let of = |key: &str| limit.get(key)?.as_i64();
                    Some(format!("{}={}:{}", limit.get("Name")?.as_str()?, of("Soft")?, of("Hard")?))
                };
                Some(sorted(value.as_array()?.iter().filter_map(limit)))
            }
            Self::Devices => {
                let device = |device: &Value| {
                    let of = |key: &str| device.get(key)?.as_str();
                    Some(format!("{}:{}:{}", of("PathOnHost")?, of("PathInContainer")?, of("CgroupPermissions")?))
                };
                Some(sorted(value.as_array()?.iter().filter_map(device)))
            }
            Self::Mounted => {
                let mounted =
                    |(target, options): (&String, &Value)| format!("{target}:{}", options.as_str().unwrap_or_default());
                Some(sorted(value.as_object()?.iter().map(mounted)))
            }
            form => form.plain(value),
        }
    }

    /// Forms that both sides share.
    fn plain(self, value: &Value) -> Option<String> {
        let words = || value.as_array().map(|list| list.iter().filter_map(Value::as_str));
        match self {
            Self::Text => value.as_str().map(str::to_owned),
            Self::Flag => (value.as_bool()?).then(|| "true".to_owned()),
            Self::Number | Self::Signed => {
                let number = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
                let counts = if matches!(self, Self::Signed) { number != 0 } else { number > 0 };
                counts.then(|| number.to_string())
            }
            Self::List => Some(words()?.collect::<Vec<_>>().join(" ")),
            Self::Set => Some(sorted(words()?.map(str::to_owned))),
            Self::Capabilities => Some(sorted(words()?.map(|word| {
                let word = word.to_ascii_uppercase();
                word.strip_prefix("CAP_").map(str::to_owned).unwrap_or(word)
            }))),
            Self::Pairs => {
                let pair = |(key, value): (&String, &Value)| {
                    value.as_str().map_or_else(|| format!("{key}={value}"), |text| format!("{key}={text}"))
                };
                Some(sorted(value.as_object()?.iter().map(pair)))
            }
            Self::Namespace => {
                let text = value.as_str()?;
                // What an engine makes of nothing is one of these.
                (!matches!(text, "private" | "shareable") && !text.contains(':')).then(|| text.to_owned())
            }
            Self::Security => Some(sorted(words()?.filter_map(security))),
            _ => None,
        }
    }
}

/// An option with one sign between name and value. A profile is a file's name here and its text there.
fn security(option: &str) -> Option<String> {
    let (name, value) = option.split_once(['=', ':']).unwrap_or((option, "true"));
    match (name, value) {
        // An engine adds it to what shares more with the host; masked paths are kept elsewhere.
        ("label", "disable") | ("systempaths", _) => None,
        ("seccomp", "unconfined") => Some("seccomp=unconfined".to_owned()),
        ("seccomp", _) => Some("seccomp".to_owned()),
        _ => Some(format!("{name}={value}")),
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_sides_write_the_same_in_one_form() {
        let service = json!({
            "hostname": "h", "working_dir": "/a$$b", "tty": true, "init": false, "stop_grace_period": "1m30s",
            "cap_add": ["net_admin", "CAP_SYS_TIME"], "security_opt": ["no-new-privileges:true", "seccomp=./x.json"],
            "cpus": 0.5, "deploy": {"resources": {"limits": {"pids": 7}}}, "pids_limit": 9, "ipc": "private", "pid": "host",
            "ulimits": {"nofile": {"soft": 1, "hard": 2}, "nproc": 3}, "devices": ["/dev/null", {"source": "/dev/zero"}],
            "tmpfs": ["/run:size=1m", "/tmp"], "sysctls": {"net.a": "1"}, "shm_size": "33554432", "oom_score_adj": -5,
        });
        let container = json!({
            "Id": "0123456789abcdef",
            "Config": {"Hostname": "h", "WorkingDir": "/a$b", "Tty": true, "OpenStdin": false, "StopTimeout": 90},
            "HostConfig": {
                "CapAdd": ["CAP_SYS_TIME", "CAP_NET_ADMIN"], "NanoCpus": 500_000_000, "PidsLimit": 7, "IpcMode": "shareable",
                "SecurityOpt": ["no-new-privileges=true", "seccomp={}", "label=disable"], "PidMode": "host", "Init": null,
                "Ulimits": [{"Name": "nproc", "Soft": 3, "Hard": 3}, {"Name": "nofile", "Soft": 1, "Hard": 2}],
                "Devices": [{"PathOnHost": "/dev/zero", "PathInContainer": "/dev/zero", "CgroupPermissions": "rwm"},
                            {"PathOnHost": "/dev/null", "PathInContainer": "/dev/null", "CgroupPermissions": "rwm"}],
                "Tmpfs": {"/tmp": "", "/run": "size=1m"}, "Sysctls": {"net.a": "1"}, "ShmSize": 33_554_432, "OomScoreAdj": -5,
            },
        });
        let (declared, running) = (declared(&service), running(&container));
        assert_eq!(declared, running);
        assert_eq!(declared.len(), 15, "{:?}", declared.keys());
    }

    #[test]
    fn what_nobody_said_is_absent() {
        let container = json!({
            "Id": "0123456789abcdef",
            "Config": {"Hostname": "0123456789ab", "Domainname": "", "StopTimeout": null},
            "HostConfig": {"CapAdd": null, "Dns": [], "NanoCpus": 0, "PidsLimit": -1, "IpcMode": "private", "Tmpfs": {}},
        });
        assert_eq!(running(&container), Settings::new());
        assert_eq!(declared(&json!({"image": "x", "cap_add": null})), Settings::new());
    }
}
