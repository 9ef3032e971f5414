//! Programs for another machine than the one they are to run on: builds that fail of it, as the real builder says so, and images
//! that are found before any container of them was ever there. `faults/wrong-arch*` has what follows once they run.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bed::{Bed, Said, binary, shell};

/// This machine, another one, its number in a program's header, code that ends well or by an instruction that there is none of;
/// and who emulates it.
const MACHINES: &str = r#"
case $(uname -m) in
  x86_64) here=amd64 there=arm64 emulator=qemu-aarch64 machine='\xb7' exits='\x00\x00\x80\xd2\xa8\x0b\x80\xd2\x01\x00\x00\xd4' dies='\x00\x00\x00\x00' ;;
  *) here=arm64 there=amd64 emulator=qemu-x86_64 machine='\x3e' exits='\x31\xff\xb8\x3c\x00\x00\x00\x0f\x05' dies='\x0f\x0b' ;;
esac
# The smallest program of the other machine: ELF header, one program header, a few instructions.
program() {
  local zero8='\x00\x00\x00\x00\x00\x00\x00\x00' entry='\x78\x00\x40\x00\x00\x00\x00\x00' size='\x84\x00\x00\x00\x00\x00\x00\x00'
  printf '%b' "\x7fELF\x02\x01\x01\x00$zero8\x02\x00$machine\x00\x01\x00\x00\x00$entry\x40\x00\x00\x00\x00\x00\x00\x00$zero8" \
    '\x00\x00\x00\x00\x40\x00\x38\x00\x01\x00\x00\x00\x00\x00\x00\x00' \
    "\x01\x00\x00\x00\x05\x00\x00\x00$zero8" '\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00' \
    "$size$size" '\x00\x10\x00\x00\x00\x00\x00\x00' "$1" '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00' >"$2"
  chmod 755 "$2"
}
"#;

/// A stage of `architectures/builds/Dockerfile`, and what it says at last.
const BUILDS: [(&str, &str); 4] = [
    ("plain", "exec /bin/sh: exec format error"),
    ("env", "env: can't execute 'node': Exec format error"),
    ("shell", "node: Exec format error"),
    ("dies", "qemu: uncaught target signal 4 (Illegal instruction)"),
];

