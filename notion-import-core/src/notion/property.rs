//! Property values of pages.

use serde::de::MapAccess;

use crate::id::NotionId;
use crate::notion::column::NumberFormat;
use crate::notion::file::File;
use crate::notion::lenient::{Key, Lenient, Reference, deserialize, object, skip, value};
use crate::notion::text::{Color, DateRange, RichText};

/// A property of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Property {
    /// Its id; a title's is always `title`. Names may change, ids do not.
    pub id: String,
    /// Its value.
    pub value: PropertyValue,
    /// Whether it holds more than is here: a page shows the first 25 references of a property.
    pub has_more: bool,
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq)]
pub enum PropertyValue {
    /// The page's title.
    Title(Vec<RichText>),
    /// Text.
    RichText(Vec<RichText>),
    /// A number.
    Number(Option<f64>),
    /// A web address.
    Url(Option<String>),
    /// One of some options.
    Select(Choice),
    /// Several of some options.
    MultiSelect(Vec<Choice>),
    /// How far something is.
    Status(Choice),
    /// A date or a range of dates.
    Date(DateRange),
    /// An e-mail address.
    Email(Option<String>),
    /// A telephone number.
    PhoneNumber(Option<String>),
    /// A check box.
    Checkbox(bool),
    /// Files.
    Files(Vec<File>),
    /// Who made the page.
    CreatedBy(Option<Person>),
    /// When the page was made.
    CreatedTime(Option<String>),
    /// Who edited it last.
    LastEditedBy(Option<Person>),
    /// When it was last edited.
    LastEditedTime(Option<String>),
    /// What a formula gives.
    Formula(Formula),
    /// What a roll-up gives.
    Rollup(Rollup),
    /// Links to rows.
    Relation(Vec<NotionId>),
    /// People and groups.
    People(Vec<Person>),
    /// A number Notion counts, with the prefix of its data source.
    UniqueId(UniqueId),
    /// Whether the page is verified.
    Verification(Verification),
    /// A button.
    Button,
    /// A place.
    Place(Place),
    /// A type Notion has added since, by its name.
    Unknown(String),
}

impl Default for PropertyValue {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

object! {
    /// An option of a select, a multi-select or a status.
    pub struct Choice {
        /// Its name; none if nothing is chosen.
        pub name: Option<String>,
        /// Its colour.
        pub color: Color,
    }
}

object! {
    /// A person, a bot or a group.
    pub struct Person {
        /// Its id.
        pub id: Option<NotionId>,
        /// Its name, if the integration may see it.
        pub name: Option<String>,
        /// `user` or `group`.
        pub object: String,
    }
}

object! {
    /// A number Notion counts.
    pub struct UniqueId {
        /// The prefix of the data source.
        pub prefix: Option<String>,
        /// The number.
        pub number: Option<f64>,
    }
}

object! {
    /// Whether a page is verified.
    pub struct Verification {
        /// `verified`, `expired` or `unverified`.
        pub state: Option<String>,
        /// How long.
        pub date: DateRange,
        /// By whom.
        pub verified_by: Option<Person>,
    }
}

object! {
    /// A place.
    pub struct Place {
        /// Its name.
        pub name: Option<String>,
        /// Its address.
        pub address: Option<String>,
        /// Its latitude, in degrees.
        pub lat: Option<f64>,
        /// Its longitude, in degrees.
        pub lon: Option<f64>,
    }
}

/// What a formula gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Formula {
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A date.
    Date(DateRange),
    /// Nothing.
    #[default]
    Empty,
    /// A result Notion does not give, or of a type we do not know.
    Unsupported,
}

/// What a roll-up gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollup {
    /// How it sums up the rows, by Notion's name: `sum`, `percent_checked`, `show_original`.
    pub function: String,
    /// What comes of it.
    pub result: RollupResult,
}

/// What comes of a roll-up.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RollupResult {
    /// A number.
    Number(f64),
    /// A date.
    Date(DateRange),
    /// The values of the rows.
    Array(Vec<PropertyValue>),
    /// Nothing.
    #[default]
    Empty,
    /// A result that Notion gives page by page.
    Incomplete,
    /// A result Notion does not give, or of a type we do not know.
    Unsupported,
}

impl Lenient for Formula {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut this = Self::Empty;
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "string" => replace(&mut this, value::<Option<String>, _>(&mut object)?.map(Self::Text)),
                "number" => replace(&mut this, value::<Option<f64>, _>(&mut object)?.map(Self::Number)),
                "boolean" => replace(&mut this, value::<Option<bool>, _>(&mut object)?.map(Self::Boolean)),
                "date" => replace(&mut this, dated(value(&mut object)?).map(Self::Date)),
                "type" => {
                    let is_known = is_one_of(&["string", "number", "boolean", "date"], value(&mut object)?);
                    replace(&mut this, (!is_known).then_some(Self::Unsupported));
                }
                _ => skip(&mut object)?,
            }
        }
        Ok(this)
    }
}

