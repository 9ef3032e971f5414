//! Images as `docker save` writes them, read without unpacking them, and written again with those layers alone that an engine lacks. An
//! engine which has a chain of layers does not read the files of it when it loads, so these need not travel; one that keeps images in
//! containerd's store does not need the layers that it has by the digest of what travels. What is written is for both: the list that
//! Docker reads, and the OCI index that containerd does. Which engine has which, and whether it takes this, is the caller's to find out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;

use flate2::Compression;
use serde_json::{Value, json};

use super::parallel_gzip::ParallelGzip;
use crate::files::digest_of;

/// What is read into memory as a whole: the list of images, and each one's configuration.
const LONGEST_TEXT: u64 = 16 * 1024 * 1024;
const MOST_ENTRIES: usize = 100_000;
const MOST_LINKS: usize = 5;
/// The first level makes what cannot be packed any smaller larger by a sixteenth.
const LEVEL: u32 = 2;
/// For engines with a store of their own.
const LIST: &str = "manifest.json";
/// For those that keep images in containerd's.
const INDEX: &str = "index.json";
const LAYOUT: (&str, &[u8]) = ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
const BLOBS: &str = "blobs/sha256/";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
/// How what is packed begins, and what is said of it.
const PACKED: [(&[u8], &str); 2] = [(&[0x1f, 0x8b], "+gzip"), (&[0x28, 0xb5, 0x2f, 0xfd], "+zstd")];
const BEGINS: &str = "sha256:";

/// Images in a file. Nothing but the list of what is in there is held.
#[derive(Debug)]
pub struct Saved<'f> {
    file: &'f File,
    entries: BTreeMap<String, Entry>,
    /// The images, by their ids.
    pub images: Vec<SavedImage>,
}

/// One of them.
#[derive(Debug)]
pub struct SavedImage {
    /// The digest of its configuration: its id, unless the engine keeps images in containerd's store.
    pub id: String,
    /// Names that it bears.
    pub names: Vec<String>,
    /// For which processor it says that it is, in Docker's words.
    pub architecture: String,
    config: Vec<u8>,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    /// What it is on top of all below it.
    chain: String,
    /// The digest of it as it lies here: another one, where it is packed.
    blob: String,
    /// How it is packed, as it is said in a media type.
    packed: &'static str,
    /// Where its bytes are.
    at: Stretch,
}

/// What stands by a name.
#[derive(Debug)]
enum Entry {
    Bytes(Stretch),
    /// Another one's bytes: a layer that was written already.
    Link(String),
}

/// A part of a file.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: u64,
    length: u64,
}

impl<'f> Saved<'f> {
    /// Reads what a file holds.
    ///
    /// # Errors
    /// If it cannot be read, or is not what `docker save` writes.
    pub fn read(file: &'f File) -> io::Result<Self> {
        let mut entries = BTreeMap::new();
        let mut archive = tar::Archive::new(file);
        for entry in archive.entries_with_seek()?.take(MOST_ENTRIES) {
            let entry = entry?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            if kind.is_file() {
                let stretch = Stretch { from: entry.raw_file_position(), length: entry.size() };
                entries.insert(name, Entry::Bytes(stretch));
            } else if let Some(link) = entry.link_name_bytes() {
                let link = String::from_utf8_lossy(&link).into_owned();
                let link = if kind.is_symlink() { beside(&name, &link) } else { link };
                entries.insert(name, Entry::Link(link));
            }
        }
        let mut saved = Self { file, entries, images: Vec::new() };
        let list: Value = serde_json::from_slice(&saved.text(LIST)?)?;
        let list = list.as_array().ok_or_else(|| foreign("its list of images is none"))?;
        let mut images = list.iter().map(|listed| saved.image(listed)).collect::<io::Result<Vec<_>>>()?;
        // Docker writes them in another order each time.
        images.sort_by(|one, other| one.id.cmp(&other.id));
        saved.images = images;
        Ok(saved)
    }

