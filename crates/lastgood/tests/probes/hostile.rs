//! Peers that misbehave, for every protocol: the right word for it, in time, in little memory, and no secret comes back.

use std::process::Command;

use lastgood::pipeline::probe::{agents_request, ask_here};
use lastgood_model::ProbeOutcome::*;
use lastgood_model::{ProbeOutcome, ProbeProtocol, ProbeTarget};

use crate::ask::{With, answers_of, compare, state, target};
use crate::peer::{Habit, Peer};

const SECRET: &str = "carbon-secret/of+a client";

fn targets(habit: Habit, secure: bool) -> Vec<ProbeTarget> {
    let peer = Peer::with(habit);
    let one = |protocol| ProbeTarget { secure, ..target(protocol, "127.0.0.1", peer.port) };
    ProbeProtocol::ALL.into_iter().map(|protocol| one(protocol).user("app").password(SECRET)).collect()
}

fn expected(habit: Habit, protocol: ProbeProtocol) -> (ProbeOutcome, &'static str) {
    match (habit, protocol) {
        // Only of a certificate that is shown something follows.
        (_, ProbeProtocol::Front) => (Undecided, ""),
        (Habit::Silent, _) => (Silent, ""),
        (Habit::Closes, _) => (HungUp, "E"),
        (Habit::Resets, ProbeProtocol::Tcp | ProbeProtocol::Mysql) => (HungUp, "EOF"),
        (Habit::Resets, _) => (HungUp, "ECONNRESET"),
        (Habit::Garbage, ProbeProtocol::Tcp) => (Serves, r"\xff\u{0}\u{13}\x9c"),
        (Habit::Endless, ProbeProtocol::Tcp) => (Serves, "AAAA"),
        (Habit::Garbage, _) => (OtherProtocol, r"\xff\u{0}\u{13}\x9c"),
        (Habit::Endless, _) => (OtherProtocol, "AAAA"),
        (Habit::Slow(_), ProbeProtocol::Tcp) => (Serves, ""),
        (Habit::Slow(_), _) => (Silent, ""),
        (Habit::Echoes, ProbeProtocol::Tcp | ProbeProtocol::Mysql) => (Silent, ""),
        (Habit::Echoes, _) => (OtherProtocol, ""),
    }
}

#[test]
#[ignore = "needs servers"]
fn whoever_misbehaves_is_told_by_it() {
    let habits = [Habit::Silent, Habit::Garbage, Habit::Endless, Habit::Closes, Habit::Resets];
    let all: Vec<(Habit, ProbeTarget)> = habits
        .into_iter()
        .flat_map(|habit| targets(habit, false).into_iter().map(move |target| (habit, target)))
        .collect();
    let targets: Vec<ProbeTarget> = all.iter().map(|(_, target)| target.clone()).collect();
    // A hundred megabytes from six peers at once, and no more memory than for their first words.
    let mut agent = Command::new("prlimit");
    agent.args(["--data=300000000", env!("CARGO_BIN_EXE_lastgood"), "probe"]).env_clear();
    agent.env("LASTGOOD_PROBE", agents_request(&targets).expose());
    for ((habit, target), answer) in all.iter().zip(answers_of(&mut agent, &targets)) {
        let (outcome, words) = expected(*habit, target.protocol);
        compare(&format!("hostile/{habit:?}/{}", target.protocol.name()), &answer, &outcome, words);
    }
    // The same in this process, as for the host's own probes.
    for ((habit, target), answer) in all.iter().zip(ask_here(&targets)) {
        assert_eq!(answer.outcome, expected(*habit, target.protocol).0, "{habit:?} {target:?}");
        assert!(answer.took_ms <= 2_000);
    }
}

#[test]
#[ignore = "needs servers"]
fn slow_answers_and_echoes() {
    let slow = |protocol: ProbeProtocol| match protocol {
        ProbeProtocol::Redis => "-NOAUTH Authentication required, and much more to say about it, slowly\r\n",
        ProbeProtocol::Postgres => {
            "E\0\0\0\u{7f}SFATAL\0C28P01\0Mpassword authentication failed for user, slowly and for long"
        }
        ProbeProtocol::Mysql => "J\0\0\0\n8.0.36-and-a-very-long-version-that-takes-its-time-to-come-over",
        ProbeProtocol::Http | ProbeProtocol::Oidc => {
            "HTTP/1.1 200 OK\r\nX-Header: which-is-long-and-never-ends, and-goes-on"
        }
        // The beginning of a handshake, of which the rest takes its time.
        ProbeProtocol::Front => {
            "\u{16}\u{3}\u{3}\0\u{7a}\u{2}\0\0\u{76}\u{3}\u{3}and so on, and on, and on, very slowly and for long"
        }
        ProbeProtocol::Tcp => "220 a greeting that is long and comes slowly over the wire, very slowly",
    };
    let targets: Vec<ProbeTarget> = (ProbeProtocol::ALL.into_iter())
        .map(|protocol| {
            target(protocol, "127.0.0.1", Peer::with(Habit::Slow(slow(protocol))).port).user("app").password(SECRET)
        })
        .collect();
    for (target, answer) in targets.iter().zip(crate::ask::agent(&targets, &[])) {
        println!("state hostile/slow/{}: {answer:?}", target.protocol.name());
        let expected = match target.protocol {
            ProbeProtocol::Tcp => Serves,
            ProbeProtocol::Front => Undecided,
            _ => Silent,
        };
        assert_eq!(answer.outcome, expected, "{target:?}");
    }
    let echoes = self::targets(Habit::Echoes, false);
    for (target, answer) in echoes.iter().zip(crate::ask::agent(&echoes, &[])) {
        println!("state hostile/echo/{}: {answer:?}", target.protocol.name());
        assert_eq!(answer.outcome, expected(Habit::Echoes, target.protocol).0, "{target:?}");
    }
}

