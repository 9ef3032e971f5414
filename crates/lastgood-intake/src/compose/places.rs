//! Where in the user's compose files a thing stands, which `env_file`s they name, and which variables they ask for. Compose's
//! own output tells none of it. Nothing is resolved: of a thing that stands in several files, the last one counts.

use std::sync::Arc;

use lastgood_model::desired::{EnvFileUse, Service};
use lastgood_model::stack::Asked;
use lastgood_model::{Desired, Ref, Secret};

use super::yaml::{Kind, Node};
use crate::env_file::{ComposeVersion, Variables, interpolate};

/// One compose file.
#[derive(Clone, Debug)]
pub struct ComposeFile {
    /// As shown.
    pub path: Arc<str>,
    /// The folder that its relative paths start from, without a slash at the end.
    pub folder: Arc<str>,
    /// Its text.
    pub text: String,
}

/// Compose files, read for their places.
#[derive(Debug, Default)]
pub struct Places {
    files: Vec<(Arc<str>, Arc<str>, Node)>,
    texts: Vec<(Arc<str>, String)>,
}

impl Places {
    /// Reads files in the order of merging. One that is no YAML has no places; Compose complains about it in its own words.
    #[must_use]
    pub fn of(files: Vec<ComposeFile>) -> Self {
        let mut places = Self::default();
        for ComposeFile { path, folder, text } in files {
            if let Some(root) = Node::parse(&text) {
                places.files.push((Arc::clone(&path), folder, root));
            }
            places.texts.push((path, text));
        }
        places
    }

    /// The services that the files declare, with nothing but their names: what is left where Compose refuses the files.
    #[must_use]
    pub fn outline(&self) -> Desired {
        let mut desired = Desired::default();
        for (_, _, root) in &self.files {
            for (name, _, _) in root.get("services").into_iter().flat_map(Node::pairs) {
                if desired.service(name).is_none() {
                    desired.services.push(Service { name: Arc::clone(name), ..Service::default() });
                }
            }
        }
        desired
    }

    /// What the files call the project; of several the last one counts. `None` where none does, or nobody sets a part of it.
    #[must_use]
    pub fn name(&self, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let names = self.files.iter().rev().filter_map(|(_, _, root)| root.get("name").and_then(Node::text));
        let variables = Variables { lookup: value, version: ComposeVersion::V2_40 };
        let name = names.map(|name| interpolate(name, variables, &mut false)).next()?;
        name.ok().filter(|name| !name.is_empty())
    }

    /// Whether all that a service is told stands in these files: nothing is taken in from elsewhere.
    #[must_use]
    pub fn is_whole(&self, service: &str) -> bool {
        self.files.iter().all(|(_, _, root)| {
            let node = root.get("services").and_then(|services| services.get(service));
            root.get("include").is_none() && node.is_none_or(|node| node.get("extends").is_none())
        })
    }

    /// Says of everything declared where it stands, and of services which environment files they name and what their secrets are. `value`
    /// knows what a variable is set to.
    pub fn locate(&self, desired: &mut Desired, value: &dyn Fn(&str) -> Option<String>) {
        for written in desired.services.iter_mut().flat_map(|service| &mut service.written) {
            written.value = value(&written.key).map(Secret::from);
        }
        let declared = self.outline().services.into_iter().map(|service| service.name);
        desired.inactive = declared.filter(|name| desired.service(name).is_none()).collect();
        for (path, folder, root) in &self.files {
            let at = |line| Some(Ref::Text { file: Arc::clone(path), line });
            for service in &mut desired.services {
                let Some((line, node)) = root.get("services").and_then(|services| services.entry(&service.name)) else {
                    continue;
                };
                service.at = at(line);
                if let Some(environment) = node.get("environment") {
                    for (key, line) in environment_keys(environment) {
                        service.environment_at.retain(|(known, _)| *known != key);
                        service.environment_at.push((key, Ref::Text { file: Arc::clone(path), line }));
                    }
                }
                if let Some(files) = node.get("env_file") {
                    service.env_files.extend(env_files(files, folder, value));
                }
            }
            for (resources, section) in [(&mut desired.networks, "networks"), (&mut desired.volumes, "volumes")] {
                for resource in resources {
                    let entry = root.get(section).and_then(|section| section.entry(&resource.key));
                    resource.at = entry.and_then(|(line, _)| at(line)).or(resource.at.take());
                }
            }
        }
    }

    /// Variables that the files ask for, each once for every place. `value` knows what a variable is set to.
    #[must_use]
    pub fn asked(&self, value: &dyn Fn(&str) -> Option<String>) -> Vec<Asked> {
        let mut asked = Vec::new();
        for (path, text) in &self.texts {
            for (index, line) in text.lines().enumerate() {
                let code = line.trim_start();
                if code.starts_with('#') {
                    continue;
                }
                let at = Ref::Text { file: Arc::clone(path), line: index as u64 + 1 };
                asked.extend(variables(code).map(|(key, rest)| {
                    let set = value(key);
                    Asked {
                        key: Arc::from(key),
                        required: rest.starts_with(":?") || rest.starts_with('?'),
                        has_default: [":-", "-", ":+", "+"].iter().any(|sign| rest.starts_with(sign)),
                        at: at.clone(),
                        unset: set.is_none(),
                        blank: set.is_some_and(|text| text.is_empty()),
                    }
                }));
            }
        }
        asked
    }
}

