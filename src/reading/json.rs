//! JSON documents of a bounded number of values, so that a small text does not become a large tree.

use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{ReadError, brief};

/// The greatest number of values of a document: numbers, texts, lists and objects.
pub const MOST_VALUES: u64 = 8_000_000;

/// Reads a document; returns how many values it has, too.
///
/// # Errors
/// It is no JSON, has more than 8 million values, or is no `T`. The error says in which line of the text.
pub fn json<T: DeserializeOwned>(text: &[u8]) -> Result<(T, u64), ReadError> {
    let mut left = MOST_VALUES;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = Count { left: &mut left }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .and_then(|()| serde_json::from_slice(text));
    match read {
        Ok(value) => Ok((value, MOST_VALUES - left)),
        Err(error) if error.is_eof() => {
            let refused = ReadError::content(None, format!("the file is cut off: {error}"));
            Err(refused.help("the file is incomplete: run the scenario again"))
        }
        Err(error) if left == 0 && error.is_data() => Err(ReadError::large(None, error.to_string())),
        // The message has the line, and may quote a text of any length.
        Err(error) => Err(ReadError::content(None, brief(error.to_string()))),
    }
}

/// Counts the values of a document without keeping them.
struct Count<'c> {
    left: &'c mut u64,
}

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let left = self.left.checked_sub(1);
        *self.left = left.ok_or_else(|| D::Error::custom("it has more than 8 million values"))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Count { left: &mut *self.left })?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<serde::de::IgnoredAny>()?.is_some() {
            map.next_value_seed(Count { left: &mut *self.left })?;
        }
        Ok(())
    }
}
