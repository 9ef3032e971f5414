//! A rollout as people follow it: its plan, its acts as they end, what became of it, and the history of all of them.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lastgood_model::rollout::{Ending, Outcome, ReleaseId};
use lastgood_rollout::{Act, History, Migration, Of};

use super::answer::View;
use super::check::{self, Checked};
use super::clock::Clock;
use super::layout::{pad, width, wrap};
use super::quote::clean;
use crate::pipeline::stack::COMPOSE;
use crate::pipeline::stack::excerpts::excerpts;
use crate::rollout::act::named;
use crate::rollout::act::point;
use crate::rollout::doer::Watcher;
use crate::rollout::history::{going_on, who};
use crate::rollout::kept::Kept;
use crate::rollout::survey::enters;
use crate::rollout::target::{Ended, Refusal, Seen};
use crate::rollout::trouble::Trouble;

/// The margin of labels.
const MARGIN: usize = 12;

/// What is going to be done.
#[must_use]
pub fn plan(seen: &Seen, place: &str, view: View) -> String {
    let words = view.lang.rollout();
    let release = seen.release.id.short();
    let after = seen.parent.as_ref().map_or_else(|| "–".to_owned(), |parent| parent.id.short().to_owned());
    let mut out = format!("{} · {place} · {after} → {release}\n", seen.release.project);
    if seen.is_nothing() {
        row(&mut out, "", words.nothing, view);
        return out;
    }
    for (index, (service, reasons)) in seen.changes.services.iter().enumerate() {
        let reasons: Vec<String> = reasons.iter().map(|reason| view.lang.reason(reason)).collect();
        row(&mut out, if index == 0 { words.changes } else { "" }, &format!("{service}: {}", reasons.join("; ")), view);
    }
    if !seen.changes.staying.is_empty() {
        row(&mut out, words.stays, &seen.changes.staying.join(", "), view);
    }
    if !seen.changes.files.is_empty() {
        row(&mut out, words.files, &seen.changes.files.join(", "), view);
    }
    for mended in &seen.mended {
        let said = view.lang.mended(&mended.path, mended.how, seen.choice);
        row(&mut out, words.mended, &said, view);
        for key in &mended.keys {
            row(&mut out, "", &view.lang.mended_key(key, mended.how), view);
        }
    }
    if !seen.changes.beside.is_empty() {
        let tried: Vec<&str> = seen.changes.beside.iter().map(|service| &**service).collect();
        row(&mut out, words.tries, &format!("{}: {}", tried.join(", "), words.beside), view);
    }
    if let Some(migrate) = seen.manner.migrate.as_ref().filter(|_| seen.migration.is_some()) {
        row(&mut out, words.migrate, &format!("{}: {}", migrate.service, migrate.up.join(" ")), view);
    }
    for (at, _) in seen.hooks() {
        if let Some(hook) = seen.manner.hook.at(at) {
            row(&mut out, words.runs, &format!("{}: {}: {}", point(at), hook.service, hook.run.join(" ")), view);
        }
    }
    if seen.smokes {
        let tests: Vec<&str> = seen.manner.smoke.iter().map(|test| test.name.as_str()).collect();
        row(&mut out, words.smoke, &tests.join(", "), view);
    }
    switches(&mut out, seen, view);
    for (service, down) in &seen.down {
        row(&mut out, "", &view.lang.was_down(service, Duration::from_millis(*down)), view);
    }
    if !seen.arms && !seen.changes.services.is_empty() {
        row(&mut out, words.guard, words.no_guard, view);
    }
    row(&mut out, words.keeps, words.volumes, view);
    if matches!(seen.migration, Some(Migration::Compatible | Migration::OneWay)) {
        row(&mut out, "", words.migrated, view);
    }
    out
}

/// What would break it, as `check` says it.
#[must_use]
pub fn findings(seen: &Seen, view: View) -> String {
    with_findings(seen, |checked| check::render(checked, view))
}

