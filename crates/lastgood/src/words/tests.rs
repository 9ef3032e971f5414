//! What is said, checked as a whole: each language in its own script, nothing empty, no particle left open.

use std::sync::Arc;

use lastgood_model::probe_claim::Asked;
use lastgood_model::{
    Cause, CauseCode, ChangeKind, Claim, Confidence, DeadEnd, Ending, Evidence, Gap, GapKind, Incident, Instead,
    Misread, NoteKind, OnsetKind, ProbeClaim, ProbeOutcome, ProbeProtocol, ProbeQuestion, ProbeTarget, ProxyErrorKind,
    Ref, Scope, Secret, StateClaim, Status, TlsFault, Told, TurnClaim, UnitFileState, UnixMs, Weight,
};

use super::{Account, Lang};
use crate::complaint::Complaint;
use crate::pipeline::remote::HostFault;
use crate::render::clock::Clock;
use crate::render::layout::width;
use crate::render::postmortem::{Fault, Mistake};
use crate::settings::SettingsFault;

const CHANGES: [ChangeKind; 19] = [
    ChangeKind::MachineImage,
    ChangeKind::MachineImageNoReboot,
    ChangeKind::InstanceReboot,
    ChangeKind::InstanceStop,
    ChangeKind::InstanceStart,
    ChangeKind::HostBoot,
    ChangeKind::SecurityGroup,
    ChangeKind::TargetGroup,
    ChangeKind::UnitStarted,
    ChangeKind::UnitStopped,
    ChangeKind::UnitFailed,
    ChangeKind::ProxyStarted,
    ChangeKind::ProxyReloaded,
    ChangeKind::PackageChanged,
    ChangeKind::DependencyStarted,
    ChangeKind::DependencyStopped,
    ChangeKind::CertificateRenewed,
    ChangeKind::FileEdited,
    ChangeKind::Reported,
];
const PROXY: [ProxyErrorKind; 29] = [
    ProxyErrorKind::NoIndex,
    ProxyErrorKind::ConnectRefused,
    ProxyErrorKind::ConnectTimeout,
    ProxyErrorKind::NoRoute,
    ProxyErrorKind::SocketMissing,
    ProxyErrorKind::SocketDenied,
    ProxyErrorKind::SocketFull,
    ProxyErrorKind::AnswerTimeout,
    ProxyErrorKind::Reset,
    ProxyErrorKind::ClosedEarly,
    ProxyErrorKind::NoLiveUpstreams,
    ProxyErrorKind::TemporarilyDisabled,
    ProxyErrorKind::NameNotResolved,
    ProxyErrorKind::Tls,
    ProxyErrorKind::NoTls,
    ProxyErrorKind::TlsExpired,
    ProxyErrorKind::TlsUntrusted,
    ProxyErrorKind::TlsNameMismatch,
    ProxyErrorKind::BodyTooBig,
    ProxyErrorKind::BadAnswer,
    ProxyErrorKind::HeaderTooBig,
    ProxyErrorKind::NoSpace,
    ProxyErrorKind::TooManyFiles,
    ProxyErrorKind::WorkerConnections,
    ProxyErrorKind::WorkerLimit,
    ProxyErrorKind::ClientSide,
    ProxyErrorKind::Limited,
    ProxyErrorKind::Harmless,
    ProxyErrorKind::Other,
];
const UNIT_STATES: [UnitFileState; 4] =
    [UnitFileState::Enabled, UnitFileState::Disabled, UnitFileState::Masked, UnitFileState::Other];

fn name(text: &str) -> Arc<str> {
    text.into()
}

