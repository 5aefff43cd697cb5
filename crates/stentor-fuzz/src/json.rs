//! JSON as serde_json reads it: the other opinion beside Stentor's own reading.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object as they stand: in order, and of one name as often as there are.
pub(crate) struct Object<'a>(pub(crate) Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The value of the last member of this name; that one counts, as in JavaScript.
    pub(crate) fn last(&self, name: &str) -> Option<&'a RawValue> {
        let mut reversed = self.0.iter().rev();
        reversed.find(|(key, _)| text(key).as_deref() == Some(name)).map(|(_, value)| *value)
    }

    /// The names in order; those that are no Unicode text as nothing.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().map(|(key, _)| text(key).unwrap_or_default()).collect()
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<'de>, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// The one JSON value that `text` is, without the whitespace around it.
pub(crate) fn value(text: &[u8]) -> Option<&RawValue> {
    serde_json::from_slice(text).ok()
}

/// The object that `json` is, if it is one.
pub(crate) fn object(json: &RawValue) -> Option<Object<'_>> {
    serde_json::from_str(json.get()).ok()
}

/// The string that `json` is; `None` for anything else and for one with a lone surrogate.
pub(crate) fn text(json: &RawValue) -> Option<String> {
    serde_json::from_str(json.get()).ok()
}

/// Whether `json` nests deeper than `levels`; looks no deeper than that.
pub(crate) fn is_deeper_than(levels: usize, json: &RawValue) -> bool {
    let inner: Vec<&RawValue> = match json.get().as_bytes().first() {
        Some(b'{') => object(json).map(|object| object.0.iter().map(|(_, v)| *v).collect()),
        Some(b'[') => serde_json::from_str(json.get()).ok(),
        _ => return false,
    }
    .unwrap_or_default();
    levels == 0 || inner.iter().any(|value| is_deeper_than(levels - 1, value))
}
