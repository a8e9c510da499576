//! The comparison of what the tree says, what was read and what was reported.

use std::ops::Range;

use notion_import_core::markdown::{Database, Options, Rendered};
use notion_import_core::notion::{BlockTree, Page};
use notion_import_core::{LossKind, NotionId};

use super::blocks::said;
use super::event::{BOLD, CODE, Char, Event, ITALIC, MATH, STRIKE, show};
use super::said::Said;
use super::{comrak, pulldown};

/// Whether the Markdown says what the tree says, and the report what it does not say.
pub fn check(tree: &BlockTree, options: &Options<'_>, rendered: &Rendered) -> Result<(), String> {
    compare(said(tree, options), rendered)
}

/// Whether the table of a row's properties says what they say.
pub fn check_row(page: &Page, options: &Options<'_>, rendered: &Rendered) -> Result<(), String> {
    let mut said = Said::default();
    said.properties(page, options.schema);
    compare(said, rendered)
}

/// Whether the tables of a database say what it says.
pub fn check_database(database: &Database, rendered: &Rendered) -> Result<(), String> {
    let mut said = Said::default();
    said.database(database);
    compare(said, rendered)
}

fn compare(said: Said, rendered: &Rendered) -> Result<(), String> {
    let read = pulldown::read(&rendered.markdown);
    same_words(&said.events, &read, "pulldown-cmark")?;
    same_styles(&said, &read, rendered)?;
    said.account.check(&rendered.fidelity, &rendered.exposure)?;
    let read = without_addresses(comrak::read(&rendered.markdown));
    let said = Said { events: without_addresses(said.events), ..said };
    same_words(&said.events, &read, "comrak")?;
    same_styles(&said, &read, rendered).map_err(|error| format!("comrak: {error}"))
}

/// Nothing can keep GFM's autolinks from an address in text, so links to addresses are left to the first parser.
fn without_addresses(mut events: Vec<Event>) -> Vec<Event> {
    let is_address = |url: &str| url.contains('@') && !url.contains("://");
    for event in &mut events {
        if let Event::Char(char) = event {
            char.link = char.link.take().filter(|url| !is_address(url));
        }
    }
    events
}

/// All but bold, italic and strikethrough.
fn same_words(said: &[Event], read: &[Event], parser: &str) -> Result<(), String> {
    let (said, read) = (unstyled(said), unstyled(read));
    if said == read {
        return Ok(());
    }
    Err(format!("{parser} reads\n{}\nexpected\n{}", show(&read), show(&said)))
}

/// Without emphasis; and formulas without spaces, which mean nothing there and part neighbours.
fn unstyled(events: &[Event]) -> Vec<Event> {
    let mut plain: Vec<Event> = Vec::with_capacity(events.len());
    for event in events {
        match event {
            Event::Char(Char { char: ' ', styles, .. }) if styles & MATH != 0 => {}
            Event::Char(Char { char, styles, link }) => {
                plain.push(Event::Char(Char {
                    char: *char,
                    styles: styles & (CODE | MATH),
                    link: link.clone(),
                }));
            }
            other => plain.push(other.clone()),
        }
    }
    plain
}

/// Styles: none is gained, each one lost is reported, and nothing is reported that was not lost.
fn same_styles(said: &Said, read: &[Event], rendered: &Rendered) -> Result<(), String> {
    let (events, owners): (Vec<Event>, Vec<Option<NotionId>>) = said
        .events
        .iter()
        .zip(&said.owners)
        .filter(|(event, _)| !is_math_space(event))
        .map(|(event, owner)| (event.clone(), *owner))
        .unzip();
    let read: Vec<Event> = read.iter().filter(|event| !is_math_space(event)).cloned().collect();
    let mut differing = Vec::new();
    for line in lines(&events) {
        let pairs = events[line.clone()].iter().zip(&read[line.clone()]);
        let (mut gained, mut lost) = (false, false);
        for pair in pairs {
            if let (Event::Char(said), Event::Char(read)) = pair {
                gained |= read.styles & !said.styles != 0;
                lost |= said.styles & !read.styles != 0;
            }
        }
        let shown = || format!("{}\nexpected\n{}", show(&read[line.clone()]), show(&events[line.clone()]));
        if gained {
            return Err(format!("a style was gained\n{}", shown()));
        }
        if lost {
            if is_easy(&events[line.clone()]) {
                return Err(format!("a style was lost without need\n{}", shown()));
            }
            differing.push(owners[line.start]);
        }
    }
    let reported = rendered.fidelity.losses().iter().find(|loss| loss.kind == LossKind::Style);
    let (count, first) = reported.map_or((0, None), |loss| (loss.count, loss.first_block));
    if (count as usize) < differing.len()
        || differing.is_empty() != (count == 0)
        || count > 0 && first != differing[0]
    {
        return Err(format!(
            "{count} styles reported lost since {first:?}, but lines differ in {differing:?}\n{}\nexpected\n{}",
            show(&read),
            show(&events)
        ));
    }
    Ok(())
}

fn is_math_space(event: &Event) -> bool {
    matches!(event, Event::Char(Char { char: ' ', styles, .. }) if styles & MATH != 0)
}

/// The stretches of characters.
fn lines(events: &[Event]) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for at in 0..=events.len() {
        if !matches!(events.get(at), Some(Event::Char(_))) {
            if start < at {
                lines.push(start..at);
            }
            start = at + 1;
        }
    }
    lines
}

/// Whether every style of a line begins and ends between white space and a letter or digit, and so can be said.
fn is_easy(line: &[Event]) -> bool {
    let chars: Vec<&Char> = line
        .iter()
        .filter_map(|event| if let Event::Char(char) = event { Some(char) } else { None })
        .collect();
    let word = |char: &Char| char.char.is_ascii_alphanumeric() && char.styles & (CODE | MATH) == 0;
    let space = |at: usize| chars.get(at).is_none_or(|char| char.char == ' ' && char.styles == 0);
    let emphasis = |char: &Char| char.styles & (BOLD | ITALIC | STRIKE);
    if chars.iter().any(|char| char.link.is_some()) {
        return false;
    }
    let words: Vec<usize> = (0..chars.len()).filter(|&at| !space(at)).collect();
    let mut last: Option<usize> = None;
    for at in words {
        let before = last.map_or(0, |last| emphasis(chars[last]));
        if emphasis(chars[at]) != before {
            let alone = at == 0 || space(at - 1);
            let ends_word = last.is_none_or(|last| word(chars[last]));
            if !alone || !word(chars[at]) || !ends_word {
                return false;
            }
        }
        last = Some(at);
    }
    last.is_none_or(|last| emphasis(chars[last]) == 0 || word(chars[last]))
}