fn claims() -> Vec<Claim> {
    let unit = || name("app.service");
    let mut all = vec![
        Claim::FirstBad { status: 9 },
        Claim::FailingShare { failed: 1, requests: 2 },
        Claim::ErrorsBeganLater { seconds: 61 },
        Claim::ErrorsBefore { count: 3 },
        Claim::HostRebooted { clean: true },
        Claim::HostRebooted { clean: false },
        Claim::UnitRanBefore { unit: unit() },
        Claim::UnitStopped { unit: unit() },
        Claim::UnitNotStarted { unit: unit() },
        Claim::UnitCameBack { unit: unit() },
        Claim::UnitStartedAtRecovery { unit: unit(), seconds: 0 },
        Claim::UnitStartedAtRecovery { unit: unit(), seconds: 9 },
        Claim::UnitFailed { unit: unit(), result: name("exit-code") },
        Claim::OomKilled { process: name("java"), scope: Some(unit()) },
        Claim::OomKilled { process: name("java"), scope: None },
        Claim::NoSpace { who: unit() },
        Claim::FailedAfterReturn { unit: unit() },
        Claim::Silence { expected: 230, seconds: 1_773 },
        Claim::ConnectionsExhausted { who: name("postgres") },
        Claim::DependencyStopped { who: name("redis"), clean: true },
        Claim::DependencyStopped { who: name("redis"), clean: false },
        Claim::DependencyReturned { who: name("redis") },
        Claim::DependencyStillDown { who: name("redis") },
        Claim::ProxyStopped,
        Claim::ProxyStarted,
        Claim::ProxyConfigRefused { message: name("host not found in upstream \"app\" in /n.conf:3") },
        Claim::ServedWell { requests: 1, failed: 0 },
        Claim::ServedWell { requests: 9, failed: 1 },
    ];
    all.extend(turns().map(Claim::Turn));
    all.extend(states().into_iter().map(Claim::State));
    all.extend(UNIT_STATES.map(|state| Claim::UnitFile { unit: unit(), state }));
    all.extend(CHANGES.iter().filter(|kind| **kind != ChangeKind::Reported).map(|kind| Claim::ChangeBefore {
        kind: *kind,
        subject: name("i-1"),
        seconds: 31,
        reported: false,
    }));
    for upstream in [None, Some(name("127.0.0.1:8080")), Some(name("unix:/run/app.sock"))] {
        all.extend(PROXY.map(|kind| Claim::UpstreamErrors { kind, upstream: upstream.clone(), count: 2 }));
    }
    all
}

/// Everything that can be said of answers that turned.
fn turns() -> impl Iterator<Item = TurnClaim> {
    let gave_up = |waited_ms| TurnClaim::GaveUp { left: 40, of: 41, answered: 1_200, waited_ms };
    [
        TurnClaim::Refused { status: 404, refused: 40, of: 41, answered: 1_200 },
        gave_up(None),
        gave_up(Some(2_004)),
        TurnClaim::PathCut { asked: name("/api/cart"), passed: name("/cart") },
        TurnClaim::PassReplaces { location: name("/api/"), host: name("app") },
        TurnClaim::HostNotPassed { told: name("app") },
    ]
    .into_iter()
}

/// Everything that can be said of a probe.
fn probe_claims() -> Vec<ProbeClaim> {
    let question = |told| ProbeQuestion {
        from: name("backend"),
        to: Some(name("kvs-redis")),
        key: name("KVS_HOST"),
        password_key: None,
        told,
        target: ProbeTarget {
            protocol: ProbeProtocol::Redis,
            host: name("172.18.0.1"),
            port: 6379,
            secure: false,
            path: name(""),
            user: None,
            password: None,
            database: Some(name("3")),
        },
    };
    let asked = |told| Asked::of(&question(told));
    let mut all = vec![
        ProbeClaim::NoVariable { asked: asked(Told::Running) },
        ProbeClaim::ServedWith { asked: asked(Told::Running), sends_none: true },
        ProbeClaim::ServedWith { asked: asked(Told::Running), sends_none: false },
        ProbeClaim::WayIsOpen { asked: asked(Told::Running) },
        ProbeClaim::Answered { asked: asked(Told::Declared), outcome: ProbeOutcome::WantsPassword, words: None },
        ProbeClaim::Answered {
            asked: Asked { sends_password: true, ..asked(Told::Running) },
            outcome: ProbeOutcome::WantsPassword,
            words: None,
        },
    ];
    all.extend(outcomes().map(|outcome| ProbeClaim::Answered {
        asked: asked(Told::Running),
        outcome,
        words: Some(name("-ERR")),
    }));
    all
}

