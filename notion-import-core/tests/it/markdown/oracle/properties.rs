//! From the properties of a row to events.

use notion_import_core::notion::{
    Annotations, Color, Column, DateRange, File, Formula, Mention, NumberFormat, Page, Properties, Property,
    PropertyValue, RichText, RichTextKind, Rollup, RollupResult,
};
use notion_import_core::{LossKind, NotionId, TruncationKind};

use super::event::Event;
use super::inline::shows;
use super::said::Said;
use super::{date, number};

/// How the numbers of a column are shown; none if that is not known.
type Format = Option<NumberFormat>;

impl Said {
    /// The properties of a row, but for its title: a table of names and values.
    pub fn properties(&mut self, page: &Page, schema: Option<&Properties<Column>>) {
        self.at(page.id);
        let is_title = |property: &Property| matches!(property.value, PropertyValue::Title(_));
        let shown: Vec<_> = page.properties.0.iter().filter(|(_, property)| !is_title(property)).collect();
        if shown.is_empty() {
            return;
        }
        self.push(Event::open("table"));
        self.row(&[words("Name"), words("Value")], 2);
        for (name, property) in shown {
            let value = self.property(property, schema);
            self.row(&[words(name), value], 2);
        }
        self.push(Event::Close);
    }

    /// The text of a property, in the format of its column.
    pub fn property(&mut self, property: &Property, schema: Option<&Properties<Column>>) -> Vec<RichText> {
        let is_own = |column: &&Column| !column.id.is_empty() && column.id == property.id;
        let column = schema.and_then(|schema| schema.0.iter().map(|(_, column)| column).find(is_own));
        let said = column.and_then(|column| column.number_format);
        let is_incomplete = match &property.value {
            PropertyValue::Rollup(rollup) => rollup.result == RollupResult::Incomplete,
            _ => false,
        };
        if property.has_more || is_incomplete {
            self.account.truncate(TruncationKind::PropertyNotLoaded);
        }
        let format = match &property.value {
            PropertyValue::Number(_) => column.map(|_| said.unwrap_or(NumberFormat::Plain)),
            PropertyValue::Formula(_) => Some(said.unwrap_or(NumberFormat::Plain)),
            PropertyValue::Rollup(rollup) => match rollup.function.as_str() {
                "count" | "count_values" | "count_per_group" | "unique" | "empty" | "not_empty"
                | "checked" | "unchecked" => Some(NumberFormat::Plain),
                function if function.starts_with("percent_") => Some(NumberFormat::Percent),
                _ => said,
            },
            _ => None,
        };
        self.value(&property.value, format)
    }

    fn value(&mut self, value: &PropertyValue, format: Format) -> Vec<RichText> {
        let text = match value {
            PropertyValue::Title(text) | PropertyValue::RichText(text) => return text.clone(),
            PropertyValue::Url(address) => return link(address, str::to_owned),
            PropertyValue::Email(address) => return link(address, |address| format!("mailto:{address}")),
            PropertyValue::PhoneNumber(number) => {
                return link(number, |number| format!("tel:{}", number.replace(' ', "")));
            }
            PropertyValue::Select(choice) | PropertyValue::Status(choice) => {
                return chosen(choice.name.as_deref(), choice.color);
            }
            PropertyValue::MultiSelect(choices) => {
                return listed(choices.iter().map(|choice| chosen(choice.name.as_deref(), choice.color)));
            }
            PropertyValue::Files(files) => {
                let files: Vec<_> = files.iter().map(|file| self.property_file(file)).collect();
                return listed(files);
            }
            PropertyValue::Relation(rows) => return listed(rows.iter().map(|&row| mentioned(row))),
            PropertyValue::Rollup(Rollup { result, .. }) => return self.rolled_up(result, format),
            PropertyValue::Number(number) => number.map(|number| self.number(number, format)),
            PropertyValue::Date(date) => Some(date::text(date)),
            PropertyValue::Checkbox(checked) => Some(yes(*checked)),
            PropertyValue::CreatedTime(time) | PropertyValue::LastEditedTime(time) => time.clone(),
            PropertyValue::CreatedBy(one) | PropertyValue::LastEditedBy(one) => {
                one.as_ref().map(|one| self.person(one.name.as_deref(), &one.object))
            }
            PropertyValue::People(people) => {
                let names = people.iter().map(|one| self.person(one.name.as_deref(), &one.object));
                Some(names.collect::<Vec<_>>().join(", "))
            }
            PropertyValue::UniqueId(id) => id.number.map(|number| {
                let prefix = id.prefix.as_deref().filter(|prefix| !prefix.is_empty());
                prefix.map_or_else(|| number.to_string(), |prefix| format!("{prefix}-{number}"))
            }),
            PropertyValue::Verification(verification) => {
                let by = verification.verified_by.as_ref();
                let by = by.map(|one| self.person(one.name.as_deref(), &one.object));
                Some(verified(verification.state.as_deref(), &verification.date, by))
            }
            PropertyValue::Place(place) => {
                Some(placed([&place.name, &place.address], place.lat.zip(place.lon)))
            }
            PropertyValue::Formula(formula) => match formula {
                Formula::Text(text) => Some(text.clone()),
                Formula::Number(number) => Some(self.number(*number, format)),
                Formula::Boolean(value) => Some(yes(*value)),
                Formula::Date(date) => Some(date::text(date)),
                Formula::Empty => None,
                Formula::Unsupported => self.unsupported(),
            },
            PropertyValue::Button => None,
            PropertyValue::Unknown(_) => self.unsupported(),
        };
        text.map_or_else(Vec::new, |text| words(&text))
    }

