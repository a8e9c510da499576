//! What a person is told before a document opens further.

use notion_import_core::store::NewContent;
use notion_import_core::{Content, Exposure, Fidelity, Version};

use crate::words;

/// What a version leaves out and may give away.
pub struct Report {
    pub version: u32,
    pub is_file: bool,
    /// What is missing of its words.
    pub missing: Vec<String>,
    /// What has another form here, or none.
    pub losses: Vec<String>,
    pub exposures: Vec<String>,
}

impl Report {
    pub fn of(version: &Version) -> Self {
        Self {
            version: version.number.0,
            ..Self::new(&version.content, &version.fidelity, &version.exposure)
        }
    }

    /// Of what was read, which would be a document's first version.
    pub fn unimported(read: &NewContent) -> Self {
        Self::new(&read.content, &read.fidelity, &read.exposure)
    }

    fn new(content: &Content, fidelity: &Fidelity, exposure: &Exposure) -> Self {
        let (missing, losses) = losses(fidelity);
        let (is_file, exposures) = (matches!(content, Content::File(_)), exposures(exposure));
        Self { version: 1, is_file, missing, losses, exposures }
    }

    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.losses.is_empty()
    }
}

/// What is missing of the words, and what has another form or none.
pub fn losses(fidelity: &Fidelity) -> (Vec<String>, Vec<String>) {
    let unread = match fidelity {
        Fidelity::Complete | Fidelity::Lossy { .. } => &[][..],
        Fidelity::Truncated { truncations, .. } => truncations,
    };
    let (words, forms): (Vec<_>, Vec<_>) = fidelity.losses().iter().partition(|loss| loss.kind.costs_words());
    let missing = unread.iter().map(words::truncation).chain(words.into_iter().map(words::loss));
    (missing.collect(), forms.into_iter().map(words::loss).collect())
}

pub fn exposures(exposure: &Exposure) -> Vec<String> {
    let Exposure {
        people,
        notion_links,
        remote_images,
        files,
        comments,
        transcripts,
        unsaid_columns,
        unfiltered_tables,
    } = *exposure;
    let counted = |count: u64, what: &str| (count > 0).then(|| format!("{what}: {count}"));
    let found = [
        counted(people, "Mentions of people by name"),
        counted(notion_links, "Links into Notion, of which readers see the words alone"),
        counted(remote_images, "Images from other hosts, shown as links"),
        counted(files, "Files linked from the text"),
        counted(comments, "Links to comments, left out"),
        counted(unsaid_columns, "Columns that may be hidden in Notion"),
        counted(unfiltered_tables, "Tables with rows that a view in Notion may hide"),
        counted(transcripts, "Transcripts of meetings, word by word"),
    ];
    found.into_iter().flatten().collect()
}
