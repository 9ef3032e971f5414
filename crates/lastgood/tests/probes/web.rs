//! nginx with TLS and without, and certificates of every kind.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use lastgood_model::ProbeOutcome::*;
use lastgood_model::{ProbeProtocol, ProbeTarget, TlsFault};
use tempfile::TempDir;

use crate::ask::{With, state, state_with, target};
use crate::daemon::{Daemon, await_port, folder, free_port, run, unprivileged};
use crate::peer::Peer;

/// Keys and certificates, in a folder.
pub struct Made(TempDir);

impl Made {
    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }
}

/// `NAME.key`, `NAME.pem` and `NAME.chain.pem` for: `good`, `expired`, `early` (not valid yet), `other` (another name), all by an
/// authority that is itself vouched for by `root.pem`; and `own`, which vouches for itself.
pub fn certificates() -> Made {
    let made = Made(folder());
    let script = r#"
set -eu
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }
printf '%s\n' '[ca]' default_ca=own '[own]' new_certs_dir=. database=index serial=serial default_md=sha256 policy=any \
  unique_subject=no copy_extensions=none '[any]' commonName=supplied >ca.cnf
: >index; echo 01 >serial
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n' >authority.ext
key root; openssl req -x509 -new -key root.key -subj '/CN=Probes Root' -days 3650 -out root.pem
key between; openssl req -new -key between.key -subj '/CN=Probes Between' -out between.csr
openssl ca -batch -notext -config ca.cnf -cert root.pem -keyfile root.key -in between.csr -out between.pem -days 3650 -extfile authority.ext
leaf() { # name, alternative names, from, until
  printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$2" >"$1.ext"
  key "$1"; openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  openssl ca -batch -notext -config ca.cnf -cert between.pem -keyfile between.key -in "$1.csr" -out "$1.pem" \
    -startdate "$3" -enddate "$4" -extfile "$1.ext"
  cat "$1.pem" between.pem >"$1.chain.pem"
}
leaf good DNS:localhost,IP:127.0.0.1 20200101000000Z 20490101000000Z
leaf expired DNS:localhost 20200101000000Z 20210101000000Z
leaf early DNS:localhost 20480101000000Z 20490101000000Z
leaf other DNS:shop.example,DNS:www.shop.example 20200101000000Z 20490101000000Z
key own; openssl req -x509 -new -key own.key -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 300 -out own.chain.pem
chmod 644 ./*
"#;
    run(Command::new("bash").arg("-c").arg(script).current_dir(made.0.path()).stdin(Stdio::null()));
    made
}

/// Starts nginx with these `server` blocks.
fn nginx(folder: &Path, servers: &str, port: u16) -> Daemon {
    let text = format!(
        "daemon off; master_process off; pid nginx.pid; error_log error.log;\nevents {{}}\nhttp {{\n access_log off;\n \
         client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n{servers}\n}}\n"
    );
    fs::write(folder.join("nginx.conf"), text).unwrap();
    let mut command = unprivileged("nginx");
    let daemon = Daemon::start(command.arg("-p").arg(folder).args(["-c", "nginx.conf"]), &folder.join("log"));
    await_port(port, &folder.join("log"));
    daemon
}

fn web(port: u16, path: &str) -> ProbeTarget {
    target(ProbeProtocol::Http, "localhost", port).path(path)
}

#[test]
#[ignore = "needs servers"]
fn plain() {
    let (folder, port) = (folder(), free_port());
    let dead = free_port();
    let _nginx = nginx(
        folder.path(),
        &format!(
            "server {{ listen 127.0.0.1:{port};
               location / {{ return 200 ok; }}
               location /missing {{ return 404; }}
               location /moved {{ return 301 /there?token=carbon; }}
               location /dead {{ proxy_pass http://127.0.0.1:{dead}; }}
               location /busy {{ return 503 later; }}
               location /mute {{ return 444; }} }}"
        ),
        port,
    );
    state("nginx/serves", web(port, "/"), &Serves, "HTTP/1.1 200 OK");
    state("nginx/no path", web(port, ""), &Serves, "HTTP/1.1 200 OK");
    state("nginx/missing", web(port, "/missing"), &HttpStatus(404), "HTTP/1.1 404 Not Found");
    state("nginx/moved", web(port, "/moved"), &Serves, "HTTP/1.1 301 Moved Permanently");
    state("nginx/dead upstream", web(port, "/dead"), &HttpStatus(502), "HTTP/1.1 502 Bad Gateway");
    state("nginx/busy", web(port, "/busy"), &HttpStatus(503), "HTTP/1.1 503 Service Temporarily Unavailable");
    state("nginx/hangs up", web(port, "/mute"), &HungUp, "EOF");
    state("nginx/https to a plain port", web(port, "/").secure(), &NoTls, "HTTP/1.1 400 Bad Request");
    state(
        "nginx/asked as redis",
        target(ProbeProtocol::Redis, "localhost", port),
        &OtherProtocol,
        "HTTP/1.1 400 Bad Request",
    );
    let postgres = target(ProbeProtocol::Postgres, "localhost", port).user("app");
    state("nginx/asked as postgres", postgres.clone(), &OtherProtocol, "HTTP/1.1 400 Bad Request");
    state("nginx/asked as postgres with tls", postgres.secure(), &OtherProtocol, "HTTP/1.1 400 Bad Request");
    state("nginx/asked as mysql", target(ProbeProtocol::Mysql, "localhost", port).user("app"), &Silent, "");
    state("nginx/asked for an issuer", target(ProbeProtocol::Oidc, "localhost", port), &OtherProtocol, "ok");
    state("nginx/silent to whoever listens", target(ProbeProtocol::Tcp, "localhost", port), &Silent, "");
}

#[test]
#[ignore = "needs servers"]
fn certificates_of_every_kind() {
    let made = certificates();
    let folder = folder();
    let kinds = ["good", "expired", "early", "other", "own"];
    let ports: Vec<u16> = kinds.iter().map(|_| free_port()).collect();
    let (alone, old, strict, rejects) = (free_port(), free_port(), free_port(), free_port());
    let server = |port: u16, name: &str, chain: &str, more: &str| {
        format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {}; {more} return 200 ok; }}\n",
            made.path(&format!("{name}.{chain}")),
            made.path(&format!("{name}.key"))
        )
    };
    let mut servers: String =
        kinds.iter().zip(&ports).map(|(name, port)| server(*port, name, "chain.pem", "")).collect();
    servers += &server(alone, "good", "pem", "");
    servers += &server(old, "good", "chain.pem", "ssl_protocols TLSv1.1; ssl_ciphers DEFAULT@SECLEVEL=0;");
    let verify = format!("ssl_client_certificate {}; ssl_verify_client on;", made.path("root.pem"));
    servers += &server(strict, "good", "chain.pem", &verify);
    servers += &format!("server {{ listen 127.0.0.1:{rejects} ssl; ssl_reject_handshake on; }}");
    let _nginx = nginx(folder.path(), &servers, alone);
    await_port(rejects, &folder.path().join("log"));

    let authority = made.path("root.pem");
    let trusting = [("SSL_CERT_FILE", authority.as_str())];
    let ask = |port: u16| web(port, "/").secure();
    let [good, expired, early, other, own] = ports[..] else { panic!("five kinds") };
    state_with("tls/trusted", ask(good), &trusting, &Serves, "HTTP/1.1 200 OK");
    let by_number = target(ProbeProtocol::Http, "127.0.0.1", good).secure();
    state_with("tls/trusted by its number", by_number, &trusting, &Serves, "HTTP/1.1 200 OK");
    state_with("tls/expired", ask(expired), &trusting, &Tls(TlsFault::Expired), "notAfter 2021-01-01T00:00:00Z");
    state("tls/expired, of nobody we know", ask(expired), &Tls(TlsFault::Expired), "notAfter 2021-01-01T00:00:00Z");
    state_with(
        "tls/not yet valid",
        ask(early),
        &trusting,
        &Tls(TlsFault::NotYetValid),
        "notBefore 2048-01-01T00:00:00Z",
    );
    let names = vec!["shop.example".into(), "www.shop.example".into()];
    state_with(
        "tls/other name",
        ask(other),
        &trusting,
        &Tls(TlsFault::OtherName { names }),
        "shop.example, www.shop.example",
    );
    let unknown = |alone| Tls(TlsFault::UnknownIssuer { alone });
    state_with("tls/one between is missing", ask(alone), &trusting, &unknown(true), "issuer CN=Probes Between");
    state("tls/unknown authority", ask(good), &unknown(false), "issuer CN=Probes Between");
    state("tls/vouches for itself", ask(own), &unknown(false), "issuer CN=localhost");
    let itself = made.path("own.chain.pem");
    state_with(
        "tls/vouches for itself, and is trusted",
        ask(own),
        &[("SSL_CERT_FILE", &itself)],
        &Serves,
        "HTTP/1.1 200 OK",
    );
    state("tls/too old", ask(old), &Tls(TlsFault::NothingInCommon), "protocol_version");
    state_with("tls/wants our certificate", ask(strict), &trusting, &HttpStatus(400), "HTTP/1.1 400 Bad Request");
    let alert = Tls(TlsFault::Alert("unrecognized_name".into()));
    state("tls/rejects the name", ask(rejects), &alert, "unrecognized_name");
    state("tls/plain http to its port", web(good, "/"), &WantsTls, "400 The plain HTTP request was sent to HTTPS port");
    state(
        "tls/plain redis to its port",
        target(ProbeProtocol::Redis, "localhost", good),
        &OtherProtocol,
        "400 Bad Request",
    );

    let mut openssl = unprivileged("openssl");
    let wants = free_port();
    openssl.args([
        "s_server",
        "-accept",
        &wants.to_string(),
        "-cert",
        &made.path("good.pem"),
        "-key",
        &made.path("good.key"),
    ]);
    openssl.args(["-tls1_3", "-Verify", "1", "-verify_return_error", "-quiet"]);
    let _server = Daemon::on_port(&mut openssl, &folder.path().join("s_server.log"), wants);
    let alert = Tls(TlsFault::Alert("certificate_required".into()));
    let chain = made.path("between.pem");
    state_with("tls/demands our certificate", ask(wants), &[("SSL_CERT_FILE", &chain)], &alert, "certificate_required");
}

#[test]
#[ignore = "needs servers"]
fn clocks() {
    let answer = |date: &str, more: &str| format!("HTTP/1.1 200 OK\r\nDate: {date}\r\n{more}Content-Length: 0\r\n\r\n");
    let now = jiff::Timestamp::now();
    let date = |seconds: i64| {
        let there = (now + jiff::SignedDuration::from_secs(seconds)).to_zoned(jiff::tz::TimeZone::UTC);
        there.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    };
    for (seconds, fine) in [(0, true), (40, true), (-7_200, false), (3_600, false)] {
        let peer = Peer::says(answer(&date(seconds), "").into_bytes());
        let given = crate::ask::agent(&[web(peer.port, "/")], &[]).remove(0);
        println!("state clock/{seconds} s: {:?}", given.outcome);
        match given.outcome {
            Serves => assert!(fine, "{seconds}"),
            ClockDiffers { seconds: said } => assert!(!fine && (said - seconds).abs() <= 3, "{said} for {seconds}"),
            other => panic!("{other:?}"),
        }
    }
    let cached = Peer::says(answer(&date(-7_200), "Age: 7200\r\n").into_bytes());
    state("clock/of a cache", web(cached.port, "/"), &Serves, "HTTP/1.1 200 OK");
}
