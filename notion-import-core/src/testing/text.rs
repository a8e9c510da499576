//! Rich text, as Notion writes it.

use serde_json::{Value, json};

use crate::id::NotionId;

/// Notion splits longer text into several items.
const LONGEST: usize = 2000;

/// Rich text under construction; a `&str` is plain text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text(Vec<Value>);

/// Starts with plain text.
pub fn text(content: impl AsRef<str>) -> Text {
    Text::default().plain(content)
}

impl Text {
    /// Adds plain text.
    pub fn plain(self, content: impl AsRef<str>) -> Self {
        self.styled(content, &[])
    }

    /// Adds bold text.
    pub fn bold(self, content: impl AsRef<str>) -> Self {
        self.styled(content, &["bold"])
    }

    /// Adds italic text.
    pub fn italic(self, content: impl AsRef<str>) -> Self {
        self.styled(content, &["italic"])
    }

    /// Adds inline code.
    pub fn code(self, content: impl AsRef<str>) -> Self {
        self.styled(content, &["code"])
    }

    /// Adds text with the named annotations: `bold`, `italic`, `strikethrough`, `underline`, `code`.
    pub fn styled(self, content: impl AsRef<str>, styles: &[&str]) -> Self {
        self.run(content.as_ref(), styles, "default", None)
    }

    /// Adds text in a colour, such as `red` or `blue_background`.
    pub fn colored(self, content: impl AsRef<str>, color: &str) -> Self {
        self.run(content.as_ref(), &[], color, None)
    }

    /// Adds a link.
    pub fn link(self, content: impl AsRef<str>, url: &str) -> Self {
        self.run(content.as_ref(), &[], "default", Some(url))
    }

    /// Adds a mention of a page, with the words Notion shows for it.
    pub fn mention_page(self, page: NotionId, shown: &str) -> Self {
        let href = format!("https://app.notion.com/p/{}", page.simple());
        self.mention(json!({"type": "page", "page": {"id": page}}), shown, Some(&href))
    }

    /// Adds a mention of a person.
    pub fn mention_user(self, user: NotionId, shown: &str) -> Self {
        self.mention(json!({"type": "user", "user": {"object": "user", "id": user}}), shown, None)
    }

    /// Adds a mention of a day.
    pub fn mention_date(self, start: &str) -> Self {
        let date = json!({"type": "date", "date": {"start": start, "end": null, "time_zone": null}});
        self.mention(date, start, None)
    }

    /// Adds a mention of any kind from its JSON.
    pub fn mention(self, mention: Value, shown: &str, href: Option<&str>) -> Self {
        self.item(json!({
            "type": "mention", "mention": mention, "annotations": annotations(&[], "default"),
            "plain_text": shown, "href": href,
        }))
    }

    /// Adds an inline equation.
    pub fn equation(self, expression: &str) -> Self {
        self.item(json!({
            "type": "equation", "equation": {"expression": expression},
            "annotations": annotations(&[], "default"), "plain_text": expression, "href": null,
        }))
    }

    /// Adds one rich-text item as it stands.
    pub fn item(mut self, item: Value) -> Self {
        self.0.push(item);
        self
    }

    /// The JSON array.
    pub fn into_value(self) -> Value {
        Value::Array(self.0)
    }

    fn run(mut self, content: &str, styles: &[&str], color: &str, url: Option<&str>) -> Self {
        let letters: Vec<char> = content.chars().collect();
        for piece in letters.chunks(LONGEST) {
            let piece: String = piece.iter().collect();
            self = self.item(json!({
                "type": "text",
                "text": {"content": piece, "link": url.map(|url| json!({"url": url}))},
                "annotations": annotations(styles, color), "plain_text": piece, "href": url,
            }));
        }
        self
    }
}

impl From<&str> for Text {
    fn from(content: &str) -> Self {
        text(content)
    }
}

impl From<String> for Text {
    fn from(content: String) -> Self {
        text(content)
    }
}

fn annotations(styles: &[&str], color: &str) -> Value {
    let has = |style: &str| styles.contains(&style);
    json!({
        "bold": has("bold"), "italic": has("italic"), "strikethrough": has("strikethrough"),
        "underline": has("underline"), "code": has("code"), "color": color,
    })
}
