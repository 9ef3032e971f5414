//! Whom to probe, and with what: for every variable of a service that is an address, the question that its program would put
//! there, with the user and the password that it was told. Nobody is asked here.

use std::sync::Arc;

use lastgood_model::snapshot::Container;
use lastgood_model::topology::{Component, Via};
use lastgood_model::{ProbeProtocol, ProbeQuestion, ProbeTarget, Probed, Ref, Secret, Stack, Told, Topology};

use crate::address::{Address, address, grouped, is_asked, is_doubtful, is_for_browsers, password_key};
use crate::credential::{Credential, credential};

/// Whoever has more addresses than this is not asked about the others.
const MOST: usize = 24;

/// What a service was told, by key.
type Variables<'a> = Vec<(&'a Arc<str>, &'a Secret)>;

/// The questions of every service of the project: by the values of the container that runs and, where those differ, by the
/// values that the files hold now. No two are alike.
#[must_use]
pub fn questions(stack: &Stack, topology: &Topology) -> Vec<ProbeQuestion> {
    let own = |component: &&Component| component.foreign.is_none();
    let mut questions: Vec<ProbeQuestion> =
        topology.components.iter().filter(own).flat_map(|component| of_component(stack, topology, component)).collect();
    log_in_once(&mut questions);
    questions.extend(fronts(stack, topology));
    questions
}

/// What the proxies of the project show to those who come over TLS, by each name that they have for it.
fn fronts(stack: &Stack, topology: &Topology) -> Vec<ProbeQuestion> {
    let mut fronts: Vec<ProbeQuestion> = Vec::new();
    let runs = |name: &str| stack.snapshot.as_ref()?.container(name).map(Container::is_running);
    for proxy in
        stack.proxies.iter().filter(|proxy| proxy.container.as_deref().is_some_and(|name| runs(name) == Some(true)))
    {
        let Some(own) =
            topology.components.iter().find(|own| own.foreign.is_none() && own.container == proxy.container)
        else {
            continue;
        };
        let names = proxy.servers.iter().filter_map(|server| {
            // Others than the first are often there to be sent on.
            let name = server.names.first().filter(|name| is_whole(name))?;
            Some((name, *server.secure.first()?))
        });
        for (name, port) in names.take(MOST) {
            let target = ProbeTarget {
                protocol: ProbeProtocol::Front,
                host: Arc::clone(name),
                port,
                secure: true,
                path: Arc::from(""),
                user: None,
                password: None,
                database: None,
            };
            let (from, key) = (Arc::clone(&own.name), Arc::clone(name));
            let question = ProbeQuestion {
                to: Some(Arc::clone(&from)),
                from,
                key,
                password_key: None,
                told: Told::Running,
                target,
            };
            if !fronts.iter().any(|known| known.from == question.from && known.target == question.target) {
                fronts.push(question);
            }
        }
    }
    fronts
}

/// A name that a certificate may be for: none that stands for many, and none that only says who is meant by default.
fn is_whole(name: &str) -> bool {
    name.contains('.')
        && !name.contains(['*', '~', '$'])
        && !name.starts_with('.')
        && name.parse::<std::net::IpAddr>().is_err()
}

/// Nobody is logged in to a second time with what the first time has told already: it is only asked whether it can be reached.
fn log_in_once(questions: &mut [ProbeQuestion]) {
    let mut logins: Vec<(Arc<str>, Option<Arc<str>>, Secret)> = Vec::new();
    for question in questions {
        let target = &question.target;
        let Some(password) = target.password.clone() else { continue };
        let peer = question.to.clone().unwrap_or_else(|| Arc::from(format!("{}:{}", target.host, target.port)));
        let login = (peer, target.user.clone(), password);
        if !logins.contains(&login) {
            logins.push(login);
            continue;
        }
        question.target = ProbeTarget {
            protocol: ProbeProtocol::Tcp,
            secure: false,
            path: Arc::from(""),
            user: None,
            password: None,
            database: None,
            ..question.target.clone()
        };
    }
}

/// Where what was answered can be looked up: `probe:backend/KVS_HOST`.
#[must_use]
pub fn reference(probed: &Probed) -> Ref {
    let question = &probed.question;
    let told = match question.told {
        Told::Running => "",
        Told::Declared => " as declared",
    };
    Ref::Key { source: Arc::from("probe"), key: Arc::from(format!("{}/{}{told}", question.from, question.key)) }
}

fn of_component(stack: &Stack, topology: &Topology, component: &Component) -> Vec<ProbeQuestion> {
    let container = component
        .container
        .as_deref()
        .and_then(|name| stack.snapshot.as_ref()?.container(name))
        .filter(|container| !stack.is_foreign(container));
    let service = stack.desired.as_ref().and_then(|desired| desired.service(&component.name));
    let mut questions: Vec<ProbeQuestion> = Vec::new();
    let mut ask = |told: Told, variables: &Variables<'_>| {
        for question in of_variables(stack, topology, component, container, variables) {
            let known = questions.iter().any(|known| known.target == question.target);
            if !known && questions.len() < MOST {
                questions.push(ProbeQuestion { told, ..question });
            }
        }
    };
    if let Some(container) = container {
        ask(Told::Running, &container.environment.iter().map(|(key, value)| (key, value)).collect());
    }
    if let Some(service) = service {
        let declared = service.environment.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        ask(Told::Declared, &declared.collect());
    }
    questions
}

