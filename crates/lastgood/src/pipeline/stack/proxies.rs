//! Configurations of nginx: those of containers through the engine, the host's own as files. Which of their files count is
//! found by following `include` from the main one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use lastgood_intake::NginxConf;
use lastgood_intake::nginx_routes::routes;
use lastgood_model::snapshot::{Container, ContainerStatus};
use lastgood_model::stack::ProxyConf;
use lastgood_model::{Gap, Snapshot, Stack};
use lastgood_world::engine::Engine;
use lastgood_world::{Damage, expand, is_of_container, last_child_started, read_small};

use super::openable::Openable;
use super::{Texts, gap};

pub(super) const FOLDER: &str = "/etc/nginx";
/// What the name of a container's file holds: `web:/etc/nginx/nginx.conf`.
pub(super) const IN_CONTAINER: &str = ":/etc/nginx/";
const MAIN: &str = "nginx.conf";
/// What the official image and Debian's have in common: somebody speaks of nginx.
const NGINX: [&str; 2] = ["nginx", "openresty"];
/// Files that include each other are read once each, and no more than these.
const MOST_FILES: usize = 500;

/// A configuration and the files that it stands in, by the names that are shown for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Proxy {
    pub(super) conf: ProxyConf,
    pub(super) texts: Texts,
}

/// Of every container that runs nginx, or would, and may pass something on to the project.
pub(super) fn of_containers(engine: &Engine, stack: &Stack, openable: &Openable, gaps: &mut Vec<Gap>) -> Vec<Proxy> {
    let ask = |container: &Container| {
        let read = engine.files(&container.id, FOLDER).map(|files| of_files(container, &files));
        (Arc::clone(&container.name), read)
    };
    let asked: Vec<_> = thread::scope(|scope| {
        let containers = stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
        let containers = containers.filter(|container| is_proxy(container, stack));
        let containers = containers.filter(|container| {
            let why = openable.shut(container);
            let what = || Arc::from(format!("{}:{FOLDER}", container.name));
            // Of the others it is not even known that they have one.
            let missed = why.iter().filter(|_| is_called_nginx(container));
            gaps.extend(missed.map(|why| Gap { what: what(), why: why.clone() }));
            why.is_none()
        });
        let threads: Vec<_> = containers.map(|container| scope.spawn(move || ask(container))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut proxies = Vec::new();
    for (name, read) in asked {
        match read {
            Ok(proxy) => proxies.push(proxy),
            // Its name speaks of nginx, and it has none.
            Err(Damage::NotFound) => {}
            Err(damage) => gaps.push(gap(&format!("{name}:{FOLDER}"), &damage)),
        }
    }
    proxies
}

/// Whether it runs nginx, and is the project's or has a way to it. Others are not looked into: one that is being removed meanwhile
/// might not be removed whole.
fn is_proxy(container: &Container, stack: &Stack) -> bool {
    if matches!(container.state.status, ContainerStatus::Removing | ContainerStatus::Dead) {
        return false;
    }
    if !stack.is_foreign(container) {
        return runs_nginx(container, stack.snapshot.as_ref());
    }
    let mut own = stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers);
    let reaches = &*container.network_mode == "host"
        || own.any(|other| !stack.is_foreign(other) && other.shares_network(container));
    reaches && is_called_nginx(container)
}

/// By its own words, or those that made its image.
fn runs_nginx(container: &Container, snapshot: Option<&Snapshot>) -> bool {
    let mut images = snapshot.iter().flat_map(|snapshot| &snapshot.images);
    let image = images.find(|image| image.id == container.image_id);
    let mut history = image.iter().flat_map(|image| &image.history);
    is_called_nginx(container) || history.any(|word| speaks_of_nginx(word.expose()))
}

fn is_called_nginx(container: &Container) -> bool {
    let mut words = container.entrypoint.iter().chain(&container.command);
    speaks_of_nginx(&container.image) || words.any(|word| speaks_of_nginx(word.expose()))
}

fn speaks_of_nginx(text: &str) -> bool {
    NGINX.iter().any(|name| text.contains(name))
}

/// From `nginx/nginx.conf` on, as the archive names it.
fn of_files(container: &Container, files: &[(String, Vec<u8>)]) -> Proxy {
    let below: BTreeMap<&str, &[u8]> =
        files.iter().filter_map(|(name, bytes)| Some((name.strip_prefix("nginx/")?, bytes.as_slice()))).collect();
    let mut order: Vec<&str> = Vec::new();
    follow(MAIN, &below, &mut order);
    let named = order
        .iter()
        .filter_map(|name| Some((Arc::from(format!("{}:{FOLDER}/{name}", container.name)), below.get(name)?.to_vec())));
    let proxy = Proxy::of(named.collect());
    let read_at =
        Some(container.state.pid).filter(|pid| is_of_container(*pid, &container.id)).and_then(last_child_started);
    Proxy { conf: ProxyConf { container: Some(Arc::clone(&container.name)), read_at, ..proxy.conf }, ..proxy }
}

impl Proxy {
    pub(super) fn of(texts: Texts) -> Self {
        let conf = routes(texts.iter().map(|(name, bytes)| (&**name, bytes.as_slice())));
        Self { conf, texts }
    }
}

fn follow<'f>(name: &str, files: &BTreeMap<&'f str, &[u8]>, order: &mut Vec<&'f str>) {
    let Some((name, text)) = files.get_key_value(name) else { return };
    if order.contains(name) || order.len() >= MOST_FILES {
        return;
    }
    order.push(name);
    for pattern in NginxConf::parse(text).includes {
        let pattern = pattern.strip_prefix(FOLDER).map_or(pattern.as_str(), |rest| rest.trim_start_matches('/'));
        let included: Vec<&str> = files.keys().copied().filter(|file| fits(pattern, file)).collect();
        for file in included {
            follow(file, files, order);
        }
    }
}

/// Whether a path fits a pattern in which `*` stands for any part of one name.
fn fits(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((before, after)) => path.strip_prefix(before).is_some_and(|rest| {
            let name = rest.split('/').next().unwrap_or_default().len();
            (0..=name)
                .filter(|at| rest.is_char_boundary(*at))
                .any(|at| rest.get(at..).is_some_and(|rest| fits(after, rest)))
        }),
    }
}

