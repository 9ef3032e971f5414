//! Looks at a stack: what its compose files declare, what the engine runs, what nginx passes where, and the host. It fills a
//! `Stack` with facts and says what it could not read; what they mean is worked out in `diagnose`.

pub(super) mod answers;
mod closer;
mod declared;
mod engine;
mod env_files;
pub mod excerpts;
pub(super) mod logs;
mod project;
mod proxies;
pub(super) mod replay;
mod told;

pub use declared::COMPOSE;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use lastgood_model::{Gap, Stack};
use lastgood_world::{Damage, host_name, now};

use self::answers::Kept;
use crate::privacy::known::Known;
use crate::privacy::stack as privacy;

/// Which stack.
#[derive(Clone, Debug, Default)]
pub struct StackSubject {
    /// Compose files, as typed with `-f`; empty: as Compose finds them itself.
    pub files: Vec<PathBuf>,
    /// The project's name, as typed with `-p`.
    pub project: Option<String>,
    /// Profiles, as typed.
    pub profiles: Vec<String>,
    /// Where to begin; the current folder if empty.
    pub folder: PathBuf,
}

/// Files by the names that are shown for them.
pub(super) type Texts = Vec<(Arc<str>, Vec<u8>)>;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// The facts.
    pub stack: Stack,
    /// What could not be read, and why.
    pub gaps: Vec<Gap>,
    /// Files that references lead into, by the names that are shown for them.
    pub(super) texts: Texts,
    /// Secrets that the stack itself tells.
    pub known: Known,
    /// What the engine answered, as received: with its secrets.
    pub(super) kept: Kept,
    /// What Compose made of the files, as received: with its secrets.
    pub(super) resolved: Option<Vec<u8>>,
    /// How the user of a case called Compose.
    pub(super) call: Option<String>,
}

impl Looked {
    /// The configurations of proxies in containers; those of the host are found as its logs are.
    pub(super) fn proxy_texts(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let texts = self.texts.iter().filter(|(name, _)| name.contains(proxies::IN_CONTAINER));
        texts.map(|(name, text)| (PathBuf::from(&**name), text.clone())).collect()
    }

    /// Whether there is a stack: an engine that answered, or files that declare one.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        self.stack.snapshot.is_some() || self.stack.desired.is_some()
    }
}

/// The name that an argument would be if it names a service: one word without a folder, and no file that is there.
#[must_use]
pub fn bare_word(path: &Path) -> Option<Arc<str>> {
    let text = path.to_str().filter(|text| *text != "-" && !text.contains('/') && !text.starts_with('.'))?;
    (!path.is_file()).then(|| Arc::from(text))
}

/// Looks at this machine, as it is now.
#[must_use]
pub fn look(subject: &StackSubject) -> Looked {
    // Compose and the engine are asked side by side, unless only the containers know which files there are.
    let at = now();
    let known = project::named(subject);
    let (declared, observed) = thread::scope(|scope| {
        let declared = known.as_ref().map(|project| scope.spawn(|| declared::declared(project)));
        let observed = engine::observe(at);
        (declared.and_then(|thread| thread.join().ok()), observed)
    });
    let declared = declared.or_else(|| {
        let snapshot = observed.snapshot.as_ref()?;
        Some(declared::declared(&project::of_containers(subject, snapshot)?))
    });
    let (mut gaps, mut texts, mut resolved) = (observed.gaps, observed.texts, None);
    let mut stack = Stack { at, snapshot: observed.snapshot, proxies: observed.proxies, ..Stack::default() };
    if let Some(host) = proxies::of_host() {
        stack.proxies.push(host.conf);
        texts.extend(host.texts);
    }
    stack.host.name = host_name();
    if let Some(declared) = declared {
        gaps.extend(declared.gaps);
        texts.extend(declared.texts);
        resolved = declared.resolved;
        stack.desired = declared.desired;
        stack.refused = declared.refused;
        stack.asked = declared.asked;
        stack.env_files = declared.env_files;
    }
    gaps.sort();
    gaps.dedup();
    let known = privacy::known(&stack);
    privacy::silence(&mut stack, &mut gaps, &known);
    Looked { stack, gaps, texts, known, kept: observed.kept, resolved, call: None }
}

fn gap(what: &str, damage: &Damage) -> Gap {
    Gap { what: Arc::from(what), why: damage.gap_kind(0) }
}