fn of_variables(
    stack: &Stack,
    topology: &Topology,
    component: &Component,
    container: Option<&Container>,
    variables: &Variables<'_>,
) -> Vec<ProbeQuestion> {
    let of = |key: &str| variables.iter().find(|(name, _)| &***name == key).map(|(_, value)| (*value).clone());
    let asked = variables.iter().filter(|(key, _)| is_asked(key) && !is_for_browsers(key));
    // What an image brings along nobody here has chosen, and it may not be used.
    let asked =
        asked.filter(|(key, value)| !container.is_some_and(|container| is_of_image(stack, container, key, value)));
    asked
        .filter_map(|(key, value)| {
            let found = address(value).or_else(|| grouped(key, value, &of))?;
            let password_key = password_key(key, &found, &|key: &str| of(key).is_some_and(|value| !value.is_blank()));
            let target = target(key, value, &found, password_key.as_ref(), &of)?;
            let to = leads_to(topology, component, key, &found);
            if to.is_none() && is_doubtful(key, &found) {
                return None;
            }
            Some(ProbeQuestion {
                from: Arc::clone(&component.name),
                to,
                key: Arc::clone(key),
                password_key,
                told: Told::Running,
                target,
            })
        })
        .collect()
}

/// Whether a value comes with the image.
pub(crate) fn is_of_image(stack: &Stack, container: &Container, key: &str, value: &Secret) -> bool {
    let image = stack.snapshot.as_ref().and_then(|snapshot| snapshot.image(&container.image_id));
    image.is_some_and(|image| image.environment.iter().any(|(name, given)| &**name == key && given == value))
}

/// The component at an address, if the topology knows.
fn leads_to(topology: &Topology, component: &Component, key: &str, found: &Address) -> Option<Arc<str>> {
    let from = topology.find(&component.name)?;
    let same = |edge: &&lastgood_model::topology::Edge| {
        edge.host == found.host && edge.port == found.port && edge.to.is_some()
    };
    let by_key =
        |edge: &&lastgood_model::topology::Edge| matches!(&edge.via, Via::Variable { key: own, .. } if &**own == key);
    let edges = || topology.asks(from).filter(same);
    let to = edges().find(by_key).or_else(|| edges().next())?.to?;
    topology.components.get(to).map(|component| Arc::clone(&component.name))
}

fn target(
    key: &str,
    value: &Secret,
    found: &Address,
    password_key: Option<&Arc<str>>,
    of: &dyn Fn(&str) -> Option<Secret>,
) -> Option<ProbeTarget> {
    let port = found.port?;
    let Credential { user, password, database, path, secure } = credential(key, value, password_key, of);
    let protocol = match found.protocol.as_deref() {
        Some("redis") => ProbeProtocol::Redis,
        Some("postgres") => ProbeProtocol::Postgres,
        Some("mysql") => ProbeProtocol::Mysql,
        Some("http" | "https") => ProbeProtocol::Http,
        _ => ProbeProtocol::Tcp,
    };
    let mut target = ProbeTarget {
        protocol,
        host: Arc::clone(&found.host),
        port,
        secure: secure || found.protocol.as_deref() == Some("https"),
        path,
        user,
        password,
        database,
    };
    if protocol == ProbeProtocol::Http {
        provider(key, &mut target, of);
    }
    Some(target)
}

/// Ends of keys that hold the address of a provider of identities, behind the name of its group.
const PROVIDER_ENDS: &[&str] =
    &["BASE_URL", "SERVER_URL", "AUTH_SERVER_URL", "ISSUER_URL", "ISSUER_URI", "ISSUER", "URL", "URI"];
/// Words in keys that mean one.
const PROVIDER_WORDS: &[&str] = &["KEYCLOAK", "OIDC", "OPENID", "ISSUER"];
/// Where a realm of Keycloak begins in a path.
const REALMS: &str = "/realms/";

/// Makes a question to a provider of identities of one to a web server, where it is one: with its realm, its client and secret.
fn provider(key: &str, target: &mut ProbeTarget, of: &dyn Fn(&str) -> Option<Secret>) {
    let said = |name: String| of(&name).filter(|value| !value.is_blank());
    let prefix = PROVIDER_ENDS.iter().find_map(|end| key.strip_suffix(end)).unwrap_or_default();
    let realm = said(format!("{prefix}REALM"));
    let in_path = target.path.find(REALMS);
    let named = names_provider(key);
    if in_path.is_none() && !(named && (realm.is_some() || key.contains("ISSUER"))) {
        return;
    }
    // Of an endpoint below a realm, the realm.
    let path = match (in_path, &realm) {
        (Some(begin), _) => {
            let name = begin + REALMS.len();
            let end =
                target.path.get(name..).and_then(|rest| rest.find('/')).map_or(target.path.len(), |end| name + end);
            target.path.get(..end).unwrap_or_default().to_owned()
        }
        (None, Some(realm)) => format!("{}{REALMS}{}", target.path.trim_end_matches('/'), realm.expose().trim()),
        (None, None) => target.path.to_string(),
    };
    target.protocol = ProbeProtocol::Oidc;
    target.path = Arc::from(path);
    target.user = said(format!("{prefix}CLIENT_ID")).map(|id| Arc::from(id.expose().trim()));
    target.password = target.user.as_ref().and_then(|_| said(format!("{prefix}CLIENT_SECRET")));
}

/// Whether a key is that of a provider of identities.
pub(crate) fn names_provider(key: &str) -> bool {
    PROVIDER_WORDS.iter().any(|word| key.contains(word))
}

#[cfg(test)]
mod tests;