#[test]
#[ignore = "needs servers"]
fn misbehaving_under_tls() {
    for (habit, outcome) in [
        (Habit::Silent, Silent),
        (Habit::Garbage, NoTls),
        (Habit::Endless, NoTls),
        (Habit::Closes, HungUp),
        (Habit::Resets, HungUp),
    ] {
        let targets: Vec<ProbeTarget> = targets(habit, true)
            .into_iter()
            .filter(|target| !matches!(target.protocol, ProbeProtocol::Postgres | ProbeProtocol::Mysql))
            .collect();
        for (target, answer) in targets.iter().zip(crate::ask::agent(&targets, &[])) {
            println!("state hostile/tls/{habit:?}/{}: {answer:?}", target.protocol.name());
            assert_eq!(answer.outcome, outcome, "{habit:?} {target:?}");
        }
    }
}

#[test]
#[ignore = "needs servers"]
fn secrets_that_are_repeated_do_not_come_back() {
    let redis = Peer::answers(|heard| {
        let text = String::from_utf8_lossy(heard).replace(['\r', '\n'], " ");
        Some(
            if text.contains("AUTH") { format!("-ERR no such thing: {text}\r\n") } else { "-NOAUTH x\r\n".to_owned() }
                .into_bytes(),
        )
    });
    let asked = target(ProbeProtocol::Redis, "127.0.0.1", redis.port).password(SECRET);
    state("leak/redis", asked, &RefusesPassword, "-ERR no such thing: *2  $4  AUTH  $25  …");

    let postgres = Peer::answers(|heard| {
        Some(if heard.first() == Some(&b'p') {
            let message = [b"SFATAL\0C28P01\0M", &heard[5..heard.len() - 1], b"?\0\0"].concat();
            [b"E", &u32::try_from(message.len() + 4).unwrap().to_be_bytes()[..], &message].concat()
        } else {
            b"R\0\0\0\x08\0\0\0\x03".to_vec()
        })
    });
    let asked = target(ProbeProtocol::Postgres, "127.0.0.1", postgres.port).user("app").password(SECRET);
    state("leak/postgres", asked, &RefusesPassword, "FATAL:  28P01: …?");

    let provider = Peer::answers(|heard| {
        let text = String::from_utf8_lossy(heard).into_owned();
        let body = if text.starts_with("GET /realms/a/.well-known") {
            r#"{"issuer":"http://x/realms/a","token_endpoint":"http://x/realms/a/token"}"#.to_owned()
        } else {
            format!(r#"{{"error":"invalid_client","error_description":"{}"}}"#, text.replace(['\r', '\n'], " "))
        };
        let status = if text.starts_with("GET") { "200 OK" } else { "401 Unauthorized" };
        Some(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes())
    });
    let asked =
        target(ProbeProtocol::Oidc, "127.0.0.1", provider.port).path("/realms/a").user("backend").password(SECRET);
    state("leak/oidc", asked, &RefusesClient, "invalid_client");

    // A short one only where it stands alone; a server that hashes for ever is not followed.
    let scram = Peer::answers(|heard| {
        Some(if heard.first() == Some(&b'p') {
            let nonce = heard.split(|byte| *byte == b'=').next_back().unwrap_or_default();
            let challenge = [b"\0\0\0\x0br=", nonce, b"x,s=QSXCR+Q6sek8bf92,i=2000000000"].concat();
            [b"R", &u32::try_from(challenge.len() + 4).unwrap().to_be_bytes()[..], &challenge].concat()
        } else {
            b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0".to_vec()
        })
    });
    let asked = target(ProbeProtocol::Postgres, "127.0.0.1", scram.port).user("app").password(SECRET);
    state("hostile/hashes for ever", asked, &Undecided, "AuthenticationRequest 11");
}
