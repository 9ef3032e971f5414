//! Images on their way to a host: those that its engine lacks, without the layers that it has, packed, and from where an earlier attempt
//! was cut off. Before that: whether they run there, and whether there is room. What stands in a file of `docker save` is the world's.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use lastgood_diagnose::architecture::runs_on;
use lastgood_model::Snapshot;
use lastgood_model::release::ReleasedService;
use lastgood_world::digest;
use lastgood_world::engine::compose::{self, CONTAINERD, OF_CONTAINERD};
use lastgood_world::engine::layers::{Saved, chains};
use lastgood_world::ssh::{SshFault, quoted};
use tempfile::TempDir;

use super::errand::FOLDER;
use super::{Asked, HostFault, TO_ANSWER, last_line};
use crate::complaint::Complaint;
use crate::investigation::Progress;
use crate::io::Io;
use crate::progress::Bar;
use crate::render::answer::View;

/// Images take no longer, also large ones on a slow line; a line that is dead is noticed by ssh.
const TO_SEND: Duration = Duration::from_secs(3 * 3600);
/// Docker hands them out within this.
const TO_SAVE: Duration = Duration::from_secs(3600);
/// How far it came is looked at so often.
const LOOK_AGAIN: Duration = Duration::from_millis(150);
/// Ends with this if not all arrived.
const CUT_OFF: i32 = 95;

/// So begin the names of what was brought.
const BROUGHT: &str = "lastgood/brought:";

/// Why images do not get to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageFault {
    /// Docker does not hand them out here, in its words.
    NotSaved(String),
    /// There is no room for them, in bytes.
    NoRoom {
        /// Where.
        place: String,
        /// So much it takes.
        needs: u64,
        /// So much there is.
        has: u64,
    },
    /// One is for another kind of machine; both in Docker's words.
    Architecture {
        /// The service whose image it is.
        service: String,
        /// For which it is made.
        made: String,
        /// The program in it that is, where it is not the image as a whole.
        path: Option<String>,
        /// What the host is.
        machine: String,
    },
    /// The connection broke: ssh's words.
    CutOff(String),
    /// The engine there does not take them, in its words.
    NotTaken(String),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Brought {
    /// All images are there, and so many bytes were sent for it.
    There(u64),
    /// Nothing was sent, since they are not for that host.
    Refused(Complaint),
}

/// The name by which an image is known to an engine that calls it otherwise than the one that it comes from.
#[must_use]
pub fn brought_name(id: &str) -> String {
    let digest = id.strip_prefix("sha256:").unwrap_or(id);
    format!("{BROUGHT}{}", digest.get(..32).unwrap_or(digest))
}

/// What the kernel calls the emulator of a processor, which is in Docker's words.
#[must_use]
pub fn emulator(processor: &str) -> String {
    match processor {
        "amd64" => "qemu-x86_64".to_owned(),
        "arm64" => "qemu-aarch64".to_owned(),
        other => format!("qemu-{other}"),
    }
}

/// What an engine has, and how much room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Store {
    /// In Docker's words.
    machine: String,
    /// Processors whose programs the machine runs by emulation, as the kernel calls the emulators.
    emulators: String,
    /// It keeps images in containerd's store: layers by the digest of what travelled. What it did not get from us may have travelled
    /// packed otherwise, so that those layers are not counted as there.
    containerd: bool,
    /// Room where images are, and where they arrive.
    rooms: Vec<Room>,
    /// Images by their ids.
    ids: BTreeSet<String>,
    /// Names of ours.
    names: BTreeSet<String>,
    /// Chains of layers that are there.
    chains: BTreeSet<String>,
}

/// Room in a file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Room {
    place: String,
    system: String,
    free: u64,
}

