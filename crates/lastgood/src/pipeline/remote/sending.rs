//! Something large on its way to a host: it arrives in a file of ours there, goes on where an earlier attempt was cut off, and is taken in
//! when all of it is there. What it is, and what becomes of it, is whoever sends it.

use std::env;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use lastgood_world::digest;
use lastgood_world::hear::Heard;
use lastgood_world::ssh::SshFault;
use tempfile::TempDir;

use super::errand::FOLDER;
use super::{Asked, HostFault, TO_ANSWER, last_line};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::investigation::Progress;
use crate::io::Io;
use crate::progress::Bar;
use crate::render::answer::View;

/// It takes no longer, also on a slow line; a line that is dead is noticed by ssh.
const TO_SEND: Duration = Duration::from_secs(3 * 3600);
/// How far it came is looked at so often.
const LOOK_AGAIN: Duration = Duration::from_millis(150);
/// Ends with this if not all arrived.
const CUT_OFF: i32 = 95;
/// Ends with this if another thing arrived than was sent, or nowhere.
const DAMAGED: i32 = 94;

/// What is sent.
#[derive(Debug)]
pub(super) struct Large<'a> {
    /// Begins the name of the file there.
    kind: &'a str,
    path: &'a Path,
    key: String,
    /// Its bytes.
    pub(super) total: u64,
}

/// Why it was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The connection broke: ssh's words.
    CutOff(String),
    /// It did not arrive as it was sent, in the host's words.
    Damaged(String),
}

impl<'a> Large<'a> {
    /// A file of this machine.
    pub(super) fn of(kind: &'a str, path: &'a Path) -> io::Result<Self> {
        Ok(Self { kind, path, key: digest(path)?, total: path.metadata()?.len() })
    }

    /// How much of it is there already. What somebody began to send a day ago and longer goes. `also` is done before.
    fn arrived(&self, also: &str) -> String {
        let Self { kind, key, total, .. } = self;
        format!(
            "{FOLDER}\numask 077; mkdir -p \"$d\"; p=\"$d/{kind}-{key}\"\n\
             find \"$d\" -name '{kind}-*' ! -name '{kind}-{key}' -mmin +1440 -exec rm -f {{}} + || :\n\
             {also}\
             n=0; if [ -f \"$p\" ]; then n=$(($(wc -c <\"$p\"))); fi\n\
             if [ \"$n\" -gt {total} ]; then rm -f \"$p\"; n=0; fi\n\
             echo \"$n\""
        )
    }

    /// Takes the rest of it; `then` does something with it, which lies in `$p`, and is not there any more afterwards.
    fn take(&self, then: &str) -> String {
        let Self { kind, key, total, .. } = self;
        format!(
            "{FOLDER}\numask 077; p=\"$d/{kind}-{key}\"\n\
             cat >>\"$p\" || {{ echo 'it could not be written' >&2; exit {DAMAGED}; }}\n\
             if [ $(($(wc -c <\"$p\"))) -lt {total} ]; then echo 'not all arrived' >&2; exit {CUT_OFF}; fi\n\
             trap 'rm -f \"$p\"' EXIT\n\
             if command -v sha256sum >/dev/null; then\n\
             case \"$(sha256sum <\"$p\")\" in {key}*) ;; *) echo 'it arrived damaged' >&2; exit {DAMAGED};; esac\n\
             fi\n\
             {then}"
        )
    }
}

/// What the agent answered; or what it complained of, and its exit code.
pub type Answered = Result<Vec<u8>, (String, Exit)>;

impl Asked {
    /// Sends a file that the agent takes in by what is `typed`. `kind` tells what it is.
    ///
    /// # Errors
    /// If the host cannot be asked any more, or the agent does not run there.
    pub fn hand_over(
        &self,
        (kind, path): (&str, &Path),
        typed: &[String],
        view: View,
        io: &mut Io<'_>,
    ) -> anyhow::Result<Result<Answered, Lost>> {
        let large = Large::of(kind, path)?;
        let before = self.arrived(&large, "")?;
        if before > 0 {
            io.answer(&format!("{}\n", view.lang.goes_on(before)))?;
        }
        let script = self.script(typed, None, false, false, view);
        // By itself, or nobody would be there to take the file away afterwards.
        let then = format!("( {script}\n) <\"$p\"; exit $?");
        let heard = match self.send_rest(&large, before, &then, io.stderr_is_terminal)? {
            Ok(heard) => heard,
            Err(lost) => return Ok(Err(lost)),
        };
        let fault = |fault: HostFault| Complaint::Host { host: self.target.host.clone(), fault };
        Ok(Ok(match self.exit(heard.code).map_err(fault)? {
            Exit::Good => Ok(heard.output),
            exit => Err((heard.complaint, exit)),
        }))
    }

    /// How many bytes of it came with an earlier attempt.
    pub(super) fn arrived(&self, large: &Large<'_>, also: &str) -> Result<u64, Complaint> {
        let heard = self.hear(&large.arrived(also), None, TO_ANSWER)?;
        Ok(String::from_utf8_lossy(&heard.output).trim().parse::<u64>().unwrap_or(0).min(large.total))
    }

