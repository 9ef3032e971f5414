//! CloudTrail events as they are stored, exported or printed by `aws cloudtrail lookup-events`: which of them changed
//! the instance, its network or its load balancer. A file is one document, so it is read when it has ended.

use jiff::Timestamp;
use lastgood_model::{ChangeKind, Span, UnixMs};
use memchr::memmem::{find, rfind};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, de};

use crate::cloudtrail_ids::{Ids, Key};
use crate::json_text::Text;
use crate::scan::{Counts, Line, Sink};

/// What is kept of a file; CloudTrail's own files are far smaller.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Changes that are kept of one document.
const MAX_CHANGES: usize = 10_000;
/// Ids that a subject names.
const MAX_NAMED: usize = 5;

/// A file of events.
#[derive(Debug, Default)]
pub(crate) struct CloudTrail {
    text: Vec<u8>,
    /// Lines beyond what is kept.
    beyond: u64,
}

/// A value of a document: events in a list, an event inside a string, or an event. Nothing of who did it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Value<'a> {
    #[serde(rename = "Records", borrow, deserialize_with = "changes")]
    records: Vec<Value<'a>>,
    #[serde(rename = "Events", borrow, deserialize_with = "changes")]
    looked_up: Vec<Value<'a>>,
    #[serde(rename = "CloudTrailEvent", borrow)]
    inner: Text<'a>,
    #[serde(rename = "eventID", borrow)]
    event_id: Text<'a>,
    #[serde(rename = "eventTime", borrow)]
    event_time: Text<'a>,
    #[serde(rename = "eventName", borrow)]
    event_name: Text<'a>,
    #[serde(rename = "errorCode", borrow)]
    error_code: Text<'a>,
    #[serde(rename = "requestParameters")]
    request: Ids,
    #[serde(rename = "responseElements")]
    response: Ids,
}

impl CloudTrail {
    /// Keeps a block of whole lines.
    pub(crate) fn push(&mut self, block: &[u8]) {
        let room = MAX_BYTES.saturating_sub(self.text.len());
        let kept = if self.beyond > 0 {
            0
        } else if block.len() <= room {
            block.len()
        } else {
            // Whole lines only: half a line would be damage of our own making.
            memchr::memrchr(b'\n', &block[..room]).map_or(0, |end| end + 1)
        };
        self.text.extend_from_slice(&block[..kept]);
        self.beyond += lines(&block[kept..]).count() as u64;
    }

    /// Tells the changes and counts the lines.
    pub(crate) fn finish(self, counts: &mut Counts, sink: &mut impl Sink) {
        if let Some(values) = values(&self.text) {
            values.iter().for_each(|value| tell(value, &mut |event| line_of(&self.text, event), sink));
            for line in lines(&self.text) {
                counts.count(if line.trim_ascii().is_empty() { Line::Other } else { Line::Parsed });
            }
        } else {
            // One event a line, some of them damaged; or one document that is damaged as a whole.
            for (line, number) in lines(&self.text).zip(1..) {
                counts.count(match values(line) {
                    Some(values) if values.is_empty() => Line::Other,
                    Some(values) => {
                        values.iter().for_each(|value| tell(value, &mut |_| number, sink));
                        Line::Parsed
                    }
                    None => Line::Unreadable,
                });
            }
        }
        for _ in 0..self.beyond {
            counts.count(Line::Other);
        }
    }
}

/// The values of a text, which may hold several behind one another; `None` if any of it is not what CloudTrail writes.
fn values(text: &[u8]) -> Option<Vec<Value<'_>>> {
    let mut values: Vec<Value<'_>> = Vec::new();
    if text.trim_ascii_start().first() == Some(&b'[') {
        let mut whole = serde_json::Deserializer::from_slice(text);
        values = changes(&mut whole).ok()?;
        whole.end().ok()?;
        return Some(values);
    }
    for value in serde_json::Deserializer::from_slice(text).into_iter::<Value<'_>>() {
        let value = value.ok()?;
        if values.is_empty() || (value.says_a_change() && values.len() < MAX_CHANGES) {
            values.push(value);
        }
    }
    Some(values)
}

/// A list of values of which only those that say a change are kept: a day of events is mostly of other things.
fn changes<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value<'a>>, D::Error> {
    struct List<'a>(std::marker::PhantomData<&'a ()>);

    impl<'de: 'a, 'a> Visitor<'de> for List<'a> {
        type Value = Vec<Value<'a>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a list of events")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut kept = Vec::new();
            while let Some(value) = items.next_element::<Value<'a>>()? {
                if value.says_a_change() && kept.len() < MAX_CHANGES {
                    kept.push(value);
                }
            }
            Ok(kept)
        }
    }

    deserializer.deserialize_any(List(std::marker::PhantomData))
}

