//! Which files a release holds: those that the Compose model names by a path of the project's own folder. What containers write to is
//! state and no part of it.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastgood_model::Desired;
use lastgood_model::desired::{Taken, TakenIn};
use lastgood_model::release::{Release, ReleasedFile, ReleasedService};
use lastgood_model::rollout::ReleaseId;
use lastgood_world::{Below, digest, files_below};

use super::release::identified;

/// Interpolated into the compose files, where it is there.
pub const INTERPOLATED: &str = ".env";

/// A file of a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// It may hold secrets: nobody but its owner reads its copies.
    pub secret: bool,
    /// A container has this very file mounted.
    pub mounted: bool,
}

/// Why the files of a project make no release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentFault {
    /// A compose file lies outside of the project's folder.
    Outside(String),
    /// A folder that is mounted for reading holds too much to be a part of a release.
    TooMany(String),
    /// A file that the model needs cannot be looked at.
    Unreadable(String, String),
}

/// What of a folder a release holds, by paths below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its files.
    pub files: BTreeMap<PathBuf, Role>,
    /// Links in folders that are mounted which lead to nothing of the project's: what they stand for is no part of it.
    pub astray: Vec<PathBuf>,
}

/// The files of a release. `desired` is what Compose makes of the files in that folder.
///
/// # Errors
/// If one of them cannot be a part of it.
pub fn contents(desired: &Desired, folder: &Path, files: &[PathBuf]) -> Result<Contents, ContentFault> {
    let Contents { files: mut found, mut astray } = Contents::default();
    let mut add = |path: PathBuf, secret: bool, mounted: bool| {
        let role = found.entry(path).or_default();
        role.secret |= secret;
        role.mounted |= mounted;
    };
    for file in files {
        let path = below(&folder.join(file), folder);
        add(path.ok_or_else(|| ContentFault::Outside(file.to_string_lossy().into_owned()))?, false, false);
    }
    for TakenIn { path: whole, taken } in &desired.taken_in {
        match (below(Path::new(&**whole), folder), taken) {
            (Some(path), _) => add(path, *taken == Taken::Variables, false),
            (None, Taken::Composed) => return Err(ContentFault::Outside(whole.to_string())),
            // As with those of services, it is the target's.
            (None, Taken::Variables | Taken::Labels) => {}
        }
    }
    if folder.join(INTERPOLATED).is_file() {
        add(INTERPOLATED.into(), true, false);
    }
    for service in &desired.services {
        for file in &service.env_files {
            // One that is not there and need not be is no part of it; Compose says which one lacks.
            if let Some(path) = below(Path::new(&*file.path), folder).filter(|path| folder.join(path).is_file()) {
                add(path, true, false);
            }
        }
        for mount in service.mounts.iter().filter(|mount| &*mount.kind == "bind") {
            let Some(path) = below(Path::new(&*mount.source), folder) else { continue };
            let place = folder.join(&path);
            let secret = mount.target.starts_with("/run/secrets/");
            if place.is_file() {
                add(path, secret, true);
            } else if place.is_dir() && mount.read_only {
                let unreadable =
                    |error: std::io::Error| ContentFault::Unreadable(mount.source.to_string(), error.to_string());
                let inside = files_below(&place, folder).map_err(unreadable)?;
                let Below { files, links } = inside.ok_or_else(|| ContentFault::TooMany(mount.source.to_string()))?;
                for file in files {
                    add(path.join(file), false, false);
                }
                astray.extend(links.into_iter().map(|link| path.join(link)));
            }
        }
    }
    astray.sort();
    astray.dedup();
    Ok(Contents { files: found, astray })
}

