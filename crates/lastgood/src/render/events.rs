//! `lastgood.events/1`, `lastgood.history/1` and `lastgood.prune/1`: what deploys say to programs, written here and nowhere else;
//! docs/EVENTS.md describes it. Sentences (`reasons`, `why`) are in the language of the run; everything that a program compares is not.

use std::io::Write;
use std::time::{Duration, Instant};

use lastgood_model::Secret;
use lastgood_model::rollout::{Ending, Outcome};
use lastgood_rollout::{Act, History, Of, Runs};
use serde::Serialize;
use serde_json::Value;

use super::answer::{Answer, View};
use super::check_json;
use super::clock::Clock;
use super::json::document;
use super::quote::{clean, inert_json};
use super::rollout::with_findings;
use super::under_way::UnderWayShape;
use crate::privacy::env_value::shown;
use crate::rollout::act::named;
use crate::rollout::doer::Watcher;
use crate::rollout::environment::Choice;
use crate::rollout::history::{going_on, who};
use crate::rollout::kept::Kept;
use crate::rollout::mended::{How, Mended, MendedKey};
use crate::rollout::record::millis;
use crate::rollout::survey::Survey;
use crate::rollout::target::{Ended, Seen};
use crate::rollout::trouble::Trouble;
use crate::rollout::waste::Waste;

const EVENTS: &str = "lastgood.events/1";

/// One line.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Event<'a> {
    /// A rollout that was never finished is brought to its end first; its acts follow.
    TakesUp { schema: &'static str },
    Plan {
        schema: &'static str,
        project: &'a str,
        folder: &'a str,
        release: &'a str,
        /// What is gone back to; `null`: there is none.
        parent: Option<&'a str>,
        /// The parent was not deployed by lastgood.
        found: bool,
        /// Services of the parent that are not well before any of this.
        unwell: Vec<&'a str>,
        services: Vec<ServiceShape<'a>>,
        /// Services that stay as they are.
        stays: Vec<&'a str>,
        /// Files that change.
        files: Vec<&'a str>,
        /// Services that are tried beside those that serve.
        tried: Vec<&'a str>,
        /// What would break it, as in `lastgood.check/1`; it is refused then.
        findings: Value,
        /// Files that somebody mended on the target.
        mended: Vec<MendedShape<'a>>,
        /// What becomes of those: `take`, `keep`, or `null` if nobody said.
        env: Option<&'static str>,
    },
    Act {
        act: &'a str,
        service: Option<&'a str>,
        release: Option<&'a str>,
        /// It takes something back, or looks whether that was done.
        back: bool,
        /// `done`, `failed` or `timed-out`.
        ending: &'static str,
        why: Option<String>,
        /// Since what came before it.
        ms: u64,
    },
    /// Requests that were begun at the old place went on for longer than is waited for.
    StillBusy { service: &'a str, nginx: &'a str, waited_ms: u64 },
    /// A service answers again.
    Measured {
        service: &'a str,
        /// For so long it did not, where its users come in.
        down_ms: u64,
    },
    Outcome {
        outcome: &'a str,
        release: Option<&'a str>,
        parent: Option<&'a str>,
        seconds: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// Of a build that failed: `lastgood.verdict/1` on what it said.
        #[serde(skip_serializing_if = "Option::is_none")]
        verdict: Option<Value>,
        /// Where somebody has to look: what is there.
        #[serde(skip_serializing_if = "Option::is_none")]
        remains: Option<RemainsShape>,
        /// Copies of what somebody had mended, and is not in its place any more.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        kept: Vec<CopyShape<'a>>,
    },
}

#[derive(Serialize)]
struct CopyShape<'a> {
    /// Below the project's folder, as the copy.
    path: &'a str,
    copy: &'a str,
}

#[derive(Serialize)]
struct RemainsShape {
    /// Whose files are live; `null`: those of neither release, or some of both.
    files: Option<String>,
    services: Vec<RunsShape>,
    /// Commands that lead back, to be called in the project's folder.
    by_hand: Vec<String>,
}

#[derive(Serialize)]
struct RunsShape {
    service: String,
    /// `release`, `neither`, `nothing` or `unknown`.
    runs: &'static str,
    /// Which release it is.
    release: Option<String>,
    /// Its traffic goes to its candidate.
    away: bool,
    /// Why it is neither.
    why: Option<String>,
}

#[derive(Serialize)]
struct ServiceShape<'a> {
    service: &'a str,
    /// For so long it gave no answer the last time that it changed.
    was_down_ms: Option<u64>,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct MendedShape<'a> {
    path: &'a str,
    /// No release has it; Compose finds it all the same.
    stray: bool,
    keys: Vec<KeyShape<'a>>,
}

