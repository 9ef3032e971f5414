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

/// Events of containers in order, those of health checks and other commands run in them left out; of networks, who came and
/// who went, by the container's id. What cannot be read ends the list: the stream was cut there.
#[must_use]
pub fn events(body: &[u8]) -> Vec<Event> {
    let read = serde_json::Deserializer::from_slice(body).into_iter::<Body>().map_while(Result::ok);
    read.filter(|event| !event.action.starts_with("exec_")).filter_map(event).collect()
}

fn event(mut body: Body) -> Option<Event> {
    const NS_PER_MS: i64 = 1_000_000;
    // A network tells which container came or went by its id, and by the name its own.
    let by = match body.kind.as_str() {
        "container" => "name",
        "network" => "container",
        _ => return None,
    };
    let at = if body.time_nano != 0 { UnixMs(body.time_nano / NS_PER_MS) } else { UnixMs::from_seconds(body.time) };
    Some(Event {
        at,
        action: body.action.into(),
        container: Arc::from(body.actor.attributes.remove(by)?),
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
{"Type":"network","Action":"disconnect","Actor":{"Attributes":{"name":"n","container":"ab12"}},"time":2}
{"Type":"image","Action":"pull","Actor":{"Attributes":{"name":"i"}}}
{"Type":"container","Act"#;
        let events = events(body);
        assert_eq!(events.len(), 2);
        assert_eq!((&*events[1].action, &*events[1].container), ("disconnect", "ab12"));
        assert_eq!((events[0].exit_code, events[0].at), (Some(137), UnixMs(1500)));
    }
}