impl Value<'_> {
    fn says_a_change(&self) -> bool {
        !self.records.is_empty()
            || !self.looked_up.is_empty()
            || ["CreateImage", "Instances", "SecurityGroup", "Target"].iter().any(|part| self.inner.0.contains(part))
            || self.kind().is_some()
    }

    /// What sort of change the event is; `None` if it is another one, or was refused.
    fn kind(&self) -> Option<ChangeKind> {
        if !self.error_code.0.is_empty() {
            return None;
        }
        let without_reboot = self.request.get(Key::NoReboot).any(|value| value == "true");
        Some(match &*self.event_name.0 {
            // Unless it is told not to, AWS reboots the instance to take the image.
            "CreateImage" if without_reboot => ChangeKind::MachineImageNoReboot,
            "CreateImage" => ChangeKind::MachineImage,
            "RebootInstances" => ChangeKind::InstanceReboot,
            "StopInstances" => ChangeKind::InstanceStop,
            "StartInstances" => ChangeKind::InstanceStart,
            "RegisterTargets" | "DeregisterTargets" => ChangeKind::TargetGroup,
            "ModifySecurityGroupRules" => ChangeKind::SecurityGroup,
            name if name.starts_with("AuthorizeSecurityGroup") || name.starts_with("RevokeSecurityGroup") => {
                ChangeKind::SecurityGroup
            }
            name if name.starts_with("ModifyTargetGroup") => ChangeKind::TargetGroup,
            _ => return None,
        })
    }

    /// `CreateImage i-0abc → ami-0def`.
    fn subject(&self) -> String {
        let mut ids: Vec<&str> = Vec::new();
        for key in [Key::Instance, Key::Group, Key::TargetGroup, Key::Target] {
            for id in self.request.get(key) {
                // Of an ARN, what stands behind the account.
                let id = id.rsplit(':').next().unwrap_or(id);
                if !ids.contains(&id) && ids.len() < MAX_NAMED {
                    ids.push(id);
                }
            }
        }
        let image = self.response.get(Key::Image).next().map(|image| format!(" → {image}")).unwrap_or_default();
        let space = if ids.is_empty() { "" } else { " " };
        format!("{}{space}{}{image}", self.event_name.0, ids.join(", "))
    }
}

fn tell(value: &Value<'_>, line_of: &mut dyn FnMut(&Value<'_>) -> u64, sink: &mut impl Sink) {
    for inside in value.records.iter().chain(&value.looked_up) {
        tell(inside, line_of, sink);
    }
    if !value.inner.0.is_empty() {
        // An event inside an event's string would be no event of AWS; it is not looked for.
        if let Ok(event) = serde_json::from_str::<Value<'_>>(&value.inner.0) {
            tell_event(&event, line_of, sink);
        }
    }
    tell_event(value, line_of, sink);
}

fn tell_event(event: &Value<'_>, line_of: &mut dyn FnMut(&Value<'_>) -> u64, sink: &mut impl Sink) {
    let Some(kind) = event.kind() else { return };
    let Ok(at) = event.event_time.0.parse::<Timestamp>() else { return };
    sink.change(Span::at(UnixMs(at.as_millisecond())), kind, &event.subject(), line_of(event));
}

