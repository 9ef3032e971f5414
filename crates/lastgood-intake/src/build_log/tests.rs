//! What is made of the output of real builds.

use jiff::tz::TimeZone;
use lastgood_model::{BuildFact, Fact, UnixMs};

use crate::{Context, NginxConf, Scanner, Sink, recognise};

#[derive(Default)]
struct Told(Vec<String>);

impl Sink for Told {
    fn fact(&mut self, _: Option<UnixMs>, fact: Fact, line: u64) {
        let Fact::Build(fact) = fact else { panic!("{fact:?}") };
        self.0.push(match fact {
            BuildFact::Step { what, step } => format!("{line} {what}: {step}"),
            BuildFact::Error { what, kind, name } => format!("{line} {what}: {kind:?} {name}"),
            BuildFact::Image { what, base, .. } => format!("{line} {what}: begins with {base}"),
            BuildFact::Failed { what, code } => format!("{line} {what}: failed {code:?}"),
            BuildFact::Succeeded => format!("{line} succeeded"),
        });
    }
}

fn read(text: &str) -> Vec<String> {
    let format = recognise(text.as_bytes(), "build.log", &NginxConf::default());
    assert_eq!(format.name(), "build", "{text}");
    let mut scanner = Scanner::new(
        &format,
        Context { zone: TimeZone::UTC, vhost: "x".into(), about: None, without: lastgood_model::Layers::NONE },
    );
    let mut told = Told::default();
    scanner.feed(text.as_bytes(), &mut told);
    let counts = scanner.finish(&mut told);
    assert_eq!(counts.lines, counts.parsed + counts.other + counts.unreadable);
    assert_eq!(counts.unreadable, 0);
    told.0
}

macro_rules! build {
    ($name:literal) => {
        read(include_str!(concat!("../../tests/data/build/", $name)))
    };
}

#[test]
fn a_program_for_another_machine() {
    let of = |what: &str, base: u64, step: u64, error: u64, end: u64| {
        vec![
            format!("{step} {what}: [{}3/3] RUN node build.mjs", if what == "frontend" { "frontend " } else { "" }),
            format!("{error} {what}: WrongArchitecture node"),
            format!("{base} {what}: begins with debian:trixie-slim"),
            format!("{end} {what}: failed Some(126)"),
        ]
    };
    assert_eq!(build!("buildkit-arch.log"), of("", 14, 24, 25, 31));
    assert_eq!(build!("compose-arch.log"), of("frontend", 14, 24, 25, 31));
    assert_eq!(
        build!("legacy-arch.log"),
        ["10 : Step 3/3 : RUN node build.mjs", "12 : WrongArchitecture node", "13 : failed Some(126)",]
    );
}

#[test]
fn a_program_that_is_not_there() {
    let expected = [
        "33 Dockerfile.frontend: [build 5/5] RUN npm run build",
        "34 Dockerfile.frontend: ProgramMissing npm",
        "40 Dockerfile.frontend: failed Some(127)",
    ];
    assert_eq!(build!("buildkit-not-found.log"), expected);
}

#[test]
fn tools_by_themselves() {
    let expected = ["2 shop: shop@1.0.0 build", "9 shop: ModuleMissing /app/missing.mjs"];
    assert_eq!(build!("npm-build.log"), expected);
    assert_eq!(build!("tsc.log"), ["1 : Refused a.ts(1,7)"]);
    assert_eq!(build!("go-test.log"), ["1 : TestFailed TestAdd", "3 : failed None"]);
    assert_eq!(build!("maven.log"), ["17 shop: Refused /app/src/main/java/A.java:[1,28]", "21 shop: failed None"]);
    assert_eq!(build!("pip.log"), ["1 : PackageMissing nosuchpackage"]);
    assert_eq!(build!("pytest.log"), ["18 : TestFailed test_a.py::test_add", "19 : failed None"]);
}

#[test]
fn newer_builders_show_the_dockerfile_and_terminals_show_marks() {
    let newer = "\
#7 [linux/amd64 build 5/6] RUN npm run build
#7 0.512 env: can't execute 'node': Exec format error
#7 ERROR: process \"/bin/sh -c npm run build\" did not complete successfully: exit code: 126
------
 > [linux/amd64 build 5/6] RUN npm run build:
0.512 env: can't execute 'node': Exec format error
------
Dockerfile.frontend:12
--------------------
  10 |     COPY . .
  12 | >>> RUN npm run build
--------------------
ERROR: failed to solve: process \"/bin/sh -c npm run build\" did not complete successfully: exit code: 126
";
    let expected = [
        "1 Dockerfile.frontend: [linux/amd64 build 5/6] RUN npm run build",
        "2 Dockerfile.frontend: WrongArchitecture node",
        "13 Dockerfile.frontend: failed Some(126)",
    ];
    assert_eq!(read(newer), expected);
    let terminal = "\
[+] Building 1.2s (7/8)                                                   docker:default
 => [internal] load build definition from Dockerfile                                0.0s
 => [build 1/2] FROM docker.io/library/node:20                                      0.0s
 => ERROR [build 2/2] RUN npm ci                                                    0.5s
------
 > [build 2/2] RUN npm ci:
0.412 npm error code E404
0.412 npm error 404 Not Found - GET https://registry.npmjs.org/x
------
ERROR: failed to solve: process \"/bin/sh -c npm ci\" did not complete successfully: exit code: 1
";
    let expected = ["4 : [build 2/2] RUN npm ci", "8 : PackageMissing ", "10 : failed Some(1)"];
    assert_eq!(read(terminal), expected);
}

#[test]
fn a_build_that_ends_well_has_no_error() {
    let well = "#5 [2/2] RUN make\n#5 0.1 error: ignored\n#5 DONE 0.2s\n#6 exporting to image\n#6 naming to docker.io/library/x done\n#6 DONE 0.1s\n";
    assert_eq!(read(well), ["5 succeeded"]);
}

#[test]
fn a_word_of_success_hides_nothing_that_comes_after_it() {
    let installed =
        "> shop@1.0.0 prepare\nfound 0 vulnerabilities\n\n> shop@1.0.0 build\nsrc/a.ts(3,5): error TS2322: no\n";
    assert_eq!(read(installed), ["4 shop: shop@1.0.0 build", "5 shop: Refused src/a.ts(3,5)"]);
}
