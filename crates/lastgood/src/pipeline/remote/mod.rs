//! The same question, asked on another host: our own binary is the agent there and answers as it would here; what comes back is the
//! answer, not logs. Which host, what the agent is told, and what its exit code means; ssh itself is the world's.

mod agent;
mod errand;
mod images;
mod meanwhile;
mod parcel;
mod sending;

use std::fs::File;
use std::io::copy;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lastgood_diagnose::nearest::nearest;
use lastgood_world::hear::Heard;
use lastgood_world::ssh::{Forward, Ssh, SshFault};

use self::sending::Answered;
use crate::cli::place::PlaceArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::stack::project_here;
use crate::render::answer::View;
use crate::rollout::environment::Environment;
use crate::settings::Settings;

use agent::Agent;
pub use errand::retold;
use errand::{Errand, Surveyed};
pub use images::{Brought, ImageFault, brought_name, emulator};
use meanwhile::Meanwhile;
pub use parcel::Expected;
pub use sending::{Lost, roomy_folder, roomy_place};

/// The host has to answer within this.
const TO_ANSWER: Duration = Duration::from_secs(30);
/// Bringing the agent there takes no longer, also on a slow line.
const TO_BRING: Duration = Duration::from_secs(600);
/// An answer may take as long as the largest logs do, and a rollout as long as its acts.
const TO_ASK: Duration = Duration::from_secs(3600);

/// What changes something there goes on to its end, also when nobody listens any more.
const GOES_ON: [&str; 3] = ["deploy", "rollback", "prune"];

/// Where Docker's programs there find the engine.
const ENGINE: &str = r#"h="$DOCKER_HOST"; [ -n "$h" ] || h=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null)
echo "${h:-unix:///var/run/docker.sock}""#;

/// Another host, and where on it the project is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// What `lastgood.toml` calls it; empty if it was only typed.
    pub name: String,
    /// As ssh knows it: `me@vm`.
    pub host: String,
    /// The project's folder there.
    pub path: Option<String>,
    /// Where the `.env` of its releases comes from.
    pub environment: Environment,
}

/// Why a host was not asked, or did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostFault {
    /// There is no ssh here.
    NoSsh,
    /// ssh did not get there, in its own words.
    Unreachable(String),
    /// The connection broke while it was at work.
    CutOff,
    /// It took longer, in seconds.
    TookTooLong(u64),
    /// There is no agent for that kind of machine here: what it says of itself, and the file that it would be.
    NoAgent(String, Option<String>),
    /// It is no Linux: what it says of itself.
    NoLinux(String),
    /// The agent could not be put there, in the shell's words.
    NotBrought(String),
    /// It was put there and does not run, by its exit code.
    NotRun(i32),
    /// The project's folder is not there.
    NoFolder(String),
    /// Its engine cannot be reached through ssh: ssh's words, or where the engine listens.
    NoForward(String),
    /// There is no place for a temporary folder.
    NoTemporary,
    /// What it sent ended too early.
    Incomplete,
    /// It sent what was not asked for: this.
    Foreign(String),
    /// It sent more than this, in bytes.
    TooLarge(u64),
    /// Something of the operating system's.
    Io(String),
}

impl From<SshFault> for HostFault {
    fn from(fault: SshFault) -> Self {
        match fault {
            SshFault::NotInstalled => Self::NoSsh,
            SshFault::Unreachable(why) => Self::Unreachable(why),
            SshFault::TookTooLong(seconds) => Self::TookTooLong(seconds),
            SshFault::Io(why) => Self::Io(why),
        }
    }
}

/// Whom a question is for; `None`: this machine. `files` are what was named of this one.
///
/// # Errors
/// If that is not one host, or files of this machine are to be asked of another one.
pub fn target(place: &PlaceArgs, files: &[PathBuf], settings: &Settings) -> Result<Option<Target>, Complaint> {
    if place.local {
        return Ok(None);
    }
    let named = match (&place.host, &place.target) {
        (Some(host), _) => Some(Target { host: host.clone(), ..Target::default() }),
        (None, Some(name)) => Some(called(name, settings)?),
        (None, None) => None,
    };
    // A word may be a service there; what is a file here is a file.
    let here = files.iter().find(|path| is_of_here(path));
    match (named, here, settings.targets.as_slice()) {
        (Some(target), Some(path), _) => {
            Err(Complaint::FileThere { path: path.to_string_lossy().into_owned(), host: target.host })
        }
        (Some(target), None, _) => Ok(Some(target)),
        (None, Some(_), _) | (None, None, []) => Ok(None),
        (None, None, [only]) => Ok(Some(only.clone())),
        (None, None, several) => {
            Err(Complaint::Targets { names: several.iter().map(|target| target.name.clone()).collect() })
        }
    }
}

