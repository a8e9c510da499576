//! `notion-to-markdown page`, `export` and `doctor`, the real program, against the fake Notion over HTTP.

mod databases;
mod doctor;
mod failures;
mod resume;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use notion_import_core::NotionId;
use notion_import_core::testing::{
    Author, Database, Grant, Server, World, block, file, image, paragraph, pdf, toggle,
};
use notion_import_core::transport::SystemClock;
use tempfile::TempDir;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe picture";
const PDF: &[u8] = b"%PDF-1.7\nthe report";

/// Everything in a folder, by path below it.
type Tree = BTreeMap<String, Vec<u8>>;

/// A workspace with something of everything, and a folder to export it into.
struct Stage {
    world: World,
    server: Server,
    grant: Grant,
    home: NotionId,
    report: NotionId,
    vendors: Database,
    rows: Vec<NotionId>,
    private: NotionId,
    /// Every page and data source that is shared.
    shared: BTreeSet<String>,
    folder: TempDir,
}

impl Stage {
    async fn new() -> Self {
        // With this seed the first fault plan meets every kind of fault, the rate limit before Notion's promised budget is
        // spent: after that the limit would be learned, and the test would wait for whole windows.
        let world = World::new(135);
        let author = world.at(Utc::now() - TimeDelta::hours(2));
        let workspace = author.workspace("Acme");
        let home = author.page(workspace, "Home: \"all\" of it 🔐");
        author.append(home, [paragraph("canary words")]);
        let mut shared = vec![home];
        shared.extend(nested(&author, home));
        let report = with_files(&author, home);
        let vendors = author.database(home, "Vendors", [("Country", "rich_text")]);
        let rows: Vec<_> =
            (0..130).map(|number| author.row(vendors.data_source, format!("Vendor {number}"), [])).collect();
        let under_a_row = author.page(rows[3], "Contract");
        author.append(rows[3], [image(&author.file("logo.png", "image/png", PNG))]);
        let private = author.page(workspace, "Board minutes");
        let shared_alone = author.page(author.page(private, "Unshared"), "Shared alone");
        shared.extend(rows.clone());
        shared.extend([report, vendors.data_source, under_a_row, shared_alone]);
        let shared = shared.iter().map(ToString::to_string).collect();
        let grant = world.grant(workspace, [home, shared_alone]);
        let server = Server::start(world.clone(), Arc::new(SystemClock), 0).await.unwrap();
        let folder = TempDir::new().unwrap();
        Self { world, server, grant, home, report, vendors, rows, private, shared, folder }
    }

    fn author(&self) -> Author {
        self.world.at(Utc::now() - TimeDelta::hours(1))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_notion-to-markdown"));
        command.args(arguments).current_dir(self.folder.path());
        command.env("NOTION_TOKEN", &self.grant.token).env("NOTION_API_URL", self.server.url());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let output = finished(self.command(arguments)).await;
        self.keeps_secrets(&output);
        output
    }

    /// Exports into a folder of its own and returns what is in it.
    async fn export(&self, arguments: &[&str]) -> (Tree, String) {
        let output = self.run(&[&["export"], arguments].concat()).await;
        let said = text(&output.stderr);
        assert!(output.status.success(), "{said}");
        (tree(&self.folder.path().join("out")), said)
    }

    fn keeps_secrets(&self, output: &Output) {
        let written = tree(self.folder.path());
        let said = [("stdout", &output.stdout), ("stderr", &output.stderr)];
        let files = written.iter().map(|(path, bytes)| (path.as_str(), bytes));
        for (place, bytes) in said.into_iter().chain(files) {
            for secret in [self.grant.token.as_str(), "X-Amz-"] {
                assert!(!text(bytes).contains(secret), "{place} holds a secret");
            }
        }
    }
}

/// Pages inside a toggle, a column, and each other.
fn nested(author: &Author, home: NotionId) -> Vec<NotionId> {
    let toggle = author.append(home, [toggle("More", [])])[0];
    let list = author.append(home, [block("column_list", serde_json::json!({}))])[0];
    let column = author.append(list, [block("column", serde_json::json!({}))])[0];
    let (in_toggle, in_column) = (author.page(toggle, "In a toggle"), author.page(column, "In a column"));
    let mut pages = vec![in_toggle, in_column];
    for depth in 0..5 {
        pages.push(author.page(pages[pages.len() - 1], format!("Level {depth}")));
    }
    pages
}

/// A page with a picture, a PDF, and two files of one name.
fn with_files(author: &Author, home: NotionId) -> NotionId {
    let page = author.page(home, "Report");
    let files = [
        image(&author.file("diagram.png", "image/png", PNG)),
        pdf(&author.file("SOC 2 (final).pdf", "application/pdf", PDF)),
        file(&author.file("list.csv", "text/csv", "a,b\n1,2\n")),
        file(&author.file("list.csv", "text/csv", "a,b\n3,4\n")),
    ];
    author.append(page, files);
    page
}

async fn finished(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn tree(root: &Path) -> Tree {
    names(root).into_iter().map(|name| (name.clone(), fs::read(root.join(name)).unwrap())).collect()
}

/// Returns the names of the files in a folder, also while somebody else writes there.
fn names(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                names.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    names
}

/// Returns the ids of the pages in a folder.
fn pages(tree: &Tree) -> BTreeSet<String> {
    page_ids(tree.keys())
}

fn page_ids<'a>(names: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    names.into_iter().filter_map(|name| name.strip_suffix(".md")).map(str::to_owned).collect()
}

/// What people see of a folder.
fn visible(mut tree: Tree) -> Tree {
    tree.retain(|name, _| !name.starts_with('.'));
    tree
}

fn differing<'a>(one: &'a Tree, other: &'a Tree) -> Vec<&'a String> {
    one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name)).collect()
}
