//! The target's side of an artifact: whether its image is there already, and else making it of what came in. What is in it, and whether
//! that fits, was found out by whoever sent it.

use std::env;
use std::fs;
use std::io::{self, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use lastgood_world::engine::compose;
use lastgood_world::engine::layering::{Laid, What, config_of, lay, layer};
use lastgood_world::state::bundle::unpack_tight;
use lastgood_world::{Capacity, Damage, capacities, digest};
use serde::{Deserialize, Serialize};

use super::artifact::{ArtifactFault, Content, Description};
use super::doer::heard;
use super::fetch::{Unfetched, fetched};
use super::trouble::Trouble;
use crate::pipeline::remote::{roomy_folder, roomy_place};

/// Images that were made here are called so.
pub const MADE: &str = "lastgood/artifact";
/// An artifact has no more bytes.
const MOST_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// The image below is fetched within this.
const TO_FETCH: Duration = Duration::from_secs(1800);
/// How much room there is can be seen within this.
const TO_SEE: Duration = Duration::from_secs(5);
/// Docker makes an image of it within this.
const TO_MAKE: Duration = Duration::from_secs(600);
/// What was made this long ago is on its way to no release any more.
const ARRIVES_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// What a target says of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// For which processor its programs have to be made, in Docker's words.
    pub machine: String,
    /// The id of its image, if that is there.
    pub image: Option<String>,
    /// Room where files arrive, and where images are.
    #[serde(default)]
    pub rooms: Vec<Room>,
}

/// Room in a file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The folder that is meant.
    pub place: String,
    /// In bytes.
    pub free: u64,
    /// Tells file systems from each other.
    pub device: u64,
}

impl Answer {
    /// Where so many bytes of files do not fit: they arrive and become a layer, which the engine takes in and makes an image of.
    #[must_use]
    pub fn lacks_room(&self, bytes: u64) -> Option<ArtifactFault> {
        let each = bytes.saturating_mul(2);
        let needs =
            |room: &Room| each.saturating_mul(self.rooms.iter().filter(|one| one.device == room.device).count() as u64);
        let short = self.rooms.iter().map(|room| (room, needs(room))).find(|(room, needs)| *needs > room.free);
        short.map(|(Room { place, free, .. }, needs)| ArtifactFault::NoRoom { place: place.clone(), needs, has: *free })
    }
}

/// Whether the image of an artifact is there. Nothing is changed.
///
/// # Errors
/// If no engine answers.
pub fn look(artifact: &Description) -> Result<Answer, Trouble> {
    if !artifact.is_understood() {
        return Err(Trouble::Newer);
    }
    let (of_base, machine) = compose::processors(&artifact.base)?;
    let machine = machine.ok_or(Trouble::NoEngine)?;
    let image = match compose::image_id(&artifact.base)? {
        Some(base) => compose::image_id(&name(artifact, &base))?,
        None => None,
    };
    // Nothing is sent where it is there.
    let rooms = if image.is_none() { rooms()? } else { Vec::new() };
    Ok(Answer { machine: of_base.unwrap_or(machine), image, rooms })
}

/// What was sent is put down in ours of the user's caches.
fn arrives_at() -> Option<PathBuf> {
    let of_user = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
    env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(of_user)
}

fn rooms() -> Result<Vec<Room>, Trouble> {
    let places: Vec<PathBuf> = arrives_at().into_iter().chain(roomy_place()).chain(compose::images_at()?).collect();
    let found = places.iter().zip(capacities(&places, TO_SEE));
    // What cannot be seen is not held against it.
    let room = |(place, seen): (&PathBuf, Result<Capacity, Damage>)| {
        let Capacity { free, device, .. } = seen.ok()?;
        Some(Room { place: place.to_string_lossy().into_owned(), free, device })
    };
    Ok(found.filter_map(room).collect())
}

/// Makes the image of an artifact that came in, and returns its id. The image below is fetched where it is not there.
///
/// # Errors
/// If what came in is not whole, the image below cannot be fetched, or the engine does not make it.
pub fn make(stream: impl Read) -> Result<String, Trouble> {
    let other = |error: io::Error| Trouble::Other(error.to_string());
    let folder = roomy_folder().map_err(other)?;
    let files = folder.path().join("files");
    fs::create_dir(&files).map_err(other)?;
    let text = unpack_tight(stream, &files, MOST_BYTES).map_err(other)?;
    let artifact: Description = serde_json::from_slice(&text).map_err(|error| Trouble::Other(error.to_string()))?;
    if !artifact.is_understood() {
        return Err(Trouble::Newer);
    }
    for (path, content) in &artifact.files {
        if let Content::File(expected, _) = content
            && digest(&files.join(expected)).ok().as_ref() != Some(expected)
        {
            return Err(Trouble::File(path.as_str().into()));
        }
    }
    let base = match compose::image_id(&artifact.base)? {
        Some(base) => base,
        None => fetched(&artifact.base, None, TO_FETCH)?,
    };
    let name = name(&artifact, &base);
    // Somebody else may have made it meanwhile.
    if let Some(there) = compose::image_id(&name)? {
        return Ok(there);
    }
    sees_volumes(&artifact, &base)?;
    let stream = laid(&artifact, &files, &folder.path().join("layer")).map_err(other)?;
    let container = name.replace(['/', ':'], "-");
    heard(layer(&base, stream, (&container, &name), &says(&artifact, &base)?, TO_MAKE)?)?;
    compose::image_id(&name)?.ok_or(Trouble::NoImage(name, Unfetched::Moved))
}