    /// The bytes of all layers, as they lie in the file, that an engine lacks which has these chains.
    #[must_use]
    pub fn lacking(&self, has: &BTreeSet<String>) -> u64 {
        self.travelling(has).values().map(|stretch| stretch.length).sum()
    }

    /// Writes them again, packed, without the layers that an engine has which has these chains. `names` are what images are
    /// called there, by their ids; one without bears none. The same images and chains make the same bytes.
    ///
    /// # Errors
    /// If reading or writing fails.
    pub fn write_lacking<W: Write>(
        &self,
        has: &BTreeSet<String>,
        names: &BTreeMap<String, String>,
        to: W,
    ) -> io::Result<W> {
        let mut tar = tar::Builder::new(ParallelGzip::new(to, Compression::new(LEVEL)));
        let (mut list, mut index) = (Vec::new(), Vec::new());
        for image in &self.images {
            add_bytes(&mut tar, &place(&image.id), &image.config)?;
            let layers: Vec<String> = image.layers.iter().map(|layer| place(&layer.blob)).collect();
            let name: Vec<&String> = names.get(&image.id).into_iter().collect();
            list.push(json!({ "Config": place(&image.id), "RepoTags": name, "Layers": layers }));
            let manifest = serde_json::to_vec(&image.manifest())?;
            let digest = format!("{BEGINS}{}", digest_of(&manifest));
            add_bytes(&mut tar, &place(&digest), &manifest)?;
            let mut entry = json!({ "mediaType": MANIFEST, "digest": digest, "size": manifest.len() });
            if let (Some(name), Some(entry)) = (name.first(), entry.as_object_mut()) {
                let tag = name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
                let said = json!({
                    "io.containerd.image.name": format!("docker.io/{name}"), "org.opencontainers.image.ref.name": tag,
                });
                entry.insert("annotations".to_owned(), said);
            }
            index.push(entry);
        }
        for (blob, stretch) in self.travelling(has) {
            add(&mut tar, &place(blob), stretch.length, Part { file: self.file, left: stretch })?;
        }
        let (layout, version) = LAYOUT;
        add_bytes(&mut tar, layout, version)?;
        add_bytes(&mut tar, INDEX, &serde_json::to_vec(&json!({ "schemaVersion": 2, "manifests": index }))?)?;
        add_bytes(&mut tar, LIST, &serde_json::to_vec(&list)?)?;
        tar.into_inner()?.finish()
    }

    /// Layers that an engine lacks, once each.
    fn travelling(&self, has: &BTreeSet<String>) -> BTreeMap<&str, Stretch> {
        let layers = self.images.iter().flat_map(|image| &image.layers);
        layers.filter(|layer| !has.contains(&layer.chain)).map(|layer| (&*layer.blob, layer.at)).collect()
    }

    fn image(&self, listed: &Value) -> io::Result<SavedImage> {
        let texts = |value: &Value| -> Vec<String> {
            let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
            values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
        };
        let config = listed["Config"].as_str().ok_or_else(|| foreign("an image has no configuration"))?;
        let config = self.text(config)?;
        let said: Value = serde_json::from_slice(&config)?;
        let (diffs, files) = (texts(&said["rootfs"]["diff_ids"]), texts(&listed["Layers"]));
        if diffs.len() != files.len() {
            return Err(foreign("an image has other layers than its configuration says"));
        }
        let layers = chains(&diffs)
            .into_iter()
            .zip(diffs)
            .zip(files)
            .map(|((chain, diff), file)| self.layer(diff, chain, &file));
        let mut names = texts(&listed["RepoTags"]);
        names.sort();
        Ok(SavedImage {
            id: format!("{BEGINS}{}", digest_of(&config)),
            names,
            architecture: said["architecture"].as_str().unwrap_or_default().to_owned(),
            layers: layers.collect::<io::Result<_>>()?,
            config,
        })
    }

