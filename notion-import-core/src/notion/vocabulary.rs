//! What of Notion's words this release knows: the names and fields of its answers, and never what people wrote.

use serde_json::{Map, Value};

use super::block::ListFormat;
use super::column::NumberFormat;
use super::text::Color;

mod shapes;

use shapes::{OBJECTS, Shape};

/// A name longer than this is none of Notion's.
const LONGEST_NAME: usize = 64;

/// Something that Notion names in an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word {
    /// Where it stands, such as `block.callout.icon`: fields of Notion's, with `*` for a property, whose name is people's.
    pub place: String,
    /// The name: of a type or a colour, for instance. None if it does not look like one of Notion's, which are lower-case letters,
    /// digits and underscores.
    pub name: Option<String>,
    /// Whether this release knows it.
    pub meaning: Meaning,
}

/// Whether a word is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meaning {
    /// A name or a field that this release knows.
    Known,
    /// A value that this release does not know, such as a type of block.
    NewName,
    /// A field that this release does not know.
    NewField,
}

/// Returns the words of one answer of Notion's, in their order; none if it is no JSON.
pub(super) fn words(answer: &[u8]) -> Vec<Word> {
    let mut reader = Reader::default();
    if let Ok(Value::Object(answer)) = serde_json::from_slice(answer) {
        reader.named_object(&answer);
    }
    reader.words
}

#[derive(Default)]
struct Reader {
    place: Vec<&'static str>,
    words: Vec<Word>,
}

impl Reader {
    fn read(&mut self, shape: &'static Shape, value: &Value) {
        match (shape, value) {
            (Shape::Name(is_known), Value::String(name)) => self.name(is_known(name), name),
            (Shape::List(of), Value::Array(all)) => all.iter().for_each(|one| self.read(of, one)),
            (shape, Value::Object(object)) => self.read_object(shape, object),
            // What should be a name, a list or an object, and is something else, has no words.
            _ => {}
        }
    }

    fn read_object(&mut self, shape: &'static Shape, object: &Map<String, Value>) {
        match shape {
            Shape::Any | Shape::Name(_) => {}
            // One value of a property that is listed stands alone.
            Shape::List(of) => self.read_object(of, object),
            Shape::Named(of) => {
                object.values().for_each(|one| self.within("*", |reader| reader.read(of, one)))
            }
            Shape::Object(fields) => self.fields(fields, &[], object),
            Shape::Union { fields, kinds } => self.fields(fields, kinds, object),
            Shape::ByObject => self.named_object(object),
        }
    }

    /// An object that says which it is.
    fn named_object(&mut self, object: &Map<String, Value>) {
        let name = object.get("object").and_then(Value::as_str).unwrap_or_default();
        match OBJECTS.iter().find(|(known, _)| *known == name) {
            Some((known, shape)) => {
                // Where it stands says nothing of what it is.
                let around = std::mem::replace(&mut self.place, vec![known]);
                self.read_object(shape, object);
                self.place = around;
            }
            None => self.within("object", |reader| reader.name(false, name)),
        }
    }

    /// Of a union, what it is stands under the name of its type.
    fn fields(&mut self, fields: Fields, kinds: Fields, object: &Map<String, Value>) {
        let kind = object.get("type").and_then(Value::as_str);
        if let (Some(kind), false) = (kind, kinds.is_empty()) {
            let is_known = kinds.iter().any(|(known, _)| *known == kind);
            self.within("type", |reader| reader.name(is_known, kind));
        }
        for (key, value) in object {
            match fields.iter().chain(kinds).find(|(known, _)| known == key) {
                Some((known, shape)) => self.within(known, |reader| reader.read(shape, value)),
                // Told already.
                None if !kinds.is_empty() && (key == "type" || Some(key.as_str()) == kind) => {}
                None => self.word(key, Meaning::NewField),
            }
        }
    }

    fn name(&mut self, is_known: bool, name: &str) {
        self.word(name, if is_known { Meaning::Known } else { Meaning::NewName });
    }

    fn word(&mut self, name: &str, meaning: Meaning) {
        let name = is_of_notion(name).then(|| name.to_owned());
        self.words.push(Word { place: self.place.join("."), name, meaning });
    }

