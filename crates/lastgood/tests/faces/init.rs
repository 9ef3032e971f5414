//! `lastgood init` as a person meets it: it prints a first file, or writes it beside the compose file, once, and every command then
//! understands it.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use testkit::{Lastgood, Output};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    // Compose is not on every machine that runs this.
    Lastgood::new(env!("CARGO_BIN_EXE_lastgood")).env("PATH", "/nowhere").folder(folder).args(arguments).run()
}

#[test]
fn a_first_file_is_written_once_and_is_understood() {
    let said = ["en", "ko"].map(|lang| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("compose.yaml"), "services:\n  web:\n    build: .\n").unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        let printed = run(&folder.path().join("below"), &["init", "--lang", lang]);
        assert!(printed.code == 0 && !folder.path().join("lastgood.toml").exists(), "{printed}");
        let init = || run(&folder.path().join("below"), &["init", "--write", "--lang", lang]);
        let first = init();
        let read = || fs::read_to_string(folder.path().join("lastgood.toml")).unwrap();
        let text = read();
        assert_eq!(printed.stdout, text);
        let second = init();
        assert_eq!((first.code, second.code, read() == text), (0, 2, true), "{first}{second}");
        let understood = run(folder.path(), &["explain", "502"]);
        assert_eq!(understood.code, 0, "{understood}");
        format!("{first}\n{text}\n{second}").replace(&*folder.path().to_string_lossy(), "<folder>")
    });
    assert_snapshot!(said.join("\n"));
}

#[test]
fn without_a_compose_file_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [["init", "--write"].as_slice(), &["init"], &["init", "--nginx"]] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.code, 2);
        assert!(output.stderr.contains("no compose file") && output.stderr.contains("-f"), "{output}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn without_an_nginx_there_is_nothing_to_patch() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("compose.yaml"), "services:\n  web:\n    image: x\n").unwrap();
    let output = run(folder.path(), &["init", "--nginx", "web"]);
    assert!(output.code == 2 && output.stderr.contains("web"), "{output}");
    assert!(run(folder.path(), &["init", "--nginx", "--write"]).code == 2);
}
