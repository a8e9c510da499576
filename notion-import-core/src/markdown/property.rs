//! Property values as text of one cell, and tables of them.

use crate::id::NotionId;
use crate::library::fidelity::{LossKind, TruncationKind};
use crate::markdown::date;
use crate::markdown::files::property_file;
use crate::markdown::ledger::Ledger;
use crate::markdown::options::Options;
use crate::markdown::rendered::Rendered;
use crate::markdown::table;
use crate::markdown::target::{A_PAGE, A_PERSON};
use crate::markdown::writer::Writer;
use crate::notion::address::lasting_text;
use crate::notion::page::Page;
use crate::notion::property::{
    Choice, Formula, Person, Place, Property, PropertyValue, Rollup, Verification,
};
use crate::notion::text::{Annotations, Mention, RichText, RichTextKind};

/// Writes a row's properties, without its title, as a table of names and values. Without any, it is empty.
pub fn properties_table(page: &Page, options: &Options<'_>) -> Rendered {
    let (mut writer, mut ledger) = (Writer::default(), Ledger::default());
    ledger.at(page.id);
    let is_title = |property: &Property| matches!(property.value, PropertyValue::Title(_));
    let mut properties = page.properties.0.iter().filter(|(_, property)| !is_title(property)).peekable();
    if properties.peek().is_some() {
        table::begin(&mut writer, &mut ledger, options, &[plain("Name"), plain("Value")], 2);
    }
    for (name, property) in properties {
        let cells = [plain(name), self::property(&mut ledger, options, property)];
        table::row(&mut writer, &mut ledger, options, &cells, cells.len());
    }
    Rendered::new(writer, ledger)
}

/// Writes the rows of a data source as a table: `columns` by name, in order, the title first.
pub fn rows_table(columns: &[&str], rows: &[Page], options: &Options<'_>) -> Rendered {
    let (mut writer, mut ledger) = (Writer::default(), Ledger::default());
    if columns.is_empty() {
        return Rendered::default();
    }
    let header: Vec<_> = columns.iter().map(|name| plain(name)).collect();
    table::begin(&mut writer, &mut ledger, options, &header, columns.len());
    for page in rows {
        // Whatever a row loses, in its values or where they are written, it loses as this row.
        ledger.at(page.id);
        let cell = |name: &&str| {
            page.properties
                .get(name)
                .map_or_else(Vec::new, |property| self::property(&mut ledger, options, property))
        };
        let cells: Vec<_> = columns.iter().map(cell).collect();
        table::row(&mut writer, &mut ledger, options, &cells, columns.len());
    }
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
        PropertyValue::Select(choice) | PropertyValue::Status(choice) => return chosen(choice),
        PropertyValue::MultiSelect(choices) => return separated(choices.iter().map(chosen).collect()),
        PropertyValue::Date(date) => date::range(date),
        PropertyValue::Checkbox(checked) => Some(yes(*checked)),
        PropertyValue::Files(files) => return linked_files(ledger, options, files),
        PropertyValue::CreatedBy(person) | PropertyValue::LastEditedBy(person) => {
            Some(names(ledger, std::slice::from_ref(person)))
        }
        PropertyValue::CreatedTime(time) | PropertyValue::LastEditedTime(time) => time.clone(),
        PropertyValue::Formula(formula) => computed(ledger, formula),
        PropertyValue::Rollup(rollup) => return rolled_up(ledger, options, rollup),
        PropertyValue::Relation(relation) => {
            return separated(relation.ids.iter().map(|&id| vec![row_link(ledger, id)]).collect());
        }
        PropertyValue::People(people) => Some(names(ledger, people)),
        PropertyValue::UniqueId(id) => id.number.map(|number| match id.prefix.as_deref() {
            Some(prefix) if !prefix.is_empty() => format!("{prefix}-{}", written(number)),
            _ => written(number),
        }),
        PropertyValue::Verification(verification) => verified(ledger, verification),
        PropertyValue::Button => None,
        PropertyValue::Place(place) => Some(placed(place)),
        PropertyValue::Unknown(_) => {
            ledger.lose(LossKind::UnsupportedProperty);
            None
        }
    };
    text.filter(|text| !text.is_empty()).map_or_else(Vec::new, |text| plain(&text))
}

/// An option's name, in its colour.
fn chosen(choice: &Choice) -> Vec<RichText> {
    let Some(name) = choice.name.as_deref().filter(|name| !name.trim().is_empty()) else { return Vec::new() };
    let annotations = Annotations { color: choice.color, ..Annotations::default() };
    vec![RichText { annotations, ..RichText::plain(name) }]
}

/// A mention of another row, whose title is not known here.
fn row_link(ledger: &mut Ledger, id: NotionId) -> RichText {
    ledger.lose(LossKind::PageTitle);
    RichText {
        plain_text: A_PAGE.to_owned(),
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
    joined(people.iter().filter_map(|person| name(ledger, person)))
}

/// A person's name; neutral words for one whom the integration may not see.
fn name(ledger: &mut Ledger, person: &Person) -> Option<String> {
    match person.name.clone().filter(|name| !name.trim().is_empty()) {
        Some(name) => {
            ledger.exposure.people += 1;
            Some(name)
        }
        None => person.id.map(|_| {
            ledger.lose(LossKind::PersonName);
            A_PERSON.to_owned()
        }),
    }
}

/// What a page's verification says to a reader: until when, and by whom.
fn verified(ledger: &mut Ledger, verification: &Verification) -> Option<String> {
    let mut text = verification.state.clone().unwrap_or_default();
    if let Some(end) = verification.date.end.as_deref() {
        let day = end.strip_suffix("T00:00:00.000Z").unwrap_or(end);
        let until = date::zoned(&verification.date, day);
        text.push_str(if text == "expired" { " since " } else { " until " });
        text.push_str(until.as_deref().unwrap_or(day));
    }
    if let Some(name) = name(ledger, &verification.verified_by) {
        text.push_str(" by ");
        text.push_str(&name);
    }
    Some(text.trim_start().to_owned())
}

fn placed(place: &Place) -> String {
    let text = joined([place.name.clone(), place.address.clone()].into_iter().flatten());
    match (place.lat, place.lon) {
        (Some(lat), Some(lon)) if text.is_empty() => format!("{lat}, {lon}"),
        (Some(lat), Some(lon)) => format!("{text} ({lat}, {lon})"),
        _ => text,
    }
}

fn computed(ledger: &mut Ledger, formula: &Formula) -> Option<String> {
    match formula {
        Formula::Text(text) => Some(text.clone()),
        Formula::Number(number) => Some(written(*number)),
        Formula::Boolean(value) => Some(yes(*value)),
        Formula::Date(date) => date::range(date),
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
        Rollup::Date(date) => date::range(date).map_or_else(Vec::new, |date| plain(&date)),
        Rollup::Array(values) => separated(values.iter().map(|part| value(ledger, options, part)).collect()),
        Rollup::Empty => Vec::new(),
        Rollup::Incomplete => {
            ledger.truncate(TruncationKind::PropertyNotLoaded);
            Vec::new()
        }
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
