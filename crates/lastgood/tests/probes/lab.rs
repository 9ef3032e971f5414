//! A network of its own for a test: name servers on port 53, addresses that nobody has, and ways that lead nowhere, without
//! touching this machine's.

use std::fs;
use std::path::Path;
use std::process::Command;

use lastgood::pipeline::probe::agents_request;
use lastgood_model::{ProbeAnswer, ProbeTarget};

use crate::ask::answers_of;
use crate::daemon::{folder, is_root};

/// Asks from inside: `prepare` is run there first, in a folder that is mounted as `/etc` sees it.
pub fn ask(prepare: &str, resolv_conf: &str, hosts: &str, targets: &[ProbeTarget]) -> Vec<ProbeAnswer> {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("resolv.conf", resolv_conf);
    write("hosts", hosts);
    let script = format!(
        "set -eu
         ip link set lo up
         ip link add nowhere type veth peer name void
         ip addr add 10.98.0.1/24 dev nowhere; ip link set nowhere up; ip link set void up
         ip neigh add 10.98.0.77 lladdr 02:00:00:00:00:01 dev nowhere
         mount --bind {0}/resolv.conf /etc/resolv.conf; mount --bind {0}/hosts /etc/hosts
         cd {0}; exec 3>&1 >log 2>&1
         {prepare}
         # What is left is ended with the group of processes that only this has.
         {1} probe >&3 2>>log & wait $! || {{ cat log >&2; exit 1; }}",
        folder.path().display(),
        binary().display(),
    );
    let mut command = Command::new("unshare");
    if !is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", &script]);
    command.env("LASTGOOD_PROBE", agents_request(targets).expose());
    answers_of(&mut command, targets)
}

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_lastgood"))
}
