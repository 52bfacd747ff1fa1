//! The forms in which a scenario writes values: a value remembers where it was written ([`At`]); a *kind* is a table
//! whose one key names it, a bare string for a kind with its defaults, or a bare number where a constant will do
//! ([`Kinds`]).
//!
//! Everything here speaks serde, so that a refusal has the exact place of the value that caused it; nothing uses
//! serde's `tag`, `untagged` or `flatten`, which forget places.

mod macros;
mod refusal;

pub(crate) use macros::{family, kinds, scalar, scalar_or_table, words};

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use crate::diagnostic::{Span, Spanned};

pub use refusal::{Refusal, unknown};

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct At<T> {
    pub value: T,
    pub at: Span,
}

impl<T> Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        let at = spanned.span();
        Ok(Self { value: spanned.into_inner(), at })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
    fn inline_schema() -> bool {
        T::inline_schema()
    }
}

/// A value that is no table, as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Written<'t> {
    Integer(i128),
    Float(f64),
    Text(&'t str),
    Other(&'static str),
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(n) => write!(f, "the number {n}"),
            Self::Float(x) => write!(f, "the number {x}"),
            Self::Text(text) => write!(f, "the text \"{text}\""),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// A value that is written without a table: a number or a text.
pub trait Scalar: Sized {
    fn read(written: Written<'_>) -> Result<Self, Refusal>;
}

/// Deserializes a [`Scalar`] from a number or a text.
pub fn read_scalar<'de, T: Scalar, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(ScalarVisitor(PhantomData))
}

struct ScalarVisitor<T>(PhantomData<T>);

impl<'de, T: Scalar> Visitor<'de> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<T, E> {
        T::read(Written::Other(if value { "true" } else { "false" })).map_err(Refusal::into_serde)
    }
    fn visit_i64<E: de::Error>(self, n: i64) -> Result<T, E> {
        T::read(Written::Integer(n.into())).map_err(Refusal::into_serde)
    }
    fn visit_u64<E: de::Error>(self, n: u64) -> Result<T, E> {
        T::read(Written::Integer(n.into())).map_err(Refusal::into_serde)
    }
    fn visit_i128<E: de::Error>(self, n: i128) -> Result<T, E> {
        T::read(Written::Integer(n)).map_err(Refusal::into_serde)
    }
    fn visit_f64<E: de::Error>(self, x: f64) -> Result<T, E> {
        T::read(Written::Float(x)).map_err(Refusal::into_serde)
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::read(Written::Text(text)).map_err(Refusal::into_serde)
    }
    fn visit_seq<A: de::SeqAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        T::read(Written::Other("a list")).map_err(Refusal::into_serde)
    }
    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<T, A::Error> {
        T::read(Written::Other("a table")).map_err(Refusal::into_serde)
    }
}

/// A family of kinds. One table key names the kind; a bare value may stand for one of them.
pub trait Kinds: Sized {
    /// The name of the thing in errors, such as `an arrival process`.
    const WHAT: &'static str;
    const KINDS: &'static [&'static str];

    /// Reads the keys of a kind, which is one of [`Self::KINDS`].
    fn kind<'de, D: Deserializer<'de>>(key: &str, keys: D) -> Result<Self, D::Error>;

    /// Returns kinds with their keys, each of which may be meant by a value that is neither a table nor the name of a
    /// kind.
    fn meant(_: Written<'_>) -> Vec<String> {
        Vec::new()
    }

    /// Interprets a value that is neither a table nor the name of a kind.
    fn bare(written: Written<'_>) -> Result<Self, Refusal> {
        let meant = Self::meant(written);
        if !meant.is_empty() {
            let rule = format!("{} names its kind, {written} does not", Self::WHAT);
            return Err(Refusal::new(rule).offer(meant, ""));
        }
        Err(match written {
            Written::Text(text) => {
                unknown(format!("`{text}` is not a kind of {}", noun(Self::WHAT)), text, Self::KINDS.iter().copied())
            }
            other => Refusal::new(format!("{} names its kind, {other} does not", Self::WHAT))
                .help(format!("use one of {}", Self::KINDS.join(", "))),
        })
    }

    /// Interprets a list, where a list may stand for a kind.
    fn list<'de, A: de::SeqAccess<'de>>(_: A) -> Result<Self, A::Error> {
        Self::bare(Written::Other("a list")).map_err(Refusal::into_serde)
    }

    fn kind_schema(key: &str, generator: &mut SchemaGenerator) -> Schema;

    /// The form of a list, if one may stand for a kind.
    fn list_schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }

    /// The form of a bare value, if there is one.
    fn bare_schema(_: &mut SchemaGenerator) -> Option<Schema> {
        None
    }
}

/// Returns a name without its article: `an arrival process` as `arrival process`.
fn noun(what: &str) -> &str {
    what.split_once(' ').map_or(what, |(_, noun)| noun)
}

/// Deserializes a kind of a family.
pub fn read_kinds<'de, T: Kinds, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(KindsVisitor(PhantomData))
}

struct KindsVisitor<T>(PhantomData<T>);

