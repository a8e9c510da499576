//! PDFs that are made to do harm, or damaged.

use std::thread;

use lopdf::{Dictionary, Stream};
use notion_import_core::MarkError;
use proptest::prelude::*;

use super::pdf::{MAIL, mark_of, one_page, page_of, pdf, stream, texts};
use super::{deflated, packed};

/// On a stack as small as those of tokio's threads.
fn outcome(original: Vec<u8>) -> Result<Vec<u8>, MarkError> {
    let small = thread::Builder::new().stack_size(2 << 20);
    small.spawn(move || mark_of(&original).put_on(&original)).unwrap().join().unwrap()
}

fn squeezed(content: Vec<u8>) -> Vec<u8> {
    let mut stream = Stream::new(Dictionary::new(), content);
    stream.compress().unwrap();
    stream.content
}

#[test]
fn what_is_nested_without_end_overflows_no_stack() {
    for (open, close) in [("[", "]"), ("<</A", ">>"), ("(", ")"), ("<< /A [", "] >>")] {
        let deep = format!("{}{}", open.repeat(200_000), close.repeat(200_000));
        let _ =
            outcome(one_page("/Contents 4 0 R /Deep 5 0 R", &[stream("", b""), deep.clone().into_bytes()]));
        let _ = outcome(page_of(deep.as_bytes()));
    }
    let chain = (4..40_000).map(|next| format!("<< /Type /Pages /Kids [{next} 0 R] >>").into_bytes());
    let _ = outcome(one_page("/Kids [4 0 R]", &chain.skip(1).collect::<Vec<_>>()));
}

#[test]
fn a_cycle_ends() {
    for original in [
        one_page("/Contents 4 0 R", &[b"[4 0 R 4 0 R]".to_vec()]),
        one_page("/Contents 4 0 R", &[b"4 0 R".to_vec()]),
        one_page("/Resources 4 0 R", &[b"5 0 R".to_vec(), b"4 0 R".to_vec()]),
        one_page("/Contents 4 0 R", &[b"<< /Length 4 0 R >>\nstream\nq\nendstream".to_vec()]),
        one_page("/Kids [2 0 R 3 0 R]", &[]),
    ] {
        let _ = outcome(original);
    }
}

#[test]
fn what_unpacks_to_more_than_is_taken_is_refused() {
    let zeros = squeezed(vec![b'0'; 100 << 20]);
    let page = one_page("/Contents 4 0 R", &[stream("/Filter /FlateDecode", &zeros)]);
    assert_eq!(outcome(page), Err(MarkError::TooLarge));

    // Each page for itself is fine.
    let some = squeezed(vec![b' '; 20 << 20]);
    let kids: Vec<String> = (4..24).map(|kid| format!("{kid} 0 R")).collect();
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        format!("<< /Type /Pages /Kids [{}] /Count 20 >>", kids.join(" ")).into_bytes(),
        stream("/Filter /FlateDecode", &some),
    ];
    objects.extend((4..24).map(|_| b"<< /Type /Page /Contents 3 0 R >>".to_vec()));
    assert_eq!(outcome(pdf(&objects)), Err(MarkError::TooLarge));
}

#[test]
fn objects_take_no_more_memory_than_there_is_for_them() {
    // A hundred object streams of a million numbers each.
    let numbers = format!("9999 0 [{}]", "0 ".repeat(1 << 20));
    let many = squeezed(numbers.into_bytes());
    let streams: Vec<_> =
        (0..100).map(|_| stream("/Type /ObjStm /N 1 /First 7 /Filter /FlateDecode", &many)).collect();
    assert_eq!(outcome(one_page("", &streams)), Err(MarkError::TooLarge));
    // Lengths that stand in them.
    let mut lengths: Vec<_> =
        (0..100).map(|_| stream("/Type /ObjStm /N 1 /F#69rst 7 /Filter /FlateDecode", &many)).collect();
    lengths.push(b"<< /Length 9999 0 R >>\nstream\nq\nendstream".to_vec());
    assert_eq!(outcome(one_page("", &lengths)), Err(MarkError::TooLarge));
    // And one that is no stream at all.
    let long = format!("[{}]", "0 ".repeat(4 << 20));
    assert_eq!(outcome(one_page("", &[long.into_bytes()])), Err(MarkError::TooLarge));
}

#[test]
fn numbers_of_objects_that_nobody_has_take_no_room() {
    let plain = String::from_utf8(page_of(b"")).unwrap();
    for size in ["0", "-1", "4294967295", "4294967296", "99999999999999999999"] {
        let _ = outcome(plain.replace("/Size 5", &format!("/Size {size}")).into_bytes());
    }
    let _ =
        outcome(plain.replace("4 0 obj", "4294967295 0 obj").replace("4 0 R", "4294967295 0 R").into_bytes());
}

/// A PDF with what is parsed in it by different hands.
fn sample() -> Vec<u8> {
    let text = deflated(b"q BT /F 12 Tf (Words) Tj ET Q");
    let font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec();
    let parts = [
        stream("/Filter /FlateDecode", &text),
        stream("", b"q 1 0 0 1 0 0 cm"),
        b"<< /F 7 0 R >>".to_vec(),
        font,
    ];
    one_page("/Contents [4 0 R 5 0 R] /Rotate 90 /CropBox [1 2 300 400] /Resources << /Font 6 0 R >>", &parts)
}

/// Whatever comes out says on each of its pages whose it is.
fn holds(original: &[u8]) {
    if let Ok(marked) = mark_of(original).put_on(original) {
        let document = lopdf::Document::load_mem(&marked).unwrap();
        let pages = document.get_pages();
        assert!(!pages.is_empty());
        for page in pages.values() {
            let content = document.get_page_content(*page);
            assert!(content.windows(MAIL.len()).any(|at| at == MAIL.as_bytes()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_pdf_is_marked_on_each_page_or_refused(
        is_packed in any::<bool>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..12),
    ) {
        let mut bytes = if is_packed { packed(&sample()) } else { sample() };
        for (at, byte, kind) in damage {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        holds(&bytes);
    }

    #[test]
    fn words_of_pdf_in_any_order_are_marked_or_refused(words in prop::collection::vec(prop::sample::select(&[
        "1 0 obj", "2 0 obj", "3 0 obj", "endobj", "<<", ">>", "[", "]", "/Type", "/Catalog", "/Pages", "/Page", "/Kids",
        "/Contents", "/Length", "/Root", "/Resources", "/Parent", "1 0 R", "2 0 R", "3 0 R", "stream\n", "\nendstream", "q", "Q", "5",
        "-1", "(a", ")", "<", ">", "trailer", "startxref", "xref", "%%EOF", "/ObjStm", "/N", "/First", "/XRef", "/W", "/Prev", "/Size", "/Index",
    ][..]), 1..80)) {
        holds(format!("%PDF-1.7\n{}", words.join(" ")).as_bytes());
    }
}

#[test]
fn the_sample_is_one_that_is_marked() {
    for original in [sample(), packed(&sample())] {
        let text = texts(&outcome(original).unwrap()).remove(0);
        assert!(text.contains(MAIL) && text.contains("Words"), "{text:?}");
    }
}