fn outcomes() -> impl Iterator<Item = ProbeOutcome> {
    let faults = [
        TlsFault::Expired,
        TlsFault::NotYetValid,
        TlsFault::OtherName { names: vec![name("id.example")] },
        TlsFault::UnknownIssuer { alone: true },
        TlsFault::UnknownIssuer { alone: false },
        TlsFault::NothingInCommon,
        TlsFault::Alert(name("handshake_failure")),
    ];
    let plain = [
        ProbeOutcome::NoSuchName,
        ProbeOutcome::NameserverFails,
        ProbeOutcome::Refused,
        ProbeOutcome::Unanswered,
        ProbeOutcome::NoRoute,
        ProbeOutcome::Silent,
        ProbeOutcome::HungUp,
        ProbeOutcome::OtherProtocol,
        ProbeOutcome::Serves,
        ProbeOutcome::WantsPassword,
        ProbeOutcome::RefusesPassword,
        ProbeOutcome::WantsNoPassword,
        ProbeOutcome::RefusesHost,
        ProbeOutcome::RefusesAccess,
        ProbeOutcome::NoSuchUser,
        ProbeOutcome::NoSuchDatabase,
        ProbeOutcome::TooManyConnections,
        ProbeOutcome::Starting,
        ProbeOutcome::Stopping,
        ProbeOutcome::ReadOnly,
        ProbeOutcome::CannotPersist,
        ProbeOutcome::MemoryFull,
        ProbeOutcome::NoTls,
        ProbeOutcome::WantsTls,
        ProbeOutcome::HttpStatus(503),
        ProbeOutcome::IssuerDiffers { said: name("http://id") },
        ProbeOutcome::NoSuchRealm,
        ProbeOutcome::RefusesClient,
        ProbeOutcome::Undecided,
        ProbeOutcome::ClockDiffers { seconds: -90 },
    ];
    plain.into_iter().chain(faults.map(ProbeOutcome::Tls))
}

fn states() -> Vec<StateClaim> {
    let container = || name("shop-backend");
    let text = || name("boom");
    let ends = [(Ending::Stopped, 0), (Ending::Killed, 137), (Ending::ByItself, 3)];
    let mut all: Vec<StateClaim> = Vec::new();
    all.extend(ends.map(|(ending, exit_code)| StateClaim::ContainerEnded {
        container: container(),
        exit_code,
        ending,
    }));
    all.extend([None, Some(2)].map(|kills| StateClaim::ChildrenKilled { container: container(), kills, limit: None }));
    all.extend([None, Some(64 << 20)].map(|limit| StateClaim::MemoryKilled { container: container(), limit }));
    all.extend([false, true].map(|inodes| StateClaim::FileSystemFull { path: name("/var"), inodes }));
    all.extend(
        [None, Some(container())].map(|holder| StateClaim::AddressHeldBy { address: name("172.18.0.3"), holder }),
    );
    let leads = |why| StateClaim::LeadsNowhere {
        key: name("API_URL"),
        value: Secret::from("http://localhost:9"),
        host: name("localhost"),
        port: Some(9),
        why,
    };
    all.extend([DeadEnd::OwnLocalhost, DeadEnd::UnknownName, DeadEnd::WrongPort { listens: vec![1, 2] }].map(leads));
    let instead = [Instead::Blank, Instead::Near(name("SECRET_KY")), Instead::OnlyIn(name(".env")), Instead::Nothing];
    all.extend(instead.map(|instead| StateClaim::VariableMissing {
        container: container(),
        key: name("SECRET_KEY"),
        instead,
    }));
    let misread = [
        Misread::DollarLost,
        Misread::NothingStandsIn { variable: name("CACHE_PASSWORD") },
        Misread::Splits,
        Misread::Cut,
    ];
    all.extend(misread.map(|how| StateClaim::Misread { service: name("api"), key: name("REDIS_URL"), how }));
    all.push(StateClaim::VariableThere { container: container(), key: name("SECRET_KEY") });
    all.extend([
        StateClaim::ContainerGone { service: name("backend") },
        StateClaim::NothingCreated { project: name("shop") },
        StateClaim::NeverStarted { container: container() },
        StateClaim::ContainerPaused { container: container() },
        StateClaim::KeepsRestarting { container: container(), restarts: 4, exit_code: 1 },
        StateClaim::EngineSaid { container: container(), text: text() },
        StateClaim::LastWords { container: container(), text: text() },
        StateClaim::ProgramOfOtherArch {
            image: name("shop:1"),
            label: name("amd64"),
            program: name("arm64"),
            machine: name("amd64"),
        },
        StateClaim::HealthFails { container: container(), failures: 3, output: text() },
        StateClaim::HealthFails { container: container(), failures: 3, output: name("") },
        StateClaim::CheckMissesProgram { container: container(), program: name("curl") },
        StateClaim::ListensForItself { container: container(), port: 8000 },
        StateClaim::CheckAsksPort { container: container(), port: 9, listens: vec![8000] },
        StateClaim::NotAttached { container: container(), network: name("shop_default") },
        StateClaim::NoSharedNetwork { from: name("web"), to: name("backend") },
        StateClaim::LookedUpBefore {
            proxy: name("web"),
            name: name("backend"),
            container: container(),
            address: name("172.18.0.4"),
        },
        StateClaim::ValueDiffers { key: name("API_URL"), declared: None, running: Some(Secret::from("x")) },
        StateClaim::ContainerCreated { container: container() },
        StateClaim::ContainerStarted { container: container() },
        StateClaim::EnvFileEdited { file: name(".env") },
        StateClaim::EnvFileArrived { file: name(".env") },
    ]);
    all.extend(probe_claims().into_iter().map(StateClaim::Probe));
    all
}

