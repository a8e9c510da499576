//! Where links go.

use std::borrow::Cow;

use crate::id::NotionId;
use crate::library::fidelity::LossKind;
use crate::markdown::ledger::Ledger;
use crate::markdown::options::{Options, Reference};
use crate::notion::address::LastingUrl;
use crate::notion::link;
use crate::notion::text::{Mention, RichText, RichTextKind};

/// What stands for what has no name that may be written.
pub(super) const A_PAGE: &str = "a page in Notion";
pub(super) const A_DATABASE: &str = "a database in Notion";
pub(super) const A_PERSON: &str = "a person";
pub(super) const A_GROUP: &str = "a group";

/// The target of a run, if it has one that may be linked.
pub(super) fn run_target(ledger: &mut Ledger, options: &Options<'_>, run: &RichText) -> Option<LastingUrl> {
    if let RichTextKind::Mention(mention) = &run.kind {
        match &**mention {
            Mention::Page(Some(id)) | Mention::Database(Some(id)) => {
                let link = run.href.as_deref().and_then(link::recognise).filter(|link| link.id == *id);
                return page(ledger, options, *id, link.and_then(|link| link.block), None);
            }
            Mention::User(_) => return None,
            Mention::Page(None)
            | Mention::Database(None)
            | Mention::LinkPreview(_)
            | Mention::Link(_)
            | Mention::Date(_)
            | Mention::Template
            | Mention::CustomEmoji(_)
            | Mention::Unknown(_) => {}
        }
    }
    target(ledger, options, href(run)?)
}

/// Where a run links to, said by itself or by its mention.
pub(super) fn href(run: &RichText) -> Option<&str> {
    let own = match &run.kind {
        RichTextKind::Mention(mention) => match &**mention {
            Mention::LinkPreview(url) => url.as_deref(),
            Mention::Link(link) => link.href.as_deref(),
            // What it mentions is not known, but where it leads.
            Mention::Unknown(_) => Some(&*run.plain_text).filter(|text| link::recognise(text).is_some()),
            Mention::User(_)
            | Mention::Page(_)
            | Mention::Database(_)
            | Mention::Date(_)
            | Mention::Template
            | Mention::CustomEmoji(_) => None,
        },
        RichTextKind::Text | RichTextKind::Equation(_) => None,
    };
    run.href.as_deref().or(own)
}

/// What stands for the label of a link into Notion that is an address of Notion's, or an id: it says nothing to a reader.
pub(super) fn words_for(
    ledger: &mut Ledger,
    options: &Options<'_>,
    href: Option<&str>,
    label: &str,
) -> Option<Cow<'static, str>> {
    link::whole(label)?;
    let link = link::recognise(href?.trim())?;
    Some(if link.is_view {
        called(ledger, options, Some(Reference::Database(link.id)), A_DATABASE)
    } else {
        called(ledger, options, Some(Reference::Address(link.id)), A_PAGE)
    })
}

/// What is referred to by its title, else by words that stand for it.
pub(super) fn called(
    ledger: &mut Ledger,
    options: &Options<'_>,
    reference: Option<Reference>,
    words: &'static str,
) -> Cow<'static, str> {
    let title = reference.and_then(|reference| options.titles?(reference));
    let title = title.filter(|title| !title.trim().is_empty());
    ledger.lose_if(title.is_none(), LossKind::PageTitle);
    title.map_or(Cow::Borrowed(words), Cow::Owned)
}

/// A target that may be linked: none for a scheme that is not allowed.
pub(super) fn target(ledger: &mut Ledger, options: &Options<'_>, href: &str) -> Option<LastingUrl> {
    let href = href.trim();
    if href.is_empty() {
        return None;
    }
    let lasting = ledger.lasting(href)?;
    if ledger.trusted.contains(href) {
        return Some(lasting);
    }
    if let Some(link) = link::recognise(href) {
        return page(ledger, options, link.id, link.block, Some(href));
    }
    let allowed = is_allowed(options, href);
    ledger.lose_if(!allowed, LossKind::LinkScheme);
    allowed.then_some(lasting)
}

pub(super) fn is_allowed(options: &Options<'_>, href: &str) -> bool {
    let Some((scheme, _)) = href.split_once(':') else { return false };
    let known = ["http", "https", "mailto", "tel"];
    known.iter().chain(options.schemes).any(|allowed| scheme.eq_ignore_ascii_case(allowed))
}

/// Where a page, or a block of it, is in Notion: by the link the text has, if that may be linked.
pub(super) fn page(
    ledger: &mut Ledger,
    options: &Options<'_>,
    id: NotionId,
    block: Option<NotionId>,
    href: Option<&str>,
) -> Option<LastingUrl> {
    ledger.exposure.notion_links += 1;
    let absolute = href.filter(|href| is_allowed(options, href)).map(str::to_owned);
    let own = || block.map_or_else(|| link::page_url(id), |block| link::block_url(id, block));
    ledger.lasting(absolute.unwrap_or_else(own))
}
