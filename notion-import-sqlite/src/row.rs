//! How values are written into columns and read back.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use notion_import_core::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Microseconds since 1970.
pub(crate) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// A count or a limit. SQLite counts no further.
pub(crate) fn integer(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
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
    fn text(&self, column: &'static str) -> Result<String, StoreError>;
    fn text_or_none(&self, column: &'static str) -> Result<Option<String>, StoreError>;
    fn integer_or_none(&self, column: &'static str) -> Result<Option<i64>, StoreError>;

    fn integer(&self, column: &'static str) -> Result<i64, StoreError> {
        self.integer_or_none(column)?.ok_or(StoreError::Corrupt(column))
    }

    fn count<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, StoreError> {
        T::try_from(self.integer(column)?).map_err(|_| StoreError::Corrupt(column))
    }

    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.integer(column)? != 0)
    }

    fn time(&self, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
        self.time_or_none(column)?.ok_or(StoreError::Corrupt(column))
    }

    fn time_or_none(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let read = |micros| DateTime::from_timestamp_micros(micros).ok_or(StoreError::Corrupt(column));
        self.integer_or_none(column)?.map(read).transpose()
    }

    fn id<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| StoreError::Corrupt(column))
    }

    fn id_or_none<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let read = |text: String| text.parse().map_err(|_| StoreError::Corrupt(column));
        self.text_or_none(column)?.map(read).transpose()
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| StoreError::Corrupt(column))
    }

    fn json_or_none<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        let read = |text: String| serde_json::from_str(&text).map_err(|_| StoreError::Corrupt(column));
        self.text_or_none(column)?.map(read).transpose()
    }

    /// An enum without fields, by the name it has in JSON.
    fn name<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        let name = serde_json::Value::String(self.text(column)?);
        serde_json::from_value(name).map_err(|_| StoreError::Corrupt(column))
    }
}

impl Columns for SqliteRow {
    fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt(column))
    }

    fn text_or_none(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt(column))
    }

    fn integer_or_none(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.try_get(column).map_err(|_| StoreError::Corrupt(column))
    }
}

pub(crate) fn every<T>(
    rows: Vec<SqliteRow>,
    read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}
