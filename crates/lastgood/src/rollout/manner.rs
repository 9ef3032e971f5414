//! How a release is brought out and proved good: what `[deploy]` of `lastgood.toml` says. It travels with a release and is kept beside
//! it, for whoever goes back to it; it makes no release another one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::artifact::Artifact;
use super::hooks::Hooks;

/// `[deploy]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manner {
    /// What is special about services, by their names.
    pub service: BTreeMap<String, OfService>,
    /// Requests that have to succeed, in order.
    pub smoke: Vec<SmokeTest>,
    /// How long a service has to stay well before it is believed; `None`: as long as usual.
    pub hold: Option<Span>,
    /// How long real traffic is watched after the switch.
    pub bake: Span,
    /// Whether somebody on the target brings a rollout to its end whose driver died; `None`: where that can be.
    pub guard: Option<bool>,
    /// The nginx that sends traffic to candidates.
    pub nginx: OfNginx,
    /// How data is brought forward, if it is.
    pub migrate: Option<Migrate>,
    /// The project's own test command. It stays where it was typed.
    #[serde(skip_serializing)]
    pub test: Option<String>,
    /// Where images are built.
    #[serde(skip_serializing)]
    pub build: OfBuild,
    /// Commands before and after.
    pub hook: Hooks,
}

/// `[deploy.migrate]`: a command of the new release, run once before anything of it is tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migrate {
    /// The service whose image, variables and networks it has.
    pub service: String,
    /// The command and its arguments.
    pub up: Vec<String>,
    /// The command that takes it back.
    pub down: Option<Vec<String>>,
    /// The old release works with what it does.
    #[serde(default)]
    pub compatible: bool,
}

/// `[deploy.nginx]`; in a stack nothing of it is needed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfNginx {
    /// The folder of the includes of the machine's own.
    pub folder: Option<String>,
    /// Its program, and the arguments with which it finds its configuration.
    pub command: Option<String>,
    /// What is written before a command that needs its rights; may be empty.
    #[serde(rename = "become")]
    pub becomes: Option<String>,
    /// How long requests are waited for that began before traffic went elsewhere.
    pub drain: Option<Span>,
}

/// `[deploy.service.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfService {
    /// How its traffic gets to its new container.
    pub switch: Switch,
    /// Whether the new release of it is tried beside the old one; `None`: where that harms nobody.
    pub candidate: Option<bool>,
    /// The path that has to answer with 2xx or 3xx.
    pub health: Option<String>,
    /// The port that it is asked on, in its container.
    pub port: Option<u16>,
    /// Nobody has to listen there sooner than this after its start.
    pub start: Option<Span>,
    /// Files of this machine that become its image there. What they are stays here.
    #[serde(skip_serializing)]
    pub artifact: Option<Artifact>,
    /// Where it is built. That is the matter of whoever builds.
    #[serde(skip_serializing)]
    pub build: OfBuild,
}

/// `[deploy.build]`, and that of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfBuild {
    /// Where; `None`: here, unless it runs programs of another kind of machine.
    pub on: Option<On>,
}

/// `on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// By the engine of this machine.
    Here,
    /// By the target's.
    Target,
}

/// `switch`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// Its container is made anew.
    #[default]
    Recreate,
    /// nginx sends its traffic to a candidate meanwhile.
    Proxy,
}

/// `[[deploy.smoke]]`: a request, and what has to come back. `${NAME}` in it is what an earlier one saved, else a variable of whoever
/// deploys, else one of the release's `.env`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmokeTest {
    /// What people call it.
    pub name: String,
    /// Where to. A host that is a service of the stack is asked at its own container, the candidate too.
    pub url: String,
    /// `GET` if there is no body, else `POST`.
    pub method: Option<String>,
    /// Headers.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// The body; JSON is sent as such.
    pub body: Option<String>,
    /// The status that has to come back; `None`: any 2xx.
    pub status: Option<u16>,
    /// Fields of the JSON that has to come back: `user.roles.0`. `"*"`: any value but an empty one.
    #[serde(default)]
    pub expect: BTreeMap<String, serde_json::Value>,
    /// Fields that later ones use, by the names that they use for them.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    /// How long one try may take.
    pub within: Option<Span>,
}

/// A span of time, as people write it: `30s`, `2m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let span: Option<SignedDuration> = text.parse().ok();
        let span = span.and_then(|span| Duration::try_from(span).ok());
        span.map(Self).ok_or_else(|| format!("`{text}` is no span of time like 30s or 2m"))
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        format!("{}ms", span.0.as_millis())
    }
}

impl Manner {
    /// What is special about a service.
    #[must_use]
    pub fn of(&self, service: &str) -> OfService {
        self.service.get(service).cloned().unwrap_or_default()
    }

    /// Variables that somebody has to give: those that no earlier request saves.
    #[must_use]
    pub fn needs(&self) -> BTreeSet<String> {
        let (mut needed, mut saved) = (BTreeSet::new(), BTreeSet::new());
        for test in &self.smoke {
            let texts = [&test.url].into_iter().chain(test.header.values()).chain(&test.body);
            needed.extend(
                texts.flat_map(|text| variables(text)).filter(|name| !saved.contains(*name)).map(str::to_owned),
            );
            saved.extend(test.save.keys().map(String::as_str));
        }
        needed
    }
}

/// The names in `${NAME}`.
pub fn variables(text: &str) -> Vec<&str> {
    let parts = text.split("${").skip(1);
    parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name).filter(|name| is_name(name)).collect()
}

/// With values in place of `${NAME}`; what is no name stays as it stands.
///
/// # Errors
/// In a name without a value.
pub fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut parts = text.split("${");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}').filter(|(name, _)| is_name(name)) {
            Some((name, rest)) => {
                out.push_str(&value(name).ok_or_else(|| name.to_owned())?);
                out.push_str(rest);
            }
            None => out.extend(["${", part]),
        }
    }
    Ok(out)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manner(text: &str) -> Result<Manner, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn what_is_written_travels_as_it_is() {
        let read = manner(
            "bake = '30s'\n[service.app]\nswitch = 'proxy'\nhealth = '/health'\n\
             [[smoke]]\nname = 'login'\nurl = 'http://app:8000/login'\nbody = '{\"password\":\"${PASSWORD}\"}'\n\
             expect = { \"user.active\" = true }\nsave = { token = 'access_token' }\n\
             [[smoke]]\nname = 'me'\nurl = 'http://app:8000/me?a=${NEXT}'\nheader = { Authorization = 'Bearer ${token}' }\n",
        )
        .unwrap();
        assert_eq!((read.bake.0, read.of("app").switch), (Duration::from_secs(30), Switch::Proxy));
        assert_eq!(read.needs().into_iter().collect::<Vec<_>>(), ["NEXT", "PASSWORD"]);
        let own = manner("test = 'make test'\nhook = { before = 'tell $TOKEN' }").unwrap();
        let sent: Manner = serde_json::from_str(&serde_json::to_string(&own).unwrap()).unwrap();
        assert_eq!(sent, Manner::default(), "the user's own commands stay here");
        let sent = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Manner>(&sent).unwrap(), read);
        assert!(manner("bake = 'soon'").unwrap_err().contains("no span of time"));
        assert!(manner("[service.app]\nswitch = 'magic'").unwrap_err().contains("recreate"));
    }

    #[test]
    fn values_stand_where_names_do() {
        let value = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(filled("x${A}y${A}", value).unwrap(), "x1y1");
        assert_eq!(filled("${not a name} $A ${A", value).unwrap(), "${not a name} $A ${A");
        assert_eq!(filled("${B}", value).unwrap_err(), "B");
    }
}
