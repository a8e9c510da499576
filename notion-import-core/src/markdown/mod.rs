//! The bridge: blocks in, GitHub Flavored Markdown out, with a report of what Markdown cannot say.
//!
//! Rendering never fails, is a function of its arguments and takes linear time; a byte of JSON becomes 800 bytes of
//! Markdown at most, in nested lists of one-letter lines, and one or two in pages people write. Text, styles, links,
//! lists, tables and code come back exactly when the output is parsed as CommonMark with GFM's tables, task lists
//! and strikethrough and with `$` math. No raw HTML is written, but `<br>` inside the cells of tables.
//!
//! # What Markdown cannot say
//!
//! Normalised, because nothing that shows is lost:
//! - Spaces and tabs at the ends of lines are dropped, and so are lines and paragraphs without words.
//! - Spaces have no style and no link of their own.
//! - The rest of a grapheme cluster is written as its beginning is: no delimiter stands inside of one.
//! - A line break in inline code ends the code and begins it anew; neighbouring code of one style is one.
//! - Neighbouring formulas of one style are one, with a space between. Line breaks inside of one are spaces.
//! - Line ends are `\n`, a NUL is U+FFFD, vertical tabs and form feeds are spaces.
//! - White space, controls, `<`, `>` and `` ` `` in the targets of links are percent-encoded, and `|` in tables.
//! - A language of a listing is one word, as highlighters know it.
//! - A caption with links or line breaks stands below its image or link; any other is its text.
//! - E-mail addresses stay as they are: where a parser links what looks like one, no escape can stop it. Text that
//!   looks like another URL is escaped.
//!
//! Values of properties are written as Notion shows them, in one form wherever they stand:
//! - A number in the format of its column: `95%`, `$1,234,567.50`, with a symbol where English has one and else the currency's code.
//!   Digits are never rounded away. The format stands in the schema ([`Options::schema`]); without it, the number stands as it is and is
//!   counted ([`NumberFormat`]). Of formulas the API does not say it: theirs stand as they are.
//! - Dates and times in ISO 8601, as the API spells them, ranges with an arrow, the zone behind a time that has no offset:
//!   `2026-05-01T09:00:00.000 → 2026-05-01T17:00:00.000 (Europe/Berlin)`.
//! - A verification with its end and its verifier, a place with its coordinates, an id with its prefix, a check box as `Yes` or `No`.
//! - A person or a group without a name, as an integration without the right to read users gets them, under neutral words, counted
//!   ([`PersonName`]). A button has no value: its name stands alone.
//!
//! Never written: an address with a signature ([`address`]). A link to one keeps its label, and words that hold one end before
//! its query, with an ellipsis; each is counted ([`SignedAddress`]).
//!
//! Where a delimiter cannot stand between two characters, the one outside the style is written as a numeric character reference,
//! or the style is given up ([`Styles`]).
//!
//! Lost, and counted in the report: what [`LossKind`] lists. Of text these are styles that begin or end where
//! CommonMark cannot delimit them even so ([`Style`]), line breaks in headings ([`HeadingLineBreak`]), formulas that dollars
//! cannot hold ([`Equation`]), and code with `\|` in a table ([`TableCode`]).
//!
//! [`LossKind`]: crate::library::fidelity::LossKind
//! [`Style`]: crate::library::fidelity::LossKind::Style
//! [`HeadingLineBreak`]: crate::library::fidelity::LossKind::HeadingLineBreak
//! [`Equation`]: crate::library::fidelity::LossKind::Equation
//! [`NumberFormat`]: crate::library::fidelity::LossKind::NumberFormat
//! [`PersonName`]: crate::library::fidelity::LossKind::PersonName
//! [`SignedAddress`]: crate::library::fidelity::LossKind::SignedAddress
//! [`address`]: crate::notion::LastingUrl
//! [`TableCode`]: crate::library::fidelity::LossKind::TableCode

// The files are listed top-down, like the modules of the crate.
mod relink;
mod blocks;
mod meetings;
mod databases;
mod property;
mod list;
mod table;
mod code;
mod files;
mod links;
mod inline;
mod said;
mod target;
mod date;
mod number;
mod emphasis;
mod flanking;
mod escape;
mod pieces;
mod piece;
mod cluster;
mod rendered;
mod ledger;
mod writer;
mod options;
mod database;

pub use blocks::render;
pub use database::{Database, DatabaseTable};
pub use databases::database_tables;
pub use options::{Databases, FileRef, Options, Reference, StoredAt, StoredFiles, Styles, Titles};
pub use property::{plain_value, properties_table};
pub use relink::relink;
pub use rendered::Rendered;