#[derive(Serialize)]
struct KeyShape<'a> {
    key: &'a str,
    /// It is another one on the server than the last release wrote.
    on_server: bool,
    /// It is another one in the new release than in the last one.
    in_release: bool,
    /// Values, where all of them may be shown; `null` is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<ValuesShape>,
}

#[derive(Serialize)]
struct ValuesShape {
    last: Option<String>,
    server: Option<String>,
    release: Option<String>,
}

#[derive(Serialize)]
struct HistoryShape<'a> {
    schema: &'static str,
    folder: &'a str,
    /// The release that serves, as far as the ledger knows.
    current: Option<&'a str>,
    /// The last one first.
    /// The one that goes on.
    rollout: Option<UnderWayShape>,
    rollouts: Vec<PastShape<'a>>,
    /// Lines of the ledger that cannot be read.
    damaged: usize,
}

#[derive(Serialize)]
struct PastShape<'a> {
    number: u64,
    at: String,
    seconds: f64,
    /// `null`: it was found running.
    who: Option<String>,
    release: &'a str,
    parent: Option<&'a str>,
    services: Vec<ChangedShape<'a>>,
    /// `null`: it was never finished.
    outcome: Option<&'static str>,
    /// How long services gave no answer.
    down: Vec<DownShape<'a>>,
    /// The first act that failed, and why.
    failure: Option<FailureShape<'a>>,
}

#[derive(Serialize)]
struct ChangedShape<'a> {
    service: &'a str,
    gone: bool,
}

#[derive(Serialize)]
struct DownShape<'a> {
    service: &'a str,
    down_ms: u64,
}

#[derive(Serialize)]
struct FailureShape<'a> {
    act: String,
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct PrunedShape<'a> {
    schema: &'static str,
    folder: &'a str,
    /// Nothing was changed.
    only_plan: bool,
    releases: &'a [String],
    replaced: &'a [String],
    images: &'a [String],
    /// Names of images that did not go.
    in_use: &'a [String],
    stays: Vec<&'a str>,
}

/// Says each act as it ends, a line each.
pub struct Events<'a> {
    out: &'a mut dyn Write,
    view: View,
    last: Instant,
}

impl<'a> Events<'a> {
    /// From now on.
    pub fn new(out: &'a mut dyn Write, view: View) -> Self {
        Self { out, view, last: Instant::now() }
    }

    fn say(&mut self, event: &Event<'_>) {
        // Whoever does not listen any more does not stop it.
        let _gone = self.out.write_all(line(event).as_bytes()).and_then(|()| self.out.flush());
    }
}

impl Watcher for Events<'_> {
    fn takes_up(&mut self) {
        self.say(&Event::TakesUp { schema: EVENTS });
    }

    fn still_busy(&mut self, service: &str, nginx: &str, waited: Duration) {
        self.say(&Event::StillBusy { service, nginx, waited_ms: millis(waited) });
    }

    fn measured(&mut self, service: &str, down: Duration) {
        self.say(&Event::Measured { service, down_ms: millis(down) });
    }

    fn ended(&mut self, act: &Act, ending: Ending, trouble: Option<&Trouble>) {
        let name = named(&act.action);
        let mut words = name.split(' ');
        let verb = words.next().unwrap_or_default();
        let is_release = |word: &&str| word.len() == 64;
        let (release, service) =
            (words.clone().find(is_release), words.find(|word| !is_release(word) && *word != "nothing"));
        let ms = millis(self.last.elapsed());
        self.last = Instant::now();
        let event = Event::Act {
            act: verb,
            service,
            release,
            back: matches!(act.of, Of::Undo(_) | Of::Look),
            ending: match ending {
                Ending::Done => "done",
                Ending::Failed => "failed",
                Ending::TimedOut => "timed-out",
            },
            why: trouble.map(|trouble| clean(&self.view.lang.trouble(trouble))),
            ms,
        };
        self.say(&event);
    }
}

/// What is going to be done.
#[must_use]
pub fn plan(seen: &Seen, folder: &str, view: View) -> String {
    let services = seen.changes.services.iter().map(|(service, reasons)| ServiceShape {
        service,
        was_down_ms: seen.down.iter().find(|(name, _)| name == service).map(|(_, down)| *down),
        reasons: reasons.iter().map(|reason| clean(&view.lang.reason(reason))).collect(),
    });
    line(&Event::Plan {
        schema: EVENTS,
        project: &seen.release.project,
        folder,
        release: &seen.release.id.0,
        parent: seen.parent.as_ref().map(|parent| &*parent.id.0),
        found: seen.found,
        unwell: seen.unwell.iter().map(|service| &**service).collect(),
        services: services.collect(),
        stays: seen.changes.staying.iter().map(|service| &**service).collect(),
        files: seen.changes.files.iter().map(|file| &**file).collect(),
        tried: seen.changes.beside.iter().map(|service| &**service).collect(),
        findings: with_findings(seen, |checked| check_json::findings(checked, view.lang)),
        mended: seen.mended.iter().map(mended).collect(),
        env: seen.choice.filter(|_| !seen.mended.is_empty()).map(Choice::name),
    })
}