/// The host's own, if it has one.
pub(super) fn of_host() -> Option<Proxy> {
    let root = Path::new(FOLDER);
    let mut texts: Texts = Vec::new();
    let mut open = vec![root.join(MAIN)];
    while let Some(path) = open.pop() {
        let name: Arc<str> = Arc::from(path.to_string_lossy());
        if texts.len() >= MOST_FILES || texts.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let Ok(bytes) = read_small(&path) else { continue };
        let includes = NginxConf::parse(&bytes).includes;
        open.extend(includes.iter().flat_map(|pattern| expand(&root.join(pattern))));
        texts.push((name, bytes));
    }
    (!texts.is_empty()).then(|| Proxy::of(texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_are_followed_within_the_archive() {
        let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        let files = [
            file("nginx/nginx.conf", "http { include /etc/nginx/conf.d/*.conf; include mime.types; }"),
            file("nginx/conf.d/shop.conf", "server { location / { proxy_pass http://api:1; } }"),
            file("nginx/conf.d/old.conf.bak", "server { location / { proxy_pass http://old:1; } }"),
            file("nginx/mime.types", "types {}"),
        ];
        let container = Container { name: Arc::from("web"), ..Container::default() };
        let Proxy { conf, texts } = of_files(&container, &files);
        assert_eq!(texts.len(), 3);
        assert_eq!(conf.passes.len(), 1);
        assert_eq!(conf.passes[0].at.to_string(), "web:/etc/nginx/conf.d/shop.conf:1");
    }

    #[test]
    fn a_star_stands_for_a_part_of_one_name() {
        assert!(fits("conf.d/*.conf", "conf.d/a.conf") && fits("a*b*c", "aXbYc") && fits("x", "x"));
        assert!(!fits("conf.d/*.conf", "conf.d/b/a.conf") && !fits("*.conf", "a.conf.bak"));
    }
}
