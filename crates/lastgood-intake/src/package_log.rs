//! What package managers write down of their runs: dpkg, apt, dnf and yum. One run is one change, however many packages
//! it touched; which of them mattered is not known here.

use std::mem;

use lastgood_model::{ChangeKind, Span, UnixMs};

use crate::civil_time::CivilClock;
use crate::scan::{Context, Line, Sink};

/// Lines of a manager that writes no end of a run belong to one if they are this near to each other.
const SAME_RUN_MS: i64 = 120_000;
/// Packages that are named; of the rest there is a count.
const NAMED: usize = 3;

/// Whose log it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageManager {
    /// `/var/log/dpkg.log`
    Dpkg,
    /// `/var/log/apt/history.log`
    Apt,
    /// `/var/log/dnf.rpm.log`
    Dnf,
    /// `/var/log/yum.log`
    Yum,
}

impl PackageManager {
    /// Whose log a line is from, if it tells of a package or a run.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        let clock = CivilClock::new(jiff::tz::TimeZone::UTC, Some(UnixMs(0)));
        if line.strip_prefix(b"Start-Date: ").is_some_and(|date| clock.dated(date).is_some()) {
            return Some(Self::Apt);
        }
        [Self::Dpkg, Self::Dnf, Self::Yum].into_iter().find(|manager| manager.event(line, &clock).is_some())
    }

    /// Its name, as shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Apt => "apt-history",
            Self::Dnf => "dnf",
            Self::Yum => "yum",
        }
    }

    /// What one line of it says of one package. apt's blocks are read as a whole.
    fn event(self, line: &[u8], clock: &CivilClock) -> Option<(UnixMs, Package)> {
        let (at, length) = if self == Self::Yum { clock.month_first(line) } else { clock.dated(line) }?;
        let text = str::from_utf8(line.get(length..)?).ok()?;
        let mut words = text.split_ascii_whitespace();
        let package = match self {
            Self::Dpkg => {
                let verb = words.next()?;
                let (name, old, new) = (words.next()?, words.next()?, words.next()?);
                match verb {
                    "install" | "upgrade" => Package::new(name, old, new),
                    "remove" | "purge" => Package::new(name, old, ""),
                    _ => return None,
                }
            }
            Self::Dnf | Self::Yum => {
                let verb = words.by_ref().find(|word| word.ends_with(':'))?;
                let name = words.next()?;
                match verb {
                    // dnf's `Upgraded:` is the old one being cleaned away.
                    "Installed:" | "Updated:" | "Upgrade:" | "Downgrade:" => Package::new(name, "", "new"),
                    "Erased:" | "Erase:" | "Removed:" => Package::new(name, "old", ""),
                    _ => return None,
                }
            }
            Self::Apt => return None,
        };
        Some((at, package))
    }
}

/// What was done to one package.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Package(String);

impl Package {
    /// Versions are `<none>` or empty where there was none; dnf and yum write them into the name.
    fn new(name: &str, old: &str, new: &str) -> Self {
        // Behind the last colon stands the architecture, if it is one and no version.
        let is_architecture = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let name = name.rsplit_once(':').filter(|(_, behind)| is_architecture(behind)).map_or(name, |(name, _)| name);
        let known = |version: &str| !version.is_empty() && version != "<none>";
        Self(match (known(old), known(new)) {
            (true, true) => format!("{name} {old} → {new}"),
            (false, true) if new == "new" => name.to_owned(),
            (false, true) => format!("{name} {new}"),
            _ => format!("{name} −"),
        })
    }
}

/// Reads a log of a package manager.
#[derive(Debug)]
pub(crate) struct PackageLog {
    manager: PackageManager,
    clock: CivilClock,
    run: Option<Run>,
}

/// One run of it, so far.
#[derive(Debug)]
struct Run {
    span: Span,
    line: u64,
    named: Vec<Package>,
    count: usize,
}

impl Run {
    fn new(at: UnixMs, line: u64) -> Self {
        Self { span: Span::at(at), line, named: Vec::new(), count: 0 }
    }

    fn add(&mut self, package: Package) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(package);
        }
    }

    fn tell(self, sink: &mut impl Sink) {
        if self.count == 0 {
            return;
        }
        let mut subject = self.named.into_iter().map(|package| package.0).collect::<Vec<_>>().join(", ");
        if self.count > NAMED {
            subject = format!("{subject} +{}", self.count - NAMED);
        }
        sink.change(self.span, ChangeKind::PackageChanged, &subject, self.line);
    }
}

impl PackageLog {
    pub(crate) fn new(manager: PackageManager, context: Context) -> Self {
        Self { manager, clock: CivilClock::new(context.zone, context.about), run: None }
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        if line.trim_ascii().is_empty() {
            return Line::Other;
        }
        if self.manager == PackageManager::Apt {
            return self.line_of_apt(line, number, sink);
        }
        let Some((at, package)) = self.manager.event(line, &self.clock) else {
            let dated = self.clock.dated(line).or_else(|| self.clock.month_first(line));
            return if dated.is_some() { Line::Other } else { Line::Unreadable };
        };
        if self.run.as_ref().is_some_and(|run| at.since(run.span.to()).abs() > SAME_RUN_MS) {
            self.end(sink);
        }
        let run = self.run.get_or_insert_with(|| Run::new(at, number));
        run.span = run.span.cover(Span::at(at));
        run.add(package);
        Line::Parsed
    }

    /// The log ended, and its last run with it.
    pub(crate) fn finish(mut self, sink: &mut impl Sink) {
        self.end(sink);
    }

