//! A page as Notion's own Markdown: as far as it names what it does not show, and with words enough to be mistaken for content.

use serde_json::{Value, json};

use super::object::{Block, Kind, Node, words};
use super::render::original;
use super::reply::{Outcome, Refusal};
use super::retrieve::Ask;
use super::state::State;
use crate::id::NotionId;

/// What of it is written, and what is not.
struct Sheet {
    page: NotionId,
    transcripts: bool,
    lines: Vec<String>,
    /// How many more blocks are written.
    left: usize,
    /// The blocks that are cut or hidden.
    unknown: Vec<NotionId>,
}

/// How many of those are listed.
const LISTED: usize = 100;

/// The types it has no syntax for.
const WITHOUT_SYNTAX: &[&str] =
    &["bookmark", "embed", "link_preview", "breadcrumb", "template", "unsupported", "tab", "link_to_page"];

impl State {
    pub fn retrieve_markdown(&self, ask: &Ask<'_>, id: &str) -> Outcome {
        let sent =
            |name: &str| ask.call.query.iter().find(|(sent, _)| sent == name).map(|(_, value)| &**value);
        if sent("markdown_version").is_some() && !self.rules.markdown_versions {
            let message = "query failed validation: query.markdown_version should be not present.";
            return Err(Refusal::invalid(message));
        }
        ask.call.only_parameters(&["include_transcript", "markdown_version"])?;
        let separator = match sent("markdown_version") {
            None | Some("v1") => "\n",
            Some("v2") => "\n\n",
            Some(_) => {
                return Err(Refusal::invalid("query.markdown_version should be `v1` or `v2`.").violation());
            }
        };
        let node = self.find_block(ask, id)?;
        let mut sheet = Sheet {
            page: self.page_of(node.id).unwrap_or(node.id),
            transcripts: sent("include_transcript") == Some("true"),
            lines: Vec::new(),
            left: self.rules.markdown_limit,
            unknown: Vec::new(),
        };
        self.write_below(ask, node, 0, &mut sheet);
        let truncated = !sheet.unknown.is_empty();
        sheet.unknown.truncate(LISTED);
        Ok(json!({
            "object": "page_markdown", "id": node.id, "markdown": sheet.lines.join(separator),
            "truncated": truncated, "unknown_block_ids": sheet.unknown,
        }))
    }

    fn write_below(&self, ask: &Ask<'_>, node: &Node, depth: usize, sheet: &mut Sheet) {
        for child in self.living(self.listed_for(ask, node)) {
            if sheet.left == 0 || self.hides(ask.grant, child.id) {
                sheet.unknown.push(child.id);
                sheet.unknown(child.id, "", depth);
                continue;
            }
            sheet.left -= 1;
            match &child.kind {
                Kind::Page(_) => sheet.reference("page", child.id, &words(&self.title(child)), depth),
                Kind::Database(about) => sheet.reference("database", child.id, &words(&about.title), depth),
                Kind::DataSource { .. } => {}
                Kind::Block(block) => {
                    sheet.block(child.id, block, depth);
                    self.write_inside(ask, child, block, depth, sheet);
                }
            }
        }
    }

    /// What is in a block; of a meeting its parts, the transcript only where that is asked for.
    fn write_inside(&self, ask: &Ask<'_>, node: &Node, block: &Block, depth: usize, sheet: &mut Sheet) {
        if WITHOUT_SYNTAX.contains(&block.kind.as_str()) {
            return;
        }
        let transcript = block.payload["children"]["transcript_block_id"].as_str();
        let Some(transcript) = transcript.and_then(|id| id.parse::<NotionId>().ok()) else {
            return self.write_below(ask, node, depth + 1, sheet);
        };
        for part in self.living(node) {
            if part.id != transcript || sheet.transcripts {
                self.write_below(ask, part, depth + 1, sheet);
            }
        }
    }
}

impl Sheet {
    fn line(&mut self, depth: usize, text: &str) {
        self.lines.push(format!("{}{text}", "\t".repeat(depth)));
    }

    fn unknown(&mut self, id: NotionId, kind: &str, depth: usize) {
        let url = format!("https://app.notion.com/p/{}#{}", self.page.simple(), id.simple());
        self.line(depth, &format!("<unknown url=\"{url}\" alt=\"{kind}\"/>"));
    }

    fn reference(&mut self, tag: &str, id: NotionId, title: &str, depth: usize) {
        let url = format!("https://app.notion.com/p/{}", id.simple());
        self.line(depth, &format!("<{tag} url=\"{url}\">{}</{tag}>", escaped(title)));
    }

    fn block(&mut self, id: NotionId, block: &Block, depth: usize) {
        let Block { kind, payload } = block;
        let text = inline(&payload["rich_text"]);
        match kind.as_str() {
            "paragraph" if text.is_empty() => self.line(depth, "<empty-block/>"),
            "paragraph" => self.line(depth, &text),
            "heading_1" => self.line(depth, &format!("# {text}")),
            "heading_2" => self.line(depth, &format!("## {text}")),
            "heading_3" => self.line(depth, &format!("### {text}")),
            "heading_4" => self.line(depth, &format!("#### {text}")),
            "bulleted_list_item" => self.line(depth, &format!("- {text}")),
            "numbered_list_item" => self.line(depth, &format!("1. {text}")),
            "to_do" => self
                .line(depth, &format!("- [{}] {text}", if payload["checked"] == true { "x" } else { " " })),
            "quote" | "callout" => self.line(depth, &format!("> {text}")),
            "toggle" => self.line(depth, &format!("<details><summary>{text}</summary></details>")),
            "divider" => self.line(depth, "---"),
            "table_row" => {
                let cells = payload["cells"].as_array().into_iter().flatten();
                let cells: String = cells.map(|cell| format!("<td>{}</td>", inline(cell))).collect();
                self.line(depth, &format!("<tr>{cells}</tr>"));
            }
            "code" => {
                let source = words(&payload["rich_text"]).replace('\n', &format!("\n{}", "\t".repeat(depth)));
                self.line(depth, &format!("```{}", payload["language"].as_str().unwrap_or_default()));
                self.line(depth, &source);
                self.line(depth, "```");
            }
            "equation" => {
                self.line(depth, &format!("$${}$$", payload["expression"].as_str().unwrap_or_default()))
            }
            "image" | "video" | "audio" | "file" | "pdf" => self.line(depth, &format!("<{kind}></{kind}>")),
            "synced_block" if original(block).is_some() => self.line(depth, "<synced_block_reference/>"),
            "synced_block" | "table" | "column_list" | "column" | "table_of_contents" | "meeting_notes" => {
                self.line(depth, &format!("<{kind}/>"));
            }
            "unsupported" => self.unknown(id, payload["block_type"].as_str().unwrap_or_default(), depth),
            kind => self.unknown(id, kind, depth),
        }
    }
}

fn inline(text: &Value) -> String {
    let runs = text.as_array().into_iter().flatten();
    let written = runs.map(|run| {
        let words = run["plain_text"].as_str().unwrap_or_default();
        match run["annotations"]["code"] == true {
            true => format!("`{words}`"),
            false => escaped(words).replace('\n', "<br>"),
        }
    });
    written.collect()
}

/// Backslashes before everything that means something.
fn escaped(words: &str) -> String {
    let mut escaped = String::new();
    for letter in words.chars() {
        if "\\*~`$[]<>{}|^".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}
