//! Rich text: runs of text, mentions and equations with their styles.

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use std::fmt;

use crate::notion::lenient::{Key, Lenient, deserialize, names, object, skip, value};

mod mention;

use mention::Mentioned;

pub use mention::{CustomEmoji, DateRange, LinkMention, Mention};

/// One run of rich text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RichText {
    /// The text as Notion shows it.
    pub plain_text: String,
    /// Where the run links to.
    pub href: Option<String>,
    /// How it looks.
    pub annotations: Annotations,
    /// What it is.
    pub kind: RichTextKind,
}

/// What a run of rich text is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RichTextKind {
    /// Words.
    #[default]
    Text,
    /// A reference to something.
    Mention(Box<Mention>),
    /// A KaTeX expression.
    Equation(String),
}

impl RichText {
    /// Makes a plain run.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { plain_text: text.into(), ..Self::default() }
    }
}

/// Joins the runs as plain text. Notion splits long text into several runs, so one alone says little.
pub fn plain_text(runs: &[RichText]) -> String {
    runs.iter().map(|run| run.plain_text.as_str()).collect()
}

/// How a run looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Annotations {
    /// Bold.
    pub bold: bool,
    /// Italic.
    pub italic: bool,
    /// Struck through.
    pub strikethrough: bool,
    /// Underlined.
    pub underline: bool,
    /// Inline code.
    pub code: bool,
    /// Colour of text or background.
    pub color: Color,
}

impl Lenient for Annotations {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut this = Self::default();
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "bold" => this.bold = value(&mut object)?,
                "italic" => this.italic = value(&mut object)?,
                "strikethrough" => this.strikethrough = value(&mut object)?,
                "underline" => this.underline = value(&mut object)?,
                "code" => this.code = value(&mut object)?,
                "color" => this.color = value(&mut object)?,
                _ => skip(&mut object)?,
            }
        }
        Ok(this)
    }
}

names! {
    /// A colour of text or, with `Background`, behind it.
    pub enum Color or Default else Other {
        /// No colour.
        Default = "default",
        /// Grey.
        Gray = "gray",
        /// Brown.
        Brown = "brown",
        /// Orange.
        Orange = "orange",
        /// Yellow.
        Yellow = "yellow",
        /// Green.
        Green = "green",
        /// Blue.
        Blue = "blue",
        /// Purple.
        Purple = "purple",
        /// Pink.
        Pink = "pink",
        /// Red.
        Red = "red",
        /// No colour, said of the background.
        DefaultBackground = "default_background",
        /// On grey.
        GrayBackground = "gray_background",
        /// On brown.
        BrownBackground = "brown_background",
        /// On orange.
        OrangeBackground = "orange_background",
        /// On yellow.
        YellowBackground = "yellow_background",
        /// On green.
        GreenBackground = "green_background",
        /// On blue.
        BlueBackground = "blue_background",
        /// On purple.
        PurpleBackground = "purple_background",
        /// On pink.
        PinkBackground = "pink_background",
        /// On red.
        RedBackground = "red_background",
        /// A colour Notion has added since.
        Other = "other",
    }
}

impl Color {
    /// Whether anything is coloured.
    pub const fn is_visible(self) -> bool {
        !matches!(self, Self::Default | Self::DefaultBackground)
    }
}

object! {
    /// `{"url": ..}`.
    pub struct Link {
        /// The target.
        pub url: Option<String>,
    }
}

/// `{"content": .., "link": {"url": ..}}`; both are said again by `plain_text` and `href`, which win.
#[derive(Default)]
struct Words {
    content: String,
    link: Link,
}

impl Lenient for Words {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut this = Self::default();
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "content" => this.content = value(&mut object)?,
                "link" => this.link = value(&mut object)?,
                _ => skip(&mut object)?,
            }
        }
        Ok(this)
    }
}

object! {
    /// `{"expression": ..}`.
    pub struct Expression {
        /// The KaTeX source.
        pub expression: String,
    }
}

impl Lenient for RichText {
    /// Words without their form.
    fn from_text(text: &str) -> Self {
        Self::plain(text)
    }

    fn list_of_text(text: &str) -> Vec<Self> {
        vec![Self::plain(text)]
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut said, mut words, mut href) = (false, Words::default(), None::<String>);
        let mut mentioned = None;
        let (mut annotations, mut kind) = (Annotations::default(), RichTextKind::Text);
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "plain_text" => said |= object.next_value_seed(Same(&mut words.content))?,
                "text" => {
                    let read: Words = value(&mut object)?;
                    words.link = read.link;
                    if !said {
                        words.content = read.content;
                    }
                }
                "href" => href = value(&mut object)?,
                "annotations" => annotations = value(&mut object)?,
                "mention" => {
                    let read: Mentioned = value(&mut object)?;
                    kind = RichTextKind::Mention(Box::new(read.mention));
                    mentioned = read.words;
                }
                "equation" => {
                    kind = RichTextKind::Equation(value::<Expression, _>(&mut object)?.expression);
                }
                _ => skip(&mut object)?,
            }
        }
        let plain_text = match mentioned {
            Some(mentioned) if words.content.is_empty() => mentioned,
            _ => words.content,
        };
        Ok(Self { plain_text, href: href.or(words.link.url), annotations, kind })
    }
}

/// Reads a text that is usually the one already there, and then costs nothing. It says whether there was one.
struct Same<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Same<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Same<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        if self.0 != text {
            text.clone_into(self.0);
        }
        Ok(true)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, list: A) -> Result<bool, A::Error> {
        bool::from_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<bool, A::Error> {
        bool::from_object(object)
    }
}

deserialize!(RichText);
