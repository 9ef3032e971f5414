//! Which further files a compose file makes Compose take in: those that it includes, those that its services extend, and what both name
//! beside themselves. Compose's own output tells none of it. Whether they are there, and what stands in them, is the caller's to see.

use std::sync::Arc;

use super::places::{ComposeFile, env_files};
use super::yaml::{Kind, Node};
use crate::env_file::{ComposeVersion, Variables, interpolate};
use crate::written_path::{folder_of, joined};

/// Taken in where nothing else is said, if it is there.
const USUAL_ENV_FILE: &str = ".env";

/// Files that a compose file names, each by its whole path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Compose files, each with the folder that its own relative paths start from.
    pub composed: Vec<(String, Arc<str>)>,
    /// Files of variables that they are interpolated with; not each of them has to be there.
    pub interpolated: Vec<String>,
    /// Files that services are told, by `env_file`.
    pub told: Vec<String>,
    /// Files of labels.
    pub labels: Vec<String>,
}

/// What one compose file names. `value` knows what a variable is set to. What lies on another machine is left out.
#[must_use]
pub fn named(file: &ComposeFile, value: &dyn Fn(&str) -> Option<String>) -> Named {
    let mut named = Named::default();
    let Some(root) = Node::parse(&file.text) else { return named };
    let variables = Variables { lookup: value, version: ComposeVersion::V2_40 };
    let whole = |written: &str| {
        let path = interpolate(written, variables, &mut false).unwrap_or_else(|_| written.to_owned());
        let is_local = !path.contains("://") && !path.starts_with("git@");
        is_local.then(|| joined(&file.folder, &path))
    };
    let paths = |node: &Node| -> Vec<String> { texts(node).iter().filter_map(|text| whole(text)).collect() };
    for included in root.get("include").map(Node::items).unwrap_or_default() {
        let files = match &included.kind {
            Kind::Map(_) => included.get("path").map(paths).unwrap_or_default(),
            Kind::Scalar(text) => whole(text).into_iter().collect(),
            Kind::List(_) => Vec::new(),
        };
        let Some(first) = files.first() else { continue };
        let said = included.get("project_directory").and_then(Node::text).and_then(|text| whole(text));
        let folder: Arc<str> = said.unwrap_or_else(|| folder_of(first).to_owned()).into();
        match included.get("env_file") {
            Some(files) => named.interpolated.extend(paths(files)),
            None => named.interpolated.push(joined(&folder, USUAL_ENV_FILE)),
        }
        named.composed.extend(files.into_iter().map(|file| (file, Arc::clone(&folder))));
    }
    for (_, _, service) in root.get("services").into_iter().flat_map(Node::pairs) {
        let extended = service.get("extends").and_then(|extends| extends.get("file")).and_then(Node::text);
        if let Some(path) = extended.and_then(|text| whole(text)) {
            let folder = Arc::from(folder_of(&path));
            named.composed.push((path, folder));
        }
        named.labels.extend(service.get("label_file").map(paths).unwrap_or_default());
        let files = service.get("env_file").map(|files| env_files(files, &file.folder, value));
        named.told.extend(files.into_iter().flatten().map(|file| file.path.to_string()));
    }
    named
}

/// A text, or a list of them.
fn texts(node: &Node) -> Vec<&Arc<str>> {
    match &node.kind {
        Kind::List(_) => node.items().iter().filter_map(Node::text).collect(),
        _ => node.text().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Named {
        let file = ComposeFile { path: "compose.yaml".into(), folder: "/srv/shop".into(), text: text.to_owned() };
        named(&file, &|key| (key == "WHERE").then(|| "store".to_owned()))
    }

    fn at(path: &str, folder: &str) -> (String, Arc<str>) {
        (path.to_owned(), folder.into())
    }

    #[test]
    fn what_is_included() {
        let found =
            of("include:\n  - ${WHERE}/compose.yaml\n  - path: [./a.yaml, b/b.yaml]\n    project_directory: b\n    \
                        env_file: [one.env]\n  - path: ../far.yaml\n  - oci://there/one\n  - git@there:one.git\n");
        assert_eq!(
            found.composed,
            [
                at("/srv/shop/store/compose.yaml", "/srv/shop/store"),
                at("/srv/shop/a.yaml", "/srv/shop/b"),
                at("/srv/shop/b/b.yaml", "/srv/shop/b"),
                at("/srv/far.yaml", "/srv"),
            ]
        );
        assert_eq!(found.interpolated, ["/srv/shop/store/.env", "/srv/shop/one.env", "/srv/.env"]);
    }

    #[test]
    fn what_services_extend_and_are_told() {
        let found = of("services:\n  one: { extends: { file: base/x.yaml, service: y }, env_file: one.env }\n  \
                        two: { extends: one, label_file: [a.labels] }\n  three: { extends: { service: one } }\n");
        assert_eq!(found.composed, [at("/srv/shop/base/x.yaml", "/srv/shop/base")]);
        assert_eq!(
            (found.told, found.labels),
            (vec!["/srv/shop/one.env".to_owned()], vec!["/srv/shop/a.labels".into()])
        );
        assert_eq!(found.interpolated, Vec::<String>::new());
    }

    #[test]
    fn what_is_no_compose_file_names_nothing() {
        for text in
            ["", "- a", "include: {a: b}", "include: [[a], {env_file: x}]\nservices: [a]", "a: [", "services: {a: x}"]
        {
            assert_eq!(of(text), Named::default(), "{text}");
        }
    }
}
