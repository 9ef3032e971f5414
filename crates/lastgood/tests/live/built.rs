//! Images that the target's own engine builds, of files that lie here, over a real sshd: its old image keeps its name until the switch,
//! and a build that fails says why. And those that are built here for another kind of machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lastgood_world::engine::compose::{Build, Compose};
use tempfile::TempDir;

use crate::bed::{Bed, Said, images, shell};
use crate::hosts::Host;

struct Site {
    source: Bed,
    host: Host,
    live: PathBuf,
}

impl Site {
    fn new() -> Self {
        let source = Bed::laid(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/built")).unwrap();
        let live = source.path().join("state/live");
        let settings = format!(
            "[target.prod]\nhost = 'vm'\npath = '{}'\n[deploy]\nbuild.on = 'target'\n[deploy.service.app]\ncandidate = true\n\
             [deploy.service.pages.artifact]\nbase = 'live-python'\nfiles = {{ pages = '/site' }}\n\
             command = ['python3', '-m', 'http.server', '8000', '--directory', '/site']\n",
            live.display()
        );
        fs::write(source.path().join("lastgood.toml"), settings).unwrap();
        Self { source, host: Host::up(), live }
    }

    fn deploy(&self, arguments: &[&str]) -> Said {
        let arguments: Vec<&str> = ["deploy"].into_iter().chain(arguments.iter().copied()).collect();
        self.host.ask(self.source.path(), &arguments)
    }

    /// What a script says.
    fn asked(&self, script: &str) -> String {
        self.source.run(&format!("{{ {script}\n}} >said")).unwrap();
        fs::read_to_string(self.source.path().join("said")).unwrap().trim().to_owned()
    }

    fn image(&self, name: &str) -> String {
        self.asked(&format!("docker image ls --quiet --no-trunc {name}"))
    }

    fn container(&self, service: &str) -> String {
        self.asked(&format!("docker ps --quiet --no-trunc --filter name=^live-built-{service}-"))
    }

    fn serves(&self, service: &str, text: &str) {
        let asks = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/').read().decode())";
        let exec = format!("docker exec {} python3 -c \\\"{asks}\\\"", self.container(service));
        self.source.run(&format!("await bash -c \"{exec} | grep -q '{text}'\"")).unwrap();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _gone = shell(
            Path::new("/"),
            "docker compose -p live-built --progress quiet down --volumes --timeout 0
             docker image rm live-built-app live-built-pages
             docker image ls --format '{{.Repository}}:{{.Tag}}' |
               grep -e '^lastgood/live-built/' -e '^lastgood/artifact:' -e '^lastgood/built:live-built-' | xargs -r docker image rm",
        );
    }
}

#[test]
#[ignore = "needs a Docker engine and sshd"]
fn the_target_builds_what_lies_here() {
    let site = Site::new();
    site.deploy(&["--plan"]).ends(0, &["app: it has no container yet", "nothing was changed"]);
    assert!(
        !site.live.exists() && site.image("lastgood/built").is_empty() && site.image("lastgood/artifact").is_empty()
    );

    let first = site.deploy(&[]);
    first.ends(0, &["bringing what was built for pages: one file", "serves"]);
    assert!(!first.text().contains("bringing live-built-app"), "{}", first.text());
    site.serves("app", "release one");
    site.serves("pages", "page one");
    let one = site.image("live-built-app");
    assert_eq!(site.image("lastgood/built:live-built-app"), one);
    site.deploy(&[]).ends(0, &["nothing to do"]);

    // A build that fails is explained, and touches nothing.
    let (app, pages) = (site.container("app"), site.container("pages"));
    site.source.run("cp Dockerfile kept && echo 'RUN echo it lacks a compiler >&2; exit 7' >>Dockerfile").unwrap();
    let failed = site.deploy(&[]);
    failed.ends(1, &["it lacks a compiler"]);
    assert!(!failed.text().contains("carbon-build-password"), "{}", failed.text());
    assert_eq!((site.container("app"), site.image("live-built-app")), (app.clone(), one.clone()));

    // A release that is refused leaves the name to the old image, too.
    site.source.run("sed s/--directory/--no-such-option/ kept >Dockerfile").unwrap();
    site.deploy(&[]).ends(1, &["no-such-option"]);
    assert_eq!((site.container("app"), site.image("live-built-app")), (app.clone(), one.clone()));
    site.serves("app", "release one");

    site.source.run("sed s/one/two/ kept >Dockerfile").unwrap();
    site.deploy(&[]).ends(0, &["stays pages", "serves"]);
    site.serves("app", "release two");
    assert!(site.container("app") != app && site.container("pages") == pages);
    let back = site.host.ask(site.source.path(), &["rollback"]);
    back.ends(0, &["serves"]);
    site.serves("app", "release one");
    assert_eq!(site.image("live-built-app"), one);

    // What is for another machine is refused in the words of whoever asks here.
    let elf =
        r"printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\363\000\001\000\000\000%0100d' 0";
    site.source.run(&format!("cp kept Dockerfile && {elf} >pages/tool && chmod 755 pages/tool")).unwrap();
    let words = ["the artifact of pages: pages/tool is for riscv64, and vm is"];
    site.deploy(&[]).ends(1, &words);
    // And so is an image below that is not there.
    site.source.run("rm pages/tool && sed -i s/live-python/127.0.0.1:9\\\\/no-such-base/ lastgood.toml").unwrap();
    let lacking = site.deploy(&[]);
    lacking.ends(2, &["127.0.0.1:9/no-such-base", "hint: "]);
    site.serves("pages", "page one");

    let gone = site.host.ask(site.source.path(), &["host", "remove"]);
    gone.ends(0, &["lastgood/built:live-built-app", "lastgood/artifact:"]);
    site.serves("app", "release one");
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_runs_nothing_is_built_for_another_machine_here() {
    images();
    let folder = TempDir::with_prefix("live-").unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("compose.yaml", "name: live-other\nservices:\n  app:\n    build: .\n    image: live-other-app\n");
    write("Dockerfile", "FROM scratch\nCOPY compose.yaml /\nCMD [\"/x\"]\n");
    for processor in ["riscv64", "arm64"] {
        let how = Build { processor: Some(processor), socket: None };
        let built = Compose::of(folder.path(), &[]).build(None, &["app"], how, Duration::from_secs(60)).unwrap();
        assert_eq!(built.code, 0, "{}", built.complaint);
        let is_for =
            format!("[ \"$(docker image inspect --format '{{{{.Architecture}}}}' live-other-app)\" = {processor} ]");
        let looked = shell(folder.path(), &is_for);
        shell(folder.path(), "docker image rm live-other-app").unwrap();
        looked.unwrap();
    }
}
