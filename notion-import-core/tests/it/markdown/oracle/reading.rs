//! What both parsers' readings share: text is gathered until a block ends it.

use std::rc::Rc;

use super::event::{CODE, Event, trim};

/// A document that is being read.
#[derive(Default)]
pub struct Reading {
    events: Vec<Event>,
    text: Vec<Event>,
    pub styles: Vec<u8>,
    pub link: Option<Rc<str>>,
    /// How many images are open: their text is no paragraph.
    images: usize,
}

impl Reading {
    pub fn finish(mut self) -> Vec<Event> {
        self.end_text();
        self.events
    }

    pub fn chars(&mut self, text: &str, extra: u8) {
        let styles = self.styles.iter().fold(extra, |all, style| all | style);
        let link = self.link.clone();
        self.text.extend(text.chars().map(|char| Event::char(char, styles, link.as_ref())));
    }

    pub fn inline(&mut self, event: Event) {
        self.text.push(event);
    }

    pub fn open_image(&mut self, name: String) {
        self.text.push(Event::Open(name));
        self.images += 1;
    }

    pub fn close_image(&mut self) {
        self.text.push(Event::Close);
        self.images -= 1;
    }

    pub fn open(&mut self, name: impl Into<String>) {
        self.end_text();
        self.events.push(Event::open(name));
    }

    pub fn close(&mut self) {
        self.end_text();
        self.events.push(Event::Close);
    }

    /// A rule or a mark: it holds nothing.
    pub fn single(&mut self, name: impl Into<String>) {
        self.open(name);
    }

    pub fn listing(&mut self, name: String, text: &str) {
        self.open(name);
        self.events.extend(text.chars().map(|char| Event::char(char, CODE, None)));
        self.close();
    }

    /// A tight item's text has no paragraph of its own in some trees; whether a list is tight means nothing here.
    pub fn end_text(&mut self) {
        let text = trim(std::mem::take(&mut self.text), &Event::Break);
        if text.is_empty() {
            return;
        }
        let is_bare = |name: &str| name == "cell" || name.len() == 2 && name.starts_with('h') && name != "hr";
        let bare = matches!(self.events.last(), Some(Event::Open(name)) if is_bare(name));
        if !bare {
            self.events.push(Event::open("p"));
        }
        self.events.extend(text);
        if !bare {
            self.events.push(Event::Close);
        }
    }
}
