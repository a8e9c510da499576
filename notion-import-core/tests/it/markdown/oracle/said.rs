//! What is said, as it is gathered.

use notion_import_core::notion::{Icon, RichText};
use notion_import_core::{LossKind, NotionId};

use super::account::Account;
use super::event::Event;
use super::inline::{self, Place};
use super::signed::lasting;

/// What is said: the events, the block or row of each, and what is lost.
#[derive(Default)]
pub struct Said {
    pub events: Vec<Event>,
    pub owners: Vec<Option<NotionId>>,
    pub account: Account,
    pub block: Option<NotionId>,
}

impl Said {
    /// What follows is said by this block or row.
    pub fn at(&mut self, block: Option<NotionId>) {
        self.account.at(block);
        self.block = block;
    }

    pub fn push(&mut self, event: Event) {
        self.events.push(event);
        self.owners.push(self.block);
    }

    pub fn extend(&mut self, events: Vec<Event>) {
        events.into_iter().for_each(|event| self.push(event));
    }

    pub fn lose_if(&mut self, lost: bool, kind: LossKind) {
        self.account.lose_if(lost, kind);
    }

    /// A paragraph, if there is anything in it.
    pub fn line(&mut self, events: Vec<Event>) {
        if !events.is_empty() {
            self.push(Event::open("p"));
            self.extend(events);
            self.push(Event::Close);
        }
    }

    pub fn paragraph(&mut self, icon: Option<&Icon>, text: &[RichText]) {
        let mut events = self.icon(icon);
        let words = inline::text(text, Place::Block, &mut self.account);
        if !events.is_empty() && !words.is_empty() {
            events.push(Event::char(' ', 0, None));
        }
        events.extend(words);
        self.line(events);
    }

    fn icon(&mut self, icon: Option<&Icon>) -> Vec<Event> {
        match icon {
            None => Vec::new(),
            Some(Icon::Emoji(emoji)) => inline::words(&lasting(emoji.trim(), &mut self.account), None),
            Some(Icon::CustomEmoji(emoji)) => {
                self.lose_if(true, LossKind::CustomEmoji);
                if emoji.name.is_empty() {
                    Vec::new()
                } else {
                    let name = format!(":{}:", emoji.name);
                    inline::words(&lasting(&name, &mut self.account), None)
                }
            }
            Some(_) => {
                self.lose_if(true, LossKind::Icon);
                Vec::new()
            }
        }
    }

    pub fn heading(&mut self, level: u8, text: &[RichText]) {
        let events = inline::text(text, Place::Heading, &mut self.account);
        if !events.is_empty() {
            self.push(Event::open(format!("h{level}")));
            self.extend(events);
            self.push(Event::Close);
        }
    }

    /// A row of a table.
    pub fn row(&mut self, cells: &[Vec<RichText>], width: usize) {
        self.push(Event::open("row"));
        for at in 0..width {
            self.push(Event::open("cell"));
            let cell = cells.get(at).map_or(&[][..], Vec::as_slice);
            let events = inline::text(cell, Place::Cell, &mut self.account);
            self.extend(events);
            self.push(Event::Close);
        }
        self.push(Event::Close);
    }
}
