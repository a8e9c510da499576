//! Which language a browser asks for.

use super::Language;

/// Returns the language that an `Accept-Language` header rates highest, of those that there are words in: of two that are rated alike the one that comes
/// first. None if it accepts none of them (RFC 9110, 12.5.4; RFC 4647).
pub fn accepted(header: &str) -> Option<Language> {
    let ranges: Vec<(&str, u16)> = header.split(',').filter_map(range).collect();
    let of = |language: Language| {
        let is_named = |(tag, _): &(&str, u16)| primary(tag).eq_ignore_ascii_case(language.code());
        let is_any = |(tag, _): &(&str, u16)| *tag == "*";
        // What is named is not what any other is.
        let at = ranges.iter().position(is_named).or_else(|| ranges.iter().position(is_any))?;
        let named = ranges.iter().filter(|range| is_named(range)).map(|(_, quality)| *quality).max();
        let quality = named.unwrap_or(ranges.get(at)?.1);
        (quality > 0).then_some((quality, std::cmp::Reverse(at), language))
    };
    let rated = Language::ALL.into_iter().filter_map(|(language, _)| of(language));
    // Of what `*` alone accepts, the first.
    rated.rev().max_by_key(|(quality, at, _)| (*quality, *at)).map(|(.., language)| language)
}

/// Reads `de-AT;q=0.8`, the quality in thousandths. What makes no sense is no range.
fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let quality = match parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))) {
        Some(quality) => quality.parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality))?,
        None => 1.0,
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 1")]
    Some((tag, (quality * 1000.0).round() as u16))
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::Language::{English, German};
    use super::*;

    #[test]
    fn what_is_rated_highest_is_spoken() {
        for (header, expected) in [
            ("", None),
            ("fr, it;q=0.8", None),
            ("de", Some(German)),
            ("DE-at", Some(German)),
            ("de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", Some(German)),
            ("en-US,en;q=0.9,de;q=0.8", Some(English)),
            ("en;q=0.8, de;q=0.9", Some(German)),
            ("fr, de;q=0.3, en;q=0.2", Some(German)),
            ("en;q=0.5,de;q=0.5", Some(English)),
            ("de;q=0.5,en;q=0.5", Some(German)),
            ("*", Some(English)),
            ("*, en;q=0", Some(German)),
            ("fr, *;q=0.1", Some(English)),
            ("de;q=0.5, *", Some(English)),
            ("de;q=0", None),
            ("de;q=0, en", Some(English)),
            ("de;q=2, en;q=0.1", Some(English)),
            ("de;q=x", None),
            (" de ; q=0.9 , en ; q=1.0", Some(English)),
            ("deu, den", None),
            (",;,de;;,", Some(German)),
            ("de-AT;q=0, de;q=0.4", Some(German)),
        ] {
            assert_eq!(accepted(header), expected, "{header}");
        }
    }
}
