//! What changes for readers, as a page shows it.

use notion_import_core::StoredFile;
use notion_import_core::review::{
    Block, BlockKind, Edition, FileChange, Mark, Review, Step, WordDiff, Words,
};

use super::dialog::{exposures, losses};
use crate::words;

/// How many blocks that stay are shown around a change.
const AROUND: usize = 1;

/// The changes from what is published to what is to be.
pub struct Changes {
    pub from: u32,
    pub is_empty: bool,
    pub is_coarse: bool,
    pub has_other_form: bool,
    /// How many blocks changed, came, went and moved.
    pub counts: String,
    /// What stands out, with how often.
    pub marks: Vec<String>,
    pub title: Vec<Piece>,
    pub rows: Vec<Row>,
    pub files: Vec<String>,
    /// What is lost that was not.
    pub losses: Vec<String>,
    /// What it gives away that it did not.
    pub exposures: Vec<String>,
}

/// A block, or a number of blocks that stay.
pub struct Row {
    /// `same`, `changed`, `added`, `removed`, `moved` or `gap`.
    pub style: &'static str,
    /// What became of it, in words; empty if nothing did.
    pub label: String,
    pub kind: &'static str,
    pub pieces: Vec<Piece>,
}

/// Words of a block.
pub struct Piece {
    pub same: String,
    pub removed: String,
    pub added: String,
    pub marks: Vec<&'static str>,
}

impl Changes {
    pub fn of(before: Edition<'_>, after: Edition<'_>) -> Self {
        let review = Review::of(before, after);
        let marked = |(mark, count): (Mark, usize)| words::plural(count as u64, mark.description());
        let (missing, forms) = losses(&review.fidelity);
        let losses: Vec<_> = missing.into_iter().chain(forms).collect();
        let exposures = exposures(&review.exposure);
        let is_retitled = !review.title.is_empty();
        Self {
            from: before.version.number.0,
            is_empty: review.is_empty() && losses.is_empty() && exposures.is_empty(),
            is_coarse: review.text.is_coarse,
            has_other_form: review.has_other_form,
            counts: counts(&review.text.steps),
            marks: review.marks().into_iter().map(marked).collect(),
            title: if is_retitled { pieces(&review.title) } else { Vec::new() },
            rows: rows(&review.text.steps),
            files: review.files.iter().map(file).collect(),
            losses,
            exposures,
        }
    }
}

fn counts(steps: &[Step]) -> String {
    let count = |fits: fn(&Step) -> bool| steps.iter().filter(|step| fits(step)).count();
    let all = [
        (count(|step| matches!(step, Step::Changed { .. })), "changed"),
        (count(|step| matches!(step, Step::Added { .. })), "added"),
        (count(|step| matches!(step, Step::Removed { .. })), "removed"),
        (count(|step| matches!(step, Step::MovedHere(_))), "moved"),
    ];
    let said = all.into_iter().filter(|(count, _)| *count > 0);
    said.map(|(count, what)| format!("{} {what}", words::plural(count as u64, "block")))
        .collect::<Vec<_>>()
        .join(", ")
}

fn rows(steps: &[Step]) -> Vec<Row> {
    let is_change = |at: usize| steps.get(at).is_some_and(|step| !matches!(step, Step::Same(_)));
    let is_near = |at: usize| (at.saturating_sub(AROUND)..=at + AROUND).any(is_change);
    let (mut rows, mut gap) = (Vec::new(), 0);
    for (at, step) in steps.iter().enumerate() {
        if is_near(at) {
            rows.extend(skipped(gap));
            rows.push(row(step));
            gap = 0;
        } else {
            gap += 1;
        }
    }
    let is_changed = !rows.is_empty();
    rows.extend(skipped(gap).filter(|_| is_changed));
    rows
}

fn skipped(count: usize) -> Option<Row> {
    let label = format!("{} as before", words::plural(count as u64, "block"));
    (count > 0).then(|| Row { style: "gap", label, kind: "", pieces: Vec::new() })
}

fn row(step: &Step) -> Row {
    let whole = |style, label: &str, block: &Block, marks: &[Mark]| {
        let text = block.text.clone();
        let marks = marks.iter().map(|mark| mark.description()).collect();
        let piece = match style {
            "added" => Piece { same: String::new(), removed: String::new(), added: text, marks },
            "removed" => Piece { same: String::new(), removed: text, added: String::new(), marks },
            _ => Piece { same: text, removed: String::new(), added: String::new(), marks },
        };
        Row { style, label: label.to_owned(), kind: kind(block.kind), pieces: vec![piece] }
    };
    match step {
        Step::Same(block) => whole("same", "", block, &[]),
        Step::MovedAway(block) => whole("moved", "Moved away from here", block, &[]),
        Step::MovedHere(block) => whole("moved", "Moved here", block, &[]),
        Step::Removed { block, marks } => whole("removed", "Removed", block, marks),
        Step::Added { block, marks } => whole("added", "Added", block, marks),
        Step::Changed { from, to, words } => {
            let label =
                if from == to { "Changed".to_owned() } else { format!("Changed, was a {}", kind(*from)) };
            Row { style: "changed", label, kind: kind(*to), pieces: pieces(words) }
        }
    }
}

fn pieces(diff: &WordDiff) -> Vec<Piece> {
    let piece = |words: &Words| match words {
        Words::Same { text } => {
            Piece { same: text.clone(), removed: String::new(), added: String::new(), marks: Vec::new() }
        }
        Words::Changed { removed, added, marks } => Piece {
            same: String::new(),
            removed: removed.clone(),
            added: added.clone(),
            marks: marks.iter().map(|mark| mark.description()).collect(),
        },
    };
    diff.0.iter().map(piece).collect()
}

const fn kind(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Heading(_) => "heading",
        BlockKind::Paragraph => "paragraph",
        BlockKind::Item(_) => "list item",
        BlockKind::Quote => "quotation",
        BlockKind::Code => "listing",
        BlockKind::Row => "table row",
        BlockKind::Rule => "line",
    }
}

fn file(change: &FileChange) -> String {
    let said = |file: &StoredFile| {
        let digest: String = file.blob.id.to_string().chars().take(12).collect();
        format!("{} ({}, digest {digest})", file.name, words::size(file.blob.size))
    };
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("Replaced: {} by {}", said(before), said(after)),
        (None, Some(after)) => format!("New: {}", said(after)),
        (Some(before), None) => format!("Gone: {}", said(before)),
        (None, None) => String::new(),
    }
}
