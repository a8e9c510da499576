//! Code and formulas that stand alone.

use notion_import_core::LossKind;
use notion_import_core::notion::{Annotations, Code, RichText, RichTextKind};

use super::event::{CODE, Event};
use super::inline;
use super::said::Said;
use super::signed::lasting;

impl Said {
    pub fn code(&mut self, code: &Code) {
        let text: String = code.rich_text.iter().map(|run| self.listed(run)).collect();
        let fence = lasting(&code.language, &mut self.account);
        let text = lasting(&text, &mut self.account);
        self.listing(&format!("code {}", language(&fence)), &text);
        self.caption(&code.caption);
    }

    pub fn equation(&mut self, expression: &str) {
        let expression = expression.trim();
        if !expression.is_empty() {
            let expression = lasting(expression, &mut self.account);
            self.listing("math", &expression);
        }
    }

    fn listing(&mut self, name: &str, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}");
        self.push(Event::open(name));
        self.extend(text.chars().map(|char| Event::char(char, CODE, None)).collect());
        self.push(Event::Close);
    }

    /// The words of a run in a listing, which has no looks.
    fn listed(&mut self, run: &RichText) -> String {
        let account = &mut self.account;
        let words = match &run.kind {
            RichTextKind::Mention(mention) => inline::named(run, mention, account),
            RichTextKind::Text | RichTextKind::Equation(_) => run.plain_text.clone(),
        };
        if !words.trim().is_empty() {
            let Annotations { bold, italic, strikethrough, underline, code, color } = run.annotations;
            let looks =
                [bold, italic, strikethrough, underline, code, color.is_visible(), run.href.is_some()];
            looks.into_iter().for_each(|lost| account.lose_if(lost, LossKind::ListingStyle));
        }
        words
    }
}

/// The first word of a fence, for Notion's names of languages.
fn language(name: &str) -> String {
    for (notion, fence) in [
        ("plain text", ""),
        ("ascii art", "text"),
        ("c#", "csharp"),
        ("c++", "cpp"),
        ("f#", "fsharp"),
        ("docker", "dockerfile"),
        ("java/c/c++/c#", "c"),
        ("llvm ir", "llvm"),
        ("objective-c", "objectivec"),
        ("vb.net", "vbnet"),
        ("visual basic", "vb"),
        ("webassembly", "wasm"),
        ("markup", "html"),
    ] {
        if name == notion {
            return fence.to_owned();
        }
    }
    let is_kept = |char: char| char.is_alphanumeric() || "+#._-".contains(char);
    name.chars().map(|char| if is_kept(char) { char } else { '-' }).collect()
}
