//! Which format a file has: by what stands in it, first of all; its name only decides between equals.
//! It looks at the beginning alone and reads nothing.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::access::Request;
use crate::apache_conf::ApacheConf;
use crate::apache_error::ApacheErrorLog;
use crate::application::ApplicationLog;
use crate::build_log::BuildLog;
use crate::certificate;
use crate::damage::Repair;
use crate::database_log::Database;
use crate::haproxy::HaproxyLog;
use crate::journal_text::HostText;
use crate::json_access::JsonDialect;
use crate::kernel_log::KernelText;
use crate::log_format::{AccessFormat, Fit};
use crate::nginx_conf::NginxConf;
use crate::nginx_error::ErrorLog;
use crate::package_log::PackageManager;
use crate::scan::{Line, Sink};
use crate::timestamp::Clock;
use crate::uvicorn::Uvicorn;
use crate::wrapped_log::Wrapped;
use crate::{login_records, unit_files};

/// Lines that are looked at.
const LINES: usize = 200;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Requests, in this format.
    Access(Arc<AccessFormat>),
    /// HAProxy's HTTP log.
    Haproxy,
    /// uvicorn's access lines, which have no time of their own.
    Uvicorn,
    /// Certificates in PEM.
    Certificate,
    /// Requests in JSON, known by the names of their members.
    JsonAccess(JsonDialect),
    /// Lines of other formats, each in an envelope of a container runtime.
    Wrapped(Arc<Wrapped>),
    /// nginx's error log.
    NginxError,
    /// Apache's error log.
    ApacheError,
    /// `journalctl -o json`.
    Journal,
    /// What `journalctl` prints, or a syslog daemon's file.
    HostText(HostText),
    /// What `dmesg` prints with whole times.
    Kernel(KernelText),
    /// What a database or cache says of itself.
    Database(Database),
    /// What a package manager did.
    Packages(PackageManager),
    /// Login records, binary.
    Wtmp,
    /// `last -x`.
    Last,
    /// `systemctl list-unit-files`.
    UnitFiles,
    /// CloudTrail events, or the output of `aws cloudtrail lookup-events`.
    CloudTrail,
    /// A configuration of nginx.
    NginxConf,
    /// A configuration of Apache.
    ApacheConf,
    /// What an application prints: lines with a level, JSON of a logger, errors over many lines.
    Application,
    /// The output of a build.
    Build,
    /// Nothing that we know, or nothing at all.
    Unknown,
}

