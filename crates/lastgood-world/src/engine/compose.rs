//! Docker and Compose by their own programs, where something is made or changed: what the user's own `docker compose up` would do is
//! done by it. Questions go to the engine's interface instead. Which service, and whether it may be touched, is the caller's.

use std::env;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::{Endpoint, Engine};
use crate::Damage;
use crate::hear::{Heard, Unheard, hear};

/// Questions of `docker` itself are answered within this.
const QUICK: Duration = Duration::from_secs(20);
/// Builds attest nothing of themselves unasked.
const NO_ATTESTATIONS: &str = "BUILDX_NO_DEFAULT_ATTESTATIONS";
/// What an engine says of itself that keeps images in containerd's store.
pub const CONTAINERD: &str = "io.containerd.snapshotter";
/// Where that is, if it is not the engine's own; and who answers there then.
pub const OF_CONTAINERD: (&str, &str) = ("/var/lib/containerd", "/run/containerd/containerd.sock");

/// A project as Compose is told of it.
#[derive(Clone, Debug)]
pub struct Compose {
    folder: PathBuf,
    arguments: Vec<String>,
}

impl Compose {
    /// The project of a folder. `arguments` stand before the command: `-f`, `-p`, `--profile`.
    #[must_use]
    pub fn of(folder: &Path, arguments: &[String]) -> Self {
        Self { folder: folder.to_owned(), arguments: arguments.to_vec() }
    }

    /// Makes the containers of one service as the files say, where they are not so. Nothing is built or fetched.
    ///
    /// What it depends on is left alone where it is as the files say, which is the caller's to see to. Without its dependencies
    /// (`--no-deps`) Compose would write down that it has none, and make it anew at the next `up`.
    ///
    /// # Errors
    /// If Compose cannot be run, or does not end within `deadline`.
    pub fn up(&self, service: &str, deadline: Duration) -> Result<Heard, Unheard> {
        let up = ["up", "--detach", "--no-build", "--pull", "never", "--quiet-pull", service];
        self.run(&up, deadline)
    }

    /// The same, also where Compose sees no difference.
    ///
    /// # Errors
    /// If Compose cannot be run, or does not end within `deadline`.
    pub fn up_anew(&self, service: &str, deadline: Duration) -> Result<Heard, Unheard> {
        let up = ["up", "--detach", "--no-build", "--force-recreate", "--pull", "never", "--quiet-pull", service];
        self.run(&up, deadline)
    }

    /// Starts one container of a service beside those that it has: with its variables, mounts and networks, and without its names,
    /// published ports and dependencies. `as` is its name, `label` one of its labels.
    ///
    /// # Errors
    /// If Compose cannot be run, or does not end within `deadline`.
    pub fn run_beside(&self, service: &str, name: &str, label: &str, deadline: Duration) -> Result<Heard, Unheard> {
        self.run(&["run", "--detach", "--no-deps", "--name", name, "--label", label, service], deadline)
    }

    /// Runs a command once in a container of a service, like [`run_beside`](Self::run_beside), and waits for its end.
    ///
    /// # Errors
    /// If Compose cannot be run, or does not end within `deadline`.
    pub fn run_once(
        &self,
        service: &str,
        command: &[String],
        (name, label): (&str, &str),
        deadline: Duration,
    ) -> Result<Heard, Unheard> {
        let mut run = vec!["run", "--no-deps", "--no-TTY", "--name", name, "--label", label];
        // Whatever its image starts by itself is not what is asked for.
        let Some((program, arguments)) = command.split_first() else { return Ok(Heard::default()) };
        run.extend(["--entrypoint", program, service]);
        run.extend(arguments.iter().map(String::as_str));
        self.run(&run, deadline)
    }

    /// Removes those containers of one service that do not run, as somebody leaves them who dies while they are made.
    ///
    /// # Errors
    /// If Compose cannot be run, or does not end within `deadline`.
    pub fn clear(&self, service: &str, deadline: Duration) -> Result<Heard, Unheard> {
        self.run(&["rm", "--force", service], deadline)
    }

