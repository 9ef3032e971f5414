//! A container that outlives whoever starts it, and the machine's own restart: our binary, alone in an image, which steps out of the
//! container into the machine and becomes the user who started it. What it does there is not known here.

use std::env;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Gid, Uid, chroot, getegid, geteuid, getgroups};

use super::compose::{docker, image_id};
use crate::files::digest;
use crate::hear::{Heard, Unheard, hear};

/// Names of images that hold nothing but our binary.
pub const IMAGES: &str = "lastgood/guard";
/// Where the machine's files are in the container.
const MACHINE: &str = "/machine";
/// Where our binary is in it.
const BINARY: &str = "/lastgood";
/// Making the image, and starting the container, takes no longer.
const TO_STAND: Duration = Duration::from_secs(60);
/// What of the environment leads to the engine, and to the programs that ask it.
const KEPT: [&str; 4] = ["PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG"];

/// Lets a container stand guard: started again whenever it ends, and after each boot. `arguments` are what our binary is called with
/// once it is out on the machine, in `folder`.
///
/// # Errors
/// If Docker cannot be asked; what it says against it is handed on.
pub fn stand(name: &str, label: &str, folder: &Path, arguments: &[&str]) -> Result<Heard, Unheard> {
    let image = image()?;
    let groups: Vec<u32> = getgroups().map_err(io::Error::from)?.into_iter().map(Gid::as_raw).collect();
    let mut docker = docker();
    docker.args([
        "run",
        "--detach",
        "--name",
        name,
        "--label",
        label,
        "--restart",
        "unless-stopped",
        "--pull",
        "never",
    ]);
    // The machine's own processes, network and users are what it is to see.
    docker.args(["--pid", "host", "--network", "host", "--userns", "host", "--security-opt", "label=disable"]);
    docker.arg("--volume").arg(format!("/:{MACHINE}"));
    // Docker takes the values from our own environment: they stand on no command line.
    for variable in KEPT.iter().filter(|name| env::var_os(name).is_some()) {
        docker.args(["--env", variable]);
    }
    docker.args(["--entrypoint", BINARY, &image, "guard", "--steps-out"]);
    docker.args(becomes((geteuid().as_raw(), getegid().as_raw()), &groups));
    docker.arg("--folder").arg(folder).arg("--").args(arguments);
    hear(&mut docker, None, TO_STAND)
}

/// How it is told whom to become there. Whoever comes by a service or a scheduler may have no groups beside their own.
fn becomes((user, group): (u32, u32), groups: &[u32]) -> Vec<String> {
    let mut told = vec!["--user".to_owned(), format!("{user}:{group}")];
    if !groups.is_empty() {
        let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
        told.extend(["--groups".to_owned(), groups.join(",")]);
    }
    told
}

/// Steps out of such a container: the machine's files are ours, we are the user who asked for it, and what is called with these
/// arguments is our own binary. Returns only if that fails.
pub fn step_out(user: (u32, u32), groups: &[u32], folder: &Path, arguments: &[String]) -> io::Error {
    let stepped = || -> io::Result<()> {
        chroot(MACHINE)?;
        env::set_current_dir(folder)?;
        let groups: Vec<Gid> = groups.iter().map(|id| Gid::from_raw(*id)).collect();
        turn_into(Uid::from_raw(user.0), Gid::from_raw(user.1), &groups)
    };
    match stepped() {
        // The file that we run from is not to be found by its name any more.
        Ok(()) => Command::new("/proc/self/exe").args(arguments).exec(),
        Err(error) => error,
    }
}

/// In this order: whoever is no root any more may not choose groups. Nobody else runs in this process yet.
#[cfg(target_os = "linux")]
fn turn_into(user: Uid, group: Gid, groups: &[Gid]) -> io::Result<()> {
    use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

    set_thread_groups(groups)?;
    set_thread_gid(group)?;
    Ok(set_thread_uid(user)?)
}

/// Containers are Linux, whatever they run on.
#[cfg(not(target_os = "linux"))]
fn turn_into(_: Uid, _: Gid, _: &[Gid]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// An image with our binary and nothing else, made where it is not there.
fn image() -> Result<String, Unheard> {
    let binary = env::current_exe()?;
    let tag = format!("{IMAGES}:{}", digest(&binary)?.get(..12).unwrap_or_default());
    if image_id(&tag)?.is_some() {
        return Ok(tag);
    }
    let mut packed = tempfile::tempfile()?;
    let mut stream = tar::Builder::new(&mut packed);
    let mut header = tar::Header::new_gnu();
    header.set_size(binary.metadata()?.len());
    header.set_mode(0o755);
    header.set_entry_type(tar::EntryType::Regular);
    stream.append_data(&mut header, BINARY.trim_start_matches('/'), File::open(&binary)?)?;
    stream.finish()?;
    drop(stream);
    packed.seek(SeekFrom::Start(0))?;
    let made = hear(docker().args(["import", "-", &tag]), Some(packed), TO_STAND)?;
    if made.code == 0 { Ok(tag) } else { Err(Unheard::Io(io::Error::other(made.complaint))) }
}

#[cfg(test)]
mod tests {
    use super::becomes;

    #[test]
    fn whoever_has_no_other_groups_names_none() {
        assert_eq!(becomes((1000, 100), &[100, 998]), ["--user", "1000:100", "--groups", "100,998"]);
        assert_eq!(becomes((0, 0), &[]), ["--user", "0:0"]);
    }
}
