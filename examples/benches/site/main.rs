//! What the Trust Center answers in a second, and what an answer costs the processor, beside a static file of the same server.
//!
//! `cargo bench --bench site --features postgres`. 64 connections ask without a pause, for five seconds a page, in the same machine: the
//! rates are those of a server that shares it with its visitors. The library has 10,000 documents, or as many as an argument says.

mod load;
mod process;
mod shelf;

use std::error::Error;
use std::path::Path;

use notion_import_postgres::testing::{Database, HOST};

use self::load::{Asked, Load};
use self::process::Server;
use self::shelf::{Shelf, Stores};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let documents = arguments.next().map_or(Ok(10_000), |number| number.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        println!(
            "{:10} {:34} {:>7} {:>10} {:>10} {:>9} {:>9} {:>11}",
            "store", "page", "status", "bytes", "a second", "median", "99th", "CPU each"
        );
        let folder = tempfile::tempdir()?;
        bench("SQLite", Stores::Sqlite(folder.path()), folder.path(), documents).await?;
        if cfg!(feature = "postgres") {
            let (folder, database) = (tempfile::tempdir()?, Database::empty().await);
            let url = database.url(HOST);
            bench("PostgreSQL", Stores::Postgres(&url), folder.path(), documents).await?;
        }
        println!("\nCPU is the server's alone, user and system, for each answer.");
        Ok(())
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
    for (page, path, cookie, is_known) in rows {
        let asked = Asked::new(server.authority(), path, cookie, is_known).await?;
        let load = Load::of(&asked, &server).await?;
        println!(
            "{name:10} {page:34} {:>7} {:>10} {:>10.0} {:>6.2} ms {:>6.2} ms {:>8.0} us",
            asked.status.as_u16(),
            load.bytes,
            load.rate(),
            load.at(0.5).as_secs_f64() * 1e3,
            load.at(0.99).as_secs_f64() * 1e3,
            load.cpu_each().as_secs_f64() * 1e6,
        );
    }
    server.stop()
}

fn reading(document: notion_import_core::DocumentId) -> String {
    format!("/t/halden/d/{document}")
}
