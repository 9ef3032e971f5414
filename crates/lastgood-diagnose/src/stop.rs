//! Stretches in which nothing could take a request: the host was down, or the proxy was. Facts in order, no conclusion.

use std::sync::Arc;

use lastgood_model::{Catalogue, ChangeKind, Edge, Span, UnixMs};

use crate::Timeline;
use crate::host::{Host, Mark, ProxyEvent, UnitEvent};

/// What was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The proxy, as its unit or its own log says.
    Proxy {
        /// The unit, if the journal tells of it.
        unit: Option<Arc<str>>,
        /// systemd's word for how it failed, if it did.
        failed: Option<Arc<str>>,
        /// A reboot that stopped it, and that it did not come back from by itself: the new boot's first line.
        reboot: Option<Edge>,
    },
    /// The proxy refused its configuration and was not running.
    Refused {
        /// What it said.
        message: Arc<str>,
    },
    /// The host, from one boot to the next.
    Host {
        /// Whether it was an orderly shutdown.
        clean: bool,
        /// The new boot's first line.
        begun: Edge,
    },
    /// The machine, as the cloud's audit log says.
    Instance {
        /// What was asked for.
        kind: ChangeKind,
        /// Of what.
        subject: Arc<str>,
    },
}

/// Something that was down for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// What.
    pub what: Stopped,
    /// Since when.
    pub down: Edge,
    /// Until when; `None` if nothing says.
    pub up: Option<Edge>,
}

/// A proxy that starts this long after the boot came up with it.
const WITH_BOOT_MS: i64 = 120_000;
/// A refused configuration this long after a stop is why it did not start.
const REFUSED_MS: i64 = 60_000;

/// All of them.
pub fn stops(timeline: &Timeline, host: &Host, catalogue: &Catalogue) -> Vec<Stop> {
    let edge = |(at, line): Mark| Edge { at, reference: catalogue.reference(line) };
    let mut found = Vec::new();
    for (old, new) in host.reboots() {
        let down = old.ended.unwrap_or(new.begun);
        let up = proxy_start(host, Span::new(new.begun.0, new.begun.0.plus(WITH_BOOT_MS))).unwrap_or(new.begun);
        let what = Stopped::Host { clean: old.clean, begun: edge(new.begun) };
        found.push(Stop { what, down: edge(down), up: Some(edge(up)) });
    }
    for (name, unit) in host.proxy_units() {
        for (down, event) in &unit.events {
            let failed = match event {
                UnitEvent::Stopped => None,
                UnitEvent::Failed(result) => Some(Arc::clone(result)),
                UnitEvent::Spoke | UnitEvent::Started => continue,
            };
            let up = unit.first_within(Span::new(down.0, UnixMs::MAX), |event| *event == UnitEvent::Started);
            let reboot = host.reboots().map(|(_, new)| new.begun).find(|begun| {
                begun.0 >= down.0
                    && begun.0.since(down.0) <= WITH_BOOT_MS
                    && up.is_none_or(|(up, _)| up.0.since(begun.0) > WITH_BOOT_MS)
            });
            let what = Stopped::Proxy { unit: Some(Arc::clone(name)), failed, reboot: reboot.map(edge) };
            found.push(Stop { what, down: edge(*down), up: up.map(|(up, _)| edge(*up)) });
        }
    }
    for (mark, event) in &host.proxy {
        let up = host.proxy.iter().find(|(up, event)| *event == ProxyEvent::Started && up >= mark);
        let up = up.map(|(up, _)| edge(*up));
        match event {
            ProxyEvent::Started => {}
            ProxyEvent::Stopped => {
                let what = Stopped::Proxy { unit: None, failed: None, reboot: None };
                found.push(Stop { what, down: edge(*mark), up });
            }
            ProxyEvent::Refused(message) => {
                // Said a moment after the stop, or by a proxy that never wrote that it was stopped.
                let again = host.proxy.iter().any(|((at, _), event)| {
                    matches!(event, ProxyEvent::Refused(_)) && *at < mark.0 && mark.0.since(*at) <= REFUSED_MS
                });
                if !again {
                    found.push(Stop { what: Stopped::Refused { message: Arc::clone(message) }, down: edge(*mark), up });
                }
            }
        }
    }
    let asked = timeline.changes.iter().filter(|change| {
        use ChangeKind::{InstanceReboot, InstanceStop, MachineImage};
        matches!(change.kind, InstanceReboot | InstanceStop | MachineImage)
    });
    found.extend(asked.map(|change| Stop {
        what: Stopped::Instance { kind: change.kind, subject: Arc::clone(&change.subject) },
        down: Edge { at: change.span.from(), reference: change.reference.clone() },
        up: None,
    }));
    found
}

/// The first start of a proxy in a stretch, by its unit or by its own log.
fn proxy_start(host: &Host, span: Span) -> Option<Mark> {
    let of_unit = host
        .proxy_units()
        .filter_map(|(_, unit)| unit.first_within(span, |event| *event == UnitEvent::Started))
        .map(|(mark, _)| *mark);
    let own = host.proxy.iter().filter(|((at, _), event)| *event == ProxyEvent::Started && span.contains(*at));
    of_unit.chain(own.map(|(mark, _)| *mark)).min()
}
