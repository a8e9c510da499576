//! Property values as text of one cell, and tables of them.

use crate::id::NotionId;
use crate::library::fidelity::{LossKind, TruncationKind};
use crate::markdown::date;
use crate::markdown::files::property_file;
use crate::markdown::ledger::Ledger;
use crate::markdown::number;
use crate::markdown::options::{FileRef, Options, Reference};
use crate::markdown::rendered::Rendered;
use crate::markdown::said::shows;
use crate::markdown::table;
use crate::markdown::target::{A_GROUP, A_PAGE, A_PERSON, called};
use crate::markdown::writer::Writer;
use crate::notion::address::lasting_text;
use crate::notion::column::NumberFormat;
use crate::notion::file::File;
use crate::notion::page::Page;
use crate::notion::property::{
    Choice, Formula, Person, Place, Property, PropertyValue, Rollup, RollupResult, Verification,
};
use crate::notion::text::{Annotations, DateRange, Mention, RichText, RichTextKind};

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
        let cells = [plain(name), self::property(&mut ledger, options, page.id, property)];
        table::row(&mut writer, &mut ledger, options, &cells, cells.len());
    }
    Rendered::new(writer, ledger)
}

/// Writes a property's value as plain text: for titles, front matter and search.
pub fn plain_value(value: &PropertyValue) -> String {
    let cell = Cell { options: &Options::default(), format: Some(NumberFormat::Plain), place: None };
    let text = self::value(&mut Ledger::default(), cell, value);
    lasting_text(&crate::notion::text::plain_text(&text)).into_owned()
}

fn plain(text: &str) -> Vec<RichText> {
    vec![RichText::plain(text)]
}

fn linked(text: String, href: String) -> RichText {
    RichText { plain_text: text, href: Some(href), ..RichText::default() }
}

/// Where a value stands, and what is known of its column.
#[derive(Clone, Copy)]
struct Cell<'a> {
    options: &'a Options<'a>,
    /// How its numbers are shown; none if that is not known.
    format: Option<NumberFormat>,
    /// The page and the property; none for what is of another page.
    place: Option<(NotionId, &'a str)>,
}

/// A property as text of one cell.
pub(super) fn property(
    ledger: &mut Ledger,
    options: &Options<'_>,
    page: Option<NotionId>,
    property: &Property,
) -> Vec<RichText> {
    // What a roll-up that is not whole gives is counted where it stands.
    if property.has_more
        && !matches!(&property.value, PropertyValue::Rollup(rollup) if rollup.result == RollupResult::Incomplete)
    {
        ledger.truncate(TruncationKind::PropertyNotLoaded);
    }
    let place = page.map(|page| (page, &*property.id));
    value(ledger, Cell { options, format: format(options, property), place }, &property.value)
}

/// How the numbers of a property are shown; none if that is not known.
fn format(options: &Options<'_>, property: &Property) -> Option<NumberFormat> {
    let column = options.schema.and_then(|columns| columns.by_id(&property.id));
    let said = column.and_then(|column| column.number_format);
    match &property.value {
        PropertyValue::Number(_) => said.or(column.map(|_| NumberFormat::Plain)),
        // The API says it of formulas nowhere.
        PropertyValue::Formula(_) => said.or(Some(NumberFormat::Plain)),
        PropertyValue::Rollup(rollup) => rollup.own_format().or(said),
        _ => Some(NumberFormat::Plain),
    }
}

