//! What `init --nginx` prints: what has to be done once, so that nginx can be told where a service is. What it says stands in `words`.

use lastgood_model::desired::Desired;
use lastgood_model::topology::{ComponentKind, Edge, Via};
use lastgood_model::{Ref, Stack, Topology};

use super::quote::clean;
use crate::rollout::include::MARKER;
use crate::words::Lang;

/// Where includes are, for an nginx that includes them.
const FOLDER: &str = "/etc/nginx/lastgood";
/// Where they are in a project.
const OF_PROJECT: &str = "lastgood/nginx";

/// What has to be done for one service and one nginx.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    service: String,
    project: String,
    /// The nginx in the stack, by its service; `None`: the machine's own.
    proxy: Option<String>,
    /// The compose file that it is declared in.
    compose: String,
    /// Lines of the include.
    servers: Vec<String>,
    /// Where the service is named now, and in which `upstream`, if it is in one.
    places: Vec<(String, Option<String>)>,
    /// It was done.
    pub done: bool,
}

/// What has to be done for a service, or for all that an nginx passes requests to. `line` is what stands at a reference.
pub fn patches(
    stack: &Stack,
    topology: &Topology,
    only: Option<&str>,
    line: &dyn Fn(&Ref) -> Option<String>,
) -> Vec<Patch> {
    let Some(desired) = &stack.desired else { return Vec::new() };
    let mut found: Vec<Patch> = Vec::new();
    for edge in topology.edges.iter().filter(|edge| edge.via == Via::Proxy) {
        let (Some(from), Some(to)) = (topology.components.get(edge.from), edge.to) else { continue };
        let to = topology.components.get(to).filter(|to| desired.service(&to.name).is_some());
        let Some(to) = to.filter(|to| only.is_none_or(|only| *to.name == *only)) else { continue };
        // Somebody else's is not ours to change.
        if from.foreign.is_some() || from.kind != ComponentKind::Proxy {
            continue;
        }
        let proxy = from.container.as_ref().map(|_| from.name.to_string());
        let known = found.iter().position(|patch| patch.service == *to.name && patch.proxy == proxy);
        let at = known.unwrap_or(found.len());
        if known.is_none() {
            found.push(Patch::of(desired, &to.name, proxy));
        }
        if let Some(patch) = found.get_mut(at) {
            patch.add(edge, stack, line);
        }
    }
    found
}

impl Patch {
    fn of(desired: &Desired, service: &str, proxy: Option<String>) -> Self {
        Self {
            service: service.to_owned(),
            project: desired.project.to_string(),
            proxy,
            compose: desired.files.first().map_or_else(|| "compose.yaml".to_owned(), ToString::to_string),
            servers: Vec::new(),
            places: Vec::new(),
            done: false,
        }
    }

    fn add(&mut self, edge: &Edge, stack: &Stack, line: &dyn Fn(&Ref) -> Option<String>) {
        let Some(at) = &edge.at else { return };
        let shown = at.to_string();
        self.done |= shown.contains(&format!("{}:", self.seen()));
        let mut groups = stack.proxies.iter().flat_map(|conf| &conf.groups);
        let group = groups.find(|group| group.servers.iter().any(|(_, place)| place == at));
        // With its parameters, where it stands on a line of its own.
        let written = line(at).map(|text| text.trim().to_owned());
        let written = written.filter(|text| group.is_some() && text.starts_with("server ") && text.ends_with(';'));
        let server = written.unwrap_or_else(|| format!("server {};", edge.address));
        if !self.servers.contains(&server) {
            self.servers.push(server);
        }
        let place = (shown, group.map(|group| group.name.to_string()));
        if !self.places.contains(&place) {
            self.places.push(place);
        }
    }

    /// The include's name.
    fn file(&self) -> String {
        match self.proxy {
            Some(_) => format!("{}.conf", self.service),
            None => format!("{}-{}.conf", self.project, self.service),
        }
    }

    /// The include, as nginx sees it.
    fn seen(&self) -> String {
        format!("{FOLDER}/{}", self.file())
    }

