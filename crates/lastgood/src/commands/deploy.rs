//! `lastgood deploy`: brings the release that the files here make to a target, proves it good there, or goes back.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use lastgood_diagnose::topology;
use lastgood_model::Desired;
use lastgood_model::desired::Service;
use lastgood_model::release::{Release, ReleasedService};
use lastgood_world::engine::compose::{self, Compose};
use lastgood_world::state::bundle::{Packed, pack};

use crate::cli::place::PlaceArgs;
use crate::cli::question::QuestionArgs;
use crate::cli::stack::StackArgs;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::artifacts::{Maker, Unmade};
use crate::pipeline::building::{Project, announce, build};
use crate::pipeline::builds::{Machines, jobs};
use crate::pipeline::remote::{Approach, Asked, Brought, Target as Place, target, usual_folder};
use crate::pipeline::stack::StackSubject;
use crate::pipeline::stack::folder_of;
use crate::pipeline::{self, NoLogs, look};
use crate::render::answer::{Answer, View};
use crate::render::quote::repeated;
use crate::render::telling::Telling;
use crate::rollout::contents::{ContentFault, released};
use crate::rollout::environment::{Choice, Environment, Orders};
use crate::rollout::manner::On;
use crate::rollout::named::{Named, named};
use crate::rollout::release::{Accepted, Sent};
use crate::rollout::target::{Seen, Target, at_home};
use crate::rollout::{changes, hooks, trouble::Trouble};
use crate::settings::Settings;

/// Brings a release to a target.
#[derive(Clone, Debug, Args)]
pub struct DeployArgs {
    /// Where to
    #[command(flatten, next_help_heading = "Host")]
    pub place: PlaceArgs,
    /// The folder there that the release goes to [default: path of the target, else ~/ and the project's name]
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Say what would be done, and change nothing
    #[arg(long)]
    pub plan: bool,
    /// The release comes in on standard input; for lastgood itself
    #[arg(long, hide = true)]
    pub arrived: bool,
    /// What becomes of environment files that somebody mended on the target
    #[arg(long, value_name = "CHOICE")]
    pub env: Option<Choice>,
    /// The `.env` is the target's own; for lastgood itself
    #[arg(long, hide = true)]
    pub server_env: bool,
    /// Go on although a migration has no way back; if the release then fails, somebody has to look
    #[arg(long)]
    pub one_way: bool,
    /// As JSON, an event a line, in the shape lastgood.events/1
    #[arg(long)]
    pub json: bool,
    /// Build no image; the names stand for what they stand for now
    #[arg(long)]
    pub no_build: bool,
    /// Which stack
    #[command(flatten, next_help_heading = "Stack")]
    pub stack: StackArgs,
}

