//! What stands above the text: YAML, every value of which is also JSON, so that nothing in a title can break it.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat, Utc};
use notion_import_core::{Source, SourceImage, StoredFile};

/// Writes id, title, url, created, edited and icon; `target` says where a stored icon is.
pub fn front_matter(source: &Source, target: impl Fn(&StoredFile) -> Option<String>) -> String {
    let icon = source.icon.as_ref().and_then(|icon| match icon {
        SourceImage::Emoji(emoji) => Some(emoji.clone()),
        SourceImage::Native(name) => Some(name.clone()),
        SourceImage::External(url) => Some(url.to_string()),
        SourceImage::Stored(file) => target(file),
        SourceImage::Hosted => None,
    });
    let values = [
        ("id", Some(source.id.to_string())),
        ("title", Some(source.title.clone())),
        ("url", source.url.as_ref().map(ToString::to_string)),
        ("created", Some(time(source.created_at))),
        ("edited", Some(time(source.edited_at))),
        ("icon", icon),
    ];
    let mut yaml = String::from("---\n");
    for (name, value) in values {
        if let Some(value) = value {
            let _ = writeln!(yaml, "{name}: {}", quoted(&value));
        }
    }
    yaml.push_str("---\n\n");
    yaml
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A JSON string is a YAML string, but for a few characters that YAML does not print.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json.chars().fold(String::with_capacity(json.len()), |mut yaml, c| {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
            let _ = write!(yaml, "\\u{:04x}", u32::from(c));
        } else {
            yaml.push(c);
        }
        yaml
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_title_breaks_the_yaml() {
        for (title, expected) in [
            ("Plain", r#""Plain""#),
            ("A: b # c", r#""A: b # c""#),
            ("say \"hi\" \\ 'you'", r#""say \"hi\" \\ 'you'""#),
            ("two\nlines\r\t", r#""two\nlines\r\t""#),
            ("---", r#""---""#),
            ("🔐 東京", "\"🔐 東京\""),
            ("\u{7f}\u{85}\u{2028}\u{feff}\0", r#""\u007f\u0085\u2028\ufeff\u0000""#),
            ("", r#""""#),
        ] {
            assert_eq!(quoted(title), expected);
        }
    }
}
