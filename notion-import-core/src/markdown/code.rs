//! Listings and displayed formulas.

use crate::markdown::blocks::Renderer;
use crate::markdown::escape::longest_run;
use crate::markdown::inline::is_math;
use crate::notion::block::Code;

impl Renderer<'_> {
    pub(super) fn code(&mut self, code: &Code) {
        self.block();
        let text: String = code.rich_text.iter().map(|run| run.plain_text.as_str()).collect();
        let language = info(&self.lasting_words(&code.language));
        let text = self.lasting_words(&text);
        self.fenced(&language, &text);
        self.caption(&code.caption);
    }

    pub(super) fn equation(&mut self, expression: &str) {
        let expression = expression.trim();
        if expression.is_empty() {
            return;
        }
        let expression = &*self.lasting_words(expression);
        self.block();
        if is_math(expression) && expression.lines().all(is_plain_line) && !expression.contains('\r') {
            self.writer.out.push_str("$$");
            self.lines(expression);
            self.writer.line();
            self.writer.out.push_str("$$");
        } else {
            self.fenced("math", expression);
        }
    }

    fn fenced(&mut self, info: &str, text: &str) {
        let fence = "`".repeat(longest_run(text, b'`').max(2) + 1);
        self.writer.out.push_str(&fence);
        self.writer.out.push_str(info);
        if !text.is_empty() {
            self.lines(&text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}"));
        }
        self.writer.line();
        self.writer.out.push_str(&fence);
    }

    fn lines(&mut self, text: &str) {
        for line in text.split('\n') {
            if line.is_empty() {
                self.writer.blank_line();
            } else {
                self.writer.line();
                self.writer.out.push_str(line);
            }
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
