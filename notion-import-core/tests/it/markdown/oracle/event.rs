//! One list of events for all: containers, breaks, and each visible character with its styles and its link.

use std::fmt::Write;
use std::rc::Rc;

pub const BOLD: u8 = 1;
pub const ITALIC: u8 = 2;
pub const STRIKE: u8 = 4;
pub const CODE: u8 = 8;
pub const MATH: u8 = 16;

/// One event. Styles are kept by character, so that it does not matter how runs are cut.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Open(String),
    Close,
    Char(Char),
    Break,
    SoftBreak,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Char {
    pub char: char,
    pub styles: u8,
    pub link: Option<Rc<str>>,
}

impl Event {
    pub fn open(name: impl Into<String>) -> Self {
        Self::Open(name.into())
    }

    /// A character. White space has neither style nor link, but in code and formulas: none of it shows.
    pub fn char(char: char, styles: u8, link: Option<&Rc<str>>) -> Self {
        let shows = !char.is_whitespace() || styles & (CODE | MATH) != 0;
        let styles = if shows { styles } else { 0 };
        Self::Char(Char { char, styles, link: link.filter(|_| shows).cloned() })
    }

    fn is_blank(&self) -> bool {
        matches!(self, Self::Char(Char { char: ' ' | '\t', styles: 0, .. }))
    }

    fn is_silent(&self) -> bool {
        matches!(self, Self::Char(Char { char, styles: 0, .. }) if char.is_whitespace())
    }
}

/// Drops spaces and tabs at the ends of lines, and lines without words at the ends of the text.
pub fn trim(events: Vec<Event>, between: &Event) -> Vec<Event> {
    let mut lines: Vec<Vec<Event>> =
        events.split(|event| *event == Event::Break).map(<[Event]>::to_vec).collect();
    for line in &mut lines {
        while line.last().is_some_and(Event::is_blank) {
            line.pop();
        }
        let start = line.iter().position(|event| !event.is_blank()).unwrap_or(line.len());
        line.drain(..start);
    }
    let silent = |line: &Vec<Event>| line.iter().all(Event::is_silent);
    while lines.last().is_some_and(silent) {
        lines.pop();
    }
    let start = lines.iter().position(|line| !silent(line)).unwrap_or(lines.len());
    lines.drain(..start);
    lines.join(between)
}

/// A target as links write it: what could end it is percent-encoded, in every place alike.
pub fn target(url: &str) -> Rc<str> {
    let mut written = String::new();
    for char in url.chars() {
        match char {
            ' ' | '<' | '>' | '`' | '|' | '\0'..='\x1f' | '\x7f' => {
                write!(written, "%{:02X}", char as u32).unwrap();
            }
            _ => written.push(char),
        }
    }
    written.into()
}

/// The events as a person reads them.
pub fn show(events: &[Event]) -> String {
    let mut shown = String::new();
    let mut last = (0, None);
    for event in events {
        match event {
            Event::Open(name) => write!(shown, "\n<{name}>").unwrap(),
            Event::Close => shown.push_str("</>"),
            Event::Break => shown.push('⏎'),
            Event::SoftBreak => shown.push_str("<soft>"),
            Event::Char(Char { char, styles, link }) => {
                if last != (*styles, link.clone()) {
                    last = (*styles, link.clone());
                    write!(shown, "{{{styles}{}}}", link.as_deref().unwrap_or_default()).unwrap();
                }
                match char {
                    ' ' => shown.push(' '),
                    char if char.is_whitespace() || char.is_control() => {
                        write!(shown, "{}", char.escape_unicode()).unwrap();
                    }
                    char => shown.push(*char),
                }
            }
        }
    }
    shown
}
