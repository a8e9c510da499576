//! Holds the converter to linear time: for every ASCII character and every pair of them, repeated in each place where text can
//! stand, eight times the text costs less than sixteen times the instructions.
//!
//! Instructions are counted by callgrind, so that the answer is the same on any machine: this program runs itself under it, once a
//! place and style, and callgrind writes down a total after each conversion. `linear` takes all, `linear --sample` the signs alone
//! and some pairs.

use std::error::Error;
use std::fmt::{self, Display};
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use notion_import_core::markdown::{Options, properties_table, render};
use notion_import_core::notion::{BlockTree, Page};
use serde_json::{Value, json};

/// The bytes of the shorter text; the longer has eight times as many.
const SHORT: usize = 256;
const TIMES: usize = 8;
const MOST: u64 = 16;

/// Of the pairs, a sample takes one in so many, another one in each place and style.
const ONE_IN: usize = 800;

/// Text in turns costs forty times as much, being a run for each repetition: of that a sample takes one in so many, another one in
/// each place. There are as many places that have turns, so that each sign is seen in some.
const TURNS_ONE_IN: usize = 13;

/// Runs at once: as many as the machine that tests has cores.
const AT_ONCE: usize = 2;

/// Where text stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    Paragraph,
    Heading,
    ListItem,
    ToDo,
    Quote,
    Callout,
    Cell,
    Listing,
    InlineCode,
    Caption,
    LinkText,
    LinkTarget,
    BookmarkTarget,
    Formula,
    InlineFormula,
    Mention,
    Title,
    Unsupported,
    Property,
    FileName,
}

const PLACES: [Place; 20] = [
    Place::Paragraph,
    Place::Heading,
    Place::ListItem,
    Place::ToDo,
    Place::Quote,
    Place::Callout,
    Place::Cell,
    Place::Listing,
    Place::InlineCode,
    Place::Caption,
    Place::LinkText,
    Place::LinkTarget,
    Place::BookmarkTarget,
    Place::Formula,
    Place::InlineFormula,
    Place::Mention,
    Place::Title,
    Place::Unsupported,
    Place::Property,
    Place::FileName,
];

/// How text is cut into runs, and how they look.
#[derive(Clone, Copy, Debug)]
enum Style {
    Plain,
    Bold,
    Italic,
    /// Bold and italic in turn, a run for each repetition.
    Turns,
}

const STYLES: [Style; 4] = [Style::Plain, Style::Bold, Style::Italic, Style::Turns];

