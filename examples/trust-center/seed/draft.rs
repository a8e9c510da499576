//! The small language the seeds are written in, line by line:
//!
//! `= 🔐 Title` begins a page, `==` one inside it; `##` is a heading, `-` `1.` `[ ]` `[x]` `>` what they look like; `! 💡 words` is a
//! callout, `? words` a toggle with the lines below it that begin with two spaces; `| a | b |` are rows of a table; three
//! backticks fence code; `$$` begins an equation; `---` is a divider; `<<<`, `|||` and `>>>` open, part and close columns;
//! `{image Name.png}`, `{pdf Name.pdf | line | line}` and `{database Title}` with rows below bring what they say.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Lines;

use notion_import_core::NotionId;
use notion_import_core::testing::{
    Author, Block, bulleted, callout, code, columns, divider, equation, heading, image, numbered, paragraph,
    pdf, quote, table, to_do, toggle,
};

use super::inline::{inline, split_first};
use super::{pdf as pdfs, picture};

/// The pages by title, for links between them.
pub type Titles = HashMap<String, NotionId>;

/// A page as it is written down.
pub struct Draft {
    pub depth: usize,
    pub icon: String,
    pub title: String,
    text: String,
    pub databases: Vec<Table>,
}

/// A database as it is written down.
pub struct Table {
    pub title: String,
    /// Names and types; the first is the title.
    pub columns: Vec<(String, String)>,
    pub rows: Vec<Vec<String>>,
}

/// Cuts a text into its pages.
pub fn drafts(text: &str) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('=') {
            let depth = line.len() - line.trim_start_matches('=').len();
            let (icon, title) = split_first(line.trim_start_matches('=').trim());
            let (icon, title) = (icon.to_owned(), title.to_owned());
            drafts.push(Draft { depth, icon, title, text: String::new(), databases: Vec::new() });
        } else if let Some(draft) = drafts.last_mut() {
            match line.strip_prefix("{database ") {
                Some(title) => draft.databases.push(database(title.trim_end_matches('}'), &mut lines)),
                None => draft.text.extend([line, "\n"]),
            }
        }
    }
    drafts
}

fn database(title: &str, lines: &mut Peekable<Lines<'_>>) -> Table {
    let mut rows = rows(lines).into_iter();
    let column = |cell: String| match cell.split_once(':') {
        Some((name, kind)) => (name.to_owned(), kind.to_owned()),
        None => (cell, "title".to_owned()),
    };
    let columns = rows.next().into_iter().flatten().map(column).collect();
    Table { title: title.to_owned(), columns, rows: rows.collect() }
}

fn rows(lines: &mut Peekable<Lines<'_>>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    while let Some(line) = lines.next_if(|line| line.starts_with("| ")) {
        let cells = line.trim().trim_start_matches('|').trim_end_matches('|').split('|');
        rows.push(cells.map(|cell| cell.trim().to_owned()).collect());
    }
    rows
}

impl Draft {
    /// Its blocks; files are uploaded on the way.
    pub fn blocks(&self, author: &Author, titles: &Titles) -> Vec<Block> {
        Writer { author, titles }.blocks(&self.text)
    }
}

struct Writer<'a> {
    author: &'a Author,
    titles: &'a Titles,
}

impl Writer<'_> {
    fn blocks(&self, text: &str) -> Vec<Block> {
        let mut lines = text.lines().peekable();
        let mut blocks = Vec::new();
        while let Some(line) = lines.peek().copied() {
            if line.starts_with("| ") {
                blocks.push(self.table(&mut lines));
                continue;
            }
            lines.next();
            if !line.trim().is_empty() {
                blocks.push(self.block(line, &mut lines));
            }
        }
        blocks
    }

    fn block(&self, line: &str, lines: &mut Peekable<Lines<'_>>) -> Block {
        let words = |text: &str| inline(text, self.titles);
        let (mark, rest) = split_first(line);
        match mark {
            "##" => heading(2, words(rest)),
            "###" => heading(3, words(rest)),
            "-" => bulleted(words(rest)).children(self.nested(lines)),
            "[x]" => to_do(words(rest), true),
            ">" => quote(words(rest)),
            "?" => toggle(words(rest), self.nested(lines)),
            "!" => {
                let (icon, rest) = split_first(rest);
                callout(icon, words(rest))
            }
            "$$" => equation(rest),
            "---" => divider(),
            "<<<" => self.columns(lines),
            "[" if rest.starts_with("] ") => to_do(words(&rest[2..]), false),
            _ if is_number(mark) => numbered(words(rest)).children(self.nested(lines)),
            _ if line.starts_with("```") => fence(line.trim_start_matches('`'), lines),
            "{image" => image(&self.author.file(name(rest), "image/png", picture::diagram(name(rest)))),
            "{pdf" => self.pdf(rest.trim_end_matches('}')),
            _ => paragraph(words(line)),
        }
    }

    /// The lines below that are indented.
    fn nested(&self, lines: &mut Peekable<Lines<'_>>) -> Vec<Block> {
        let mut text = String::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            text.extend([&line[2..], "\n"]);
        }
        self.blocks(&text)
    }

    fn table(&self, lines: &mut Peekable<Lines<'_>>) -> Block {
        let rows = rows(lines);
        table(rows.iter().map(|row| row.iter().map(|cell| inline(cell, self.titles)).collect::<Vec<_>>()))
    }

    fn columns(&self, lines: &mut Peekable<Lines<'_>>) -> Block {
        let text: String = lines.take_while(|line| *line != ">>>").flat_map(|line| [line, "\n"]).collect();
        columns(text.split("|||\n").map(|column| self.blocks(column)))
    }

    fn pdf(&self, written: &str) -> Block {
        let mut parts = written.split(" | ");
        let name = parts.next().unwrap_or("Document.pdf");
        let lines: Vec<&str> = parts.collect();
        pdf(&self.author.file(name, "application/pdf", pdfs::one_page(&lines)))
    }
}

fn fence(language: &str, lines: &mut Peekable<Lines<'_>>) -> Block {
    let source: Vec<&str> = lines.take_while(|line| !line.starts_with("```")).collect();
    code(language, source.join("\n"))
}

fn name(rest: &str) -> &str {
    rest.trim_end_matches('}')
}

/// Whether a mark begins an item of a numbered list.
fn is_number(mark: &str) -> bool {
    mark.strip_suffix('.').is_some_and(|number| number.parse::<u32>().is_ok())
}