    /// Builds the images of these services as `how` says, by a model that Compose made of the files before, if there is one.
    ///
    /// # Errors
    /// If Compose cannot be run, or does not end within `deadline`.
    pub fn build(
        &self,
        model: Option<File>,
        services: &[&str],
        how: Build<'_>,
        deadline: Duration,
    ) -> Result<Heard, Unheard> {
        let mut build: Vec<&str> = if model.is_some() { vec!["-f", "-"] } else { Vec::new() };
        build.extend(["--progress", "plain", "build"]);
        build.extend(services);
        let mut docker = self.command(&build);
        // What a builder attests has a time in it, and in containerd's store it is a part of the image: the same would be another one each
        // time. Whoever wants it says so in the compose file.
        if env::var_os(NO_ATTESTATIONS).is_none() {
            docker.env(NO_ATTESTATIONS, "1");
        }
        if let Some(processor) = how.processor {
            docker.env("DOCKER_DEFAULT_PLATFORM", format!("linux/{processor}"));
        }
        if let Some(socket) = how.socket {
            at(&mut docker, socket);
        }
        hear(&mut docker, model, deadline)
    }

    /// The services that the files declare, those of every profile; nothing where Compose does not understand them.
    ///
    /// # Errors
    /// If Compose cannot be run.
    pub fn services(&self) -> Result<Vec<String>, Unheard> {
        let heard = self.run(&["--profile", "*", "config", "--services"], QUICK)?;
        Ok(String::from_utf8_lossy(&heard.output).lines().map(str::to_owned).collect())
    }

    fn run(&self, command: &[&str], deadline: Duration) -> Result<Heard, Unheard> {
        hear(&mut self.command(command), None, deadline)
    }

    fn command(&self, command: &[&str]) -> Command {
        let mut docker = docker();
        docker.current_dir(&self.folder).arg("compose").args(["--ansi", "never"]).args(&self.arguments).args(command);
        docker
    }
}

/// How images are built.
#[derive(Clone, Copy, Debug, Default)]
pub struct Build<'a> {
    /// For this processor, in Docker's words, where the files do not say for which.
    pub processor: Option<&'a str>,
    /// By the engine that listens on this socket.
    pub socket: Option<&'a Path>,
}

/// Ends and removes containers, by their ids, as their own stop signal and patience say. Volumes stay.
///
/// # Errors
/// If Docker cannot be asked, or does not end within `deadline`.
pub fn remove_containers(ids: &[&str], deadline: Duration) -> Result<Heard, Unheard> {
    let stopped = hear(docker().arg("stop").args(ids), None, deadline)?;
    if stopped.code != 0 {
        return Ok(stopped);
    }
    hear(docker().arg("rm").args(ids), None, deadline)
}

/// Ends and removes a container, whatever it is doing, and its anonymous volumes; one that is not there is none to remove.
///
/// # Errors
/// If Docker cannot be asked, or does not end within `deadline`.
pub fn drop_container(name: &str, deadline: Duration) -> Result<Heard, Unheard> {
    let heard = hear(docker().args(["rm", "--force", "--volumes", "--", name]), None, deadline)?;
    let is_gone = heard.code == 0 || heard.complaint.contains("No such container");
    Ok(Heard { code: if is_gone { 0 } else { heard.code }, ..heard })
}

/// Waits until a container has ended; one that is not there has.
///
/// # Errors
/// If Docker cannot be asked, or it does not end within `deadline`.
pub fn await_end(name: &str, deadline: Duration) -> Result<(), Unheard> {
    hear(docker().args(["wait", name]), None, deadline).map(|_| ())
}

