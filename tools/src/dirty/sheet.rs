//! Writes the lines of a dirty set in order of time and chooses which of them are damaged.
//! Every line is unlike every other, except where one is repeated on purpose.

use super::injury::{Injury, Piece};
use crate::access::{Format, Line, Try};
use crate::clock::{Zone, append};
use crate::sample::{Weighted, opaque};
use crate::visitors::{AGENTS, address};
use fastrand::Rng;

/// Damage and how often it strikes a line, in thousandths.
const ODDS: [(Injury, f64); 9] = [
    (Injury::Whole, 920.0),
    (Injury::Cut, 25.0),
    (Injury::Nul, 10.0),
    (Injury::Crlf, 5.0),
    (Injury::Headless, 10.0),
    (Injury::HeadlessLatin1, 3.0),
    (Injury::Garbage, 8.0),
    (Injury::Blank, 8.0),
    (Injury::BlankCr, 2.0),
];
/// Damage that strikes whole stretches.
const STRETCHES: [Injury; 3] = [Injury::Crlf, Injury::Latin1, Injury::Utf8];

/// The state of the writing: the clock and the number of the line.
pub(super) struct Sheet {
    format: Format,
    zone: Zone,
    at_ms: i64,
    number: u64,
    odds: Weighted,
    statuses: Weighted,
}

const STATUSES: [(u16, f64); 10] = [
    (200, 850.0),
    (304, 60.0),
    (302, 20.0),
    (404, 20.0),
    (499, 5.0),
    (500, 6.0),
    (502, 25.0),
    (503, 4.0),
    (504, 5.0),
    // What nginx logs when the upstream does not speak HTTP.
    (9, 5.0),
];

impl Sheet {
    pub fn new(format: Format, zone: Zone) -> Self {
        Self {
            format,
            zone,
            at_ms: zone.at((2026, 5, 11), 3, 0, 0),
            number: 0,
            odds: Weighted::new(ODDS.map(|(_, weight)| weight)),
            statuses: Weighted::new(STATUSES.map(|(_, weight)| weight)),
        }
    }

    /// Lines of which some are damaged.
    pub fn damaged(&mut self, count: usize, rng: &mut Rng) -> Vec<Piece> {
        let mut pieces = Vec::with_capacity(count + 8);
        let mut stretch = (Injury::Whole, 0);
        for _ in 0..count {
            if stretch.1 == 0 && rng.u16(..800) == 0 {
                stretch = (STRETCHES[rng.usize(..3)], rng.usize(5..60));
            }
            let (line, status) = self.line(rng);
            let injury = if stretch.1 > 0 {
                stretch.1 -= 1;
                stretch.0
            } else {
                ODDS[self.odds.pick(rng)].0
            };
            let piece = injury.inflict(&line, status, rng);
            if injury == Injury::Whole && rng.u16(..400) == 0 {
                // Two equal requests in one second: both are real.
                pieces.push(Piece { injury: "repeated", ..piece.clone() });
            }
            pieces.push(piece);
        }
        pieces
    }

    /// Lines that nothing happened to.
    pub fn clean(&mut self, count: usize, rng: &mut Rng) -> Vec<Piece> {
        (0..count)
            .map(|_| {
                let (line, status) = self.line(rng);
                Injury::Whole.inflict(&line, status, rng)
            })
            .collect()
    }

    /// One line without its newline, and its status.
    fn line(&mut self, rng: &mut Rng) -> (Vec<u8>, u16) {
        self.number += 1;
        self.at_ms += rng.i64(0..4_000);
        // A clock that is set back by a second shows in single lines.
        let back = if rng.u16(..200) == 0 { 1_000 } else { 0 };
        let status = STATUSES[self.statuses.pick(rng)].0;
        let mut request = Vec::new();
        let number = self.number;
        append(&mut request, format_args!("GET /api/items/{}?n={number}", rng.u32(1..900)));
        if rng.u16(..30) == 0 {
            request.extend_from_slice(b"&enc=");
            let length = rng.usize(600..=1_000);
            opaque(rng, length, &mut request);
        }
        request.extend_from_slice(b" HTTP/1.1");
        if rng.u16(..150) == 0 {
            // Quotes, backslashes and bytes that are no text: nginx escapes all of them.
            request = format!("GET /q?n={number}&s=\"a\\b\u{c4}\u{16}\" HTTP/1.1").into_bytes();
        }
        let client = address(rng.u32(..700));
        let tries = self.tries(status, rng);
        let mut out = Vec::new();
        Line {
            client: &client,
            at_ms: self.at_ms - back,
            request: &request,
            status,
            bytes: rng.u64(..50_000),
            referrer: b"https://shop.example.test/?from=[list]",
            agent: AGENTS[rng.usize(..AGENTS.len())].as_bytes(),
            host: "shop.example.test",
            request_ms: rng.u32(..900),
            tries: &tries,
        }
        .write(self.format, self.zone, &mut out);
        out.pop();
        (out, status)
    }

    /// Attempts: one backend on a port, one on a socket, now and then both.
    fn tries(&self, status: u16, rng: &mut Rng) -> Vec<Try<'static>> {
        const ADDRESSES: [&str; 2] = ["127.0.0.1:8080", "unix:/run/app.sock"];
        let took = rng.u32(1..900);
        // The status line that nginx made 009 of was taken for a plain 200.
        let told = if status == 9 { 200 } else { status };
        let answer = |addr| Try { addr, status: told, connect_ms: Some(0), header_ms: Some(took), response_ms: took };
        match rng.u16(..100) {
            0..20 => Vec::new(),
            20..24 => vec![
                Try { status: 502, connect_ms: None, header_ms: None, response_ms: 0, ..answer(ADDRESSES[0]) },
                answer(ADDRESSES[1]),
            ],
            other => vec![answer(ADDRESSES[usize::from(other % 2)])],
        }
    }
}