/// `KEY: value` pairs, or a list of `KEY=value`.
fn environment_keys(node: &Node) -> Vec<(Arc<str>, u64)> {
    match &node.kind {
        Kind::Map(_) => node.pairs().into_iter().map(|(key, line, _)| (Arc::clone(key), line)).collect(),
        Kind::List(items) => {
            items.iter().filter_map(|item| Some((Arc::from(item.text()?.split('=').next()?), item.line))).collect()
        }
        Kind::Scalar(_) => Vec::new(),
    }
}

/// A path, a list of paths, or a list of maps with `path`, `required` and `format`.
pub(super) fn env_files(node: &Node, folder: &str, value: &dyn Fn(&str) -> Option<String>) -> Vec<EnvFileUse> {
    let variables = Variables { lookup: value, version: ComposeVersion::V2_40 };
    let one = |written: &str, required: bool, raw: bool| {
        let path = interpolate(written, variables, &mut false).unwrap_or_else(|_| written.to_owned());
        let path = if path.starts_with('/') { path } else { format!("{folder}/{}", path.trim_start_matches("./")) };
        EnvFileUse { path: path.into(), required, raw }
    };
    let of_item = |item: &Node| match &item.kind {
        Kind::Scalar(path) => Some(one(path, true, false)),
        Kind::Map(_) => {
            let says = |key: &str, word: &str| {
                item.get(key).and_then(Node::text).is_some_and(|text| text.eq_ignore_ascii_case(word))
            };
            Some(one(item.get("path")?.text()?, !says("required", "false"), says("format", "raw")))
        }
        Kind::List(_) => None,
    };
    match &node.kind {
        Kind::List(_) => node.items().iter().filter_map(of_item).collect(),
        _ => of_item(node).into_iter().collect(),
    }
}

/// Names behind `$` and `${` with what follows the name; `$$` is a sign and no variable.
fn variables(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        loop {
            let (_, after) = rest.split_once('$')?;
            if let Some(next) = after.strip_prefix('$') {
                rest = next;
                continue;
            }
            let braced = after.strip_prefix('{');
            let name_on = braced.unwrap_or(after);
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = name_on.find(|c| !is_name(c)).unwrap_or(name_on.len());
            let (name, behind) = name_on.split_at(length);
            rest = behind;
            if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) {
                return Some((name, if braced.is_some() { behind } else { "" }));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use lastgood_model::desired::DeclaredResource;

    use super::*;

    const FILE: &str = "# ${NOT_ASKED}\nservices:\n  api:\n    image: api:${TAG:-1}\n    env_file:\n      - .env\n      - path: /${WHERE}/x.env\n        required: false\n        format: raw\n    environment:\n      - PRICE=5$$\n      - URL=http://${HOST:?set it}:${PORT}\nnetworks:\n  db: {external: true}\n";

    #[test]
    fn everything_declared_knows_its_line() {
        let places = Places::of(vec![ComposeFile { path: "a.yml".into(), folder: "/srv".into(), text: FILE.into() }]);
        let mut desired = Desired {
            services: vec![Service { name: "api".into(), ..Service::default() }],
            networks: vec![DeclaredResource { key: "db".into(), ..DeclaredResource::default() }],
            ..Desired::default()
        };
        places.locate(&mut desired, &|key| (key == "WHERE").then(|| "etc".to_owned()));
        let line = |reference: &Ref| reference.to_string();
        let api = &desired.services[0];
        assert_eq!(api.at.as_ref().map(line).as_deref(), Some("a.yml:3"));
        assert_eq!(desired.networks[0].at.as_ref().map(line).as_deref(), Some("a.yml:14"));
        let keys: Vec<_> = api.environment_at.iter().map(|(key, at)| (&**key, line(at))).collect();
        assert_eq!(keys, [("PRICE", "a.yml:11".to_owned()), ("URL", "a.yml:12".to_owned())]);
        let files: Vec<_> = api.env_files.iter().map(|file| (&*file.path, file.required, file.raw)).collect();
        assert_eq!(files, [("/srv/.env", true, false), ("/etc/x.env", false, true)]);
    }

    #[test]
    fn what_is_left_without_compose_and_what_comes_from_elsewhere() {
        let one = |text: &str| {
            Places::of(vec![ComposeFile { path: "a.yml".into(), folder: "/srv".into(), text: text.into() }])
        };
        let names: Vec<_> = one(FILE).outline().services.iter().map(|service| service.name.clone()).collect();
        assert_eq!(names, [Arc::from("api")]);
        assert!(one(FILE).is_whole("api"));
        assert!(!one("services: {api: {extends: {file: b.yml, service: c}}}").is_whole("api"));
        assert!(!one("include: [b.yml]\nservices: {api: {image: x}}").is_whole("api"));
    }

    #[test]
    fn variables_are_asked_for_where_they_stand() {
        let places = Places::of(vec![ComposeFile { path: "a.yml".into(), folder: "/srv".into(), text: FILE.into() }]);
        let asked = places.asked(&|key| (key == "HOST").then(String::new));
        let seen: Vec<_> =
            asked.iter().map(|asked| (&*asked.key, asked.required, asked.has_default, asked.unset)).collect();
        assert_eq!(
            seen,
            [
                ("TAG", false, true, true),
                ("WHERE", false, false, true),
                ("HOST", true, false, false),
                ("PORT", false, false, true)
            ]
        );
        assert!(asked[2].blank);
    }
}
