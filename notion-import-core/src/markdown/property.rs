//! Property values as text of one cell, and tables of them.

use crate::id::NotionId;
use crate::library::fidelity::{LossKind, TruncationKind};
use crate::markdown::files::property_file;
use crate::markdown::ledger::Ledger;
use crate::markdown::options::Options;
use crate::markdown::rendered::Rendered;
use crate::markdown::table;
use crate::markdown::writer::Writer;
use crate::notion::address::lasting_text;
use crate::notion::page::Page;
use crate::notion::property::{Formula, Person, Property, PropertyValue, Rollup};
use crate::notion::text::{DateRange, Mention, RichText, RichTextKind};

/// Writes a row's properties, without its title, as a table of names and values. Without any, it is empty.
pub fn properties_table(page: &Page, options: &Options<'_>) -> Rendered {
    let (mut writer, mut ledger) = (Writer::default(), Ledger::default());
    ledger.at(page.id);
    let mut rows = vec![vec![plain("Name"), plain("Value")]];
    for (name, property) in &page.properties.0 {
        if !matches!(property.value, PropertyValue::Title(_)) {
            rows.push(vec![plain(name), self::property(&mut ledger, options, property)]);
        }
    }
    if rows.len() > 1 {
        let rows: Vec<&[Vec<RichText>]> = rows.iter().map(Vec::as_slice).collect();
        table::rows(&mut writer, &mut ledger, options, &rows, 2, true);
    }
    Rendered::new(writer, ledger)
}

/// Writes the rows of a data source as a table: `columns` by name, in order, the title first.
pub fn rows_table(columns: &[&str], rows: &[Page], options: &Options<'_>) -> Rendered {
    let (mut writer, mut ledger) = (Writer::default(), Ledger::default());
    let mut table = vec![columns.iter().map(|name| plain(name)).collect::<Vec<_>>()];
    for page in rows {
        ledger.at(page.id);
        let cell = |name: &&str| {
            page.properties
                .get(name)
                .map_or_else(Vec::new, |property| self::property(&mut ledger, options, property))
        };
        table.push(columns.iter().map(cell).collect());
    }
    let table: Vec<&[Vec<RichText>]> = table.iter().map(Vec::as_slice).collect();
    table::rows(&mut writer, &mut ledger, options, &table, columns.len(), true);
    Rendered::new(writer, ledger)
}

/// Writes a property's value as plain text: for titles, front matter and search.
pub fn plain_value(value: &PropertyValue) -> String {
    let text = self::value(&mut Ledger::default(), &Options::default(), value);
    lasting_text(&crate::notion::text::plain_text(&text)).into_owned()
}

fn plain(text: &str) -> Vec<RichText> {
    vec![RichText::plain(text)]
}

fn linked(text: String, href: String) -> RichText {
    RichText { plain_text: text, href: Some(href), ..RichText::default() }
}

fn property(ledger: &mut Ledger, options: &Options<'_>, property: &Property) -> Vec<RichText> {
    if let PropertyValue::Relation(relation) = &property.value
        && relation.has_more
    {
        ledger.truncate(TruncationKind::PropertyNotLoaded);
    }
    value(ledger, options, &property.value)
}

