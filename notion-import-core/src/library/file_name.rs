//! Names of files, safe to show and to put into a header.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// No name is longer, in bytes.
const LONGEST: usize = 120;

/// Makes a name for people out of what an author or an address calls a file: no path, nothing that is invisible or
/// turns the text around, nothing that Windows takes for a device, at most 120 bytes, with the extension of its type.
pub(crate) fn file_name(raw: &str, media_type: &str) -> String {
    let visible: String =
        raw.chars().filter(|c| !is_hidden(*c)).map(|c| if is_separator(c) { '_' } else { c }).collect();
    // A run of spaces can push the end of a name out of sight.
    let words: Vec<&str> = visible.split_whitespace().collect();
    let visible = words.join(" ");
    let trimmed = visible.trim_matches(|c: char| c == ' ' || c == '.');
    let extension = extension(media_type);
    let stem = trimmed.strip_suffix_ignoring_case(extension).unwrap_or(trimmed);
    let stem = shortened(stem, LONGEST - extension.len() - 1).trim_end_matches([' ', '.']);
    match stem {
        "" => format!("file{extension}"),
        stem if is_device(stem) => format!("_{stem}{extension}"),
        stem => format!("{stem}{extension}"),
    }
}

/// The value of a `Content-Disposition` header (RFC 6266) that offers a download under this name.
pub fn attachment_disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%' | ';' | '/') || c == ' ' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn extension(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => ".pdf",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => ".docx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => ".xlsx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation" => ".pptx",
        "application/vnd.oasis.opendocument.text" => ".odt",
        "application/vnd.oasis.opendocument.spreadsheet" => ".ods",
        "application/vnd.oasis.opendocument.presentation" => ".odp",
        "text/csv" => ".csv",
        "text/plain" => ".txt",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        "image/avif" => ".avif",
        "image/heic" => ".heic",
        "image/svg+xml" => ".svg",
        _ => ".bin",
    }
}

/// Controls, what changes the direction of the text around it, and what has no width or no meaning for everyone.
pub(super) fn is_hidden(c: char) -> bool {
    let blank = matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}');
    let nameless = matches!(
        c.general_category(),
        GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
    );
    blank || nameless || c.is_control() && c != '\t'
}

/// Whether Windows takes a name for a device, whatever its extension.
fn is_device(stem: &str) -> bool {
    let name = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"];
    let numbered = |port: &str| name.strip_prefix(port).is_some_and(|number| digits.contains(&number));
    matches!(name.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

fn is_separator(c: char) -> bool {
    matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

pub(super) fn shortened(text: &str, longest: usize) -> &str {
    match text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= longest).last() {
        Some(end) => &text[..end],
        None => "",
    }
}

trait StripSuffix {
    fn strip_suffix_ignoring_case(&self, suffix: &str) -> Option<&str>;
}

impl StripSuffix for str {
    fn strip_suffix_ignoring_case(&self, suffix: &str) -> Option<&str> {
        let at = self.len().checked_sub(suffix.len())?;
        let (stem, end) = self.split_at_checked(at)?;
        end.eq_ignore_ascii_case(suffix).then_some(stem)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_safe_and_keep_what_people_know_them_by() {
        let check =
            |raw: &str, expected: &str| assert_eq!(file_name(raw, "application/pdf"), expected, "{raw:?}");
        check("SOC 2 Report.pdf", "SOC 2 Report.pdf");
        check("Report.PDF", "Report.pdf");
        check("report", "report.pdf");
        check("invoice.exe", "invoice.exe.pdf");
        check("../../etc/passwd", "_.._etc_passwd.pdf");
        check("a\u{202e}fdp.exe", "afdp.exe.pdf");
        check("line\r\nbreak", "linebreak.pdf");
        check("", "file.pdf");
        check("...", "file.pdf");
        check("Zürich–東京.pdf", "Zürich–東京.pdf");
        check("report.pdf \u{a0}  \t  .exe", "report.pdf .exe.pdf");
        check("a\u{ad}b\u{e0041}c\u{3164}d\u{2066}e", "abcde.pdf");
        check("con", "_con.pdf");
        check("NUL.pdf", "_NUL.pdf");
        check("com1.2026.pdf", "_com1.2026.pdf");
        check("COM1 .pdf", "_COM1.pdf");
        check("LPT³", "_LPT³.pdf");
        check("COM10", "COM10.pdf");
        check("Console", "Console.pdf");
        check("C:\\Users\\me|<x>?*\".pdf", "C__Users_me__x____.pdf");
        check(" .hidden. ", "hidden.pdf");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let name = file_name(&"東".repeat(200), "application/pdf");
        assert!(name.len() <= LONGEST && name.ends_with("東.pdf"), "{name}");
    }

    #[test]
    fn headers_carry_any_name_and_nothing_but_it() {
        assert_eq!(
            attachment_disposition("a\"b\r\n東.pdf"),
            "attachment; filename=\"a_b___.pdf\"; filename*=UTF-8''a%22b%0D%0A%E6%9D%B1%2Epdf"
        );
    }

    proptest! {
        #[test]
        fn any_name_makes_a_header_that_says_it_and_nothing_else(name in any::<String>()) {
            let value = attachment_disposition(&name);
            prop_assert!(HeaderValue::from_str(&value).is_ok());
            let (plain, encoded) = value
                .strip_prefix("attachment; filename=\"")
                .and_then(|rest| rest.split_once("\"; filename*=UTF-8''"))
                .unwrap();
            prop_assert!(!plain.contains(['"', '\\', '%', ';', '/']), "{}", plain);
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%'), "{}", encoded);
            let back = percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap();
            prop_assert_eq!(back, name);
        }
    }
}
