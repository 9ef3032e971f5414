//! Secrets that a stack itself tells: values of variables whose keys look secret, passwords in addresses, words of command
//! lines and health checks behind which a secret stands. They are known then, and taken out of what containers say.

use std::sync::Arc;

use lastgood_model::stack::EnvRole;
use lastgood_model::{Gap, GapKind, Secret, Stack};

use super::known::Known;
use super::secrets::{Why, is_secret_key, private};

/// Secrets that stand in what is declared, what runs, and the environment files.
#[must_use]
pub fn known(stack: &Stack) -> Known {
    let mut known = Known::default();
    for service in stack.desired.iter().flat_map(|desired| &desired.services) {
        service.environment.iter().for_each(|(key, value)| variable(key, value.as_ref(), &mut known));
        line(service.entrypoint.iter().flatten().chain(service.command.iter().flatten()), &mut known);
        line(service.healthcheck.iter().flat_map(|check| &check.test), &mut known);
    }
    for container in stack.snapshot.iter().flat_map(|snapshot| &snapshot.containers) {
        container.environment.iter().for_each(|(key, value)| variable(key, Some(value), &mut known));
        line(container.entrypoint.iter().chain(&container.command), &mut known);
        line(container.healthcheck.iter().flat_map(|check| &check.test), &mut known);
    }
    for image in stack.snapshot.iter().flat_map(|snapshot| &snapshot.images) {
        image.environment.iter().for_each(|(key, value)| variable(key, Some(value), &mut known));
        line(image.entrypoint.iter().chain(&image.command), &mut known);
    }
    // What an example holds is no secret but a word that says where one belongs.
    for file in stack.env_files.iter().filter(|file| file.role != EnvRole::Example) {
        file.entries.iter().for_each(|entry| variable(&entry.key, entry.value.as_ref(), &mut known));
    }
    known
}

fn variable(key: &str, value: Option<&Secret>, known: &mut Known) {
    let Some(text) = value.map(|value| value.expose().trim()) else { return };
    // The host of an address is said everywhere, whatever its key is called.
    if is_secret_key(key) && !text.contains("://") {
        known.learn(text.as_bytes());
    }
    stretches(text.as_bytes(), known);
}

/// A command, as its words; a shell's script is one of them.
fn line<'s>(words: impl Iterator<Item = &'s Secret>, known: &mut Known) {
    let words: Vec<&str> = words.map(Secret::expose).collect();
    for pair in words.windows(2) {
        // A word of its own may hold blanks.
        if let [option, value] = pair
            && option.starts_with('-')
            && !option.contains('=')
            && is_secret_key(option.trim_start_matches('-'))
        {
            known.learn(value.as_bytes());
        }
    }
    let joined = words.join(" ");
    stretches(joined.as_bytes(), known);
    if let Some((_, arguments)) = joined.split_once("redis-cli ") {
        let mut arguments = arguments.split_ascii_whitespace();
        if arguments.any(|argument| argument == "-a") {
            let password = arguments.next().unwrap_or_default();
            known.learn(password.trim_matches(['\'', '"']).as_bytes());
        }
    }
}

/// What stands where a secret does.
fn stretches(text: &[u8], known: &mut Known) {
    let mut at = 0;
    while at < text.len() {
        match private(text, at) {
            Some((range, Why::Secret)) => {
                let secret = text.get(range.clone()).unwrap_or_default();
                // Of `user:password@`, the password; the user is a name.
                let password =
                    secret.iter().position(|byte| *byte == b':').map_or(secret, |colon| &secret[colon + 1..]);
                known.learn(password.trim_ascii());
                at = range.end.max(at + 1);
            }
            _ => at += 1,
        }
    }
}

/// Takes what is known out of everything that containers, Compose and the engine say in their own words.
pub fn silence(stack: &mut Stack, gaps: &mut [Gap], known: &Known) {
    let clean = |text: &mut Arc<str>| {
        if let Some(without) = known.without(text.as_bytes()) {
            *text = Arc::from(String::from_utf8_lossy(&without));
        }
    };
    stack.refused.iter_mut().for_each(clean);
    for gap in gaps {
        if let GapKind::Io(words) | GapKind::NotProbed(words) = &mut gap.why {
            clean(words);
        }
    }
    stack.probes.iter_mut().filter_map(|probed| probed.answer.words.as_mut()).for_each(clean);
    for container in stack.snapshot.iter_mut().flat_map(|snapshot| &mut snapshot.containers) {
        clean(&mut container.state.error);
        container.last_words.iter_mut().for_each(clean);
        container.health.iter_mut().flat_map(|health| &mut health.checks).for_each(|check| clean(&mut check.output));
    }
}

#[cfg(test)]
mod tests {
    use lastgood_model::Snapshot;
    use lastgood_model::desired::Healthcheck;
    use lastgood_model::snapshot::Container;

    use super::*;

    fn stack() -> Stack {
        let secret = |text: &str| Secret::from(text);
        let container = Container {
            environment: vec![
                (Arc::from("KVS_PASSWORD"), secret("carbon-kvs-8")),
                (Arc::from("DATABASE_URL"), secret("postgresql://shop:carbon-db-17@db:5432/shop")),
                (Arc::from("AUTH_URL"), secret("http://keycloak:8080")),
                (Arc::from("LOG_LEVEL"), secret("verbose")),
            ],
            command: ["redis-server", "--requirepass", "carbon-cmd-3"].map(secret).to_vec(),
            healthcheck: Some(Healthcheck {
                test: ["CMD-SHELL", "redis-cli -a carbon-check-5 ping"].map(secret).to_vec(),
                ..Healthcheck::default()
            }),
            last_words: vec![Arc::from(
                "denied: carbon-kvs-8, Y2FyYm9uLWt2cy04, carbon-cmd-3 at http://keycloak:8080 verbose",
            )],
            ..Container::default()
        };
        Stack { snapshot: Some(Snapshot { containers: vec![container], ..Snapshot::default() }), ..Stack::default() }
    }

    #[test]
    fn secrets_are_known_wherever_they_are_told() {
        let known = known(&stack());
        for secret in ["carbon-kvs-8", "carbon-db-17", "carbon-cmd-3", "carbon-check-5"] {
            assert_eq!(known.at(secret.as_bytes(), 0), Some(secret.len()), "{secret}");
        }
        for plain in ["keycloak", "http://keycloak:8080", "verbose", "shop", "redis-server"] {
            assert_eq!(known.at(plain.as_bytes(), 0), None, "{plain}");
        }
    }

    #[test]
    fn what_containers_say_is_without_them() {
        let mut stack = stack();
        let known = known(&stack);
        silence(&mut stack, &mut [], &known);
        assert_eq!(
            &*stack.snapshot.unwrap().containers[0].last_words[0],
            "denied: …, …, … at http://keycloak:8080 verbose"
        );
    }
}
