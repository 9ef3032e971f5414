//! The part of a case that holds a stack: what the engine answered, what Compose makes of its files, the files themselves, and
//! what is known of processes. Every value is masked on its way.

use std::collections::HashSet;
use std::net::IpAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use lastgood_model::{Ref, Stack};
use serde::Serialize;

use super::Writing;
use crate::case::CaseFile;
use crate::case::host::{HOST, HostFacts};
use crate::case::probes::{PROBES, ProbeFacts};
use crate::case::stack::{
    COMPOSE_FILE, DOCKER, DOCKERFILE, DockerfileFacts, EnvFileFacts, MountFacts, PROCESSES, PROGRAMS, PROJECT,
    ProcessFacts, ProgramFacts, Project, RESOLVED,
};
use crate::pipeline::stack::{FoundProgram, Looked};
use crate::privacy::bodies::{masked, masked_answer, variable};

/// The stack's own addresses: what they belong to is told by the answers, and they are nobody's.
pub(super) fn own_addresses(stack: &Stack) -> HashSet<IpAddr> {
    let snapshot = stack.snapshot.iter();
    let attachments =
        snapshot.clone().flat_map(|snapshot| &snapshot.containers).flat_map(|container| &container.attachments);
    let of_containers = attachments.flat_map(|attachment| [&attachment.address, &attachment.gateway]);
    let of_networks = snapshot.flat_map(|snapshot| &snapshot.networks).flat_map(|network| {
        let first = |subnet: &Arc<str>| Arc::from(subnet.split('/').next().unwrap_or_default());
        network.gateways.iter().cloned().chain(network.subnets.iter().map(first))
    });
    of_containers.cloned().chain(of_networks).filter_map(|text: Arc<str>| text.parse().ok()).collect()
}

impl Writing {
    /// Writes it; nothing if no stack was seen.
    pub(super) fn stack(&mut self, looked: &Looked, call: &str) -> std::io::Result<Vec<CaseFile>> {
        let mut files = Vec::new();
        for (place, body) in &looked.kept {
            let body = masked(body, &mut self.stand_ins);
            files.push(self.part(&format!("{DOCKER}/{place}"), &body)?);
        }
        if let Some(snapshot) = &looked.stack.snapshot {
            let read_at = |name: &Arc<str>| {
                looked.stack.proxies.iter().find(|proxy| proxy.container.as_ref() == Some(name))?.read_at
            };
            let processes: Vec<ProcessFacts> = snapshot
                .containers
                .iter()
                .map(|container| ProcessFacts::of(container, read_at(&container.name)))
                .collect();
            files.push(self.json(PROCESSES, &processes)?);
        }
        if !looked.programs.is_empty() {
            let program = |found: &FoundProgram| ProgramFacts {
                image: found.image.to_string(),
                path: found.path.to_string(),
                architecture: found.architecture.to_string(),
                module: found.is_module,
            };
            files.push(self.json(PROGRAMS, &looked.programs.iter().map(program).collect::<Vec<_>>())?);
        }
        if looked.has_host {
            let own = looked.stack.proxies.iter().find(|proxy| proxy.container.is_none());
            files.push(self.json(HOST, &HostFacts::of(&looked.stack.host, own.and_then(|proxy| proxy.read_at)))?);
        }
        if let Some(resolved) = &looked.resolved {
            let body = masked_answer(resolved, &mut self.stand_ins);
            files.push(self.part(RESOLVED, &body)?);
        }
        let desired = looked.stack.desired.as_ref();
        if desired.is_some() || looked.stack.refused.is_some() {
            let mut mask = |key: &str, value: &str| variable(key, value, &mut self.stand_ins);
            let env_files = looked.stack.env_files.iter().map(|file| EnvFileFacts::of(file, &mut mask)).collect();
            let project = Project {
                folder: desired.map(|desired| desired.folder.to_string()).unwrap_or_default(),
                files: desired.iter().flat_map(|desired| &desired.files).map(ToString::to_string).collect(),
                call: call.to_owned(),
                refused: looked.stack.refused.as_deref().map(str::to_owned),
                env_files,
                dockerfiles: looked.stack.dockerfiles.iter().map(DockerfileFacts::of).collect(),
                mount_sources: looked.stack.mount_sources.iter().map(MountFacts::of).collect(),
                logins: looked.stack.snapshot.iter().flat_map(|all| &all.logins).map(ToString::to_string).collect(),
            };
            files.push(self.json(PROJECT, &project)?);
        }
        if !looked.stack.probes.is_empty() {
            let mut mask = |text: &str| self.text(text);
            let probes: Vec<ProbeFacts> =
                looked.stack.probes.iter().map(|probed| ProbeFacts::of(probed, &mut mask)).collect();
            files.push(self.json(PROBES, &probes)?);
        }
        let is_dockerfile = |name: &Arc<str>| {
            let is_compose = desired.is_some_and(|desired| desired.files.contains(name));
            !is_compose && looked.stack.dockerfiles.iter().any(|(_, dockerfile)| dockerfile.path == *name)
        };
        for (name, text) in looked.texts.iter().filter(|(name, _)| is_dockerfile(name)) {
            let mut out = Vec::with_capacity(text.len());
            text.split_inclusive(|byte| *byte == b'\n').for_each(|line| self.stand_ins.line(line, &mut out));
            let place = self.places.plain("project", name);
            let format = DOCKERFILE.to_owned();
            files.push(CaseFile { original: name.to_string(), format, ..self.part(&place, &out)? });
        }
        let is_compose = |name: &Arc<str>| desired.is_some_and(|desired| desired.files.contains(name));
        for (name, text) in looked.texts.iter().filter(|(name, _)| is_compose(name)) {
            let text = self.compose_file(name, text, &looked.stack);
            let place = self.places.plain("project", name);
            let format = COMPOSE_FILE.to_owned();
            files.push(CaseFile { original: name.to_string(), format, ..self.part(&place, &text)? });
        }
        Ok(files)
    }

