//! What a run of rich text says: Notion's text, or what Notion shows instead, and never an address of its own.

use std::borrow::Cow;

use crate::library::fidelity::LossKind;
use crate::markdown::date;
use crate::markdown::ledger::Ledger;
use crate::markdown::options::{Options, Reference};
use crate::markdown::target::{A_DATABASE, A_PAGE, A_PERSON, called, href, words_for};
use crate::notion::link;
use crate::notion::text::{Mention, RichText, RichTextKind};

/// Whether anything of the text will show.
pub(super) fn shows(runs: &[RichText]) -> bool {
    runs.iter().any(|run| {
        let said = said(run);
        !said.trim().is_empty()
            || run.annotations.code && said.bytes().any(|byte| !matches!(byte, b'\n' | b'\r'))
    })
}

/// The text of a run: what Notion shows, else what it holds.
pub(super) fn said(run: &RichText) -> Cow<'_, str> {
    match &run.kind {
        RichTextKind::Equation(expression) if !expression.is_empty() => Cow::Borrowed(expression.trim()),
        RichTextKind::Equation(_) => Cow::Borrowed(run.plain_text.trim()),
        RichTextKind::Mention(mention) if run.plain_text.is_empty() => unsaid(mention),
        RichTextKind::Mention(mention) => shown_instead(mention, run).unwrap_or((&*run.plain_text).into()),
        RichTextKind::Text => Cow::Borrowed(&run.plain_text),
    }
}

/// What Notion shows where its text says something else.
fn shown_instead<'r>(mention: &'r Mention, run: &'r RichText) -> Option<Cow<'r, str>> {
    match mention {
        Mention::Date(date) => date::zoned(date, &run.plain_text).map(Cow::Owned),
        Mention::Link(link) => {
            let hrefs = [&link.href, &run.href];
            let is_address = hrefs.into_iter().flatten().any(|href| is_spelling(&run.plain_text, href));
            link.title.as_deref().filter(|title| is_address && !title.trim().is_empty()).map(Cow::Borrowed)
        }
        Mention::User(_)
        | Mention::Page(_)
        | Mention::Database(_)
        | Mention::LinkPreview(_)
        | Mention::CustomEmoji(_)
        | Mention::Template
        | Mention::Unknown(_) => None,
    }
}

/// Whether a text is an address, in one of the spellings that people and browsers give it.
fn is_spelling(text: &str, address: &str) -> bool {
    fn core(address: &str) -> &str {
        let address = address.trim();
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        rest.strip_prefix("www.").unwrap_or(rest).trim_end_matches('/')
    }
    core(text).eq_ignore_ascii_case(core(address))
}

/// What a mention holds that came without its text.
fn unsaid(mention: &Mention) -> Cow<'_, str> {
    let held = match mention {
        Mention::Date(date) => return date::range(date).unwrap_or_default().into(),
        Mention::CustomEmoji(emoji) if !emoji.name.is_empty() => return format!(":{}:", emoji.name).into(),
        Mention::Link(link) => {
            let title = link.title.as_deref().filter(|title| !title.trim().is_empty());
            title.or(link.href.as_deref())
        }
        Mention::LinkPreview(url) => url.as_deref(),
        Mention::User(_) => Some(A_PERSON),
        Mention::Page(_) => Some(A_PAGE),
        Mention::Database(_) => Some(A_DATABASE),
        Mention::CustomEmoji(_) | Mention::Template | Mention::Unknown(_) => None,
    };
    held.unwrap_or_default().into()
}

/// The text of a run. A page that is called by its address or by nothing is called by its title, else by neutral words, as a person
/// without a name is.
pub(super) fn worded<'r>(ledger: &mut Ledger, options: &Options<'_>, run: &'r RichText) -> Cow<'r, str> {
    let said = said(run);
    match &run.kind {
        RichTextKind::Text if run.href.is_none() || run.annotations.code => return said,
        RichTextKind::Equation(_) => return said,
        RichTextKind::Text => {}
        RichTextKind::Mention(mention) => {
            // Notion says it of what has no title and of what it does not give: whoever knows titles can tell them apart.
            let is_unsure = options.titles.is_some() && said.trim() == "Untitled";
            let is_nameless = || run.plain_text.is_empty() || is_unsure || link::whole(&said).is_some();
            let is_person_nameless = || {
                let name = run.plain_text.trim_start_matches('@');
                name.is_empty() || link::whole(name).is_some()
            };
            match **mention {
                Mention::Page(id) if is_nameless() => {
                    return called(ledger, options, id.map(Reference::Page), A_PAGE);
                }
                Mention::Database(id) if is_nameless() => {
                    return called(ledger, options, id.map(Reference::Database), A_DATABASE);
                }
                Mention::User(_) if is_person_nameless() => {
                    ledger.lose(LossKind::PersonName);
                    return A_PERSON.into();
                }
                Mention::User(_) => return said,
                Mention::LinkPreview(_) | Mention::Link(_) | Mention::Unknown(_) => {}
                Mention::Page(_)
                | Mention::Database(_)
                | Mention::Date(_)
                | Mention::CustomEmoji(_)
                | Mention::Template => return said,
            }
        }
    }
    words_for(ledger, options, href(run), &said).unwrap_or(said)
}