/// Runs it.
pub fn run(args: &DeployArgs, settings: &Settings, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let orders = Orders { server: args.server_env, choice: args.env, one_way: args.one_way };
    let telling = Telling::new(args.json, view);
    if args.arrived {
        let to = Target::of(&at_home(args.to.as_deref().ok_or(Complaint::NoHost)?))?;
        return arrived(&to, std::io::stdin().lock(), args.plan, orders, telling, io);
    }
    let target = target(&args.place, &[], settings)?;
    let environment = target.as_ref().map(|target| target.environment.clone()).unwrap_or_default();
    let here = folder_of(&args.stack.subject()).unwrap_or_default();
    if let Some(test) = settings.deploy.test.as_deref().filter(|_| !args.plan) {
        let heard = hooks::test(test, &here)?;
        if heard.code != 0 {
            let output = [heard.output, heard.complaint.into_bytes()].concat();
            return failed_build(&repeated(test), &output, settings, telling, io);
        }
    }
    let mut way = Way::to(target.as_ref(), io);
    let bundled = match args.json {
        // Between events nothing else is said.
        true => bundle(args, settings, &environment, &mut way, view, &mut io.answering(&mut std::io::sink()))?,
        false => bundle(args, settings, &environment, &mut way, view, io)?,
    };
    let (bundle, release) = match bundled {
        Ok(made) => made,
        Err(Unbuilt::Build(output)) => return failed_build("docker compose build", &output, settings, telling, io),
        Err(Unbuilt::Artifact(Unmade::Refused(why))) => {
            io.complain(&why.into(), view.lang)?;
            return Ok(Exit::Bad);
        }
        Err(Unbuilt::Artifact(Unmade::There(said, exit))) => {
            write!(io.stderr, "{said}")?;
            return Ok(exit);
        }
    };
    let told = [("LASTGOOD_PROJECT", &*release.project), ("LASTGOOD_RELEASE", &*release.id.0)];
    if let Some(hook) = settings.deploy.hook.before.as_deref().filter(|_| !args.plan) {
        let heard = hooks::run(hook, &here, &told)?;
        if heard.code != 0 {
            return Err(Complaint::Hook { name: "before", code: heard.code, said: heard.complaint }.into());
        }
    }
    let delivered = deliver(args, orders, (bundle, &release, target, way, &environment), telling, io);
    if let Some(hook) = settings.deploy.hook.after.as_deref().filter(|_| !args.plan) {
        // Where nothing was attempted, why is said at the end.
        let code = delivered.as_ref().map_or(Exit::Unknown, |exit| *exit).code().to_string();
        let told: Vec<(&str, &str)> = told.into_iter().chain([("LASTGOOD_EXIT", code.as_str())]).collect();
        let heard = hooks::run(hook, &here, &told)?;
        if heard.code != 0 {
            let complaint = Complaint::Hook { name: "after", code: heard.code, said: heard.complaint };
            io.complain(&complaint.into(), view.lang)?;
        }
    }
    delivered
}

/// Brings a release to where it is to go, and has it brought out there.
fn deliver(
    args: &DeployArgs,
    orders: Orders,
    (mut bundle, release, target, mut way, environment): (File, &Release, Option<Place>, Way, &Environment),
    telling: Telling,
    io: &mut Io<'_>,
) -> anyhow::Result<Exit> {
    let view = telling.view;
    bundle.seek(SeekFrom::Start(0))?;
    let (Some(target), Some(host)) = (target, way.arrive(view, io)?) else {
        let Some(to) = &args.to else { return Err(Complaint::NoHost.into()) };
        return arrived(&Target::of(to)?, bundle, args.plan, orders, telling, io);
    };
    let path = args.to.as_ref().map(|to| to.to_string_lossy().into_owned()).or_else(|| target.path.clone());
    let to = path.unwrap_or_else(|| usual_folder(&release.project));
    if !args.plan {
        // Between events nothing else is said.
        let brought = match args.json {
            true => bring_images(host, release, &args.stack, view, &mut io.answering(&mut std::io::sink()))?,
            false => bring_images(host, release, &args.stack, view, io)?,
        };
        if brought.is_none() {
            return Ok(Exit::Bad);
        }
    }
    let mut typed = vec!["deploy".to_owned(), "--arrived".to_owned(), "--to".to_owned(), to];
    typed.extend(args.plan.then(|| "--plan".to_owned()));
    typed.extend(args.json.then(|| "--json".to_owned()));
    typed.extend((*environment == Environment::Server).then(|| "--server-env".to_owned()));
    typed.extend(args.one_way.then(|| "--one-way".to_owned()));
    typed.extend(args.env.map(|choice| format!("--env={}", choice.name())));
    host.send(bundle, &typed, view, io)
}

/// Where a release goes.
enum Way {
    /// To a folder of this machine.
    Here,
    /// To a host, and somebody is on the way there.
    To(Approach),
    /// To this host.
    There(Asked),
}

impl Way {
    /// Sets out: the host is reached while it is looked at what there is here.
    fn to(target: Option<&Place>, io: &Io<'_>) -> Self {
        // The folder may not be there yet.
        let place = target.map(|target| Place { path: None, ..target.clone() });
        place.map_or(Self::Here, |place| Self::To(Approach::to(place, io.stderr_is_terminal)))
    }

