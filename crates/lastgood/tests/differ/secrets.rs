//! Secrets that stand in a project everywhere they stand in real ones, and every command that may tell them: none of them
//! comes out, in no form, neither in an answer nor in a file.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fastrand::Rng;
use tempfile::TempDir;

use crate::bed::Bed;
use crate::compose::in_full;

/// Where a secret stands, and the secret.
struct Planted(Vec<(&'static str, String)>);

const PLACES: [&str; 18] = [
    "fallback",
    "env-file",
    "environment",
    "interpolated",
    "dsn",
    "dsn-coded",
    "requirepass",
    "healthcheck",
    "build-argument",
    "label",
    "command-option",
    "proxy-header",
    "query",
    "log",
    "dollar",
    "short-word",
    "bearer",
    "file-of-secret",
];

impl Planted {
    fn new() -> Self {
        let mut rng = Rng::new();
        let mut word = |length| std::iter::repeat_with(|| rng.alphanumeric()).take(length).collect::<String>();
        Self(
            PLACES
                .iter()
                .map(|place| {
                    let secret = match *place {
                        // Signs that a URL cannot hold as they are, one that Compose takes for its own, and a short one.
                        "dsn-coded" => format!("{}@{}/{}", word(5), word(5), word(5)),
                        "dollar" => format!("{}${}", word(6), word(7)),
                        "short-word" => word(8),
                        _ => format!("carbon-{}", word(14)),
                    };
                    (*place, secret)
                })
                .collect(),
        )
    }

    fn get(&self, place: &str) -> &str {
        &self.0.iter().find(|(known, _)| *known == place).unwrap().1
    }

    /// In all forms in which they may be told, each with its place.
    fn forms(&self) -> Vec<(String, Vec<u8>)> {
        let mut forms = Vec::new();
        for (place, secret) in &self.0 {
            forms.push(((*place).to_owned(), secret.clone().into_bytes()));
            forms.push((format!("{place}, in a URL"), coded(secret).into_bytes()));
            // In base64 it depends on what stands before; the signs in the middle tell.
            for before in 0..3 {
                let padded = [vec![b'x'; before], secret.clone().into_bytes()].concat();
                let text = base64(&padded);
                let inside = text.trim_end_matches('=');
                let from = if before == 0 { 0 } else { before + 1 };
                let to = inside.len() - usize::from(padded.len() % 3 > 0);
                forms.push((format!("{place}, in base64"), inside.as_bytes()[from..to].to_vec()));
            }
        }
        forms
    }
}

fn coded(text: &str) -> String {
    let one = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(one).collect()
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let sign = char::from(SIGNS[(number >> (18 - 6 * place) & 63) as usize]);
            text.push(if place > three.len() { '=' } else { sign });
        }
    }
    text
}

/// What was said, and what was written, searched for secrets.
struct Searched<'p> {
    forms: Vec<(String, Vec<u8>)>,
    planted: &'p Planted,
    texts: usize,
    bytes: usize,
    found: BTreeSet<String>,
}

impl<'p> Searched<'p> {
    fn new(planted: &'p Planted) -> Self {
        Self { forms: planted.forms(), planted, texts: 0, bytes: 0, found: BTreeSet::new() }
    }

    fn text(&mut self, whose: &str, bytes: &[u8]) {
        self.texts += 1;
        self.bytes += bytes.len();
        // A terminal breaks lines in the middle of words only where they are longer than it is.
        for (place, form) in &self.forms {
            if let Some(at) = bytes.windows(form.len()).position(|window| window == form) {
                let around = &bytes[at.saturating_sub(60)..(at + form.len() + 20).min(bytes.len())];
                self.found.insert(format!("{place}: {whose}: …{}…", String::from_utf8_lossy(around)));
            }
        }
    }

