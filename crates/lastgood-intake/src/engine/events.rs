//! `/events`: one JSON object after another. Engines keep only a few hundred, mostly of health checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_model::UnixMs;
use lastgood_model::snapshot::Event;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Actor")]
    actor: Actor,
    time: i64,
    #[serde(rename = "timeNano")]
    time_nano: i64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Actor {
    attributes: BTreeMap<String, String>,
}

/// Events of containers in order, those of health checks and other commands run in them left out. What cannot be read ends
/// the list: the stream was cut there.
#[must_use]
pub fn events(body: &[u8]) -> Vec<Event> {
    let read = serde_json::Deserializer::from_slice(body).into_iter::<Body>().map_while(Result::ok);
    read.filter(|event| event.kind == "container" && !event.action.starts_with("exec_")).filter_map(event).collect()
}

fn event(mut body: Body) -> Option<Event> {
    const NS_PER_MS: i64 = 1_000_000;
    let at = if body.time_nano != 0 { UnixMs(body.time_nano / NS_PER_MS) } else { UnixMs::from_seconds(body.time) };
    Some(Event {
        at,
        action: body.action.into(),
        container: Arc::from(body.actor.attributes.remove("name")?),
        exit_code: body.actor.attributes.get("exitCode").and_then(|code| code.parse().ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_until_the_stream_is_cut() {
        let body = br#"{"Type":"container","Action":"die","Actor":{"Attributes":{"name":"a","exitCode":"137"}},"time":1,"timeNano":1500000000}
{"Type":"container","Action":"exec_start: true","Actor":{"Attributes":{"name":"a"}}}
{"Type":"network","Action":"disconnect","Actor":{"Attributes":{"name":"n"}}}
{"Type":"container","Act"#;
        let events = events(body);
        assert_eq!(events.len(), 1);
        assert_eq!((events[0].exit_code, events[0].at), (Some(137), UnixMs(1500)));
    }
}
