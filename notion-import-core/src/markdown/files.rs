//! Files: images as images, all else as links, and no URL that Notion signed.

use std::borrow::Cow;

use crate::library::fidelity::LossKind;
use crate::markdown::ledger::Ledger;
use crate::markdown::links::{address_line, bookmark, is_label, labelled, link_line, write_caption};
use crate::markdown::options::{FileRef, Options};
use crate::markdown::said::shows;
use crate::markdown::target::is_allowed;
use crate::markdown::writer::Writer;
use crate::notion::address::LastingUrl;
use crate::notion::file::{File, FileSource};
use crate::notion::icon::Icon;

/// Where a file may be linked.
enum Home {
    /// There; browsers show it as an image.
    Shown(LastingUrl),
    /// There.
    Linked(LastingUrl),
    /// Nowhere: only its name may stand.
    Named,
    /// There is no file.
    Missing,
}

fn home(ledger: &mut Ledger, options: &Options<'_>, held: FileRef<'_>) -> Home {
    if let Some(stored) = options.files.and_then(|files| files(held)) {
        let home = if stored.is_image { Home::Shown } else { Home::Linked };
        return ledger.lasting(stored.address).map_or(Home::Named, home);
    }
    match &held.file.source {
        // What it is, only its host can tell.
        FileSource::External(url) if is_allowed(options, url.trim()) => {
            ledger.lasting(url.trim()).map_or(Home::Named, Home::Shown)
        }
        FileSource::External(_) => {
            ledger.lose(LossKind::LinkScheme);
            Home::Named
        }
        FileSource::Hosted(_) | FileSource::Inline(_) => {
            ledger.lose(LossKind::FileNotStored);
            Home::Named
        }
        FileSource::Missing => {
            ledger.lose(LossKind::FileMissing);
            if held.file.display_name().is_some() { Home::Named } else { Home::Missing }
        }
    }
}

/// Whether an address is the one the file came with, not one of the host's.
fn is_own(file: &File, url: &LastingUrl) -> bool {
    matches!(&file.source, FileSource::External(own) if own.trim() == url.as_str())
}

pub(super) fn image(writer: &mut Writer, ledger: &mut Ledger, options: &Options<'_>, held: FileRef<'_>) {
    match home(ledger, options, held) {
        Home::Linked(url) => {
            ledger.lose(LossKind::Preview);
            ledger.exposure.files += 1;
            named(writer, ledger, options, held.file, "image", Some(url));
        }
        Home::Shown(url) => {
            ledger.exposure.remote_images += u64::from(is_own(held.file, &url));
            writer.block();
            writer.out.push('!');
            if shows(&held.file.caption) && is_label(&held.file.caption) {
                labelled(writer, ledger, options, &held.file.caption, &url);
            } else {
                labelled(writer, ledger, options, &[], &url);
                write_caption(writer, ledger, options, &held.file.caption);
            }
        }
        Home::Named => named(writer, ledger, options, held.file, "image", None),
        Home::Missing => write_caption(writer, ledger, options, &held.file.caption),
    }
}

/// A film, a sound, a PDF, an attachment.
pub(super) fn file(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    held: FileRef<'_>,
    kind: &str,
) {
    ledger.lose_if(kind != "file", LossKind::Player);
    linked_file(writer, ledger, options, held, kind);
}

/// Something of another site in a frame becomes a link to it; a file that Notion shows in one is a file.
pub(super) fn embed(writer: &mut Writer, ledger: &mut Ledger, options: &Options<'_>, held: FileRef<'_>) {
    match &held.file.source {
        FileSource::External(url) => bookmark(writer, ledger, options, url, &held.file.caption),
        FileSource::Missing => bookmark(writer, ledger, options, "", &held.file.caption),
        FileSource::Hosted(_) | FileSource::Inline(_) => {
            ledger.lose(LossKind::Preview);
            linked_file(writer, ledger, options, held, "embed");
        }
    }
}

fn linked_file(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    held: FileRef<'_>,
    kind: &str,
) {
    match home(ledger, options, held) {
        Home::Shown(url) | Home::Linked(url) => {
            ledger.exposure.files += 1;
            named(writer, ledger, options, held.file, kind, Some(url));
        }
        Home::Named => named(writer, ledger, options, held.file, kind, None),
        Home::Missing => write_caption(writer, ledger, options, &held.file.caption),
    }
}

fn named(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    file: &File,
    kind: &str,
    url: Option<LastingUrl>,
) {
    let name = file.display_name();
    match (name, url) {
        (Some(name), url) => link_line(writer, ledger, &name, url),
        (None, Some(url)) if shows(&file.caption) && is_label(&file.caption) => {
            writer.block();
            return labelled(writer, ledger, options, &file.caption, &url);
        }
        (None, Some(url)) => address_line(writer, ledger, options, url.clone().as_str(), Some(url)),
        (None, None) => link_line(writer, ledger, kind, None),
    }
    if shows(&file.caption) {
        write_caption(writer, ledger, options, &file.caption);
    }
}

/// One of the files of a property: its name, linked if it may be.
pub(super) fn property_file(
    ledger: &mut Ledger,
    options: &Options<'_>,
    held: FileRef<'_>,
) -> Option<(String, Option<String>)> {
    let file = held.file;
    match home(ledger, options, held) {
        Home::Shown(url) | Home::Linked(url) => {
            ledger.exposure.files += 1;
            let is_own = is_own(file, &url);
            let url = url.as_str();
            // Its own address is a link like any other: one into Notion is counted here and wherever else it stands.
            if !is_own {
                ledger.trusted.insert(url.to_owned());
            }
            Some((file.display_name().unwrap_or_else(|| url.to_owned()), Some(url.to_owned())))
        }
        Home::Named => Some((file.display_name()?, None)),
        Home::Missing => None,
    }
}

/// What stands for an icon before text: an emoji itself, the name of a custom one.
pub(super) fn icon_text(ledger: &mut Ledger, icon: Option<&Icon>) -> Option<String> {
    let text = icon_name(ledger, icon)?;
    Some(ledger.lasting_words(&text).replace(['\n', '\r'], " "))
}

fn icon_name<'i>(ledger: &mut Ledger, icon: Option<&'i Icon>) -> Option<Cow<'i, str>> {
    match icon? {
        Icon::Emoji(emoji) => Some(emoji.trim().into()).filter(|emoji: &Cow<'_, str>| !emoji.is_empty()),
        Icon::CustomEmoji(emoji) => {
            ledger.lose(LossKind::CustomEmoji);
            (!emoji.name.is_empty()).then(|| format!(":{}:", emoji.name).into())
        }
        Icon::Native(_) | Icon::Image(_) | Icon::Unknown(_) => {
            ledger.lose(LossKind::Icon);
            None
        }
    }
}
