//! Macros that give a type of the scenario its serde and its schema.

/// Declares a family: an enum, and for each kind its key and the struct of its keys. `meant` is a function for
/// [`Kinds::meant`].
macro_rules! kinds {
    (
        $(#[doc = $doc:literal])*
        $name:ident, $what:literal $(, meant $meant:path)? {
            $($key:literal => $variant:ident($spec:ty)),+ $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone)]
        pub enum $name {
            $($variant($spec)),+
        }

        impl $crate::model::spec::Kinds for $name {
            const WHAT: &'static str = $what;
            const KINDS: &'static [&'static str] = &[$($key),+];

            $(fn meant(written: $crate::model::spec::Written<'_>) -> Vec<String> {
                $meant(written)
            })?

            fn kind<'de, D: serde::Deserializer<'de>>(key: &str, keys: D) -> Result<Self, D::Error> {
                match key {
                    $($key => <$spec as serde::Deserialize>::deserialize(keys).map(Self::$variant),)+
                    _ => Err(serde::de::Error::unknown_variant(key, Self::KINDS)),
                }
            }

            fn kind_schema(key: &str, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match key {
                    $($key => generator.subschema_for::<$spec>(),)+
                    _ => schemars::Schema::from(false),
                }
            }
        }

        $crate::model::spec::family!($name, stringify!($name).trim_end_matches("Spec").trim_end_matches("Choice"), concat!($($doc),*));
    };
}

/// Gives a type that is [`Kinds`] its serde and its schema.
macro_rules! family {
    ($name:ty, $schema_name:expr, $doc:expr) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::spec::read_kinds(deserializer)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $schema_name.into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::model::spec::kinds_schema::<Self>(generator, $doc)
            }
        }
    };
}

/// Declares a choice between a few words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])*
        $name:ident, $what:literal {
            $($(#[$word_doc:meta])* $word:literal => $variant:ident),+ $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$word_doc])* $variant),+
        }

        impl $crate::model::spec::Scalar for $name {
            fn read(written: $crate::model::spec::Written<'_>) -> Result<Self, $crate::model::spec::Refusal> {
                let known = [$($word),+];
                match written {
                    $($crate::model::spec::Written::Text($word) => Ok(Self::$variant),)+
                    $crate::model::spec::Written::Text(other) => {
                        Err($crate::model::spec::unknown(format!("`{other}` is not {}", $what), other, known))
                    }
                    other => Err($crate::model::spec::Refusal::new(format!("{} is a word, {other} is not", $what))
                        .help(format!("use one of {}", known.map(|word| format!("\"{word}\"")).join(", ")))),
                }
            }
        }

        $crate::model::spec::scalar!($name, { "description": concat!($($doc),*).trim(), "enum": [$($word),+] });
    };
}

/// Gives a type that is [`Scalar`] its serde and its schema.
macro_rules! scalar {
    ($name:ty, $($schema:tt)+) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::spec::read_scalar(deserializer)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($($schema)+)
            }
            fn inline_schema() -> bool {
                true
            }
        }
    };
}

/// Gives an enum of a [`Scalar`] and a table of keys its serde and its schema.
macro_rules! scalar_or_table {
    ($name:ident, $scalar:ty, $table:ty, $plain:ident, $keys:ident, $schema_name:literal, $expecting:literal) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Either;

                impl Either {
                    fn plain<E: serde::de::Error>(written: $crate::model::spec::Written<'_>) -> Result<$name, E> {
                        <$scalar as $crate::model::spec::Scalar>::read(written)
                            .map($name::$plain)
                            .map_err($crate::model::spec::Refusal::into_serde)
                    }
                }

                impl<'de> serde::de::Visitor<'de> for Either {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<$name, E> {
                        Self::plain($crate::model::spec::Written::Integer(n.into()))
                    }
                    fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<$name, E> {
                        Self::plain($crate::model::spec::Written::Integer(n.into()))
                    }
                    fn visit_f64<E: serde::de::Error>(self, x: f64) -> Result<$name, E> {
                        Self::plain($crate::model::spec::Written::Float(x))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        Self::plain($crate::model::spec::Written::Text(text))
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        let keys = serde::de::value::MapAccessDeserializer::new(map);
                        <$table as serde::Deserialize>::deserialize(keys).map($name::$keys)
                    }
                }

                deserializer.deserialize_any(Either)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $schema_name.into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let (plain, keys) = (generator.subschema_for::<$scalar>(), generator.subschema_for::<$table>());
                schemars::json_schema!({ "anyOf": [plain, keys] })
            }
        }
    };
}

pub(crate) use {family, kinds, scalar, scalar_or_table, words};
