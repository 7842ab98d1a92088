//! A serde deserializer over [`Node`]s that drives the Kubernetes types.
//!
//! Fields that a type does not know are refused at any depth (V60). A value of the wrong type is
//! reported and replaced by a default, so that one run reports every problem; the caller must not use
//! what it gets when the [`Context`] has failed. Null follows Go: absent, zero or empty (V63).
//! Called by `object` only.

use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Expected, MapAccess, SeqAccess, Visitor};

use super::hints;
use super::place::{Context, Place};
use super::yaml::{Node, Value};
use crate::diagnostic::{Code, Diagnostic};

/// Reads a node as a Kubernetes type. `None` where decoding could not go on.
pub fn decode<T: DeserializeOwned>(node: &Node<'_>, context: &Context<'_>) -> Option<T> {
    let place = Place::root(node);
    match T::deserialize(Decoder { place, context }) {
        Ok(value) => Some(value),
        Err(problem) => {
            report(problem, &place, context);
            None
        }
    }
}

/// Why decoding stopped.
#[derive(Debug)]
enum Stop {
    Reported,
    Message(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Reported => f.write_str("reported already"),
            Stop::Message(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: fmt::Display>(message: T) -> Stop {
        Stop::Message(message.to_string())
    }
}

/// Turns a message of the types' own into a diagnostic at the innermost place it passed through.
fn report(problem: Stop, place: &Place<'_>, context: &Context<'_>) -> Stop {
    if let Stop::Message(text) = problem {
        let message = format!("{place} cannot be read: {text}");
        context.undecodable(Diagnostic::error(Code::WrongType, message).at(place.origin(), ""));
    }
    Stop::Reported
}

struct Decoder<'p, 'c, 't> {
    place: Place<'p>,
    context: &'c Context<'t>,
}

impl<'p> Decoder<'p, '_, '_> {
    fn value(&self) -> &'p Value<'p> {
        &self.place.node().value
    }

    fn wrong(&self, expected: &str) {
        let node = self.place.node();
        let source = self.context.source(node.origin);
        self.context.undecodable(hints::wrong_type(&self.place.to_string(), node, source, expected));
    }

    fn text(&self) -> &'p str {
        match self.value() {
            Value::Str(text) => return text,
            Value::Null => {}
            _ => self.wrong("a string"),
        }
        ""
    }

    /// A whole number in a range; `80.0` is 80 (V63).
    fn integer(&self, low: i64, high: i64, expected: &str) -> i64 {
        let number = match self.value() {
            Value::Null => return 0,
            Value::Int(number) => Some(*number),
            Value::Float(number) => whole(*number),
            _ => None,
        };
        match number.filter(|number| (low..=high).contains(number)) {
            Some(number) => number,
            None => {
                self.wrong(expected);
                0
            }
        }
    }

    fn entries(&self) -> &'p [(Node<'p>, Node<'p>)] {
        match self.value() {
            Value::Map(entries) => return entries,
            Value::Null => {}
            _ => self.wrong("a mapping"),
        }
        &[]
    }
}

/// The integer that a float stands for, if it is whole and exactly representable.
#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and below 2^53")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty, $low:expr, $high:expr, $words:literal;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            let number = self.integer($low, $high, $words);
            visitor.$visit(<$type>::try_from(number).unwrap_or_default())
        })*
    };
}

