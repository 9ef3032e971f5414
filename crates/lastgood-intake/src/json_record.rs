//! The values of one JSON object that we want, borrowed from its text where no escape stands in them. It follows the
//! parser and keeps nothing else.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json_fields::{SLOTS, Scope, Slot, scope, slot};

/// Members of one line whose names are remembered.
const MAX_KNOWN: usize = 128;

/// A value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Value<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Whole(u64),
    Real(f64),
}

/// The values of a record by [`Slot`].
#[derive(Debug, Default)]
pub(crate) struct Record<'a>([Value<'a>; SLOTS]);

impl<'a> Record<'a> {
    pub(crate) fn get(&self, slot: Slot) -> &Value<'a> {
        &self.0[slot as usize]
    }

    /// The bytes of a text; empty if there is none or it is `-`.
    pub(crate) fn text(&self, slot: Slot) -> &[u8] {
        match self.get(slot) {
            Value::Text(text) if text != "-" => text.as_bytes(),
            _ => b"",
        }
    }

    /// The first value under a name that says something stays.
    fn set(&mut self, slot: Slot, value: Value<'a>) {
        let place = &mut self.0[slot as usize];
        let empty = match place {
            Value::Absent => true,
            Value::Text(text) => matches!(&**text, "" | "-"),
            _ => false,
        };
        if empty {
            *place = value;
        }
    }
}

/// Names as they came in the line before: the lines of one writer have the same names in the same order.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: Vec<(Box<str>, Scope, Meaning)>,
    next: usize,
}

/// What stands behind a name.
#[derive(Clone, Copy, Debug)]
struct Meaning {
    slot: Option<Slot>,
    scope: Option<Scope>,
}

impl Names {
    fn meaning(&mut self, within: Scope, key: &str) -> Meaning {
        let place = self.next;
        self.next += 1;
        if let Some((name, scope, meaning)) = self.known.get(place)
            && **name == *key
            && *scope == within
        {
            return *meaning;
        }
        let meaning = Meaning { slot: slot(within, key), scope: scope(within, key) };
        let known = (key.into(), within, meaning);
        match self.known.get_mut(place) {
            Some(place) => *place = known,
            None if place < MAX_KNOWN => self.known.push(known),
            None => {}
        }
        meaning
    }
}

/// Reads the object that a text begins with. `None` if that is not one whole object; what follows it is not looked at.
pub(crate) fn read_first<'a>(text: &'a [u8], names: &mut Names) -> Option<Record<'a>> {
    let mut record = Record::default();
    names.next = 0;
    let seed = Object { record: &mut record, names, scope: Scope::Top };
    let mut json = serde_json::Deserializer::from_slice(text);
    json.deserialize_map(seed).ok()?;
    Some(record)
}

/// Reads a text that is one object and nothing else.
pub(crate) fn read<'a>(text: &'a [u8], names: &mut Names) -> Option<Record<'a>> {
    let mut record = Record::default();
    names.next = 0;
    let mut json = serde_json::Deserializer::from_slice(text);
    json.deserialize_map(Object { record: &mut record, names, scope: Scope::Top }).ok()?;
    json.end().ok()?;
    Some(record)
}

/// An object whose members are wanted.
struct Object<'r, 'de> {
    record: &'r mut Record<'de>,
    names: &'r mut Names,
    scope: Scope,
}

impl<'de> Visitor<'de> for Object<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = members.next_key()? {
            let meaning = self.names.meaning(self.scope, &key);
            if meaning.slot.is_none() && meaning.scope.is_none() {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            members.next_value_seed(Member { record: self.record, names: self.names, meaning })?;
        }
        Ok(())
    }
}

/// A key, borrowed if it can be.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

/// The value of a member that is wanted, whatever it is.
struct Member<'r, 'de> {
    record: &'r mut Record<'de>,
    names: &'r mut Names,
    meaning: Meaning,
}

impl<'de> Member<'_, 'de> {
    fn set<E>(self, value: Value<'de>) -> Result<(), E> {
        if let Some(slot) = self.meaning.slot {
            self.record.set(slot, value);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Member<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Member<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        self.set(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.set(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.set(Value::Whole(number))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.set(Value::Real(number))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    /// A header's values, of which the first counts.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { record, names, meaning } = self;
        while items.next_element_seed(Member { record: &mut *record, names: &mut *names, meaning })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        match self.meaning.scope {
            Some(scope) => Object { record: self.record, names: self.names, scope }.visit_map(members),
            None => {
                while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(())
            }
        }
    }
}
