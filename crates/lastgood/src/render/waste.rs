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
    if !waste.in_use.is_empty() {
        row(&mut out, view.lang.rollout().stays, &format!("{}: {}", words.in_use, waste.in_use.join(", ")), view);
    }
    if only_plan {
        out += &format!("{}\n", view.lang.rollout().only_planned);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::words::Lang;

    #[test]
    fn what_goes_and_what_stays_is_named() {
        let all = Waste {
            releases: vec!["0123456789abcdef".to_owned()],
            replaced: vec![".replaced-1668564420250".to_owned()],
            images: vec!["lastgood/shop/app:0123456789".to_owned()],
            in_use: vec!["lastgood/shop/db:0123456789".to_owned()],
            stays: vec![ReleaseId(Arc::from("fedcba9876543210"))],
            ..Waste::default()
        };
        let left = Waste {
            folder: Some("/srv/shop/.lastgood".into()),
            containers: vec!["shop-app-candidate".to_owned()],
            ..Waste::default()
        };
        let mut out = String::new();
        for lang in [Lang::En, Lang::Ko] {
            let view = View { lang, colour: false, unicode: true, width: 80, verbose: false };
            for (waste, only_plan) in [(&all, true), (&left, false), (&Waste::default(), false)] {
                out += &render(waste, "/srv/shop", only_plan, view);
                out.push('\n');
            }
        }
        insta::assert_snapshot!(out);
    }
}
