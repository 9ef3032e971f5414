//! The verdict on the incident of the first story, built by hand: what rendering is tested with. Reading and deciding
//! play no part in it.

use std::collections::HashMap;
use std::sync::Arc;

use lastgood::investigation::{FileRead, Investigation};
use lastgood_model::{
    Bucket, Catalogue, Cause, CauseCode, Change, ChangeKind, Claim, Cleared, Confidence, Detection, Edge, Evidence,
    Gap, GapKind, Impact, Incident, LineRef, Link, Note, NoteKind, Onset, OnsetKind, ProxyErrorKind, Read, Ref, Scope,
    SourceId, Span, Status, Traffic, UnitFileState, UnixMs, Verdict, Weight,
};

const KST: i32 = 9 * 3600;
const FILES: [(&str, &str, u64); 6] = [
    ("cloudtrail.json", "cloudtrail", 293),
    ("journal.json", "journal", 251),
    ("systemctl-list-unit-files.txt", "unit-files", 58),
    ("toggle-driver-insu-prod-access.log.1", "combined", 2_570),
    ("toggle-driver-insu-prod-access.log", "combined", 2_529),
    ("toggle-driver-insu-prod-error.log.1", "nginx-error", 122),
];
const UNIT: &str = "driver-insu.service";

/// 2022-11-16 at this time of day in Seoul.
pub fn at(hour: i64, minute: i64, second: i64) -> UnixMs {
    UnixMs::from_seconds(1_668_524_400 + hour * 3600 + minute * 60 + second)
}

/// A line of one of the files above.
pub fn line(file: usize, line: u64) -> Ref {
    let source = SourceId(u32::try_from(file).unwrap());
    Ref::Line { file: FILES[file].0.into(), at: LineRef { source, line } }
}

fn text(text: &str) -> Arc<str> {
    text.into()
}

fn evidence(claim: Claim, reference: Ref, weight: Weight) -> Evidence {
    Evidence { claim, reference, weight }
}

fn link(at: Option<UnixMs>, what: Claim, reference: Ref) -> Link {
    Link { at, what, reference }
}

fn errors() -> Claim {
    Claim::UpstreamErrors { kind: ProxyErrorKind::ConnectRefused, upstream: Some(text("127.0.0.1:8080")), count: 1_122 }
}

/// The cause: the reboot that the unit did not survive.
fn cause() -> Cause {
    let unit_file = Claim::UnitFile { unit: text(UNIT), state: UnitFileState::Disabled };
    let rebooted = Claim::HostRebooted { clean: true };
    let image = Claim::ChangeBefore {
        kind: ChangeKind::MachineImage,
        subject: text("i-0c0ffee1234567890 → ami-0c0ffee9876543210"),
        seconds: 31,
        reported: false,
    };
    Cause {
        code: CauseCode::NotStartedAfterReboot,
        component: text(UNIT),
        confidence: Confidence::Confirmed,
        score: 0.987_6,
        chain: vec![
            link(Some(at(11, 6, 29)), image, line(0, 153)),
            link(Some(at(11, 6, 47)), rebooted.clone(), line(1, 190)),
            link(None, unit_file.clone(), line(2, 23)),
            link(Some(at(11, 7, 0)), errors(), line(5, 52)),
            link(Some(at(11, 7, 0)), Claim::FirstBad { status: 502 }, line(3, 2_413)),
        ],
        evidence: vec![
            evidence(unit_file, line(2, 23), Weight::Decisive),
            evidence(rebooted, line(1, 190), Weight::Strong),
            evidence(errors(), line(5, 52), Weight::Strong),
            evidence(Claim::UnitStartedAtRecovery { unit: text(UNIT), seconds: 9 }, line(1, 245), Weight::Strong),
            evidence(Claim::UnitNotStarted { unit: text(UNIT) }, line(1, 190), Weight::Moderate),
            evidence(Claim::UnitCameBack { unit: text("nginx.service") }, line(1, 214), Weight::Weak),
        ],
        against: Vec::new(),
    }
}

fn rival() -> Cause {
    Cause {
        code: CauseCode::ProcessDown,
        component: text("127.0.0.1:8080"),
        confidence: Confidence::Possible,
        score: 0.012_4,
        chain: vec![link(Some(at(11, 7, 0)), errors(), line(5, 52))],
        evidence: vec![evidence(errors(), line(5, 52), Weight::Moderate)],
        against: Vec::new(),
    }
}

