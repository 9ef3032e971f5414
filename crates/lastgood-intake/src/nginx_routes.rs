//! Where an nginx passes requests to: servers, groups and passes with their lines. What its logs are is `nginx_conf`'s; both
//! share one reading of words.

use std::sync::Arc;

use lastgood_model::Ref;
use lastgood_model::stack::{Pass, ProxyConf, UpstreamGroup, VirtualServer};

use crate::nginx_conf::{Token, Tokens};

/// Directives that pass requests on, and the ports of their schemes where none is written.
const PASSES: [(&str, Option<u16>); 5] =
    [("proxy_pass", None), ("fastcgi_pass", None), ("uwsgi_pass", None), ("scgi_pass", None), ("grpc_pass", Some(80))];

/// Headers by which an application learns that users came over TLS.
const SCHEMES: [&str; 6] =
    ["X-Forwarded-Proto", "X-Forwarded-Ssl", "X-Forwarded-Scheme", "X-Scheme", "Front-End-Https", "Forwarded"];
/// What is included is relative to it.
const FOLDER: &str = "/etc/nginx/";

/// Reads configuration files, in the order in which nginx would; each with the name that it is shown under.
#[must_use]
pub fn routes<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> ProxyConf {
    let files: Vec<(Arc<str>, &[u8])> = files.into_iter().map(|(path, text)| (Arc::from(path), text)).collect();
    let mut reader = Reader { files: &files, conf: ProxyConf::default(), tells: Vec::new(), outside: Tells::default() };
    for (path, text) in &files {
        reader.file(path, text);
    }
    for (pass, tells) in reader.conf.passes.iter_mut().zip(&reader.tells) {
        // Where a place says nothing, what is said around it counts; and that may be another file.
        let tells = tells.unwrap_or(reader.outside);
        (pass.tells_host, pass.tells_scheme) = (tells.host, tells.scheme);
    }
    reader.conf
}

struct Reader<'f> {
    files: &'f [(Arc<str>, &'f [u8])],
    conf: ProxyConf,
    /// Of each pass: what is told, where its own block or one around it says anything of headers.
    tells: Vec<Option<Tells>>,
    /// What a block around servers, or a file that is read into one, may tell.
    outside: Tells,
}

/// What of a request is passed on.
#[derive(Clone, Copy, Default)]
struct Tells {
    /// The host that users asked for.
    host: bool,
    /// Whether they came over TLS.
    scheme: bool,
}

/// What a block says of the headers that it passes on.
#[derive(Clone, Copy, Default)]
struct Headers {
    any: bool,
    tells: Tells,
    /// The first pass in it.
    first: usize,
}

/// A block that is open.
enum Block {
    Server {
        names: Vec<Arc<str>>,
        ports: Vec<u16>,
        secure: Vec<u16>,
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
        let mut headers = vec![Headers { first: self.conf.passes.len(), ..Headers::default() }];
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
                Token::End => {
                    let words = std::mem::take(&mut words);
                    if let Some(headers) = headers.last_mut() {
                        note_header(headers, &words, !blocks.is_empty());
                    }
                    self.directive(&words, &mut blocks, &at);
                }
                Token::Open => {
                    blocks.push(self.opened(&std::mem::take(&mut words), at));
                    headers.push(Headers { first: self.conf.passes.len(), ..Headers::default() });
                }
                Token::Close => {
                    words.clear();
                    if headers.len() > 1
                        && let Some(headers) = headers.pop()
                    {
                        self.told(headers, matches!(blocks.last(), Some(Block::Other)));
                    }
                    if let Some(block) = blocks.pop() {
                        self.closed(block);
                    }
                }
            }
        }
        // A file that is cut off, or a part of another one, still says what it says.
        while let Some(headers) = headers.pop() {
            self.told(headers, headers.first == 0 || blocks.is_empty());
        }
        while let Some(block) = blocks.pop() {
            self.closed(block);
        }
    }

    /// A block ends: of what passes in it, the innermost that says anything of headers has said it.
    fn told(&mut self, headers: Headers, is_around: bool) {
        self.tells.resize(self.conf.passes.len(), None);
        for tells in self.tells.iter_mut().skip(headers.first).filter(|tells| tells.is_none() && headers.any) {
            *tells = Some(headers.tells);
        }
        self.outside.host |= is_around && headers.tells.host;
        self.outside.scheme |= is_around && headers.tells.scheme;
    }

    fn opened(&self, words: &[String], at: Ref) -> Block {
        match words {
            [name, group] if name == "upstream" => {
                Block::Group(UpstreamGroup { name: Arc::from(group.as_str()), servers: Vec::new() })
            }
            [name] if name == "server" => Block::Server {
                names: Vec::new(),
                ports: Vec::new(),
                secure: Vec::new(),
                at,
                first_pass: self.conf.passes.len(),
            },
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
            (Some(Block::Server { ports, secure, .. }), "listen") => {
                ports.extend(port_of(first));
                secure.extend(port_of(first).filter(|_| arguments.iter().any(|argument| argument == "ssl")));
            }
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
            Block::Server { names, ports, secure, at, first_pass } => {
                // The name may stand behind what it serves.
                let name = names.first().cloned().unwrap_or_default();
                for pass in self.conf.passes.iter_mut().skip(first_pass) {
                    pass.server = Arc::clone(&name);
                }
                let ports = if ports.is_empty() { vec![80] } else { ports };
                self.conf.servers.push(VirtualServer { names, ports, secure, at });
            }
            Block::Location(_) | Block::Other => {}
        }
    }
}

