//! From rich text to events.

use std::rc::Rc;

use notion_import_core::notion::{Annotations, Mention, RichText, RichTextKind, link};
use notion_import_core::{LossKind, NotionId};

use unicode_segmentation::UnicodeSegmentation;

use super::account::Account;
use super::date;
use super::event::{BOLD, CODE, Char, Event, ITALIC, MATH, STRIKE, target, trim};
use super::signed::{self, is_signed};

/// Where text stands, as far as it matters to what is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    Block,
    Heading,
    Cell,
}

/// Whether anything of the text is to be seen.
pub fn shows(runs: &[RichText]) -> bool {
    let mut unseen = Account::default();
    runs.iter().any(|run| {
        let mut events = Vec::new();
        one(run, &raw(run), Place::Block, &mut unseen, &mut events);
        events.iter().any(|event| match event {
            Event::Char(Char { char, styles, .. }) => !char.is_whitespace() || styles & CODE != 0,
            _ => false,
        })
    })
}

/// The events of rich text.
pub fn text(runs: &[RichText], place: Place, account: &mut Account) -> Vec<Event> {
    if !shows(runs) {
        return Vec::new();
    }
    let mut events = Vec::new();
    for run in runs {
        if let Some((_, loss)) = neutral(run, &shown(run)) {
            account.lose(loss);
        }
    }
    for (run, text) in runs.iter().zip(whole_clusters(runs, &signed::runs(runs, account))) {
        one(run, &text, place, account, &mut events);
    }
    let between = if place == Place::Heading { Event::char(' ', 0, None) } else { Event::Break };
    let trimmed = trim(events, &Event::Break);
    let breaks = trimmed.iter().filter(|event| **event == Event::Break).count();
    if place == Place::Heading {
        (0..breaks).for_each(|_| account.lose(LossKind::HeadingLineBreak));
    }
    trimmed.into_iter().map(|event| if event == Event::Break { between.clone() } else { event }).collect()
}

/// The texts of runs, such that what a reader takes for one character is of the run that it begins in. Formulas stand alone.
fn whole_clusters(runs: &[RichText], texts: &[String]) -> Vec<String> {
    let mut whole = vec![String::new(); texts.len()];
    let mut words: Vec<(usize, char)> = Vec::new();
    let mut place = |words: &mut Vec<(usize, char)>| {
        let text: String = words.iter().map(|(_, char)| char).collect();
        let mut chars = words.drain(..);
        for cluster in text.graphemes(true) {
            let of = chars.by_ref().take(cluster.chars().count()).collect::<Vec<_>>()[0].0;
            whole[of].push_str(cluster);
        }
    };
    for (at, (run, text)) in runs.iter().zip(texts).enumerate() {
        if matches!(run.kind, RichTextKind::Equation(_)) {
            place(&mut words);
        }
        words.extend(text.chars().map(|char| (at, char)));
        if matches!(run.kind, RichTextKind::Equation(_)) {
            place(&mut words);
        }
    }
    place(&mut words);
    whole
}

/// Words that are no rich text: a name, a title, an address.
pub fn words(text: &str, link: Option<&Rc<str>>) -> Vec<Event> {
    let mut events = Vec::new();
    push(&text.replace(['\n', '\r'], " "), 0, link, &mut events);
    trim(events, &Event::Break)
}

/// The events of one run.
pub fn one(run: &RichText, text: &str, place: Place, account: &mut Account, events: &mut Vec<Event>) {
    let is_nothing = !matches!(run.kind, RichTextKind::Mention(_)) && text.is_empty();
    if is_nothing {
        return;
    }
    let Annotations { bold, italic, strikethrough, underline, code, color } = run.annotations;
    account.lose_if(color.is_visible(), LossKind::Color);
    account.lose_if(underline, LossKind::Underline);
    let mut styles = 0;
    for (on, style) in [(bold, BOLD), (italic, ITALIC), (strikethrough, STRIKE)] {
        styles |= if on { style } else { 0 };
    }
    let link = run_target(run, account).map(|url| target(&url));
    let follows_backslash = matches!(
        events.last(),
        Some(Event::Char(Char { char: '\\', styles, .. })) if styles & CODE != 0
    );
    let code_here = |text: &str, account: &mut Account| {
        let escaped = text.contains("\\|") || (text.starts_with('|') && follows_backslash);
        let lost = place == Place::Cell && escaped;
        account.lose_if(lost, LossKind::TableCode);
        if lost { 0 } else { CODE }
    };
    match &run.kind {
        RichTextKind::Equation(_) => {
            let expression = text.trim().replace(['\n', '\r'], " ");
            if can_be_math(&expression) && !(place == Place::Cell && expression.contains('|')) {
                return formula(&expression, styles, link.as_ref(), events);
            }
            account.lose_if(!expression.is_empty(), LossKind::Equation);
            styles |= code_here(&expression, account);
            push(&expression, styles, link.as_ref(), events);
        }
        RichTextKind::Text => {
            styles |= if code { code_here(text, account) } else { 0 };
            push(text, styles, link.as_ref(), events);
        }
        RichTextKind::Mention(mention) => {
            note(mention, account);
            styles |= if code { code_here(text, account) } else { 0 };
            push(text, styles, link.as_ref(), events);
        }
    }
}