/// The incident.
pub fn incident() -> Incident {
    let edge = |at, reference| Some(Edge { at, reference });
    let change = |span, kind, subject: &str, reported, reference| Change {
        span,
        kind,
        subject: text(subject),
        reported,
        reference,
    };
    Incident {
        traffic: traffic(),
        onset: Onset {
            kind: OnsetKind::Bracketed,
            last_good: edge(at(11, 6, 33), line(3, 2_412)),
            first_bad: edge(at(11, 7, 0), line(3, 2_413)),
            recovered: edge(at(13, 20, 50), line(4, 2_180)),
            width_requests: Some(1),
        },
        scope: Scope {
            vhost: Some(text("toggle-driver-insu-prod")),
            upstream: Some(text("127.0.0.1:8080")),
            paths: ["/api/quote/{}", "/join/user-form", "/", "/api/join/user", "/mypage"].map(text).to_vec(),
            method: None,
            statuses: vec![502],
        },
        impact: Impact {
            requests: 1_122,
            failed: 1_122,
            clients: 392,
            clients_estimated: false,
            duration_s: 8_030,
            referrers: vec![(text("app.carnavi.example"), 674)],
            agents: vec![(text("CarNaviApp"), 674), (text("Chrome"), 160), (text("Safari"), 151)],
        },
        detection: Some(Detection { noticed_at: Some(at(12, 57, 0)), reported_at: Some(at(13, 10, 0)), ttd_s: 6_600 }),
        changes: vec![
            change(Span::at(at(11, 6, 56)), ChangeKind::ProxyStarted, "nginx", false, line(5, 48)),
            change(Span::at(at(11, 6, 56)), ChangeKind::UnitStarted, "nginx.service", false, line(1, 214)),
            change(
                Span::at(at(11, 7, 0)),
                ChangeKind::Reported,
                "AMI of the instance",
                true,
                Ref::Key { source: text("reported"), key: text("--change") },
            ),
        ],
        causes: vec![cause(), rival()],
        next: Vec::new(),
        standing: Vec::new(),
        cleared: vec![Cleared {
            component: text("toggle-driver-insu-prod/static"),
            because: Claim::ServedWell { requests: 802, failed: 0 },
            reference: line(3, 2_416),
        }],
    }
}

/// Everything, as the pipeline would hand it over.
pub fn investigation() -> Investigation {
    let notes = vec![
        Note { kind: NoteKind::DuplicateLines { count: 165, file: text(FILES[3].0) }, at: None, reference: None },
        Note {
            kind: NoteKind::ClientErrors { count: 353, busiest_percent: 65, vhost: text("corp-site-prod") },
            at: Some(at(10, 31, 0)),
            reference: Some(line(3, 217)),
        },
    ];
    let gaps = vec![Gap { what: text("old.log.4.gz"), why: GapKind::Truncated { lines: 1 } }];
    wrap(Verdict { status: Status::Incident, incidents: vec![incident()], notes, gaps })
}

/// Another verdict on the same files.
pub fn wrap(verdict: Verdict) -> Investigation {
    Investigation {
        verdict,
        read: Read {
            files: 6,
            bytes: 2_000_000,
            lines: 5_823,
            parsed: 5_819,
            other: 3,
            unreadable: 1,
            duplicates: 221,
        },
        catalogue: Catalogue::default(),
        quotes: quotes(),
        files: FILES
            .iter()
            .map(|(name, format, lines)| FileRead { display: text(name), format: text(format), lines: *lines })
            .collect(),
        offset_s: KST,
        live: false,
        host: None,
        now: Some(at(13, 34, 59)),
        traffic: traffic(),
        project: None,
        service: None,
        compose: String::new(),
        excerpts: HashMap::new(),
        probed: 0,
    }
}

fn quotes() -> HashMap<LineRef, Vec<u8>> {
    let enc = "Q2FyTmF2".repeat(90);
    let agent = "Mozilla/5.0 (Linux; Android 12; SM-G991N; wv) AppleWebKit/537.36 CarNaviApp/3.2";
    let lines: [(usize, u64, Vec<u8>); 8] = [
        (0, 153, b"      \"eventName\": \"CreateImage\",".to_vec()),
        (1, 190, b"{\"__CURSOR\":\"s=1\",\"MESSAGE\":\"Linux version 5.15.0-1022-aws\"}".to_vec()),
        (1, 214, b"{\"__CURSOR\":\"s=1\",\"MESSAGE\":\"Started nginx.service.\"}".to_vec()),
        (1, 245, b"{\"__CURSOR\":\"s=1\",\"MESSAGE\":\"Started driver-insu.service.\"}".to_vec()),
        (2, 23, b"driver-insu.service                       disabled        enabled".to_vec()),
        (
            3,
            2_412,
            format!(
                "203.0.113.124 - - \u{c4}16/Nov/2022:11:06:33 +0900\u{dc} \"POST /api/join/user HTTP/1.1\" 200 273 \
                 \"https://app.carnavi.example/insu/join?enc={enc}\" \"{agent}\""
            )
            .into_bytes(),
        ),
        (
            3,
            2_413,
            [
                b"198.51.100.7 - - \xc416/Nov/2022:11:07:00 +0900\xdc \"GET /join/user-form?enc=".as_slice(),
                enc.as_bytes(),
                b"&mail=kim@mail.example&next=<script>alert(`1`)</script>\x1b[31m HTTP/1.1\" 502 568 \"-\" \"".as_slice(),
                agent.as_bytes(),
                b"\"".as_slice(),
            ]
            .concat(),
        ),
        (
            5,
            52,
            format!(
                "2022/11/16 11:07:00 [error] 713#713: *2 connect() failed (111: Connection refused) while connecting to \
                 upstream, client: 198.51.100.7, server: toggle-driver-insu.example, request: \"GET \
                 /join/user-form?enc={enc}"
            )
            .into_bytes(),
        ),
    ];
    let source = |file: usize| SourceId(u32::try_from(file).unwrap());
    lines.into_iter().map(|(file, line, text)| (LineRef { source: source(file), line }, text)).collect()
}

/// Five-minute buckets around the incident.
fn traffic() -> Traffic {
    let buckets = (0..56).map(|index: u64| {
        let from = at(9, 0, 0).plus(i64::try_from(index).unwrap() * 300_000);
        let requests = 40 + (index * 7) % 23;
        let bad = from >= at(11, 5, 0) && from < at(13, 20, 0);
        Bucket { from, requests, failed: if bad { requests } else { u64::from(index.is_multiple_of(9)) } }
    });
    Traffic { width_ms: 300_000, buckets: buckets.collect() }
}
