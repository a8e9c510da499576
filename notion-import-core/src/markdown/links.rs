//! Links that stand alone, and what stands under something.

use crate::library::fidelity::{LossKind, TruncationKind};
use crate::markdown::escape;
use crate::markdown::inline::{Place, rich_text, write_pieces};
use crate::markdown::ledger::Ledger;
use crate::markdown::options::{Options, Reference};
use crate::markdown::piece::Kind;
use crate::markdown::pieces::Pieces;
use crate::markdown::said::{said, shows};
use crate::markdown::target::{A_DATABASE, A_PAGE, called, href, page, target, words_for};
use crate::markdown::writer::Writer;
use crate::notion::address::LastingUrl;
use crate::notion::block::LinkTarget;
use crate::notion::text::{Mention, RichText, RichTextKind};

/// A paragraph that is one link.
pub(super) fn link_line(writer: &mut Writer, ledger: &mut Ledger, label: &str, url: Option<LastingUrl>) {
    writer.block();
    let label = ledger.lasting_words(label);
    let mut pieces = Pieces::default();
    let link = url.map_or(0, |url| pieces.link(url));
    pieces.words(&label.replace(['\n', '\r'], " "), Kind::Text, 0, link);
    write_pieces(writer, ledger, &pieces, Place::Paragraph);
}

/// What stands where children of a block are missing.
pub(super) fn not_loaded(writer: &mut Writer, ledger: &mut Ledger) {
    ledger.truncate(TruncationKind::ChildrenNotLoaded);
    link_line(writer, ledger, "[Content not loaded]", None);
}

/// A paragraph that is one link, labelled by its address, or by words for an address of Notion's.
pub(super) fn address_line(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    address: &str,
    url: Option<LastingUrl>,
) {
    let label = words_for(ledger, options, Some(address), address).unwrap_or(address.into());
    link_line(writer, ledger, &label, url);
}

/// A link that stands alone, labelled by its caption, else by its target.
pub(super) fn bookmark(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    url: &str,
    caption: &[RichText],
) {
    ledger.lose(LossKind::Preview);
    let target = target(ledger, options, url);
    match target {
        Some(target) if shows(caption) && is_label(caption) => {
            writer.block();
            labelled(writer, ledger, options, caption, &target);
        }
        target => {
            if !url.trim().is_empty() {
                address_line(writer, ledger, options, url.trim(), target);
            }
            write_caption(writer, ledger, options, caption);
        }
    }
}

pub(super) fn labelled(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    label: &[RichText],
    target: &LastingUrl,
) {
    writer.out.push('[');
    let open = writer.out.len();
    rich_text(writer, ledger, options, label, Place::Label);
    escape::end_link(&mut writer.out, open, target, false);
}

/// What the author wrote under something: a paragraph of its own.
pub(super) fn write_caption(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    caption: &[RichText],
) {
    if shows(caption) {
        writer.block();
        rich_text(writer, ledger, options, caption, Place::Paragraph);
    }
}

pub(super) fn link_to_page(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    target: LinkTarget,
) {
    match target {
        LinkTarget::Page(id) => link_by_id(writer, ledger, options, Some(Reference::Page(id)), "", A_PAGE),
        LinkTarget::Database(id) => {
            link_by_id(writer, ledger, options, Some(Reference::Database(id)), "", A_DATABASE)
        }
        LinkTarget::Comment(_) => {
            ledger.exposure.comments += 1;
            ledger.lose(LossKind::LinkTarget);
        }
        LinkTarget::Unknown => ledger.lose(LossKind::LinkTarget),
    }
}

/// A link to a page or database by the title that the block has, else by its own, else by words that stand for it.
pub(super) fn link_by_id(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    reference: Option<Reference>,
    title: &str,
    words: &'static str,
) {
    let url = reference.and_then(|reference| page(ledger, options, reference.id(), None, None));
    let title = title.trim();
    let title = if title.is_empty() { called(ledger, options, reference, words) } else { title.into() };
    link_line(writer, ledger, &title, url);
}

/// Whether a caption can be the text of a link or an image: one line without links.
pub(super) fn is_label(caption: &[RichText]) -> bool {
    caption.iter().all(|run| {
        let fits = match &run.kind {
            RichTextKind::Text => !breaks(run),
            RichTextKind::Equation(_) => true,
            RichTextKind::Mention(mention) => match **mention {
                Mention::Page(_) | Mention::Database(_) | Mention::LinkPreview(_) | Mention::Link(_) => false,
                Mention::User(_)
                | Mention::Date(_)
                | Mention::Template
                | Mention::CustomEmoji(_)
                | Mention::Unknown(_) => !breaks(run),
            },
        };
        fits && href(run).is_none()
    })
}

fn breaks(run: &RichText) -> bool {
    said(run).contains(['\n', '\r'])
}
