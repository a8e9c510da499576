//! From links, files and pages to events.

use std::rc::Rc;

use notion_import_core::notion::{Bookmark, File, FileSource, Mention, RichText, RichTextKind};
use notion_import_core::{LossKind, NotionId};

use super::account::Account;
use super::event::{Event, target};
use super::inline::{self, Place, is_allowed, link_target, page, shows};
use super::said::Said;
use super::signed::{is_signed, lasting};

impl Said {
    pub fn bookmark(&mut self, Bookmark { url, caption }: &Bookmark) {
        self.lose_if(true, LossKind::Preview);
        match link_target(url, &mut self.account) {
            Some(to) if shows(caption) && can_be_label(caption) => self.labelled(&to, caption),
            to => {
                if !url.trim().is_empty() {
                    self.address_line(url.trim(), to);
                }
                self.caption(caption);
            }
        }
    }

    pub fn embed(&mut self, file: &File) {
        let File { source, caption, .. } = file;
        let address = match source {
            FileSource::External(url) => url.clone(),
            FileSource::Missing => String::new(),
            FileSource::Hosted(_) | FileSource::Inline(_) => {
                self.lose_if(true, LossKind::Preview);
                self.lose_if(true, LossKind::FileNotStored);
                return self.named(file, "embed", None, true);
            }
        };
        self.bookmark(&Bookmark { url: address, caption: caption.clone() });
    }

    pub fn image(&mut self, file: &File) {
        match self.home(file) {
            Ok(url) => {
                self.account.exposure.remote_images += 1;
                self.push(Event::open("p"));
                self.push(Event::open(format!("image {}", target(&url))));
                let label = can_be_label(&file.caption);
                if label {
                    let events = inline::text(&file.caption, Place::Block, &mut self.account);
                    self.extend(events);
                }
                self.push(Event::Close);
                self.push(Event::Close);
                if !label {
                    self.caption(&file.caption);
                }
            }
            Err(is_somewhere) => self.named(file, "image", None, is_somewhere),
        }
    }

    pub fn file(&mut self, file: &File, kind: &str) {
        self.lose_if(kind != "file", LossKind::Player);
        match self.home(file) {
            Ok(url) => {
                self.account.exposure.files += 1;
                self.named(file, kind, Some(url), true);
            }
            Err(is_somewhere) => self.named(file, kind, None, is_somewhere),
        }
    }

    /// The URL of a file that may be linked, else whether there is a file.
    pub fn home(&mut self, file: &File) -> Result<String, bool> {
        match &file.source {
            FileSource::External(url) if is_allowed(url.trim()) && is_signed(url.trim()) => {
                self.lose_if(true, LossKind::SignedAddress);
            }
            FileSource::External(url) if is_allowed(url.trim()) => return Ok(url.trim().to_owned()),
            FileSource::External(_) => self.lose_if(true, LossKind::LinkScheme),
            FileSource::Hosted(_) | FileSource::Inline(_) => self.lose_if(true, LossKind::FileNotStored),
            FileSource::Missing => {
                self.lose_if(true, LossKind::FileMissing);
                return Err(file.display_name().is_some());
            }
        }
        Err(true)
    }

    fn named(&mut self, file: &File, kind: &str, url: Option<String>, is_somewhere: bool) {
        match (file.display_name(), url) {
            _ if !is_somewhere => {}
            (Some(name), url) => self.link_line(&name, url),
            (None, Some(url)) if shows(&file.caption) && can_be_label(&file.caption) => {
                return self.labelled(&url, &file.caption);
            }
            (None, Some(url)) => self.address_line(&url.clone(), Some(url)),
            (None, None) => self.link_line(kind, None),
        }
        self.caption(&file.caption);
    }

    fn labelled(&mut self, url: &str, caption: &[RichText]) {
        let label = inline::text(caption, Place::Block, &mut self.account);
        let to = target(url);
        let linked = label.into_iter().map(|event| match event {
            Event::Char(char) => Event::char(char.char, char.styles, Some(&to)),
            other => other,
        });
        self.line(linked.collect());
    }

    /// A link to a page; words that are no title of its own are a loss.
    pub fn page_line(&mut self, id: Option<NotionId>, title: &str, words: &str) {
        let url = id.map(|id| page(id, None, None, &mut self.account));
        let title = title.trim();
        self.lose_if(title.is_empty() && words != "Untitled", LossKind::PageTitle);
        self.link_line(if title.is_empty() { words } else { title }, url);
    }

    fn address_line(&mut self, address: &str, url: Option<String>) {
        let words = inline::at_notion(Some(address), address);
        self.lose_if(words.is_some(), LossKind::PageTitle);
        self.link_line(words.unwrap_or(address), url);
    }

    pub fn link_line(&mut self, label: &str, url: Option<String>) {
        let to: Option<Rc<str>> = url.as_deref().map(target);
        let label = lasting(label, &mut self.account);
        self.line(inline::words(&label, to.as_ref()));
    }

    pub fn placeholder(&mut self, name: &str) {
        let name = if name.is_empty() { String::new() } else { format!(": {name}") };
        self.link_line(&format!("[Unsupported block{name}]"), None);
    }

    pub fn caption(&mut self, caption: &[RichText]) {
        let events = inline::text(caption, Place::Block, &mut self.account);
        self.line(events);
    }
}

/// Whether a caption can be the text of a link or an image: one line without links.
fn can_be_label(caption: &[RichText]) -> bool {
    caption.iter().all(|run| {
        let links = match &run.kind {
            RichTextKind::Text | RichTextKind::Equation(_) => false,
            RichTextKind::Mention(mention) => match **mention {
                Mention::Page(_) | Mention::Database(_) | Mention::LinkPreview(_) | Mention::Link(_) => true,
                Mention::Unknown(_) => inline::address(run).is_some(),
                _ => false,
            },
        };
        let mut events = Vec::new();
        inline::one(run, &inline::raw(run), Place::Block, &mut Account::default(), &mut events);
        !links && run.href.is_none() && !events.contains(&Event::Break)
    })
}
