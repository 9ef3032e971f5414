//! Providers of OpenID Connect: a real Keycloak where its image is there, and what other providers say.

use std::process::{Command, Stdio};

use lastgood_model::ProbeOutcome::*;
use lastgood_model::{ProbeOutcome, ProbeProtocol, ProbeTarget};

use crate::ask::{With, compare, state, target};
use crate::daemon::{free_port, run, until};
use crate::peer::Peer;

/// As `examples/econipass/stack` builds it.
const IMAGE: &str = "econipass-keycloak:26.0.7";
const SECRET: &str = "carbon-client-secret-26";

const REALM: &str = r#"{"realm":"probes","enabled":true,"sslRequired":"none","clients":[
 {"clientId":"backend","secret":"carbon-client-secret-26","directAccessGrantsEnabled":true,"publicClient":false},
 {"clientId":"service","secret":"carbon-client-secret-26","serviceAccountsEnabled":true,"publicClient":false},
 {"clientId":"off","secret":"carbon-client-secret-26","enabled":false,"publicClient":false},
 {"clientId":"page","publicClient":true}]}"#;

/// A container that is gone when the test is.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let _gone = Command::new("docker").args(["rm", "--force", "--volumes", &self.0]).output();
    }
}

fn docker(arguments: &[&str]) -> bool {
    let mut command = Command::new("docker");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
#[ignore = "needs servers"]
fn keycloak() {
    if !docker(&["image", "inspect", IMAGE]) {
        println!("no image {IMAGE}: Keycloak is not asked; examples/econipass/stack up builds it");
        return;
    }
    let port = free_port();
    let container = Container(format!("lastgood-probes-keycloak-{}", std::process::id()));
    let address = format!("http://127.0.0.1:{port}");
    run(Command::new("docker")
        .args(["create", "--name", &container.0, "--publish", &format!("127.0.0.1:{port}:8080"), IMAGE])
        .args([
            "start",
            "--optimized",
            "--import-realm",
            "--http-enabled=true",
            "--cache=local",
            "--hostname",
            &address,
        ]));
    let folder = crate::daemon::folder();
    let realm = folder.path().join("probes.json");
    std::fs::write(&realm, REALM).unwrap();
    run(Command::new("docker")
        .arg("cp")
        .arg(&realm)
        .arg(format!("{}:/opt/keycloak/data/import/probes.json", container.0)));
    run(Command::new("docker").args(["start", &container.0]));
    let ask = |path: &str| target(ProbeProtocol::Oidc, "127.0.0.1", port).path(path);
    // The port is published before anybody listens behind it.
    state("keycloak/is not up yet", ask("/realms/probes"), &HungUp, "E");
    until("keycloak is up", || crate::ask::agent(&[ask("/realms/master")], &[])[0].outcome == Serves);

    let issuer = format!("{address}/realms/probes");
    state("keycloak/serves", ask("/realms/probes"), &Serves, &issuer);
    state("keycloak/with a slash", ask("/realms/probes/"), &Serves, &issuer);
    let refuses = "Invalid client or Invalid client credentials";
    let client = |id: &str, secret: &str| ask("/realms/probes").user(id).password(secret);
    // Its first token takes long.
    let _warm = crate::ask::agent(&[client("service", SECRET)], &[]);
    state("keycloak/client with an account", client("service", SECRET), &Serves, &issuer);
    state("keycloak/client without an account", client("backend", SECRET), &Serves, &issuer);
    state("keycloak/client's secret is wrong", client("backend", "carbon-wrong-secret"), &RefusesClient, refuses);
    state("keycloak/no such client", client("ghost", SECRET), &RefusesClient, "invalid_client");
    state("keycloak/client is switched off", client("off", SECRET), &RefusesClient, "invalid_client");
    state("keycloak/client has no secret", client("page", SECRET), &Serves, &issuer);
    state("keycloak/no such realm", ask("/realms/prod"), &NoSuchRealm, "Realm does not exist");
    state(
        "keycloak/path of old versions",
        ask("/auth/realms/probes"),
        &NoSuchRealm,
        "Unable to find matching target resource method",
    );
    let other = ProbeTarget { host: "localhost".into(), ..client("backend", SECRET) };
    state("keycloak/called by another name", other.clone(), &IssuerDiffers { said: issuer.as_str().into() }, &issuer);
    let both = other.password("carbon-wrong-secret");
    state("keycloak/called by another name, with a wrong secret", both, &RefusesClient, refuses);
    state("keycloak/https to its plain port", ask("/realms/probes").secure(), &NoTls, "400 Bad Request");
}

/// A provider that says this of itself, answers this for a token, and this for its keys.
fn provider(document: &'static str, token: (u16, &'static str), keys: u16) -> Peer {
    Peer::answers(move |heard| {
        let request = String::from_utf8_lossy(heard);
        let (status, body) = match request.split(' ').nth(1).unwrap_or_default() {
            path if path.ends_with("openid-configuration") => (200, document),
            "/token" => token,
            _ => (keys, "{}"),
        };
        Some(
            format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .into_bytes(),
        )
    })
}