/// The folder that a project is deployed to on a host, where none is named.
#[must_use]
pub fn usual_folder(project: &str) -> String {
    format!("~/{project}")
}

/// What a question comes with on standard input.
enum Input<'a> {
    /// The settings, if there are any.
    Settings(Option<&'a Path>),
    /// Something else.
    Stream(File),
    /// Nothing.
    Nothing,
}

fn called(name: &str, settings: &Settings) -> Result<Target, Complaint> {
    let known = || settings.targets.iter();
    known().find(|target| target.name == name).cloned().ok_or_else(|| Complaint::Target {
        given: name.to_owned(),
        near: nearest(name, known().map(|target| &*target.name)).map(str::to_owned),
    })
}

fn is_of_here(path: &Path) -> bool {
    path == Path::new("-") || path.as_os_str().as_encoded_bytes().contains(&b'/') || path.exists()
}

/// A host that can be asked: the agent is there.
#[derive(Debug)]
pub struct Asked {
    target: Target,
    ssh: Arc<Ssh>,
    agent: Agent,
    /// What its engine has is asked already.
    images: Mutex<Option<Meanwhile<Result<Heard, SshFault>>>>,
}

/// On the way to a host: whoever goes there does something else meanwhile.
#[derive(Debug)]
pub struct Approach {
    target: Target,
    way: Meanwhile<Result<(Ssh, Heard), SshFault>>,
}

impl Approach {
    /// Sets out. `asks`: ssh may ask a person for a password or about an unknown host.
    #[must_use]
    pub fn to(target: Target, asks: bool) -> Self {
        let host = target.host.clone();
        let way = Meanwhile::begin(move || {
            let ssh = Ssh::new(&host, asks)?;
            let heard = ssh.hear(&Surveyed::script(), None, TO_ANSWER)?;
            Ok((ssh, heard))
        });
        Self { target, way }
    }

    /// Arrives, and brings the agent if it is not there yet.
    ///
    /// # Errors
    /// If the host cannot be reached, or is none that the agent runs on.
    pub fn arrive(self, view: View, io: &mut Io<'_>) -> anyhow::Result<Asked> {
        let Self { target, way } = self;
        let host = target.host.clone();
        let fault = |fault: HostFault| Complaint::Host { host: host.clone(), fault };
        let arrived = way.end().unwrap_or_else(|| Err(SshFault::Io("nobody went there".to_owned())));
        let (ssh, heard) = arrived.map_err(|error| fault(error.into()))?;
        // Where there is no such shell, its complaint is all that the host says of itself.
        let spoke = if heard.output.is_empty() { last_line(&heard.complaint).into() } else { heard.output };
        let surveyed = Surveyed::of(&String::from_utf8_lossy(&spoke));
        let agent = Agent::for_machine(&surveyed.machine).map_err(&fault)?;
        if !surveyed.has(agent.digest()) {
            if io.stderr_is_terminal {
                writeln!(io.stderr, "{}", view.lang.words().brings_agent(&target.host, agent.bytes()))?;
            }
            let brought = agent
                .open()
                .map_err(|error| HostFault::Io(error.to_string()))
                .and_then(|file| Ok(ssh.hear(&errand::bring(agent.digest()), Some(file), TO_BRING)?))
                .map_err(&fault)?;
            let Heard { code, complaint, .. } = brought;
            if code != 0 {
                return Err(fault(HostFault::NotBrought(last_line(&complaint))).into());
            }
        }
        Ok(Asked { target, ssh: Arc::new(ssh), agent, images: Mutex::default() })
    }
}

impl Asked {
    /// Goes there, and brings the agent if it is not there yet.
    ///
    /// # Errors
    /// As [`Approach::arrive`].
    pub fn of(target: Target, view: View, io: &mut Io<'_>) -> anyhow::Result<Self> {
        Approach::to(target, io.stderr_is_terminal).arrive(view, io)
    }

    /// Asks what was typed here. Answer and complaints go where ours would.
    ///
    /// # Errors
    /// If the host cannot be reached any more, or the agent does not run there.
    pub fn answer(
        &self,
        typed: &[String],
        settings: Option<&Path>,
        view: View,
        io: &mut Io<'_>,
    ) -> anyhow::Result<Exit> {
        self.run(typed, Input::Settings(settings), view, io)
    }

