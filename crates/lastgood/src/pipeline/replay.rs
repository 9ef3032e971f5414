//! What lies before us when a case is looked at again: its files instead of a host's, with the times, zones, gaps and
//! notes of when it was captured. Nothing of this machine is looked at.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use lastgood_model::{Gap, Note, NoteKind, UnixMs};
use lastgood_world::{Input, discover, file_below, read_small};

use super::stack::{self, Looked};
use super::survey::{Hints, survey};
use super::{Collected, NoLogs, Subject, with_logs};
use crate::case::gaps::Gaps;
use crate::case::stack::{COMPOSE_FILE, DOCKERFILE};
use crate::case::{CONFIGURATION, CaseFile, GAPS_JSON, Opened};
use crate::said;

pub(super) fn collect(opened: &Opened, subject: &Subject<'_>) -> Result<Collected, NoLogs> {
    let mut gaps = recorded_gaps(&opened.folder);
    let mut notes = Vec::new();
    let mut hints = Hints {
        zone: subject.zone.cloned(),
        nginx_conf: subject.nginx_conf.map(Path::to_owned),
        declared: subject.declared.clone(),
        live: opened.case.live,
        now: UnixMs(opened.captured_at.as_millisecond()),
        ..Hints::default()
    };
    let mut by_path: HashMap<PathBuf, &CaseFile> = HashMap::new();
    for file in &opened.case.files {
        let shown: Arc<str> = Arc::from(file.path.as_str());
        if let Some(of) = &file.same_as {
            let kind = NoteKind::SameContent { file: shown, of: Arc::from(of.as_str()) };
            notes.push(Note { kind, at: None, reference: None });
            continue;
        }
        // Read where the stack is looked at.
        if ["", COMPOSE_FILE, DOCKERFILE].contains(&&*file.format) {
            continue;
        }
        if let Some(zone) = file.zone.as_deref().and_then(said::zone) {
            hints.zones.insert(Arc::clone(&shown), zone);
        }
        let read = file_below(&opened.folder, Path::new(&file.path)).and_then(|path| {
            if file.format.ends_with(CONFIGURATION) {
                let text = read_small(&path)?;
                // One that the user names stands alone.
                if subject.nginx_conf.is_none() {
                    hints.configurations.push((path, text));
                }
            } else {
                hints.inputs.push(Input::Path(path.clone()));
                by_path.insert(path, file);
            }
            Ok(())
        });
        if let Err(damage) = read {
            gaps.push(Gap { what: shown, why: damage.gap_kind(0) });
        }
    }
    let mut found = discover(&hints.inputs);
    for file in &mut found.files {
        if let Some(recorded) = file.path.as_ref().and_then(|path| by_path.get(path)) {
            file.display = Arc::from(recorded.path.as_str());
            file.modified = recorded.modified.as_deref().and_then(moment);
        }
    }
    let files = found.files.len();
    let looked = stack::replay::look(opened);
    let survey = survey(found, &hints);
    let mut survey = if looked.is_seen() { survey } else { with_logs(survey, subject.paths, files)? };
    gaps.append(&mut survey.gaps);
    add(&mut gaps, &looked.gaps);
    notes.append(&mut survey.notes);
    (survey.gaps, survey.notes) = (gaps, notes);
    let live = opened.case.live;
    let service = opened.case.question.service.as_deref().map(Arc::from);
    Ok(Collected {
        survey,
        live,
        host: opened.case.host.as_deref().filter(|_| live).map(Arc::from),
        clock: live.then(|| UnixMs(opened.captured_at.as_millisecond())),
        looked,
        service,
    })
}

/// The stack of a case, with what was missed of it.
pub(super) fn look(opened: &Opened) -> Looked {
    let mut looked = stack::replay::look(opened);
    let mut gaps = recorded_gaps(&opened.folder);
    add(&mut gaps, &looked.gaps);
    looked.gaps = gaps;
    looked
}

/// What could not be had then cannot be had now, for whatever reason.
fn add(gaps: &mut Vec<Gap>, more: &[Gap]) {
    let missed: Vec<Gap> =
        more.iter().filter(|gap| !gaps.iter().any(|known| known.what == gap.what)).cloned().collect();
    gaps.extend(missed);
}

/// What was missed when it was captured.
fn recorded_gaps(folder: &Path) -> Vec<Gap> {
    let read = read_small(&folder.join(GAPS_JSON)).map(|bytes| serde_json::from_slice::<Gaps>(&bytes));
    match read {
        Ok(Ok(gaps)) => gaps.gaps.into_iter().map(Gap::from).collect(),
        Ok(Err(error)) => {
            vec![Gap { what: Arc::from(GAPS_JSON), why: lastgood_model::GapKind::Io(Arc::from(error.to_string())) }]
        }
        Err(damage) => vec![Gap { what: Arc::from(GAPS_JSON), why: damage.gap_kind(0) }],
    }
}

fn moment(text: &str) -> Option<UnixMs> {
    text.parse::<Timestamp>().ok().map(|moment| UnixMs(moment.as_millisecond()))
}