#[test]
#[ignore = "needs a Docker engine"]
fn a_build_for_another_architecture_says_why_it_fails() {
    let bed = Bed::laid(&folder("builds")).unwrap();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let repository = repository.display();
    let build = |stage: &str, ends: &str| {
        bed.run(&format!(
            "{MACHINES}
             program $dies dies
             ends=0
             timeout 120 docker buildx build --progress plain --platform linux/$there --target {stage} --build-arg THERE=$there \
               --build-arg EMULATOR=$emulator --build-arg BASE_IMAGE=$({repository}/examples/econipass/stack base) \
               --build-arg DEBIAN_MIRROR=$({repository}/scripts/debian-mirror) . >{stage}.log 2>&1 || ends=1
             [ $ends = {ends} ] || {{ echo \"it ends with $ends; a kernel that emulates others cannot be tested on\"; cat {stage}.log; }} >&2
             [ $ends = {ends} ]"
        ))
        .unwrap();
    };
    // The very program runs where it is emulated: what fails is not it.
    build("runs", "0");
    let runs = bed.ask(&["why", "runs.log"]);
    assert_eq!(runs.code, 0, "{}{}", runs.stdout, runs.stderr);

    for (stage, words) in BUILDS {
        build(stage, "1");
        let log = format!("{stage}.log");
        failed(&bed.ask(&["why", &log, "--json"]), words);
        bed.run(&format!("'{}' why - --json <{log} >piped.json; [ $? = 1 ]", binary().display())).unwrap_or_default();
        let piped = std::fs::read_to_string(bed.path().join("piped.json")).unwrap();
        failed(&Said { code: 1, stdout: piped, stderr: String::new() }, words);
        let korean = bed.ask(&["why", &log, "--lang", "ko"]);
        assert!(korean.code == 1 && korean.stdout.contains("다른 아키텍처"), "{}", korean.stdout);
    }
}

/// A program for another machine, by the line that says so; and what to build instead.
fn failed(said: &Said, words: &str) {
    let verdict: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
    let cause = &verdict["incidents"][0]["causes"][0];
    let is = |key: &str, wanted: &str| cause[key] == wanted;
    assert!(
        said.code == 1 && is("code", "version/wrong-arch") && is("confidence", "confirmed"),
        "{cause:#}{}",
        said.stderr
    );
    let quotes = cause["evidence"].as_array().unwrap().iter().filter_map(|one| one["quote"].as_str());
    assert!(quotes.into_iter().any(|quote| quote.contains(words)), "`{words}` is not quoted: {cause:#}");
    // None of these stages says which image it begins with, so that no Dockerfile is made up.
    assert_eq!(cause["commands"].to_string(), "[\"lastgood check\"]");
}

/// Makes the images of `architectures/images`.
const IMAGES: &str = r#"
program $exits foreign
printf '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n' >pause.c
cc -static -Os -o native pause.c
mkdir -p shop && cp foreign shop/prices.so
build() {
  printf '%b' "$3" >Dockerfile.$1
  DOCKER_BUILDKIT=1 docker build --quiet --platform linux/$2 --file Dockerfile.$1 --tag live-architectures-$1:1.0 .
}
build labelled $here 'FROM scratch\nCOPY foreign /shop\nENTRYPOINT ["/shop"]\n'
build swapped $there 'FROM scratch\nCOPY native /shop\nENTRYPOINT ["/shop"]\n'
build module $here 'FROM live-python\nCOPY shop /srv/shop\nWORKDIR /srv/shop\n'
"#;

#[test]
#[ignore = "needs a Docker engine"]
fn images_for_another_machine_are_found_before_their_first_start_and_after() {
    let bed = Bed::laid(&folder("images")).unwrap();
    bed.run(&format!("{MACHINES}{IMAGES}")).unwrap();
    let ours =
        "docker ps -aq --filter label=lastgood.probe --filter label=com.docker.compose.project=live-architectures";

    let mut wrong = Vec::new();
    let mut finds = |said: &Said, severity: &str, code: &str, component: &str, words: &str| {
        let found: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
        let findings = found["findings"].as_array().map_or(&[][..], Vec::as_slice);
        let fits = |one: &&Value| {
            one["code"] == code
                && one["component"] == component
                && one["severity"] == severity
                && one.to_string().contains(words)
        };
        if said.code != 1 || findings.iter().find(fits).is_none() {
            wrong.push(format!("no {severity} {code} of {component} with `{words}`: {found:#}{}", said.stderr));
        }
    };
    let check = bed.ask(&["check", "--json"]);
    finds(&check, "will-break", "image-mislabelled", "labelled", "/shop");
    finds(&check, "will-break", "module-architecture", "module", "/srv/shop/prices.so");
    finds(&check, "worth-knowing", "image-mislabelled", "swapped", "/shop");
    bed.run(&format!("[ -z \"$({ours})\" ]")).unwrap();
    // Who may make no container sees what the labels say.
    finds(&bed.ask(&["check", "--json", "--no-probes"]), "will-break", "image-architecture", "swapped", "");
    // A case tells the same.
    bed.run(&format!("'{}' capture -o case", binary().display())).unwrap();
    let case = bed.ask(&["check", "--json", "--case", "case"]);
    finds(&case, "will-break", "image-mislabelled", "labelled", "/shop");
    finds(&case, "will-break", "module-architecture", "module", "/srv/shop/prices.so");

    let restarts = |service: &str| {
        format!(
            "await sh -c '[ $(docker inspect -f \"{{{{.RestartCount}}}}\" live-architectures-{service}-1) -ge 2 ]'\n"
        )
    };
    let started = ["labelled", "module"].map(restarts).concat();
    bed.run(&format!("docker compose --progress quiet up --detach\n{started}")).unwrap();
    for (service, words) in [("labelled", "exec format error"), ("module", "/srv/shop/prices.so")] {
        let said = bed.ask(&["why", service, "--json"]);
        let verdict: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
        let cause = &verdict["incidents"][0]["causes"][0];
        let is = |key: &str, wanted: &str| cause[key] == wanted;
        let right = is("code", "version/wrong-arch") && is("component", service) && is("confidence", "confirmed");
        if said.code != 1 || !right || !cause.to_string().contains(words) {
            wrong.push(format!("why {service}: exit {}, {cause:#}{}", said.code, said.stderr));
        }
    }
    let swapped = bed.ask(&["why", "swapped"]);
    let text = swapped.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    if swapped.code != 0 || !text.contains("swapped runs, although its image is labelled") {
        wrong.push(format!("why swapped: exit {}: {}{}", swapped.code, swapped.stdout, swapped.stderr));
    }
    let images = ["labelled", "module", "swapped"].map(|name| format!("live-architectures-{name}:1.0")).join(" ");
    drop(bed);
    shell(Path::new("/"), &format!("docker image rm {images}")).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/architectures").join(name)
}