    /// A file, unpacked; or all of a folder.
    fn path(&mut self, whose: &str, path: &Path) {
        if path.is_dir() {
            let entries: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
            for entry in entries {
                self.text(whose, entry.as_os_str().as_bytes());
                self.path(whose, &entry);
            }
            return;
        }
        let mut bytes = fs::read(path).unwrap();
        if bytes.starts_with(b"\x1f\x8b") {
            let mut gzip = Command::new("gzip");
            let mut child = gzip.args(["-dc"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut input = child.stdin.take().unwrap();
            std::thread::spawn(move || input.write_all(&bytes).unwrap());
            bytes = child.wait_with_output().unwrap().stdout;
        }
        self.text(&format!("{whose}, {}", path.file_name().unwrap().to_string_lossy()), &bytes);
    }

    fn finish(self, what: &str) {
        println!(
            "{what}: {} secrets in {} forms, {} texts, {} KiB",
            self.planted.0.len(),
            self.forms.len(),
            self.texts,
            self.bytes / 1024
        );
        assert!(
            self.found.is_empty(),
            "{} leaks:\n{}",
            self.found.len(),
            self.found.into_iter().collect::<Vec<_>>().join("\n")
        );
    }
}

/// The project: a proxy, an application that talks too much, a store.
fn shop(folder: &Path, planted: &Planted) {
    let secret = |place: &str| planted.get(place);
    let compose = format!(
        r#"
services:
  web:
    image: live-nginx
    volumes: ["./nginx:/etc/nginx/conf.d:ro"]
    ports: ["127.0.0.1::80"]
    labels:
      traefik.http.middlewares.auth.basicauth.password: "{label}"
  shop:
    image: differ-told:{project}
    env_file: [.env]
    environment:
      API_TOKEN: "{environment}"
      FALLBACK_PASSWORD: ${{FALLBACK_PASSWORD:-{fallback}}}
      DATABASE_URL: postgres://shop:${{DATABASE_PASSWORD}}@db.example:5432/shop
      CACHE_URL: redis://:{dsn}@store:6379/0
      QUEUE_URL: amqp://queue:{coded}@queue.example:5672/
      PRICE_PASSWORD: '{dollar}'
      STORE_HOST: store
      STORE_PORT: "6380"
    secrets: [word]
    volumes: ["./state:/state", "./told.py:/told.py:ro"]
    entrypoint: [python3, /told.py]
    command: ["--api-key", "{option}", "--verbose"]
    stop_grace_period: 0s
  store:
    image: live-redis
    command: redis-server --requirepass {requirepass}
    healthcheck:
      test: [CMD-SHELL, "redis-cli -a {healthcheck} ping"]
      interval: 1s
      retries: 1
secrets: {{word: {{file: ./word}}}}
"#,
        label = secret("label"),
        project = folder.file_name().unwrap().to_string_lossy().to_ascii_lowercase().replace('.', "-"),
        environment = secret("environment"),
        fallback = secret("fallback"),
        dsn = secret("dsn"),
        coded = coded(secret("dsn-coded")),
        dollar = secret("dollar").replace('$', "$$"),
        option = secret("command-option"),
        requirepass = secret("requirepass"),
        healthcheck = secret("healthcheck"),
    );
    fs::write(folder.join("compose.yaml"), compose).unwrap();
    let dot = format!(
        "FALLBACK_PASSWORD=another-one-7\nSMTP_PASSWORD={}\nDATABASE_PASSWORD={}\nPIN_PASSWORD={}\nLOG_SECRET={}\nMODE=one\n",
        secret("env-file"),
        secret("interpolated"),
        secret("short-word"),
        secret("log"),
    );
    fs::write(folder.join(".env"), &dot).unwrap();
    fs::write(folder.join(".env.example"), "SMTP_PASSWORD=change-me\nMODE=one\nMISSING=x\n").unwrap();
    fs::write(folder.join("word"), secret("file-of-secret")).unwrap();
    fs::create_dir(folder.join("nginx")).unwrap();
    let nginx = format!(
        "server {{ listen 80; location / {{ proxy_pass http://shop:8000; proxy_connect_timeout 1s;\n\
         proxy_set_header X-Api-Key {};\nproxy_set_header Authorization \"Bearer {}\"; }} }}\n",
        secret("proxy-header"),
        secret("bearer")
    );
    fs::write(folder.join("nginx/shop.conf"), nginx).unwrap();
    // It says what it was told, in all ways that programs do, and goes.
    let told = r#"
import base64, http.server, os, sys, threading, time, urllib.parse
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *_): pass
def tell():
    for key, value in sorted(os.environ.items()):
        if key in ("PATH", "MODE", "PYTHONUNBUFFERED", "HOME", "HOSTNAME"): continue
        print(f"ERROR cannot connect with {key}={value}", file=sys.stderr, flush=True)
    for key in ("SMTP_PASSWORD", "DATABASE_PASSWORD", "API_TOKEN", "LOG_SECRET", "PRICE_PASSWORD"):
        value = os.environ[key]
        print(f"ERROR: auth failed for {value}!", file=sys.stderr, flush=True)
        print("Authorization: Basic " + base64.b64encode(b"shop:" + value.encode()).decode(), file=sys.stderr, flush=True)
        print("raw " + base64.b64encode(b"a:" + value.encode()).decode(), file=sys.stderr, flush=True)
        print("raw " + base64.b64encode(value.encode()).decode(), file=sys.stderr, flush=True)
        print("GET /login?password=" + urllib.parse.quote(value, safe=""), file=sys.stderr, flush=True)
    print("argv", sys.argv[1:], file=sys.stderr, flush=True)
    print("RuntimeError: could not connect to " + os.environ["DATABASE_URL"], file=sys.stderr, flush=True)
def wait():
    while not os.path.exists("/state/die"): time.sleep(0.1)
    tell(); os._exit(1)
tell()
threading.Thread(target=wait, daemon=True).start()
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Answer).serve_forever()
"#;
    fs::write(folder.join("told.py"), told).unwrap();
    let image =
        format!("FROM live-python\nARG DB_PASSWORD\nRUN true\nENV BUILD_PASSWORD_KEPT={}\n", secret("build-argument"));
    fs::create_dir(folder.join("image")).unwrap();
    fs::write(folder.join("image/Dockerfile"), image).unwrap();
}

