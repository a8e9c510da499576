//! `notion-to-markdown page` and `export`, the real program, against the fake Notion over HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use notion_import_core::id::NotionId;
use notion_import_core::testing::{
    Author, Database, Endpoint, Fault, FaultPlan, Grant, Server, World, block, file, image, paragraph, pdf,
    toggle,
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
        shared.extend(rows);
        shared.extend([report, vendors.data_source, under_a_row, shared_alone]);
        let shared = shared.iter().map(ToString::to_string).collect();
        let grant = world.grant(workspace, [home, shared_alone]);
        let server = Server::start(world.clone(), Arc::new(SystemClock), 0).await.unwrap();
        Self { world, server, grant, home, report, vendors, private, shared, folder: TempDir::new().unwrap() }
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

#[tokio::test(flavor = "multi_thread")]
async fn every_page_row_and_file_comes_and_faults_change_no_byte() {
    let stage = Stage::new().await;
    let (calm, said) = stage.export(&["--out", "out", "--front-matter"]).await;
    assert_eq!(pages(&calm), stage.shared);
    assert!(said.contains(&format!("{} written with 5 files", stage.shared.len())), "{said}");
    assert!(stage.world.violations().is_empty(), "{:?}", stage.world.violations());
    fs::rename(stage.folder.path().join("out"), stage.folder.path().join("calm")).unwrap();
    stage.world.plan_faults(FaultPlan::survivable(0.05));
    let (stormy, _) = stage.export(&["--out", "out", "--front-matter"]).await;
    assert!(stage.world.faults() > 10, "{}", stage.world.faults());
    assert!(calm == stormy, "faults changed {:?}", differing(&calm, &stormy));
}

fn differing<'a>(one: &'a Tree, other: &'a Tree) -> Vec<&'a String> {
    one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_stand_beside_the_page_under_their_names_and_are_linked() {
    let stage = Stage::new().await;
    let (tree, _) = stage.export(&["--out", "out", "--query", "Report"]).await;
    let id = stage.report.to_string();
    assert_eq!(pages(&tree), BTreeSet::from([id.clone()]));
    let names: Vec<_> = tree.keys().filter_map(|name| name.strip_prefix(&format!("{id}/"))).collect();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(tree[&format!("{id}/diagram.png")], PNG);
    assert_eq!(tree[&format!("{id}/SOC 2 (final).pdf")], PDF);
    let markdown = text(&tree[&format!("{id}.md")]);
    for link in [
        format!("![]({id}/diagram.png)"),
        format!("({id}/SOC%202%20%28final%29.pdf)"),
        format!("[list.csv]({id}/list.csv)"),
        format!("[list.csv]({id}/list-"),
    ] {
        assert!(markdown.contains(&link), "{link} is not in {markdown}");
    }
    assert!(!markdown.contains("attachment:"), "{markdown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_between_exported_pages_lead_from_file_to_file() {
    let stage = Stage::new().await;
    let link = |id: NotionId| {
        paragraph(
            notion_import_core::testing::text("See ")
                .link("there", &format!("https://app.notion.com/p/{}", id.simple())),
        )
    };
    stage.author().append(stage.report, [link(stage.home), link(stage.private)]);
    stage.author().append(stage.home, [link(stage.report)]);
    let markdown = |tree: &Tree, id: NotionId| text(&tree[&format!("{id}.md")]);
    let (tree, _) = stage.export(&["--out", "out", "--query", "Report"]).await;
    let alone = markdown(&tree, stage.report);
    assert!(alone.contains(&format!("/p/{})", stage.home.simple())), "{alone}");
    let (tree, _) = stage.export(&["--out", "out"]).await;
    let (home, report) = (markdown(&tree, stage.home), markdown(&tree, stage.report));
    assert!(home.contains(&format!("({}.md)", stage.report)), "{home}");
    assert!(report.contains(&format!("({}.md)", stage.home)), "{report}");
    assert!(report.contains(&format!("/p/{})", stage.private.simple())), "it was not exported: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_search_hides_is_found_through_what_it_is_in() {
    let stage = Stage::new().await;
    stage.world.tune(|rules| rules.unlisted_share = 0.9);
    let (tree, _) = stage.export(&["--out", "out"]).await;
    assert_eq!(pages(&tree), stage.shared);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_export_leaves_whole_pages_and_the_next_run_goes_on() {
    let stage = Stage::new().await;
    let slow = Fault::Slow { chunk: 4096, pause: Duration::from_millis(20) };
    stage.world.plan_faults(FaultPlan { rate: 1.0, kinds: vec![slow] });
    let mut running = stage.command(&["export", "--out", "out"]).spawn().unwrap();
    let out = stage.folder.path().join("out");
    while page_ids(&names(&out)).len() < 40 {
        assert!(running.try_wait().unwrap().is_none(), "it ended too early");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    kill(&mut running);
    let done = pages(&tree(&out));
    assert!(done.len() < stage.shared.len());
    stage.world.plan_faults(None);
    stage.world.forget_requests();
    let (resumed, said) = stage.export(&["--out", "out"]).await;
    assert_eq!(pages(&resumed), stage.shared);
    assert!(!said.contains(" 0 unchanged"), "{said}");
    let read_again = stage.world.requests_to(Endpoint::Children);
    assert!(
        read_again < 2 * (stage.shared.len() - done.len()) + 10,
        "{read_again} lists, {} done",
        done.len()
    );
    let elsewhere = stage.export(&["--out", "out", "--force"]).await;
    assert!(resumed == elsewhere.0, "{:?}", differing(&resumed, &elsewhere.0));
}

fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_changed_is_read_again_unless_forced() {
    let stage = Stage::new().await;
    let (first, _) = stage.export(&["--out", "out"]).await;
    let (again, said) = stage.export(&["--out", "out"]).await;
    assert!(first == again, "{:?}", differing(&first, &again));
    assert!(
        said.contains(&format!("1 written with 0 files, {} unchanged", stage.shared.len() - 1)),
        "{said}"
    );

    stage.author().append(stage.home, [paragraph("Something new.")]);
    let added = stage.author().row(stage.vendors.data_source, "A new vendor", []);
    let out = stage.folder.path().join("out");
    fs::remove_file(out.join(format!("{}/diagram.png", stage.report))).unwrap();
    let (edited, said) = stage.export(&["--out", "out"]).await;
    assert!(said.starts_with("4 written with 4 files"), "{said}");
    let mut expected = [stage.home, stage.vendors.data_source, added].map(|id| format!("{id}.md")).to_vec();
    expected.sort();
    let (before, after) = (visible(first), visible(edited));
    assert_eq!(BTreeSet::from_iter(differing(&before, &after)), BTreeSet::from_iter(&expected));

    let (_, said) = stage.export(&["--out", "out", "--force"]).await;
    assert!(said.contains(&format!("{} written", stage.shared.len() + 1)), "{said}");
    let (with_front_matter, said) = stage.export(&["--out", "out", "--front-matter"]).await;
    assert!(said.contains(" 0 unchanged"), "{said}");
    assert!(text(&with_front_matter[&format!("{}.md", stage.home)]).starts_with("---\nid: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_page_that_fails_is_told_and_the_rest_is_exported() {
    let stage = Stage::new().await;
    for _ in 0..2 {
        stage.world.fail_next(Endpoint::Page, Fault::Restricted);
    }
    let output = stage.run(&["export", "--out", "out"]).await;
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.matches("was not exported").count(), 2, "{said}");
    assert!(said.contains("Read content") && said.contains("Run the same command again"), "{said}");
    let (tree, _) = stage.export(&["--out", "out"]).await;
    assert_eq!(pages(&tree), stage.shared);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_cut_short_is_told_and_the_advice_brings_the_rest() {
    let stage = Stage::new().await;
    stage.world.tune(|rules| rules.search_cap = Some(2));
    let cut = stage.run(&["export", "--out", "out", "--query", "Vendor 1"]).await;
    let said = text(&cut.stderr);
    assert_eq!(cut.status.code(), Some(1), "{said}");
    assert!(said.contains("capped") && said.contains("--query") && said.contains("`page`"), "{said}");
    let shown = pages(&tree(&stage.folder.path().join("out")));
    assert_eq!(shown.len(), 2);

    let (narrowed, _) = stage.export(&["--out", "out", "--query", "Vendor 107"]).await;
    assert!(pages(&narrowed).is_superset(&shown) && pages(&narrowed).len() == 3);
    let report = stage.report.to_string();
    assert!(stage.run(&["page", &report, "--out", "out"]).await.status.success());
    let added: Vec<_> =
        pages(&tree(&stage.folder.path().join("out"))).difference(&pages(&narrowed)).cloned().collect();
    assert_eq!(added, [report]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_to_standard_output_or_into_a_folder_with_the_same_bytes() {
    let stage = Stage::new().await;
    let link = format!("https://www.notion.so/acme/Report-{}?pvs=4", stage.report.simple());
    for options in [&["--front-matter", "--report"][..], &[]] {
        let shown = stage.run(&[&["page", &link], options].concat()).await;
        let said = text(&shown.stderr);
        assert!(shown.status.success() && said.contains("--out DIR"), "{said}");
        assert_eq!(said.contains("\"fidelity\""), !options.is_empty(), "{said}");
        let kept = stage.run(&[&["page", &link, "--out", "out"], options].concat()).await;
        assert!(kept.status.success() && kept.stdout.is_empty(), "{}", text(&kept.stderr));
        let tree = visible(tree(&stage.folder.path().join("out")));
        assert_eq!(text(&shown.stdout), text(&tree[&format!("{}.md", stage.report)]));
        assert_eq!(tree[&format!("{}/SOC 2 (final).pdf", stage.report)], PDF);
        assert_eq!(tree.len(), 5, "{:?}", tree.keys());
    }
    let table = stage.run(&["page", &stage.vendors.id.to_string()]).await;
    assert!(text(&table.stdout).contains("| Vendor 129 |"), "{}", text(&table.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn front_matter_says_what_the_page_says_of_itself() {
    let stage = Stage::new().await;
    stage.author().set_icon(stage.home, serde_json::json!({"type": "emoji", "emoji": "🏠"}));
    let shown = stage.run(&["page", &stage.home.to_string(), "--front-matter"]).await;
    let markdown = text(&shown.stdout);
    let (yaml, body) = markdown.strip_prefix("---\n").unwrap().split_once("---\n\n").unwrap();
    let names: Vec<_> = yaml.lines().map(|line| line.split_once(": ").unwrap().0).collect();
    assert_eq!(names, ["id", "title", "url", "created", "edited", "icon"]);
    assert!(yaml.contains(r#"title: "Home: \"all\" of it 🔐""#), "{yaml}");
    assert!(yaml.contains("icon: \"🏠\""), "{yaml}");
    assert!(body.starts_with("canary words"), "no heading is added: {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_answers_that_is_said_at_once_and_given_up_within_seconds() {
    let stage = Stage::new().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = stage.command(&["page", &stage.home.to_string()]);
    command.env("NOTION_API_URL", format!("http://{closed}"));
    let began = Instant::now();
    let output = finished(command).await;
    let (took, said) = (began.elapsed(), text(&output.stderr));
    assert_eq!(output.status.code(), Some(5), "{said}");
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].contains("Notion cannot be reached, trying again in 1 s"), "{said}");
    assert!(lines[1].contains("Check the network and NOTION_API_URL, then try again."), "{said}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_a_code_each_and_say_what_to_do() {
    let stage = Stage::new().await;
    let (home, private) = (stage.home.to_string(), stage.private.to_string());
    let check = async |arguments: &[&str], environment: &[(&str, &str)], code: i32, advice: &str| {
        let mut command = stage.command(arguments);
        command.envs(environment.iter().copied());
        let output = finished(command).await;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {environment:?}: {said}");
        assert!(said.contains(advice), "{arguments:?} {environment:?}: {said}");
        stage.keeps_secrets(&output);
    };
    check(&["page", &home], &[("NOTION_TOKEN", "")], 3, "set NOTION_TOKEN").await;
    check(&["page", &home], &[("NOTION_TOKEN", "ntn_wrong")], 3, "Check NOTION_TOKEN").await;
    check(&["export", "--out", "out"], &[("NOTION_TOKEN", "ntn_wrong")], 3, "Check NOTION_TOKEN").await;
    check(&["page", &private], &[], 4, "add the integration").await;
    check(&["page", "https://example.com/"], &[], 2, "Copy the link").await;
    let versioned = format!("{}/v1", stage.server.url());
    check(&["page", &home], &[("NOTION_API_URL", &versioned)], 0, "").await;
    check(&["page", &home], &[("NOTION_API_URL", "api.notion.com")], 2, "it is no URL").await;
    check(&["export"], &[], 2, "--out").await;
    check(&["--help"], &[], 0, "").await;
    let nobody = stage.world.grant(stage.grant.workspace_id, []);
    check(&["export", "--out", "empty"], &[("NOTION_TOKEN", &nobody.token)], 4, "sees no page").await;
    check(&["export", "--out", "empty", "--query", "x"], &[("NOTION_TOKEN", &nobody.token)], 0, "0 written")
        .await;
    stage.world.fail_next(Endpoint::Page, Fault::Restricted);
    check(&["page", &home], &[], 3, "Read content").await;
    stage.world.tune(|rules| rules.blocked = true);
    check(&["page", &home], &[], 5, "blocked").await;
    check(&["export", "--out", "out"], &[], 5, "blocked").await;
}