    /// The host, which is reached by then; `None`: this machine.
    fn arrive(&mut self, view: View, io: &mut Io<'_>) -> anyhow::Result<Option<&Asked>> {
        *self = match std::mem::replace(self, Self::Here) {
            Self::To(approach) => Self::There(approach.arrive(view, io)?),
            other => other,
        };
        Ok(match self {
            Self::There(host) => Some(host),
            _ => None,
        })
    }
}

/// Images that were built here and are not there yet. Returns how many bytes were sent; `None`: they are not for that host, which was said.
fn bring_images(
    host: &Asked,
    release: &Release,
    stack: &StackArgs,
    view: View,
    io: &mut Io<'_>,
) -> anyhow::Result<Option<u64>> {
    let programs = StackSubject { all_programs: true, opens_images: true, ..stack.subject() };
    match host.bring_images(&release.services, || look(None, &programs).stack.snapshot, view, io)? {
        Brought::There(bytes) => Ok(Some(bytes)),
        Brought::Refused(why) => {
            io.complain(&why.into(), view.lang)?;
            Ok(None)
        }
    }
}

/// The target's side: what was never finished is brought to its end, then this is looked at, and done.
pub(super) fn bring(
    target: &Target,
    see: impl FnOnce(&Target) -> Result<Seen, Complaint>,
    only_plan: bool,
    telling: Telling,
    io: &mut Io<'_>,
) -> anyhow::Result<Exit> {
    let fault = |trouble: Trouble| Complaint::Rollout { trouble };
    if !only_plan {
        let ended = target.take_up(&mut *telling.watcher(io.stdout)).map_err(fault)?;
        io.answer(&ended.map(|ended| telling.taken_up(&ended, &target.live)).unwrap_or_default())?;
    }
    let seen = see(target)?;
    io.answer(&telling.plan(&seen, &target.live.to_string_lossy()))?;
    if seen.is_nothing() {
        io.answer(&telling.nothing(&seen))?;
        return Ok(Exit::Good);
    }
    if let Some(refusal) = seen.refusal() {
        io.answer(&telling.refused(&seen, refusal))?;
        return Ok(Exit::Bad);
    }
    if only_plan {
        io.answer(&telling.planned(&seen))?;
        return Ok(Exit::Good);
    }
    let ended = target.roll(&seen, &mut *telling.watcher(io.stdout)).map_err(fault)?;
    io.answer(&telling.ended(&ended, &seen, &target.live))?;
    Ok(Exit::from(ended.outcome))
}

fn arrived(
    target: &Target,
    stream: impl Read,
    only_plan: bool,
    orders: Orders,
    telling: Telling,
    io: &mut Io<'_>,
) -> anyhow::Result<Exit> {
    let fault = |trouble| Complaint::Rollout { trouble };
    bring(target, |target| target.see(stream, only_plan, orders).map_err(fault), only_plan, telling, io)
}

/// Why there is no release to bring.
enum Unbuilt {
    /// A build failed: what it said.
    Build(Vec<u8>),
    /// What was built cannot become an image there.
    Artifact(Unmade),
}