impl Format {
    /// Its name, as shown: that of an access log is the name of its format.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Access(format) => format.name(),
            Self::Haproxy => "haproxy",
            Self::Uvicorn => "uvicorn",
            Self::Certificate => "certificate",
            Self::JsonAccess(dialect) => dialect.name(),
            Self::Wrapped(wrapped) => wrapped.name(),
            Self::NginxError => "nginx-error",
            Self::ApacheError => "apache-error",
            Self::Journal => "journal",
            Self::HostText(HostText { by_journalctl: true, .. }) => "journal-text",
            Self::HostText(_) => "syslog",
            Self::Kernel(_) => "dmesg",
            Self::Database(database) => database.name(),
            Self::Packages(manager) => manager.name(),
            Self::Wtmp => "wtmp",
            Self::Last => "last",
            Self::UnitFiles => "unit-files",
            Self::CloudTrail => "cloudtrail",
            Self::NginxConf => "nginx-conf",
            Self::ApacheConf => "apache-conf",
            Self::Application => "application",
            Self::Build => "build",
            Self::Unknown => "unknown",
        }
    }

    /// Whether its lines are requests: failures can be set against successes.
    #[must_use]
    pub fn holds_requests(&self) -> bool {
        match self {
            Self::Wrapped(wrapped) => wrapped.may_hold_requests(),
            format => matches!(format, Self::Access(_) | Self::JsonAccess(_) | Self::Haproxy | Self::Uvicorn),
        }
    }

    /// Whether its lines are what a proxy complains of.
    #[must_use]
    pub fn holds_proxy_errors(&self) -> bool {
        match self {
            Self::Wrapped(wrapped) => wrapped.any(Self::holds_proxy_errors),
            format => matches!(format, Self::NginxError | Self::ApacheError | Self::Haproxy),
        }
    }

    /// Whether its times say in which zone they are.
    #[must_use]
    pub fn names_zone(&self) -> bool {
        match self {
            Self::Access(format) => format.names_zone(),
            // Of an application's lines the envelope says when they were written.
            Self::Wrapped(wrapped) => {
                !wrapped.any(|format| format.has_times() && *format != Self::Application && !format.names_zone())
            }
            Self::HostText(text) => text.names_year,
            Self::Kernel(text) => text.names_zone,
            Self::Database(database) => matches!(database, Database::Postgres | Database::Mysql),
            Self::Packages(manager) => *manager == PackageManager::Dnf,
            format => !matches!(
                format,
                Self::NginxError | Self::ApacheError | Self::Haproxy | Self::Uvicorn | Self::Last | Self::Application
            ),
        }
    }

    /// Whether its lines say when they were written. Where they do not, they count only inside of something that does.
    #[must_use]
    pub const fn has_times(&self) -> bool {
        !matches!(self, Self::Uvicorn)
    }

    /// Whether it declares formats instead of being a log in one.
    #[must_use]
    pub const fn is_configuration(&self) -> bool {
        matches!(self, Self::NginxConf | Self::ApacheConf)
    }

    /// Whether its lines are text that can be quoted.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        !matches!(self, Self::Wtmp)
    }

    /// Whether its times name the year.
    #[must_use]
    pub const fn names_year(&self) -> bool {
        !matches!(
            self,
            Self::HostText(HostText { names_year: false, .. }) | Self::Packages(PackageManager::Yum) | Self::Last
        )
    }

    /// Whether it says what happened, and is not merely a list, a document or a configuration beside that.
    #[must_use]
    pub fn is_log(&self) -> bool {
        match self {
            // Whoever writes in an envelope may say anything.
            Self::Wrapped(_) => true,
            format => {
                format.holds_requests()
                    || format.holds_proxy_errors()
                    || matches!(
                        format,
                        Self::Journal
                            | Self::HostText(_)
                            | Self::Kernel(_)
                            | Self::Database(_)
                            | Self::Application
                            | Self::Build
                    )
            }
        }
    }

    /// Whether an application may print its own lines among those of this format.
    pub(crate) const fn may_hold_application(&self) -> bool {
        matches!(
            self,
            Self::Access(_) | Self::JsonAccess(_) | Self::Uvicorn | Self::Haproxy | Self::Application | Self::Unknown
        )
    }

    /// Whether a configuration that declares formats may say better what this is.
    #[must_use]
    pub const fn may_be_declared(&self) -> bool {
        matches!(self, Self::Access(_) | Self::JsonAccess(_) | Self::Wrapped(_) | Self::Application | Self::Unknown)
    }
}

/// Recognises a file by its first bytes (some 64 KiB do), its name and the formats that a configuration declares.
#[must_use]
pub fn recognise(head: &[u8], name: &str, conf: &NginxConf) -> Format {
    if login_records::is_wtmp(head) {
        return Format::Wtmp;
    }
    let lines = Lines::of(head);
    if let Some(wrapped) = Wrapped::recognise(&lines.0, |inside| recognise_bare(inside, name, conf)) {
        return Format::Wrapped(Arc::new(wrapped));
    }
    recognise_bare(head, name, conf)
}

/// Recognises a single log line without knowing anything else. Damaged ones are not: they would be taken for anything.
pub(crate) fn recognise_line(line: &[u8]) -> Option<Format> {
    let format = recognise_bare(line, "", &NginxConf::default());
    let whole = match &format {
        Format::Access(format) => Lines(vec![line]).points(format) >= 3,
        // Its lines are read beside those of any format.
        Format::Application | Format::Build => false,
        format => format.is_log(),
    };
    whole.then_some(format)
}

