//! Listings and displayed formulas.

use std::borrow::Cow;

use crate::library::fidelity::LossKind;
use crate::markdown::escape::longest_run;
use crate::markdown::inline::{is_math, note_mention};
use crate::markdown::ledger::Ledger;
use crate::markdown::links::write_caption;
use crate::markdown::options::Options;
use crate::markdown::said::worded;
use crate::markdown::writer::Writer;
use crate::notion::block::Code;
use crate::notion::text::{Annotations, RichText, RichTextKind};

pub(super) fn listing(writer: &mut Writer, ledger: &mut Ledger, options: &Options<'_>, code: &Code) {
    writer.block();
    let text: String = code.rich_text.iter().map(|run| listed(ledger, options, run)).collect();
    let language = info(&ledger.lasting_words(&code.language));
    let text = ledger.lasting_words(&text);
    fenced(writer, &language, &text);
    write_caption(writer, ledger, options, &code.caption);
}

/// The words of a run between fences. Its looks and its link stay behind.
fn listed<'r>(ledger: &mut Ledger, options: &Options<'_>, run: &'r RichText) -> Cow<'r, str> {
    let words = match &run.kind {
        RichTextKind::Mention(mention) => {
            note_mention(ledger, mention);
            worded(ledger, options, run)
        }
        RichTextKind::Text | RichTextKind::Equation(_) => Cow::Borrowed(&*run.plain_text),
    };
    if !words.trim().is_empty() {
        let Annotations { bold, italic, strikethrough, underline, code, color } = run.annotations;
        let looks = [bold, italic, strikethrough, underline, code, color.is_visible(), run.href.is_some()];
        looks.into_iter().for_each(|lost| ledger.lose_if(lost, LossKind::ListingStyle));
    }
    words
}

pub(super) fn equation(writer: &mut Writer, ledger: &mut Ledger, expression: &str) {
    let expression = expression.trim();
    if expression.is_empty() {
        return;
    }
    let expression = &*ledger.lasting_words(expression);
    writer.block();
    if is_math(expression) && expression.lines().all(is_plain_line) && !expression.contains('\r') {
        writer.out.push_str("$$");
        lines(writer, expression);
        writer.line();
        writer.out.push_str("$$");
    } else {
        fenced(writer, "math", expression);
    }
}

fn fenced(writer: &mut Writer, info: &str, text: &str) {
    let fence = "`".repeat(longest_run(text, b'`').max(2) + 1);
    writer.out.push_str(&fence);
    writer.out.push_str(info);
    if !text.is_empty() {
        lines(writer, &text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}"));
    }
    writer.line();
    writer.out.push_str(&fence);
}

fn lines(writer: &mut Writer, text: &str) {
    for line in text.split('\n') {
        if line.is_empty() {
            writer.blank_line();
        } else {
            writer.line();
            writer.out.push_str(line);
        }
    }
}

/// Whether a line cannot begin a block, so that it stays inside the formula's paragraph, and has no edge to lose.
fn is_plain_line(line: &str) -> bool {
    line.trim() == line
        && line
            .chars()
            .next()
            .is_some_and(|first| matches!(first, '\\' | '{' | '}' | '(' | '&' | '^') || first.is_alphabetic())
        && !line.contains('`')
}

/// The info string of a fence: one word, as highlighters know it.
fn info(language: &str) -> String {
    let known = match language {
        "" | "plain text" => "",
        "ascii art" => "text",
        "c#" => "csharp",
        "c++" => "cpp",
        "f#" => "fsharp",
        "docker" => "dockerfile",
        "java/c/c++/c#" => "c",
        "llvm ir" => "llvm",
        "notion formula" => "notion-formula",
        "objective-c" => "objectivec",
        "vb.net" => "vbnet",
        "visual basic" => "vb",
        "webassembly" => "wasm",
        "markup" => "html",
        other => return other.chars().map(|char| if is_word(char) { char } else { '-' }).collect(),
    };
    known.to_owned()
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || matches!(char, '+' | '#' | '.' | '_' | '-')
}
