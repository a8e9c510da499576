//! Marks on PDFs: each page says who was given the file, and when.

mod content;
mod names;
mod page;
mod text;
mod tree;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lopdf::xref::XrefType;
use lopdf::{DecompressError, Dictionary, Document, Error, LoadOptions, Object, ObjectId, SaveOptions};

use super::mark::{Mark, MarkError};

/// What all object streams of a file may unpack to, in bytes.
const UNPACKED: usize = 32 << 20;
/// What one of them may.
const UNPACKED_ONE: usize = 8 << 20;
/// What the objects of a file may take in memory, in bytes.
const OBJECTS: usize = 256 << 20;
/// The highest number of an object.
const HIGHEST: u32 = 2_000_000;

impl Mark {
    /// Returns a PDF with this mark on each of its pages: a line at the foot, and the address across the page in light grey. The same
    /// PDF and mark give the same bytes.
    ///
    /// The result is written anew, with what belongs to no page kept as it is: links, outlines, forms, tags. It does not begin with the
    /// bytes of the original, which would be had back by cutting off its end, and what is read of it does not depend on how a reader
    /// mends it. Digital signatures in the original do not hold for it, and it conforms to PDF/A no longer. Files inside of the PDF stay as they are.
    ///
    /// Helvetica, which every reader of PDFs has, shows Western European letters. Others lose their accents (`ć` is `c`); a name or
    /// company with a letter that has no such base, as in Cyrillic or Japanese, is left out. The mail address is always there.
    ///
    /// A file is not trusted: what it may take in memory and of the stack is bounded, and so is what it unpacks to. The memory is some
    /// three times what an honest file has; one that is made to take much takes up to 100 bytes for each of its own.
    ///
    /// # Errors
    /// [`MarkError`] says why the PDF cannot be marked.
    pub fn put_on(&self, pdf: &[u8]) -> Result<Vec<u8>, MarkError> {
        if names::has(pdf, b"Encrypt") {
            return Err(MarkError::Encrypted);
        }
        // The PDFs that are known to make the parser panic are mended in it; others may be known to others.
        catch_unwind(AssertUnwindSafe(|| marked(pdf, self))).unwrap_or(Err(MarkError::Broken))
    }
}

fn marked(pdf: &[u8], mark: &Mark) -> Result<Vec<u8>, MarkError> {
    let (mut document, pages) = loaded(pdf)?;
    let is_packed = matches!(document.reference_table.cross_reference_type, XrefType::CrossReferenceStream);
    // Written anew, they say nothing true.
    document.objects.retain(|_, object| {
        !matches!(object.type_name(), Ok(b"XRef" | b"ObjStm")) && !is_linearization(object)
    });
    page::mark_all(&mut document, &pages, mark)?;
    // Transparency came with it.
    if document.version.as_str() < "1.4" {
        document.version = "1.4".to_owned();
    }
    let options =
        SaveOptions { use_object_streams: is_packed, use_xref_streams: is_packed, ..SaveOptions::default() };
    let mut marked = Vec::with_capacity(pdf.len() + pdf.len() / 8);
    document.save_with_options(&mut marked, options).map_err(|_| MarkError::Broken)?;
    Ok(marked)
}

/// Reads a PDF and finds its pages; once more from its objects alone, if its cross-references lead to none.
fn loaded(pdf: &[u8]) -> Result<(Document, Vec<tree::Page>), MarkError> {
    let read = |force_reconstruct| {
        let mut document = load(pdf, force_reconstruct)?;
        let pages = tree::pages(&mut document)?;
        Ok((document, pages))
    };
    match read(false) {
        Err(MarkError::Broken) => read(true),
        read => read,
    }
}

thread_local! {
    /// What is left for the objects of the file that this thread reads; none once it was too little.
    static ROOM: Cell<Option<usize>> = const { Cell::new(Some(0)) };
}

fn load(pdf: &[u8], force_reconstruct: bool) -> Result<Document, MarkError> {
    // A file may have streams in any number, and each may be unpacked to learn the length of another.
    let packed = names::groups_with(pdf, b"First").max(1);
    let options = LoadOptions {
        filter: Some(if_there_is_room),
        max_decompressed_size: Some((UNPACKED / packed).min(UNPACKED_ONE)),
        force_reconstruct,
        ..LoadOptions::default()
    };
    ROOM.set(Some(OBJECTS.max(pdf.len().saturating_mul(2))));
    let mut document = Document::load_mem_with_options(pdf, options).map_err(|error| match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => MarkError::TooLarge,
        _ => MarkError::Broken,
    })?;
    if ROOM.get().is_none() || document.max_id > HIGHEST {
        return Err(MarkError::TooLarge);
    }
    // What refers to nothing must not come to refer to what is added.
    let referred = document.objects.values().map(highest_reference).max().unwrap_or(0);
    document.max_id = document.max_id.max(referred);
    Ok(document)
}

/// Takes an object as it is read. Without more room all that follow are dropped, unread.
fn if_there_is_room(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let left = ROOM.get().and_then(|room| room.checked_sub(size(object)));
    ROOM.set(left);
    left?;
    // What is given back is taken for objects in object streams alone, where no stream is.
    let kept = if matches!(object, Object::Stream(_)) { Object::Null } else { object.clone() };
    Some((id, kept))
}

/// What an object takes in memory, about. None is nested deeper than the parser goes.
fn size(object: &Object) -> usize {
    let within = match object {
        Object::Array(items) => items.iter().map(size).sum(),
        Object::Dictionary(entries) => size_of_entries(entries),
        Object::Stream(stream) => size_of_entries(&stream.dict) + stream.content.len(),
        Object::Name(bytes) | Object::String(bytes, _) => bytes.len(),
        Object::Null | Object::Boolean(_) | Object::Integer(_) | Object::Real(_) | Object::Reference(_) => 0,
    };
    size_of::<Object>() + within
}

fn size_of_entries(entries: &Dictionary) -> usize {
    entries.iter().map(|(key, value)| size_of::<Vec<u8>>() + 16 + key.len() + size(value)).sum()
}

fn highest_reference(object: &Object) -> u32 {
    let highest = match object {
        Object::Reference((number, _)) => Some(*number).filter(|number| *number <= HIGHEST),
        Object::Array(items) => items.iter().map(highest_reference).max(),
        Object::Dictionary(entries) => entries.iter().map(|(_, value)| highest_reference(value)).max(),
        Object::Stream(stream) => stream.dict.iter().map(|(_, value)| highest_reference(value)).max(),
        _ => None,
    };
    highest.unwrap_or(0)
}

fn is_linearization(object: &Object) -> bool {
    matches!(object, Object::Dictionary(entries) if entries.has(b"Linearized"))
}