impl Store {
    /// Asks for that.
    fn script() -> String {
        let (folder, socket) = OF_CONTAINERD;
        format!(
            "set -e\n{FOLDER}\n\
             docker version --format '{{{{.Server.Arch}}}}'\n\
             echo $(ls /proc/sys/fs/binfmt_misc 2>/dev/null)\n\
             docker info --format '{{{{json .DriverStatus}}}}'\n\
             r=$(docker info --format '{{{{.DockerRootDir}}}}'); mkdir -p \"$d\"\n\
             case \"$(docker info --format '{{{{json .DriverStatus}}}}')\" in *{CONTAINERD}*)\n\
             if [ -S {socket} ] && [ -d {folder} ]; then r={folder}; fi;; esac\n\
             for p in \"$r\" \"$d\"; do echo \"$p\"; (df -Pk \"$p\" 2>/dev/null || echo) | tail -n 1; done\n\
             docker image ls --all --quiet --no-trunc | sort -u | xargs -r docker image inspect \
             --format '{{{{.Id}}}} {{{{json .RepoTags}}}} {{{{json .RootFS.Layers}}}}' 2>/dev/null || :"
        )
    }

    /// What was answered.
    fn of(output: &str) -> Self {
        let mut lines = output.lines();
        let mut next = || lines.next().unwrap_or_default().trim().to_owned();
        let (machine, emulators) = (next(), next());
        let containerd = next().contains(CONTAINERD);
        let rooms = [(next(), next()), (next(), next())];
        let rooms = rooms.into_iter().filter_map(|(place, line)| Room::of(place, &line)).collect();
        let mut store = Self { machine, emulators, containerd, rooms, ..Self::default() };
        for line in lines {
            let mut parts = line.splitn(3, ' ');
            let (Some(id), Some(names), Some(layers)) = (parts.next(), parts.next(), parts.next()) else { continue };
            let texts = |text: &str| serde_json::from_str::<Option<Vec<String>>>(text).ok().flatten();
            store.ids.insert(id.to_owned());
            let names = texts(names).unwrap_or_default();
            if !store.containerd || names.iter().any(|name| name.starts_with(BROUGHT)) {
                store.chains.extend(texts(layers).map(|layers| chains(&layers)).into_iter().flatten());
            }
            store.names.extend(names.into_iter().filter(|name| name.starts_with("lastgood/")));
        }
        store
    }

    fn has(&self, image: &str) -> bool {
        self.ids.contains(image) || self.names.contains(&brought_name(image))
    }

    /// Whether it runs programs for this processor, if need be by emulation.
    fn runs(&self, made: &str) -> bool {
        let emulator = emulator(made);
        let known = !made.is_empty() && !self.machine.is_empty();
        !known || runs_on(made, &self.machine) || self.emulators.split(' ').any(|word| word == emulator)
    }

    fn refuses(&self, service: &ReleasedService, made: &str, path: Option<&str>) -> ImageFault {
        ImageFault::Architecture {
            service: service.name.to_string(),
            made: made.to_owned(),
            path: path.map(str::to_owned),
            machine: self.machine.clone(),
        }
    }

    /// Where `unpacked` bytes of layers do not fit of which `packed` arrive. Docker unpacks what it takes in before it makes layers of it.
    fn lacks_room(&self, packed: u64, unpacked: u64) -> Option<ImageFault> {
        let needs = |room: &Room, at: usize| {
            let own = if at == 0 { unpacked.saturating_mul(2) } else { packed };
            let others = self.rooms.iter().enumerate().filter(|(other, one)| *other != at && one.system == room.system);
            own + others.map(|(other, _)| if other == 0 { unpacked.saturating_mul(2) } else { packed }).sum::<u64>()
        };
        let mut short = self.rooms.iter().enumerate().map(|(at, room)| (room, needs(room, at)));
        short.find(|(room, needs)| *needs > room.free).map(|(room, needs)| ImageFault::NoRoom {
            place: room.place.clone(),
            needs,
            has: room.free,
        })
    }
}

