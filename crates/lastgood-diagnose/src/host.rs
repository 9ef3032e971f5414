//! What the host said of itself, put in order: boots, units, kills. Facts only, no conclusion.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_model::{Change, ChangeKind, Fact, LineRef, Observation, Span, UnitFileState, UnixMs};

pub use crate::boots::Boot;
use crate::boots::BootRecords;

/// A moment and the line that tells of it.
pub type Mark = (UnixMs, LineRef);

/// What happened to a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitEvent {
    /// Its process wrote something.
    Spoke,
    /// It was started.
    Started,
    /// It was stopped.
    Stopped,
    /// It failed, with systemd's word for it.
    Failed(Arc<str>),
}

/// What happened to one unit, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// The events.
    pub events: Vec<(Mark, UnitEvent)>,
    /// What the unit list says of it.
    pub file: Option<(UnitFileState, LineRef)>,
}

impl Unit {
    /// The first event in a stretch for which `wanted` says yes.
    pub fn first_within(&self, span: Span, wanted: impl Fn(&UnitEvent) -> bool) -> Option<&(Mark, UnitEvent)> {
        self.events.iter().find(|((when, _), event)| span.contains(*when) && wanted(event))
    }

    /// The last event in a stretch for which `wanted` says yes.
    pub fn last_within(&self, span: Span, wanted: impl Fn(&UnitEvent) -> bool) -> Option<&(Mark, UnitEvent)> {
        self.events.iter().rev().find(|((when, _), event)| span.contains(*when) && wanted(event))
    }
}

/// A stretch in which a database or cache was down.
#[derive(Clone, Debug)]
pub struct DependencyStop {
    /// Which.
    pub who: Arc<str>,
    /// Since when.
    pub down: Mark,
    /// Until when, if it came back.
    pub up: Option<Mark>,
    /// Whether it was told to stop.
    pub clean: bool,
}

/// What the proxy did with itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyEvent {
    /// It started.
    Started,
    /// It was told to stop.
    Stopped,
    /// It refused its configuration, with its sentence.
    Refused(Arc<str>),
}

/// A process that the kernel killed for lack of memory.
#[derive(Clone, Debug)]
pub struct Kill {
    /// When and where.
    pub mark: Mark,
    /// Its name.
    pub process: Arc<str>,
    /// Unit or cgroup, where a line says so.
    pub scope: Option<Arc<str>>,
}

impl Kill {
    /// Whether it hit a unit: its cgroup path ends in the unit's name.
    #[must_use]
    pub fn hit(&self, unit: &str) -> bool {
        self.scope.as_deref().is_some_and(|scope| scope.rsplit('/').next() == Some(unit))
    }
}

/// A certificate among the files.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Its names.
    pub names: Arc<str>,
    /// From its first moment to its last.
    pub valid: Span,
    /// Where it stands.
    pub line: LineRef,
}

/// The host's own story.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Boots in order.
    pub boots: Vec<Boot>,
    /// Units by name.
    pub units: BTreeMap<Arc<str>, Unit>,
    /// What the proxy did with itself, in order.
    pub proxy: Vec<(Mark, ProxyEvent)>,
    /// Databases and caches that went down, in order.
    pub dependencies: Vec<DependencyStop>,
    /// Kills in order.
    pub kills: Vec<Kill>,
    /// Who said that a file system is full.
    pub full: Vec<(Mark, Arc<str>)>,
    /// Databases and caches that turned somebody away for want of connections.
    pub exhausted: Vec<(Mark, Arc<str>)>,
    /// Certificates among the files.
    pub certificates: Vec<Certificate>,
    /// Whether anything of a journal, or of a syslog that says as much, was read.
    pub has_journal: bool,
    /// Whether a unit list was read.
    pub has_unit_list: bool,
}

impl Host {
    /// Puts facts in order.
    #[must_use]
    pub fn from_facts(facts: &[Observation]) -> Self {
        let mut host = Self::default();
        let mut boots = BootRecords::default();
        for observation in facts {
            host.take(observation, &mut boots);
        }
        host.boots = boots.settle();
        host.proxy.sort_by_key(|(mark, _)| *mark);
        for unit in host.units.values_mut() {
            unit.events.sort_by_key(|(mark, _)| *mark);
        }
        host
    }

