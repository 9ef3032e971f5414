//! Services whose image is made where they run, of files that were built here: only what is another one is made anew, what is for another
//! machine is refused before anything is sent, and folders and links of the image below stay what they are.

use std::fs;
use std::path::Path;

use crate::bed::{lastgood, shell};
use crate::site::Site;

impl Site {
    /// What a script says.
    fn asked(&self, script: &str) -> String {
        self.source.run(&format!("{{ {script}\n}} >said")).unwrap();
        fs::read_to_string(self.source.path().join("said")).unwrap().trim().to_owned()
    }

    fn images(&self) -> Vec<String> {
        self.asked("docker image ls --quiet --no-trunc lastgood/artifact").lines().map(str::to_owned).collect()
    }

    /// What it serves to whoever asks.
    fn serves(&self, text: &str) {
        let asks = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/').read().decode())";
        self.source
            .run(&format!(
                "await bash -c \"docker exec {} python3 -c \\\"{asks}\\\" | grep -q '{text}'\"",
                self.container("app")
            ))
            .unwrap();
    }
}

/// Images that stay when their containers have gone.
struct Images;

impl Drop for Images {
    fn drop(&mut self) {
        let _gone = shell(
            Path::new("/"),
            "docker image rm live-artifact-app
             docker image ls --format '{{.Repository}}:{{.Tag}}' | grep '^lastgood/artifact:' | xargs -r docker image rm",
        );
    }
}

#[test]
#[ignore = "needs a Docker engine"]
fn what_was_built_here_becomes_an_image_there() {
    let (_images, site) = (Images, Site::of("live-artifact", "artifact"));
    let before = site.images();
    // A plan touches nothing.
    site.deploy(&["--plan"]).ends(0, &["app: it has no container yet", "nothing was changed"]);
    assert!(!site.live.exists() && site.images() == before);

    site.deploy(&[]).ends(0, &["bringing what was built for app: 2 files", "serves"]);
    site.serves("release one");
    let made: Vec<String> = site.images().into_iter().filter(|image| !before.contains(image)).collect();
    let [first] = made.as_slice() else { panic!("{made:?}") };
    // One layer on the image below, whose links and folders are what they were.
    let layers =
        |image: &str| site.asked(&format!("docker image inspect --format '{{{{len .RootFS.Layers}}}}' {image}"));
    assert_eq!(layers(first).parse::<u32>().unwrap(), layers("live-python").parse::<u32>().unwrap() + 1);
    let look = |image: &str| {
        let stat = "stat -c '%n %a %u:%g %N' /bin /usr/bin /srv /tmp";
        site.asked(&format!("docker run --rm --network none --user 0 --entrypoint sh {image} -c \"{stat}\""))
    };
    assert_eq!(look(first), look("live-python"));
    let files = "stat -c '%a %u:%g' /usr/bin/serve /srv/site /srv/site/pages /srv/site/pages/index.html";
    let files = site.asked(&format!("docker run --rm --network none --entrypoint sh {first} -c \"{files}\""));
    assert_eq!(files.lines().collect::<Vec<_>>(), ["755 0:0", "755 0:0", "755 0:0", "644 0:0"]);

    // Nothing is another one: nothing is sent, nothing is made anew.
    let (app, kvs) = (site.container("app"), site.container("kvs"));
    let again = site.deploy(&[]);
    again.ends(0, &["nothing to do"]);
    assert!(!again.stdout.contains("bringing") && site.container("app") == app);

    // One file: another image, and exactly that service.
    site.source.run("echo 'release two' >dist/pages/index.html").unwrap();
    site.deploy(&["--plan"]).ends(0, &["app: ", "stays kvs"]);
    site.deploy(&[]).ends(0, &["stays kvs", "serves"]);
    site.serves("release two");
    assert!(site.container("app") != app && site.container("kvs") == kvs);

    // A program for another machine is refused before anything is sent, by the plan, too.
    let app = site.container("app");
    let elf =
        r#"printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\363\000\001\000\000\000%0100d' 0"#;
    site.source.run(&format!("cp -p dist/serve kept && {elf} >dist/serve")).unwrap();
    for arguments in [&["--plan"][..], &[]] {
        let refused = site.deploy(arguments);
        refused.ends(
            1,
            &["the artifact of app: dist/serve is for riscv64, and this machine is", "hint: build it for linux/"],
        );
        assert!(!refused.stdout.contains("bringing"));
    }
    // What is not there is named.
    site.source.run("rm dist/serve").unwrap();
    site.deploy(&[]).ends(2, &["the artifact of app: dist/serve is not there", "hint: build it first"]);
    assert_eq!(site.container("app"), app);

    // One that does not serve is refused; the old one goes on.
    site.source
        .run("printf '#!/bin/sh\\necho no such database >&2; exit 3\\n' >dist/serve && chmod 755 dist/serve")
        .unwrap();
    site.deploy(&[]).ends(1, &["no such database"]);
    assert_eq!(site.container("app"), app);
    site.serves("release two");

    // Going back needs nothing of what lies here.
    lastgood(&site.live, &["rollback", "--local"], &[]).ends(0, &["serves"]);
    site.serves("release one");
    // And nothing of it stays but what serves.
    let live = site.live.to_str().unwrap();
    lastgood(site.source.path(), &["host", "remove", "--local", "--of", live], &[]).ends(0, &[]);
    let left: Vec<String> = site.images().into_iter().filter(|image| !before.contains(image)).collect();
    assert!(left.len() <= 1, "{left:?}");
    site.serves("release one");
}
