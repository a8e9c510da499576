//! Properties that a page shows only the beginning of, completed.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::directory::{Directory, is_lasting};
use crate::error::Error;
use crate::id::NotionId;
use crate::notion::client::Api;
use crate::notion::endpoints::PropertyItem;
use crate::notion::page::Page;
use crate::notion::property::{Property, PropertyValue, Rollup, RollupResult};

/// A page shows so many references of a property; the rest has to be asked for.
const SHOWN: usize = 25;

/// Reads the rest of every property that may have more than the page shows, and returns whether there was one.
///
/// What a roll-up or a formula gives rests on the references that the page shows, so where there are more of those it is asked for
/// as well, as long as requests are left for that. What is not read is marked.
pub(super) async fn complete(api: &Api, page: &mut Page, directory: &Directory) -> Result<bool, Error> {
    let Some(id) = page.id else { return Ok(false) };
    let mut was_cut = false;
    for (_, property) in &mut page.properties.0 {
        if is_cut(property) {
            was_cut = true;
            match api.property_items(id, &property.id).all().await {
                Ok(items) => take(property, &items),
                // The rest of it costs no more than itself.
                Err(error) if is_lasting(&error) => property.has_more = true,
                Err(error) => return Err(error),
            }
        }
    }
    let rests_on_more = was_cut;
    for (_, property) in &mut page.properties.0 {
        let whole = match &property.value {
            PropertyValue::Rollup(rollup) if rests_on_more || is_partial(rollup) => {
                rolled_up(api, id, property, directory).await
            }
            PropertyValue::Formula(_) if rests_on_more => computed(api, id, property, directory).await,
            _ => continue,
        };
        match whole {
            Ok(Some(value)) => (property.value, property.has_more) = (value, false),
            Ok(None) => property.has_more = true,
            Err(error) if is_lasting(&error) => property.has_more = true,
            Err(error) => return Err(error),
        }
        was_cut = true;
    }
    Ok(was_cut)
}

/// Whether every property is whole.
pub(super) fn are_whole(page: &Page) -> bool {
    page.properties.0.iter().all(|(_, property)| !property.has_more)
}

/// Whether there may be more of a property than the page shows: it says so, or as many references are there as fit.
fn is_cut(property: &Property) -> bool {
    let shown = match &property.value {
        PropertyValue::Title(text) | PropertyValue::RichText(text) => text.len(),
        PropertyValue::People(people) => people.len(),
        PropertyValue::Relation(rows) => rows.len(),
        _ => return false,
    };
    property.has_more || shown >= SHOWN
}

fn is_partial(rollup: &Rollup) -> bool {
    match &rollup.result {
        RollupResult::Array(values) => values.len() >= SHOWN,
        RollupResult::Incomplete => true,
        RollupResult::Number(_) | RollupResult::Date(_) | RollupResult::Empty | RollupResult::Unsupported => {
            false
        }
    }
}

fn take(property: &mut Property, items: &[PropertyItem]) {
    match &mut property.value {
        PropertyValue::Title(text) => *text = values(items, "title"),
        PropertyValue::RichText(text) => *text = values(items, "rich_text"),
        PropertyValue::People(people) => *people = values(items, "people"),
        PropertyValue::Relation(rows) => {
            let ids: Vec<Value> = values(items, "relation");
            *rows = ids.iter().filter_map(|value| value["id"].as_str()?.parse::<NotionId>().ok()).collect();
        }
        _ => {}
    }
    property.has_more = false;
}

/// The values of the items: each stands under the name of its type.
fn values<T: DeserializeOwned>(items: &[PropertyItem], kind: &str) -> Vec<T> {
    items.iter().filter_map(|item| T::deserialize(item.0.get(kind)?).ok()).collect()
}

/// Reads a roll-up whole: the values page by page, or what comes of them, which only the last page says of all. None if too few
/// requests are left, or it is no roll-up any more.
async fn rolled_up(
    api: &Api,
    page: NotionId,
    property: &Property,
    directory: &Directory,
) -> Result<Option<PropertyValue>, Error> {
    let mut list = api.property_items(page, &property.id);
    let mut items = Vec::new();
    loop {
        if !directory.spend() {
            return Ok(None);
        }
        let Some(next) = list.next_page().await? else { break };
        items.extend(next);
        if list.is_done() {
            break;
        }
    }
    let whole = list.property().and_then(|value| Property::deserialize(value).ok());
    Ok(match whole.map(|whole| whole.value) {
        Some(PropertyValue::Rollup(Rollup { result: RollupResult::Incomplete, .. })) => None,
        Some(PropertyValue::Rollup(Rollup { function, result: RollupResult::Array(_) })) => {
            let result = RollupResult::Array(items.iter().filter_map(value_of).collect());
            Some(PropertyValue::Rollup(Rollup { function, result }))
        }
        Some(whole @ PropertyValue::Rollup(_)) => Some(whole),
        _ => None,
    })
}

/// An item of a list as the value it would be on a page, where text, people and links come many at once.
fn value_of(item: &PropertyItem) -> Option<PropertyValue> {
    let mut item = item.0.clone();
    for kind in ["title", "rich_text", "people", "relation"] {
        if let Some(one) = item.get_mut(kind)
            && one.is_object()
        {
            *one = json!([one.take()]);
        }
    }
    Property::deserialize(item).ok().map(|property| property.value)
}

async fn computed(
    api: &Api,
    page: NotionId,
    property: &Property,
    directory: &Directory,
) -> Result<Option<PropertyValue>, Error> {
    if !directory.spend() {
        return Ok(None);
    }
    let whole = api.property(page, &property.id).await?;
    Ok(matches!(whole.value, PropertyValue::Formula(_)).then_some(whole.value))
}
