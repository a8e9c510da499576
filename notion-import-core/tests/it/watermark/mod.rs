//! Marks on PDFs.

mod given;
mod hostile;
mod pdf;

use std::collections::HashSet;

use lopdf::content::Content;
use lopdf::{Document, SaveOptions};
use notion_import_core::{BlobId, MarkError};

use self::pdf::{MAIL, mark_for, mark_of, marked, one_page, page_of, pdf, stream, texts};

/// Pages of which no words can be read without the mark either.
const WORDLESS: [&str; 3] = ["without fonts", "fonts that are none", "content"];

#[test]
fn every_page_says_who_and_when_however_it_is_made() {
    let words = [stream("", b"BT /F 12 Tf 20 20 Td (Words) Tj ET")];
    let font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
    let content = "/Contents 4 0 R";
    let own = format!("{content} /Resources << /Font << /F {font} >> >>");
    let shared = [words[0].clone(), b"<< /Font 6 0 R >>".to_vec(), format!("<< /F {font} >>").into_bytes()];
    let rows: [(&str, Vec<u8>); 19] = [
        ("inherited resources", one_page(content, &words)),
        ("own resources", one_page(&own, &words)),
        ("resources that are an object", one_page(&format!("{content} /Resources 5 0 R"), &shared)),
        ("resources that are nothing", one_page(&format!("{content} /Resources 9 0 R"), &words)),
        ("resources without fonts", one_page(&format!("{content} /Resources << >>"), &words)),
        ("fonts that are none", one_page(&format!("{content} /Resources << /Font 4 0 R >>"), &words)),
        ("several parts", one_page("/Contents [4 0 R 5 0 R]", &[words.clone(), words.clone()].concat())),
        ("parts that are an object", one_page("/Contents 5 0 R", &[words[0].clone(), b"[4 0 R]".to_vec()])),
        ("parts that are not there", one_page("/Contents [4 0 R 9 0 R null 1 0 R]", &words)),
        ("without content", one_page("", &[])),
        ("content that is nothing", one_page("/Contents null", &[])),
        ("a turned page", one_page(&format!("{content} /Rotate 90"), &words)),
        ("turned backwards", one_page(&format!("{content} /Rotate -90"), &words)),
        ("turned by what is no turn", one_page(&format!("{content} /Rotate 45"), &words)),
        ("a box elsewhere", one_page(&format!("{content} /MediaBox [-100 -50 200 400]"), &words)),
        ("a box the wrong way round", one_page(&format!("{content} /MediaBox [595 842 0 0]"), &words)),
        ("a box without an inside", one_page(&format!("{content} /MediaBox [0 0 0 0]"), &words)),
        ("a part that is shown", one_page(&format!("{content} /CropBox [10 10 110 60]"), &words)),
        ("a larger unit", one_page(&format!("{content} /UserUnit 10 /MediaBox [0 0 60 84]"), &words)),
    ];
    for (claim, original) in rows {
        for text in texts(&marked(&original)) {
            for said in [MAIL, "Dana, Orchard", "2026-11-30", &BlobId::of(&original).to_string()[..16]] {
                assert!(text.contains(said), "{claim}: {said:?} is not in {text:?}");
            }
            assert!(text.contains("01990000-0000-7000-8000-000000000005"), "{claim}: {text:?}");
            assert_eq!(
                text.contains("Words"),
                WORDLESS.iter().all(|part| !claim.contains(part)),
                "{claim}: {text:?}"
            );
        }
    }
}

#[test]
fn every_page_of_a_tree_is_marked_once() {
    let page = |more: &str| format!("<< /Type /Page /Parent 2 0 R /Contents 6 0 R {more} >>").into_bytes();
    let original = pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        // One of them twice, a cycle, and one that is not there.
        b"<< /Type /Pages /Kids [3 0 R 4 0 R 3 0 R 2 0 R 99 0 R] /Count 4 >>".to_vec(),
        page(""),
        b"<< /Type /Pages /Parent 2 0 R /Kids [5 0 R] /Count 1 /Rotate 270 /MediaBox [0 0 842 595] >>"
            .to_vec(),
        page(""),
        stream("", b"0 0 10 10 re f"),
    ]);
    let marked = marked(&original);
    let document = Document::load_mem(&marked).unwrap();
    let mut contents = HashSet::new();
    for id in [(3, 0), (5, 0)] {
        let page = document.get_dictionary(id).unwrap();
        let parts = page.get(b"Contents").unwrap().as_array().unwrap();
        assert_eq!(parts.len(), 4, "{parts:?}");
        contents.insert(format!("{:?}", parts[3]));
        assert!(document.get_page_content(id).windows(MAIL.len()).any(|at| at == MAIL.as_bytes()));
    }
    assert_eq!(contents.len(), 2, "a page that lies is drawn on like one that stands");
}