/// Hands on what would break it as `check` has it.
pub(super) fn with_findings<T>(seen: &Seen, say: impl FnOnce(&Checked<'_>) -> T) -> T {
    let checked = Checked {
        stack: &seen.looked.stack,
        findings: &seen.findings,
        unused: &[],
        gaps: &[],
        probed: 0,
        excerpts: &excerpts(seen.findings.iter().flat_map(|finding| &finding.refs), &seen.looked),
        compose: COMPOSE,
        hide_values: false,
        clock: Clock::new(0),
    };
    say(&checked)
}

/// It is refused until somebody says what becomes of files that were mended.
#[must_use]
pub fn refused(seen: &Seen, refusal: Refusal, view: View) -> String {
    let (what, hints) = view.lang.refusal(refusal, seen.release.id.short());
    let hint = view.lang.words().labels().hint;
    let hints: String = hints.iter().map(|text| format!("{hint}: {text}\n")).collect();
    format!("{what}\n{hints}")
}

/// How services are switched.
fn switches(out: &mut String, seen: &Seen, view: View) {
    let words = view.lang.rollout();
    let of = |wanted: &dyn Fn(&Arc<str>) -> bool| -> Vec<&str> {
        let all = seen.changes.services.iter().map(|(name, _)| name);
        all.filter(|name| wanted(name)).map(|name| &**name).collect()
    };
    let by_proxy = |name: &Arc<str>| seen.changes.by_proxy(name, &seen.manner);
    let rereads = |name: &Arc<str>| seen.changes.rereads.contains(name);
    let kinds = [
        (of(&by_proxy), words.by_proxy),
        (of(&rereads), words.rereads),
        (of(&|name| !by_proxy(name) && !rereads(name)), words.anew),
    ];
    if let [([], _), ([], _), ([_, ..], _)] = kinds.each_ref().map(|(names, how)| (names.as_slice(), how)) {
        row(out, words.switch, words.recreate, view);
    } else {
        for (index, (names, how)) in kinds.iter().filter(|(names, _)| !names.is_empty()).enumerate() {
            row(out, if index == 0 { words.switch } else { "" }, &format!("{}: {how}", names.join(", ")), view);
        }
    }
    for (service, why) in &seen.changes.unrouted {
        row(out, "", &view.lang.not_by_proxy(service, &view.lang.trouble(why)), view);
    }
}

/// What became of it.
#[must_use]
pub fn outcome(outcome: Outcome, release: &ReleaseId, parent: Option<&ReleaseId>, view: View) -> String {
    format!("{}\n", clean(&view.lang.outcome(outcome, release.short(), parent.map(ReleaseId::short))))
}

/// What became of it; and where somebody has to look, what is there in `live`, and what to do about it.
#[must_use]
pub fn ended(ended: &Ended, live: &Path, view: View) -> String {
    let mut out = outcome(ended.outcome, &ended.release, ended.parent.as_ref(), view);
    if ended.outcome == Outcome::RolledBack && !ended.unwell.is_empty() {
        row(&mut out, "", &view.lang.were_unwell(&ended.unwell), view);
    }
    out += &kept(&ended.kept, live, view);
    let Some(survey) = &ended.survey else { return out };
    let words = view.lang.remains_words();
    let mut label = words.state;
    for line in view.lang.remains(survey) {
        row(&mut out, std::mem::take(&mut label), &line, view);
    }
    if ended.outcome == Outcome::Stopped {
        row(&mut out, words.next, words.forward, view);
        return out;
    }
    if survey.by_hand.is_empty() {
        row(&mut out, words.by_hand, words.nothing, view);
        return out;
    }
    // Commands stay on their line, to be copied.
    let mut label = words.by_hand;
    for line in std::iter::once(&enters(live)).chain(&survey.by_hand) {
        out += &format!("{}{}\n", pad(std::mem::take(&mut label), MARGIN), clean(line));
    }
    if let Some(parent) = &ended.parent {
        row(&mut out, words.or, &view.lang.or_rollback(parent.short()), view);
    }
    out
}

/// Where that is which somebody had mended, and what brings it back.
fn kept(kept: &Kept, live: &Path, view: View) -> String {
    let (mut out, mut label) = (String::new(), view.lang.rollout().kept);
    if kept.copies.is_empty() {
        return out;
    }
    for (path, copy) in &kept.copies {
        let copy = live.join(copy);
        row(&mut out, std::mem::take(&mut label), &view.lang.copy(path, &copy.to_string_lossy()), view);
    }
    let release = kept.release.as_ref().map(ReleaseId::short);
    row(&mut out, "", &view.lang.brings_back(release), view);
    // Commands stay on their line, to be copied.
    for line in std::iter::once(&enters(live)).chain(&kept.by_hand).filter(|_| release.is_none()) {
        out += &format!("{}{}\n", pad("", MARGIN), clean(line));
    }
    out
}

/// All rollouts, the last one first. `is_held`: somebody is at it.
#[must_use]
pub fn history(history: &History, is_held: bool, clock: Clock, view: View) -> String {
    let words = view.lang.rollout();
    if history.rollouts.is_empty() {
        return format!("{}\n", words.no_history);
    }
    let (mut out, going_on) = (String::new(), going_on(history, is_held));
    for past in history.rollouts.iter().rev() {
        let became = match past.outcome {
            Some(_) if past.is_found() => words.found.to_owned(),
            Some(outcome) => outcome.name().to_owned(),
            None if going_on.as_ref().is_some_and(|going| going.number == past.number) => words.under_way.to_owned(),
            None => words.unfinished.to_owned(),
        };
        let seconds = past.until.since(past.at) / 1000;
        let who = who(past).unwrap_or_default();
        let line = format!(
            "{:>4}  {}  {}  {}  {seconds} s  {who}",
            past.number,
            clock.full(past.at),
            past.release.id.short(),
            pad(&became, 12),
        );
        out += clean(line.trim_end()).as_str();
        out.push('\n');
        if let Some(act) =
            going_on.as_ref().filter(|going| going.number == past.number).and_then(|going| going.act.as_ref())
        {
            row(&mut out, "", &view.lang.act(act), view);
        }
        if let Some((act, why)) = &past.failure {
            let why = why.as_deref().unwrap_or_default();
            row(&mut out, "", &format!("{}: {why}", short_ids(&named(act))), view);
        }
    }
    out
}

/// Ids of releases by their first letters.
fn short_ids(act: &str) -> String {
    let is_id = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = act.split(' ').map(|word| if is_id(&word) { word.get(..10).unwrap_or(word) } else { word });
    words.collect::<Vec<_>>().join(" ")
}

pub(super) fn row(out: &mut String, label: &str, text: &str, view: View) {
    let room = view.width.saturating_sub(MARGIN).max(20);
    for (index, line) in wrap(&clean(text), room).into_iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        *out += &format!("{}{line}\n", pad(label, MARGIN.max(width(label) + 1)));
    }
}

