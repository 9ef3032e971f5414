//! What `check` finds in a real stack by what it collects itself: Dockerfiles, sources of mounts, logins, programs of images,
//! the machine. A stack that is as it should be is clean first. Which finding means what is tested in `diagnose`.

use std::path::Path;

use serde_json::Value;

use crate::bed::Bed;

/// What follows a change of the stack's files, and what is found then, by code and component.
const BROKEN: &str = r#"
case $(uname -m) in x86_64) here=amd64 there=arm64 other='\267\0' ;; *) here=arm64 there=amd64 other='\76\0' ;; esac
printf '[dev]\narch = "%s"\n' $there >lastgood.toml
rm shop.conf

mkdir -p image
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0'"$other"'%0300d' 0 >image/server
printf '#!/server\n' >image/start
chmod 755 image/*
printf 'FROM scratch\nCOPY image /\nWORKDIR /\nENTRYPOINT ["./start"]\n' >Dockerfile.scratch
DOCKER_BUILDKIT=1 docker build --quiet --file Dockerfile.scratch --tag live-checked-scratch:1.0 .
cat >>compose.yaml <<END
  mislabelled:
    image: live-checked-scratch:1.0
    restart: "no"
  far:
    image: registry.example.test/shop/far:1.0
    restart: always
    volumes: ["./none:/etc/none.conf"]
END
docker compose --progress quiet create mislabelled
"#;

#[test]
#[ignore = "needs a Docker engine"]
fn what_is_collected_is_what_check_needs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/checked");
    let bed = Bed::up(&folder).unwrap();
    let clean = bed.ask(&["check"]);
    assert_eq!(clean.code, 0, "{}{}", clean.stdout, clean.stderr);

    bed.run(BROKEN).unwrap();
    let check = |arguments: &[&str]| -> Value {
        let said = bed.ask(&[&["check", "--json"], arguments].concat());
        assert_eq!(said.code, 1, "{}{}", said.stdout, said.stderr);
        serde_json::from_str(&said.stdout).unwrap()
    };
    let found = check(&[]);
    let of = |code: &str, component: &str| {
        let findings = found["findings"].as_array().unwrap();
        let fits = |finding: &&Value| finding["code"] == code && finding["component"] == component;
        findings.iter().find(fits).unwrap_or_else(|| panic!("no {code} of {component}: {found:#}")).clone()
    };
    // Whoever looks into a container without its mounts' sources has the engine make them.
    assert!(!bed.path().join("shop.conf").exists());
    let build = of("build-emulated", "shop");
    assert_eq!((&build["refs"][0]["ref"], &build["refs"][0]["quote"]), (&"Dockerfile:6".into(), &"RUN <<END".into()));
    of("mount-missing", "shop");
    of("mount-missing", "far");
    of("login-missing", "far");
    let label = of("image-mislabelled", "mislabelled");
    assert!(label["refs"][0]["quote"].as_str().is_some_and(|quote| quote.contains("/server")), "{label}");

    // A case tells the same of another machine.
    let captured = bed.ask(&["capture", "-o", "case"]);
    assert_eq!(captured.code, 0, "{}", captured.stderr);
    let codes = |found: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let findings = found["findings"].as_array().unwrap();
        findings.iter().map(|finding| (text(&finding["code"]), text(&finding["component"]))).collect()
    };
    assert_eq!(codes(&check(&["--case", "case"])), codes(&found));
    bed.run("docker image rm --force live-checked-scratch:1.0").unwrap();
}