#[test]
#[ignore = "needs a Docker engine"]
fn no_secret_of_a_project_is_told() {
    let planted = Planted::new();
    let source = TempDir::with_prefix("told-").unwrap();
    shop(source.path(), &planted);
    let tag = format!(
        "differ-told:{}",
        source.path().file_name().unwrap().to_string_lossy().to_ascii_lowercase().replace('.', "-")
    );
    crate::drift::images();
    let _image = Image(tag.clone());
    let build = Command::new("docker")
        .env("DOCKER_BUILDKIT", "0")
        .args([
            "build",
            "--quiet",
            "--tag",
            &tag,
            "--build-arg",
            &format!("DB_PASSWORD={}", planted.get("build-argument")),
        ])
        .arg(source.path().join("image"))
        .output()
        .unwrap();
    assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    // The store is never healthy: its health check has the wrong password.
    fs::write(
        source.path().join("compose.override.yaml"),
        "services: {store: {healthcheck: {test: [CMD, \"true\"]}}}\n",
    )
    .unwrap();
    let bed = Bed::up(source.path()).unwrap();
    let query = planted.get("query");
    let broken = format!(
        "rm compose.override.yaml; docker compose --progress quiet up --detach --timeout 0
         ask() {{ curl -s -o /dev/null \"http://$(docker compose port web 80)/pay?password={query}&token={query}\"; }}
         for _ in $(seq 40); do ask; sleep 0.02; done
         sed -i s/MODE=one/MODE=two/ .env
         touch state/die; sleep 1; docker compose stop --timeout 0 shop
         for _ in $(seq 20); do ask; sleep 0.02; done; sleep 2"
    );
    bed.run(&broken).unwrap();
    let mut searched = Searched::new(&planted);
    everything_that_is_asked(&bed, &mut searched);
    drop(bed);
    searched.finish("a project that runs");
}

/// An image that is gone when its test is.
struct Image(String);

impl Drop for Image {
    fn drop(&mut self) {
        let _gone = Command::new("docker").args(["rmi", "--force", &self.0]).output();
    }
}

/// Every command that only looks, in every form.
fn everything_that_is_asked(bed: &Bed, searched: &mut Searched<'_>) {
    let written = TempDir::new().unwrap();
    let place = |name: &str| written.path().join(name).to_string_lossy().into_owned();
    let (case, html, md, json) = (place("case"), place("r.html"), place("r.md"), place("r.json"));
    let template = place("template.md");
    fs::write(&template, "{{ verdict }}\n").unwrap();
    let commands: Vec<Vec<&str>> = vec![
        vec!["why"],
        vec!["why", "-v"],
        vec!["why", "shop", "-v"],
        vec!["why", "store", "-v"],
        vec!["why", "web", "-v"],
        vec!["why", "--json"],
        vec!["why", "--hide-values", "-v"],
        vec!["check"],
        vec!["check", "-v"],
        vec!["check", "--json"],
        vec!["check", "--strict", "--json", "-v"],
        vec!["check", "--hide-values"],
        vec!["status"],
        vec!["status", "--json"],
        vec!["capture", "-o", &case],
        vec!["why", "--case", &case, "-v"],
        vec!["why", "--case", &case, "--json"],
        vec!["timeline", "--case", &case],
        vec!["timeline", "--case", &case, "--json"],
        vec!["timeline", "--case", &case, "--by", "path"],
        vec!["report"],
        vec!["report", "--format", "md", "-o", &md],
        vec!["report", "--format", "html", "-o", &html],
        vec!["report", "--format", "json", "-o", &json],
        vec!["report", "--with-addresses"],
        vec!["report", "--case", &case],
        vec!["explain", "502"],
    ];
    for (lang, arguments) in ["en", "ko"].into_iter().flat_map(|lang| commands.iter().map(move |one| (lang, one))) {
        // Short runs ask for a half of it in each language.
        let asked =
            in_full() || ["check", "capture"].contains(&arguments[0]) || (lang == "en") == (arguments.len() % 2 > 0);
        if asked {
            for output in [&md, &html, &json] {
                let _not_there = fs::remove_file(output);
            }
            if arguments[0] == "capture" {
                let _not_there = fs::remove_dir_all(&case);
            }
            let said = bed.ask(&[&arguments[..], &["--lang", lang]].concat());
            let whose = format!("{} --lang {lang}", arguments.join(" "));
            assert!((0..=2).contains(&said.code), "{whose}: {}", said.stderr);
            searched.text(&whose, said.stdout.as_bytes());
            searched.text(&whose, said.stderr.as_bytes());
            searched.path(&whose, written.path());
            // Where no line is broken, no word is.
            let flat: String = said.stdout.split_whitespace().collect();
            searched.text(&format!("{whose}, without blanks"), flat.as_bytes());
            // That there was something to tell. Several of the shop's dependencies are wrong; which of them the verdict shows whole is
            // the ranking's affair.
            let tells = match &arguments[..] {
                ["why", "-v"] => "probe:shop/",
                ["check", "-v"] => "--requirepass",
                ["check", "--json"] => "secret-in-image",
                _ => "",
            };
            assert!(said.stdout.contains(tells), "{whose} does not say {tells}:\n{}", said.stdout);
        }
    }
    assert!(written.path().join("case/docker").is_dir(), "the case holds the stack");
}

#[test]
#[ignore = "needs Docker Compose"]
fn no_secret_of_a_file_that_compose_refuses_is_told() {
    let planted = Planted(vec![("refused", format!("carbon-{}", Rng::new().u32(..)))]);
    let secret = planted.get("refused");
    let env = |text: &str| ("services: {a: {image: x, env_file: [a.env]}}".to_owned(), text.to_owned(), String::new());
    let dot = |text: &str| ("services: {a: {image: x}}".to_owned(), String::new(), text.to_owned());
    let compose = |text: &str| (format!("services:\n  a:\n    image: x\n{text}"), String::new(), String::new());
    let texts = [
        format!("OK=1\nPASS!WORD={secret}\n"),
        format!("PASS WORD={secret}\n"),
        format!("PASSWORD=\"{secret}\n"),
        format!("PASSWORD='{secret}"),
        format!("PASSWORD=pa${{{secret}\n"),
        format!("PASSWORD=${{{secret}}}\n"),
        format!("PASSWORD=\"{secret}${{}}\"\n"),
        format!("PASSWORD=${{X:?{secret}}}\n"),
        format!("{secret}!\n"),
        format!("=x\n{secret}"),
    ];
    let shapes = [
        format!("    environment: {{PASSWORD: 'pa${{{secret}'}}\n"),
        format!("    environment: ['PASSWORD=${{{secret}!}}']\n"),
        format!("    environment: {{PASSWORD: '{secret}${{'}}\n"),
        format!("    environment: {{PASSWORD: ['{secret}']}}\n"),
        format!("    environment: {{PASSWORD: {{x: '{secret}'}}}}\n"),
        format!("    environment: [{{PASSWORD: '{secret}'}}]\n"),
        format!("    environment: {secret}\n"),
        format!("    environment:\n      PASSWORD: \"{secret}\n"),
        format!("    environment:\n      PASSWORD: {secret}: x\n"),
        format!("    environment:\n      PASSWORD: !!int {secret}\n"),
        format!("    environment:\n    - PASSWORD={secret}\n     - x\n"),
        format!("    environment: {{PASSWORD: '${{X:?{secret}}}'}}\n"),
        format!("    command: {{PASSWORD: '{secret}'}}\n"),
        format!("    healthcheck: {{test: {{PASSWORD: '{secret}'}}}}\n"),
        format!("    labels: {{a: ['{secret}']}}\n"),
        format!("    mem_limit: {secret}\n"),
    ];
    let cases: Vec<(String, String, String)> = texts
        .iter()
        .map(|text| env(text))
        .chain(texts.iter().map(|text| dot(text)))
        .chain(shapes.iter().map(|text| compose(text)))
        .collect();
    let mut searched = Searched::new(&planted);
    let (mut asked, mut refused) = (0, 0);
    for version in crate::compose::versions() {
        // Short runs ask for each third of them.
        for (compose, env, dot) in cases.iter().step_by(if in_full() { 1 } else { 3 }) {
            let folder = TempDir::new().unwrap();
            fs::write(folder.path().join("compose.yaml"), compose).unwrap();
            fs::write(folder.path().join("a.env"), env).unwrap();
            fs::write(folder.path().join(".env"), dot).unwrap();
            refused += usize::from(version.config(folder.path(), &[]).is_err());
            asked += 1;
            let commands: [&[&str]; 6] = [
                &["check", "-v"],
                &["check", "--json", "--lang", "ko"],
                &["status"],
                &["status", "--json"],
                &["why", "a", "-v"],
                &["capture", "a", "-o", "case"],
            ];
            for arguments in commands {
                let mut command = Command::new(env!("CARGO_BIN_EXE_lastgood"));
                command
                    .current_dir(folder.path())
                    .env_clear()
                    .env("PATH", std::env::var_os("PATH").unwrap())
                    .args(arguments);
                command.envs(version.settings().map(|folder| ("DOCKER_CONFIG", folder)));
                let output = command.env("DOCKER_HOST", "unix:///nowhere").output().unwrap();
                let whose =
                    format!("Compose {}, {}, {compose:?} {env:?} {dot:?}", version.version, arguments.join(" "));
                searched.text(&whose, &output.stdout);
                searched.text(&whose, &output.stderr);
            }
            if folder.path().join("case").is_dir() {
                searched.path("a case", &folder.path().join("case"));
            }
        }
    }
    println!("{refused} of {asked} are refused");
    assert!(refused * 2 > asked);
    searched.finish("files that Compose refuses");
}

#[test]
#[ignore = "asks the binary"]
fn no_secret_in_an_argument_is_repeated() {
    let planted = Planted(vec![("argument", format!("carbon-{}", Rng::new().u32(..)))]);
    let secret = planted.get("argument");
    let mut searched = Searched::new(&planted);
    let folder = TempDir::new().unwrap();
    let said = [
        format!("https://me:{secret}@host.example/a.log"),
        format!("password={secret}"),
        format!("--password={secret}"),
    ];
    for word in &said {
        let commands: [&[&str]; 10] = [
            &["why", word],
            &["why", "--tz", word],
            &["why", "--noticed-at", word],
            &["why", "--password", word],
            &["check", word],
            &["status", "--show-tz", word],
            &["timeline", word],
            &["explain", word],
            &[word],
            &["capture", word, "-o", "case"],
        ];
        for arguments in commands {
            let mut command = Command::new(env!("CARGO_BIN_EXE_lastgood"));
            command
                .current_dir(folder.path())
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap())
                .args(arguments);
            let output = command.env("DOCKER_HOST", "unix:///nowhere").output().unwrap();
            searched.text(&arguments.join(" "), &output.stdout);
            searched.text(&arguments.join(" "), &output.stderr);
        }
    }
    searched.finish("arguments");
}

#[test]
fn what_is_told_is_found() {
    let planted = Planted(vec![("here", "carbon@word/17".to_owned())]);
    let told = [
        "it is carbon@word/17.",
        "url=carbon%40word%2F17",
        "YTpjYXJib25Ad29yZC8xNw==",
        "Y2FyYm9uQHdvcmQvMTc=",
        "eHg6Y2FyYm9uQHdvcmQvMTc6",
    ];
    for text in told {
        let mut searched = Searched::new(&planted);
        searched.text("a text", text.as_bytes());
        assert_eq!(searched.found.len(), 1, "{text}: {:?}", searched.found);
    }
    let mut searched = Searched::new(&planted);
    searched.text("a text", b"carbon word 17");
    assert!(searched.found.is_empty());
}
