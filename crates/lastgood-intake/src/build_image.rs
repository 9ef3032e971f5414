//! What the image of a failed build would have been made of, as the labels of BuildKit's steps tell it: its last stage's base, and
//! what that stage takes from an earlier one. The old builder stops before it says so. No Dockerfile is read here.

use std::sync::Arc;

use lastgood_model::BuildFact;

/// A step's label: `[frontend linux/amd64 stage-1 2/3] COPY --from=build /app/dist /usr/share/nginx/html`.
struct Label<'t> {
    /// Service and stage; empty where there is only one.
    stage: Vec<&'t str>,
    platform: &'t str,
    instruction: &'t str,
}

impl<'t> Label<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (names, instruction) = text.strip_prefix('[')?.split_once("] ")?;
        let mut words: Vec<&str> = names.split(' ').collect();
        let (step, of) = words.pop()?.split_once('/')?;
        step.parse::<u32>().ok()?;
        of.parse::<u32>().ok()?;
        let platform = words.iter().position(|word| word.contains('/')).map_or("", |at| words.remove(at));
        Some(Self { stage: words, platform, instruction })
    }

    /// `nginx:alpine` of `FROM docker.io/library/nginx:alpine@sha256:…`
    fn base(&self) -> Option<&'t str> {
        let image = self.instruction.strip_prefix("FROM ")?.split(' ').next()?;
        let image = image.split('@').next()?;
        Some(image.strip_prefix("docker.io/library/").unwrap_or(image))
    }

    /// From where to where it copies between stages.
    fn takes(&self) -> Option<(&'t str, &'t str)> {
        let mut words = self.instruction.strip_prefix("COPY ")?.split_whitespace();
        let mut is_between = false;
        let from = loop {
            match words.next()? {
                option if option.starts_with("--") => is_between |= option.starts_with("--from="),
                path => break path,
            }
        };
        let to = words.next().filter(|_| is_between && words.next().is_none())?;
        Some((from, to))
    }
}

/// The image that these steps would make, and the line of the step that says it: that it begins with, or the one that failed.
pub(crate) fn image<'t>(
    what: &Arc<str>,
    failed: &str,
    steps: impl Iterator<Item = (&'t str, u64)>,
) -> Option<(BuildFact, u64)> {
    let failed = Label::of(failed)?;
    // Compose builds several images at once: each service's steps bear its name before all others.
    let service = failed.stage.first().filter(|name| **name == &**what);
    let labels: Vec<(Label<'_>, u64)> = steps.filter_map(|(text, line)| Some((Label::of(text)?, line))).collect();
    let mine = || labels.iter().filter(|(label, _)| service.is_none() || label.stage.first() == service);
    // What the failing stage itself takes is what it works with, and not what it makes.
    let others = || mine().filter(|(label, _)| label.stage != failed.stage);
    let takes = others().find_map(|(label, _)| Some((&label.stage, label.takes()?)));
    let one_stage = || mine().all(|(label, _)| label.stage == failed.stage).then_some(&failed.stage);
    let unnamed = || {
        let named = |stage: &[&str]| stage.last()?.strip_prefix("stage-")?.parse::<u32>().ok();
        mine().map(|(label, _)| &label.stage).filter(|stage| named(stage).is_some()).max_by_key(|stage| named(stage))
    };
    let last = takes.map(|(stage, _)| stage).or_else(one_stage).or_else(unnamed)?;
    let (base, line) =
        mine().filter(|(label, _)| label.stage == *last).find_map(|(label, line)| Some((label.base()?, *line)))?;
    let (from, to) = takes.map_or(("", ""), |(_, takes)| takes);
    let fact = BuildFact::Image {
        what: Arc::clone(what),
        platform: failed.platform.into(),
        base: base.into(),
        from: from.into(),
        to: to.into(),
    };
    Some((fact, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(what: &str, failed: &str, steps: &[&str]) -> Option<[String; 4]> {
        let steps = steps.iter().map(|step| (*step, 1));
        match image(&Arc::from(what), failed, steps)?.0 {
            BuildFact::Image { platform, base, from, to, .. } => {
                Some([platform, base, from, to].map(|part| part.to_string()))
            }
            _ => None,
        }
    }

    #[test]
    fn the_last_stage_is_the_one_that_takes() {
        let steps = [
            "[internal] load build definition from Dockerfile",
            "[linux/arm64 build 1/4] FROM docker.io/library/node:20@sha256:0f",
            "[linux/arm64 stage-1 1/2] FROM docker.io/library/nginx:alpine@sha256:1f",
            "[linux/arm64 build 4/4] RUN npm run build",
            "[linux/arm64 stage-1 2/2] COPY --from=build --chown=0:0 /app/dist /usr/share/nginx/html",
        ];
        let whole = ["linux/arm64", "nginx:alpine", "/app/dist", "/usr/share/nginx/html"].map(str::to_owned);
        assert_eq!(told("", steps[3], &steps), Some(whole));
        // Steps that were never begun are not printed.
        let base = ["linux/arm64", "nginx:alpine", "", ""].map(str::to_owned);
        assert_eq!(told("", steps[3], &steps[..4]), Some(base));
    }

    #[test]
    fn compose_builds_several_images() {
        let steps = [
            "[frontend 1/3] FROM registry.example/base:3",
            "[backend build 1/2] FROM docker.io/library/golang:1",
            "[backend stage-1 1/2] FROM scratch",
            "[frontend 3/3] RUN node build.mjs",
        ];
        let base = ["", "registry.example/base:3", "", ""].map(str::to_owned);
        assert_eq!(told("frontend", steps[3], &steps), Some(base));
    }

    #[test]
    fn what_the_failing_stage_takes_is_no_artefact() {
        let steps = [
            "[fetched 1/2] FROM docker.io/library/debian:13",
            "[dies 1/3] FROM docker.io/library/debian:13",
            "[dies 2/3] COPY --from=fetched /emulator /emulator",
            "[dies 3/3] RUN /emulator /dies",
        ];
        assert_eq!(told("", steps[3], &steps), None);
    }

    #[test]
    fn what_is_not_said_is_not_invented() {
        assert_eq!(told("", "Step 4/7 : RUN npm run build", &["Step 1/7 : FROM node:20"]), None);
        let steps = ["[a 1/2] FROM node:20", "[b 1/2] FROM nginx:1", "[a 2/2] RUN npm ci"];
        assert_eq!(told("", steps[2], &steps), None, "which of the two is the last?");
    }
}