    fn rolled_up(&mut self, result: &RollupResult, format: Format) -> Vec<RichText> {
        match result {
            RollupResult::Number(number) => words(&self.number(*number, format)),
            RollupResult::Date(date) => words(&date::text(date)),
            RollupResult::Array(values) => {
                let values: Vec<_> = values.iter().map(|value| self.value(value, format)).collect();
                listed(values)
            }
            RollupResult::Empty | RollupResult::Incomplete => Vec::new(),
            RollupResult::Unsupported => {
                self.unsupported();
                Vec::new()
            }
        }
    }

    fn number(&mut self, number: f64, format: Format) -> String {
        let known = format.filter(|format| *format != NumberFormat::Other);
        self.lose_if(known.is_none(), LossKind::NumberFormat);
        number::text(number, known.unwrap_or(NumberFormat::Plain))
    }

    /// A person or a group, by name or by neutral words.
    fn person(&mut self, name: Option<&str>, object: &str) -> String {
        let name = name.filter(|name| !name.trim().is_empty());
        self.account.exposure.people += u64::from(name.is_some());
        self.lose_if(name.is_none(), LossKind::PersonName);
        name.unwrap_or(if object == "group" { "a group" } else { "a person" }).to_owned()
    }

    /// A file by its name, else by its address.
    fn property_file(&mut self, file: &File) -> Vec<RichText> {
        let home = self.home(file);
        self.account.exposure.files += u64::from(home.is_ok());
        let name = file.display_name();
        match home {
            Ok(url) => link(&Some(name.unwrap_or_else(|| url.clone())), |_| url.clone()),
            Err(is_somewhere) => words(&name.filter(|_| is_somewhere).unwrap_or_default()),
        }
    }

    fn unsupported(&mut self) -> Option<String> {
        self.account.lose(LossKind::UnsupportedProperty);
        None
    }
}

/// Values after one another: what shows nothing is not among them.
fn listed(values: impl IntoIterator<Item = Vec<RichText>>) -> Vec<RichText> {
    let values: Vec<_> = values.into_iter().filter(|value| shows(value)).collect();
    values.join(&RichText::plain(", "))
}

pub fn words(text: &str) -> Vec<RichText> {
    vec![RichText::plain(text)]
}

fn link(text: &Option<String>, to: impl Fn(&str) -> String) -> Vec<RichText> {
    let run = |text: &String| RichText { href: Some(to(text)), ..RichText::plain(text) };
    text.iter().map(run).collect()
}

fn chosen(name: Option<&str>, color: Color) -> Vec<RichText> {
    let annotations = Annotations { color, ..Annotations::default() };
    name.map(|name| RichText { annotations, ..RichText::plain(name) }).into_iter().collect()
}

/// A row that is related: nobody says its title.
fn mentioned(row: NotionId) -> Vec<RichText> {
    let kind = RichTextKind::Mention(Box::new(Mention::Page(Some(row))));
    vec![RichText { kind, ..RichText::default() }]
}

fn yes(value: bool) -> String {
    if value { "Yes" } else { "No" }.to_owned()
}

/// Whether a page is verified, until when, and by whom.
fn verified(state: Option<&str>, date: &DateRange, by: Option<String>) -> String {
    let until = date.end.as_deref().map(|end| {
        let day = end.strip_suffix("T00:00:00.000Z").unwrap_or(end).to_owned();
        let word = if state == Some("expired") { "since" } else { "until" };
        format!("{word} {}", date::zoned(&DateRange { start: None, ..date.clone() }, day))
    });
    let parts = [state.map(str::to_owned), until, by.map(|name| format!("by {name}"))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A name and an address, with coordinates where both are known.
fn placed(names: [&Option<String>; 2], coordinates: Option<(f64, f64)>) -> String {
    let names = names.into_iter().flatten().filter(|name| !name.trim().is_empty()).cloned();
    let names = names.collect::<Vec<_>>().join(", ");
    match coordinates {
        Some((lat, lon)) if names.is_empty() => format!("{lat}, {lon}"),
        Some((lat, lon)) => format!("{names} ({lat}, {lon})"),
        None => names,
    }
}
