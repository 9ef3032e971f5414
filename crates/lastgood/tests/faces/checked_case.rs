//! What `check` and `status` say of a machine and its project that were captured: every fact that is collected of a host, a build, a mount, a
//! login and a program, once as it should be and once not. No machine of today shows in it.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};
use testkit::Lastgood;

const ID: &str = "0123456789ab0123456789ab0123456789ab0123456789ab0123456789ab0123";
const GIB: u64 = 1 << 30;

/// A case of a project of one service that is built, and of the machine under it.
struct Case {
    host: Value,
    project: Value,
    programs: Value,
    /// Ports that its container has.
    bound: Value,
}

impl Case {
    fn fine() -> Self {
        Self {
            host: json!({
                "architecture": "amd64",
                "booted": 1_795_000_000_000_u64,
                "file_systems": [{"path": "/var/lib/docker", "bytes": 100 * GIB, "free": 60 * GIB,
                    "inodes": 6_000_000, "inodes_free": 5_000_000}],
                "memory": {"total": 8 * GIB, "available": 4 * GIB, "swap": 0, "swap_free": 0},
                "open_files": {"open": 2000, "most": 100_000},
                "clock_synchronised": true,
                "listening": [{"address": "127.0.0.1", "port": 3000, "program": "docker-proxy"}],
                "units": [{"unit": "docker.service", "enabled": true}, {"unit": "nginx.service", "enabled": true}],
            }),
            project: json!({
                "folder": "/srv/shop",
                "files": ["compose.yaml"],
                "call": "docker compose",
                "env_files": [],
                "dockerfiles": [{"service": "web", "path": "web/Dockerfile", "run_lines": [3, 5], "bases": ["node:22"]}],
                "mount_sources": [{"path": "/srv/shop/site.conf", "kind": "file"}],
                "logins": ["registry.example.test"],
            }),
            programs: json!([{"image": format!("sha256:{ID}"), "path": "/usr/bin/node", "architecture": "amd64"}]),
            bound: json!({"3000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "3000"}]}),
        }
    }

    /// Writes it to a folder.
    fn write(&self, folder: &Path) {
        let port = json!({"3000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "3000"}]});
        let container = json!({
            "Id": ID, "Name": "/shop-web-1", "Created": "2026-11-28T10:00:00Z", "Image": format!("sha256:{ID}"),
            "State": {"Status": "running", "Pid": 7, "StartedAt": "2026-11-28T10:00:01Z"},
            "Config": {"Image": "shop-web:1.0", "Cmd": ["node", "server.js"], "Labels": {
                "com.docker.compose.project": "shop", "com.docker.compose.service": "web",
                "com.docker.compose.project.working_dir": "/srv/shop"}},
            "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}, "NetworkMode": "shop_default", "PortBindings": port},
            "NetworkSettings": {"Ports": self.bound, "Networks": {"shop_default": {"NetworkID": "n", "IPAddress": "172.18.0.2"}}},
            "Mounts": [{"Type": "bind", "Source": "/srv/shop/site.conf", "Destination": "/etc/site.conf", "RW": false}],
        });
        let image = json!({"Id": format!("sha256:{ID}"), "RepoTags": ["shop-web:1.0"], "Architecture": "amd64",
            "Config": {"Cmd": ["node", "server.js"], "ExposedPorts": {"3000/tcp": {}}}});
        let service = json!({"image": "shop-web:1.0", "build": {"context": "/srv/shop/web"}, "restart": "unless-stopped",
            "networks": {"default": null},
            "ports": [{"host_ip": "127.0.0.1", "target": 3000, "published": "3000", "protocol": "tcp"}],
            "volumes": [{"type": "bind", "source": "/srv/shop/site.conf", "target": "/etc/site.conf", "read_only": true}]});
        let resolved = json!({"name": "shop", "networks": {"default": {"name": "shop_default"}}, "services": {
            "far": {"image": "registry.example.test/shop/far:1.0", "restart": "always", "networks": {"default": null}, "scale": 0},
            "web": service}});
        let network = json!([{"Id": "n", "Name": "shop_default", "Driver": "bridge", "Labels": {"com.docker.compose.project": "shop"}}]);
        let dockerfile = "FROM node:22 AS build\nWORKDIR /app\nRUN npm ci\nCOPY . .\nRUN npm run build\n";
        let compose =
            "services:\n  web:\n    image: shop-web:1.0\n  far:\n    image: registry.example.test/shop/far:1.0\n";
        let short = &ID[..12];
        let parts = [
            ("docker/containers.json".to_owned(), json!([{"Id": ID}]).to_string(), ""),
            (format!("docker/containers/{short}.json"), container.to_string(), ""),
            (format!("docker/images/{short}.json"), image.to_string(), ""),
            ("docker/images/shop-web_1.0.json".to_owned(), image.to_string(), ""),
            ("docker/version.json".to_owned(), json!({"Version": "28.0.0", "Arch": "amd64"}).to_string(), ""),
            ("docker/info.json".to_owned(), json!({"DockerRootDir": "/var/lib/docker"}).to_string(), ""),
            ("docker/networks.json".to_owned(), network.to_string(), ""),
            ("docker/volumes.json".to_owned(), json!({"Volumes": []}).to_string(), ""),
            ("docker/programs.json".to_owned(), self.programs.to_string(), ""),
            ("host/host.json".to_owned(), self.host.to_string(), ""),
            ("project/compose.json".to_owned(), resolved.to_string(), ""),
            ("project/project.json".to_owned(), self.project.to_string(), ""),
            ("project/compose.yaml".to_owned(), compose.to_owned(), "compose"),
            ("project/web/Dockerfile".to_owned(), dockerfile.to_owned(), "dockerfile"),
        ];
        let mut case =
            "version = 1\ntool = \"lastgood\"\ncaptured_at = \"2026-11-28T12:00:00Z\"\nlive = true\nhost = \"web-1\"\n"
                .to_owned();
        for (path, text, format) in parts {
            let place = folder.join(&path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, text).unwrap();
            let original = path.strip_prefix("project/").unwrap_or(&path);
            case += &format!("[[files]]\npath = \"{path}\"\noriginal = \"{original}\"\nformat = \"{format}\"\n");
        }
        fs::write(folder.join("case.toml"), case).unwrap();
        fs::write(folder.join("gaps.json"), r#"{"gaps": [], "not_collected": []}"#).unwrap();
    }

    /// Asks about it, with these settings.
    fn ask(&self, settings: &str, arguments: &[&str]) -> testkit::Output {
        let folder = tempfile::tempdir().unwrap();
        self.write(&folder.path().join("case"));
        fs::write(folder.path().join("lastgood.toml"), settings).unwrap();
        let lastgood = Lastgood::new(env!("CARGO_BIN_EXE_lastgood")).env("PATH", "/nowhere").folder(folder.path());
        lastgood.args(arguments).args(["--case", "case"]).run()
    }
}

#[test]
fn a_machine_and_a_project_as_they_should_be() {
    let said = ["check", "status"].map(|command| Case::fine().ask("", &[command]).to_string());
    assert_snapshot!(said.join("\n"));
}

#[test]
fn everything_that_is_collected_can_be_wrong() {
    let mut case = Case::fine();
    case.host["file_systems"] = json!([
        {"path": "/var/lib/docker", "bytes": 100 * GIB, "free": GIB, "inodes": 6_000_000, "inodes_free": 120_000},
        {"path": "/srv/shop", "bytes": 9 * GIB, "free": 8 * GIB, "inodes": 0, "inodes_free": 0, "read_only": true},
    ]);
    case.host["memory"] = json!({"total": 8 * GIB, "available": GIB / 8, "swap": 0, "swap_free": 0});
    case.host["open_files"] = json!({"open": 95_000, "most": 100_000});
    case.host["clock_synchronised"] = json!(false);
    case.host["listening"] = json!([{"address": "0.0.0.0", "port": 3000, "program": "node"}]);
    case.host["units"] = json!([{"unit": "docker.service", "enabled": false}]);
    case.project["mount_sources"][0]["kind"] = json!("empty-directory");
    case.project["logins"] = json!(["ghcr.io"]);
    case.programs[0]["architecture"] = json!("arm64");
    case.bound = json!({});
    let settings = "[dev]\narch = 'arm64'\n";
    let (en, ko) = (case.ask(settings, &["check", "-v"]), case.ask(settings, &["check", "-v", "--lang", "ko"]));
    assert_eq!((en.code, ko.code), (1, 1), "{en}{ko}");
    let json: Value = serde_json::from_str(&case.ask(settings, &["check", "--json"]).stdout).unwrap();
    let mut codes: Vec<&str> =
        json["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    codes.sort_unstable();
    let wanted = [
        "build-emulated",
        "clock-adrift",
        "disk-read-only",
        "disk-short",
        "image-mislabelled",
        "inodes-short",
        "login-missing",
        "memory-short",
        "mount-not-a-file",
        "open-files-short",
        "port-taken",
        "unit-disabled",
    ];
    assert_eq!(codes, wanted);
    assert_snapshot!(format!("{en}\n{ko}"));
}

#[test]
fn a_case_without_its_machine_says_so() {
    let folder = tempfile::tempdir().unwrap();
    Case::fine().write(folder.path());
    fs::remove_file(folder.path().join("host/host.json")).unwrap();
    let lastgood = Lastgood::new(env!("CARGO_BIN_EXE_lastgood")).env("PATH", "/nowhere").folder(folder.path());
    let said = lastgood.args(["check", "--case", "."]).run();
    assert!(said.code == 0 && said.stdout.contains("not seen: host: "), "{said}");
}
