//! How values are written into columns and read back.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use notion_import_core::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type, ValueRef};
use uuid::Uuid;

/// A count or a limit. PostgreSQL counts no further.
pub(crate) fn integer(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// A number of a version. No document has that many.
pub(crate) fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(crate) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::backend)
}

/// The name an enum without fields has in JSON.
pub(crate) fn name(value: &impl Serialize) -> Result<String, StoreError> {
    Ok(json(value)?.trim_matches('"').to_owned())
}

/// What a row holds. What cannot be read back is [`StoreError::Corrupt`], without the text that could not: it is the customer's.
pub(crate) trait Columns {
    fn value<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
        &'r self,
        column: &'static str,
    ) -> Result<T, StoreError>;

    /// What a column of type `json` says, word for word.
    fn json_text(&self, column: &'static str) -> Result<Option<&str>, StoreError>;

    fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.value(column)
    }

    fn text_or_none(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.value(column)
    }

    fn count<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        T::try_from(self.value::<i64>(column)?).map_err(|_| StoreError::Corrupt(column))
    }

    fn number(&self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.value::<i32>(column)?).map_err(|_| StoreError::Corrupt(column))
    }

    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        self.value(column)
    }

    fn time(&self, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
        self.value(column)
    }

    fn time_or_none(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.value(column)
    }

    fn id(&self, column: &'static str) -> Result<Uuid, StoreError> {
        self.value(column)
    }

    fn id_or_none(&self, column: &'static str) -> Result<Option<Uuid>, StoreError> {
        self.value(column)
    }

    fn address_or_none(&self, column: &'static str) -> Result<Option<IpAddr>, StoreError> {
        let read = |text: String| text.parse().map_err(|_| StoreError::Corrupt(column));
        self.text_or_none(column)?.map(read).transpose()
    }

    fn digest(&self, column: &'static str) -> Result<[u8; 32], StoreError> {
        self.digest_or_none(column)?.ok_or(StoreError::Corrupt(column))
    }

    fn digest_or_none(&self, column: &'static str) -> Result<Option<[u8; 32]>, StoreError> {
        let read = |digest: Vec<u8>| digest.try_into().map_err(|_| StoreError::Corrupt(column));
        self.value::<Option<Vec<u8>>>(column)?.map(read).transpose()
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        self.json_or_none(column)?.ok_or(StoreError::Corrupt(column))
    }

    fn json_or_none<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let read = |text| serde_json::from_str(text).map_err(|_| StoreError::Corrupt(column));
        self.json_text(column)?.map(read).transpose()
    }

    /// An enum without fields, by the name it has in JSON.
    fn name<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        let name = serde_json::Value::String(self.text(column)?);
        serde_json::from_value(name).map_err(|_| StoreError::Corrupt(column))
    }
}

impl Columns for PgRow {
    fn value<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
        &'r self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt(column))
    }

    fn json_text(&self, column: &'static str) -> Result<Option<&str>, StoreError> {
        let value = self.try_get_raw(column).map_err(|_| StoreError::Corrupt(column))?;
        if value.is_null() {
            return Ok(None);
        }
        value.as_str().map(Some).map_err(|_| StoreError::Corrupt(column))
    }
}

pub(crate) fn every<T>(
    rows: Vec<PgRow>,
    read: impl Fn(&PgRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}