#[test]
fn the_same_mark_gives_the_same_bytes_and_any_other_gives_others() {
    let original = page_of(b"0 0 10 10 re f");
    let packed = packed(&original);
    for original in [original, packed] {
        let digest = BlobId::of(&original);
        let marks = [
            mark_of(&original),
            mark_for("Dana", "Orchard", MAIL, "2026-12-01", &original),
            mark_for("Emil", "Tessera", "emil@tessera.example", "2026-11-30", &original),
            mark_for("Dana", "Orchard", MAIL, "2026-11-30", b"another"),
        ];
        let all: HashSet<_> = marks.iter().map(|mark| mark.put_on(&original).unwrap()).collect();
        assert_eq!(all.len(), marks.len());
        for _ in 0..3 {
            assert!(all.contains(&marked(&original)));
        }
        assert_eq!(BlobId::of(&original), digest);
        // Whoever cuts the end off does not get the original back.
        assert!(all.iter().all(|marked| !marked.starts_with(&original)));
    }
}

#[test]
fn what_is_packed_stays_packed_and_the_rest_is_kept() {
    let original = pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R /Outlines 4 0 R /Lang (de) >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /Annots [5 0 R] /Contents 6 0 R >>".to_vec(),
        b"<< /Type /Outlines /First 7 0 R /Last 7 0 R >>".to_vec(),
        b"<< /Subtype /Link /A << /S /URI /URI (https://orchard.example) >> /Rect [0 0 9 9] >>".to_vec(),
        stream("/Filter /ASCIIHexDecode", b"71 20 51>"),
        b"<< /Title (Chapter) /Parent 4 0 R >>".to_vec(),
    ]);
    for original in [packed(&original), original] {
        let (before, after) =
            (Document::load_mem(&original).unwrap(), Document::load_mem(&marked(&original)).unwrap());
        let is_packed = |document: &Document| format!("{:?}", document.reference_table.cross_reference_type);
        assert_eq!(is_packed(&before), is_packed(&after));
        let catalog = after.catalog().unwrap();
        assert!(
            catalog.has(b"Outlines")
                && catalog.has(b"Lang")
                && after.get_dictionary((3, 0)).unwrap().has(b"Annots")
        );
        for (id, object) in &before.objects {
            if !matches!(object.type_name(), Ok(b"ObjStm" | b"XRef")) && ![(1, 0), (3, 0)].contains(id) {
                assert_eq!(after.objects.get(id), Some(object), "{id:?}");
            }
        }
    }
}

#[test]
fn a_mark_does_not_depend_on_what_a_page_leaves_open() {
    let rows: [&[u8]; 18] = [
        b"",
        b"q 2 0 0 2 0 0 cm",
        b"q q 0.1 0 0 0.1 0 0 cm Q",
        b"0.1 0 0 0.1 0 0 cm Q (words) pop",
        b"Q Q Q q q Q 9 0 0 9 0 0 cm",
        b"BT /F 1 Tf",
        b"/OC /Hidden BDC q",
        b"/Span << /Lang (en) >> BDC EMC EMC /P BMC",
        b"0 0 5 5 re W",
        b"BT (an open (string \\) q Q",
        b"[(array) 12 <abcd>",
        b"<abc",
        b"/Span << /A [ << /B (c)",
        b"% a comment q q q",
        b"q BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI Q",
        b"q BI /W 10 /H 1 /BPC 8 /CS /G ID \x00EI\x01QQ EI\x02\nEI\nQ q",
        b"BI /W 1 /H 1 ID q q q q",
        b"(q) Tj [(Q) (Q)] TJ <</Q/q>> /Q /q ID",
    ];
    for content in rows {
        for filter in ["", "/Filter /FlateDecode"] {
            let claim = String::from_utf8_lossy(content);
            let content = if filter.is_empty() { content.to_vec() } else { deflated(content) };
            let original = one_page("/Contents 4 0 R", &[stream(filter, &content)]);
            let marked = marked(&original);
            let document = Document::load_mem(&marked).unwrap();
            let content = document.get_page_content((3, 0));
            let at = content.windows(9).position(|at| at == b"/Artifact").unwrap();
            let (before, mark) = content.split_at(at);
            assert_eq!(
                state_after(before),
                State::default(),
                "{claim}: {:?}",
                String::from_utf8_lossy(before)
            );
            assert!(mark.windows(MAIL.len()).any(|at| at == MAIL.as_bytes()), "{claim}");
        }
    }
}