    fn take(&mut self, observation: &Observation, boots: &mut BootRecords) {
        if let Fact::UnitFile { unit, state } = &observation.fact {
            self.has_unit_list = true;
            self.units.entry(Arc::clone(unit)).or_default().file = Some((*state, observation.line));
            return;
        }
        if let Fact::Certificate { names, from, until } = &observation.fact {
            let valid = Span::new(*from, *until);
            self.certificates.push(Certificate { names: Arc::clone(names), valid, line: observation.line });
            return;
        }
        let Some(at) = observation.at else { return };
        let mark = (at, observation.line);
        match &observation.fact {
            Fact::BootStarted { boot } => {
                // Login records tell of boots and of nothing else.
                self.has_journal |= !boot.is_empty();
                boots.begun(mark, boot);
            }
            Fact::BootEnded { boot, clean } => boots.ended(mark, boot, *clean),
            Fact::UnitSpoke { unit } => self.event(unit, mark, UnitEvent::Spoke),
            Fact::UnitStarted { unit } => self.event(unit, mark, UnitEvent::Started),
            Fact::UnitStopped { unit } => self.event(unit, mark, UnitEvent::Stopped),
            Fact::UnitFailed { unit, result } => self.event(unit, mark, UnitEvent::Failed(Arc::clone(result))),
            Fact::OomKilled { process, scope, .. } => {
                self.kills.push(Kill { mark, process: Arc::clone(process), scope: scope.clone() });
            }
            Fact::NoSpace { unit } => self.full.push((mark, Arc::clone(unit))),
            Fact::ConnectionsExhausted { who } => self.exhausted.push((mark, Arc::clone(who))),
            Fact::ProxyStarted => self.proxy.push((mark, ProxyEvent::Started)),
            Fact::ProxyStopped => self.proxy.push((mark, ProxyEvent::Stopped)),
            Fact::ProxyConfigRefused { message } => {
                self.proxy.push((mark, ProxyEvent::Refused(Arc::clone(message))));
            }
            Fact::DependencyStopped { who, clean } => {
                self.dependencies.push(DependencyStop { who: Arc::clone(who), down: mark, up: None, clean: *clean });
            }
            Fact::DependencyStarted { who } => {
                // Facts come in order of time.
                let down = self.dependencies.iter_mut().filter(|stop| stop.who == *who && stop.up.is_none());
                down.for_each(|stop| stop.up = Some(mark));
            }
            Fact::UnitFile { .. } | Fact::Certificate { .. } | Fact::ProxyReloaded | Fact::Build(_) => {}
        }
    }

    fn event(&mut self, unit: &Arc<str>, mark: Mark, event: UnitEvent) {
        self.has_journal = true;
        self.units.entry(Arc::clone(unit)).or_default().events.push((mark, event));
    }

    /// Whether a unit comes and goes by itself, as what timers start does.
    #[must_use]
    pub fn is_routine(&self, unit: &str) -> bool {
        let starts = |unit: &Unit| unit.events.iter().filter(|(_, event)| *event == UnitEvent::Started).count();
        self.units.get(unit).is_some_and(|unit| starts(unit) > self.boots.len() + 2)
    }

    /// The units of proxies.
    pub fn proxy_units(&self) -> impl Iterator<Item = (&Arc<str>, &Unit)> {
        self.units.iter().filter(|(name, _)| is_proxy(name))
    }

    /// Each turn from one boot to the next.
    pub fn reboots(&self) -> impl Iterator<Item = (&Boot, &Boot)> {
        self.boots.windows(2).map(|pair| (&pair[0], &pair[1]))
    }
}

/// Whether a unit is the proxy's.
#[must_use]
pub fn is_proxy(unit: &str) -> bool {
    const PROXIES: &[&str] = &["nginx", "openresty", "apache2", "httpd", "caddy", "haproxy", "traefik"];
    unit.strip_suffix(".service").is_some_and(|name| PROXIES.contains(&name.split('@').next().unwrap_or(name)))
}

/// The changes that facts tell of: boots, units, the proxy's own.
pub fn changes(facts: &[Observation], host: &Host, reference: impl Fn(LineRef) -> lastgood_model::Ref) -> Vec<Change> {
    let change = |span: Span, kind: ChangeKind, subject: &Arc<str>, line: LineRef| Change {
        span,
        kind,
        subject: Arc::clone(subject),
        reported: false,
        reference: reference(line),
    };
    let mut found: Vec<Change> = host
        .reboots()
        .map(|(old, new)| {
            let down = old.ended.map_or(new.begun.0, |(at, _)| at);
            change(Span::new(down, new.begun.0), ChangeKind::HostBoot, &Arc::from(""), new.begun.1)
        })
        .collect();
    found.extend(host.certificates.iter().map(|certificate| {
        let from = Span::at(certificate.valid.from());
        change(from, ChangeKind::CertificateRenewed, &certificate.names, certificate.line)
    }));
    let proxy: Arc<str> = Arc::from("nginx");
    for observation in facts {
        let Some(at) = observation.at else { continue };
        let (kind, subject) = match &observation.fact {
            Fact::UnitStarted { unit } if !host.is_routine(unit) => (ChangeKind::UnitStarted, unit),
            Fact::UnitStopped { unit } if !host.is_routine(unit) => (ChangeKind::UnitStopped, unit),
            Fact::UnitFailed { unit, .. } => (ChangeKind::UnitFailed, unit),
            Fact::DependencyStarted { who } => (ChangeKind::DependencyStarted, who),
            Fact::DependencyStopped { who, .. } => (ChangeKind::DependencyStopped, who),
            Fact::ProxyStarted => (ChangeKind::ProxyStarted, &proxy),
            Fact::ProxyReloaded => (ChangeKind::ProxyReloaded, &proxy),
            _ => continue,
        };
        found.push(change(Span::at(at), kind, subject, observation.line));
    }
    found
}