fn incident(causes: Vec<Cause>) -> Incident {
    Incident {
        onset: lastgood_model::Onset {
            kind: OnsetKind::Bracketed,
            last_good: None,
            first_bad: None,
            recovered: None,
            width_requests: None,
        },
        scope: Scope { vhost: Some(name("shop")), statuses: vec![502], ..Scope::default() },
        impact: lastgood_model::Impact::default(),
        detection: None,
        changes: Vec::new(),
        causes,
        next: Vec::new(),
        standing: Vec::new(),
        cleared: Vec::new(),
        traffic: lastgood_model::Traffic::default(),
    }
}

fn cause(code: CauseCode, claim: Option<Claim>) -> Cause {
    let reference = Ref::Key { source: name("test"), key: name("1") };
    Cause {
        code,
        component: name("127.0.0.1:8080"),
        confidence: Confidence::Confirmed,
        score: 1.0,
        chain: Vec::new(),
        evidence: claim
            .into_iter()
            .map(|claim| Evidence { claim, reference: reference.clone(), weight: Weight::Strong })
            .collect(),
        against: Vec::new(),
    }
}

/// Every text of a language that can be had without an incident of its own, with where it comes from.
fn texts(lang: Lang) -> Vec<(String, String)> {
    let words = lang.words();
    let mut all: Vec<(String, String)> = Vec::new();
    let mut say = |from: String, text: String| all.push((from, text));
    for claim in claims() {
        say(format!("{claim:?}"), words.claim(&claim));
    }
    for kind in CHANGES.into_iter().filter(|kind| *kind != ChangeKind::Reported) {
        say(format!("{kind:?}"), words.change(kind, ""));
    }
    let vhost = || name("shop");
    for note in [
        NoteKind::Blip { failed: 1, seconds: 9, vhost: vhost() },
        NoteKind::Recovered { failed: 1, seconds: 90, vhost: vhost() },
        NoteKind::SteadyFailures { failed: 1, requests: 9, vhost: vhost() },
        NoteKind::OneClient { failed: 1, vhost: name("access.log") },
        NoteKind::ClientErrors { count: 9, busiest_percent: 90, vhost: vhost() },
        NoteKind::Limited { refused: 9, clients: 2, vhost: vhost() },
        NoteKind::Silence { expected: 230, seconds: 1_773 },
        NoteKind::Retried { count: 1, upstream: None },
        NoteKind::SameContent { file: name("a"), of: name("b") },
        NoteKind::MoreFiles { files: 3 },
        NoteKind::DuplicateLines { count: 1, file: name("a") },
        NoteKind::ManyPaths { other: 9, vhost: vhost() },
        NoteKind::OtherArchitecture { service: name("backend"), label: name("arm64"), host: name("amd64") },
        NoteKind::StaleVariables { service: name("backend"), keys: vec![name("API_URL")] },
        NoteKind::Elsewhere { incidents: 2, components: vec![name("web")] },
        NoteKind::UnrelatedOom { process: name("java") },
    ] {
        say(format!("{note:?}"), words.note(&note));
    }
    for why in [
        GapKind::NotFound,
        GapKind::NoPermission,
        GapKind::NotAFile,
        GapKind::Truncated { lines: 1 },
        GapKind::Packed(name("lz4")),
        GapKind::UnknownFormat,
        GapKind::NoTimes,
        GapKind::NotGiven,
        GapKind::ZoneAssumed(name("UTC")),
        GapKind::YearAssumed,
        GapKind::NothingThen,
        GapKind::NoAccessLog,
        GapKind::OtherThanCompose(name("A, B")),
        GapKind::TooLarge,
        GapKind::NoRoomToProbe,
        GapKind::NotProbed(name("no such file")),
        GapKind::TooManyFiles { left_out: 3 },
        GapKind::AndMore { files: 3, why: Box::new(GapKind::NoPermission) },
    ] {
        for what in ["journal", "unit list", "cloud audit log", "error log", "a.log"] {
            let gap = Gap { what: name(what), why: why.clone() };
            say(format!("{gap:?}"), words.gap_why(&gap));
        }
    }
    let given = || "x".to_owned();
    for complaint in [
        Complaint::Time { flag: "--since", given: given() },
        Complaint::Change { given: given() },
        Complaint::Duration { flag: "--per", given: given() },
        Complaint::Zone { flag: "--tz", given: given() },
        Complaint::Settings { path: given(), fault: SettingsFault::Unreadable(given()) },
        Complaint::Settings { path: given(), fault: SettingsFault::Syntax(given()) },
        Complaint::Settings { path: given(), fault: SettingsFault::UnknownKey { line: 1, key: given(), near: None } },
        Complaint::Settings {
            path: given(),
            fault: SettingsFault::UnknownKey { line: 1, key: given(), near: Some(given()) },
        },
        Complaint::Settings {
            path: given(),
            fault: SettingsFault::UnknownValue { line: 1, key: "lang", given: given(), meant: vec![given(), given()] },
        },
        Complaint::Settings { path: given(), fault: SettingsFault::NoReason { line: 1 } },
        Complaint::Settings { path: given(), fault: SettingsFault::Format(given()) },
        Complaint::Settings { path: given(), fault: SettingsFault::Environments(given()) },
        Complaint::Settings { path: given(), fault: SettingsFault::UnknownFormat(given()) },
        Complaint::Settings { path: given(), fault: SettingsFault::Host { line: 1, given: given() } },
        Complaint::Targets { names: vec![given(), given()] },
        Complaint::NoHost,
        Complaint::Target { given: given(), near: None },
        Complaint::Target { given: given(), near: Some(given()) },
        Complaint::FileThere { path: given(), host: given() },
        Complaint::Host { host: given(), fault: HostFault::NoSsh },
        Complaint::Host { host: given(), fault: HostFault::Unreachable(given()) },
        Complaint::Host { host: given(), fault: HostFault::CutOff },
        Complaint::Host { host: given(), fault: HostFault::TookTooLong(30) },
        Complaint::Host { host: given(), fault: HostFault::NoAgent(given(), Some(given())) },
        Complaint::Host { host: given(), fault: HostFault::NoAgent(given(), None) },
        Complaint::Host { host: given(), fault: HostFault::NoLinux(given()) },
        Complaint::Host { host: given(), fault: HostFault::NotBrought(given()) },
        Complaint::Host { host: given(), fault: HostFault::NotRun(126) },
        Complaint::Host { host: given(), fault: HostFault::NoFolder(given()) },
        Complaint::Host { host: given(), fault: HostFault::NoTemporary },
        Complaint::Host { host: given(), fault: HostFault::NoForward(given()) },
        Complaint::Host { host: given(), fault: HostFault::Incomplete },
        Complaint::Host { host: given(), fault: HostFault::Foreign(given()) },
        Complaint::Host { host: given(), fault: HostFault::TooLarge(1 << 28) },
        Complaint::Host { host: given(), fault: HostFault::Io(given()) },
        Complaint::NoPath,
        Complaint::Topic { given: given(), near: vec![given()] },
        Complaint::Topic { given: given(), near: Vec::new() },
        Complaint::Command { given: given(), known: vec![given()] },
        Complaint::NoLogs { looked_at: Vec::new(), files: 0, gaps: Vec::new() },
        Complaint::Undetermined,
        Complaint::TemplateRead { path: given(), why: given() },
        Complaint::Template { path: given(), mistake: Mistake { line: 3, fault: Fault::Undefined(given()) } },
        Complaint::TemplateFormat { format: "html" },
        Complaint::Write { path: given(), why: given() },
    ] {
        let (what, hints) = words.complaint(&complaint);
        say(format!("{complaint:?}"), what);
        for hint in hints.into_iter().filter(|hint| !hint.is_empty()) {
            say(format!("{complaint:?} hint"), hint);
        }
    }
    for code in CauseCode::ALL {
        for claim in claims().into_iter().map(Some).chain([None]) {
            let incident = incident(vec![cause(*code, claim)]);
            let account = Account { incident: &incident, cause: &incident.causes[0], compose: "docker compose" };
            let text = words.cause(&account);
            say(format!("{code} summary"), text.summary);
            say(format!("{code} fix"), text.fix);
            assert!(!text.prevention.is_empty(), "{code}");
            for prevention in text.prevention {
                say(format!("{code} prevention"), prevention);
            }
            say(format!("{code} sure"), words.sure(&account));
            say(format!("{code} wrong"), words.wrong(&incident));
            say(format!("{code} since"), words.since(&incident, &Clock::new(0), true));
        }
    }
    for status in [Status::Incident, Status::Healthy, Status::Undetermined] {
        say(format!("{status:?}"), words.status(status).to_owned());
    }
    for kind in [OnsetKind::Bracketed, OnsetKind::NoGoodSeen, OnsetKind::NoBadSeen, OnsetKind::Intermittent] {
        say(format!("{kind:?}"), words.onset_kind(kind).to_owned());
    }
    all
}