/// The last lines that a container wrote, the oldest first.
///
/// # Errors
/// If Docker cannot be asked.
pub fn last_lines(container: &str, lines: u32) -> Result<Vec<String>, Unheard> {
    let tail = lines.to_string();
    let heard = hear(docker().args(["logs", "--tail", &tail, "--", container]), None, QUICK)?;
    // What it wrote to its standard error comes on ours.
    let text = [String::from_utf8_lossy(&heard.output).into_owned(), heard.complaint].concat();
    let all: Vec<String> = text.lines().map(str::to_owned).filter(|line| !line.trim().is_empty()).collect();
    Ok(all.into_iter().rev().take(lines as usize).rev().collect())
}

/// Names of containers that bear a label; of a Compose project, if one is named, and of none.
///
/// # Errors
/// If Docker cannot be asked.
pub fn containers_with(label: &str, project: Option<&str>) -> Result<Vec<String>, Unheard> {
    let mut list = docker();
    list.args(["ps", "--all", "--format", "{{.Label \"com.docker.compose.project\"}} {{.Names}}"]);
    let heard = hear(list.args(["--filter", &format!("label={label}")]), None, QUICK)?;
    let text = String::from_utf8_lossy(&heard.output);
    let named = text.lines().filter_map(|line| line.split_once(' '));
    Ok(named.filter(|(of, _)| of.is_empty() || Some(*of) == project).map(|(_, name)| name.to_owned()).collect())
}

/// Names of images, with their tags, that are like a pattern.
///
/// # Errors
/// If Docker cannot be asked.
pub fn image_names(like: &str) -> Result<Vec<String>, Unheard> {
    let list = ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter"];
    let heard = hear(docker().args(list).arg(format!("reference={like}")), None, QUICK)?;
    if heard.code != 0 {
        return Err(io::Error::other(heard.complaint.trim().to_owned()).into());
    }
    Ok(String::from_utf8_lossy(&heard.output).lines().map(str::to_owned).collect())
}

/// The id of the image of that name; `None` if there is none.
///
/// # Errors
/// If the engine cannot be asked.
pub fn image_id(image: &str) -> Result<Option<String>, Unheard> {
    if image.is_empty() {
        return Ok(None);
    }
    let told = |damage: &Damage| Unheard::Io(io::Error::other(damage.to_string()));
    let engine = Engine::connect(Endpoint::of_user(), QUICK).map_err(|damage| told(&damage))?;
    let said: Value = match engine.get(&format!("/images/{image}/json")) {
        Ok(body) => serde_json::from_slice(&body).map_err(io::Error::other)?,
        Err(Damage::NotFound) => return Ok(None),
        Err(damage) => return Err(told(&damage)),
    };
    Ok(said["Id"].as_str().map(str::to_owned))
}

/// Where the engine keeps images.
///
/// # Errors
/// If Docker cannot be asked.
pub fn images_at() -> Result<Option<PathBuf>, Unheard> {
    let said = word(&["info", "--format", "{{.DockerRootDir}}\n{{json .DriverStatus}}"])?;
    let Some((root, store)) = said.as_deref().and_then(|said| said.split_once('\n')) else { return Ok(None) };
    let (folder, socket) = OF_CONTAINERD;
    let has_own = store.contains(CONTAINERD) && Path::new(socket).exists() && Path::new(folder).is_dir();
    Ok(Some(PathBuf::from(if has_own { folder } else { root })))
}

/// When an image was made, as Docker writes it.
///
/// # Errors
/// If Docker cannot be asked.
pub fn made_at(image: &str) -> Result<Option<String>, Unheard> {
    word(&["image", "inspect", "--format", "{{.Created}}", "--", image])
}

/// The id of the image of that name in the engine that listens on a socket.
///
/// # Errors
/// If Docker cannot be asked.
pub fn image_id_at(socket: &Path, image: &str) -> Result<Option<String>, Unheard> {
    let mut docker = docker();
    at(&mut docker, socket);
    said(docker.args(["image", "inspect", "--format", "{{.Id}}", "--", image]))
}