/// Notes a header that is passed on. What is included may set it, too, and is not followed here.
fn note_header(headers: &mut Headers, words: &[String], in_block: bool) {
    match words {
        [name, header, ..] if name == "proxy_set_header" => {
            headers.any = true;
            headers.tells.host |= header.eq_ignore_ascii_case("host");
            headers.tells.scheme |= SCHEMES.iter().any(|scheme| header.eq_ignore_ascii_case(scheme));
        }
        [name, path] if name == "include" && in_block && may_set_headers(path) => {
            (headers.any, headers.tells) = (true, Tells { host: true, scheme: true });
        }
        _ => {}
    }
}

/// Whether an included file may say what is passed on: none of whole servers, of types, or of another protocol's parameters.
fn may_set_headers(path: &str) -> bool {
    let of_others = ["conf.d", "sites-enabled", "modules", "mime.types", "fastcgi", "uwsgi_params", "scgi_params"];
    !of_others.iter().any(|other| path.contains(other))
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
    let (place, path) = rest.split_once('/').map_or((rest, None), |(place, path)| (place, Some(path)));
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
    // With a variable in it, what is written is sent as it is.
    let replaces = path.is_some() && !text.contains('$');
    let server = Arc::from("");
    Some(Pass {
        host: Arc::from(host),
        port,
        location,
        server,
        is_variable,
        replaces,
        tells_host: true,
        tells_scheme: true,
        at,
    })
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
    fn what_is_passed_on_of_path_and_host_is_known() {
        let told = |conf: &str| {
            let conf = routes([("a.conf", conf.as_bytes())]);
            conf.passes.iter().map(|pass| (pass.replaces, pass.tells_host)).collect::<Vec<_>>()
        };
        assert_eq!(told("server { location /api/ { proxy_pass http://app:8000; } }"), [(false, false)]);
        assert_eq!(told("server { location /api/ { proxy_pass http://app:8000/; } }"), [(true, false)]);
        let own = "proxy_pass http://app; proxy_set_header X-A b;";
        assert_eq!(
            told(&format!("server {{ proxy_set_header Host $host; location / {{ {own} }} }}")),
            [(false, false)]
        );
        assert_eq!(
            told("server { proxy_set_header host $host; location / { proxy_pass http://app; } }"),
            [(false, true)]
        );
        assert_eq!(told("server { location / { proxy_pass http://app; include proxy_params; } }"), [(false, true)]);
        assert_eq!(told("server { location / { proxy_pass http://app; include snippets/x.conf; } }"), [(false, true)]);
        assert_eq!(told("server { location / { proxy_pass http://$up/; } }"), [(false, false)]);
        let files = [
            ("nginx.conf", b"http { proxy_set_header Host $host; include conf.d/*.conf; }".as_slice()),
            ("a.conf", b"server { location / { proxy_pass http://app; } }".as_slice()),
        ];
        assert!(routes(files).passes[0].tells_host, "what is around may stand in another file");
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

    #[test]
    fn what_is_passed_on_of_tls_is_known() {
        const CONF: &[u8] = b"server {\n  listen 80;\n  listen 443 ssl;\n  server_name a.example;\n  location /a/ { proxy_pass http://a; proxy_set_header X-Forwarded-Proto $scheme; }\n  location /b/ { proxy_pass http://b; proxy_set_header Host $host; }\n}\n";
        let conf = routes([("site.conf", CONF)]);
        assert_eq!(conf.passes.iter().map(|pass| pass.tells_scheme).collect::<Vec<_>>(), [true, false]);
        assert_eq!((&conf.servers[0].ports[..], &conf.servers[0].secure[..]), (&[80, 443][..], &[443][..]));
    }
}