/// The line of the event's time: of equal ones the last before its id, which is the event's alone and stands behind it.
fn line_of(text: &[u8], event: &Value<'_>) -> u64 {
    let (id, time) = (event.event_id.0.as_bytes(), event.event_time.0.as_bytes());
    let id = if id.is_empty() { None } else { rfind(text, id) };
    let before = id.and_then(|id| rfind(&text[..id], time));
    let position = before.or_else(|| find(text, time)).unwrap_or(0);
    1 + memchr::memchr_iter(b'\n', &text[..position]).count() as u64
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").or_else(|| (!text.is_empty()).then_some(text));
    text.into_iter().flat_map(|text| text.split(|byte| *byte == b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Format;
    use crate::scan::{Context, Scanner};
    use jiff::tz::TimeZone;

    #[derive(Default)]
    struct Changes(Vec<(ChangeKind, String, u64)>, i64);

    impl Sink for Changes {
        fn change(&mut self, span: Span, kind: ChangeKind, subject: &str, line: u64) {
            self.0.push((kind, subject.to_owned(), line));
            self.1 = span.from().0;
        }
    }

    fn read(text: &str) -> (Counts, Changes) {
        let context =
            Context { zone: TimeZone::UTC, vhost: "".into(), about: None, without: lastgood_model::Layers::NONE };
        let (mut scanner, mut changes) = (Scanner::new(&Format::CloudTrail, context), Changes::default());
        for line in text.split_inclusive('\n') {
            scanner.feed(line.as_bytes(), &mut changes);
        }
        (scanner.finish(&mut changes), changes)
    }

    fn event(id: &str, name: &str, rest: &str) -> String {
        format!(
            r#"{{"userIdentity":{{"userName":"joe"}},"eventTime":"2022-11-16T02:06:41Z","eventName":"{name}",{rest},"eventID":"{id}"}}"#
        )
    }

    fn image(id: &str, no_reboot: &str) -> String {
        let rest = format!(
            r#""requestParameters":{{"instanceId":"i-0abc","name":"x"{no_reboot}}},"responseElements":{{"imageId":"ami-0def"}}"#
        );
        event(id, "CreateImage", &rest)
    }

    #[test]
    fn an_image_says_whether_it_reboots() {
        use ChangeKind::{MachineImage, MachineImageNoReboot};
        for (no_reboot, kind) in [
            ("", MachineImage),
            (r#","noReboot":false"#, MachineImage),
            (r#","noReboot":true"#, MachineImageNoReboot),
            (r#","noReboot":"true""#, MachineImageNoReboot),
        ] {
            let (counts, changes) = read(&format!("{{\"Records\":[{}]}}", image("e1", no_reboot)));
            assert_eq!(changes.0, [(kind, "CreateImage i-0abc → ami-0def".to_owned(), 1)]);
            assert_eq!(changes.1, 1_668_564_401_000);
            assert_eq!((counts.lines, counts.parsed), (1, 1));
        }
    }

    #[test]
    fn other_changes_and_refused_ones() {
        let of = |name: &str, rest: &str| read(&event("e", name, rest)).1.0;
        let reboot = r#""requestParameters":{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]}}"#;
        assert_eq!(of("RebootInstances", reboot), [(ChangeKind::InstanceReboot, "RebootInstances i-1, i-2".into(), 1)]);
        let rules = r#""requestParameters":{"groupId":"sg-1","ipPermissions":{"items":[{"fromPort":80}]}},"responseElements":null"#;
        assert_eq!(
            of("RevokeSecurityGroupIngress", rules),
            [(ChangeKind::SecurityGroup, "RevokeSecurityGroupIngress sg-1".into(), 1)]
        );
        let targets = r#""requestParameters":{"targetGroupArn":"arn:aws:elasticloadbalancing:ap-northeast-2:1:targetgroup/app/9f","targets":[{"id":"i-1"}]}"#;
        assert_eq!(
            of("DeregisterTargets", targets),
            [(ChangeKind::TargetGroup, "DeregisterTargets targetgroup/app/9f, i-1".into(), 1)]
        );
        assert_eq!(of("RebootInstances", &format!("{reboot},\"errorCode\":\"Client.UnauthorizedOperation\"")), []);
        assert_eq!(of("DescribeInstances", reboot), []);
    }

    #[test]
    fn every_shape_of_a_file_is_read() {
        let inner = serde_json::Value::from(image("e1", "")).to_string();
        let lookup = format!("{{\n\"Events\": [\n{{\"EventId\": \"e1\",\n\"CloudTrailEvent\": {inner}\n}}\n]\n}}\n");
        assert_eq!(read(&lookup).1.0[0].2, 4);
        let pretty =
            format!("{{\n\"Records\": [\n{},\n{}\n]\n}}\n", image("e1", "").replace(',', ",\n"), image("e2", ""));
        let lines: Vec<u64> = read(&pretty).1.0.iter().map(|change| change.2).collect();
        assert_eq!(lines, [4, 10]);
        let list = format!("[{}]", image("e1", ""));
        assert_eq!(read(&list).1.0.len(), 1);
        let (counts, changes) = read(&format!("{}\n{{\"cut\n\n{}\n", image("e1", ""), image("e2", "")));
        let lines: Vec<u64> = changes.0.iter().map(|change| change.2).collect();
        assert_eq!(lines, [1, 4]);
        assert_eq!((counts.lines, counts.parsed, counts.other, counts.unreadable), (4, 2, 1, 1));
        let (counts, changes) = read("{\n\"Records\": [\n");
        assert_eq!((counts.unreadable, changes.0.len()), (2, 0));
    }

    #[test]
    fn a_huge_file_is_read_up_to_the_limit() {
        let line = format!("{}\n", event("e", "DescribeInstances", r#""requestParameters":{}"#));
        let block = line.repeat(MAX_BYTES / line.len() / 8);
        let context =
            Context { zone: TimeZone::UTC, vhost: "".into(), about: None, without: lastgood_model::Layers::NONE };
        let (mut scanner, mut changes) = (Scanner::new(&Format::CloudTrail, context), Changes::default());
        for _ in 0..10 {
            scanner.feed(block.as_bytes(), &mut changes);
        }
        let counts = scanner.finish(&mut changes);
        assert_eq!(counts.lines, counts.parsed + counts.other);
        assert_eq!(counts.lines, (block.len() / line.len() * 10) as u64);
        assert!(counts.other > 0 && counts.parsed > 0);
    }
}