#[test]
fn what_restores_a_state_that_was_never_saved_still_restores_none() {
    // The scale stays, for the first restoring has nothing to restore.
    let document = Document::load_mem(&marked(&page_of(b"3 0 0 3 0 0 cm Q q Q 1 1 2 2 re f"))).unwrap();
    let content = document.get_page_content((3, 0));
    let operations = Content::decode(&content).unwrap().operations;
    let names: Vec<&str> = operations.iter().map(|operation| operation.operator.as_str()).collect();
    assert_eq!(names[..7], ["q", "cm", "q", "Q", "re", "f", "Q"]);
}

#[test]
fn a_name_that_the_font_lacks_is_left_out_and_the_address_never_is() {
    let original = page_of(b"");
    for (name, company, shown, hidden) in [
        ("Goran Petrović", "Fernwood", "Goran Petrovic, Fernwood", "?"),
        ("Дана Орлова", "Orchard", "Orchard", "?"),
        ("山田花子", "株式会社", MAIL, "?"),
        ("O(r)\\chard", "Bank", "O(r)\\chard, Bank", "?"),
    ] {
        let mark = mark_for(name, company, MAIL, "2026-11-30", &original);
        let text = texts(&mark.put_on(&original).unwrap()).remove(0);
        assert!(text.contains(shown) && text.matches(MAIL).count() >= 2, "{name}: {text:?}");
        assert!(!text.contains(hidden), "{name}: {text:?}");
        assert!(!format!("{mark:?}").contains("orchard"), "{mark:?}");
    }
}

#[test]
fn what_refers_to_nothing_goes_on_doing_so() {
    let original = one_page("/Contents 4 0 R /Annots [5 0 R 7 0 R] /Thumb 12 0 R", &[stream("", b"")]);
    let after = Document::load_mem(&marked(&original)).unwrap();
    assert!([5, 7, 12].iter().all(|number| !after.objects.contains_key(&(*number, 0))));
}

#[test]
fn what_cannot_be_marked_says_why() {
    let plain = String::from_utf8(page_of(b"")).unwrap();
    let with = |from: &str, to: &str| plain.replace(from, to).into_bytes();
    let rows = [
        ("no PDF", b"# Policy".to_vec(), MarkError::Broken),
        ("nothing", Vec::new(), MarkError::Broken),
        ("half of one", plain.as_bytes()[..60].to_vec(), MarkError::Broken),
        ("no pages", with("/Kids [3 0 R]", "/Kids [9 0 R]"), MarkError::Broken),
        ("no tree", with("/Pages 2 0 R", "/Pages 9 0 R"), MarkError::Broken),
        ("a page that is no object", with("/Kids [3 0 R]", "/Kids [<</Type/Page>>]"), MarkError::Broken),
        ("encrypted", with("/Root 1 0 R", "/Root 1 0 R /Encrypt 5 0 R"), MarkError::Encrypted),
        ("encrypted, in disguise", with("/Root 1 0 R", "/Root 1 0 R /Enc#72ypt 5 0 R"), MarkError::Encrypted),
        ("unreadable", one_page("/Contents 4 0 R", &[stream("/Filter /DCTDecode", b"x")]), MarkError::Broken),
    ];
    for (claim, original, error) in rows {
        assert_eq!(mark_of(&original).put_on(&original), Err(error), "{claim}");
    }
    // One that a reader mends is mended.
    let moved = with("startxref\n", "startxref\n9");
    assert!(texts(&marked(&moved))[0].contains(MAIL));
}

/// What is open, by another reading than the one that closes it.
#[derive(Debug, PartialEq, Default)]
struct State {
    saved: i32,
    lowest: i32,
    text: bool,
    marked: i32,
}

fn state_after(content: &[u8]) -> State {
    let mut state = State::default();
    for operation in Content::decode(content).unwrap().operations {
        match operation.operator.as_str() {
            "q" => state.saved += 1,
            "Q" => state.saved -= 1,
            "BT" => state.text = true,
            "ET" => state.text = false,
            "BMC" | "BDC" => state.marked += 1,
            "EMC" => state.marked = 0.max(state.marked - 1),
            _ => {}
        }
        state.lowest = state.lowest.min(state.saved);
    }
    state
}

/// The same with object streams and a stream of cross-references.
fn packed(original: &[u8]) -> Vec<u8> {
    let mut document = Document::load_mem(original).unwrap();
    let options = SaveOptions { use_object_streams: true, use_xref_streams: true, ..SaveOptions::default() };
    let mut packed = Vec::new();
    document.save_with_options(&mut packed, options).unwrap();
    assert!(packed.windows(7).any(|at| at == b"/ObjStm"));
    packed
}

fn deflated(content: &[u8]) -> Vec<u8> {
    // Long enough to be worth it.
    let padded = [content, &b" ".repeat(100)].concat();
    let mut stream = lopdf::Stream::new(lopdf::Dictionary::new(), padded);
    stream.compress().unwrap();
    assert!(stream.dict.has(b"Filter"));
    stream.content
}
