//! The pages of a PDF, with what they inherit.

use std::collections::{BTreeMap, HashSet};

use lopdf::{Dictionary, Document, Object, ObjectId, dictionary};

use crate::library::gate::MarkError;

/// The most nodes that a tree of pages may have.
const NODES: usize = 50_000;

/// A size that PDFs without one are shown in: US Letter.
const LETTER: Area = Area { left: 0.0, bottom: 0.0, right: 612.0, top: 792.0 };

/// A page.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Page {
    pub id: ObjectId,
    /// What is shown of it, in its own units.
    pub area: Area,
    /// By how many quarters it is turned clockwise when it is shown.
    pub quarters: u8,
    /// How many points its unit is.
    pub unit: f32,
    /// Its resources: a dictionary of its own, or one that pages share.
    pub resources: ObjectId,
}

/// A rectangle with an inside.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Area {
    pub left: f32,
    pub bottom: f32,
    pub right: f32,
    pub top: f32,
}

#[derive(Clone, Copy, Default)]
struct Inherited {
    media: Option<Area>,
    crop: Option<Area>,
    rotate: i64,
    resources: Option<ObjectId>,
}

/// Returns the pages of a PDF, each once, and makes a plain list of the tree they are in: whoever reads the PDF finds these pages, and
/// no others.
///
/// # Errors
/// [`MarkError::Broken`] if there are none, or one that cannot be told apart; [`MarkError::TooLarge`] if there are too many.
pub fn pages(document: &mut Document) -> Result<Vec<Page>, MarkError> {
    let root = document.catalog().and_then(|catalog| catalog.get(b"Pages")).and_then(Object::as_reference);
    let mut waiting = vec![(root.map_err(|_| MarkError::Broken)?, Inherited::default())];
    let (mut nodes, mut pages, mut order) = (HashSet::new(), BTreeMap::new(), Vec::new());
    while let Some((id, inherited)) = waiting.pop() {
        // What is not there is no page for anybody.
        let Some(id) = dictionary(document, id) else { continue };
        if pages.contains_key(&id) {
            order.push(id);
            continue;
        }
        if !nodes.insert(id) {
            continue;
        }
        let inherited = inherited.by(document, id)?;
        match resolved(document, id, b"Kids") {
            Some(Object::Array(kids)) => {
                let kids: Result<Vec<_>, _> = kids.iter().rev().map(Object::as_reference).collect();
                let kids = kids.map_err(|_| MarkError::Broken)?;
                waiting.extend(kids.into_iter().map(|kid| (kid, inherited)));
            }
            _ => {
                pages.insert(id, inherited.page(document, id)?);
                order.push(id);
            }
        }
        if nodes.len() + waiting.len() + order.len() > NODES {
            return Err(MarkError::TooLarge);
        }
    }
    if order.is_empty() {
        return Err(MarkError::Broken);
    }
    list(document, &pages, order)?;
    Ok(pages.into_values().collect())
}

fn list(
    document: &mut Document,
    pages: &BTreeMap<ObjectId, Page>,
    order: Vec<ObjectId>,
) -> Result<(), MarkError> {
    let (count, kids) = (order.len(), order.into_iter().map(Object::Reference).collect::<Vec<_>>());
    #[allow(clippy::cast_possible_wrap, reason = "no more than there may be nodes")]
    let tree = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count as i64 };
    let tree = document.try_add_object(tree).map_err(|_| MarkError::TooLarge)?;
    let catalog = document.catalog_mut().map_err(|_| MarkError::Broken)?;
    catalog.set("Pages", tree);
    for page in pages.values() {
        let Area { left, bottom, right, top } = page.area;
        let corners: Vec<Object> = [left, bottom, right, top].map(Object::Real).into();
        let node = node(document, page.id)?;
        node.remove(b"CropBox");
        for (key, value) in [
            ("Type", Object::Name(b"Page".to_vec())),
            ("Parent", tree.into()),
            ("MediaBox", corners.into()),
            ("Rotate", (i64::from(page.quarters) * 90).into()),
            ("Resources", page.resources.into()),
        ] {
            node.set(key, value);
        }
    }
    Ok(())
}

