//! Folders that an engine would make where what is mounted is not there: for root alone, so that whoever deploys could neither lay a file
//! into them later nor take them away. They are made here instead. Which files are mounted is the release's matter.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

/// Makes those of a service that lie in a folder and may be made. `resolved`: what Compose makes of the files.
///
/// # Errors
/// What the system says.
pub(super) fn make_missing(resolved: &[u8], service: &str, within: &Path) -> io::Result<()> {
    let resolved: Value = serde_json::from_slice(resolved)?;
    let mounts = resolved["services"][service]["volumes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let may_be_made =
        mounts.iter().filter(|mount| mount["type"] == "bind" && mount["bind"]["create_host_path"] == true);
    let sources = may_be_made.filter_map(|mount| mount["source"].as_str()).map(Path::new);
    sources.filter(|source| source.starts_with(within) && !source.exists()).try_for_each(fs::create_dir_all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_engine_would_make_is_made_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join("live").join(path);
        fs::create_dir_all(at("there")).unwrap();
        fs::write(at("there/file"), "x").unwrap();
        let mount = |source: &Path, made: bool| json!({ "type": "bind", "source": source, "bind": { "create_host_path": made } });
        let volumes = [
            mount(&at("some/deep"), true),
            mount(&at("there/file"), true),
            mount(&at("not"), false),
            mount(&folder.path().join("outside"), true),
            json!({ "type": "volume", "source": "data" }),
        ];
        let resolved = json!({ "services": { "app": { "volumes": volumes }, "other": {} } }).to_string();
        for service in ["app", "app", "other", "nobody"] {
            make_missing(resolved.as_bytes(), service, &at("")).unwrap();
        }
        assert!(at("some/deep").is_dir() && at("there/file").is_file());
        assert!(!at("not").exists() && !folder.path().join("outside").exists());
    }
}