impl<'de, T: Kinds> Visitor<'de> for KindsVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: one of {}", T::WHAT, T::KINDS.join(", "))
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<T, E> {
        T::bare(Written::Other(if value { "true" } else { "false" })).map_err(Refusal::into_serde)
    }
    fn visit_i64<E: de::Error>(self, n: i64) -> Result<T, E> {
        T::bare(Written::Integer(n.into())).map_err(Refusal::into_serde)
    }
    fn visit_u64<E: de::Error>(self, n: u64) -> Result<T, E> {
        T::bare(Written::Integer(n.into())).map_err(Refusal::into_serde)
    }
    fn visit_i128<E: de::Error>(self, n: i128) -> Result<T, E> {
        T::bare(Written::Integer(n)).map_err(Refusal::into_serde)
    }
    fn visit_f64<E: de::Error>(self, x: f64) -> Result<T, E> {
        T::bare(Written::Float(x)).map_err(Refusal::into_serde)
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        if !T::KINDS.contains(&text) {
            return T::bare(Written::Text(text)).map_err(Refusal::into_serde);
        }
        with_defaults::<T, E>(text).map_err(|_| {
            Refusal::new(format!("`{text}` has keys without a default"))
                .help(format!("write them in a table: `{{ {text} = {{ … }} }}`"))
                .into_serde()
        })
    }
    fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let Some(key) = map.next_key::<String>()? else {
            let rule = format!("{} names its kind, an empty table does not", T::WHAT);
            return Err(Refusal::new(rule).help(format!("use one of {}", T::KINDS.join(", "))).into_serde());
        };
        if !T::KINDS.contains(&key.as_str()) {
            let rule = format!("`{key}` is not a kind of {}", noun(T::WHAT));
            return Err(unknown(rule, &key, T::KINDS.iter().copied()).into_serde());
        }
        let kind = map.next_value_seed(KindSeed { key: &key, family: PhantomData })?;
        match map.next_key::<String>()? {
            None => Ok(kind),
            Some(second) => {
                Err(Refusal::new(format!("{} has one kind, `{second}` is a second beside `{key}`", T::WHAT))
                    .into_serde())
            }
        }
    }
}

struct KindSeed<'k, T> {
    key: &'k str,
    family: PhantomData<T>,
}

impl<'de, T: Kinds> DeserializeSeed<'de> for KindSeed<'_, T> {
    type Value = T;
    fn deserialize<D: Deserializer<'de>>(self, keys: D) -> Result<T, D::Error> {
        T::kind(self.key, keys)
    }
}

/// Returns a kind as its bare name means it: every key is left at its default.
fn with_defaults<T: Kinds, E: de::Error>(key: &str) -> Result<T, E> {
    T::kind(key, MapDeserializer::<_, E>::new(std::iter::empty::<(&str, &str)>()))
}

/// Returns the schema of a family: a bare value, the name of a kind that needs no keys, or a table with exactly one
/// kind.
pub fn kinds_schema<T: Kinds>(generator: &mut SchemaGenerator, description: &str) -> Schema {
    let mut forms: Vec<Value> = T::bare_schema(generator).map(Value::from).into_iter().collect();
    forms.extend(T::list_schema(generator).map(Value::from));
    let bare: Vec<&str> =
        T::KINDS.iter().copied().filter(|k| with_defaults::<T, de::value::Error>(k).is_ok()).collect();
    if !bare.is_empty() {
        forms.push(json!({ "enum": bare }));
    }
    let kinds: Map<String, Value> =
        T::KINDS.iter().map(|k| ((*k).to_owned(), Value::from(T::kind_schema(k, generator)))).collect();
    forms.push(json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
        "properties": kinds,
    }));
    schemars::json_schema!({ "description": description.trim(), "anyOf": forms })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table without any keys.
    #[derive(Debug, Clone, Default, serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Plain {}

    /// One key that must be given.
    #[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub struct Needy {
        pub size: u32,
    }

    kinds! {
        /// A thing.
        ThingSpec, "a thing" {
            "plain" => Plain(Plain),
            "needy" => Needy(Needy),
        }
    }

    #[derive(Debug, serde::Deserialize)]
    struct Holder {
        thing: At<ThingSpec>,
    }

    fn read(text: &str) -> Result<ThingSpec, (String, Option<String>)> {
        toml::from_str::<Holder>(text).map(|h| h.thing.value).map_err(|e| {
            let refusal = Refusal::from_message(e.message());
            (refusal.rule, refusal.help)
        })
    }

    #[test]
    fn a_kind_is_a_table_name_or_a_bare_string() {
        assert!(matches!(read("thing = \"plain\""), Ok(ThingSpec::Plain(Plain {}))));
        assert!(matches!(read("thing.plain = {}"), Ok(ThingSpec::Plain(_))));
        assert!(matches!(read("[thing.needy]\nsize = 3"), Ok(ThingSpec::Needy(Needy { size: 3 }))));
    }

    #[test]
    fn what_is_no_kind_is_refused() {
        for (text, rule, help) in [
            ("thing.nedy = {}", "`nedy` is not a kind of thing", "did you mean `needy`?"),
            ("thing = \"plian\"", "`plian` is not a kind of thing", "did you mean `plain`?"),
            ("thing = \"needy\"", "`needy` has keys without a default", "write them in a table: `{ needy = { … } }`"),
            ("thing = 3", "a thing names its kind, the number 3 does not", "use one of plain, needy"),
            ("thing = {}", "a thing names its kind, an empty table does not", "use one of plain, needy"),
        ] {
            assert_eq!(read(text).unwrap_err(), (rule.to_owned(), Some(help.to_owned())), "{text}");
        }
        let (rule, _) = read("thing = { plain = {}, needy = { size = 1 } }").unwrap_err();
        assert!(rule.starts_with("a thing has one kind"), "{rule}");
    }

    #[test]
    fn the_place_is_kept() {
        let holder: Holder = toml::from_str("thing = \"plain\"").unwrap();
        assert_eq!(holder.thing.at, 8..15);
    }
}
