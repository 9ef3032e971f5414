//! The ids that an event's parameters name, wherever they stand: every call nests them in its own way.
//! Values of other keys, which may be secrets, are never kept.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Ids that are kept of one event.
const MAX_IDS: usize = 64;
/// Longer values are no ids.
const MAX_LEN: usize = 256;

/// What an id is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Instance,
    Image,
    Group,
    TargetGroup,
    Target,
    NoReboot,
}

impl Key {
    fn find(name: &str) -> Option<Self> {
        Some(match name {
            "instanceId" => Self::Instance,
            "imageId" => Self::Image,
            "groupId" => Self::Group,
            "targetGroupArn" => Self::TargetGroup,
            "id" => Self::Target,
            "noReboot" => Self::NoReboot,
            _ => return None,
        })
    }
}

/// The ids below one value, in order.
#[derive(Debug, Default)]
pub(crate) struct Ids(Vec<(Key, String)>);

impl Ids {
    pub(crate) fn get(&self, key: Key) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| *known == key).map(|(_, value)| value.as_str())
    }
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut ids = Self::default();
        Below { key: None, ids: &mut ids }.deserialize(deserializer)?;
        Ok(ids)
    }
}

/// A value below a key, of which the ids are taken.
struct Below<'i> {
    key: Option<Key>,
    ids: &'i mut Ids,
}

impl Below<'_> {
    fn take(self, value: &str) {
        if let Some(key) = self.key
            && value.len() <= MAX_LEN
            && self.ids.0.len() < MAX_IDS
        {
            self.ids.0.push((key, value.to_owned()));
        }
    }
}

impl<'de> DeserializeSeed<'de> for Below<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Below<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.take(value);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.take(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Below { key: self.key, ids: self.ids })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(name) = entries.next_key::<std::borrow::Cow<'_, str>>()? {
            entries.next_value_seed(Below { key: Key::find(&name), ids: self.ids })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_they_stand() {
        let ids: Ids = serde_json::from_str(
            r#"{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]},"noReboot":true,"password":"x","n":1.5,"groupId":["a","b"],"imageId":null}"#,
        )
        .unwrap();
        assert_eq!(ids.get(Key::Instance).collect::<Vec<_>>(), ["i-1", "i-2"]);
        assert_eq!(ids.get(Key::NoReboot).collect::<Vec<_>>(), ["true"]);
        assert_eq!(ids.get(Key::Group).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(ids.get(Key::Image).next(), None);
        assert_eq!(ids.0.len(), 5);
        assert!(serde_json::from_str::<Ids>("null").unwrap().0.is_empty());
    }
}
