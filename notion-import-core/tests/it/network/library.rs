//! What is in a library, in a form that two runs can be compared by.

use notion_import_core::{Actor, DocumentReader, DocumentStore, MemberId, Role};

use super::Tenant;

impl Tenant {
    /// Every document with all that its newest version says, in the order of their sources, and every connection. Times of looking
    /// and ids of our own are left out: no two runs share them.
    pub(super) async fn contents(&self) -> Vec<String> {
        let actor = Actor::new(self.connection.tenant, MemberId::fresh(), Role::Admin);
        let mut contents = Vec::new();
        for known in self.library.linked(&self.connection, None, 1000).await.unwrap() {
            let versions = self.library.versions(&actor, known.document).await.unwrap();
            let said = versions.iter().map(|version| {
                let files: Vec<_> =
                    version.attachments.iter().map(|file| (&file.name, file.blob.id)).collect();
                format!(
                    "{:?} {files:?} {:?} {:?} {:?}",
                    version.content, version.fidelity, version.exposure, version.source_edited_at
                )
            });
            let said: Vec<String> = said.collect();
            contents.push(format!(
                "{:?} {:?} {:?} {} {said:#?}",
                known.link.source, known.link.state, known.title, known.read.settled
            ));
        }
        contents.sort();
        contents.extend(self.workspaces().await);
        contents
    }
}
