//! What a file is, told from its bytes.

/// What kinds of file are accepted. Anything else is refused, whatever it calls itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Accept {
    /// PDF, OOXML, ODF, CSV and plain text.
    Document,
    /// PNG, JPEG, GIF, WebP, AVIF, HEIC and SVG. An SVG is a program: in an `<img>` none runs, and by its address it is a
    /// download.
    Image,
}

const DOCUMENTS: [&str; 7] = [
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
];

const SVG: &str = "image/svg+xml";

/// What telephones take; few browsers show it.
const HEIC: &str = "image/heic";

/// What browsers show.
const IMAGES: [&str; 5] = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// Returns whether browsers show a file of this type as an image. What they do not can be downloaded.
pub(crate) fn is_shown(media_type: &str) -> bool {
    media_type == SVG || IMAGES.contains(&media_type)
}

impl Accept {
    /// The type of a file that begins with `head`, if it is accepted.
    pub(crate) fn detect(self, head: &[u8], name: &str) -> Option<&'static str> {
        let detected = office(head).or_else(|| infer::get(head).map(|kind| kind.mime_type()));
        match (self, detected) {
            (Self::Image, _) if is_svg(head) => Some(SVG),
            // The library gives the brands of HEIC alone this wider name.
            (Self::Image, Some("image/heif")) => Some(HEIC),
            (Self::Document, Some(found)) => DOCUMENTS.into_iter().find(|accepted| *accepted == found),
            (Self::Image, Some(found)) => IMAGES.into_iter().find(|accepted| *accepted == found),
            (Self::Document, None) => text(head, name),
            (Self::Image, None) => None,
        }
    }

    /// Whether a file of this name may turn out to be accepted: worth a download.
    pub(crate) fn may_be(self, name: &str) -> bool {
        let extension = extension(name);
        match self {
            Self::Document => matches!(
                extension.as_deref(),
                Some("pdf" | "docx" | "xlsx" | "pptx" | "odt" | "ods" | "odp" | "csv" | "txt")
            ),
            Self::Image => {
                matches!(
                    extension.as_deref(),
                    Some("png" | "jpg" | "jpeg" | "gif" | "webp" | "avif" | "heic" | "heif" | "svg")
                )
            }
        }
    }
}

/// Which Office document a ZIP archive is, told by the first of its entries that only one kind has, wherever it stands.
fn office(head: &[u8]) -> Option<&'static str> {
    const ENTRY: &[u8] = b"PK\x03\x04";
    // Where the name stands in the header of an entry.
    const NAME: usize = 30;
    if !head.starts_with(ENTRY) {
        return None;
    }
    let entries = head.windows(ENTRY.len()).enumerate().filter(|(_, window)| *window == ENTRY);
    let mut names = entries.filter_map(|(at, _)| head.get(at + NAME..));
    names.find_map(|name| match name {
        [b'w', b'o', b'r', b'd', b'/', ..] => Some(DOCUMENTS[1]),
        [b'x', b'l', b'/', ..] => Some(DOCUMENTS[2]),
        [b'p', b'p', b't', b'/', ..] => Some(DOCUMENTS[3]),
        _ => None,
    })
}

/// Text has no magic bytes: the name claims it, and the bytes must not contradict.
fn text(head: &[u8], name: &str) -> Option<&'static str> {
    let claimed = match extension(name)?.as_str() {
        "csv" => "text/csv",
        "txt" => "text/plain",
        _ => return None,
    };
    (is_text(head) && !looks_like_markup(head)).then_some(claimed)
}

fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The head may end inside a character.
        Err(error) => error.error_len().is_none(),
    };
    valid && !head.contains(&0)
}

