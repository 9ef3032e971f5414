//! Nanoseconds per line of the hot scan, on lines built in memory: `cargo run --release -p lastgood-intake --example
//! scan_speed`. Not a comparison with other tools; those are in `docs/BENCHMARKS.md`.
#![expect(clippy::print_stdout, reason = "an example tells its result")]
#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "measuring needs a clock")]

use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;
use lastgood_intake::{
    AccessFormat, Context, Dimension, Format, Interner, LocalInterner, ProxyError, Request, Scanner, Sink, dimension,
};
use lastgood_model::SourceId;

const LINES: u64 = 400_000;
const EXTENDED: &str = concat!(
    r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "#,
    r#""$http_x_forwarded_for" $host rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" "#,
    r#"urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status""#
);

fn log(extended: bool, enc: usize) -> Vec<u8> {
    let enc: String = (0..enc).map(|n| char::from(b'a' + (n * 7 % 26) as u8)).collect();
    let mut text = String::new();
    for n in 0..LINES {
        let (minute, second) = (n / 600 % 60, n / 10 % 60);
        let path = ["/api/join/user", "/static/app.js", "/order/12345/items", "/"][(n % 4) as usize];
        let query = if n % 2 == 0 { &*enc } else { "x" };
        text.push_str(&format!(
            "10.{}.{}.7 - - [16/Nov/2022:11:{minute:02}:{second:02} +0900] \"GET {path}?enc={query} HTTP/1.1\" 200 {} \
             \"https://a.example/join?enc={query}\" \"Mozilla/5.0 (Linux; Android 12; SM-G991N; wv) Chrome/107.0 CarNaviApp/{}\"",
            n % 251, n % 13, n % 5000, n % 9
        ));
        if extended {
            text.push_str(" \"-\" shop.example rt=0.010 uct=\"0.000\" uht=\"0.011\" urt=\"0.011\" ua=\"127.0.0.1:8080\" us=\"200\"");
        }
        text.push('\n');
    }
    text.into_bytes()
}

struct Count(u64);

impl Sink for Count {
    fn request(&mut self, request: &Request<'_>, _: u64) {
        self.0 += u64::from(request.status);
    }
}

struct Hits<'i>(LocalInterner<'i>, Context, u64);

impl Sink for Hits<'_> {
    fn error(&mut self, error: &ProxyError<'_>, line: u64) {
        let hit = self.0.error(error, SourceId(0), line);
        self.2 = self.2.wrapping_add(u64::from(hit.shape.0));
    }

    fn request(&mut self, request: &Request<'_>, line: u64) {
        let hit = self.0.hit(request, SourceId(0), line, &self.1);
        self.2 = self.2.wrapping_add(hit.client.0);
    }
}

struct Keys(Vec<u8>, Context, u64);

impl Sink for Keys {
    fn request(&mut self, request: &Request<'_>, _: u64) {
        self.0.clear();
        dimension::dimension(request, Dimension::Segment, &self.1, &mut self.0);
        dimension::dimension(request, Dimension::Class, &self.1, &mut self.0);
        self.2 += self.0.len() as u64;
    }
}

struct Dedupe(u64);

impl Sink for Dedupe {
    fn request(&mut self, request: &Request<'_>, _: u64) {
        self.0 ^= request.key().request;
    }
}

fn errors() -> Vec<u8> {
    let mut text = String::new();
    for n in 0..LINES {
        let (minute, second) = (n / 600 % 60, n / 10 % 60);
        let head = format!("2026/11/21 19:{minute:02}:{second:02} [error] 20360#20360: *{n}");
        let what = [
            "connect() failed (111: Connection refused) while connecting to upstream",
            "upstream timed out (110: Connection timed out) while reading response header from upstream",
            "upstream prematurely closed connection while reading response header from upstream",
        ][(n % 3) as usize];
        text.push_str(&format!(
            "{head} {what}, client: 10.1.{}.7, server: shop.example, request: \"GET /api/join?enc=abc HTTP/1.1\", \
             upstream: \"http://127.0.0.1:8080/api/join?enc=abc\", host: \"shop.example\"\n",
            n % 251
        ));
    }
    text.into_bytes()
}

fn measure(what: &str, log: &[u8], format: &Format, sink: &mut impl Sink) {
    let best = (0..7)
        .map(|_| {
            let begin = Instant::now();
            let mut scanner = Scanner::new(format, context());
            let mut rest = log;
            while !rest.is_empty() {
                let cut = rest.len().min(256 * 1024);
                let end = rest[..cut].iter().rposition(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
                scanner.feed(&rest[..end], sink);
                rest = &rest[end..];
            }
            assert_eq!(scanner.finish(sink).parsed, LINES);
            begin.elapsed()
        })
        .min()
        .unwrap_or_default();
    let seconds = best.as_secs_f64();
    println!(
        "{what:<40} {:>6.1} ns a line  {:>5.2} GB/s",
        seconds * 1e9 / LINES as f64,
        log.len() as f64 / seconds / 1e9
    );
}

fn context() -> Context {
    Context { zone: TimeZone::UTC, vhost: "shop".into(), about: None, without: lastgood_model::Layers::NONE }
}

fn main() {
    let combined = AccessFormat::combined();
    let extended = AccessFormat::compile("extended", EXTENDED).unwrap_or_else(AccessFormat::combined);
    for (name, format, is_extended, enc) in [
        ("combined", &combined, false, 10),
        ("combined, long queries", &combined, false, 400),
        ("extended", &extended, true, 10),
    ] {
        let (log, format) = (log(is_extended, enc), &Format::Access(Arc::new(format.clone())));
        println!("{name}: {} bytes a line", log.len() as u64 / LINES);
        measure("  scan", &log, format, &mut Count(0));
        let interner = Interner::default();
        measure("  scan + hit", &log, format, &mut Hits(LocalInterner::new(&interner), context(), 0));
        measure("  scan + segment,class", &log, format, &mut Keys(Vec::new(), context(), 0));
        measure("  scan + key", &log, format, &mut Dedupe(0));
    }
    let log = errors();
    println!("error log: {} bytes a line", log.len() as u64 / LINES);
    measure("  scan", &log, &Format::NginxError, &mut Count(0));
    let interner = Interner::default();
    measure("  scan + hit", &log, &Format::NginxError, &mut Hits(LocalInterner::new(&interner), context(), 0));
}