impl Place {
    /// The styles that make a difference there.
    fn styles(self) -> &'static [Style] {
        match self {
            Self::Paragraph
            | Self::Heading
            | Self::ListItem
            | Self::ToDo
            | Self::Quote
            | Self::Callout
            | Self::Cell
            | Self::InlineCode
            | Self::Caption
            | Self::LinkText
            | Self::InlineFormula
            | Self::Mention
            | Self::Property => &STYLES,
            Self::Listing
            | Self::LinkTarget
            | Self::BookmarkTarget
            | Self::Formula
            | Self::Title
            | Self::Unsupported
            | Self::FileName => &STYLES[..1],
        }
    }

    /// The page that holds a text there, as Notion's API gives it.
    fn page(self, pattern: &str, times: usize, style: Style) -> Value {
        let text = pattern.repeat(times);
        let block = |kind: &str, payload: Value| json!([{"object": "block", "type": kind, kind: payload}]);
        let words = |kind: &str| block(kind, json!({"rich_text": self.runs(pattern, times, style)}));
        match self {
            Self::Paragraph | Self::InlineCode | Self::LinkText | Self::InlineFormula | Self::Mention => {
                words("paragraph")
            }
            Self::LinkTarget => {
                let href = format!("https://a.example/{text}");
                block("paragraph", json!({"rich_text": [{"type": "text", "plain_text": "a", "href": href}]}))
            }
            Self::Heading => words("heading_1"),
            Self::ListItem => words("bulleted_list_item"),
            Self::ToDo => words("to_do"),
            Self::Quote => words("quote"),
            Self::Callout => words("callout"),
            Self::Cell => block("table_row", json!({"cells": [self.runs(pattern, times, style)]})),
            Self::Listing => words("code"),
            Self::Caption => {
                let image = json!({"type": "external", "external": {"url": "https://a.example/b.png"}});
                let mut image = block("image", image);
                image[0]["image"]["caption"] = self.runs(pattern, times, style);
                image
            }
            Self::BookmarkTarget => block("bookmark", json!({"url": format!("https://a.example/{text}")})),
            Self::Formula => block("equation", json!({"expression": text})),
            Self::Title => block("child_page", json!({"title": text})),
            Self::Unsupported => block("unsupported", json!({"block_type": text})),
            Self::FileName => {
                block("file", json!({"name": text, "type": "file", "file": {"url": "https://a.example/b"}}))
            }
            Self::Property => {
                let value = json!({"type": "rich_text", "rich_text": self.runs(pattern, times, style)});
                json!({"object": "page", "properties": {"Notes": value, "Name": {"type": "select", "select": {"name": text}}}})
            }
        }
    }

    fn runs(self, pattern: &str, times: usize, style: Style) -> Value {
        let run = |text: String, bold: bool, italic: bool| {
            let annotations =
                json!({"bold": bold, "italic": italic, "code": matches!(self, Self::InlineCode)});
            let href = matches!(self, Self::LinkText).then_some("https://a.example/");
            let mut run =
                json!({"type": "text", "plain_text": text, "annotations": annotations, "href": href});
            match self {
                Self::InlineFormula => run["equation"] = json!({"expression": text}),
                Self::Mention => run["mention"] = json!({"type": "date", "date": {"start": "2026-11-22"}}),
                _ => {}
            }
            run
        };
        match style {
            Style::Plain => json!([run(pattern.repeat(times), false, false)]),
            Style::Bold => json!([run(pattern.repeat(times), true, false)]),
            Style::Italic => json!([run(pattern.repeat(times), false, true)]),
            Style::Turns => (0..times).map(|at| run(pattern.to_owned(), at % 2 == 0, at % 2 == 1)).collect(),
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// The characters and pairs that are repeated, in a place and style.
fn patterns(all: bool, place: usize, style: usize) -> impl Iterator<Item = String> {
    let chars = || (0..128_u8).map(char::from);
    let pairs = chars().flat_map(move |first| chars().map(move |second| format!("{first}{second}")));
    let shift = place * STYLES.len() + style;
    let chosen = pairs.enumerate().filter(move |(at, _)| all || (at + shift * 7).is_multiple_of(ONE_IN));
    // Letters and digits are all alike, so a sample takes one of each.
    let alone = chars().filter(move |char| all || !char.is_ascii_alphanumeric() || matches!(char, 'a' | '0'));
    let taken = alone.map(String::from).chain(chosen.map(|(_, pair)| pair)).enumerate();
    let rank = PLACES[..place].iter().filter(|here| here.styles().len() > 1).count();
    let is_short = !all && matches!(PLACES[place].styles()[style], Style::Turns);
    let taken = taken.filter(move |(at, _)| !is_short || (at + rank).is_multiple_of(TURNS_ONE_IN));
    taken.map(|(_, pattern)| pattern)
}

/// The name by which callgrind knows what it counts.
const MEASURED: &str = "linear::measured_conversion";

/// One conversion, from the JSON of a page to its Markdown. Callgrind counts what happens in here.
#[inline(never)]
fn measured_conversion(json: &[u8], is_row: bool) {
    if is_row {
        let page = serde_json::from_slice::<Page>(json);
        black_box(page.map(|page| properties_table(&page, &Options::default())).ok());
    } else {
        let tree = BlockTree::parse(json);
        black_box(tree.map(|tree| render(&tree, &Options::default())).ok());
    }
}

/// Converts each pattern of a place and style, short and long.
fn convert(all: bool, place: usize, style: usize) {
    let (here, look) = (PLACES[place], PLACES[place].styles()[style]);
    for pattern in patterns(all, place, style) {
        for times in [SHORT / pattern.len(), TIMES * SHORT / pattern.len()] {
            let json = here.page(&pattern, times, look).to_string();
            measured_conversion(json.as_bytes(), matches!(here, Place::Property));
        }
    }
}

/// Runs the conversions of a place and style under callgrind, and returns those that are not linear, with how many there were.
fn judge(
    all: bool,
    place: usize,
    style: usize,
) -> Result<(usize, Vec<String>), Box<dyn Error + Send + Sync>> {
    let out = std::env::temp_dir().join(format!("linear.{}.{place}.{style}", std::process::id()));
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--combine-dumps=yes"])
        .args(["--zero-before", "--dump-after"].map(|when| format!("{when}={MEASURED}")))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["convert", &all.to_string(), &place.to_string(), &style.to_string()])
        .status()?;
    let totals = totals(&out);
    let _ = fs::remove_file(&out);
    if !status.success() {
        return Err(format!("valgrind: {status}").into());
    }
    let totals = totals?;
    let patterns: Vec<String> = patterns(all, place, style).collect();
    if totals.len() != 2 * patterns.len() {
        return Err(
            format!("callgrind counted {} conversions of {}", totals.len(), 2 * patterns.len()).into()
        );
    }
    let (here, look) = (PLACES[place], PLACES[place].styles()[style]);
    let slow = patterns.iter().zip(totals.chunks_exact(2)).filter(|(_, total)| total[1] >= MOST * total[0]);
    let slow = slow.map(|(pattern, total)| {
        format!("{pattern:?} in {here}, {look:?}: {} instructions, then {}", total[0], total[1])
    });
    Ok((patterns.len(), slow.collect()))
}

/// Reads what callgrind counted, which may be a gigabyte with all it says besides.
fn totals(out: &Path) -> io::Result<Vec<u64>> {
    let mut totals = Vec::new();
    for line in BufReader::new(File::open(out)?).lines() {
        totals.extend(line?.strip_prefix("summary: ").and_then(|total| total.trim().parse::<u64>().ok()));
    }
    // The last is of what the program did after the last conversion.
    totals.pop();
    Ok(totals)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let all = match arguments[..] {
        ["convert", all, place, style] => {
            if let (Ok(all), Ok(place), Ok(style)) = (all.parse(), place.parse(), style.parse()) {
                convert(all, place, style);
            }
            return ExitCode::SUCCESS;
        }
        ["--sample"] => false,
        [] => true,
        _ => {
            eprintln!("linear [--sample]");
            return ExitCode::FAILURE;
        }
    };
    let began = Instant::now();
    let shards: Vec<(usize, usize)> = PLACES
        .iter()
        .enumerate()
        .flat_map(|(place, here)| (0..here.styles().len()).map(move |style| (place, style)))
        .collect();
    let (mut cases, mut slow) = (0, Vec::new());
    for at_once in shards.chunks(AT_ONCE) {
        let judged: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                at_once.iter().map(|&(place, style)| scope.spawn(move || judge(all, place, style))).collect();
            threads.into_iter().map(|thread| thread.join()).collect()
        });
        for outcome in judged {
            match outcome {
                Ok(Ok((count, found))) => {
                    cases += count;
                    slow.extend(found);
                }
                Ok(Err(error)) => {
                    eprintln!("{error}");
                    return ExitCode::FAILURE;
                }
                Err(_) => return ExitCode::FAILURE,
            }
        }
    }
    slow.iter().for_each(|line| println!("not linear: {line}"));
    println!("{cases} texts, {} not linear, {:.0} s", slow.len(), began.elapsed().as_secs_f64());
    if slow.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