impl Inherited {
    fn by(self, document: &mut Document, id: ObjectId) -> Result<Self, MarkError> {
        let turn = resolved(document, id, b"Rotate").and_then(|turn| turn.as_float().ok());
        Ok(Self {
            media: area(document, id, b"MediaBox").or(self.media),
            crop: area(document, id, b"CropBox").or(self.crop),
            #[allow(clippy::cast_possible_truncation, reason = "no page is turned so often")]
            rotate: turn.map_or(self.rotate, |turn| turn as i64),
            resources: resources(document, id)?.or(self.resources),
        })
    }

    fn page(self, document: &mut Document, id: ObjectId) -> Result<Page, MarkError> {
        let media = self.media.unwrap_or(LETTER);
        let area = self.crop.and_then(|crop| crop.within(media)).unwrap_or(media);
        let unit = resolved(document, id, b"UserUnit").and_then(|unit| unit.as_float().ok());
        let unit = unit.filter(|unit| unit.is_finite() && *unit > 0.0).unwrap_or(1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "one of 0 to 3")]
        let quarters = (self.rotate / 90).rem_euclid(4) as u8;
        let resources = match self.resources {
            Some(shared) => shared,
            None => document.try_add_object(Dictionary::new()).map_err(|_| MarkError::TooLarge)?,
        };
        Ok(Page { id, area, quarters, unit, resources })
    }
}

/// The resources that a node says itself, as an object of their own.
fn resources(document: &mut Document, id: ObjectId) -> Result<Option<ObjectId>, MarkError> {
    match node(document, id)?.get_mut(b"Resources") {
        Ok(Object::Reference(shared)) => {
            let shared = *shared;
            Ok(dictionary(document, shared))
        }
        Ok(Object::Dictionary(own)) => {
            let own = std::mem::take(own);
            let id = document.try_add_object(own).map_err(|_| MarkError::TooLarge)?;
            Ok(Some(id))
        }
        _ => Ok(None),
    }
}

impl Area {
    pub fn width(self) -> f32 {
        self.right - self.left
    }

    pub fn height(self) -> f32 {
        self.top - self.bottom
    }

    /// None if there is nothing inside, or if it is larger than anything is drawn.
    fn new(corners: [f32; 4]) -> Option<Self> {
        let [a, b, c, d] = corners;
        let area = Self { left: a.min(c), bottom: b.min(d), right: a.max(c), top: b.max(d) };
        let is_drawn = corners.iter().all(|corner| corner.abs() < 1e6);
        (is_drawn && area.width() > 0.01 && area.height() > 0.01).then_some(area)
    }

    fn within(self, other: Self) -> Option<Self> {
        let (left, right) = (self.left.max(other.left), self.right.min(other.right));
        let (bottom, top) = (self.bottom.max(other.bottom), self.top.min(other.top));
        if left < right && bottom < top { Self::new([left, bottom, right, top]) } else { None }
    }
}

fn area(document: &Document, id: ObjectId, key: &[u8]) -> Option<Area> {
    let Some(Object::Array(corners)) = resolved(document, id, key) else { return None };
    let corner = |corner| document.dereference(corner).ok()?.1.as_float().ok();
    let corners: Option<Vec<f32>> = corners.iter().take(4).map(corner).collect();
    Area::new(corners?.try_into().ok()?)
}

/// Returns the id of the dictionary that a reference leads to, if it does.
fn dictionary(document: &Document, id: ObjectId) -> Option<ObjectId> {
    match document.dereference(&Object::Reference(id)) {
        Ok((Some(id), Object::Dictionary(_))) => Some(id),
        _ => None,
    }
}

/// Returns a dictionary.
///
/// # Errors
/// [`MarkError::Broken`] if it is none.
pub fn node(document: &mut Document, id: ObjectId) -> Result<&mut Dictionary, MarkError> {
    document.get_object_mut(id).and_then(Object::as_dict_mut).map_err(|_| MarkError::Broken)
}

/// Returns what a key of a dictionary leads to.
pub fn resolved<'a>(document: &'a Document, id: ObjectId, key: &[u8]) -> Option<&'a Object> {
    let value = document.get_dictionary(id).and_then(|node| node.get(key)).ok()?;
    document.dereference(value).ok().map(|(_, value)| value)
}