impl<'de> de::Deserializer<'de> for Decoder<'_, '_, '_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        // The two types that take a number or a string ask for "any"; their names tell them apart
        // from free-form content.
        match (&visitor as &dyn Expected).to_string().as_str() {
            "IntOrString" => match self.value() {
                Value::Str(text) => visitor.visit_str(text),
                _ => {
                    let (low, high) = (i64::from(i32::MIN), i64::from(i32::MAX));
                    visitor.visit_i64(self.integer(low, high, "a whole number of 32 bits or a name"))
                }
            },
            "Quantity" => match self.value() {
                Value::Str(text) => visitor.visit_str(text),
                Value::Float(number) => visitor.visit_f64(*number),
                _ => visitor.visit_i64(self.integer(i64::MIN, i64::MAX, "a quantity")),
            },
            _ => self.free_form(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if *self.value() == Value::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_map(Entries::new(&self, Some((name, fields))))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_map(Entries::new(&self, None))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if !matches!(self.value(), Value::Null | Value::List(_)) {
            self.wrong("a list");
        }
        visitor.visit_seq(Items { place: &self.place, context: self.context, next: 0 })
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_str(self.text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_str(self.text())
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let value = match self.value() {
            Value::Bool(value) => *value,
            Value::Null => false,
            _ => {
                self.wrong("true or false");
                false
            }
        };
        visitor.visit_bool(value)
    }

    integers! {
        deserialize_i16 visit_i16 i16, i64::from(i16::MIN), i64::from(i16::MAX), "a whole number of 16 bits";
        deserialize_i32 visit_i32 i32, i64::from(i32::MIN), i64::from(i32::MAX), "a whole number of 32 bits";
        deserialize_i64 visit_i64 i64, i64::MIN, i64::MAX, "a whole number";
        deserialize_u32 visit_u32 u32, 0, i64::from(u32::MAX), "a whole number, not negative";
        deserialize_u64 visit_u64 u64, 0, i64::MAX, "a whole number, not negative";
    }

    #[expect(clippy::cast_precision_loss, reason = "Kubernetes itself reads these fields as doubles")]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.value() {
            Value::Float(number) => visitor.visit_f64(*number),
            _ => visitor.visit_f64(self.integer(i64::MIN, i64::MAX, "a number") as f64),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
    }
}

impl Decoder<'_, '_, '_> {
    /// Content whose type nobody knows: `managedFields`, for one.
    fn free_form<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.value() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Str(text) => visitor.visit_str(text),
            Value::List(_) => de::Deserializer::deserialize_seq(self, visitor),
            Value::Map(_) => de::Deserializer::deserialize_map(self, visitor),
        }
    }
}

struct Items<'p, 'c, 't> {
    place: &'p Place<'p>,
    context: &'c Context<'t>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, '_, '_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        if self.next >= self.place.node().items().len() {
            return Ok(None);
        }
        let place = self.place.item(self.next);
        self.next += 1;
        let value = seed.deserialize(Decoder { place, context: self.context });
        value.map(Some).map_err(|problem| report(problem, &place, self.context))
    }
}

/// The entries of a mapping. With the fields of a type, only these get through.
struct Entries<'p, 'c, 't> {
    place: &'p Place<'p>,
    context: &'c Context<'t>,
    entries: std::slice::Iter<'p, (Node<'p>, Node<'p>)>,
    current: Option<(&'p str, &'p Node<'p>, &'p Node<'p>)>,
    known: Option<(&'static str, &'static [&'static str])>,
}

impl<'p, 'c, 't> Entries<'p, 'c, 't> {
    fn new(decoder: &'p Decoder<'p, 'c, 't>, known: Option<(&'static str, &'static [&'static str])>) -> Self {
        let entries = decoder.entries().iter();
        Entries { place: &decoder.place, context: decoder.context, entries, current: None, known }
    }

    /// The key as a string, if it is one and the type knows it.
    fn accept(&self, key: &'p Node<'p>, value: &'p Node<'p>) -> Option<&'p str> {
        let Some(name) = key.as_str() else {
            let source = self.context.source(key.origin);
            let path = if self.place.to_string().is_empty() { "the object".into() } else { self.place.to_string() };
            self.context.undecodable(hints::non_string_key(&path, key, source));
            return None;
        };
        match self.known {
            Some((parent, fields)) if !fields.contains(&name) => {
                let path = self.place.entry(name, key, value).to_string();
                self.context.undecodable(hints::unknown_field(&path, key, name, parent, fields));
                None
            }
            _ => Some(name),
        }
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_, '_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        while let Some((key, value)) = self.entries.next() {
            if let Some(name) = self.accept(key, value) {
                self.current = Some((name, key, value));
                return seed.deserialize(de::value::StrDeserializer::new(name)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let Some((name, key, node)) = self.current.take() else {
            return Err(Stop::Message("a value without a key".to_owned()));
        };
        let place = self.place.entry(name, key, node);
        let value = seed.deserialize(Decoder { place, context: self.context });
        value.map_err(|problem| report(problem, &place, self.context))
    }
}
