//! What goes from a target, or went, and what stays.

use lastgood_model::rollout::ReleaseId;

use super::answer::View;
use super::rollout::row;
use crate::rollout::waste::Waste;

/// Of what is cleared away, or would be.
#[must_use]
pub fn render(waste: &Waste, folder: &str, only_plan: bool, view: View) -> String {
    let words = view.lang.waste();
    let mut out = String::new();
    let short =
        |ids: &[String]| ids.iter().map(|id| id.get(..10).unwrap_or(id).to_owned()).collect::<Vec<_>>().join(", ");
    let folders: Vec<String> = waste.folder.iter().map(|folder| folder.to_string_lossy().into_owned()).collect();
    let parts = [
        (words.folder, folders.join(", ")),
        (words.releases, short(&waste.releases)),
        (words.replaced, waste.replaced.join(", ")),
        (words.images, waste.images.join(", ")),
        (words.containers, waste.containers.join(", ")),
    ];
    if waste.is_empty() {
        row(&mut out, "", &format!("{folder}: {}", words.nothing), view);
    }
    let mut label = if only_plan { words.goes } else { words.gone };
    for (what, names) in parts.into_iter().filter(|(_, names)| !names.is_empty()) {
        row(&mut out, std::mem::take(&mut label), &format!("{what}: {names}"), view);
    }
    if !waste.stays.is_empty() {
        let kept: Vec<&str> = waste.stays.iter().map(ReleaseId::short).collect();
        row(&mut out, view.lang.rollout().stays, &kept.join(", "), view);
    }
    if only_plan {
        out += &format!("{}\n", view.lang.rollout().only_planned);
    }
    out
}