    fn within(&mut self, field: &'static str, read: impl FnOnce(&mut Self)) {
        self.place.push(field);
        read(self);
        self.place.pop();
    }
}

type Fields = &'static [(&'static str, &'static Shape)];

fn is_of_notion(name: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_of_name)
}

fn is_color(name: &str) -> bool {
    Color::from_name(name) != Color::Other
}

fn is_number_format(name: &str) -> bool {
    NumberFormat::from_name(name) != NumberFormat::Other
}

fn is_list_format(name: &str) -> bool {
    ListFormat::from_name(name) != ListFormat::Other
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::notion::block::BlockType;
    use crate::notion::property::{Property, PropertyValue};

    fn new_words(answer: &Value) -> Vec<String> {
        let new =
            words(answer.to_string().as_bytes()).into_iter().filter(|word| word.meaning != Meaning::Known);
        new.map(|word| format!("{} {}", word.place, word.name.as_deref().unwrap_or("?"))).collect()
    }

    #[test]
    fn what_is_read_by_its_type_is_known() {
        for kind in BlockType::ALL.iter().filter(|kind| **kind != BlockType::Unknown) {
            let block = json!({"object": "block", "type": kind.name(), kind.name(): {}});
            assert_eq!(new_words(&block), [""; 0], "{}", kind.name());
        }
        let Shape::Union { kinds, .. } = OBJECTS.iter().find(|(name, _)| *name == "property_item").unwrap().1
        else {
            panic!("properties are by type")
        };
        for (kind, _) in *kinds {
            let property: Property = serde_json::from_value(json!({"type": kind, *kind: null})).unwrap();
            assert!(!matches!(property.value, PropertyValue::Unknown(_)), "{kind}");
        }
    }

    #[test]
    fn new_names_and_fields_are_told_with_their_place() {
        let check = |answer: Value, expected: &[&str]| assert_eq!(new_words(&answer), expected, "{answer}");
        let paragraph = |payload: Value| json!({"object": "list", "results": [{"object": "block", "type": "paragraph", "paragraph": payload}]});
        check(
            json!({"object": "block", "type": "hologram", "hologram": {"title": "x"}}),
            &["block.type hologram"],
        );
        check(json!({"object": "block", "type": "divider", "divider": {}, "spin": 1}), &["block spin"]);
        check(paragraph(json!({"color": "ultraviolet"})), &["block.paragraph.color ultraviolet"]);
        check(
            paragraph(json!({"rich_text": [{"type": "mention", "mention": {"type": "scent", "scent": {}}}]})),
            &["block.paragraph.rich_text.mention.type scent"],
        );
        check(
            paragraph(json!({"icon": {"type": "emoji", "emoji": "x", "size": 3}})),
            &["block.paragraph.icon size"],
        );
        check(
            json!({"object": "page", "properties": {"salary": {"type": "mood", "mood": 1}}}),
            &["page.properties.*.type mood"],
        );
        check(
            json!({"object": "data_source", "properties": {"salary": {"type": "number", "number": {"format": "doubloon"}}}}),
            &["data_source.properties.*.number.format doubloon"],
        );
        check(json!({"object": "galaxy"}), &["object galaxy"]);
    }

    #[test]
    fn nothing_that_does_not_look_like_a_name_is_given_out() {
        let odd =
            json!({"object": "block", "type": "Board minutes", "Böard": 1, "paragraph": {"color": "a b"}});
        assert_eq!(new_words(&odd), ["block.type ?", "block ?", "block.paragraph.color ?"]);
        let long = "a".repeat(LONGEST_NAME + 1);
        assert_eq!(new_words(&json!({"object": "block", "type": long})), ["block.type ?"]);
    }

    #[test]
    fn any_shape_of_an_answer_is_read_and_gives_no_more_than_its_words() {
        for answer in
            ["", "[]", "{}", "null", r#"{"object":1}"#, r#"{"object":"list","results":{"object":"page"}}"#]
        {
            let told = words(answer.as_bytes());
            assert!(told.iter().all(|word| word.name.is_none()), "{answer}: {told:?}");
        }
    }
}
