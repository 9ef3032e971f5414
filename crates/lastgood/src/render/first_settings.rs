//! The `lastgood.toml` that `init` writes: comments, and settings that are off until somebody takes their `#` away. What they
//! say stands in `words`.

use lastgood_model::Desired;
use lastgood_model::check::Finding;
use lastgood_model::stack::Dockerfile;

use super::layout::wrap;
use super::quote::clean;
use crate::words::Lang;

/// Columns of a comment, without its sign.
const WIDTH: usize = 98;

/// What teams do on purpose; the rest is there to be mended.
const MEANT: &[&str] = &["gateway-address", "floating-tag", "database-published", "no-restart", "login-missing"];

/// A service that is built.
#[derive(Clone, Copy, Debug)]
pub struct Built<'a> {
    /// Its name.
    pub service: &'a str,
    /// Its Dockerfile, if that could be read.
    pub dockerfile: Option<&'a Dockerfile>,
    /// For which machine, in Docker's words.
    pub target: Option<&'a str>,
}

/// What is known when it is written.
#[derive(Clone, Debug)]
pub struct FirstSettings<'a> {
    /// The project.
    pub project: Option<&'a Desired>,
    /// Services that are built.
    pub built: Vec<Built<'a>>,
    /// What this machine is, in Docker's words.
    pub machine: Option<&'a str>,
    /// What `check` finds now.
    pub findings: &'a [Finding],
    /// Language of the comments.
    pub lang: Lang,
    /// The language that was asked for, if one was: it is meant for good.
    pub asked: Option<Lang>,
}

/// Log in, and use what that gives.
const SMOKE: &str = r##"#[[deploy.smoke]]
#name = "login"
#url = "http://backend:8000/auth/login"
#method = "POST"
#header = { Accept = "application/json" }
#body = '{"username": "smoke", "password": "${SMOKE_PASSWORD}"}'
#status = 200
#expect = { token_type = "bearer" }
#save = { token = "access_token" }
#within = "10s"
#[[deploy.smoke]]
#name = "who am I"
#url = "http://backend:8000/users/me"
#header = { Authorization = "Bearer ${token}" }

"##;

/// The host's own nginx, where it is not the usual one.
const NGINX: &str = "#[deploy.nginx]\n#folder = \"/etc/nginx/lastgood\"\n#command = \"nginx\"\n#become = \"sudo -n\"\n#drain = \"30s\"\n\n";

/// An image without a Dockerfile.
const ARTIFACT: &str = r#"#[deploy.service.backend.artifact]
#base = "debian:trixie-slim"
#files = { "target/release/shop" = "/usr/local/bin/shop", "public" = "/srv/public" }
#entrypoint = ["shop"]
#command = ["--port", "8000"]

"#;

impl FirstSettings<'_> {
    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        let words = self.lang.first_settings();
        let mut out = String::new();
        let project = self.project.map(|project| (&*project.project, project.files.join(", ")));
        comment(&self.lang.settings_of(project.as_ref().map(|(name, files)| (*name, files.as_str()))), &mut out);
        comment(words.how, &mut out);
        out.push('\n');

        comment(words.lang, &mut out);
        let off = if self.asked.is_some() { "" } else { "#" };
        out += &format!("{off}lang = \"{}\"\n\n", self.asked.unwrap_or(self.lang).name());

        comment(words.target, &mut out);
        out += "#[target.prod]\n#host = \"me@vm\"\n#path = \"/srv/shop\"\n";
        comment(words.environment, &mut out);
        out += "#env_file = \".env.prod\"\n\n";

        self.development(&mut out);

        comment(words.bake, &mut out);
        out += "#[deploy]\n#test = \"make test\"\n#hook.before = \"./tell starts\"\n#hook.after = \"./tell $LASTGOOD_EXIT\"\n#hook.before_switch = { service = \"backend\", run = [\"./manage.py\", \"collectstatic\"] }\n#hook.after_switch = { service = \"backend\", run = [\"./manage.py\", \"clear_cache\"] }\n#build.on = \"target\"\n#hold = \"3s\"\n#bake = \"30s\"\n#guard = true\n\n";
        comment(words.services, &mut out);
        out += "#[deploy.service.backend]\n#switch = \"recreate\"\n#candidate = true\n#health = \"/health\"\n#port = 8000\n#start = \"60s\"\n\n";
        comment(words.artifact, &mut out);
        out += ARTIFACT;
        comment(words.nginx, &mut out);
        out += NGINX;
        comment(words.migrate, &mut out);
        out += "#[deploy.migrate]\n#service = \"backend\"\n#up = [\"alembic\", \"upgrade\", \"head\"]\n";
        out += "#down = [\"alembic\", \"downgrade\", \"3f2a91c0\"]\n#compatible = false\n\n";
        comment(words.smoke, &mut out);
        out += SMOKE;
        comment(words.accept, &mut out);
        let known = self.findings.iter().find(|finding| MEANT.contains(&finding.flaw.code()));
        let code = known.map_or("gateway-address", |finding| finding.flaw.code());
        let component = known.map_or("backend", |finding| &finding.component);
        out += &format!("#[[check.accept]]\n#code = {}\n#component = {}\n", quoted(code), quoted(component));
        if known.is_none() {
            out += "#keys = [\"KVS_HOST\"]\n";
        }
        out += &format!("#reason = {}\n\n", quoted(words.reason));

        comment(words.formats, &mut out);
        out += "#[formats]\n#shop = '$remote_addr [$time_local] \"$request\" $status'\n";
        out += "#[[logs]]\n#path = \"logs/shop-*.log\"\n#format = \"shop\"\n";
        out
    }

    /// Where images are built. It has to be said where that is another kind of machine than the one they are for.
    fn development(&self, out: &mut String) {
        let words = self.lang.first_settings();
        for built in &self.built {
            let steps = built.dockerfile.map_or(0, |dockerfile| dockerfile.run_lines.len());
            let file = built.dockerfile.map(|dockerfile| &*dockerfile.path);
            comment(&self.lang.is_built(built.service, file, steps, built.target), out);
        }
        comment(words.development, out);
        let differs = self.built.iter().any(|built| built.target.is_some() && built.target != self.machine);
        match self.machine.filter(|_| differs) {
            Some(machine) => *out += &format!("[dev]\narch = {}\n\n", quoted(machine)),
            None => *out += &format!("#[dev]\n#arch = {}\n\n", quoted(self.machine.unwrap_or("amd64"))),
        }
    }
}