/// What the image of an artifact on that image is called.
fn name(artifact: &Description, base: &str) -> String {
    let digest = artifact.digest_on(base);
    format!("{MADE}:{}", digest.get(..32).unwrap_or(&digest))
}

fn laid(artifact: &Description, files: &Path, to: &Path) -> io::Result<fs::File> {
    let paths = artifact.files.iter().map(|(path, content)| match content {
        Content::File(digest, can_run) => (path, Ok((files.join(digest), if *can_run { 0o755 } else { 0o644 }))),
        Content::Link(link) => (path, Err(link)),
    });
    let paths: Vec<_> = paths.collect();
    let laid = paths.iter().map(|(path, what)| Laid {
        path,
        what: match what {
            Ok((from, mode)) => What::File(from, *mode),
            Err(link) => What::Link(link),
        },
    });
    let laid: Vec<Laid<'_>> = laid.collect();
    lay(&laid, BufWriter::new(fs::File::create(to)?))?;
    fs::File::open(to)
}

/// What the image starts: what the artifact says, else what the image below does.
fn says(artifact: &Description, base: &str) -> Result<Vec<String>, Trouble> {
    let of_base = |part: &str| -> Result<Vec<String>, Trouble> {
        let text = config_of(base, part)?.unwrap_or_default();
        Ok(serde_json::from_str::<Option<Vec<String>>>(&text).ok().flatten().unwrap_or_default())
    };
    // Arguments are those of a program: with another one, they are others.
    let (entrypoint, command) = match (&artifact.entrypoint, &artifact.command) {
        (Some(entrypoint), command) => (entrypoint.clone(), command.clone().unwrap_or_default()),
        (None, Some(command)) => (of_base("Entrypoint")?, command.clone()),
        (None, None) => (of_base("Entrypoint")?, of_base("Cmd")?),
    };
    let written = |word: &str, list: &[String]| format!("{word} {}", serde_json::json!(list));
    Ok(vec![written("ENTRYPOINT", &entrypoint), written("CMD", &command)])
}

/// Whatever lies in a volume of the image below is no part of an image made of it.
fn sees_volumes(artifact: &Description, base: &str) -> Result<(), Trouble> {
    let text = config_of(base, "Volumes")?.unwrap_or_default();
    let volumes: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(&text).ok();
    for volume in volumes.iter().flat_map(|volumes| volumes.keys()) {
        if let Some(path) = artifact.files.keys().find(|path| Path::new(path).starts_with(volume)) {
            return Err(Trouble::Artifact(ArtifactFault::InVolume(path.clone(), volume.clone())));
        }
    }
    Ok(())
}

/// Names of images that no release is held by any more: they bear no other one, and were not made just now.
pub(super) fn forsaken() -> Result<Vec<String>, Trouble> {
    let mut found = compose::image_names(MADE)?;
    let is_old = |made: &str| {
        let made = made.parse::<Timestamp>().ok();
        made.is_some_and(|made| Timestamp::now().duration_since(made).unsigned_abs() > ARRIVES_WITHIN)
    };
    found.retain(|name| {
        let is_alone = compose::names_of(name).is_ok_and(|names| names.len() == 1);
        is_alone && compose::made_at(name).ok().flatten().is_some_and(|made| is_old(&made))
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_needed_where_files_arrive_and_where_images_are() {
        let answer = |rooms: &[(&str, u64, u64)]| {
            let room = |(place, free, device): &(&str, u64, u64)| Room {
                place: (*place).to_owned(),
                free: *free,
                device: *device,
            };
            Answer { machine: "amd64".to_owned(), image: None, rooms: rooms.iter().map(room).collect() }
        };
        let lacks = |rooms: &[(&str, u64, u64)], bytes: u64| match answer(rooms).lacks_room(bytes) {
            Some(ArtifactFault::NoRoom { place, needs, .. }) => Some((place, needs)),
            _ => None,
        };
        assert_eq!(lacks(&[("/var/tmp", 200, 1), ("/var/lib/docker", 200, 2)], 100), None);
        assert_eq!(lacks(&[("/var/tmp", 200, 1), ("/images", 199, 2)], 100), Some(("/images".to_owned(), 200)));
        assert_eq!(lacks(&[("/var/tmp", 399, 1), ("/images", 399, 1)], 100), Some(("/var/tmp".to_owned(), 400)));
        assert_eq!(lacks(&[], u64::MAX), None, "an older one does not say");
    }
}