fn has_hangul(text: &str) -> bool {
    text.chars().any(|c| ('가'..='힣').contains(&c))
}

#[test]
fn each_language_speaks_for_itself() {
    for (from, text) in texts(Lang::En) {
        assert!(!text.trim().is_empty() && !has_hangul(&text), "{from}: {text:?}");
    }
    for (from, text) in texts(Lang::Ko) {
        assert!(has_hangul(&text), "{from}: {text:?}");
    }
}

#[test]
fn texts_are_tidy() {
    for (from, text) in [texts(Lang::En), texts(Lang::Ko)].concat() {
        for wrong in ["  ", " ,", "은(는)", "이(가)", "을(를)", "(으)로", "\n"] {
            assert!(!text.contains(wrong), "{from}: {text:?} has {wrong:?}");
        }
        assert!(text.trim() == text, "{from}: {text:?}");
    }
}

#[test]
fn labels_fit_their_margin() {
    for lang in [Lang::En, Lang::Ko] {
        let labels = lang.words().labels();
        let margin = [
            labels.wrong,
            labels.since,
            labels.because,
            labels.sure,
            labels.next,
            labels.healthy,
            labels.span,
            labels.undetermined,
            labels.requests,
            labels.failing,
            labels.chain,
            labels.turn,
            labels.evidence,
            labels.against,
            labels.changes,
            labels.cleared,
            labels.impact,
            labels.rivals,
            labels.others,
            labels.notes,
            labels.gaps,
            labels.fix,
            labels.prevention,
            labels.commands,
            labels.read,
            labels.files,
            labels.more,
        ];
        let limit = if lang == Lang::En { 8 } else { 6 };
        for label in margin {
            assert!(!label.is_empty() && width(label) <= limit, "{label}");
        }
    }
}

