//! Which module of an image its programs cannot load: one for another machine, of which there is none for theirs beside it.
//! Packages that bring one for every machine are in order. How modules are found is not known here.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::architecture::runs_on;

/// What names of files call machines and systems; longer ones first.
const MACHINES: [&str; 27] = [
    "loongarch64",
    "powerpc64le",
    "freebsd",
    "aarch64",
    "android",
    "ppc64le",
    "riscv64",
    "x86_64",
    "darwin",
    "ppc64",
    "amd64",
    "arm64",
    "armhf",
    "armv6",
    "armv7",
    "armv8",
    "glibc",
    "linux",
    "s390x",
    "win32",
    "musl",
    "i686",
    "ia32",
    "gnu",
    "x64",
    "x86",
    "arm",
];

/// A module that `machine` does not run, by its path and what it is for, of all modules that were seen.
#[must_use]
pub fn foreign<'m>(modules: &'m [(String, Arc<str>)], machine: &str) -> Option<&'m (String, Arc<str>)> {
    let (fine, others): (Vec<_>, Vec<_>) = modules.iter().partition(|(_, made_for)| runs_on(made_for, machine));
    let fine: BTreeSet<String> = fine.into_iter().map(|(path, _)| without_machine(path)).collect();
    others.into_iter().filter(|(path, _)| !fine.contains(&without_machine(path))).min()
}

/// A path as it is for every machine: `/app/prebuilds/linux-x64/a.glibc.node` is `/app/prebuilds//a.node`.
fn without_machine(path: &str) -> String {
    let mut path = path.to_ascii_lowercase();
    for machine in MACHINES {
        while let Some(at) = path.find(machine) {
            let begin = if path[..at].ends_with(['-', '_', '.']) { at - 1 } else { at };
            path.replace_range(begin..at + machine.len(), "");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(modules: &[(&str, &str)]) -> Option<String> {
        let modules: Vec<_> = modules.iter().map(|(path, of)| ((*path).to_owned(), Arc::from(*of))).collect();
        foreign(&modules, "amd64").map(|(path, _)| path.clone())
    }

    #[test]
    fn a_module_without_one_for_this_machine_beside_it_is_foreign() {
        let python = "/usr/local/lib/python3.13/site-packages/numpy/_x.cpython-313-aarch64-linux-gnu.so";
        for path in ["/app/node_modules/bcrypt/lib/bcrypt_lib.node", "/app/prebuilds/linux-arm64/a.node", python] {
            assert_eq!(found(&[("/app/own.so", "amd64"), (path, "arm64")]).as_deref(), Some(path));
        }
        let mac = "/app/node_modules/@img/sharp-darwin-arm64/lib/sharp-darwin-arm64.node";
        assert_eq!(found(&[(mac, "darwin/arm64")]).as_deref(), Some(mac));
    }

    #[test]
    fn who_brings_one_for_every_machine_is_fine() {
        let here = ("/app/prebuilds/linux-x64/node.napi.glibc.node", "amd64");
        for (path, of) in [
            ("/app/prebuilds/linux-arm64/node.napi.armv8.node", "arm64"),
            ("/app/prebuilds/darwin-x64/node.napi.node", "darwin/amd64"),
            ("/app/prebuilds/win32-ia32/node.napi.node", "windows"),
            ("/app/prebuilds/linux-x64/node.napi.musl.node", "amd64"),
        ] {
            assert_eq!(found(&[here, (path, of)]), None, "{path}");
        }
        assert_eq!(found(&[("/lib/a-aarch64.so.1", "arm64"), ("/lib/a-x86_64.so.1", "amd64")]), None);
        assert_eq!(found(&[("/lib32/a.so", "386")]), None);
        assert_eq!(found(&[]), None);
    }
}
