//! A stack that runs: laid in a folder of its own, brought up by Compose, and gone when this is. What is done to it stands elsewhere.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::fault::{Words, fill};
use crate::roster::Round;
use crate::users::Front;

/// What scripts may use: `await COMMAND…` waits until it succeeds, `served REQUEST` asks the front as a user would.
const PREAMBLE: &str = r#"set -euo pipefail
await() {
  for _ in $(seq 150); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.2; done
  echo "never: $*" >&2; exit 1
}
served() {
  local path=$1; shift
  local status; status=$(curl -s -o /dev/null -m 12 -w '%{http_code}' $CURL "$FRONT$path" "$@") || return 1
  [ "$status" -ge 200 ] && [ "$status" -lt 400 ]
}
# Changes a variable in .env, and creates a service anew.
setenv() { sed -i "s|^$1=.*|$1=$2|" .env; }
deploy() { docker compose --progress quiet up --detach --no-deps "$@"; }
rediscli() { docker compose exec -T -e REDISCLI_AUTH=carbon-cache-word-71 <cache> redis-cli "$@"; }
sql() { docker compose exec -T -e PGPASSWORD=carbon-base-word-72 <db> psql -h /tmp -U shop "$@"; }
inspect() { docker inspect -f "$2" "$PROJECT-$1-1"; }
restarts() { [ "$(inspect "$1" '{{.RestartCount}}')" -ge "$2" ]; }
"#;

/// All that is its own; where it is only read, the times at which it was started must stay the same as well.
const STATE: &str = r#"of="label=com.docker.compose.project=$PROJECT"
docker ps --all --quiet --filter "$of" | sort | while read -r id; do
  docker inspect -f '{{.Id}} {{.Name}} {{.Image}} {{if not .RestartCount}}{{.State.StartedAt}} {{.State.Status}}{{end}}' "$id"
done
docker network ls --no-trunc --filter "$of" --format '{{.ID}} {{.Name}}' | sort
docker volume ls --filter "$of" --format '{{.Name}}' | sort
find . -type f -not -path './files/*' -exec sha256sum {} + | sort
"#;

/// Takes away all that is its own.
const DOWN: &str = r#"of="label=com.docker.compose.project=$PROJECT"
docker ps --all --quiet --filter "$of" | xargs -r docker rm --force --volumes
docker ps --all --quiet --filter "label=arena.of=$PROJECT" | xargs -r docker rm --force --volumes
docker network ls --quiet --filter "$of" | xargs -r docker network rm
docker volume ls --quiet --filter "$of" | xargs -r docker volume rm
docker image ls --quiet --filter "reference=$PROJECT*" | xargs -r docker image rm --force
"#;

/// A stack in its folder.
pub struct Bed {
    /// Removed with it.
    _home: TempDir,
    folder: PathBuf,
    project: String,
    port: u16,
    pub words: Words,
    pub front: Front,
}

impl Bed {
    /// Lays the stack of a round, with a port that is free.
    pub fn lay(round: &Round) -> Result<Self> {
        let home = TempDir::with_prefix("arena-").context("a folder for the stack")?;
        let project = format!("arena-{}-{}", round.fault.id, round.variant.name);
        let folder = home.path().join(&project);
        fs::create_dir(&folder)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut words = round.words.clone();
        words.insert("port".to_owned(), port.to_string());
        words.insert("folder".to_owned(), folder.to_string_lossy().into_owned());
        round.stack.lay(&folder, &words)?;
        let front = Front { url: round.stack.front(&words), curl: round.stack.curl(&words) };
        let bed = Self { _home: home, folder, project, port, words, front };
        // What a run that was killed left behind, such as a volume with half a database.
        bed.run(DOWN)?;
        Ok(bed)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a script in its folder, its words put in.
    pub fn run(&self, script: &str) -> Result<()> {
        self.say(script).map(|_| ())
    }

    /// Runs a script and returns what it printed.
    pub fn say(&self, script: &str) -> Result<String> {
        let script = fill(script, &self.words);
        let mut command = Command::new("bash");
        command.arg("-s").current_dir(&self.folder);
        command.env("PROJECT", &self.project).env("COMPOSE_PROJECT_NAME", &self.project).env("DOCKER_BUILDKIT", "1");
        command
            .env("PORT", self.port.to_string())
            .env("FRONT", &self.front.url)
            .env("CURL", self.front.curl.join(" "))
            .env("FOLDER", &self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot run bash")?;
        // The whole of it at once: a command in it must not read what is left of the script.
        let preamble = fill(PREAMBLE, &self.words);
        let whole = format!("{preamble}main() {{\n:\n{script}\n}}\nmain </dev/null\n");
        child.stdin.take().context("standard input of bash")?.write_all(whole.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!(
                "`{} …`: {}",
                script.trim().lines().next().unwrap_or_default(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Brings it up, healthy.
    pub fn up(&self) -> Result<()> {
        self.run("chmod -R a+rwX files 2>/dev/null || :\ndocker compose --progress quiet up --detach --wait")
    }

    /// A digest of all that must not change while somebody looks.
    pub fn state(&self) -> Result<String> {
        let listing = self.say(STATE)?;
        Ok(Sha256::digest(listing.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if let Err(complaint) = self.run(DOWN) {
            let _unheard = writeln!(std::io::stderr(), "{} was left behind: {complaint:#}", self.project);
        }
    }
}