    /// Asks without settings and about no project: whatever is meant is said.
    ///
    /// # Errors
    /// As `answer`.
    pub fn tell(&self, typed: &[String], view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
        self.run(typed, Input::Nothing, view, io)
    }

    /// Asks with something on standard input.
    ///
    /// # Errors
    /// As `answer`.
    pub fn send(&self, input: File, typed: &[String], view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
        self.run(typed, Input::Stream(input), view, io)
    }

    /// Asks the agent with something on standard input, and keeps what it answers; or what it complains of, and its exit code.
    ///
    /// # Errors
    /// As `answer`.
    pub fn learn(&self, input: File, typed: &[String], deadline: Duration, view: View) -> Result<Answered, Complaint> {
        let fault = |fault: HostFault| Complaint::Host { host: self.target.host.clone(), fault };
        let script = self.script(typed, None, false, false, view);
        let heard = self.ssh.hear(&script, Some(input), deadline).map_err(|error| fault(error.into()))?;
        Ok(match self.exit(heard.code).map_err(fault)? {
            Exit::Good => Ok(heard.output),
            exit => Err((heard.complaint, exit)),
        })
    }

    /// Its engine, through a socket of this machine.
    ///
    /// # Errors
    /// If it listens on no socket there, or ssh leads to none.
    pub fn engine(&self) -> Result<Forward, Complaint> {
        let fault = |fault: HostFault| Complaint::Host { host: self.target.host.clone(), fault };
        let heard = self.hear(ENGINE, None, TO_ANSWER)?;
        let said = String::from_utf8_lossy(&heard.output).trim().to_owned();
        let socket = said.strip_prefix("unix://").ok_or_else(|| fault(HostFault::NoForward(said.clone())))?;
        self.ssh.forward(socket).map_err(|error| match error {
            SshFault::Unreachable(why) => fault(HostFault::NoForward(why)),
            other => fault(other.into()),
        })
    }

    /// Its processor, in Docker's words.
    #[must_use]
    pub const fn machine(&self) -> &'static str {
        self.agent.machine()
    }

    /// What it is called.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.target.host
    }

    fn hear(&self, script: &str, input: Option<File>, deadline: Duration) -> Result<Heard, Complaint> {
        self.succeeded(self.ssh.hear(script, input, deadline))
    }

    /// What a script said that ended well.
    fn succeeded(&self, heard: Result<Heard, SshFault>) -> Result<Heard, Complaint> {
        let fault = |fault: HostFault| Complaint::Host { host: self.target.host.clone(), fault };
        let heard = heard.map_err(|error| fault(error.into()))?;
        if heard.code == 0 { Ok(heard) } else { Err(fault(HostFault::Io(last_line(&heard.complaint)))) }
    }

    fn run(&self, typed: &[String], input: Input<'_>, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
        let fault = |fault: HostFault| Complaint::Host { host: self.target.host.clone(), fault };
        let project = if let Input::Settings(_) = input { self.meant(typed) } else { None };
        let (input, has_settings) = match input {
            Input::Settings(Some(path)) => (Some(File::open(path)?), true),
            Input::Settings(None) | Input::Nothing => (None, false),
            Input::Stream(stream) => (Some(stream), false),
        };
        let script = self.script(typed, project.as_deref(), has_settings, false, view);
        io.stdout.flush()?;
        let (passed_on, code) = self.ssh.stream(&script, input, TO_ASK, |said| copy(said, io.stdout));
        // Whoever reads ours may have seen enough.
        let has_answered = passed_on.transpose()?.is_some_and(|bytes| bytes > 0);
        let goes_on = has_answered && typed.first().is_some_and(|word| GOES_ON.contains(&word.as_str()));
        let code = code.map_err(|error| match error {
            SshFault::Unreachable(_) if goes_on => fault(HostFault::CutOff),
            other => fault(other.into()),
        })?;
        self.exit(code).map_err(|found| fault(found).into())
    }

    /// The project that a question is about, where neither the question nor the target says it: the one that lies here. Its containers
    /// tell where its folder is there.
    fn meant(&self, typed: &[String]) -> Option<String> {
        let names_one = |word: &String| {
            !word.starts_with("--per") && ["-p", "-f", "--p", "--f"].iter().any(|flag| word.starts_with(flag))
        };
        let said = self.target.path.is_some() || typed.iter().any(names_one);
        if said { None } else { project_here() }
    }

    fn script(
        &self,
        typed: &[String],
        project: Option<&str>,
        has_settings: bool,
        is_parcel: bool,
        view: View,
    ) -> String {
        let errand = Errand {
            digest: self.agent.digest(),
            folder: self.target.path.as_deref(),
            project,
            typed,
            has_settings,
            is_parcel,
            view,
        };
        errand.script()
    }

    /// What the exit code of an errand means.
    fn exit(&self, code: i32) -> Result<Exit, HostFault> {
        match code {
            0 => Ok(Exit::Good),
            1 => Ok(Exit::Bad),
            2 => Ok(Exit::Unknown),
            errand::NO_FOLDER => Err(HostFault::NoFolder(self.target.path.clone().unwrap_or_default())),
            errand::NO_TEMPORARY => Err(HostFault::NoTemporary),
            3 => Ok(Exit::Broken),
            code => Err(HostFault::NotRun(code)),
        }
    }

    /// Takes the agent away again, and returns what was removed.
    ///
    /// # Errors
    /// If the host cannot be reached, or does not let go of it.
    pub fn remove(target: &Target, io: &Io<'_>) -> Result<Vec<String>, Complaint> {
        let fault = |fault: HostFault| Complaint::Host { host: target.host.clone(), fault };
        let ssh = Ssh::new(&target.host, io.stderr_is_terminal).map_err(|error| fault(error.into()))?;
        let heard = ssh.hear(errand::REMOVE, None, TO_ANSWER).map_err(|error| fault(error.into()))?;
        if heard.code != 0 {
            return Err(fault(HostFault::Io(last_line(&heard.complaint))));
        }
        Ok(String::from_utf8_lossy(&heard.output).lines().map(str::to_owned).collect())
    }
}