    /// A compose file, line for line; values of variables keep their structure only.
    fn compose_file(&mut self, name: &Arc<str>, text: &[u8], stack: &Stack) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        for (number, line) in (1_u64..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            let here = |at: &Ref| matches!(at, Ref::Text { file, line } if file == name && *line == number);
            let services = stack.desired.iter().flat_map(|desired| &desired.services);
            let keys =
                services.flat_map(|service| &service.environment_at).filter(|(_, at)| here(at)).map(|(key, _)| key);
            let mut line = String::from_utf8_lossy(line).into_owned();
            for key in keys {
                // What is interpolated stands in an environment file.
                if let Some(place) = value_of(key, &line)
                    && let Some(value) = line.get(place.clone()).filter(|value| !value.contains('$'))
                {
                    let masked = variable(key, value, &mut self.stand_ins);
                    line.replace_range(place, &masked);
                }
            }
            self.stand_ins.line(line.as_bytes(), &mut out);
        }
        out
    }

    fn json<T: Serialize>(&mut self, place: &str, value: &T) -> std::io::Result<CaseFile> {
        let bytes = serde_json::to_vec_pretty(value)?;
        self.part(place, &bytes)
    }

    fn part(&mut self, place: &str, bytes: &[u8]) -> std::io::Result<CaseFile> {
        self.folder.write(Path::new(place), bytes)?;
        self.captured.files += 1;
        Ok(CaseFile { path: place.to_owned(), original: place.to_owned(), ..CaseFile::default() })
    }
}

/// Where the value is in `KEY: value`, `- KEY=value` or `{ KEY: "value", … }`; `None` if it has none of its own. Where its end cannot be
/// told, all that follows is the value.
fn value_of(key: &str, line: &str) -> Option<Range<usize>> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let whole = |at: &usize| {
        let after = line.get(at + key.len()..).unwrap_or_default().trim_start_matches(['"', '\'', ' ']);
        !line.get(..*at).unwrap_or_default().ends_with(is_name) && after.starts_with([':', '='])
    };
    let at = line.match_indices(key).map(|(at, _)| at).find(whole)? + key.len();
    let (front, rest) = line.split_at_checked(at)?;
    let value = rest.trim_start_matches(['"', '\'', ':', '=', ' ']);
    let start = line.len() - value.len();
    let quote = line.get(..start)?.chars().next_back().filter(|last| matches!(last, '"' | '\''));
    let end = match quote {
        Some(quote) => closing(value, quote).unwrap_or(value.len()),
        None if front.contains('{') => value.find([',', '}']).unwrap_or(value.len()),
        None => value.len(),
    };
    let value = value.get(..end)?;
    let value = if quote.is_some() { value } else { value.trim_end().trim_end_matches(['"', '\'']) };
    let value = value.trim_end_matches(['\r', '\n']);
    (!value.is_empty()).then(|| start..start + value.len())
}

/// The quote that ends a quoted text, which begins behind the one that opens it.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    let mut all = text.char_indices().peekable();
    while let Some((at, c)) = all.next() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote && quote == '\'' && all.peek().is_some_and(|(_, next)| *next == '\'') => escaped = true,
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_yaml_ends_it() {
        for (key, line, wanted) in [
            ("TZ", "      TZ: UTC\n", "UTC"),
            ("TZ", "      - TZ=UTC here \n", "UTC here"),
            ("TZ", "      - \"TZ=UTC\"\n", "UTC"),
            ("TZ", "    environment: { TZ: \"UTC\" }\n", "UTC"),
            ("TZ", "    environment: { TZ: UTC, URL: 'it''s, }' }\n", "UTC"),
            ("URL", "    environment: { TZ: UTC, URL: 'it''s, }' }\n", "it''s, }"),
            ("URL", "    environment: { REDIS_URL: \"a\", URL: \"b\\\"c\" }\n", "b\\\"c"),
            ("PASSWORD", "      \"PASSWORD\": \"open, and so on\n", "open, and so on"),
        ] {
            assert_eq!(value_of(key, line).map(|place| &line[place]), Some(wanted), "{line}");
        }
        assert_eq!(value_of("TZ", "      - TZ\n"), None, "it comes from elsewhere");
        assert_eq!(value_of("TZ", "      TZ:\n"), None);
        assert_eq!(value_of("URL", "      REDIS_URL: a\n"), None, "another key");
    }
}
