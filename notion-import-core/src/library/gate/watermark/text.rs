//! Text in Helvetica, as far as every reader of PDFs has it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The widths of the characters from space to tilde, in thousandths of the size.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// No character is wider.
const WIDEST: u16 = 1015;

/// Text in the encoding of PDFs that is called `WinAnsiEncoding`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// Returns a text without the accents that the font lacks; none if it lacks a letter.
    pub fn of(text: &str) -> Option<Self> {
        let mut encoded = Vec::new();
        for c in text.chars() {
            match byte(c) {
                Some(byte) => encoded.push(byte),
                None => encoded.extend(without_accents(c)?),
            }
        }
        Some(Self(encoded))
    }

    /// Returns texts with something between each and the next.
    pub fn joined(parts: &[Self], between: &str) -> Self {
        let between = Self::of(between).unwrap_or_default();
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.0.as_slice()).collect();
        Self(parts.join(between.0.as_slice()))
    }

    /// Returns how wide it is at most, at a size of one.
    pub fn width(&self) -> f32 {
        let width = |byte: &u8| WIDTHS.get(usize::from(*byte).wrapping_sub(32)).copied().unwrap_or(WIDEST);
        self.0.iter().map(|byte| f32::from(width(byte)) / 1000.0).sum()
    }

    /// Returns it as a literal string of PDF.
    pub fn literal(&self) -> Vec<u8> {
        let escaped = |byte: &u8| match byte {
            b'(' | b')' | b'\\' => vec![b'\\', *byte],
            byte => vec![*byte],
        };
        [b"(".to_vec(), self.0.iter().flat_map(escaped).collect(), b")".to_vec()].concat()
    }
}

fn byte(c: char) -> Option<u8> {
    Some(match c {
        ' '..='~' | '\u{a0}'..='ÿ' => u8::try_from(u32::from(c)).ok()?,
        '€' => 0x80,
        'Š' => 0x8a,
        'Œ' => 0x8c,
        'Ž' => 0x8e,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '–' => 0x96,
        '—' => 0x97,
        'š' => 0x9a,
        'œ' => 0x9c,
        'ž' => 0x9e,
        'Ÿ' => 0x9f,
        _ => return None,
    })
}

fn without_accents(c: char) -> Option<Vec<u8>> {
    // Not composed of a letter and a mark, as Unicode has it.
    let base = match c {
        'Ł' => 'L',
        'ł' => 'l',
        'Đ' => 'D',
        'đ' => 'd',
        'Ħ' => 'H',
        'ħ' => 'h',
        'ı' => 'i',
        'ẞ' => 'ß',
        _ => c,
    };
    std::iter::once(base).nfkd().filter(|c| !is_combining_mark(*c)).map(byte).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn letters_lose_what_the_font_lacks_and_a_text_without_letters_for_it_is_none() {
        for (text, shown) in [
            ("Dana Whitfield", Some(&b"Dana Whitfield"[..])),
            ("Goran Petrović", Some(b"Goran Petrovic")),
            ("Łukasz Đorđević", Some(b"Lukasz Dordevic")),
            ("Jörg Weiß – Köln", Some(b"J\xf6rg Wei\xdf \x96 K\xf6ln")),
            ("Nguyễn", Some(b"Nguyen")),
            ("Ｏｒｃｈａｒｄ", Some(b"Orchard")),
            ("Дана Орлова", None),
            ("山田花子", None),
            ("Dana 山田", None),
        ] {
            assert_eq!(Text::of(text).as_ref().map(|text| text.0.as_slice()), shown, "{text}");
        }
    }

    #[test]
    fn a_literal_ends_where_the_text_does() {
        assert_eq!(Text::of(r"a(b\)c").unwrap().literal(), br"(a\(b\\\)c)");
        assert_eq!(Text::joined(&[Text::of("a").unwrap(), Text::of("b").unwrap()], " · ").0, b"a \xb7 b");
        assert!((Text::of("Dana").unwrap().width() - 2.39).abs() < 0.001);
    }
}
