//! Images on their way to a host: those that its engine lacks, without the layers that it has, packed, and from where an earlier attempt
//! was cut off. Before that: whether they run there, and whether there is room. What stands in a file of `docker save` is the world's.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use lastgood_diagnose::architecture::runs_on;
use lastgood_model::Snapshot;
use lastgood_model::release::ReleasedService;
use lastgood_world::engine::compose::{self, CONTAINERD, OF_CONTAINERD};
use lastgood_world::engine::layers::{Saved, chains};
use lastgood_world::ssh::quoted;

use super::errand::FOLDER;
use super::meanwhile::Meanwhile;
use super::sending::{Large, Lost, roomy_folder};
use super::{Asked, TO_ANSWER, last_line};
use crate::complaint::Complaint;
use crate::io::Io;
use crate::render::answer::View;

/// Docker hands them out within this.
const TO_SAVE: Duration = Duration::from_secs(3600);

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
            "set -e\n{FOLDER}\nn='\n'\n\
             docker version --format '{{{{.Server.Arch}}}}'\n\
             echo $(ls /proc/sys/fs/binfmt_misc 2>/dev/null)\n\
             i=$(docker info --format '{{{{json .DriverStatus}}}}{{{{println}}}}{{{{.DockerRootDir}}}}')\n\
             r=${{i##*\"$n\"}}; s=${{i%%\"$n\"*}}; echo \"$s\"; mkdir -p \"$d\"\n\
             case \"$s\" in *{CONTAINERD}*)\n\
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
    /// Has its engine asked meanwhile what it has. What comes to it before [`Self::bring_images`] is then taken for absent.
    pub fn look_ahead(&self) {
        let ssh = Arc::clone(&self.ssh);
        let asks = Meanwhile::begin(move || ssh.hear(&Store::script(), None, TO_ANSWER));
        *self.images.lock().unwrap_or_else(PoisonError::into_inner) = Some(asks);
    }

    fn store(&self) -> Result<Store, Complaint> {
        let asked = self.images.lock().unwrap_or_else(PoisonError::into_inner).take();
        let heard = match asked.and_then(Meanwhile::end) {
            Some(heard) => self.succeeded(heard)?,
            None => self.hear(&Store::script(), None, TO_ANSWER)?,
        };
        Ok(Store::of(&String::from_utf8_lossy(&heard.output)))
    }

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
        let store = self.store()?;
        let lacking: Vec<&ReleasedService> =
            built.into_iter().filter(|service| !store.has(&service.image_id)).collect();
        if lacking.is_empty() {
            return Ok(Brought::There(0));
        }
        let mut names: Vec<&str> = lacking.iter().map(|service| &*service.image).collect();
        names.sort_unstable();
        names.dedup();
        // Docker writes beside it and renames: it has to be a place, and not a file that is open.
        let folder = roomy_folder()?;
        let whole = folder.path().join("images.tar");
        let (said, snapshot) = thread::scope(|scope| {
            let saving = scope.spawn(|| compose::save(&names, &whole, TO_SAVE));
            let snapshot = look();
            (saving.join(), snapshot)
        });
        if let Some(fault) = snapshot.and_then(|snapshot| foreign(&lacking, &snapshot, &store)) {
            return Ok(Brought::Refused(self.no(fault)));
        }
        let panicked = |_| self.no(not_saved("a thread ended early"));
        let said = said.map_err(panicked)?.map_err(|unheard| self.no(not_saved(unheard)))?;
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
        let large = Large::of("images", &path)?;
        let (unpacked, all) = (parcel.saved.lacking(has), parcel.saved.lacking(&BTreeSet::new()));
        let before = self.arrived(&large, FORSAKEN)?;
        let rest = large.total - before;
        if let Some(fault) = store.lacks_room(rest, unpacked) {
            return Err(self.no(fault).into());
        }
        io.answer(&format!("{}\n", view.lang.brings_images(parcel.names, rest, all, unpacked == all)))?;
        if before > 0 {
            io.answer(&format!("{}\n", view.lang.goes_on(before)))?;
        }
        let taken = match self.send_rest(&large, before, &load(&parcel.ids), io.stderr_is_terminal)? {
            Ok(heard) if heard.code != 0 => Err(last_line(&heard.complaint)),
            Ok(heard) => match String::from_utf8_lossy(&heard.output).trim() {
                "" => Ok(()),
                absent => Err(absent.to_owned()),
            },
            Err(Lost::Damaged(why)) => Err(why),
            Err(Lost::CutOff(why)) => return Err(self.no(ImageFault::CutOff(why)).into()),
        };
        Ok((rest, taken))
    }

    fn no(&self, fault: ImageFault) -> Complaint {
        Complaint::Images { host: self.target.host.clone(), fault }
    }
}

/// Names of ours go whose image bears no other.
const FORSAKEN: &str = r#"docker image ls --quiet --no-trunc lastgood/brought | sort -u |
xargs -r docker image inspect --format '{{join .RepoTags " "}}' 2>/dev/null | while read -r n; do
case "$n" in *' '*) ;; lastgood/brought:*) docker image rm "$n" >/dev/null 2>&1 || :;; esac
done
"#;

/// Takes in what is in a parcel; names those of these images that are not there afterwards. containerd's store gives an image its name
/// before it finds that layers of it lack.
fn load(ids: &[&str]) -> String {
    let named = |id: &&str| format!("there {0} {1} || echo {0}\n", quoted(id), quoted(&brought_name(id)));
    let asked: String = ids.iter().map(named).collect();
    let names: Vec<String> = ids.iter().map(|id| quoted(&brought_name(id))).collect();
    let names = names.join(" ");
    format!(
        "docker load --quiet <\"$p\" >/dev/null || {{ docker image rm {names} >/dev/null 2>&1; exit 1; }}\n\
         there() {{ docker image inspect \"$1\" >/dev/null 2>&1 || docker image inspect \"$2\" >/dev/null 2>&1; }}\n\
         {asked}"
    )
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
    use super::super::sending::stand_in::Host;
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

    #[test]
    fn images_that_are_not_there_afterwards_are_named() {
        let docker = "case \"$*\" in load*) cat >>\"$HOME/loaded\"; [ ! -f \"$HOME/full\" ];; \
                      *inspect*' '*) for i; do :; done; grep -qx \"$i\" \"$HOME/ids\";; esac";
        let host = Host::with("docker", docker);
        host.write("ids", "sha256:one\nlastgood/brought:two\n");
        host.write("parcel", "all of it");
        let load = |ids: &[&str]| host.run(&format!("p=\"$HOME/parcel\"\n{}", load(ids)), b"");
        assert_eq!(load(&["sha256:one", "sha256:two"]), (0, String::new()), "one is there, the other by our name");
        assert_eq!(host.text("loaded").as_deref(), Some("all of it"));
        assert_eq!(load(&["sha256:three"]), (0, "sha256:three".to_owned()));
        host.write("full", "");
        assert_eq!(load(&["sha256:one"]).0, 1);
    }
}