/// Whether XML has an `svg` for its root, after a declaration, comments and a document type.
fn is_svg(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut rest = head.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    loop {
        let start = rest.trim_start();
        let end = match start {
            _ if start.starts_with("<!--") => "-->",
            _ if start.starts_with("<?") => "?>",
            _ if start.starts_with("<!DOCTYPE svg") && !start.contains("<!ENTITY") => ">",
            _ => {
                let name = start.strip_prefix("<svg");
                return name.is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n', '>', '/']));
            }
        };
        let Some((_, after)) = start.split_once(end) else { return false };
        rest = after;
    }
}

fn looks_like_markup(head: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"<")
}

fn extension(name: &str) -> Option<String> {
    name.rsplit_once('.').map(|(_, extension)| extension.trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entries of a ZIP archive, with nothing in them.
    fn archive(names: &[&str]) -> Vec<u8> {
        let entry = |name: &&str| {
            let header = [b"PK\x03\x04".as_slice(), &[0; 22], &[name.len() as u8, 0, 0, 0]].concat();
            [header, name.as_bytes().to_vec()].concat()
        };
        names.iter().flat_map(entry).collect()
    }

    #[test]
    fn an_archive_is_an_office_document_by_its_entries_in_any_order() {
        let common = [
            "[Content_Types].xml",
            "_rels/.rels",
            "docProps/app.xml",
            "docProps/core.xml",
            "customXml/item1.xml",
        ];
        let check = |own: &str, expected: Option<&str>| {
            for before in 0..=common.len() {
                let (first, last) = common.split_at(before);
                let found = Accept::Document.detect(&archive(&[first, &[own], last].concat()), "a.docx");
                assert_eq!(found, expected, "{own} after {first:?}");
            }
        };
        check("word/document.xml", Some(DOCUMENTS[1]));
        check("xl/workbook.xml", Some(DOCUMENTS[2]));
        check("ppt/presentation.xml", Some(DOCUMENTS[3]));
        check("setup.exe", None);
        check("swordfish/document.xml", None);
    }

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let check = |accept: Accept, head: &[u8], name: &str, expected: Option<&str>| {
            assert_eq!(accept.detect(head, name), expected, "{name}");
        };
        check(Accept::Document, b"%PDF-1.7\n", "report.pdf", Some("application/pdf"));
        check(Accept::Document, b"%PDF-1.7\n", "report.exe", Some("application/pdf"));
        check(Accept::Document, b"<html><body>error", "report.pdf", None);
        check(Accept::Document, b"<html><body>error", "report.csv", None);
        check(Accept::Document, b"<?xml version='1.0'?><Error>", "report.txt", None);
        check(Accept::Document, b"a,b\n1,2\n", "list.CSV", Some("text/csv"));
        check(Accept::Document, b"plain \xc3", "notes.txt", Some("text/plain"));
        check(Accept::Document, b"a\0b", "notes.txt", None);
        check(Accept::Document, b"MZ\x90\0", "setup.pdf", None);
        check(Accept::Document, b"\x89PNG\r\n\x1a\n", "a.png", None);
        check(Accept::Image, b"\x89PNG\r\n\x1a\n", "a.png", Some("image/png"));
        check(Accept::Image, &archive(&["word/document.xml"]), "a.png", None);
        check(Accept::Image, b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "a.avif", Some("image/avif"));
        check(Accept::Image, b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "a.heic", Some(HEIC));
        let svg = "<svg xmlns='http://www.w3.org/2000/svg'>";
        let declared = format!("\u{feff}<?xml version='1.0'?>\n<!-- > --><!DOCTYPE svg PUBLIC 'a'>\n{svg}");
        check(Accept::Image, svg.as_bytes(), "a.png", Some("image/svg+xml"));
        check(Accept::Image, declared.as_bytes(), "a.svg", Some("image/svg+xml"));
        check(Accept::Document, svg.as_bytes(), "a.svg", None);
        check(Accept::Image, b"<svgish>", "a.svg", None);
        check(Accept::Image, b"<html><svg>", "a.svg", None);
        check(Accept::Image, b"<?xml version='1.0'?", "a.svg", None);
        check(Accept::Image, b"%PDF-1.7\n", "a.png", None);
    }
}