#[test]
fn a_stretch_of_time_in_two_units() {
    let (en, ko) = (Lang::En.words(), Lang::Ko.words());
    for (seconds, english, korean) in [
        (0, "0 s", "0초"),
        (27, "27 s", "27초"),
        (1_292, "21 min 32 s", "21분 32초"),
        (6_600, "1 h 50 min", "1시간 50분"),
        (7_200, "2 h", "2시간"),
        (93_600, "1 d 2 h", "1일 2시간"),
    ] {
        assert_eq!((en.duration(seconds).as_str(), ko.duration(seconds).as_str()), (english, korean));
    }
}

#[test]
fn when_it_began_is_told_for_every_way_of_knowing() {
    let edge = |seconds: i64| {
        let reference = Ref::Key { source: name("test"), key: name("1") };
        Some(lastgood_model::Edge { at: UnixMs::from_seconds(1_668_564_393 + seconds), reference })
    };
    let clock = Clock::new(9 * 3600);
    let told = |good, bad, end, live| {
        let mut incident = incident(Vec::new());
        incident.onset.last_good = good;
        incident.onset.first_bad = bad;
        incident.onset.recovered = end;
        incident.impact.duration_s = 600;
        [Lang::En, Lang::Ko].map(|lang| lang.words().since(&incident, &clock, live)).join(" | ")
    };
    let all = [
        told(edge(0), edge(27), edge(627), false),
        told(edge(0), edge(27), None, false),
        told(edge(0), edge(27), None, true),
        told(edge(0), edge(900), None, false),
        told(edge(0), edge(86_400), edge(90_000), false),
        told(None, edge(27), None, false),
        told(None, edge(27), edge(627), false),
        told(edge(0), None, None, true),
        told(edge(0), None, edge(600), false),
        told(None, None, None, false),
    ];
    insta::assert_snapshot!(all.join("\n"));
}