/// What the builder of an engine says of itself: the one that listens on a socket, else the one that the user builds with.
///
/// # Errors
/// If Docker cannot be asked.
pub fn builder(socket: Option<&Path>) -> Result<Option<String>, Unheard> {
    let mut docker = docker();
    if let Some(socket) = socket {
        at(&mut docker, socket);
    }
    said(docker.args(["buildx", "inspect"]))
}

/// All names that an image bears, which may be named by one of them.
///
/// # Errors
/// If Docker cannot be asked.
pub fn names_of(image: &str) -> Result<Vec<String>, Unheard> {
    let names = word(&["image", "inspect", "--format", "{{join .RepoTags \"\\n\"}}", "--", image])?;
    Ok(names.iter().flat_map(|names| names.lines()).map(str::to_owned).collect())
}

/// For which processor an image says that it is, and for which the engine makes containers; `None` where nothing is said.
///
/// # Errors
/// If Docker cannot be asked.
pub fn processors(image: &str) -> Result<(Option<String>, Option<String>), Unheard> {
    let of_image = word(&["image", "inspect", "--format", "{{.Architecture}}", "--", image])?;
    Ok((of_image, word(&["version", "--format", "{{.Server.Arch}}"])?))
}

/// Whether the engine answers at all.
#[must_use]
pub fn answers() -> bool {
    matches!(word(&["version", "--format", "{{.Server.Version}}"]), Ok(Some(_)))
}

/// What `docker` says, if it does.
pub(super) fn word(arguments: &[&str]) -> Result<Option<String>, Unheard> {
    said(docker().args(arguments))
}

fn said(docker: &mut Command) -> Result<Option<String>, Unheard> {
    let heard = hear(docker, None, QUICK)?;
    let word = String::from_utf8_lossy(&heard.output).trim().to_owned();
    Ok((heard.code == 0 && !word.is_empty()).then_some(word))
}

/// Another engine is meant than the user's own, and none of what says which that is.
fn at(docker: &mut Command, socket: &Path) {
    for of_user in
        ["DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_DEFAULT_PLATFORM", "BUILDX_BUILDER"]
    {
        docker.env_remove(of_user);
    }
    docker.env("DOCKER_HOST", format!("unix://{}", socket.display()));
}

/// Lets a name stand for an image, if it does not yet.
///
/// # Errors
/// If Docker cannot be asked.
pub fn tag(id: &str, image: &str) -> Result<Heard, Unheard> {
    if image_id(image)?.as_deref() == Some(id) {
        return Ok(Heard::default());
    }
    hear(docker().args(["image", "tag", "--", id, image]), None, QUICK)
}

/// Takes a name from an image; one that bears no name any more goes, unless a container uses it.
///
/// # Errors
/// If Docker cannot be asked.
pub fn untag(image: &str) -> Result<Heard, Unheard> {
    hear(docker().args(["image", "rm", "--", image]), None, QUICK)
}

/// Fetches an image from its registry.
///
/// # Errors
/// If Docker cannot be asked, or does not end within `deadline`.
pub fn pull(image: &str, deadline: Duration) -> Result<Heard, Unheard> {
    hear(docker().args(["pull", "--quiet", "--", image]), None, deadline)
}

/// Writes images to a file, as `docker load` reads them.
///
/// # Errors
/// If Docker cannot be asked, or does not end within `deadline`.
pub fn save(images: &[&str], into: &Path, deadline: Duration) -> Result<Heard, Unheard> {
    hear(docker().arg("save").arg("--output").arg(into).arg("--").args(images), None, deadline)
}

/// Takes images in that were saved.
///
/// # Errors
/// If Docker cannot be asked, or does not end within `deadline`.
pub fn load(from: File, deadline: Duration) -> Result<Heard, Unheard> {
    hear(docker().args(["load", "--quiet"]), Some(from), deadline)
}

pub(super) fn docker() -> Command {
    let mut docker = Command::new("docker");
    docker.env("LC_ALL", "C");
    docker
}
