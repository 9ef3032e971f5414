//! Where the image of each service is built, and for which processor: here, as long as nothing of it has to run as if it were there; else
//! by the engine that it is for. What Compose and Docker say of it is passed on.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_diagnose::architecture::runs_on;
use lastgood_model::Desired;
use lastgood_model::desired::Service;
use lastgood_model::stack::Dockerfile;
use serde_json::{Value, json};

use crate::rollout::manner::{Manner, On};

/// Images that were built on their target are called so.
pub const BUILT: &str = "lastgood/built";
/// Docker takes no longer one; names of services are plain ASCII.
const LONGEST_TAG: usize = 128;

/// The build of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The service.
    pub service: Arc<str>,
    /// Where.
    pub on: On,
    /// That was not asked for: it is so because of what its Dockerfile runs.
    pub is_found: bool,
    /// The processor that it has to be told, in Docker's words; `None`: Compose knows.
    pub told: Option<String>,
    /// The processor that it is built for, where that runs none of its steps by itself, and whether it has steps.
    pub emulated: Option<String>,
}

/// Machines, by their processors in Docker's words.
#[derive(Clone, Copy, Debug)]
pub struct Machines<'a> {
    /// The one of the engine here; empty where it is not known.
    pub here: &'a str,
    /// The target's, where that is another machine.
    pub there: Option<&'a str>,
}

/// How each service is built that is. A Dockerfile that was not read may run anything.
#[must_use]
pub fn jobs<'d>(
    services: impl Iterator<Item = &'d Service>,
    dockerfiles: &[(Arc<str>, Dockerfile)],
    manner: &Manner,
    machines: Machines<'_>,
) -> Vec<Job> {
    let Machines { here, there } = machines;
    let job = |service: &Service| {
        let written = written_for(service);
        let wanted = written.or(there).unwrap_or(here);
        let read = dockerfiles.iter().find(|(name, _)| *name == service.name);
        let has_steps = read.is_none_or(|(_, dockerfile)| !dockerfile.run_lines.is_empty());
        let is_foreign = !here.is_empty() && !runs_on(wanted, here);
        let asked = manner.of(&service.name).build.on.or(manner.build.on);
        let is_found = asked.is_none() && is_foreign && has_steps && there.is_some_and(|there| runs_on(wanted, there));
        let on = match asked.filter(|_| there.is_some()) {
            Some(on) => on,
            None if is_found => On::Target,
            None => On::Here,
        };
        let runs = match on {
            On::Here => !is_foreign,
            On::Target => there.is_none_or(|there| runs_on(wanted, there)),
        };
        Job {
            service: Arc::clone(&service.name),
            on,
            is_found,
            told: (on == On::Here && is_foreign && written.is_none()).then(|| wanted.to_owned()),
            emulated: (!runs && has_steps).then(|| wanted.to_owned()),
        }
    };
    services.map(job).collect()
}

/// The processor that the compose file says.
fn written_for(service: &Service) -> Option<&str> {
    let built = service.build.as_ref().and_then(|build| build.platforms.first());
    service.platform.as_ref().or(built).and_then(|platform| platform.split('/').nth(1))
}

/// What an image is called on the target that was built there: its own name goes on standing for the old one until the switch.
#[must_use]
pub fn built_name(project: &str, service: &str) -> String {
    let mut tag = format!("{project}-{service}");
    tag.truncate(LONGEST_TAG);
    format!("{BUILT}:{tag}")
}

