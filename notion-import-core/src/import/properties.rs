//! Properties that a page shows only the beginning of, completed.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::id::NotionId;
use crate::notion::client::Api;
use crate::notion::endpoints::PropertyItem;
use crate::notion::page::Page;
use crate::notion::property::{Property, PropertyValue};

/// A page shows so many references of a property; the rest has to be asked for.
const SHOWN: usize = 25;

/// Reads the rest of every property that may have more than the page shows, and returns whether there was one.
pub(super) async fn complete(api: &Api, page: &mut Page) -> Result<bool, Error> {
    let Some(id) = page.id else { return Ok(false) };
    let mut was_cut = false;
    for (_, property) in &mut page.properties.0 {
        if is_cut(&property.value) {
            let items = api.property_items(id, &property.id).all().await?;
            take(property, &items);
            was_cut = true;
        }
    }
    Ok(was_cut)
}

fn is_cut(value: &PropertyValue) -> bool {
    match value {
        PropertyValue::Title(text) | PropertyValue::RichText(text) => text.len() >= SHOWN,
        PropertyValue::People(people) => people.len() >= SHOWN,
        PropertyValue::Relation(relation) => relation.has_more || relation.ids.len() >= SHOWN,
        _ => false,
    }
}

fn take(property: &mut Property, items: &[PropertyItem]) {
    match &mut property.value {
        PropertyValue::Title(text) => *text = values(items, "title"),
        PropertyValue::RichText(text) => *text = values(items, "rich_text"),
        PropertyValue::People(people) => *people = values(items, "people"),
        PropertyValue::Relation(relation) => {
            let ids: Vec<Value> = values(items, "relation");
            relation.ids =
                ids.iter().filter_map(|value| value["id"].as_str()?.parse::<NotionId>().ok()).collect();
            relation.has_more = false;
        }
        _ => {}
    }
}

/// The values of the items: each stands under the name of its type.
fn values<T: DeserializeOwned>(items: &[PropertyItem], kind: &str) -> Vec<T> {
    items.iter().filter_map(|item| T::deserialize(item.0.get(kind)?).ok()).collect()
}
