//! Real traffic after the switch, for a while: services stay well, the user's own requests go on to succeed, and of the requests that
//! their proxies log no larger share fails than before the rollout.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lastgood_diagnose::topology;
use lastgood_intake::Dimension;
use lastgood_model::release::Release;
use lastgood_model::stack::ProxyConf;
use lastgood_model::topology::Via;
use lastgood_model::{Stack, UnixMs};
use lastgood_world::now;

use super::doer::Hands;
use super::gate::state_by;
use super::health::OwnChecks;
use super::looks::subject;
use super::trouble::Trouble;
use crate::pipeline::timeline::{CourseArgs, course};
use crate::progress::Silent;

const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The user's own requests are put so often.
const SMOKE_AGAIN: Duration = Duration::from_secs(10);

/// Logs are read so often, and not more than a tenth of the time.
const READ_AGAIN: Duration = Duration::from_secs(2);
/// What was usual is what was so for this long before the rollout, in milliseconds.
const BEFORE_MS: i64 = 600_000;

impl Hands<'_> {
    /// Watches for as long as the user wants.
    pub(super) fn bake(&self) -> Result<(), Trouble> {
        let release = self.release(&self.target)?;
        let (begun, since) = (Instant::now(), now());
        let whole = self.manner.bake.0;
        let (mut smoked, mut read, mut rest) = (begun, begun, READ_AGAIN);
        let (mut restarts, mut checks) = (Vec::new(), OwnChecks::default());
        let mut looked = self.look_at(release);
        loop {
            looked.again();
            let stays = self.changing.iter().filter(|service| release.service(service).is_some());
            let state =
                |service: &Arc<str>| state_by(&looked.stack, release, service, |container| checks.passes(container));
            let now_restarted = stays.map(state).collect::<Result<Vec<_>, _>>()?;
            if restarts.is_empty() {
                restarts.clone_from(&now_restarted);
            }
            if restarts != now_restarted {
                return Err(Trouble::Restarted(None));
            }
            if smoked.elapsed() >= SMOKE_AGAIN {
                self.smoke(None)?;
                smoked = Instant::now();
            }
            let part = begun.elapsed().as_secs_f64() / whole.as_secs_f64();
            if part >= 1.0 {
                return self.failing(release, since, 1.0);
            }
            if read.elapsed() >= rest {
                let reads = Instant::now();
                self.failing(release, since, part)?;
                read = Instant::now();
                rest = READ_AGAIN.max((read - reads) * 10);
            }
            thread::sleep(LOOK_AGAIN);
        }
    }

    /// Requests that fail since then, where more of them do than before the rollout; where only a part of the time is over, even if none
    /// did any more.
    fn failing(&self, release: &Release, since: UnixMs, part: f64) -> Result<(), Trouble> {
        let other = |error: &dyn std::fmt::Display| Trouble::Other(error.to_string());
        let question = CourseArgs {
            by: vec![Dimension::Vhost, Dimension::Status],
            per_ms: 1000,
            stack: Some(subject(release, false)),
            ..CourseArgs::default()
        };
        let course = course(&question, &Silent).map_err(|error| other(&error))?;
        let mut of_hosts: BTreeMap<String, [Share; 2]> = BTreeMap::new();
        for count in course.counts() {
            let texts: Vec<String> =
                course.texts(count).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
            let [host, status] = texts.as_slice() else { continue };
            let shares = of_hosts.entry(host.clone()).or_default();
            // While it was switched both may have served.
            let [before, after] = shares;
            let share = match count.from {
                at if at >= since => after,
                at if at < self.begun && at.since(self.begun).abs() <= BEFORE_MS => before,
                _ => continue,
            };
            share.all += count.requests;
            share.failed += if status.starts_with('5') { count.requests } else { 0 };
        }
        let looked = self.look_at(release);
        let ours = self.hosts(&looked.stack);
        let worse = of_hosts
            .into_iter()
            .find(|(host, [before, after])| ours.contains(host) && after.is_worse_than(before, part));
        match worse {
            Some((host, [_, after])) => Err(Trouble::Bake(host.into(), after.failed, after.all)),
            None => Ok(()),
        }
    }

    /// What logs call the places where users of services that change come in: the virtual host, or the proxy whose log it is.
    fn hosts(&self, stack: &Stack) -> BTreeSet<String> {
        let topology = topology::build(stack);
        let asked = |service: &Arc<str>| topology.find(service).into_iter().flat_map(|index| topology.asked_by(index));
        let edges = self.changing.iter().flat_map(asked).filter(|edge| edge.via == Via::Proxy);
        let proxies: BTreeSet<&Arc<str>> =
            edges.filter_map(|edge| topology.components.get(edge.from)?.container.as_ref()).collect();
        let is_one = |conf: &&ProxyConf| conf.container.as_ref().is_none_or(|name| proxies.contains(name));
        let servers = stack.proxies.iter().filter(is_one).flat_map(|conf| &conf.servers);
        let names = servers.flat_map(|server| &server.names).map(ToString::to_string);
        names.chain(proxies.iter().map(ToString::to_string)).collect()
    }
}

/// How many of how many requests failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    failed: u64,
    all: u64,
}

impl Share {
    /// Whether that is more than chance, and more than anybody would put up with: of twenty requests at least, twice the share and a
    /// twentieth more. Where nobody came before, none failed. `part`: of the time is over, and the rest goes well.
    fn is_worse_than(self, before: &Self, part: f64) -> bool {
        let share = |share: Self| share.failed as f64 / share.all.max(1) as f64;
        self.all >= 20 && share(self) * part > 2.0 * share(*before) + 0.05
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_failures_are_not_worse() {
        let share = |failed, all| Share { failed, all };
        assert!(share(20, 20).is_worse_than(&share(0, 0), 1.0));
        assert!(!share(19, 19).is_worse_than(&share(0, 1000), 1.0), "too few to tell");
        assert!(!share(4, 100).is_worse_than(&share(0, 1000), 1.0));
        assert!(share(9, 100).is_worse_than(&share(10, 1000), 1.0));
        assert!(!share(30, 100).is_worse_than(&share(300, 1000), 1.0), "it always did");
        assert!(share(45, 270).is_worse_than(&share(0, 1000), 0.4), "enough for all of it");
        assert!(!share(45, 270).is_worse_than(&share(0, 1000), 0.1), "it may still become little");
    }
}
