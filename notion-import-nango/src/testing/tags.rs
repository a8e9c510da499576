//! The rules for tags.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::answer::{Outcome, Refusal};

const MOST: usize = 10;
const LONGEST_KEY: usize = 64;
const LONGEST_VALUE: usize = 255;

/// Keys are lower-cased, values kept as they are.
pub(super) fn normalise(tags: &Map<String, Value>) -> Outcome<BTreeMap<String, String>> {
    if tags.len() > MOST {
        return Err(wrong("too_big", "Too many tags", None));
    }
    let mut normal = BTreeMap::new();
    for (key, value) in tags {
        if !is_key(key) {
            return Err(wrong("invalid_key", "Invalid tag key", Some(key)));
        }
        let value = value.as_str().filter(|value| (1..=LONGEST_VALUE).contains(&value.chars().count()));
        let value = value.ok_or_else(|| wrong("invalid_type", "Invalid tag value", Some(key)))?;
        if key.eq_ignore_ascii_case("end_user_email") && !is_email(value) {
            return Err(wrong("invalid_format", "Invalid email address", Some(key)));
        }
        if normal.insert(key.to_ascii_lowercase(), value.to_owned()).is_some() {
            return Err(wrong("custom", "Duplicate tag key", Some(key)));
        }
    }
    Ok(normal)
}

/// `a@b` is none.
fn is_email(text: &str) -> bool {
    let domain = text.split_once('@').filter(|(name, _)| !name.is_empty()).map(|(_, domain)| domain);
    domain
        .and_then(|domain| domain.rsplit_once('.'))
        .is_some_and(|(host, top)| !host.is_empty() && top.len() > 1)
}

pub(super) fn is_key(key: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    key.len() <= LONGEST_KEY && key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(known)
}

fn wrong(code: &str, message: &str, key: Option<&str>) -> Refusal {
    let path: Vec<&str> = std::iter::once("tags").chain(key).collect();
    Refusal::new(http::StatusCode::BAD_REQUEST, "invalid_body")
        .with("errors", json!([{ "code": code, "message": message, "path": path }]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tags_follow_the_rules() {
        let check = |tags: Value, accepted: bool| {
            assert_eq!(normalise(tags.as_object().unwrap()).is_ok(), accepted, "{tags}");
        };
        check(json!({}), true);
        check(json!({ "tenant_id": "x", "a.b/c-d_e": "Zürich" }), true);
        check(json!({ "end_user_email": "ana@example.com" }), true);
        check(json!({ "end_user_email": "ana" }), false);
        check(json!({ "end_user_email": "a@b" }), false);
        check(json!({ "Tenant": "x", "tenant": "y" }), false);
        check(json!({ "1st": "x" }), false);
        check(json!({ "": "x" }), false);
        check(json!({ "a b": "x" }), false);
        check(json!({ "a": "" }), false);
        check(json!({ "a": 1 }), false);
        check(json!({ "a": "x".repeat(255) }), true);
        check(json!({ "a": "x".repeat(256) }), false);
        check(json!({ "a".repeat(64): "x" }), true);
        check(json!({ "a".repeat(65): "x" }), false);
        let many =
            |count: usize| (0..count).map(|n| (format!("k{n}"), Value::from("x"))).collect::<Map<_, _>>();
        check(many(10).into(), true);
        check(many(11).into(), false);
    }

    #[test]
    fn keys_are_lower_cased_and_values_are_not() {
        let tags = json!({ "Tenant_ID": "ABC" });
        let normal = normalise(tags.as_object().unwrap()).unwrap();
        assert_eq!(normal, BTreeMap::from([("tenant_id".to_owned(), "ABC".to_owned())]));
    }
}