/// The release that the files here make, on its way.
fn bundle(
    args: &DeployArgs,
    settings: &Settings,
    environment: &Environment,
    way: &mut Way,
    view: View,
    io: &mut Io<'_>,
) -> anyhow::Result<Result<(File, Release), Unbuilt>> {
    let subject = args.stack.subject();
    let real = folder_of(&subject);
    let fault = |fault| Complaint::Rollout { trouble: Trouble::Environment(fault) };
    let furnished = match &real {
        Some(folder) => environment.furnish(folder).map_err(fault)?,
        None => None,
    };
    let mut looked = match &furnished {
        Some(furnished) => furnished.within(subject, |subject| look(None, subject))?,
        None => look(None, &subject),
    };
    if let (Some(furnished), Some(desired)) = (&furnished, &mut looked.stack.desired) {
        furnished.settle(desired);
        looked.folder = real;
    }
    let (Some(desired), Some(folder)) = (&looked.stack.desired, &looked.folder) else {
        let why = looked.stack.refused.as_deref().map(str::to_owned);
        return Err(match why {
            Some(why) => Complaint::Rollout { trouble: Trouble::Said(why) },
            None => Complaint::NoProject,
        }
        .into());
    };
    let folder = std::path::absolute(folder)?;
    let arguments = arguments(&args.stack, &folder);
    if let Some(fault) = nobody(desired, settings, (&folder, &arguments))? {
        return Err(fault.into());
    }
    let artifact = |name: &str| settings.deploy.service.get(name).and_then(|service| service.artifact.as_ref());
    let is_built = |service: &&Service| service.build.is_some() && artifact(&service.name).is_none();
    let makes = |service: &Service| service.build.is_some() || artifact(&service.name).is_some();
    let host = match !args.no_build && desired.services.iter().any(makes) {
        true => way.arrive(view, io)?,
        false => None,
    };
    let here = looked.stack.snapshot.as_ref().map_or("", |snapshot| &*snapshot.engine.architecture);
    let machines = Machines { here, there: host.map(Asked::machine) };
    let jobs = jobs(desired.services.iter().filter(is_built), &looked.stack.dockerfiles, &settings.deploy, machines);
    let mut ids = BTreeMap::new();
    // What comes to be there is not taken for absent.
    let all_here = jobs.iter().all(|job| job.on == On::Here)
        && !desired.services.iter().any(|service| artifact(&service.name).is_some());
    if let Some(host) = host.filter(|_| all_here && !args.plan) {
        host.look_ahead();
    }
    if !args.no_build {
        announce(&jobs, host, view, io)?;
        let (resolved, furnished) = (looked.resolved.as_deref(), furnished.as_ref());
        let project = Project { desired, folder: &folder, arguments: &arguments, resolved, furnished };
        match if args.plan { Ok(ids) } else { build(&jobs, project, host)? } {
            Ok(built) => ids = built,
            Err(output) => return Ok(Err(Unbuilt::Build(output))),
        }
    }
    let maker = Maker { host, view, only_plan: args.plan };
    let is_there = |name: &str| jobs.iter().any(|job| job.on == On::Target && host.is_some() && *job.service == *name);
    let order = changes::order(desired, &topology::build(&looked.stack));
    let services = || order.iter().filter_map(|name| desired.service(name));
    let mut made: BTreeMap<Arc<str>, String> = BTreeMap::new();
    for service in services() {
        let (name, image) = (&service.name, desired.image_of(service));
        let image_id = match artifact(name) {
            Some(artifact) if !args.no_build => match maker.image(name, artifact, &folder, io)? {
                Ok(image) => Some(image),
                Err(unmade) => return Ok(Err(Unbuilt::Artifact(unmade))),
            },
            // What is built there alone is the target's to find.
            None if is_there(name) => ids.remove(name),
            None if service.build.is_some() => compose::image_id(&image)?,
            _ => None,
        };
        made.extend(image_id.map(|id| (image, id)));
    }
    let services = services().map(|service| released_as(service, desired, &made)).collect();
    let files: Vec<PathBuf> = desired.files.iter().map(|file| PathBuf::from(&**file)).collect();
    let arguments: Vec<Arc<str>> = arguments.iter().map(|word| Arc::from(word.as_str())).collect();
    let (mut release, astray) =
        released(desired, &folder, &files, services, arguments).map_err(|fault| Complaint::Contents { fault })?;
    if !astray.is_empty() {
        io.answer(&view.lang.astray(&astray))?;
    }
    if let Some(furnished) = &furnished {
        release = furnished.released(release);
    }
    let packed: Vec<Packed> = release
        .files
        .iter()
        .map(|file| Packed { from: folder.join(&*file.path), path: PathBuf::from(&*file.path), mode: file.mode })
        .map(|packed| furnished.as_ref().map_or(packed.clone(), |furnished| furnished.packed(packed)))
        .collect();
    let mut stream = tempfile::tempfile()?;
    let manner = settings.deploy.clone();
    let values = manner.needs().into_iter().filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)));
    let (accepted, values) = (settings.accepted.iter().map(Accepted::from).collect(), values.collect());
    pack(&mut stream, &serde_json::to_vec(&Sent { release: (&release).into(), manner, accepted, values })?, &packed)?;
    Ok(Ok((stream, release)))
}

