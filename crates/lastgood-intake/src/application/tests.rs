//! What is made of single lines and of lines that stand among those of others.

use jiff::tz::TimeZone;
use lastgood_model::UnixMs;

use super::{AppEvent, AppSaid};
use crate::{Context, Counts, NginxConf, Request, Scanner, Signatures, Sink, recognise};

#[derive(Default)]
struct Told(Vec<String>);

impl Sink for Told {
    fn request(&mut self, request: &Request<'_>, line: u64) {
        self.0.push(format!("{line} {} {}", String::from_utf8_lossy(request.target), request.status));
    }

    fn application(&mut self, event: &AppEvent<'_>, line: u64) {
        let who = if event.service.is_empty() { String::new() } else { format!("{}: ", event.service) };
        let said = match event.said {
            AppSaid::Call(call) => format!("{} {}:{} {:?}", call.method, call.host, call.port, call.status),
            AppSaid::Error(error) => {
                let known = Signatures::known().all();
                let name = error.signature.and_then(|id| known.get(usize::from(id.0))).map_or("?", |known| &known.name);
                format!("{:?} {name} {}", error.severity.unwrap(), error.message)
            }
        };
        let at = event.at.map_or(-1, |at| at.0 % 100_000);
        self.0.push(format!("{line} {at} {who}{said}"));
    }
}

fn read(text: &str) -> (String, Counts, Vec<String>) {
    let format = recognise(text.as_bytes(), "x.log", &NginxConf::default());
    let context = Context {
        zone: TimeZone::UTC,
        vhost: "x".into(),
        about: Some(UnixMs(0)),
        without: lastgood_model::Layers::NONE,
    };
    let mut scanner = Scanner::new(&format, context);
    let mut told = Told::default();
    scanner.feed(text.as_bytes(), &mut told);
    let counts = scanner.finish(&mut told);
    assert_eq!(counts.lines, counts.parsed + counts.other + counts.unreadable);
    (format.name().to_owned(), counts, told.0)
}

const TIME: &str = "2026-11-21T19:25:05.123456789Z";

#[test]
fn the_third_wall_of_the_story() {
    let log = format!(
        "{TIME} INFO:     172.18.0.1:40000 - \"GET /health HTTP/1.1\" 200 OK\n\
         {TIME} 2026-11-21 19:25:05,001 INFO HTTP Request: POST http://econipass-keycloak:8080/realms/econipass/token \"HTTP/1.1 200 OK\"\n\
         {TIME} 2026-11-21 19:25:05,002 INFO [cached since 186s ago] ('support@example.test',)\n\
         {TIME} 2026-11-21 19:25:05,003 CRITICAL main.py L.543 -> Error: Authentication required.\n\
         {TIME} INFO:     172.18.0.1:40002 - \"POST /v1/auth/login HTTP/1.1\" 500 Internal Server Error\n"
    );
    let (name, counts, told) = read(&log);
    assert_eq!(name, "uvicorn in docker logs -t");
    let expected = [
        "1 /health 200",
        "2 5123 POST econipass-keycloak:8080 Some(200)",
        "5 /v1/auth/login 500",
        "4 5123 Critical redis-noauth-bare Authentication required.",
    ];
    assert_eq!(told, expected);
    assert_eq!((counts.parsed, counts.other), (5, 0));
}

#[test]
fn services_of_compose_are_told_apart() {
    let log = "\
        api-1  | Traceback (most recent call last):\n\
        db-1   | 2026-11-21 19:25:05.001 UTC [7] LOG:  database system is ready to accept connections\n\
        api-1  |   File \"/app/main.py\", line 3, in f\n\
        web-1  | Error: connect ECONNREFUSED 172.18.0.9:6379\n\
        api-1  | psycopg.OperationalError: password authentication failed for user \"app\"\n\
        web-1  |     at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)\n";
    let (name, counts, told) = read(log);
    assert_eq!(name, "application + postgres in docker compose logs");
    let mut told = told;
    told.sort();
    let expected = [
        "4 -1 web-1: Error http-refused connect ECONNREFUSED 172.18.0.9:6379",
        "5 -1 api-1: Error pg-badpass password authentication failed for user \"app\"",
    ];
    assert_eq!(told, expected);
    assert_eq!(counts.unreadable, 0);
}

#[test]
fn an_access_log_with_errors_of_the_application_gives_both() {
    // gunicorn prints both to one stream.
    let log = "\
        172.18.0.1 - - [21/Nov/2026:19:25:04 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\"\n\
        [2026-11-21 19:25:05 +0000] [7] [ERROR] Error handling request /v1/login\n\
        Traceback (most recent call last):\n  File \"/app/main.py\", line 3, in f\n\
        172.18.0.1 - - [21/Nov/2026:19:25:05 +0000] \"GET /b HTTP/1.1\" 500 5 \"-\" \"curl\"\n\
        redis.exceptions.AuthenticationError: Authentication required.\n\
        \u{1}\u{2}garbage\n";
    let (name, counts, told) = read(log);
    assert_eq!(name, "combined");
    assert_eq!(told, ["1 / 200", "5 /b 500", "6 5000 Error redis-noauth Authentication required."]);
    assert_eq!((counts.parsed, counts.other, counts.unreadable), (4, 2, 1));
}

#[test]
fn lines_that_say_nothing_bad_are_no_events() {
    let log = format!(
        "{TIME} INFO:     Started server process [1]\n{TIME} INFO:     Application startup complete.\n\
         {TIME} 2026-11-21 19:25:05,002 WARNING shop slow query\n{TIME} DEBUG pool: 5 connections\n\
         {TIME} listening on 3000\n{TIME} GET /x 200 5ms\n"
    );
    let (name, counts, told) = read(&log);
    assert_eq!(name, "application in docker logs -t");
    assert_eq!(told, Vec::<String>::new());
    assert_eq!((counts.parsed, counts.other), (4, 2));
}

#[test]
fn what_is_no_log_is_none() {
    for text in [
        "# Troubleshooting\n\nIf you see\n\n```\nTraceback (most recent call last):\nKeyError: 'x'\n```\n\nthen set X.\n",
        "hello\nworld\n",
        "name: shop\nservices:\n  web:\n    image: x\n",
        "fn main() {\n    println!(\"ERROR\");\n}\n",
        "{\n  \"level\": \"error\"\n}\n",
    ] {
        assert_eq!(recognise(text.as_bytes(), "README.md", &NginxConf::default()).name(), "unknown", "{text}");
    }
}

#[test]
fn memory_is_bounded_and_no_line_is_lost() {
    let long = format!("ERROR {}\n", "x".repeat(300_000));
    let frames =
        format!("Traceback (most recent call last):\n{}", "  File \"/app/a.py\", line 1, in f\n".repeat(20_000));
    let more = format!("ERROR x\n{}", "and more\n".repeat(10_000));
    let lines = (long + &frames + &more).repeat(2);
    let (_, counts, _) = read(&lines);
    assert_eq!(counts.lines, lines.lines().count() as u64);
    assert_eq!(counts.unreadable, 0);
}