impl Room {
    /// What `df -Pk` says of a place: file system, blocks, used, free, share, where it is mounted.
    fn of(place: String, line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().rev().skip_while(|word| !word.ends_with('%')).skip(1);
        let free = words.next()?.parse::<u64>().ok()?.saturating_mul(1024);
        let system = line.split_once('%').map(|(_, mounted)| mounted.trim().to_owned())?;
        Some(Self { place, system, free })
    }
}

/// A service whose image, or a program in it, is for another machine than the host is, as far as was looked.
fn foreign(services: &[&ReleasedService], snapshot: &Snapshot, store: &Store) -> Option<ImageFault> {
    services.iter().find_map(|service| {
        let image = snapshot.image(&service.image_id)?;
        let started = image.entrypoint.first().or(image.command.first()).map_or("", |word| word.expose());
        let program = image.program_architecture.as_deref().map(|made| (made, Some(started)));
        let module = image.foreign_module.as_ref().map(|module| (&*module.architecture, Some(&*module.path)));
        let made = [Some((&*image.architecture, None)), program, module].into_iter().flatten();
        let (made, path) = made.into_iter().find(|(made, _)| !store.runs(made))?;
        Some(store.refuses(service, made, path))
    })
}

/// Images that were saved here and packed for a host.
struct Parcel<'s> {
    saved: &'s Saved<'s>,
    names: &'s [&'s str],
    ids: Vec<&'s str>,
    /// Names of ours for them, by their ids here. Their own names go on standing for what they do: until the switch, and for good if
    /// there is none.
    ours: BTreeMap<String, String>,
    folder: &'s Path,
}

impl Asked {
    /// Brings images of services that were built here and are not there yet. `look` tells what programs are in them.
    ///
    /// # Errors
    /// If the host cannot be reached, has no room, or does not take them.
    pub fn bring_images(
        &self,
        services: &[ReleasedService],
        look: impl FnOnce() -> Option<Snapshot>,
        view: View,
        io: &mut Io<'_>,
    ) -> anyhow::Result<Brought> {
        let built: Vec<&ReleasedService> = services.iter().filter(|service| !service.image_id.is_empty()).collect();
        if built.is_empty() {
            return Ok(Brought::There(0));
        }
        let heard = self.hear(&Store::script(), None, TO_ANSWER)?;
        let store = Store::of(&String::from_utf8_lossy(&heard.output));
        let lacking: Vec<&ReleasedService> =
            built.into_iter().filter(|service| !store.has(&service.image_id)).collect();
        if lacking.is_empty() {
            return Ok(Brought::There(0));
        }
        if let Some(fault) = look().and_then(|snapshot| foreign(&lacking, &snapshot, &store)) {
            return Ok(Brought::Refused(self.no(fault)));
        }
        let mut names: Vec<&str> = lacking.iter().map(|service| &*service.image).collect();
        names.sort_unstable();
        names.dedup();
        // Docker writes beside it and renames: it has to be a place, and not a file that is open.
        let folder = roomy_folder()?;
        let whole = folder.path().join("images.tar");
        let said = compose::save(&names, &whole, TO_SAVE).map_err(|unheard| self.no(not_saved(unheard)))?;
        if said.code != 0 {
            return Err(self.no(ImageFault::NotSaved(last_line(&said.complaint))).into());
        }
        let file = File::open(&whole)?;
        let saved = Saved::read(&file).map_err(|error| self.no(not_saved(error)))?;
        let saved_of = |service: &ReleasedService| {
            saved.images.iter().find(|image| image.names.iter().any(|name| is_name(name, &service.image)))
        };
        let mut ours = BTreeMap::new();
        for service in &lacking {
            let Some(image) = saved_of(service) else { continue };
            if !store.runs(&image.architecture) {
                return Ok(Brought::Refused(self.no(store.refuses(service, &image.architecture, None))));
            }
            // By that one it is found, too, in an engine that keeps images otherwise and calls them otherwise.
            ours.insert(image.id.clone(), brought_name(&service.image_id));
        }
        let ids = lacking.iter().map(|service| &*service.image_id).collect();
        let parcel = Parcel { saved: &saved, names: &names, ids, ours, folder: folder.path() };
        let mut sent = 0;
        if saved.lacking(&store.chains) < saved.lacking(&BTreeSet::new()) {
            let (bytes, taken) = self.send_images(&parcel, &store, &store.chains, view, io)?;
            sent += bytes;
            if taken.is_ok() {
                return Ok(Brought::There(sent));
            }
            io.answer(&format!("{}\n", view.lang.brings_whole()))?;
        }
        let (bytes, taken) = self.send_images(&parcel, &store, &BTreeSet::new(), view, io)?;
        taken.map_err(|why| self.no(ImageFault::NotTaken(why)))?;
        Ok(Brought::There(sent + bytes))
    }

