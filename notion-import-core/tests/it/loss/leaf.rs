//! The leaves of a JSON value: what can be taken away from it, and what else could stand in its place.

use serde_json::{Value, json};

/// What says as much as nothing.
const DEFAULTS: &[&str] = &["", "default", "default_background", "numbers", "number"];

/// What Notion says twice: the keys of a leaf, and how many steps up from it the other key is.
const TWINS: &[(&str, usize, &str)] = &[
    ("text.content", 2, "plain_text"),
    ("text.link.url", 3, "href"),
    ("equation.expression", 2, "plain_text"),
    ("mention.page.id", 3, "href"),
    ("mention.link_mention.title", 3, "plain_text"),
    ("mention.link_mention.href", 3, "href"),
    ("mention.custom_emoji.name", 3, "plain_text"),
    ("mention.user.name", 3, "plain_text"),
    ("mention.date.start", 3, "plain_text"),
    ("mention.date.end", 3, "plain_text"),
    ("mention.link_preview.url", 3, "plain_text"),
    ("mention.link_preview.url", 3, "href"),
];

/// A step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// A scalar somewhere in a value, or the name of a property.
#[derive(Clone, Debug)]
pub struct Leaf {
    path: Vec<Step>,
    /// The scalar; none for a name, which is the last key on the way.
    value: Option<Value>,
    /// What the object around it says it is: its `object`, else its `type`.
    of: Option<String>,
}

/// What a reader sees in a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Words, numbers, dates.
    Words,
    /// How they look, and where they lead.
    Form,
}

/// Finds every leaf that says something: one that is null, false, empty or default is as good as none.
pub fn leaves(of: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    find(of, None, &mut Vec::new(), &mut found);
    found
}

fn find(value: &Value, of: Option<&str>, path: &mut Vec<Step>, found: &mut Vec<Leaf>) {
    match value {
        Value::Object(fields) => {
            let name = |key| fields.get(key).and_then(Value::as_str);
            let are_named = path.last() == Some(&Step::Key("properties".to_owned()));
            for (key, value) in fields {
                path.push(Step::Key(key.clone()));
                if are_named {
                    found.push(Leaf { path: path.clone(), value: None, of: None });
                }
                find(value, name("object").or(name("type")), path, found);
                path.pop();
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                path.push(Step::Index(at));
                find(value, of, path, found);
                path.pop();
            }
        }
        Value::Null | Value::Bool(false) => {}
        Value::String(text) if DEFAULTS.contains(&text.trim()) => {}
        Value::Bool(true) | Value::Number(_) | Value::String(_) => {
            found.push(Leaf { path: path.clone(), value: Some(value.clone()), of: of.map(str::to_owned) });
        }
    }
}

impl Leaf {
    /// The keys on the way to it, without the places in lists: `paragraph.rich_text.annotations.bold`.
    pub fn pattern(&self) -> String {
        self.keys().collect::<Vec<_>>().join(".")
    }

    fn keys(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.path.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }

    fn key(&self) -> &str {
        self.keys().next_back().unwrap_or_default()
    }

    /// Whether the last keys on the way to it are these, or `what.key` for a key of an object that says it is a `what`.
    pub fn is(&self, pattern: &str) -> bool {
        let mut own = self.keys().rev();
        let named = |(what, key)| self.of.as_deref() == Some(what) && key == self.key();
        pattern.rsplit('.').all(|key| own.next() == Some(key)) || pattern.split_once('.').is_some_and(named)
    }

    /// Whether it is a part of a signature, which is never written.
    pub fn is_secret(&self) -> bool {
        self.value.as_ref().and_then(Value::as_str).is_some_and(|text| text.contains("ignature="))
    }

    /// What a reader sees in it.
    pub fn class(&self) -> Class {
        let form = ["color", "url", "href", "language", "list_format", "format", "emoji"];
        match self.value {
            Some(Value::String(_)) if form.contains(&self.key()) => Class::Form,
            Some(Value::String(_) | Value::Number(_)) | None => Class::Words,
            Some(_) => Class::Form,
        }
    }

    /// The value without it, and without what only says it again.
    pub fn removed(&self, from: &Value) -> Value {
        let mut whole = from.clone();
        for path in self.twins() {
            remove(&mut whole, &path);
        }
        whole
    }

    /// The value with something else in its place, and in the place of what only says it again; none if there is nothing else that it
    /// could be.
    pub fn changed(&self, from: &Value) -> Option<Value> {
        let mut whole = from.clone();
        let Some(value) = &self.value else {
            rename(&mut whole, &self.path);
            return Some(whole);
        };
        let other = self.other(value)?;
        for path in self.twins() {
            if let Some(place) = at(&mut whole, &path) {
                *place = other.clone();
            }
        }
        Some(whole)
    }

    fn other(&self, value: &Value) -> Option<Value> {
        let next = |values: &[&str], own: &str| {
            let known = values.iter().position(|value| *value == own);
            json!(values[known.map_or(0, |known| (known + 1) % values.len())])
        };
        Some(match value {
            Value::Number(value) => json!(value.as_f64()? + 2.0),
            Value::String(own) => match self.key() {
                "color" => next(&["red", "blue", "gray_background"], own),
                "language" => next(&["rust", "python"], own),
                "list_format" => next(&["letters", "roman"], own),
                "state" => next(&["verified", "expired", "unverified"], own),
                "emoji" => next(&["💡", "🎯"], own),
                "start" | "end" | "created_time" | "last_edited_time" => json!(own.replacen("202", "203", 1)),
                "url" | "href" => json!(other_address(own)),
                "page_id" | "database_id" | "id" => json!(own.replacen('3', "4", 1)),
                _ => json!(format!("x{own}")),
            },
            // What is not true is as good as not there.
            Value::Bool(_) => return None,
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        })
    }

    /// The places that say the same: its own, and those that Notion derives from it.
    fn twins(&self) -> Vec<Vec<Step>> {
        let twins = TWINS.iter().filter(|(own, ..)| self.is(own)).map(|(_, up, key)| {
            let above = self.path.len().saturating_sub(*up);
            [&self.path[..above], &[Step::Key((*key).to_owned())]].concat()
        });
        [self.path.clone()].into_iter().chain(twins).collect()
    }
}

/// Another address of the same kind: of a signed one the file, not the signature.
fn other_address(own: &str) -> String {
    match own.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/x{name}"),
        None => format!("{own}x"),
    }
}

fn at<'v>(value: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(at) => value.get_mut(*at),
    })
}

fn rename(value: &mut Value, path: &[Step]) {
    let Some((Step::Key(name), parents)) = path.split_last() else { return };
    if let Some(Value::Object(fields)) = at(value, parents)
        && let Some(property) = fields.remove(name)
    {
        fields.insert(format!("{name}x"), property);
    }
}

fn remove(value: &mut Value, path: &[Step]) {
    let Some((last, parents)) = path.split_last() else { return };
    match (at(value, parents), last) {
        (Some(Value::Object(fields)), Step::Key(key)) => drop(fields.remove(key)),
        (Some(Value::Array(values)), Step::Index(at)) => drop(values.remove(*at)),
        _ => {}
    }
}