/// Names come from files: one line, and nothing that a terminal obeys.
fn comment(text: &str, out: &mut String) {
    for line in wrap(&clean(text), WIDTH) {
        *out += &format!("# {line}\n");
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(clean(text)).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lastgood_model::check::{Flaw, Severity};

    use super::*;
    use crate::settings::is_understood;
    use crate::settings::keys::KEYS;

    fn uncommented(text: &str) -> String {
        let line = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest.to_owned(),
            _ => line.to_owned(),
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    fn written(lang: Lang, asked: Option<Lang>, machine: &str, findings: &[Finding]) -> String {
        let desired =
            Desired { project: Arc::from("shop"), files: vec![Arc::from("compose.yaml")], ..Desired::default() };
        let dockerfile =
            Dockerfile { path: Arc::from("web/Dockerfile"), run_lines: vec![3, 4], ..Dockerfile::default() };
        let built = |service, dockerfile| Built { service, dockerfile, target: Some("amd64") };
        FirstSettings {
            project: Some(&desired),
            built: vec![built("web", Some(&dockerfile)), built("api\n[dev]", None)],
            machine: Some(machine),
            findings,
            lang,
            asked,
        }
        .text()
    }

    #[test]
    fn it_is_understood_as_it_is_and_with_everything_switched_on() {
        let finding = |component: &str| Finding {
            flaw: Flaw::FloatingTag { image: Arc::from("x") },
            severity: Severity::WorthKnowing,
            component: Arc::from(component),
            refs: Vec::new(),
            accepted: None,
        };
        for lang in [Lang::En, Lang::Ko] {
            for asked in [None, Some(lang)] {
                for findings in [vec![], vec![finding("we\"b\\")]] {
                    let text = written(lang, asked, "arm64", &findings);
                    assert!(is_understood(&text), "{text}");
                    assert!(is_understood(&uncommented(&text)), "{text}");
                }
            }
        }
    }

    #[test]
    fn what_is_seen_stands_in_it() {
        let text = written(Lang::En, None, "amd64", &[]);
        for part in ["shop (compose.yaml)", "web/Dockerfile", "\n#arch = \"amd64\"", "\n#lang = \"en\""] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let text = written(Lang::Ko, Some(Lang::Ko), "arm64", &[]);
        assert!(text.contains("\narch = \"arm64\"") && text.contains("\nlang = \"ko\""), "{text}");
        assert!(text.lines().all(|line| line.len() < 200));
    }

    #[test]
    fn every_key_is_named_once_switched_on() {
        let text = uncommented(&written(Lang::En, None, "amd64", &[]));
        for key in KEYS {
            let last = key.rsplit('.').next().unwrap_or_default();
            assert!(last == "*" || text.contains(&format!("{last} = ")), "{key}: {text}");
        }
    }
}