/// A service with its image; `made`: the ids of images that are made here, by their names.
fn released_as(service: &Service, desired: &Desired, made: &BTreeMap<Arc<str>, String>) -> ReleasedService {
    let image = desired.image_of(service);
    // What nobody here makes, for itself or for others, is the target's to find.
    let image_id = made.get(&image).map(|id| Arc::from(id.as_str())).unwrap_or_default();
    ReleasedService { name: Arc::clone(&service.name), image, image_id }
}

/// A service that the settings name, and that the project does not have.
fn nobody(
    desired: &Desired,
    settings: &Settings,
    (folder, arguments): (&Path, &[String]),
) -> anyhow::Result<Option<Complaint>> {
    let unknown = |named: &Named| desired.service(&named.service).is_none();
    let unknown: Vec<Named> = named(&settings.deploy).into_iter().filter(unknown).collect();
    if unknown.is_empty() {
        return Ok(None);
    }
    let all = Compose::of(folder, arguments).services()?;
    let is_hidden = |named: &Named| all.contains(&named.service);
    let Some(of) = unknown.into_iter().find(|named| named.needed || !is_hidden(named)) else { return Ok(None) };
    let (hidden, Named { key, service, .. }) = (is_hidden(&of), of);
    let has = desired.services.iter().map(|service| service.name.to_string()).collect();
    Ok(Some(Complaint::Nobody { key, service, has, hidden }))
}

/// Why a build or a test failed, by its own output. `command` is what people call it by.
fn failed_build(
    command: &str,
    output: &[u8],
    settings: &Settings,
    telling: Telling,
    io: &mut Io<'_>,
) -> anyhow::Result<Exit> {
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("build.log");
    std::fs::write(&log, output)?;
    let question = QuestionArgs { logs: vec![log], ..QuestionArgs::default() };
    match pipeline::investigate(&question.understand(settings)?, super::progress(io).as_ref()) {
        Ok(found) => io.answer(&telling.failed_build(Answer { found: &found, asked: &[] }))?,
        // What is in no form that is known speaks for itself.
        Err(error) if error.is::<NoLogs>() => {
            io.answer(&telling.failed_somehow(command, &String::from_utf8_lossy(output)))?;
        }
        Err(error) => return Err(error),
    }
    Ok(Exit::Bad)
}

/// What Compose is told, relative to the project's folder.
fn arguments(stack: &StackArgs, folder: &Path) -> Vec<String> {
    let shown = |file: &PathBuf| {
        let whole = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        whole.strip_prefix(folder).unwrap_or(&whole).to_string_lossy().into_owned()
    };
    let files = stack.files.iter().flat_map(|file| ["-f".to_owned(), shown(file)]);
    let profiles = stack.profiles.iter().flat_map(|profile| ["--profile".to_owned(), profile.clone()]);
    files.chain(profiles).collect()
}

impl From<ContentFault> for Complaint {
    fn from(fault: ContentFault) -> Self {
        Self::Contents { fault }
    }
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::Build;

    use super::*;

    #[test]
    fn an_image_that_another_service_builds_is_the_same() {
        let service = |name: &str, image: &str, build: Option<Build>| Service {
            name: name.into(),
            image: image.into(),
            build,
            ..Service::default()
        };
        let services = vec![
            service("migrate", "shop-app", None),
            service("app", "shop-app", Some(Build::default())),
            service("worker", "", Some(Build::default())),
            service("store", "redis:7", None),
        ];
        let desired = Desired { project: "shop".into(), services, ..Desired::default() };
        let made = [("shop-app", "sha256:1"), ("shop-worker", "sha256:2")];
        let made = made.map(|(image, id)| (Arc::from(image), id.to_owned())).into_iter().collect();
        let ids: Vec<Arc<str>> =
            desired.services.iter().map(|service| released_as(service, &desired, &made).image_id).collect();
        assert_eq!(ids.iter().map(|id| &**id).collect::<Vec<_>>(), ["sha256:1", "sha256:1", "sha256:2", ""]);
    }
}
