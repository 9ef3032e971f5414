//! Real containers to test on: the images, made where they are missing, and a Compose project in a folder of its own that is
//! gone when its test is. What is asserted of it stands elsewhere.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use lastgood_world::own_mark;
use tempfile::TempDir;

/// A stage of the Dockerfile, and the Debian package that it installs.
const IMAGES: [(&str, &str); 3] = [("nginx", "nginx-light"), ("redis", "redis-server"), ("python", "python3")];

/// What scripts may use: waits until a command succeeds.
pub const PREAMBLE: &str = r#"set -euo pipefail
await() {
  for _ in $(seq 150); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.2; done
  echo "never: $*" >&2; exit 1
}
"#;

/// A Compose project that runs, in a copy of its folder. Folders below it with a compose file are neighbours: projects of
/// others, which are there before it and stay until it is gone.
pub struct Bed {
    folder: TempDir,
    neighbours: Vec<PathBuf>,
}

/// What a command said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bed {
    /// Copies a folder and brings up what it declares.
    pub fn up(folder: &Path) -> Result<Self, String> {
        let bed = Self::laid(folder)?;
        for neighbour in &bed.neighbours {
            shell(neighbour, "docker compose --progress quiet up --detach --wait")?;
        }
        shell(bed.path(), "docker compose --progress quiet up --detach --wait")?;
        Ok(bed)
    }

    /// Copies a folder and starts nothing.
    pub fn laid(folder: &Path) -> Result<Self, String> {
        images();
        clear_forsaken();
        let own = TempDir::with_prefix(prefix()).unwrap();
        shell(own.path(), &format!("cp -r '{}/.' . && mkdir -p state", folder.display()))?;
        let below = fs::read_dir(own.path()).unwrap().map(|entry| entry.unwrap().path());
        let neighbours = below.filter(|path| path.join("compose.yaml").is_file()).collect();
        Ok(Self { folder: own, neighbours })
    }

    /// Where its files are.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a script in its folder.
    pub fn run(&self, script: &str) -> Result<(), String> {
        shell(self.path(), script)
    }

    /// Asks the binary in its folder.
    pub fn ask(&self, arguments: &[&str]) -> Said {
        lastgood(self.path(), arguments, &[])
    }
}

impl Drop for Bed {
    #[expect(clippy::print_stdout, reason = "containers that stay behind are the business of whoever runs the tests")]
    fn drop(&mut self) {
        let own = self.path().join("compose.yaml").is_file().then(|| self.path());
        for folder in own.into_iter().chain(self.neighbours.iter().map(PathBuf::as_path)) {
            let down = shell(
                folder,
                "docker compose --profile '*' --progress quiet down --volumes --remove-orphans --timeout 0",
            );
            if let Err(complaint) = down {
                println!("{} was left behind: {complaint}", folder.display());
            }
        }
    }
}

/// The binary that users get, which runs in every image, where it was built.
pub fn binary() -> PathBuf {
    let of_users = env::var_os("LASTGOOD_BINARY").map(PathBuf::from);
    of_users.unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_lastgood")))
}

/// Asks the binary, with these environment variables and none but what leads to the engine.
pub fn lastgood(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let mut command = Command::new(binary());
    command.env_clear().current_dir(folder).args(arguments);
    for name in ["PATH", "HOME", "DOCKER_HOST"] {
        command.envs(env::var_os(name).map(|value| (name, value)));
    }
    command.envs(variables.iter().copied());
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

/// Runs a script in a folder.
pub fn shell(folder: &Path, script: &str) -> Result<(), String> {
    let mut command = Command::new("bash");
    let output = command.current_dir(folder).arg("-c").arg(format!("{PREAMBLE}{script}")).output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(format!("`{}`: {}", script.trim(), String::from_utf8_lossy(&output.stderr).trim()))
}

/// What a bed's folder is called tells whose it is: the number of its process, and when that began, in ticks since the boot.
fn prefix() -> String {
    let mark = own_mark();
    let mut parts = mark.split(':');
    format!("live-{}-{}-", parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// Takes away what is left of projects in the folders of beds whose process is gone; beds of runs beside this one stay, whatever their
/// program is called, and so does whatever no bed is the folder of.
const FORSAKEN: &str = r#"
beds=${TMPDIR:-/tmp}/live-
format='{{.Label "com.docker.compose.project"}} {{.Label "com.docker.compose.project.working_dir"}}'
docker ps --all --filter label=com.docker.compose.project --format "$format" | sort -u | while read -r project folder; do
  [[ $folder =~ ^"$beds"([0-9]+)-([0-9]+)- ]] || continue
  began=$(sed 's/.*) //' "/proc/${BASH_REMATCH[1]}/stat" 2>/dev/null | cut -d' ' -f20) || :
  [ "$began" != "${BASH_REMATCH[2]}" ] || continue
  of="label=com.docker.compose.project=$project"
  # Its guard first, which would bring back what goes.
  docker ps --all --quiet --filter "name=^/lastgood-guard-$project$" | xargs -r docker rm --force
  docker ps --all --quiet --filter "$of" | xargs -r docker rm --force --volumes
  docker network ls --quiet --filter "$of" | xargs -r docker network rm
  docker volume ls --quiet --filter "$of" | xargs -r docker volume rm
done
"#;

/// Once: what runs that were killed have left comes up with the engine, and would be a project that runs already.
fn clear_forsaken() {
    static CLEARED: OnceLock<()> = OnceLock::new();
    CLEARED.get_or_init(|| shell(Path::new("/"), FORSAKEN).unwrap());
}

/// `live-nginx`, `live-redis`, `live-python`: on the base that the example's stack is built on.
pub fn images() {
    static MADE: OnceLock<()> = OnceLock::new();
    MADE.get_or_init(|| {
        // An engine that reaches nothing outside was given them.
        if env::var_os("LASTGOOD_IMAGES").is_some_and(|where_from| where_from == "given") {
            return;
        }
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (stage, package) in IMAGES {
            let script = format!(
                "base=$(examples/econipass/stack base)
                 DOCKER_BUILDKIT=1 docker build --quiet --build-arg BASE_IMAGE=\"$base\" --build-arg PACKAGE={package} \
                   --build-arg DEBIAN_MIRROR=\"$(scripts/debian-mirror)\" --target {stage} --tag live-{stage} \
                   crates/lastgood/tests/live"
            );
            shell(&repository, &script).unwrap();
        }
    });
}