    fn layer(&self, diff: String, chain: String, file: &str) -> io::Result<Layer> {
        let at = self.stretch(file)?;
        let mut beginning = Vec::new();
        Part { file: self.file, left: at }.take(4).read_to_end(&mut beginning)?;
        let packed = PACKED.iter().find(|(begins, _)| beginning.starts_with(begins)).map_or("", |(_, said)| *said);
        // Engines up to 24 call it otherwise, and pack nothing.
        let blob = file.strip_prefix(BLOBS).map_or(diff, |digest| format!("{BEGINS}{digest}"));
        Ok(Layer { chain, blob, packed, at })
    }

    fn stretch(&self, name: &str) -> io::Result<Stretch> {
        let mut name = name;
        for _ in 0..=MOST_LINKS {
            match self.entries.get(name) {
                Some(Entry::Bytes(stretch)) => return Ok(*stretch),
                Some(Entry::Link(to)) => name = to,
                None => break,
            }
        }
        Err(foreign(&format!("{name} is not in there")))
    }

    fn text(&self, name: &str) -> io::Result<Vec<u8>> {
        let stretch = self.stretch(name)?;
        if stretch.length > LONGEST_TEXT {
            return Err(foreign(&format!("{name} is too long")));
        }
        let mut bytes = Vec::new();
        Part { file: self.file, left: stretch }.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl SavedImage {
    /// What containerd is told of it.
    fn manifest(&self) -> Value {
        let layer = |layer: &Layer| json!({ "mediaType": format!("{LAYER}{}", layer.packed), "digest": layer.blob, "size": layer.at.length });
        json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": CONFIG, "digest": self.id, "size": self.config.len() },
            "layers": self.layers.iter().map(layer).collect::<Vec<_>>(),
        })
    }
}

/// What each layer is on top of all below it, as an engine calls it, by the digests of the layers from the lowest up.
#[must_use]
pub fn chains(diffs: &[String]) -> Vec<String> {
    let mut below: Option<String> = None;
    let chain = |diff: &String| {
        let chain = match &below {
            None => diff.clone(),
            Some(below) => format!("{BEGINS}{}", digest_of(format!("{below} {diff}").as_bytes())),
        };
        below = Some(chain.clone());
        chain
    };
    diffs.iter().map(chain).collect()
}

/// The bytes of a part of a file; where others read in it is no matter.
struct Part<'f> {
    file: &'f File,
    left: Stretch,
}

impl Read for Part<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left.length).unwrap_or(usize::MAX).min(into.len());
        let read = self.file.read_at(into.get_mut(..most).unwrap_or_default(), self.left.from)?;
        self.left = Stretch { from: self.left.from + read as u64, length: self.left.length - read as u64 };
        Ok(read)
    }
}

/// With nothing of when, where and by whom.
fn add(tar: &mut tar::Builder<impl Write>, name: &str, length: u64, bytes: impl Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_mode(0o644);
    header.set_size(length);
    tar.append_data(&mut header, name, bytes)
}

fn add_bytes(tar: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    add(tar, name, bytes.len() as u64, bytes)
}

/// Where what has this digest lies.
fn place(digest: &str) -> String {
    format!("{BLOBS}{}", digest.strip_prefix(BEGINS).unwrap_or(digest))
}

