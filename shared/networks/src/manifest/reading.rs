//! How the manifest's own kinds of values are read: tables in order, one text or many, typed constants.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Node, OneOrMany, OrderedMap, Postback, Scalar};

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OrderedMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = OrderedMap<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(OrderedMap(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;
        impl<'de> Visitor<'de> for AnyNode {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a template, a number, true or false, or a table of fields")
            }

            fn visit_str<E>(self, text: &str) -> Result<Node, E> {
                Ok(Node::Text(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
                Ok(Node::Integer(number))
            }

            fn visit_bool<E>(self, boolean: bool) -> Result<Node, E> {
                Ok(Node::Boolean(boolean))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Node, A::Error> {
                OrderedMap::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Node::Group)
            }
        }
        deserializer.deserialize_any(AnyNode)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyScalar;
        impl Visitor<'_> for AnyScalar {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number, true or false")
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_bool<E>(self, boolean: bool) -> Result<Scalar, E> {
                Ok(Scalar(boolean.to_string()))
            }
        }
        deserializer.deserialize_any(AnyScalar)
    }
}

/// A JSON pointer, or `@key` for the key of a row.
fn pointer<E: serde::de::Error>(text: String) -> Result<String, E> {
    if text.is_empty() || text.starts_with('/') || text == "@key" {
        return Ok(text);
    }
    Err(E::custom(format!("`{text}` is no JSON pointer: one starts with `/`, such as `/data/id`")))
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrList;
        impl<'de> Visitor<'de> for TextOrList {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON pointer such as \"/data/id\", or a list of them")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![pointer(text.to_owned())?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(pointer(text)?);
                }
                Ok(OneOrMany(texts))
            }
        }
        deserializer.deserialize_any(TextOrList)
    }
}

impl<'de> Deserialize<'de> for Postback {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TailOrTable;
        impl<'de> Visitor<'de> for TailOrTable {
            type Value = Postback;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tail such as \"&oid={sub1}&status={status}\", or a table with path and params")
            }

            fn visit_str<E>(self, tail: &str) -> Result<Postback, E> {
                Ok(Postback::Tail(tail.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Postback, A::Error> {
                let mut path = None;
                let mut params: Option<OrderedMap<String>> = None;
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "path" => path = Some(map.next_value()?),
                        "params" => params = Some(map.next_value()?),
                        _ => return Err(A::Error::unknown_field(&key, &["path", "params"])),
                    }
                }
                let path = path.ok_or_else(|| A::Error::missing_field("path"))?;
                let params = params.ok_or_else(|| A::Error::missing_field("params"))?.0;
                Ok(Postback::Separate { path, params })
            }
        }
        deserializer.deserialize_any(TailOrTable)
    }
}