    /// Sends them without the layers of these chains, and has them taken in. Returns how many bytes were sent; and, if the images are not
    /// there afterwards, why.
    fn send_images(
        &self,
        parcel: &Parcel<'_>,
        store: &Store,
        has: &BTreeSet<String>,
        view: View,
        io: &mut Io<'_>,
    ) -> anyhow::Result<(u64, Result<(), String>)> {
        let path = parcel.folder.join("packed");
        parcel.saved.write_lacking(has, &parcel.ours, io::BufWriter::new(File::create(&path)?))?.into_inner()?;
        let (key, total) = (digest(&path)?, path.metadata()?.len());
        let (unpacked, all) = (parcel.saved.lacking(has), parcel.saved.lacking(&BTreeSet::new()));
        let heard = self.hear(&arrived(&key, total), None, TO_ANSWER)?;
        let before = String::from_utf8_lossy(&heard.output).trim().parse::<u64>().unwrap_or(0).min(total);
        if let Some(fault) = store.lacks_room(total - before, unpacked) {
            return Err(self.no(fault).into());
        }
        io.answer(&format!("{}\n", view.lang.brings_images(parcel.names, total - before, all, unpacked == all)))?;
        if before > 0 {
            io.answer(&format!("{}\n", view.lang.goes_on(before)))?;
        }
        let mut file = File::open(&path)?;
        file.seek(SeekFrom::Start(before))?;
        let script = take(&key, total, &parcel.ids);
        let heard = watched(&file, total - before, io.stderr_is_terminal, || {
            self.ssh.hear(&script, Some(file.try_clone()?), TO_SEND)
        });
        let heard = heard.map_err(|fault| match fault {
            SshFault::Unreachable(why) => self.no(ImageFault::CutOff(why)),
            other => Complaint::Host { host: self.target.host.clone(), fault: HostFault::from(other) },
        })?;
        let absent = String::from_utf8_lossy(&heard.output).trim().to_owned();
        let taken = match heard.code {
            0 if absent.is_empty() => Ok(()),
            0 => Err(absent),
            CUT_OFF => return Err(self.no(ImageFault::CutOff(last_line(&heard.complaint))).into()),
            _ => Err(last_line(&heard.complaint)),
        };
        Ok((total - before, taken))
    }

    fn no(&self, fault: ImageFault) -> Complaint {
        Complaint::Images { host: self.target.host.clone(), fault }
    }
}

/// How much of a parcel is there already. What somebody began to send a day ago and longer goes, and so do names of ours whose image
/// bears no other.
fn arrived(key: &str, total: u64) -> String {
    format!(
        "{FOLDER}\numask 077; mkdir -p \"$d\"; p=\"$d/images-{key}\"\n\
         find \"$d\" -name 'images-*' ! -name 'images-{key}' -mmin +1440 -exec rm -f {{}} + || :\n\
         docker image ls --quiet --no-trunc lastgood/brought | sort -u | while read -r i; do\n\
         n=$(docker image inspect --format '{{{{join .RepoTags \" \"}}}}' \"$i\" 2>/dev/null) || continue\n\
         case \"$n\" in *' '*) ;; lastgood/brought:*) docker image rm \"$n\" >/dev/null 2>&1 || :;; esac\n\
         done\n\
         n=0; if [ -f \"$p\" ]; then n=$(($(wc -c <\"$p\"))); fi\n\
         if [ \"$n\" -gt {total} ]; then rm -f \"$p\"; n=0; fi\n\
         echo \"$n\""
    )
}