/// Recognises lines that are in no envelope.
fn recognise_bare(head: &[u8], name: &str, conf: &NginxConf) -> Format {
    let lines = Lines::of(head);
    if lines.count(|line| line.trim_ascii() == certificate::BEGIN) > 0 {
        return Format::Certificate;
    }
    // Damage may stand before the first record of a journal, but a document begins where it begins.
    if lines.count(|line| line.starts_with(b"{") && contains(line, b"\"__REALTIME_TIMESTAMP\"")) > 0 {
        return Format::Journal;
    }
    let says_events = contains(head, b"\"eventName\"") && contains(head, b"\"eventTime\"");
    if lines.starts_json() && (says_events || contains(head, b"CloudTrailEvent")) {
        return Format::CloudTrail;
    }
    // A file that is one of these has no line of another, so the first that fits is it.
    let json = JsonDialect::recognise(&lines.0);
    if let Some(format) = access_format(&lines, name, conf) {
        // What a configuration declares is read as declared, unless names say more.
        match json {
            Some((dialect, points)) if points > lines.points(&format) => return Format::JsonAccess(dialect),
            _ => return Format::Access(Arc::new(format)),
        }
    }
    if let Some((dialect, _)) = json {
        return Format::JsonAccess(dialect);
    }
    let mut haproxy = HaproxyLog::new(TimeZone::UTC);
    if lines.count(|line| haproxy.line(line, None, 1, &mut Nobody) == Line::Parsed) > 0 {
        return Format::Haproxy;
    }
    let mut errors = ErrorLog::new(TimeZone::UTC);
    if lines.count(|line| errors.line(line, None, 1, &mut Nobody) == Line::Parsed) > 0 {
        return Format::NginxError;
    }
    let mut errors = ApacheErrorLog::new(TimeZone::UTC);
    if lines.count(|line| errors.line(line, None, 1, &mut Nobody) == Line::Parsed) > 0 {
        return Format::ApacheError;
    }
    if let Some(database) = lines.0.iter().find_map(|line| Database::of(line)) {
        return Format::Database(database);
    }
    if let Some(text) = lines.0.iter().find_map(|line| KernelText::of(line)) {
        return Format::Kernel(text);
    }
    if let Some(text) = lines.0.iter().find_map(|line| HostText::of(line)) {
        return Format::HostText(text);
    }
    if let Some(manager) = lines.0.iter().find_map(|line| PackageManager::of(line)) {
        return Format::Packages(manager);
    }
    if lines.count(login_records::is_of_last) > 0 {
        return Format::Last;
    }
    if lines.count(Uvicorn::is_access) > 0 {
        return Format::Uvicorn;
    }
    if BuildLog::is_one(&lines.0) {
        return Format::Build;
    }
    if lines.are_of_an_application() {
        return Format::Application;
    }
    let rows: Vec<Line> = lines.0.iter().map(|line| unit_files::line(line, 1, &mut Nobody)).collect();
    let of = |wanted| rows.iter().filter(|row| **row == wanted).count();
    if of(Line::Parsed) > of(Line::Unreadable) {
        return Format::UnitFiles;
    }
    match () {
        () if head.contains(&0) => Format::Unknown,
        () if is_configuration(head, name) => Format::NginxConf,
        () if !ApacheConf::parse(head).is_empty() => Format::ApacheConf,
        () => Format::Unknown,
    }
}

/// The format that fits most lines best, if any line is a request at all.
fn access_format(lines: &Lines<'_>, name: &str, conf: &NginxConf) -> Option<AccessFormat> {
    let declared = conf.log_formats.iter().filter_map(|(name, format)| AccessFormat::compile(name, format));
    let candidates = declared.chain(AccessFormat::built_ins());
    let configured = configured_format(name, conf);
    let rank = |format: &AccessFormat| {
        let points = lines.points(format);
        // The configuration says which format the file has, unless older lines were written in another.
        let is_configured = points > 0 && Some(format.name()) == configured;
        // Of damaged lines alone nobody knows what they said before.
        let any_whole = points > lines.0.len();
        (points, is_configured, if any_whole { format.richness() } else { 0 })
    };
    let ranked: Vec<_> = candidates.map(|format| (rank(&format), format)).collect();
    let best = ranked.iter().map(|((points, ..), _)| *points).max().filter(|points| *points > 0)?;
    ranked
        .into_iter()
        .map(|((points, configured, richness), format)| {
            ((if configured && points * 2 >= best { best } else { points }, configured, richness), format)
        })
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, format)| format)
}

/// The name of the format that the configuration gives to the set this file belongs to.
fn configured_format<'c>(name: &str, conf: &'c NginxConf) -> Option<&'c str> {
    let log = conf.logs_named(name).next()?;
    Some(log.format.as_deref().unwrap_or("combined"))
}

fn is_configuration(head: &[u8], name: &str) -> bool {
    let conf = NginxConf::parse(head);
    let says_much = !conf.log_formats.is_empty() || !conf.servers.is_empty() || !conf.upstreams.is_empty();
    let says_little = !conf.access_logs.is_empty() || !conf.error_logs.is_empty() || !conf.includes.is_empty();
    says_much || (says_little && name.ends_with(".conf"))
}

/// The lines to look at: no blank ones, and not the last one if it may be cut.
struct Lines<'a>(Vec<&'a [u8]>);

impl<'a> Lines<'a> {
    fn of(head: &'a [u8]) -> Self {
        let whole = match memchr::memrchr(b'\n', head) {
            Some(end) => &head[..end],
            None => head,
        };
        let lines = whole.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        Self(lines.filter(|line| !line.trim_ascii().is_empty()).take(LINES).collect())
    }

    /// Whether an application printed them: most have a logger's head, or some are what nobody else prints. A document that
    /// shows such lines in a fence is none.
    fn are_of_an_application(&self) -> bool {
        let heads = self.count(ApplicationLog::has_head);
        let plain = || self.count(ApplicationLog::is_plainly_one);
        let is_document = || self.count(|line| line.trim_ascii().starts_with(b"```")) > 0;
        (heads > 0 && heads * 2 >= self.0.len() || plain() > 0) && !is_document()
    }

