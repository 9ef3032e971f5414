//! Who answers a route behind the proxy, by the proxy's own configuration: the container that wrote the access line, and the
//! place in its files that passes such a path on. Not what is wrong with it.

use std::sync::Arc;

use lastgood_model::Ref;
use lastgood_model::snapshot::Container;
use lastgood_model::stack::{Pass, ProxyConf};

use crate::scene::Scene;
use crate::stack_scene::StackScene;

/// A proxy, and where it passes a route to.
pub struct Passed<'a> {
    /// The proxy's container.
    pub proxy: &'a Container,
    /// The component that it is.
    pub component: Arc<str>,
    /// Its configuration, and the place in it; `None` if it answers itself, or that is not known.
    pub pass: Option<&'a Pass>,
}

impl<'a> Passed<'a> {
    /// How the paths of a scene are passed on; `None` if nobody knows who wrote its lines.
    #[must_use]
    pub fn of(scene: &Scene<'a>) -> Option<Self> {
        let stack = scene.stack?;
        let proxy = writer(scene, stack)?;
        let conf = stack.stack.proxies.iter().find(|conf| conf.container.as_ref() == Some(&proxy.name));
        let mut passes = scene.failing_paths().into_iter().map(|path| conf.and_then(|conf| pass_of(conf, &path)));
        let first = passes.next().flatten();
        // All of them one way, or it is not known which.
        let pass = first.filter(|first| passes.all(|pass| pass.is_some_and(|pass| pass.at == first.at)));
        Some(Self { proxy, component: stack.component(proxy), pass })
    }

    /// The component that is asked.
    #[must_use]
    pub fn asked(&self, stack: &StackScene<'_>) -> Option<Arc<str>> {
        let host = &self.pass?.host;
        let conf = stack.stack.proxies.iter().find(|conf| conf.container.as_ref() == Some(&self.proxy.name));
        let group = conf.and_then(|conf| conf.groups.iter().find(|group| group.name == *host));
        let server = group.and_then(|group| group.servers.first()).map(|(server, _)| server);
        let name = server.map_or(&**host, |server| server.rsplit_once(':').map_or(&**server, |(host, _)| host));
        stack.topology.components.get(stack.named(name)?).map(|known| Arc::clone(&known.name))
    }
}

/// The container that wrote the first line.
fn writer<'a>(scene: &Scene<'a>, stack: &StackScene<'a>) -> Option<&'a Container> {
    let Ref::Line { file, .. } = scene.catalogue.reference(scene.finding.first_bad.line) else { return None };
    let name = file.rsplit(['/', ':']).next()?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let name = name.strip_suffix(".log").unwrap_or(name);
    stack.containers().find(|container| &*container.name == name)
}

/// The pass whose plain location fits a path best; one by a pattern may take it, and is then not known.
fn pass_of<'c>(conf: &'c ProxyConf, path: &str) -> Option<&'c Pass> {
    let plain = |location: &str| location.strip_prefix("^~ ").unwrap_or(location).to_owned();
    let fits = conf.passes.iter().filter(|pass| path.starts_with(plain(&pass.location).as_str()));
    fits.filter(|pass| pass.location.starts_with('/') || pass.location.starts_with("^~ "))
        .max_by_key(|pass| pass.location.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_location_that_fits_is_taken() {
        let pass = |location: &str| Pass {
            host: Arc::from("app"),
            port: None,
            location: Arc::from(location),
            server: Arc::from("_"),
            is_variable: false,
            replaces: false,
            tells_host: true,
            tells_scheme: true,
            at: Ref::Text { file: Arc::from("x.conf"), line: 1 },
        };
        let conf = ProxyConf { passes: vec![pass("/"), pass("/api/"), pass("~ \\.php$")], ..ProxyConf::default() };
        let location = |path| pass_of(&conf, path).map(|pass| &*pass.location);
        assert_eq!(location("/api/orders"), Some("/api/"));
        assert_eq!(location("/about"), Some("/"));
        assert_eq!(location("about"), None);
    }
}