/// Takes in the rest of a parcel, and then what is in it; names those of these images that are not there afterwards. containerd's store
/// gives an image its name before it finds that layers of it lack.
fn take(key: &str, total: u64, ids: &[&str]) -> String {
    let named = |id: &&str| format!("there {0} {1} || echo {0}\n", quoted(id), quoted(&brought_name(id)));
    let asked: String = ids.iter().map(named).collect();
    let names: Vec<String> = ids.iter().map(|id| quoted(&brought_name(id))).collect();
    let names = names.join(" ");
    format!(
        "{FOLDER}\numask 077; p=\"$d/images-{key}\"\n\
         cat >>\"$p\" || exit 1\n\
         if [ $(($(wc -c <\"$p\"))) -lt {total} ]; then echo 'not all arrived' >&2; exit {CUT_OFF}; fi\n\
         trap 'rm -f \"$p\"' EXIT\n\
         if command -v sha256sum >/dev/null; then\n\
         case \"$(sha256sum <\"$p\")\" in {key}*) ;; *) echo 'they arrived damaged' >&2; exit 1;; esac\n\
         fi\n\
         docker load --quiet <\"$p\" >/dev/null || {{ docker image rm {names} >/dev/null 2>&1; exit 1; }}\n\
         there() {{ docker image inspect \"$1\" >/dev/null 2>&1 || docker image inspect \"$2\" >/dev/null 2>&1; }}\n\
         {asked}"
    )
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

/// Whether a name as it is saved is one as it is written.
fn is_name(saved: &str, written: &str) -> bool {
    saved == written || saved.strip_suffix(":latest") == Some(written)
}

fn not_saved(why: impl ToString) -> ImageFault {
    ImageFault::NotSaved(why.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::{Command, Stdio};

    use super::*;

    const SAID: &str = "amd64\nqemu-aarch64 register status\n[[\"Backing Filesystem\",\"extfs\"]]\n/var/lib/docker\n\
        /dev/vda 263174212 34041532 61440 36% /\n/home/me/.cache/lastgood\n/dev/vdb 1000 1 2000 1% /home of all\n\
        sha256:1 [\"shop:1\",\"lastgood/brought:ab\"] [\"sha256:a\",\"sha256:b\"]\nsha256:2 [] null\n";

    #[test]
    fn what_an_engine_has() {
        let store = Store::of(SAID);
        assert!(store.has("sha256:1") && store.has("sha256:ab") && !store.has("sha256:3") && !store.containerd);
        assert_eq!(store.chains.len(), 2);
        assert!(store.chains.contains("sha256:a") && !store.chains.contains("sha256:b"), "only on top of the other");
        assert!(store.runs("amd64") && store.runs("386") && store.runs("arm64") && !store.runs("riscv64"));
        assert!(store.runs(""), "what does not say is not refused");
        let contained =
            SAID.replace("\"Backing Filesystem\",\"extfs\"", "\"driver-type\",\"io.containerd.snapshotter.v1\"");
        assert!(Store::of(&contained).containerd);
        assert_eq!(Store::of(""), Store::default());
    }

    #[test]
    fn room_is_needed_where_images_are_and_where_they_arrive() {
        let store = Store::of(SAID);
        let [root, cache] = store.rooms.as_slice() else { panic!("{:?}", store.rooms) };
        assert_eq!((root.free, &*root.system), (61_440 * 1024, "/"));
        assert_eq!((cache.free, &*cache.system), (2_000 * 1024, "/home of all"));
        let short = |store: &Store, packed, unpacked| match store.lacks_room(packed, unpacked) {
            Some(ImageFault::NoRoom { place, needs, .. }) => Some((place, needs)),
            _ => None,
        };
        assert_eq!(short(&store, 1_000_000, 31_000_000), None);
        assert_eq!(short(&store, 1_000_000, 32_000_000), Some(("/var/lib/docker".to_owned(), 64_000_000)));
        assert_eq!(short(&store, 3_000_000, 1), Some(("/home/me/.cache/lastgood".to_owned(), 3_000_000)));
        // Both in one file system.
        let one = Store::of(&SAID.replace("/home of all", "/"));
        assert_eq!(short(&one, 1_000_000, 31_000_000), Some(("/var/lib/docker".to_owned(), 63_000_000)));
        // What `df` does not know is not held against it.
        assert_eq!(short(&Store::of(&SAID.replace('%', "")), 1 << 40, 1 << 40), None);
    }

    /// A host with a `docker` that keeps what it is given, and has the images of the ids that it lists.
    struct Host(TempDir);

    impl Host {
        fn run(&self, script: &str, input: &[u8]) -> (i32, String) {
            fs::write(self.0.path().join("input"), input).unwrap();
            let docker = "#!/bin/sh\ncase \"$*\" in load*) cat >>\"$HOME/loaded\"; [ ! -f \"$HOME/full\" ];; \
                          *inspect*' '*) for i; do :; done; grep -qx \"$i\" \"$HOME/ids\";; esac\n";
            let (bin, docker) = (self.0.path().join("bin"), docker.as_bytes());
            fs::create_dir_all(&bin).unwrap();
            fs::write(bin.join("docker"), docker).unwrap();
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(bin.join("docker"), fs::Permissions::from_mode(0o700)).unwrap();
            let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(script).env("HOME", self.0.path()).env("PATH", path).env_remove("XDG_CACHE_HOME");
            shell.stdin(File::open(self.0.path().join("input")).unwrap()).stderr(Stdio::null());
            let output = shell.output().unwrap();
            (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }

        fn text(&self, path: &str) -> Option<String> {
            fs::read_to_string(self.0.path().join(path)).ok()
        }
    }

    #[test]
    fn a_parcel_goes_on_where_it_was_cut_off_and_nothing_of_it_stays() {
        let host = Host(TempDir::new().unwrap());
        fs::write(host.0.path().join("ids"), "sha256:one\nlastgood/brought:two\n").unwrap();
        let key = lastgood_world::digest_of(b"all of it");
        let spool = format!(".cache/lastgood/images-{key}");
        let (arrived, take) = (arrived(&key, 9), take(&key, 9, &["sha256:one", "sha256:two"]));
        assert_eq!(host.run(&arrived, b""), (0, "0".to_owned()));
        assert_eq!(host.run(&take, b"all ").0, CUT_OFF);
        assert_eq!(host.run(&arrived, b""), (0, "4".to_owned()));
        assert_eq!(host.run(&take, b"of it"), (0, String::new()), "one is there, the other by our name");
        assert_eq!((host.text("loaded").as_deref(), host.text(&spool)), (Some("all of it"), None));

        // What is not there afterwards is named; what is damaged or not taken does not stay.
        let absent = super::take(&key, 9, &["sha256:three"]);
        assert_eq!(host.run(&absent, b"all of it"), (0, "sha256:three".to_owned()));
        assert_eq!((host.run(&take, b"all of IT").0, host.text(&spool)), (1, None));
        fs::write(host.0.path().join("full"), "").unwrap();
        assert_eq!((host.run(&take, b"all of it").0, host.text(&spool)), (1, None));
        // More than there is to come is somebody else's.
        fs::write(host.0.path().join(&spool), "more than all of it").unwrap();
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