fn value(ledger: &mut Ledger, options: &Options<'_>, value: &PropertyValue) -> Vec<RichText> {
    let text = match value {
        PropertyValue::Title(text) | PropertyValue::RichText(text) => return text.clone(),
        PropertyValue::Number(number) => number.map(written),
        PropertyValue::Url(Some(url)) => return vec![linked(url.clone(), url.clone())],
        PropertyValue::Email(Some(address)) => {
            return vec![linked(address.clone(), format!("mailto:{address}"))];
        }
        PropertyValue::PhoneNumber(Some(number)) => {
            return vec![linked(number.clone(), format!("tel:{}", number.replace(' ', "")))];
        }
        PropertyValue::Url(None) | PropertyValue::Email(None) | PropertyValue::PhoneNumber(None) => None,
        PropertyValue::Select(choice) | PropertyValue::Status(choice) => choice.name.clone(),
        PropertyValue::MultiSelect(choices) => {
            Some(joined(choices.iter().filter_map(|choice| choice.name.clone())))
        }
        PropertyValue::Date(date) => dated(date),
        PropertyValue::Checkbox(checked) => Some(yes(*checked)),
        PropertyValue::Files(files) => return linked_files(ledger, options, files),
        PropertyValue::CreatedBy(person) | PropertyValue::LastEditedBy(person) => {
            Some(names(ledger, std::slice::from_ref(person)))
        }
        PropertyValue::CreatedTime(time) | PropertyValue::LastEditedTime(time) => time.clone(),
        PropertyValue::Formula(formula) => computed(ledger, formula),
        PropertyValue::Rollup(rollup) => return rolled_up(ledger, options, rollup),
        PropertyValue::Relation(relation) => {
            return separated(relation.ids.iter().map(|&id| vec![row_link(id)]).collect());
        }
        PropertyValue::People(people) => Some(names(ledger, people)),
        PropertyValue::UniqueId(id) => id.number.map(|number| match id.prefix.as_deref() {
            Some(prefix) if !prefix.is_empty() => format!("{prefix}-{}", written(number)),
            _ => written(number),
        }),
        PropertyValue::Verification(verification) => verification.state.clone(),
        PropertyValue::Button => None,
        PropertyValue::Place(place) => {
            Some(joined([place.name.clone(), place.address.clone()].into_iter().flatten()))
        }
        PropertyValue::Unknown(_) => {
            ledger.lose(LossKind::UnsupportedProperty);
            None
        }
    };
    text.filter(|text| !text.is_empty()).map_or_else(Vec::new, |text| plain(&text))
}

/// A mention of another row, by its id.
fn row_link(id: NotionId) -> RichText {
    RichText {
        plain_text: id.to_string(),
        kind: RichTextKind::Mention(Box::new(Mention::Page(Some(id)))),
        ..RichText::default()
    }
}

fn linked_files(
    ledger: &mut Ledger,
    options: &Options<'_>,
    files: &[crate::notion::file::File],
) -> Vec<RichText> {
    let named = files.iter().enumerate().filter_map(|(index, file)| {
        let (name, href) = property_file(ledger, options, file, index)?;
        Some(vec![RichText { plain_text: name, href, ..RichText::default() }])
    });
    separated(named.collect())
}

fn names(ledger: &mut Ledger, people: &[Person]) -> String {
    let named = people.iter().filter_map(|person| person.name.clone());
    ledger.exposure.people += people.iter().filter(|person| person.name.is_some()).count() as u64;
    joined(named)
}

fn computed(ledger: &mut Ledger, formula: &Formula) -> Option<String> {
    match formula {
        Formula::Text(text) => Some(text.clone()),
        Formula::Number(number) => Some(written(*number)),
        Formula::Boolean(value) => Some(yes(*value)),
        Formula::Date(date) => dated(date),
        Formula::Empty => None,
        Formula::Unsupported => {
            ledger.lose(LossKind::UnsupportedProperty);
            None
        }
    }
}

fn rolled_up(ledger: &mut Ledger, options: &Options<'_>, rollup: &Rollup) -> Vec<RichText> {
    match rollup {
        Rollup::Number(number) => plain(&written(*number)),
        Rollup::Date(date) => dated(date).map_or_else(Vec::new, |date| plain(&date)),
        Rollup::Array(values) => separated(values.iter().map(|part| value(ledger, options, part)).collect()),
        Rollup::Empty => Vec::new(),
        Rollup::Unsupported => {
            ledger.lose(LossKind::UnsupportedProperty);
            Vec::new()
        }
    }
}

/// Notion's numbers are doubles; whole ones are written without a point.
fn written(number: f64) -> String {
    number.to_string()
}

fn yes(value: bool) -> String {
    if value { "Yes" } else { "No" }.to_owned()
}

fn dated(date: &DateRange) -> Option<String> {
    let ends = [date.start.as_deref(), date.end.as_deref()];
    let range = ends.into_iter().flatten().collect::<Vec<_>>().join(" \u{2192} ");
    (!range.is_empty()).then_some(range)
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(", ")
}

fn separated(parts: Vec<Vec<RichText>>) -> Vec<RichText> {
    let mut runs = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if !runs.is_empty() {
            runs.push(RichText::plain(", "));
        }
        runs.extend(part);
    }
    runs
}
