//! Where an nginx passes requests to: servers, groups and passes with their lines. What its logs are is `nginx_conf`'s; both
//! share one reading of words.

use std::sync::Arc;

use lastgood_model::Ref;
use lastgood_model::stack::{Pass, ProxyConf, UpstreamGroup, VirtualServer};

use crate::nginx_conf::{Token, Tokens};

/// Directives that pass requests on, and the ports of their schemes where none is written.
const PASSES: [(&str, Option<u16>); 5] =
    [("proxy_pass", None), ("fastcgi_pass", None), ("uwsgi_pass", None), ("scgi_pass", None), ("grpc_pass", Some(80))];

/// What is included is relative to it.
const FOLDER: &str = "/etc/nginx/";

/// Reads configuration files, in the order in which nginx would; each with the name that it is shown under.
#[must_use]
pub fn routes<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> ProxyConf {
    let files: Vec<(Arc<str>, &[u8])> = files.into_iter().map(|(path, text)| (Arc::from(path), text)).collect();
    let mut reader = Reader { files: &files, conf: ProxyConf::default() };
    for (path, text) in &files {
        reader.file(path, text);
    }
    reader.conf
}

struct Reader<'f> {
    files: &'f [(Arc<str>, &'f [u8])],
    conf: ProxyConf,
}

/// A block that is open.
enum Block {
    Server {
        names: Vec<Arc<str>>,
        ports: Vec<u16>,
        at: Ref,
        first_pass: usize,
    },
    Group(UpstreamGroup),
    Location(Arc<str>),
    /// `set $name value;` counts in it, and what stands in it is told of what is around.
    Other,
}

impl Reader<'_> {
    fn file(&mut self, path: &Arc<str>, text: &[u8]) {
        let (mut blocks, mut words): (Vec<Block>, Vec<String>) = (Vec::new(), Vec::new());
        let mut tokens = Tokens::new(text);
        let mut begun = 1;
        while let Some(token) = tokens.next() {
            let at = Ref::Text { file: Arc::clone(path), line: begun };
            match token {
                Token::Word(word) => {
                    if words.is_empty() {
                        begun = tokens.line();
                    }
                    words.push(word);
                }
                Token::End => self.directive(&std::mem::take(&mut words), &mut blocks, &at),
                Token::Open => blocks.push(self.opened(&std::mem::take(&mut words), at)),
                Token::Close => {
                    words.clear();
                    if let Some(block) = blocks.pop() {
                        self.closed(block);
                    }
                }
            }
        }
        // A file that is cut off, or a part of another one, still says what it says.
        while let Some(block) = blocks.pop() {
            self.closed(block);
        }
    }

    fn opened(&self, words: &[String], at: Ref) -> Block {
        match words {
            [name, group] if name == "upstream" => {
                Block::Group(UpstreamGroup { name: Arc::from(group.as_str()), servers: Vec::new() })
            }
            [name] if name == "server" => {
                Block::Server { names: Vec::new(), ports: Vec::new(), at, first_pass: self.conf.passes.len() }
            }
            [name, pattern @ ..] if name == "location" => Block::Location(pattern.join(" ").into()),
            _ => Block::Other,
        }
    }

    fn directive(&mut self, words: &[String], blocks: &mut [Block], at: &Ref) {
        let Some((name, arguments)) = words.split_first() else { return };
        let Some(first) = arguments.first() else { return };
        if let Some((_, usual)) = PASSES.iter().find(|(pass, _)| pass == name) {
            let location = blocks.iter().rev().find_map(|block| match block {
                Block::Location(pattern) => Some(Arc::clone(pattern)),
                _ => None,
            });
            self.conf.passes.extend(pass(first, *usual, location.unwrap_or_default(), at.clone()));
            return;
        }
        match (blocks.last_mut(), name.as_str()) {
            (Some(Block::Group(group)), "server") => add(group, first, at.clone()),
            // A part of a group may stand in a file of its own.
            (Some(Block::Group(group)), "include") => self.included(first, group),
            (Some(Block::Server { names, .. }), "server_name") => {
                names.extend(arguments.iter().map(|name| Arc::from(name.as_str())));
            }
            (Some(Block::Server { ports, .. }), "listen") => ports.extend(port_of(first)),
            _ => {}
        }
    }

    fn included(&self, pattern: &str, group: &mut UpstreamGroup) {
        let whole = if pattern.starts_with('/') { pattern.to_owned() } else { format!("{FOLDER}{pattern}") };
        // What stands in a container is shown behind its name.
        let is_it =
            |path: &str| path.strip_suffix(&*whole).is_some_and(|before| before.is_empty() || before.ends_with(':'));
        for (path, text) in self.files.iter().filter(|(path, _)| is_it(path)) {
            let (mut tokens, mut words, mut begun) = (Tokens::new(text), Vec::new(), 1);
            while let Some(token) = tokens.next() {
                match token {
                    Token::Word(word) => {
                        if words.is_empty() {
                            begun = tokens.line();
                        }
                        words.push(word);
                    }
                    _ => {
                        if let [name, server, ..] = words.as_slice()
                            && name == "server"
                        {
                            add(group, server, Ref::Text { file: Arc::clone(path), line: begun });
                        }
                        words.clear();
                    }
                }
            }
        }
    }

    fn closed(&mut self, block: Block) {
        match block {
            Block::Group(group) => self.conf.groups.push(group),
            Block::Server { names, ports, at, first_pass } => {
                // The name may stand behind what it serves.
                let name = names.first().cloned().unwrap_or_default();
                for pass in self.conf.passes.iter_mut().skip(first_pass) {
                    pass.server = Arc::clone(&name);
                }
                let ports = if ports.is_empty() { vec![80] } else { ports };
                self.conf.servers.push(VirtualServer { names, ports, at });
            }
            Block::Location(_) | Block::Other => {}
        }
    }
}