/// Neighbouring formulas of one style are one, with a space between: two dollars would begin another kind.
fn formula(expression: &str, styles: u8, link: Option<&Rc<str>>, events: &mut Vec<Event>) {
    let styles = styles | MATH;
    if let Some(Event::Char(last)) = events.last()
        && last.styles == styles
        && last.link.as_ref() == link
    {
        events.push(Event::char(' ', styles, link));
    }
    events.extend(expression.chars().map(|char| Event::char(char, styles, link)));
}

/// Line ends become breaks; controls that Markdown's parsers replace are replaced.
fn push(text: &str, styles: u8, link: Option<&Rc<str>>, events: &mut Vec<Event>) {
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}");
    events.extend(text.replace(['\x0b', '\x0c'], " ").chars().map(|char| match char {
        '\n' => Event::Break,
        char => Event::char(char, styles, link),
    }));
}

/// Whether dollars can hold a formula: no dollar in it, its braces balanced, no backslash at its end.
pub fn can_be_math(expression: &str) -> bool {
    let (mut open, mut chars) = (0_i64, expression.chars());
    while let Some(char) = chars.next() {
        match char {
            '$' | '\0' => return false,
            '\\' => match chars.next() {
                None | Some('$' | '\0') => return false,
                Some(_) => {}
            },
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open < 0 {
            return false;
        }
    }
    open == 0 && !expression.ends_with('\\') && !expression.trim().is_empty()
}

fn note(mention: &Mention, account: &mut Account) {
    match mention {
        Mention::User(_) => account.exposure.people += 1,
        Mention::CustomEmoji(_) => account.lose(LossKind::CustomEmoji),
        Mention::Unknown(_) => account.lose(LossKind::UnknownMention),
        _ => {}
    }
}

/// The words of a mention, and what they cost.
pub fn named(run: &RichText, mention: &Mention, account: &mut Account) -> String {
    note(mention, account);
    if let Some((_, loss)) = neutral(run, &shown(run)) {
        account.lose(loss);
    }
    raw(run)
}

/// The text of a run: what Notion gives, but no address or id of a page.
pub fn raw(run: &RichText) -> String {
    let shown = shown(run);
    neutral(run, &shown).map_or(shown, |(words, _)| words.to_owned())
}

/// What stands for what has no name, and the loss it is.
fn neutral(run: &RichText, shown: &str) -> Option<(&'static str, LossKind)> {
    let is_nameless = run.plain_text.is_empty() || link::whole(shown).is_some();
    let page = |words| (words, LossKind::PageTitle);
    let href = run.href.as_deref();
    match &run.kind {
        RichTextKind::Equation(_) => None,
        RichTextKind::Text if run.annotations.code => None,
        RichTextKind::Text => at_notion(href, shown).map(page),
        RichTextKind::Mention(mention) => match &**mention {
            Mention::User(_) => {
                let name = run.plain_text.trim_start_matches('@');
                let is_nameless = name.is_empty() || link::whole(name).is_some();
                is_nameless.then_some(("a person", LossKind::PersonName))
            }
            Mention::Page(_) => is_nameless.then_some(page("a page in Notion")),
            Mention::Database(_) => is_nameless.then_some(page("a database in Notion")),
            Mention::LinkPreview(url) => at_notion(href.or(url.as_deref()), shown).map(page),
            Mention::Link(link) => at_notion(href.or(link.href.as_deref()), shown).map(page),
            Mention::Unknown(_) => at_notion(href.or(address(run)), shown).map(page),
            Mention::Date(_) | Mention::CustomEmoji(_) | Mention::Template => None,
        },
    }
}

/// What stands for an address of Notion's, or an id, that is the words of a link to Notion.
pub fn at_notion(href: Option<&str>, words: &str) -> Option<&'static str> {
    link::whole(words)?;
    let found = link::recognise(href?.trim())?;
    Some(if found.is_view { "a database in Notion" } else { "a page in Notion" })
}

