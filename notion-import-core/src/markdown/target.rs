//! Where links go.

use crate::id::NotionId;
use crate::library::fidelity::LossKind;
use crate::markdown::ledger::Ledger;
use crate::markdown::options::Options;
use crate::notion::address::LastingUrl;
use crate::notion::link;
use crate::notion::text::{Mention, RichText, RichTextKind};

/// The target of a run, if it has one that may be linked.
pub(super) fn run_target(ledger: &mut Ledger, options: &Options<'_>, run: &RichText) -> Option<LastingUrl> {
    if let RichTextKind::Mention(mention) = &run.kind {
        match &**mention {
            Mention::Page(Some(id)) | Mention::Database(Some(id)) => {
                return page(ledger, options, *id, None);
            }
            Mention::LinkPreview(Some(url)) if run.href.is_none() => return target(ledger, options, url),
            Mention::Link(link) if run.href.is_none() => {
                return target(ledger, options, link.href.as_deref()?);
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
    target(ledger, options, run.href.as_deref()?)
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
        return page(ledger, options, link.id, Some(href));
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

/// Where a page is in Notion: by the link the text has, if that may be linked.
pub(super) fn page(
    ledger: &mut Ledger,
    options: &Options<'_>,
    id: NotionId,
    href: Option<&str>,
) -> Option<LastingUrl> {
    ledger.exposure.notion_links += 1;
    let absolute = href.filter(|href| is_allowed(options, href)).map(str::to_owned);
    ledger.lasting(absolute.unwrap_or_else(|| link::page_url(id)))
}