/// The release that these files and services make; and the links that are no part of it, as [`Contents::astray`].
///
/// # Errors
/// If one of the files cannot be a part of it.
pub fn released(
    desired: &Desired,
    folder: &Path,
    files: &[PathBuf],
    services: Vec<ReleasedService>,
    arguments: Vec<Arc<str>>,
) -> Result<(Release, Vec<PathBuf>), ContentFault> {
    let Contents { files, astray } = contents(desired, folder, files)?;
    let mut found = Vec::new();
    for (path, role) in files {
        let path = Arc::from(path.to_string_lossy());
        let file = ReleasedFile { path, digest: Arc::from(""), mode: 0, secret: role.secret };
        let file = as_it_is(file, folder)?;
        // Only Compose reads it, for whoever deploys.
        let mode = if role.secret && !role.mounted { 0o600 } else { file.mode };
        found.push(ReleasedFile { mode, ..file });
    }
    let release = identified(Release {
        id: ReleaseId(Arc::from("")),
        project: Arc::clone(&desired.project),
        arguments,
        services,
        files: found,
    });
    Ok((release, astray))
}

/// A file of a folder with what it holds there now, and as its permissions are.
///
/// # Errors
/// If it cannot be read.
pub fn as_it_is(file: ReleasedFile, folder: &Path) -> Result<ReleasedFile, ContentFault> {
    let place = folder.join(&*file.path);
    let described = digest(&place).and_then(|digest| Ok((digest, place.metadata()?.permissions().mode() & 0o777)));
    let (digest, mode) =
        described.map_err(|error| ContentFault::Unreadable(file.path.to_string(), error.to_string()))?;
    Ok(ReleasedFile { digest: digest.into(), mode, ..file })
}

/// A path below a folder, without it.
fn below(path: &Path, folder: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.strip_prefix(folder).ok()?.components() {
        match part {
            std::path::Component::Normal(name) => plain.push(name),
            std::path::Component::CurDir => {}
            _ => return None,
        }
    }
    (!plain.as_os_str().is_empty()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use lastgood_model::desired::{EnvFileUse, Mount, Service};

    use super::*;

    #[test]
    fn what_the_model_names_and_nobody_writes() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for path in ["conf/a.conf", "conf/deep/b.conf", "data/db", "site.conf"] {
            fs::create_dir_all(at.join(path).parent().unwrap()).unwrap();
            fs::write(at.join(path), "x").unwrap();
        }
        for path in ["compose.yaml", ".env", ".env.prod"] {
            fs::write(at.join(path), "x").unwrap();
        }
        let mount = |source: &str, read_only| Mount {
            kind: "bind".into(),
            source: Arc::from(at.join(source).to_string_lossy()),
            target: "/x".into(),
            read_only,
        };
        let env =
            |path: &str| EnvFileUse { path: Arc::from(at.join(path).to_string_lossy()), required: true, raw: false };
        let service = Service {
            env_files: vec![env(".env.prod"), env(".env.gone")],
            mounts: vec![mount("conf", true), mount("data", false), mount("site.conf", false), mount("../etc", true)],
            ..Service::default()
        };
        let desired = Desired { services: vec![service], ..Desired::default() };
        let found = contents(&desired, at, &["compose.yaml".into()]).unwrap().files;
        let paths: Vec<&str> = found.keys().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(paths, [".env", ".env.prod", "compose.yaml", "conf/a.conf", "conf/deep/b.conf", "site.conf"]);
        assert!(found[Path::new(".env.prod")].secret && found[Path::new("site.conf")].mounted);
        let taken_in = |path: &str, taken| TakenIn { path: Arc::from(at.join(path).to_string_lossy()), taken };
        let with = |files| contents(&Desired { taken_in: files, ..desired.clone() }, at, &["compose.yaml".into()]);
        let more = vec![taken_in("kv/c.yaml", Taken::Composed), taken_in("kv/.env", Taken::Variables)];
        let found = with(more).unwrap().files;
        assert!(!found[Path::new("kv/c.yaml")].secret && found[Path::new("kv/.env")].secret);
        let far = |taken| with(vec![TakenIn { path: "/etc/far".into(), taken }]);
        assert_eq!(far(Taken::Composed), Err(ContentFault::Outside("/etc/far".to_owned())));
        assert!(far(Taken::Variables).is_ok() && far(Taken::Labels).is_ok());
        let outside = contents(&desired, at, &["/etc/compose.yaml".into()]);
        assert_eq!(outside, Err(ContentFault::Outside("/etc/compose.yaml".to_owned())));
    }
}