/// Where a mention of an unknown kind leads, if its words say it.
pub fn address(run: &RichText) -> Option<&str> {
    Some(&*run.plain_text).filter(|text| link::recognise(text).is_some())
}

/// What of an address tells it from others.
fn core(address: &str) -> String {
    let address = address.trim();
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.strip_prefix("www.").unwrap_or(rest).trim_end_matches('/').to_ascii_lowercase()
}

/// What Notion shows of a run.
fn shown(run: &RichText) -> String {
    let said = |text: &str| if run.plain_text.is_empty() { text.to_owned() } else { run.plain_text.clone() };
    let mention = match &run.kind {
        RichTextKind::Text => return run.plain_text.clone(),
        RichTextKind::Equation(expression) if expression.is_empty() => {
            return run.plain_text.trim().to_owned();
        }
        RichTextKind::Equation(expression) => return expression.trim().to_owned(),
        RichTextKind::Mention(mention) => mention,
    };
    match &**mention {
        Mention::User(_) => said(""),
        Mention::Page(_) | Mention::Database(_) | Mention::Template => said(""),
        Mention::Date(date) => date::zoned(date, said(&date::range(date))),
        Mention::LinkPreview(url) => said(url.as_deref().unwrap_or_default()),
        Mention::Link(link) => {
            let title = link.title.as_deref().filter(|title| !title.trim().is_empty());
            let is_address = [&run.href, &link.href]
                .iter()
                .any(|href| href.as_deref().map(core) == Some(core(&run.plain_text)));
            match title {
                Some(title) if is_address => title.to_owned(),
                title => said(title.or(link.href.as_deref()).unwrap_or_default()),
            }
        }
        Mention::CustomEmoji(emoji) => {
            said(&if emoji.name.is_empty() { String::new() } else { format!(":{}:", emoji.name) })
        }
        Mention::Unknown(_) => said(""),
    }
}

fn run_target(run: &RichText, account: &mut Account) -> Option<String> {
    let href = run.href.as_deref();
    let href = match &run.kind {
        RichTextKind::Mention(mention) => match &**mention {
            Mention::Page(Some(id)) | Mention::Database(Some(id)) => {
                let own = href.and_then(link::recognise).filter(|found| found.id == *id);
                return Some(page(*id, own.and_then(|found| found.block), None, account));
            }
            Mention::User(_) => return None,
            Mention::LinkPreview(url) => href.or(url.as_deref()),
            Mention::Link(link) => href.or(link.href.as_deref()),
            Mention::Unknown(_) => href.or(address(run)),
            _ => href,
        },
        RichTextKind::Text | RichTextKind::Equation(_) => href,
    };
    link_target(href?, account)
}

/// Where a link goes, with the options of nobody: pages at Notion, other schemes nowhere.
pub fn link_target(href: &str, account: &mut Account) -> Option<String> {
    let href = href.trim();
    if href.is_empty() {
        return None;
    }
    if is_signed(href) {
        account.lose(LossKind::SignedAddress);
        return None;
    }
    if let Some(found) = link::recognise(href) {
        return Some(page(found.id, found.block, Some(href), account));
    }
    let allowed = is_allowed(href);
    account.lose_if(!allowed, LossKind::LinkScheme);
    allowed.then(|| href.to_owned())
}

pub fn is_allowed(href: &str) -> bool {
    let href = href.to_ascii_lowercase();
    ["http:", "https:", "mailto:", "tel:"].iter().any(|scheme| href.starts_with(scheme))
}

pub fn page(id: NotionId, block: Option<NotionId>, href: Option<&str>, account: &mut Account) -> String {
    account.exposure.notion_links += 1;
    match (href.filter(|href| is_allowed(href)), block) {
        (Some(href), _) => href.to_owned(),
        (None, None) => format!("https://app.notion.com/p/{}", id.simple()),
        (None, Some(block)) => format!("https://app.notion.com/p/{}#{}", id.simple(), block.simple()),
    }
}