fn mended(mended: &Mended) -> MendedShape<'_> {
    let keys = mended.keys.iter().map(|key| {
        let MendedKey { key, last, here, new } = key;
        let told = |value: &Option<Secret>| match value {
            None => Some(None),
            Some(value) if value.is_blank() => Some(Some(String::new())),
            Some(value) => shown(key, value).map(Some),
        };
        let values = match (told(last), told(here), told(new)) {
            (Some(last), Some(server), Some(release)) => Some(ValuesShape { last, server, release }),
            _ => None,
        };
        KeyShape { key, on_server: here != last, in_release: new != last, values }
    });
    MendedShape { path: &mended.path, stray: mended.how == How::Stray, keys: keys.collect() }
}

/// What became of it: an outcome, `nothing` or `planned`. `begun` is when that was first said.
#[must_use]
pub fn outcome(outcome: &str, seen: &Seen, begun: Instant, why: Option<String>) -> String {
    told(outcome, seen, begun, (why, None), &Kept::default())
}

/// What became of a rollout.
#[must_use]
pub fn ended(ended: &Ended, seen: &Seen, begun: Instant, view: View) -> String {
    let remains = ended.survey.as_ref().map(|survey| remains(survey, view));
    told(ended.outcome.name(), seen, begun, (None, remains), &ended.kept)
}

fn remains(survey: &Survey, view: View) -> RemainsShape {
    let services = survey.remains.services.iter().map(|(service, runs, _)| {
        let (name, release) = match runs {
            Runs::As(release) => ("release", Some(release.0.to_string())),
            Runs::AsNeither => ("neither", None),
            Runs::Nothing => ("nothing", None),
            Runs::Unknown => ("unknown", None),
        };
        RunsShape {
            service: service.to_string(),
            runs: name,
            release,
            away: survey.remains.away.contains(service),
            why: survey.why.get(service).map(|trouble| view.lang.trouble(trouble)),
        }
    });
    RemainsShape {
        files: survey.remains.files.as_ref().map(|id| id.0.to_string()),
        services: services.collect(),
        by_hand: survey.by_hand.clone(),
    }
}

fn told(
    outcome: &str,
    seen: &Seen,
    begun: Instant,
    (why, remains): (Option<String>, Option<RemainsShape>),
    kept: &Kept,
) -> String {
    line(&Event::Outcome {
        outcome,
        release: Some(&seen.release.id.0),
        parent: seen.parent.as_ref().map(|parent| &*parent.id.0),
        seconds: seconds(i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX)),
        why,
        verdict: None,
        remains,
        kept: kept.copies.iter().map(|(path, copy)| CopyShape { path, copy }).collect(),
    })
}

/// A build failed, and nothing was attempted.
#[must_use]
pub fn failed_build(answer: Answer<'_>, view: View) -> String {
    let verdict = Some(document(answer, view.lang, None));
    line(&Event::Outcome {
        outcome: "build-failed",
        release: None,
        parent: None,
        seconds: 0.0,
        why: None,
        verdict,
        remains: None,
        kept: Vec::new(),
    })
}

/// A build, or a test, failed in a way that nobody knows, and nothing was attempted; what it said last.
#[must_use]
pub fn failed_somehow(said: String) -> String {
    let why = Some(said);
    line(&Event::Outcome {
        outcome: "build-failed",
        release: None,
        parent: None,
        seconds: 0.0,
        why,
        verdict: None,
        remains: None,
        kept: Vec::new(),
    })
}

/// All rollouts. `is_held`: somebody is at the last one.
#[must_use]
pub fn history(history: &History, is_held: bool, folder: &str, clock: Clock) -> String {
    let rollouts = history.rollouts.iter().rev().map(|one| PastShape {
        number: one.number,
        at: clock.rfc3339(one.at),
        seconds: seconds(one.until.since(one.at)),
        who: who(one),
        release: &one.release.id.0,
        parent: one.parent.as_ref().map(|id| &*id.0),
        services: one.services.iter().map(|(service, gone)| ChangedShape { service, gone: *gone }).collect(),
        outcome: one.outcome.map(Outcome::name),
        down: one.down.iter().map(|(service, down_ms)| DownShape { service, down_ms: *down_ms }).collect(),
        failure: one.failure.as_ref().map(|(act, why)| FailureShape { act: named(act), why: why.as_deref() }),
    });
    pretty(&HistoryShape {
        schema: "lastgood.history/1",
        folder,
        current: history.current().map(|release| &*release.id.0),
        rollout: going_on(history, is_held).map(|going| UnderWayShape::of(&going, clock)),
        rollouts: rollouts.collect(),
        damaged: history.damaged,
    })
}

