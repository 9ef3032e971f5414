//! Redis wants a password and six clients send none: two ages of redis-py, ioredis, node-redis, go-redis and Jedis. What their logs
//! say of it differs; the verdict may not. Needs their libraries, which `clients/fetch` gets: `scripts/test clients`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bed::{Bed, shell};

/// A stage of `clients/Dockerfile`, and the Debian package that it installs.
const IMAGES: [(&str, &str); 4] =
    [("python", "python3"), ("node", "nodejs"), ("java", "openjdk-21-jdk-headless"), ("go", "")];
/// A service of `clients/compose.yaml`, and the client that it uses.
const CLIENTS: [(&str, &str); 6] = [
    ("python-old", "redis-py 4.6"),
    ("python", "redis-py 8"),
    ("node-io", "ioredis 6"),
    ("node", "node-redis 6"),
    ("go", "go-redis 9"),
    ("java", "Jedis 5"),
];
/// What follows the store's name in an address, once it is right.
const MENDED: &str = "sed -i 's|redis://store|redis://:carbon-store-password@store|' compose.yaml
    docker compose --progress quiet up --detach --wait";

#[test]
#[ignore = "needs a Docker engine, and registries of four languages"]
fn whatever_a_client_says_the_verdict_is_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/clients");
    images(&folder);
    let bed = Bed::up(&folder).unwrap();
    let mut wrong = Vec::new();

    let mut texts = BTreeSet::new();
    for (service, client) in CLIENTS {
        answers(&bed, service, 500, &mut wrong);
        let text = text(&bed, service);
        report(client, &text);
        // Whatever the backend put before it.
        let begin = ["NOAUTH", "HELLO", "Authentication"].iter().filter_map(|word| text.find(word)).min();
        texts.insert(begin.map_or_else(String::new, |begin| text[begin..].to_owned()));
    }
    if texts.len() < 4 || texts.contains("") {
        wrong.push(format!("they say the same, which proves nothing: {texts:#?}"));
    }
    let mut verdicts = BTreeSet::new();
    for (service, client) in CLIENTS {
        let said = bed.ask(&["why", service, "--json"]);
        let verdict: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
        let cause = &verdict["incidents"][0]["causes"][0];
        if said.code != 1 || !is_right(cause, service) {
            wrong.push(format!("{client}: exit {}, {cause:#}\n{}", said.code, said.stderr));
        }
        // Not the score, and whatever else depends on the moment.
        let of_all = |key: &str| cause[key].to_string().replace(&format!(" {service} "), " SHOP ");
        verdicts.insert(["code", "component", "confidence", "summary", "fix"].map(of_all));
    }
    if verdicts.len() != 1 {
        wrong.push(format!("verdicts differ: {verdicts:#?}"));
    }

    // It was the password, and nothing else.
    bed.run(MENDED).unwrap();
    for (service, _) in CLIENTS {
        answers(&bed, service, 200, &mut wrong);
    }
    let said = bed.ask(&["why"]);
    if said.code != 0 {
        wrong.push(format!("mended, and still: {}{}", said.stdout, said.stderr));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The store is to blame, for certain, and is quoted; it was asked as this service would.
fn is_right(cause: &Value, service: &str) -> bool {
    let evidence = cause["evidence"].as_array().map_or(&[][..], Vec::as_slice);
    let quoted = evidence.iter().any(|one| {
        let quote = one["quote"].as_str().unwrap_or_default();
        quote == "-NOAUTH Authentication required." && one["ref"] == *format!("probe:{service}/STORE_URL")
    });
    quoted
        && cause["code"] == "credentials/missing-credential"
        && cause["component"] == "store"
        && cause["confidence"] == "confirmed"
}

/// A request to a service, once it listens.
fn answers(bed: &Bed, service: &str, wanted: u16, wrong: &mut Vec<String>) {
    let script = format!(
        "container=$(docker compose ps --quiet {service})
         url=http://$(docker inspect -f '{{{{range .NetworkSettings.Networks}}}}{{{{.IPAddress}}}}{{{{end}}}}' $container):8000/cart
         await curl --silent --max-time 9 $url
         status=$(curl --silent --max-time 9 --output /dev/null --write-out '%{{http_code}}' $url) || true
         [ $status = {wanted} ] || {{ echo \"answers $status\" >&2; false; }}"
    );
    wrong.extend(bed.run(&script).err());
}

/// What the client says, in the log of its service: the first line that says something of authentication.
fn text(bed: &Bed, service: &str) -> String {
    let script =
        format!("docker logs $(docker compose ps --quiet {service}) 2>&1 | grep -i -m 1 auth >{service}.text || true");
    bed.run(&script).unwrap();
    fs::read_to_string(bed.path().join(format!("{service}.text"))).unwrap().trim().to_owned()
}

#[expect(clippy::print_stdout, reason = "what they say is what whoever runs this wants to see")]
fn report(client: &str, text: &str) {
    println!("{client:<14} {text}");
}

/// `live-clients-python`, …: their libraries are kept from run to run.
fn images(folder: &Path) {
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("clients");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let kept = kept.display();
    shell(&repository, &format!("'{}/fetch' '{kept}'", folder.display())).unwrap();
    for (stage, package) in IMAGES {
        let script = format!(
            "base=$(examples/econipass/stack base)
             DOCKER_BUILDKIT=1 docker build --quiet --build-arg BASE_IMAGE=\"$base\" --build-arg PACKAGE={package} \
               --build-arg DEBIAN_MIRROR=\"$(scripts/debian-mirror)\" --target {stage} --tag live-clients-{stage} '{kept}'"
        );
        shell(&repository, &script).unwrap();
    }
}