/// Says each act as it ends.
pub struct Teller<'a> {
    /// Where.
    pub out: &'a mut dyn Write,
    /// How.
    pub view: View,
}

impl Watcher for Teller<'_> {
    fn takes_up(&mut self) {
        // Whoever does not listen any more does not stop it.
        let _gone = writeln!(self.out, "{}", self.view.lang.rollout().takes_up);
    }

    fn measured(&mut self, service: &str, down: Duration) {
        let _gone =
            writeln!(self.out, "  {}", clean(&self.view.lang.measured(service, down))).and_then(|()| self.out.flush());
    }

    fn still_busy(&mut self, service: &str, nginx: &str, waited: Duration) {
        let line = clean(&self.view.lang.still_busy(service, nginx, waited));
        // Whoever does not listen any more does not stop it.
        let _gone = writeln!(self.out, "  {line}").and_then(|()| self.out.flush());
    }

    fn ended(&mut self, act: &Act, ending: Ending, trouble: Option<&Trouble>) {
        let sign = match (ending, self.view.unicode) {
            (Ending::Done, true) => "✓",
            (Ending::Done, false) => "+",
            (_, true) => "✗",
            (_, false) => "!",
        };
        let back = if matches!(act.of, Of::Undo(_) | Of::Look) { "← " } else { "" };
        let mut line = format!("{sign} {back}{}", self.view.lang.act(&act.action));
        if let Some(trouble) = trouble {
            line += &format!(": {}", self.view.lang.trouble(trouble));
        }
        // Whoever does not listen any more does not stop it.
        let _gone = writeln!(self.out, "{}", clean(&line)).and_then(|()| self.out.flush());
        if let Some(hint) = trouble.and_then(|trouble| self.view.lang.way_out(trouble)) {
            let label = self.view.lang.words().labels().hint;
            let _gone = writeln!(self.out, "  {label}: {}", clean(&hint)).and_then(|()| self.out.flush());
        }
    }
}