/// A link as it is written in the folder of an entry.
fn beside(name: &str, link: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn foreign(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not what `docker save` writes: {why}"))
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom};

    use flate2::read::MultiGzDecoder;
    use flate2::write::GzEncoder;

    use super::*;

    const BASE: &[u8] = b"the files of a base";
    const TOP: &[u8] = b"the files on top";

    fn digest(bytes: &[u8]) -> String {
        format!("{BEGINS}{}", digest_of(bytes))
    }

    fn config(layers: &[&[u8]]) -> String {
        let diffs: Vec<String> = layers.iter().map(|layer| digest(layer)).collect();
        json!({ "architecture": "arm64", "rootfs": { "type": "layers", "diff_ids": diffs } }).to_string()
    }

    /// As engines up to 24 write it, a layer that is in there already as a link; `oci`: as those since 25 do.
    fn saved(oci: bool) -> File {
        let mut tar = tar::Builder::new(tempfile::tempfile().unwrap());
        let place = |content: &[u8], name: &str| match oci {
            true => format!("blobs/sha256/{}", digest_of(content)),
            false => name.to_owned(),
        };
        let (one, two) = (config(&[BASE, TOP]), config(&[BASE]));
        let names = ["one.json", "aa/layer.tar", "bb/layer.tar", "two.json"];
        let contents = [one.as_bytes(), BASE, TOP, two.as_bytes()];
        let places: Vec<String> = contents.iter().zip(names).map(|(content, name)| place(content, name)).collect();
        for (content, place) in contents.iter().zip(&places) {
            add(&mut tar, place, content.len() as u64, *content).unwrap();
        }
        let again = if oci { places[1].clone() } else { "cc/layer.tar".to_owned() };
        if !oci {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            tar.append_link(&mut header, &again, "../aa/layer.tar").unwrap();
        }
        let list = json!([
            { "Config": places[0], "RepoTags": ["shop:1"], "Layers": [places[1], places[2]] },
            { "Config": places[3], "RepoTags": null, "Layers": [again] },
        ]);
        let list = list.to_string();
        add(&mut tar, LIST, list.len() as u64, list.as_bytes()).unwrap();
        tar.into_inner().unwrap()
    }

    fn written(saved: &Saved<'_>, has: &[&str]) -> (Vec<u8>, BTreeMap<String, Vec<u8>>) {
        let has = has.iter().map(|chain| (*chain).to_owned()).collect();
        let also = BTreeMap::from([(digest(config(&[BASE]).as_bytes()), "ours:2".to_owned())]);
        let packed = saved.write_lacking(&has, &also, Vec::new()).unwrap();
        let mut archive = tar::Archive::new(MultiGzDecoder::new(packed.as_slice()));
        let files = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
        });
        let files = files.collect();
        (packed, files)
    }

    #[test]
    fn what_is_there_does_not_travel() {
        for oci in [false, true] {
            let mut file = saved(oci);
            file.seek(SeekFrom::Start(0)).unwrap();
            let saved = Saved::read(&file).unwrap();
            let image = |layers: &[&[u8]]| {
                let id = digest(config(layers).as_bytes());
                saved.images.iter().find(|image| image.id == id).unwrap()
            };
            let (one, two) = (image(&[BASE, TOP]), image(&[BASE]));
            assert!(saved.images.is_sorted_by_key(|image| &image.id));
            assert_eq!((one.names.as_slice(), &*one.architecture), (["shop:1".to_owned()].as_slice(), "arm64"));
            let layer = |content: &[u8]| place(&digest(content));
            let configs = [one, two].map(|image| place(&image.id));

            let (packed, whole) = written(&saved, &[]);
            assert_eq!(packed, written(&saved, &[]).0, "the same bytes each time");
            assert_eq!(saved.lacking(&BTreeSet::new()), (BASE.len() + TOP.len()) as u64, "the base once");
            assert_eq!((whole.len(), &*whole[&layer(BASE)], &*whole[&layer(TOP)]), (9, BASE, TOP));
            let mut list: Vec<Value> = serde_json::from_slice(&whole[LIST]).unwrap();
            list.sort_by_key(|image| image["Layers"].as_array().map(Vec::len));
            let expected = [
                json!({ "Config": configs[1], "RepoTags": ["ours:2"], "Layers": [layer(BASE)] }),
                json!({ "Config": configs[0], "RepoTags": [], "Layers": [layer(BASE), layer(TOP)] }),
            ];
            assert_eq!(list, expected);

            let (_, thin) = written(&saved, &[&digest(BASE)]);
            assert!(!thin.contains_key(&layer(BASE)) && thin[&layer(TOP)] == TOP);
            assert_eq!((&thin[LIST], &thin[INDEX]), (&whole[LIST], &whole[INDEX]));
            // Whoever reads the index finds the same: images, their names, and layers by what they are.
            let index: Value = serde_json::from_slice(&whole[INDEX]).unwrap();
            let manifest_of = |entry: &Value| -> Value {
                let bytes = &whole[&place(entry["digest"].as_str().unwrap())];
                assert_eq!(entry["size"], bytes.len());
                serde_json::from_slice(bytes).unwrap()
            };
            for (image, entry) in saved.images.iter().zip(index["manifests"].as_array().unwrap()) {
                let manifest = manifest_of(entry);
                assert_eq!(manifest["config"]["digest"], image.id);
                let layers = manifest["layers"].as_array().unwrap();
                assert_eq!(layers.first().unwrap()["digest"], digest(BASE));
                assert_eq!(layers.first().unwrap()["mediaType"], LAYER);
                let name = &entry["annotations"]["io.containerd.image.name"];
                assert_eq!(name.as_str(), (layers.len() == 1).then_some("docker.io/ours:2"));
            }
            // The same files, on top of something else: an engine that has them there has them not here.
            let (_, other) = written(&saved, &[&digest(TOP)]);
            assert!(other.contains_key(&layer(TOP)));
        }
    }

    /// As an engine saves them that keeps images in containerd's store: layers as they were fetched.
    #[test]
    fn layers_that_are_packed_stay_so() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
        packer.write_all(BASE).unwrap();
        let packed = packer.finish().unwrap();
        let (config, blob) = (config(&[BASE]), place(&digest(&packed)));
        let mut tar = tar::Builder::new(tempfile::tempfile().unwrap());
        let at = place(&digest(config.as_bytes()));
        let list = json!([{ "Config": at, "RepoTags": ["shop:1"], "Layers": [blob] }]).to_string();
        for (name, bytes) in [(&*at, config.as_bytes()), (&blob, &packed), (LIST, list.as_bytes())] {
            add_bytes(&mut tar, name, bytes).unwrap();
        }
        let mut file = tar.into_inner().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let saved = Saved::read(&file).unwrap();
        let (_, whole) = written(&saved, &[]);
        assert_eq!(whole[&blob], packed);
        let index: Value = serde_json::from_slice(&whole[INDEX]).unwrap();
        let manifest = &whole[&place(index["manifests"][0]["digest"].as_str().unwrap())];
        let manifest: Value = serde_json::from_slice(manifest).unwrap();
        let layer = json!({ "mediaType": format!("{LAYER}+gzip"), "digest": digest(&packed), "size": packed.len() });
        assert_eq!(manifest["layers"], json!([layer]));
        // What the engine there is asked for is what it is unpacked.
        assert!(!written(&saved, &[&digest(BASE)]).1.contains_key(&blob));
    }

    #[test]
    fn what_cannot_be_packed_does_not_grow() {
        let mut random = 1_u32;
        let noise = std::iter::repeat_with(|| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            random.to_be_bytes()[0]
        });
        let noise: Vec<u8> = noise.take(1_000_000).collect();
        let mut packer = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
        packer.write_all(&noise).unwrap();
        let packed = packer.finish().unwrap().len();
        assert!(packed < noise.len() + 10_000, "{packed}");
    }

    #[test]
    fn chains_are_called_as_engines_call_them() {
        let diffs = ["sha256:a", "sha256:b", "sha256:c"].map(str::to_owned);
        let chains = chains(&diffs);
        assert_eq!(chains[0], "sha256:a");
        assert_eq!(chains[1], digest(b"sha256:a sha256:b"));
        assert_eq!(chains[2], digest(format!("{} sha256:c", chains[1]).as_bytes()));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let mut file = saved(false);
        let length = file.metadata().unwrap().len();
        for end in (0..length).step_by(512) {
            let cut = tempfile::tempfile().unwrap();
            file.seek(SeekFrom::Start(0)).unwrap();
            io::copy(&mut (&file).take(end), &mut &cut).unwrap();
            (&cut).seek(SeekFrom::Start(0)).unwrap();
            // The two empty blocks at the end say nothing.
            assert_eq!(Saved::read(&cut).is_ok(), end >= length - 1024, "{end} of {length}");
        }
        let mut empty = tempfile::tempfile().unwrap();
        empty.write_all(b"no archive at all").unwrap();
        empty.seek(SeekFrom::Start(0)).unwrap();
        assert!(Saved::read(&empty).is_err());
    }
}
