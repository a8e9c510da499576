//! Reading Notion's JSON without failing on its shape.
//!
//! A field that is missing, null or of another type becomes its default; only text that is not JSON is an error.
//! Keys may come in any order and more than once.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::id::NotionId;

/// What a type makes of any JSON value: every shape but its own gives the default.
pub(crate) trait Lenient: Default {
    fn from_bool(_: bool) -> Self {
        Self::default()
    }

    fn from_number(_: f64) -> Self {
        Self::default()
    }

    fn from_text(_: &str) -> Self {
        Self::default()
    }

    /// What a list of it makes of a text.
    fn list_of_text(_: &str) -> Vec<Self> {
        Vec::new()
    }

    fn from_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        skip_list(list)?;
        Ok(Self::default())
    }

    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        skip_object(object)?;
        Ok(Self::default())
    }
}

/// The bridge from [`Lenient`] to serde.
pub(crate) struct Any<T>(pub T);

impl<'de, T: Lenient> Deserialize<'de> for Any<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor(PhantomData)).map(Any)
    }
}

struct AnyVisitor<T>(PhantomData<T>);

impl<'de, T: Lenient> Visitor<'de> for AnyVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::from_bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(T::from_number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::from_number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(T::from_number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::from_text(value))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_none<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::from_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::from_object(object)
    }
}

/// Reads the value that belongs to the key just read.
pub(crate) fn value<'de, T: Lenient, A: MapAccess<'de>>(object: &mut A) -> Result<T, A::Error> {
    object.next_value::<Any<T>>().map(|any| any.0)
}

/// Passes over the value that belongs to the key just read, however deep.
pub(crate) fn skip<'de, A: MapAccess<'de>>(object: &mut A) -> Result<(), A::Error> {
    object.next_value::<IgnoredAny>().map(|_| ())
}

fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<(), A::Error> {
    while object.next_key::<IgnoredAny>()?.is_some() {
        skip(&mut object)?;
    }
    Ok(())
}

/// A key of an object, without an allocation. A key longer than any we know reads as the empty one.
pub(crate) struct Key {
    bytes: [u8; 32],
    length: usize,
}

impl Key {
    /// Reads the next key, `None` at the end of the object.
    pub(crate) fn next<'de, A: MapAccess<'de>>(object: &mut A) -> Result<Option<Self>, A::Error> {
        object.next_key::<Self>()
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                let mut key = Key { bytes: [0; 32], length: 0 };
                if let Some(room) = key.bytes.get_mut(..text.len()) {
                    room.copy_from_slice(text.as_bytes());
                    key.length = text.len();
                }
                Ok(key)
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl Lenient for bool {
    fn from_bool(value: bool) -> Self {
        value
    }

    fn from_text(value: &str) -> Self {
        value == "true"
    }
}

impl Lenient for String {
    fn from_text(value: &str) -> Self {
        value.to_owned()
    }
}

impl Lenient for Option<bool> {
    fn from_bool(value: bool) -> Self {
        Some(value)
    }

    fn from_text(value: &str) -> Self {
        match value {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

/// A number says as much as its digits.
impl Lenient for Option<String> {
    fn from_number(value: f64) -> Self {
        Some(value.to_string())
    }

    fn from_text(value: &str) -> Self {
        Some(value.to_owned())
    }
}

impl Lenient for Option<f64> {
    fn from_number(value: f64) -> Self {
        Some(value)
    }

    fn from_text(value: &str) -> Self {
        value.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl Lenient for Option<NotionId> {
    fn from_text(value: &str) -> Self {
        value.parse().ok()
    }
}

impl Lenient for Option<DateTime<Utc>> {
    fn from_text(value: &str) -> Self {
        DateTime::parse_from_rfc3339(value).ok().map(|time| time.to_utc())
    }
}

/// Elements keep their places: one of the wrong type is a default, never a gap.
impl<T: Lenient> Lenient for Vec<T> {
    fn from_text(text: &str) -> Self {
        T::list_of_text(text)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut all = Self::new();
        while let Some(Any(one)) = list.next_element()? {
            all.push(one);
        }
        Ok(all)
    }
}

/// `{"id": ..}`, of which only the id matters.
#[derive(Default)]
pub(crate) struct Reference(pub Option<NotionId>);

impl Lenient for Reference {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut id = None;
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "id" => id = value(&mut object)?,
                _ => skip(&mut object)?,
            }
        }
        Ok(Self(id))
    }
}

/// An enum whose JSON is one of some names; any other text is the fallback, anything else the default.
macro_rules! names {
    ($(#[$meta:meta])* pub enum $name:ident or $default:ident else $fallback:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every value, in Notion's order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Notion's name for it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Finds the value of that name; an unknown one reads as the fallback.
            pub fn from_name(name: &str) -> Self {
                match name {
                    $($text => Self::$variant,)+
                    _ => Self::$fallback,
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        }

        impl $crate::notion::lenient::Lenient for $name {
            fn from_text(text: &str) -> Self {
                Self::from_name(text)
            }
        }
    };
}

/// A plain object: each field is read from its key, whatever the order, and defaults. One that was called otherwise once is read
/// from that key, too, if its own gives nothing.
macro_rules! object {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_visibility:vis $field:ident $(or $old:ident)?: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        $visibility struct $name {
            $($(#[$field_meta])* $field_visibility $field: $type,)*
        }

        impl $crate::notion::lenient::Lenient for $name {
            fn from_object<'de, A: serde::de::MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
                let mut this = Self::default();
                $($(let mut $old = <$type>::default();)?)*
                while let Some(key) = $crate::notion::lenient::Key::next(&mut object)? {
                    match key.as_str() {
                        $(stringify!($field) => this.$field = $crate::notion::lenient::value(&mut object)?,)*
                        $($(stringify!($old) => $old = $crate::notion::lenient::value(&mut object)?,)?)*
                        _ => $crate::notion::lenient::skip(&mut object)?,
                    }
                }
                $($(if this.$field.is_empty() {
                    this.$field = $old;
                })?)*
                Ok(this)
            }
        }
    };
}

/// `Deserialize` for types the rest of the crate reads on their own.
macro_rules! deserialize {
    ($($name:ty),+) => {$(
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$crate::notion::lenient::Any<Self> as serde::Deserialize>::deserialize(deserializer).map(|any| any.0)
            }
        }
    )+};
}

pub(crate) use {deserialize, names, object};