#[test]
#[ignore = "needs servers"]
fn other_providers() {
    const DOCUMENT: &str = r#"{"issuer":"https://id.example/","token_endpoint":"https://id.example/token","jwks_uri":"https://id.example/keys"}"#;
    let differs = || IssuerDiffers { said: "https://id.example/".into() };
    let cases: Vec<(&str, Peer, ProbeOutcome, &str)> = vec![
        (
            "oidc/serves, by another name",
            provider(DOCUMENT, (200, r#"{"access_token":"carbon"}"#), 200),
            differs(),
            "https://id.example/",
        ),
        (
            "oidc/grant is not offered",
            provider(DOCUMENT, (400, r#"{"error":"unsupported_grant_type"}"#), 200),
            differs(),
            "https://id.example/",
        ),
        (
            "oidc/client may not",
            provider(DOCUMENT, (400, r#"{"error":"unauthorized_client"}"#), 200),
            differs(),
            "https://id.example/",
        ),
        (
            "oidc/client is refused",
            provider(DOCUMENT, (401, r#"{"error":"invalid_client"}"#), 200),
            RefusesClient,
            r#"{"error":"invalid_client"}"#,
        ),
        ("oidc/refused without a word", provider(DOCUMENT, (403, ""), 200), RefusesClient, "HTTP/1.1 403 X"),
        ("oidc/token endpoint breaks", provider(DOCUMENT, (500, ""), 200), HttpStatus(500), "HTTP/1.1 500 X"),
        ("oidc/no keys", provider(DOCUMENT, (200, "{}"), 503), HttpStatus(503), "HTTP/1.1 503 X"),
        ("oidc/says nothing of itself", provider("{}", (200, "{}"), 200), OtherProtocol, "{}"),
        (
            "oidc/a page for everything",
            provider("<!doctype html>\n<title>Shop</title>", (200, ""), 200),
            OtherProtocol,
            "<!doctype html>",
        ),
    ];
    for (name, peer, outcome, words) in cases {
        let asked = target(ProbeProtocol::Oidc, "127.0.0.1", peer.port).user("backend").password(SECRET);
        state(name, asked, &outcome, words);
    }
    // It asks for a token once, and never for a user.
    let (sender, receiver) = std::sync::mpsc::channel();
    let peer = Peer::answers(move |heard| {
        let request = String::from_utf8_lossy(heard).into_owned();
        let body = if request.contains("openid-configuration") { DOCUMENT } else { "{}" };
        sender.send(request).unwrap();
        Some(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    });
    let asked = target(ProbeProtocol::Oidc, "127.0.0.1", peer.port).user("backend").password(SECRET);
    let answer = crate::ask::agent(&[asked], &[]).remove(0);
    compare("oidc/asked", &answer, &differs(), "https://id.example/");
    let heard: Vec<String> = receiver.try_iter().filter(|request| !request.is_empty()).collect();
    let tokens: Vec<&String> = heard.iter().filter(|request| request.starts_with("POST ")).collect();
    assert_eq!((heard.len(), tokens.len()), (3, 1), "{heard:?}");
    assert!(tokens[0].ends_with("\r\n\r\ngrant_type=client_credentials"), "{tokens:?}");
    assert!(heard.iter().all(|request| request.contains(&format!("Host: 127.0.0.1:{}\r\n", peer.port))));
}