/// A server of a group; a socket in the file system is asked by no name.
fn add(group: &mut UpstreamGroup, server: &str, at: Ref) {
    if !server.starts_with("unix:") {
        group.servers.push((Arc::from(server), at));
    }
}

/// `http://api:8000/x`, `api:9000`, `http://$upstream`; a socket in the file system is asked by no name.
fn pass(text: &str, usual: Option<u16>, location: Arc<str>, at: Ref) -> Option<Pass> {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let place = rest.split('/').next()?;
    if place.is_empty() || place.starts_with("unix:") {
        return None;
    }
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (place, None),
    };
    let of_scheme = match scheme {
        Some("http" | "grpc") => Some(80),
        Some("https" | "grpcs") => Some(443),
        _ => usual,
    };
    let is_variable = place.contains('$');
    let port = port.or(of_scheme);
    Some(Pass { host: Arc::from(host), port, location, server: Arc::from(""), is_variable, at })
}

/// `80`, `127.0.0.1:80`, `[::]:443`; an address alone listens on 80.
fn port_of(listen: &str) -> Option<u16> {
    if listen.starts_with("unix:") {
        return None;
    }
    let last = listen.rsplit(':').next()?;
    Some(last.parse().unwrap_or(80))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &[u8] = b"http {\n  upstream api {\n    server backend:8000 weight=2;\n    server unix:/run/a.sock;\n  }\n  server {\n    listen 80;\n    listen [::]:8080;\n    location /v1/ {\n      proxy_pass http://api;\n    }\n    location / {\n      proxy_pass\n        https://frontend;\n    }\n    location /var/ { set $up x; proxy_pass http://$up:90/; }\n    location ~ \\.php$ { fastcgi_pass php:9000; }\n    server_name shop.example;\n  }\n}\n";

    #[test]
    fn groups_and_passes_know_their_lines() {
        let conf = routes([("nginx.conf", CONF)]);
        let shown: Vec<_> = conf
            .passes
            .iter()
            .map(|pass| (&*pass.host, pass.port, &*pass.location, &*pass.server, pass.is_variable, pass.at.to_string()))
            .collect();
        let server = "shop.example";
        assert_eq!(
            shown,
            [
                ("api", Some(80), "/v1/", server, false, "nginx.conf:10".to_owned()),
                ("frontend", Some(443), "/", server, false, "nginx.conf:13".to_owned()),
                ("$up", Some(90), "/var/", server, true, "nginx.conf:16".to_owned()),
                ("php", Some(9000), "~ \\.php$", server, false, "nginx.conf:17".to_owned()),
            ]
        );
        assert_eq!(conf.groups[0].servers.len(), 1);
        assert_eq!(conf.groups[0].servers[0].1.to_string(), "nginx.conf:3");
        assert_eq!(conf.servers[0].ports, [80, 8080]);
    }

    #[test]
    fn a_group_may_stand_in_a_file_of_its_own() {
        let conf = b"upstream api {\n include lastgood/api.conf;\n include /etc/nginx/lastgood/more.conf;\n}";
        let files = [
            ("web:/etc/nginx/nginx.conf", conf.as_slice()),
            ("web:/etc/nginx/lastgood/api.conf", b"# x\nserver api:8000 weight=2; server unix:/a;".as_slice()),
            ("web:/etc/nginx/lastgood/more.conf", b"server api:8001;".as_slice()),
            ("web:/etc/nginx/other/api.conf", b"server other:1;".as_slice()),
        ];
        let servers: Vec<String> =
            routes(files).groups[0].servers.iter().map(|(server, at)| format!("{server} {at}")).collect();
        assert_eq!(
            servers,
            ["api:8000 web:/etc/nginx/lastgood/api.conf:2", "api:8001 web:/etc/nginx/lastgood/more.conf:1"]
        );
    }

    #[test]
    fn a_part_of_a_file_says_what_it_says() {
        let conf = routes([
            ("a.conf", b"location / { proxy_pass http://a:1;".as_slice()),
            ("b.conf", b"proxy_pass b:2".as_slice()),
        ]);
        assert_eq!(conf.passes.len(), 1);
        assert_eq!(routes([("c.conf", b"}};{".as_slice())]), ProxyConf::default());
    }
}