    /// All of it, as people read it.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let words = lang.nginx_patch();
        let mut out = format!("{}\n", lang.nginx_patch_of(&self.service, self.proxy.as_deref()));
        if self.done {
            out += &format!("{}\n", words.done);
            return clean_lines(&out);
        }
        let mut number = 0;
        let mut step = |what: &str, lines: &[String]| {
            number += 1;
            out += &format!("\n{number}. {what}\n\n");
            lines.iter().for_each(|line| out += &format!("    {line}\n"));
        };
        let text = |line: &str| line.to_owned();
        if self.proxy.is_none() {
            step(
                words.folder,
                &[
                    format!("sudo install -d -m 755 -o \"$USER\" {FOLDER}"),
                    text(
                        "echo \"$USER ALL=(root) NOPASSWD: /usr/sbin/nginx -T, /usr/sbin/nginx -s reload\" | sudo tee /etc/sudoers.d/lastgood",
                    ),
                ],
            );
        }
        let path = if self.proxy.is_some() { format!("{OF_PROJECT}/{}", self.file()) } else { self.seen() };
        let include: Vec<String> =
            [format!("{MARKER}{}", self.service)].into_iter().chain(self.servers.iter().cloned()).collect();
        step(&lang.new_file(&path), &include);
        if let Some(proxy) = &self.proxy {
            let mount = format!("      - ./{OF_PROJECT}:{FOLDER}:ro");
            step(
                &lang.one_mount(&self.compose, proxy),
                &[text("services:"), format!("  {proxy}:"), text("    volumes:"), mount],
            );
        }
        for (place, group) in &self.places {
            let name = group.as_ref().unwrap_or(&self.service);
            let mut lines = vec![format!("upstream {name} {{"), format!("    include {};", self.seen()), text("}")];
            if group.is_none() {
                lines.extend([text("…"), format!("proxy_pass http://{name};")]);
            }
            step(&lang.in_place_of(place, group.is_some()), &lines);
        }
        step("lastgood.toml", &[format!("[deploy.service.{}]", self.service), text("switch = \"proxy\"")]);
        out += &format!("\n{}\n", if self.proxy.is_some() { words.then_deploy } else { words.then_reload });
        clean_lines(&out)
    }
}

/// Names come from files: nothing that a terminal obeys.
fn clean_lines(text: &str) -> String {
    text.lines().map(|line| clean(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use lastgood_intake::nginx_routes::routes;
    use lastgood_model::Snapshot;
    use lastgood_model::desired::Service;
    use lastgood_model::snapshot::Container;
    use lastgood_model::stack::ProxyConf;

    use super::*;

    fn seen(conf: &str, include: &str) -> Stack {
        let service = |name: &str| Service { name: name.into(), ..Service::default() };
        let container = |name: &str| Container {
            name: format!("shop-{name}-1").into(),
            project: Some("shop".into()),
            service: Some(name.into()),
            ..Container::default()
        };
        let files = [
            ("shop-web-1:/etc/nginx/conf.d/default.conf", conf.as_bytes()),
            ("shop-web-1:/etc/nginx/lastgood/app.conf", include.as_bytes()),
        ];
        let desired = Desired {
            project: "shop".into(),
            files: vec!["compose.prod.yaml".into()],
            services: vec![service("web"), service("app")],
            ..Desired::default()
        };
        Stack {
            desired: Some(desired),
            snapshot: Some(Snapshot { containers: vec![container("web"), container("app")], ..Snapshot::default() }),
            proxies: vec![ProxyConf { container: Some("shop-web-1".into()), ..routes(files) }],
            ..Stack::default()
        }
    }

    fn said(conf: &str, include: &str, lang: Lang) -> String {
        let stack = seen(conf, include);
        let line = |at: &Ref| match at {
            Ref::Text { line, .. } => conf.lines().nth(usize::try_from(*line).unwrap() - 1).map(str::to_owned),
            _ => None,
        };
        let found = patches(&stack, &lastgood_diagnose::topology::build(&stack), Some("app"), &line);
        assert_eq!(found.len(), 1);
        assert!(patches(&stack, &lastgood_diagnose::topology::build(&stack), Some("web"), &line).is_empty());
        found[0].text(lang)
    }

    #[test]
    fn servers_move_into_the_include() {
        let conf = "upstream backend {\n  server app:8000 max_fails=2;\n}\nserver { location / { proxy_pass http://backend; } }\n";
        for lang in [Lang::En, Lang::Ko] {
            let text = said(conf, "", lang);
            for part in [
                "lastgood/nginx/app.conf",
                "    # lastgood: app\n    server app:8000 max_fails=2;\n",
                "      - ./lastgood/nginx:/etc/nginx/lastgood:ro",
                "shop-web-1:/etc/nginx/conf.d/default.conf:2",
                "    upstream backend {\n        include /etc/nginx/lastgood/app.conf;\n    }\n",
                "    [deploy.service.app]\n    switch = \"proxy\"\n",
                "compose.prod.yaml",
            ] {
                assert!(text.contains(part), "no {part}: {text}");
            }
        }
        let include = "# lastgood: app\nserver app:8000;\n";
        let conf =
            "upstream backend { include lastgood/app.conf; } server { location / { proxy_pass http://backend; } }";
        assert_eq!(said(conf, include, Lang::En).lines().count(), 2);
    }

    #[test]
    fn a_pass_gets_an_upstream() {
        let text = said("server { location / {\n proxy_pass http://app:8000/; } }", "", Lang::En);
        assert!(text.contains("server app:8000;\n") && text.contains("    …\n    proxy_pass http://app;\n"), "{text}");
    }
}