    /// Sends what lies behind `before`, and does `then` with all of it, in `$p`. Says what that said.
    pub(super) fn send_rest(
        &self,
        large: &Large<'_>,
        before: u64,
        then: &str,
        shows: bool,
    ) -> anyhow::Result<Result<Heard, Lost>> {
        let mut file = File::open(large.path)?;
        file.seek(SeekFrom::Start(before))?;
        let script = large.take(then);
        let heard =
            watched(&file, large.total - before, shows, || self.ssh.hear(&script, Some(file.try_clone()?), TO_SEND));
        Ok(match heard {
            Ok(Heard { code: CUT_OFF, complaint, .. }) => Err(Lost::CutOff(last_line(&complaint))),
            Ok(Heard { code: DAMAGED, complaint, .. }) => Err(Lost::Damaged(last_line(&complaint))),
            Ok(heard) => Ok(heard),
            Err(SshFault::Unreachable(why)) => Err(Lost::CutOff(why)),
            Err(other) => {
                let fault = HostFault::from(other);
                return Err(Complaint::Host { host: self.target.host.clone(), fault }.into());
            }
        })
    }
}

/// Runs something that reads a file to its end, and shows how far it is.
fn watched<T: Send>(file: &File, ahead: u64, shows: bool, run: impl FnOnce() -> T + Send) -> T {
    let bar = shows.then(Bar::new);
    let Some(bar) = bar else { return run() };
    bar.ahead(ahead);
    let (over, is_over) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let place = || (&*file).stream_position().unwrap_or(0);
            let mut before = place();
            // Whoever reads it shares the place with us.
            while is_over.recv_timeout(LOOK_AGAIN) == Err(RecvTimeoutError::Timeout) {
                let now = place();
                bar.read(now.saturating_sub(before));
                before = now;
            }
        });
        let done = run();
        drop(over);
        done
    })
}

/// In `TMPDIR`, else in `/var/tmp`, which unlike `/tmp` is rarely held in memory.
///
/// # Errors
/// If it cannot be made.
pub fn roomy_folder() -> io::Result<TempDir> {
    let there = roomy_place().and_then(|place| TempDir::with_prefix_in("lastgood-", place).ok());
    there.map_or_else(|| TempDir::with_prefix("lastgood-"), Ok)
}

/// Where that is.
#[must_use]
pub fn roomy_place() -> Option<PathBuf> {
    let place = env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from);
    place.is_dir().then_some(place)
}

/// A machine without anything, for tests of scripts.
#[cfg(test)]
pub(super) mod stand_in {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};

    use super::{File, TempDir};

    /// Its home, and programs in it.
    pub struct Host(TempDir);

    impl Host {
        /// One with a program.
        pub fn with(program: &str, script: &str) -> Self {
            let host = Self(TempDir::new().unwrap());
            let bin = host.0.path().join("bin");
            fs::create_dir(&bin).unwrap();
            fs::write(bin.join(program), format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(bin.join(program), fs::Permissions::from_mode(0o700)).unwrap();
            host
        }

        pub fn run(&self, script: &str, input: &[u8]) -> (i32, String) {
            self.write("input", input);
            let path = format!("{}:{}", self.0.path().join("bin").display(), std::env::var("PATH").unwrap());
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(script).env("HOME", self.0.path()).env("PATH", path).env_remove("XDG_CACHE_HOME");
            shell.stdin(File::open(self.0.path().join("input")).unwrap()).stderr(Stdio::null());
            let output = shell.output().unwrap();
            (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }

        pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
            fs::write(self.0.path().join(path), text).unwrap();
        }

        pub fn text(&self, path: &str) -> Option<String> {
            fs::read_to_string(self.0.path().join(path)).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::stand_in::Host;
    use super::*;

    #[test]
    fn it_goes_on_where_it_was_cut_off_and_nothing_of_it_stays() {
        let host = Host::with("takes", "cat >>\"$HOME/taken\"; [ ! -f \"$HOME/full\" ]");
        let place = TempDir::new().unwrap();
        let path = place.path().join("packed");
        fs::write(&path, "all of it").unwrap();
        let large = Large::of("images", &path).unwrap();
        let spool = format!(".cache/lastgood/images-{}", large.key);
        let (arrived, take) = (large.arrived("touch \"$HOME/also\"\n"), large.take("takes <\"$p\" || exit 3"));
        assert_eq!(host.run(&arrived, b""), (0, "0".to_owned()));
        assert!(host.text("also").is_some());
        assert_eq!(host.run(&take, b"all ").0, CUT_OFF);
        assert_eq!((host.run(&arrived, b""), host.text("taken")), ((0, "4".to_owned()), None));
        assert_eq!(host.run(&take, b"of it"), (0, String::new()));
        assert_eq!((host.text("taken").as_deref(), host.text(&spool)), (Some("all of it"), None));

        // What is damaged or not taken does not stay.
        assert_eq!((host.run(&take, b"all of IT").0, host.text(&spool)), (DAMAGED, None));
        host.write("full", "");
        assert_eq!((host.run(&take, b"all of it").0, host.text(&spool)), (3, None));
        // More than there is to come is somebody else's.
        host.write(&spool, "more than all of it");
        assert_eq!(host.run(&arrived, b""), (0, "0".to_owned()));
    }

    #[test]
    fn whoever_watches_does_not_disturb() {
        let place = TempDir::new().unwrap();
        let path = place.path().join("packed");
        fs::write(&path, vec![7; 3_000_000]).unwrap();
        let mut file = File::open(&path).unwrap();
        file.seek(SeekFrom::Start(1_000_000)).unwrap();
        let slowly = "for i in 1 2 3; do head -c 500000 | wc -c; sleep 0.2; done; wc -c";
        let said = watched(&file, 2_000_000, true, || {
            Command::new("sh").args(["-c", slowly]).stdin(file.try_clone().unwrap()).output().unwrap()
        });
        assert_eq!(String::from_utf8(said.stdout).unwrap(), "500000\n500000\n500000\n500000\n");
    }
}
