//! Newtype ids: what belongs to whom is in the type, so a forgotten tenant does not compile.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID the host already has.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// Makes a fresh, time-ordered id (UUIDv7).
            #[cfg(feature = "client")]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }

            /// The UUID inside.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::from_str(text).map(Self).map_err(|_| InvalidId(stringify!($name)))
            }
        }
    };
}

/// A newtype of a SHA-256, written as hexadecimal digits.
#[cfg(feature = "client")]
macro_rules! digest_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps a finished digest.
            pub const fn from_digest(digest: [u8; 32]) -> Self {
                Self(digest)
            }

            /// The digest.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::id::InvalidId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut digest = [0; 32];
                let decoded = hex::decode_to_slice(text, &mut digest);
                decoded.map_err(|_| $crate::id::InvalidId::of(stringify!($name)))?;
                Ok(Self(digest))
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = ::std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }
    };
}
#[cfg(feature = "client")]
pub(crate) use digest_id;

uuid_id! {
    /// A customer of the Trust Center. Everything stored belongs to exactly one.
    TenantId
}
uuid_id! {
    /// A document in a tenant's library.
    DocumentId
}
uuid_id! {
    /// A person outside the tenant who may be assigned documents.
    ContactId
}
uuid_id! {
    /// A person inside the tenant: administrator, content manager, account manager or viewer.
    MemberId
}
uuid_id! {
    /// One try to connect Notion. It travels through Nango in tags, so it is public.
    AttemptId
}
uuid_id! {
    /// A tenant's connection to Notion, from its confirmation to its end, whatever the service that holds the token calls it.
    ConnectionId
}
uuid_id! {
    /// One entry of a tenant's read log.
    ReadId
}
uuid_id! {
    /// One contact's acceptance of one version of an NDA.
    AcceptanceId
}
uuid_id! {
    /// An NDA of a tenant, whatever its version.
    NdaId
}
uuid_id! {
    /// A person's request to read one document.
    RequestId
}
uuid_id! {
    /// A person's wish to be told what is new on a site.
    SubscriptionId
}

/// Counts a document's versions from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionNumber(pub u32);

/// The id of anything in Notion: page, block, database, data source, user.
///
/// It parses 32 hex digits with or without dashes, in either case, and is written dashed and in lower case,
/// so every spelling of an id is one id. No UUID version is assumed: Notion's current ids are of none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct NotionId(Uuid);

impl NotionId {
    /// Wraps a UUID.
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The UUID inside.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }

    /// The form Notion's URLs carry: 32 hex digits without dashes.
    pub fn simple(self) -> String {
        self.0.simple().to_string()
    }
}

impl fmt::Display for NotionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for NotionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NotionId({})", self.0)
    }
}

impl FromStr for NotionId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let plain = text.len() == 32 || text.len() == 36;
        plain.then(|| Uuid::try_parse(text).ok()).flatten().map(Self).ok_or(InvalidId("NotionId"))
    }
}

impl<'de> Deserialize<'de> for NotionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The text is not an id of the named kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {0}")]
pub struct InvalidId(&'static str);

#[cfg(feature = "client")]
impl InvalidId {
    pub(crate) const fn of(kind: &'static str) -> Self {
        Self(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_notion_id_is_one_id() {
        let dashed = "35261e8c-e0a3-80c8-9f00-0123456789ab";
        let expected: NotionId = dashed.parse().unwrap();
        for spelling in ["35261e8ce0a380c89f000123456789ab", "35261E8CE0A380C89F000123456789AB", dashed] {
            assert_eq!(spelling.parse::<NotionId>().unwrap(), expected);
            let json = format!("\"{spelling}\"");
            assert_eq!(serde_json::from_str::<NotionId>(&json).unwrap(), expected);
        }
        assert_eq!(expected.to_string(), dashed);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "abc",
            "{35261e8c-e0a3-80c8-9f00-0123456789ab}",
            "urn:uuid:35261e8c-e0a3-80c8-9f00-0123456789ab",
        ] {
            assert!(text.parse::<NotionId>().is_err(), "{text}");
        }
    }
}
