//! What an answer of the Trust Center costs the processor, and how many there are in a second, beside a static file of the same server.
//!
//! `cargo bench --bench site --features postgres`, or scripts/bench. 64 connections ask without a pause, for five seconds a page, in the same
//! machine: the rates are those of a server that shares it with its visitors. The library has 1,000 and then 10,000 documents, or as many as
//! arguments say.

mod load;
mod process;
mod shelf;

use std::error::Error;
use std::path::Path;

use benches::{Case, is_quick};
use notion_import_postgres::testing::{Database, HOST};

use self::load::{Asked, Load};
use self::process::Server;
use self::shelf::{Shelf, Stores};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let numbers = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let mut numbers = numbers.map(|number| number.parse()).collect::<Result<Vec<usize>, _>>()?;
    if numbers.is_empty() {
        numbers = if is_quick() { vec![100, 1_000] } else { vec![1_000, 10_000] };
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    numbers.into_iter().try_for_each(|documents| {
        runtime.block_on(async {
            let folder = tempfile::tempdir()?;
            bench("SQLite", Stores::Sqlite(folder.path()), folder.path(), documents).await?;
            if cfg!(feature = "postgres") {
                let (folder, database) = (tempfile::tempdir()?, Database::empty().await);
                let url = database.url(HOST);
                bench("PostgreSQL", Stores::Postgres(&url), folder.path(), documents).await?;
            }
            Ok(())
        })
    })
}

async fn bench(name: &str, stores: Stores<'_>, folder: &Path, documents: usize) -> Outcome {
    // The first start makes the companies and their contacts.
    let first = Server::start(&stores, folder)?;
    first.sign_in("ada").await?;
    first.stop()?;
    let shelf = Shelf::fill(&stores, documents).await?;
    let server = Server::start(&stores, folder)?;
    let (nobody, dana, ada) = (None, server.sign_in("dana").await?, server.sign_in("ada").await?);
    server.accept_nda(&dana, shelf.behind_nda).await?;
    let (public, behind_nda) = (reading(shelf.public), reading(shelf.behind_nda));
    let rows: [(&str, &str, Option<&str>, bool); 9] = [
        ("a static file", "/style.css", nobody, false),
        ("a static file, unchanged", "/style.css", nobody, true),
        ("a public document", &public, nobody, false),
        ("a public document, unchanged", &public, nobody, true),
        ("the public list", "/t/halden", nobody, false),
        ("the public list, unchanged", "/t/halden", nobody, true),
        ("the public list, for a contact", "/t/halden", Some(&dana), false),
        ("a document behind an NDA", &behind_nda, Some(&dana), false),
        ("the members' library", "/documents", Some(&ada), false),
    ];
    let mut floor = None;
    for (page, path, cookie, is_known) in rows {
        let asked = Asked::new(server.authority(), path, cookie, is_known).await?;
        let load = Load::of(&asked, &server).await?;
        let each = load.cpu_each().as_secs_f64() * 1e3;
        // The first is what all others are beside.
        let floor = *floor.get_or_insert(each);
        let page = format!("{name}: {page}");
        let case = Case { group: "site", name: &page, size: documents, unit: "ms" };
        let note = format!(
            "{:.0} a second, median {:.2} ms, 99th {:.2} ms, {} bytes",
            load.rate(),
            load.at(0.5).as_secs_f64() * 1e3,
            load.at(0.99).as_secs_f64() * 1e3,
            load.bytes,
        );
        case.here_with(each, &note)?;
        case.floor("a static file", floor)?;
    }
    server.stop()
}

fn reading(document: notion_import_core::DocumentId) -> String {
    format!("/t/halden/d/{document}")
}