fn last_line(text: &str) -> String {
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(names: &[&str]) -> Settings {
        let target = |name: &&str| Target { name: (*name).to_owned(), host: format!("me@{name}"), ..Target::default() };
        Settings { targets: names.iter().map(target).collect(), ..Settings::default() }
    }

    fn host(place: &PlaceArgs, files: &[&str], names: &[&str]) -> Result<Option<String>, Complaint> {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        target(place, &files, &settings(names)).map(|target| target.map(|target| target.host))
    }

    #[test]
    fn the_only_target_is_asked_unless_something_else_is_said() {
        let plain = PlaceArgs::default();
        assert_eq!(host(&plain, &[], &[]), Ok(None));
        assert_eq!(host(&plain, &[], &["prod"]), Ok(Some("me@prod".to_owned())));
        assert_eq!(host(&plain, &["backend"], &["prod"]), Ok(Some("me@prod".to_owned())), "a service there");
        let local = PlaceArgs { local: true, ..PlaceArgs::default() };
        assert_eq!(host(&local, &[], &["prod"]), Ok(None));
        let typed = PlaceArgs { host: Some("you@vm".to_owned()), ..PlaceArgs::default() };
        assert_eq!(host(&typed, &[], &["prod"]), Ok(Some("you@vm".to_owned())));
        let named = |name: &str| PlaceArgs { target: Some(name.to_owned()), ..PlaceArgs::default() };
        assert_eq!(host(&named("stage"), &[], &["prod", "stage"]), Ok(Some("me@stage".to_owned())));
        let wrong = Complaint::Target { given: "stag".to_owned(), near: Some("stage".to_owned()) };
        assert_eq!(host(&named("stag"), &[], &["prod", "stage"]), Err(wrong));
    }

    #[test]
    fn of_several_one_has_to_be_named() {
        let names = vec!["prod".to_owned(), "stage".to_owned()];
        assert_eq!(host(&PlaceArgs::default(), &[], &["prod", "stage"]), Err(Complaint::Targets { names }));
    }

    #[test]
    fn files_are_of_this_machine() {
        for file in ["/etc/hosts", "./backend", "logs/", "-", "Cargo.toml"] {
            assert_eq!(host(&PlaceArgs::default(), &[file], &["prod"]), Ok(None), "{file}");
        }
        let typed = PlaceArgs { host: Some("you@vm".to_owned()), ..PlaceArgs::default() };
        let refused = Complaint::FileThere { path: "/etc/hosts".to_owned(), host: "you@vm".to_owned() };
        assert_eq!(host(&typed, &["/etc/hosts"], &[]), Err(refused));
    }
}
