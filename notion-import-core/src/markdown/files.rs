//! Files: images as images, all else as links, and no URL that Notion signed.

use std::borrow::Cow;

use crate::library::fidelity::LossKind;
use crate::markdown::FileRef;
use crate::markdown::blocks::Renderer;
use crate::markdown::inline::shows;
use crate::markdown::links::is_label;
use crate::notion::address::LastingUrl;
use crate::notion::file::{File, FileSource};
use crate::notion::icon::Icon;

/// Where a file may be linked.
enum Home {
    /// There.
    Linked(LastingUrl),
    /// Nowhere: only its name may stand.
    Named,
    /// There is no file.
    Missing,
}

impl Renderer<'_> {
    fn home(&mut self, file: &File, index: usize) -> Home {
        let stored =
            self.options.files.and_then(|files| files(FileRef { block: self.block_id(), index, file }));
        if let Some(url) = stored {
            return self.lasting(url).map_or(Home::Named, Home::Linked);
        }
        match &file.source {
            FileSource::External(url) if self.is_allowed(url.trim()) => {
                self.lasting(url.trim()).map_or(Home::Named, Home::Linked)
            }
            FileSource::External(_) => {
                self.ledger.lose(LossKind::LinkScheme);
                Home::Named
            }
            FileSource::Hosted(_) | FileSource::Inline(_) => {
                self.ledger.lose(LossKind::FileNotStored);
                Home::Named
            }
            FileSource::Missing => {
                self.ledger.lose(LossKind::FileMissing);
                Home::Missing
            }
        }
    }

    pub(super) fn image(&mut self, file: &File) {
        match self.home(file, 0) {
            Home::Linked(url) => {
                let remote = matches!(&file.source, FileSource::External(own) if own.trim() == url.as_str());
                self.ledger.exposure.remote_images += u64::from(remote);
                self.block();
                self.writer.out.push('!');
                if shows(&file.caption) && is_label(&file.caption) {
                    self.labelled(&file.caption, &url);
                } else {
                    self.labelled(&[], &url);
                    self.caption(&file.caption);
                }
            }
            Home::Named => self.named(file, "image", None),
            Home::Missing => self.caption(&file.caption),
        }
    }

    /// A film, a sound, a PDF, an attachment.
    pub(super) fn file(&mut self, file: &File, kind: &str) {
        self.ledger.lose_if(kind != "file", LossKind::Player);
        self.linked_file(file, kind);
    }

    /// Something of another site in a frame becomes a link to it; a file that Notion shows in one is a file.
    pub(super) fn embed(&mut self, file: &File) {
        match &file.source {
            FileSource::External(url) => self.bookmark(url, &file.caption),
            FileSource::Missing => self.bookmark("", &file.caption),
            FileSource::Hosted(_) | FileSource::Inline(_) => {
                self.ledger.lose(LossKind::Preview);
                self.linked_file(file, "embed");
            }
        }
    }

    fn linked_file(&mut self, file: &File, kind: &str) {
        match self.home(file, 0) {
            Home::Linked(url) => {
                self.ledger.exposure.files += 1;
                self.named(file, kind, Some(url));
            }
            Home::Named => self.named(file, kind, None),
            Home::Missing => self.caption(&file.caption),
        }
    }

    fn named(&mut self, file: &File, kind: &str, url: Option<LastingUrl>) {
        let name = file.display_name();
        match (name, url) {
            (Some(name), url) => self.link_line(&name, url),
            (None, Some(url)) => self.link_line(url.clone().as_str(), Some(url)),
            (None, None) => self.link_line(kind, None),
        }
        if shows(&file.caption) {
            self.caption(&file.caption);
        }
    }

    /// One of the files of a property: its name, linked if it may be.
    pub(super) fn property_file(&mut self, file: &File, index: usize) -> Option<(String, Option<String>)> {
        match self.home(file, index) {
            Home::Linked(url) => {
                self.ledger.exposure.files += 1;
                let url = url.as_str();
                self.trusted.insert(url.to_owned());
                Some((file.display_name().unwrap_or_else(|| url.to_owned()), Some(url.to_owned())))
            }
            Home::Named => Some((file.display_name()?, None)),
            Home::Missing => None,
        }
    }

    /// What stands for an icon before text: an emoji itself, the name of a custom one.
    pub(super) fn icon_text(&mut self, icon: Option<&Icon>) -> Option<String> {
        let text = self.icon_name(icon)?;
        Some(self.lasting_words(&text).replace(['\n', '\r'], " "))
    }

    fn icon_name<'i>(&mut self, icon: Option<&'i Icon>) -> Option<Cow<'i, str>> {
        match icon? {
            Icon::Emoji(emoji) => Some(emoji.trim().into()).filter(|emoji: &Cow<'_, str>| !emoji.is_empty()),
            Icon::CustomEmoji(emoji) => {
                self.ledger.lose(LossKind::CustomEmoji);
                (!emoji.name.is_empty()).then(|| format!(":{}:", emoji.name).into())
            }
            Icon::Native(_) | Icon::Image(_) | Icon::Unknown(_) => {
                self.ledger.lose(LossKind::Icon);
                None
            }
        }
    }
}