fn value(ledger: &mut Ledger, cell: Cell<'_>, value: &PropertyValue) -> Vec<RichText> {
    let text = match value {
        PropertyValue::Title(text) | PropertyValue::RichText(text) => return text.clone(),
        PropertyValue::Number(number) => number.map(|number| numbered(ledger, cell.format, number)),
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
        PropertyValue::Files(files) => return linked_files(ledger, cell, files),
        PropertyValue::CreatedBy(person) | PropertyValue::LastEditedBy(person) => {
            person.as_ref().map(|person| name(ledger, person))
        }
        PropertyValue::CreatedTime(time) | PropertyValue::LastEditedTime(time) => time.clone(),
        PropertyValue::Formula(formula) => computed(ledger, cell, formula),
        PropertyValue::Rollup(rollup) => return rolled_up(ledger, cell, rollup),
        PropertyValue::Relation(rows) => {
            return separated(rows.iter().map(|&id| vec![row_link(ledger, cell.options, id)]).collect());
        }
        PropertyValue::People(people) => Some(names(ledger, people)),
        PropertyValue::UniqueId(id) => id.number.map(|number| match id.prefix.as_deref() {
            // Notion's numbers are doubles; whole ones are written without a point.
            Some(prefix) if !prefix.is_empty() => format!("{prefix}-{number}"),
            _ => number.to_string(),
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

/// A mention of another row.
fn row_link(ledger: &mut Ledger, options: &Options<'_>, id: NotionId) -> RichText {
    RichText {
        plain_text: called(ledger, options, Some(Reference::Page(id)), A_PAGE).into_owned(),
        kind: RichTextKind::Mention(Box::new(Mention::Page(Some(id)))),
        ..RichText::default()
    }
}

fn linked_files(ledger: &mut Ledger, cell: Cell<'_>, files: &[File]) -> Vec<RichText> {
    let (block, property) = cell.place.unzip();
    let named = files.iter().enumerate().filter_map(|(index, file)| {
        let held = FileRef { block, property, index, file };
        let (name, href) = property_file(ledger, cell.options, held)?;
        Some(vec![RichText { plain_text: name, href, ..RichText::default() }])
    });
    separated(named.collect())
}

fn names(ledger: &mut Ledger, people: &[Person]) -> String {
    joined(people.iter().map(|person| name(ledger, person)))
}

/// The name of a person or a group; neutral words for one whom the integration may not see.
fn name(ledger: &mut Ledger, person: &Person) -> String {
    match person.name.clone().filter(|name| !name.trim().is_empty()) {
        Some(name) => {
            ledger.exposure.people += 1;
            name
        }
        None => {
            ledger.lose(LossKind::PersonName);
            if person.object == "group" { A_GROUP } else { A_PERSON }.to_owned()
        }
    }
}

/// What a page's verification says to a reader: until when, and by whom.
fn verified(ledger: &mut Ledger, verification: &Verification) -> Option<String> {
    let mut text = verification.state.clone().unwrap_or_default();
    if let Some(end) = verification.date.end.as_deref() {
        let day = end.strip_suffix("T00:00:00.000Z").unwrap_or(end);
        // When it began is not shown, so it asks for no zone.
        let until = date::zoned(&DateRange { start: None, ..verification.date.clone() }, day);
        text.push_str(if text == "expired" { " since " } else { " until " });
        text.push_str(until.as_deref().unwrap_or(day));
    }
    if let Some(person) = &verification.verified_by {
        text.push_str(" by ");
        text.push_str(&name(ledger, person));
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

fn computed(ledger: &mut Ledger, cell: Cell<'_>, formula: &Formula) -> Option<String> {
    match formula {
        Formula::Text(text) => Some(text.clone()),
        Formula::Number(number) => Some(numbered(ledger, cell.format, *number)),
        Formula::Boolean(value) => Some(yes(*value)),
        Formula::Date(date) => date::range(date),
        Formula::Empty => None,
        Formula::Unsupported => {
            ledger.lose(LossKind::UnsupportedProperty);
            None
        }
    }
}

fn rolled_up(ledger: &mut Ledger, cell: Cell<'_>, rollup: &Rollup) -> Vec<RichText> {
    match &rollup.result {
        RollupResult::Number(number) => plain(&numbered(ledger, cell.format, *number)),
        RollupResult::Date(date) => date::range(date).map_or_else(Vec::new, |date| plain(&date)),
        RollupResult::Array(values) => {
            let cell = Cell { place: None, ..cell };
            separated(values.iter().map(|part| value(ledger, cell, part)).collect())
        }
        RollupResult::Empty => Vec::new(),
        RollupResult::Incomplete => {
            ledger.truncate(TruncationKind::PropertyNotLoaded);
            Vec::new()
        }
        RollupResult::Unsupported => {
            ledger.lose(LossKind::UnsupportedProperty);
            Vec::new()
        }
    }
}

/// Writes a number as it is shown; as it is where that is not known.
fn numbered(ledger: &mut Ledger, format: Option<NumberFormat>, number: f64) -> String {
    let known = format.filter(|format| *format != NumberFormat::Other);
    ledger.lose_if(known.is_none(), LossKind::NumberFormat);
    number::shown(number, known.unwrap_or_default())
}

fn yes(value: bool) -> String {
    if value { "Yes" } else { "No" }.to_owned()
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join(", ")
}

/// Values after one another; those that show nothing are not among them.
fn separated(parts: Vec<Vec<RichText>>) -> Vec<RichText> {
    let mut runs = Vec::new();
    for part in parts.into_iter().filter(|part| shows(part)) {
        if !runs.is_empty() {
            runs.push(RichText::plain(", "));
        }
        runs.extend(part);
    }
    runs
}