    fn line_of_apt(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        let Ok(text) = str::from_utf8(line) else { return Line::Unreadable };
        let Some((key, value)) = text.split_once(": ") else { return Line::Unreadable };
        match key {
            "Start-Date" => {
                self.end(sink);
                let Some((at, _)) = self.clock.dated(value.as_bytes()) else { return Line::Unreadable };
                self.run = Some(Run::new(at, number));
            }
            "End-Date" => {
                let Some((at, _)) = self.clock.dated(value.as_bytes()) else { return Line::Unreadable };
                if let Some(run) = &mut self.run {
                    run.span = run.span.cover(Span::at(at));
                }
                self.end(sink);
            }
            "Install" | "Upgrade" | "Downgrade" | "Reinstall" | "Remove" | "Purge" => {
                let Some(run) = &mut self.run else { return Line::Other };
                // `nginx:amd64 (1.22.1-9, 1.22.1-9+deb12u1), libc6:amd64 (2.36-9, automatic)`
                for part in value.split_inclusive(')') {
                    let Some((name, versions)) = part.trim_start_matches([',', ' ']).split_once(" (") else { continue };
                    let versions = versions.trim_end_matches(')');
                    let (first, second) = versions.split_once(", ").unwrap_or((versions, ""));
                    run.add(match key {
                        "Upgrade" | "Downgrade" => Package::new(name, first, second),
                        "Remove" | "Purge" => Package::new(name, first, ""),
                        _ => Package::new(name, "", first),
                    });
                }
            }
            "Commandline" | "Requested-By" | "Error" => return Line::Other,
            _ => return Line::Unreadable,
        }
        Line::Parsed
    }

    fn end(&mut self, sink: &mut impl Sink) {
        if let Some(run) = mem::take(&mut self.run) {
            run.tell(sink);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Scanner;
    use crate::{Counts, NginxConf, recognise};
    use jiff::tz::TimeZone;

    /// First second, seconds, subject, line.
    type Change = (i64, i64, String, u64);

    #[derive(Default)]
    struct Changes(Vec<Change>);

    impl Sink for Changes {
        fn change(&mut self, span: Span, kind: ChangeKind, subject: &str, line: u64) {
            assert_eq!(kind, ChangeKind::PackageChanged);
            self.0.push((span.from().0 / 1000, span.length_ms() / 1000, subject.to_owned(), line));
        }
    }

    fn read(text: &str) -> (String, Counts, Vec<Change>) {
        let format = recognise(text.as_bytes(), "x", &NginxConf::default());
        let about = Some(UnixMs::from_seconds(1_668_564_391));
        let mut scanner = Scanner::new(
            &format,
            Context { zone: TimeZone::UTC, vhost: "".into(), about, without: lastgood_model::Layers::NONE },
        );
        let mut changes = Changes::default();
        scanner.feed(text.as_bytes(), &mut changes);
        (format.name().to_owned(), scanner.finish(&mut changes), changes.0)
    }

    const AT: i64 = 1_668_564_391; // 2022-11-16T02:06:31Z

    #[test]
    fn dpkg_tells_package_by_package() {
        let (name, counts, changes) = read(
            "2022-11-16 02:06:30 startup archives unpack\n\
             2022-11-16 02:06:31 upgrade nginx:amd64 1.22.1-9 1.22.1-9+deb12u1\n\
             2022-11-16 02:06:31 status half-configured nginx:amd64 1.22.1-9\n\
             2022-11-16 02:06:33 install libx:all <none> 2:1.0\n\
             2022-11-16 04:00:00 remove old:amd64 1.0 <none>\n\
             2022-11-16 04:00\n",
        );
        assert_eq!((name.as_str(), counts.parsed, counts.other, counts.unreadable), ("dpkg", 3, 2, 1));
        let expected =
            [(AT, 2, "nginx 1.22.1-9 → 1.22.1-9+deb12u1, libx 2:1.0".into(), 2), (AT + 6809, 0, "old −".into(), 5)];
        assert_eq!(changes, expected);
    }

    #[test]
    fn apt_tells_run_by_run() {
        let (name, counts, changes) = read(
            "\nStart-Date: 2022-11-16  02:06:31\nCommandline: /usr/bin/unattended-upgrade\n\
             Install: linux-image-6.1.0-19:amd64 (6.1.82-1, automatic)\n\
             Upgrade: a:amd64 (1, 2), b:amd64 (1, 2), c:amd64 (1, 2), d:amd64 (1, 2)\n\
             End-Date: 2022-11-16  02:06:51\n\nStart-Date: 2022-11-16  03:06:31\nRemove: z:amd64 (1)\n",
        );
        assert_eq!((name.as_str(), counts.parsed, counts.other, counts.unreadable), ("apt-history", 6, 3, 0));
        let subject = "linux-image-6.1.0-19 6.1.82-1, a 1 → 2, b 1 → 2 +2";
        assert_eq!(changes, [(AT, 20, subject.into(), 2), (AT + 3600, 0, "z −".into(), 8)]);
    }

    #[test]
    fn rpm_names_hold_the_version() {
        let (name, _, changes) = read(
            "2022-11-16T02:06:30+0000 INFO --- logging initialized ---\n\
             2022-11-16T02:06:31+0000 SUBDEBUG Upgrade: nginx-core-1:1.20.1-14.el9.x86_64\n\
             2022-11-16T02:06:32+0000 SUBDEBUG Upgraded: nginx-core-1:1.20.1-13.el9.x86_64\n",
        );
        assert_eq!(name, "dnf");
        assert_eq!(changes[0].2, "nginx-core-1:1.20.1-14.el9.x86_64");
        let (name, _, changes) = read("Nov 16 02:06:31 Updated: nginx-1.20.1-9.el7.x86_64\n");
        assert_eq!((name.as_str(), changes[0].0), ("yum", AT));
    }
}