impl Rollup {
    /// How what it counts is shown; none if that is shown as the column it takes its values from.
    pub fn own_format(&self) -> Option<NumberFormat> {
        match self.function.as_str() {
            "count" | "count_values" | "count_per_group" | "unique" | "empty" | "not_empty" | "checked"
            | "unchecked" => Some(NumberFormat::Plain),
            function if function.starts_with("percent_") => Some(NumberFormat::Percent),
            _ => None,
        }
    }
}

impl Lenient for Rollup {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut function, mut this) = (String::new(), RollupResult::Empty);
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "function" => function = value(&mut object)?,
                "number" => {
                    replace(&mut this, value::<Option<f64>, _>(&mut object)?.map(RollupResult::Number))
                }
                "date" => replace(&mut this, dated(value(&mut object)?).map(RollupResult::Date)),
                "array" => {
                    let values: Vec<Property> = value(&mut object)?;
                    this = RollupResult::Array(values.into_iter().map(|property| property.value).collect());
                }
                "type" => match value::<String, _>(&mut object)? {
                    kind if kind == "incomplete" => this = RollupResult::Incomplete,
                    kind => {
                        let is_known = is_one_of(&["number", "date", "array"], kind);
                        replace(&mut this, (!is_known).then_some(RollupResult::Unsupported));
                    }
                },
                _ => skip(&mut object)?,
            }
        }
        Ok(Self { function, result: this })
    }
}

fn replace<T>(this: &mut T, found: Option<T>) {
    if let Some(found) = found {
        *this = found;
    }
}

fn dated(date: DateRange) -> Option<DateRange> {
    date.start.is_some().then_some(date)
}

/// Whether the type of a result is known; what names none is what it holds.
fn is_one_of(known: &[&str], kind: String) -> bool {
    kind.is_empty() || known.contains(&&*kind)
}

impl Lenient for Property {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut this = Self::default();
        let mut kind = String::new();
        let mut values: Vec<(&'static str, PropertyValue)> = Vec::new();
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "id" => this.id = value(&mut object)?,
                "type" => kind = value(&mut object)?,
                "has_more" => this.has_more = value(&mut object)?,
                key => match PropertyValue::read(key, &mut object)? {
                    Some(read) => values.push(read),
                    None => skip(&mut object)?,
                },
            }
        }
        let chosen = values.iter().position(|(name, _)| kind.is_empty() || *name == kind);
        this.value = match chosen {
            Some(at) => values.swap_remove(at).1,
            None => PropertyValue::Unknown(kind),
        };
        Ok(this)
    }
}

impl PropertyValue {
    fn read<'de, A: MapAccess<'de>>(
        key: &str,
        object: &mut A,
    ) -> Result<Option<(&'static str, Self)>, A::Error> {
        Ok(Some(match key {
            "title" => ("title", Self::Title(value(object)?)),
            "rich_text" => ("rich_text", Self::RichText(value(object)?)),
            // Its name before 2022.
            "text" => ("text", Self::RichText(value(object)?)),
            "number" => ("number", Self::Number(value(object)?)),
            "url" => ("url", Self::Url(value(object)?)),
            "select" => ("select", Self::Select(value(object)?)),
            "multi_select" => ("multi_select", Self::MultiSelect(value(object)?)),
            "status" => ("status", Self::Status(value(object)?)),
            "date" => ("date", Self::Date(value(object)?)),
            "email" => ("email", Self::Email(value(object)?)),
            "phone_number" => ("phone_number", Self::PhoneNumber(value(object)?)),
            "checkbox" => ("checkbox", Self::Checkbox(value(object)?)),
            "files" => ("files", Self::Files(value(object)?)),
            "created_by" => ("created_by", Self::CreatedBy(value(object)?)),
            "created_time" => ("created_time", Self::CreatedTime(value(object)?)),
            "last_edited_by" => ("last_edited_by", Self::LastEditedBy(value(object)?)),
            "last_edited_time" => ("last_edited_time", Self::LastEditedTime(value(object)?)),
            "formula" => ("formula", Self::Formula(value(object)?)),
            "rollup" => ("rollup", Self::Rollup(value(object)?)),
            "relation" => ("relation", Self::relation(value(object)?)),
            "people" => ("people", Self::People(value(object)?)),
            "unique_id" => ("unique_id", Self::UniqueId(value(object)?)),
            "verification" => ("verification", Self::Verification(value(object)?)),
            "button" => {
                skip(object)?;
                ("button", Self::Button)
            }
            "place" => ("place", Self::Place(value(object)?)),
            _ => return Ok(None),
        }))
    }

    fn relation(rows: Vec<Reference>) -> Self {
        Self::Relation(rows.into_iter().filter_map(|row| row.0).collect())
    }
}

impl Lenient for Option<Person> {
    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Person::from_object(object).map(Some)
    }
}

deserialize!(Property, Person);