    fn starts_json(&self) -> bool {
        self.0.first().is_some_and(|line| matches!(line.trim_ascii_start().first(), Some(b'{' | b'[')))
    }

    fn count(&self, mut fits: impl FnMut(&[u8]) -> bool) -> usize {
        self.0.iter().filter(|line| fits(line)).count()
    }

    /// How well a format fits: 4 for a line that it takes exactly, 3 with something before or behind, 1 for a damaged one.
    fn points(&self, format: &AccessFormat) -> usize {
        let mut clock = Clock::new(TimeZone::UTC);
        let mut repair = Repair::default();
        let mut points = |line: &[u8]| match format.read(line, &mut clock) {
            // Something stands before the client that this format says nothing of.
            Some((request, Fit::Whole { .. })) if format.begins_with_client() && !line.starts_with(request.client) => 3,
            Some((_, Fit::Whole { extra: 0 })) => 4,
            Some((_, Fit::Whole { .. })) => 3,
            _ => usize::from(repair.records(format, line, &mut clock, |_: &Request<'_>| {}) > 0),
        };
        self.0.iter().map(|line| points(line)).sum()
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

struct Nobody;

impl Sink for Nobody {}

#[cfg(test)]
mod tests {
    use super::*;

    const COMBINED: &str = "1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] \"GET / HTTP/1.1\" 200 7 \"-\" \"curl\"\n";
    const COMMON: &str = "1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] \"GET / HTTP/1.1\" 200 7\n";
    const MAIN: &str = "1.2.3.4 - - [16/Nov/2022:11:04:56 +0900] \"GET / HTTP/1.1\" 200 7 \"-\" \"curl\" ua=\"a:1\"\n";
    const ERROR: &str = "2026/11/21 19:25:05 [error] 7#7: *3 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: a, request: \"GET / HTTP/1.1\", upstream: \"http://127.0.0.1:9999/x\", host: \"a\"\n";

    fn conf() -> NginxConf {
        NginxConf::parse(
            br#"log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" ua="$upstream_addr"';
                log_format same '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" ua="$upstream_addr"';
                access_log /var/log/nginx/shop-access.log same;"#,
        )
    }

    fn name(head: &str, file: &str, conf: &NginxConf) -> String {
        recognise(head.as_bytes(), file, conf).name().to_owned()
    }

    #[test]
    fn content_decides() {
        let none = NginxConf::default();
        assert_eq!(name(COMBINED, "x", &none), "combined");
        assert_eq!(name(COMMON, "x", &none), "common");
        assert_eq!(name(MAIN, "x", &none), "combined");
        assert_eq!(name(&ERROR.repeat(3), "access.log", &none), "nginx-error");
        assert_eq!(name(&format!("{ERROR}{COMBINED}"), "x", &none), "combined");
        assert_eq!(name("{\"__REALTIME_TIMESTAMP\":\"1\"}\n", "x", &none), "journal");
        assert_eq!(name("\u{16}garbage\n{\"__REALTIME_TIMESTAMP\":\"1\"}\n", "x", &none), "journal");
        assert_eq!(name("{\n \"Records\": [ {\"eventTime\":\"x\", \"eventName\":\"y\"", "x", &none), "cloudtrail");
        assert_eq!(name("UNIT FILE STATE\nnginx.service enabled\n\n1 unit files listed.\n", "x", &none), "unit-files");
        assert_eq!(name("server { listen 80; }", "x", &none), "nginx-conf");
        assert_eq!(name("error_log /x;", "a.conf", &none), "nginx-conf");
        assert_eq!(name("hello world\n", "access.log", &none), "unknown");
        assert_eq!(name("", "access.log", &none), "unknown");
        assert_eq!(name("\0\0\0\0", "access.log", &none), "unknown");
    }

    #[test]
    fn declared_formats_come_before_built_in_ones() {
        assert_eq!(name(MAIN, "other.log", &conf()), "same");
        assert_eq!(name(MAIN, "shop-access.log.2", &conf()), "same");
        assert_eq!(name(COMBINED, "shop-access.log.9.gz", &conf()), "combined");
    }

    #[test]
    fn damaged_lines_are_recognised() {
        let mangled = "Ä16/Nov/2022:11:04:56 +0900Ü \"GET / HTTP/1.1\" 200 7 \"-\" \"curl\"";
        assert_eq!(name(mangled, "-", &NginxConf::default()), "combined");
        let garbage = "\u{1}\u{2}garbage\n".repeat(50);
        assert_eq!(name(&format!("{garbage}{COMBINED}"), "-", &NginxConf::default()), "combined");
    }
}