/// What Compose made of the files, with names of ours for these services' images, and for nothing but building them.
///
/// # Errors
/// If it is none.
pub fn renamed(model: &[u8], desired: &Desired, jobs: &[&Job]) -> serde_json::Result<Vec<u8>> {
    let mut model: Value = serde_json::from_slice(model)?;
    let names: BTreeMap<&str, String> =
        jobs.iter().map(|job| (&*job.service, built_name(&desired.project, &job.service))).collect();
    let services = model.get_mut("services").and_then(Value::as_object_mut);
    for (name, service) in services.into_iter().flatten() {
        let Some(service) = service.as_object_mut() else { continue };
        // Nothing that is built is told it.
        let _told = service.remove("environment");
        if let Some(name) = names.get(name.as_str()) {
            service.insert("image".to_owned(), json!(name));
            let _tags = service.get_mut("build").and_then(Value::as_object_mut).and_then(|build| build.remove("tags"));
        }
    }
    serde_json::to_vec(&model)
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::Build;

    use super::*;

    const HERE: &str = "arm64";

    fn service(platform: Option<&str>) -> Service {
        let build = Some(Build::default());
        Service { name: Arc::from("app"), build, platform: platform.map(Arc::from), ..Service::default() }
    }

    fn job(platform: Option<&str>, steps: Option<usize>, on: Option<On>, there: Option<&str>) -> Job {
        let mut manner = Manner::default();
        manner.service.entry("app".to_owned()).or_default().build.on = on;
        let read = |steps: usize| Dockerfile { run_lines: vec![2; steps], ..Dockerfile::default() };
        let dockerfiles: Vec<_> = steps.map(|steps| (Arc::from("app"), read(steps))).into_iter().collect();
        let machines = Machines { here: HERE, there };
        jobs([service(platform)].iter(), &dockerfiles, &manner, machines).remove(0)
    }

    #[test]
    fn it_is_built_where_its_steps_run() {
        let seen = |job: Job| (job.on, job.is_found, job.told, job.emulated);
        let amd64 = || Some("amd64".to_owned());
        // The same kind of machine, or this one.
        assert_eq!(seen(job(None, Some(3), None, Some(HERE))), (On::Here, false, None, None));
        assert_eq!(seen(job(None, Some(3), Some(On::Target), None)), (On::Here, false, None, None));
        // Another one: only what runs nothing is built here, for that one.
        assert_eq!(seen(job(None, Some(0), None, Some("amd64"))), (On::Here, false, amd64(), None));
        assert_eq!(seen(job(None, Some(3), None, Some("amd64"))), (On::Target, true, None, None));
        assert_eq!(seen(job(None, None, None, Some("amd64"))), (On::Target, true, None, None), "nobody read it");
        // As somebody said.
        assert_eq!(seen(job(None, Some(0), Some(On::Target), Some("amd64"))), (On::Target, false, None, None));
        assert_eq!(seen(job(None, Some(3), Some(On::Here), Some("amd64"))), (On::Here, false, amd64(), amd64()));
        // The compose file knows the processor: Compose has to be told nothing.
        let written = Some("linux/amd64");
        assert_eq!(seen(job(written, Some(3), None, Some("amd64"))), (On::Target, true, None, None));
        assert_eq!(seen(job(written, Some(0), None, Some(HERE))), (On::Here, false, None, None));
        assert_eq!(seen(job(written, Some(3), None, Some(HERE))), (On::Here, false, None, amd64()));
        assert_eq!(seen(job(written, Some(3), Some(On::Target), Some(HERE))), (On::Target, false, None, amd64()));
    }

    #[test]
    fn what_is_built_there_bears_a_name_of_ours() {
        let model = json!({ "services": {
            "app": { "image": "shop", "environment": { "A": "carbon" }, "build": { "context": "/x", "tags": ["shop:2"] } },
            "db": { "image": "postgres", "environment": { "A": "carbon" } },
        } });
        let desired = Desired { project: Arc::from("shop"), ..Desired::default() };
        let job = job(None, Some(3), None, Some("amd64"));
        let text = renamed(model.to_string().as_bytes(), &desired, &[&job]).unwrap();
        let expected = json!({ "services": {
            "app": { "image": "lastgood/built:shop-app", "build": { "context": "/x" } },
            "db": { "image": "postgres" },
        } });
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), expected);
    }
}
