//! PDFs made by hand.

use notion_import_core::store::VersionDigest;
use notion_import_core::{AssignmentId, BlobId, ContactDetails, Content, Mark};

pub const MAIL: &str = "dana@orchard.example";

/// A PDF of these objects, the first of which is the catalog.
pub fn pdf<O: AsRef<[u8]>>(objects: &[O]) -> Vec<u8> {
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        offsets.push(pdf.len());
        pdf.extend(format!("{} 0 obj\n", at + 1).bytes());
        pdf.extend(object.as_ref());
        pdf.extend(b"\nendobj\n");
    }
    let (table, size) = (pdf.len(), objects.len() + 1);
    pdf.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
    for offset in offsets {
        pdf.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    pdf.extend(format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").bytes());
    pdf
}

pub fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let mut object = format!("<< {entries} /Length {} >>\nstream\n", content.len()).into_bytes();
    object.extend(content);
    object.extend(b"\nendstream");
    object
}

/// A PDF of one page with these entries, and these objects from number 4 on. It inherits a font by the name `F`.
pub fn one_page(entries: &str, objects: &[Vec<u8>]) -> Vec<u8> {
    let font = "/Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";
    let fixed = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] /Resources << {font} >> >>"),
        format!("<< /Type /Page /Parent 2 0 R {entries} >>"),
    ];
    let all: Vec<Vec<u8>> =
        fixed.into_iter().map(String::into_bytes).chain(objects.iter().cloned()).collect();
    pdf(&all)
}

/// A page with this content.
pub fn page_of(content: &[u8]) -> Vec<u8> {
    one_page("/Contents 4 0 R", &[stream("", content)])
}

pub fn mark_of(pdf: &[u8]) -> Mark {
    mark_for("Dana", "Orchard", MAIL, "2026-11-30", pdf)
}

pub fn mark_for(name: &str, company: &str, mail: &str, day: &str, pdf: &[u8]) -> Mark {
    let details = ContactDetails::new(name, company, mail.parse().unwrap()).unwrap();
    let version = VersionDigest::of(&Content::Markdown(String::new()), &[]);
    let assignment = "01990000-0000-7000-8000-000000000005".parse().unwrap();
    Mark::new(&details, day.parse().unwrap(), BlobId::of(pdf), version, AssignmentId(assignment))
}

pub fn marked(pdf: &[u8]) -> Vec<u8> {
    mark_of(pdf).put_on(pdf).unwrap()
}

/// The text of each page, as it is extracted.
pub fn texts(pdf: &[u8]) -> Vec<String> {
    let document = lopdf::Document::load_mem(pdf).unwrap();
    document.get_pages().keys().map(|page| document.extract_text(&[*page]).unwrap()).collect()
}