/// What was cleared away, or would be.
#[must_use]
pub fn pruned(waste: &Waste, folder: &str, only_plan: bool) -> String {
    pretty(&PrunedShape {
        schema: "lastgood.prune/1",
        folder,
        only_plan,
        releases: &waste.releases,
        replaced: &waste.replaced,
        images: &waste.images,
        in_use: &waste.in_use,
        stays: waste.stays.iter().map(|id| &*id.0).collect(),
    })
}

#[expect(clippy::cast_precision_loss, reason = "no rollout lasts for millions of years")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// Texts and numbers: there is nothing in it that JSON cannot hold.
fn line(event: &Event<'_>) -> String {
    inert_json(serde_json::to_string(event).unwrap_or_default()) + "\n"
}

fn pretty(document: &impl Serialize) -> String {
    inert_json(serde_json::to_string_pretty(document).unwrap_or_default()) + "\n"
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lastgood_model::UnixMs;
    use lastgood_model::release::Release;
    use lastgood_model::rollout::{Action, ReleaseId};
    use lastgood_rollout::Past;

    use super::*;
    use crate::words::Lang;

    fn id(letter: &str) -> ReleaseId {
        ReleaseId(Arc::from(letter.repeat(64)))
    }

    #[test]
    fn acts_are_told_a_line_each() {
        let view = View { lang: Lang::En, colour: false, unicode: true, width: 80, verbose: false };
        let mut out = Vec::new();
        let mut events = Events::new(&mut out, view);
        events.takes_up();
        let service = || Arc::<str>::from("app");
        events.measured("app", Duration::from_millis(240));
        let acts = [
            (Action::TakeLease, Of::Step(0), Ending::Done, None),
            (Action::Ask { service: service() }, Of::Step(1), Ending::TimedOut, Some(Trouble::TookTooLong(30))),
            (
                Action::Gate { service: service(), release: id("a") },
                Of::Step(2),
                Ending::Failed,
                Some(Trouble::NoContainer),
            ),
            (Action::Switch { service: service(), release: None }, Of::Undo(1), Ending::Done, None),
            (Action::Verify { release: Some(id("b")) }, Of::Look, Ending::Done, None),
        ];
        for (action, of, ending, trouble) in acts {
            events.ended(&Act { action, of, timeout_ms: 0 }, ending, trouble.as_ref());
        }
        let text = String::from_utf8(out).unwrap();
        let timeless = text.lines().map(|line| match line.rsplit_once(",\"ms\":") {
            Some((before, _)) => format!("{before}}}"),
            None => line.to_owned(),
        });
        insta::assert_snapshot!(timeless.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn history_and_what_was_cleared_away_are_documents() {
        let release = |id: ReleaseId| Release {
            id,
            project: "shop".into(),
            arguments: Vec::new(),
            services: Vec::new(),
            files: Vec::new(),
        };
        let past = |number, who: &str, outcome, failure| Past {
            number,
            at: UnixMs(1_668_564_420_250),
            until: UnixMs(1_668_564_425_750),
            who: who.to_owned(),
            release: release(id("a")),
            parent: None,
            services: vec![("app".into(), false)],
            unwell: Vec::new(),
            steps: Vec::new(),
            begun: 0,
            at_step: None,
            back: false,
            confirmed: false,
            outcome,
            down: vec![("app".into(), 1_250)],
            failure,
        };
        let failure =
            Some((Action::Gate { service: "app".into(), release: id("a") }, Some("it has no container".to_owned())));
        let rollouts = vec![
            past(1, "", Some(Outcome::Good), None),
            past(2, "{\"who\":\"me@laptop\"}", Some(Outcome::RolledBack), failure),
            past(3, "{\"who\":\"me@laptop\"}", None, None),
        ];
        let text = history(&History { rollouts, damaged: 1, newer: false }, false, "/srv/shop", Clock::new(9 * 3600));
        let waste = Waste {
            releases: vec!["b".repeat(64)],
            replaced: vec![".replaced-1668564420250".to_owned()],
            images: vec!["lastgood/shop/app:bbbbbbbbbb".to_owned()],
            stays: vec![id("a")],
            ..Waste::default()
        };
        insta::assert_snapshot!(format!("{text}{}", pruned(&waste, "/srv/shop", true)));
    }
}
