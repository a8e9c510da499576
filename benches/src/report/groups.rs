//! What is measured, in the order of the report, and what has to be known to read it.

/// Figures that belong together.
pub struct Group {
    /// As benches name it.
    pub name: &'static str,
    /// As the report does.
    pub title: &'static str,
    /// What was done, and what the floor is.
    pub said: &'static str,
    /// What its sizes count.
    pub sizes: &'static str,
    /// Who else does it.
    pub peers: &'static [Other],
    /// What is drawn, if anything is.
    pub plot: Option<Plot>,
}

/// Somebody who does it too, and what they leave out.
pub struct Other {
    /// What its registry calls it.
    pub name: &'static str,
    /// Where it comes from, and what it does not do.
    pub said: &'static str,
}

/// Cost against size.
pub struct Plot {
    /// The cases that are drawn: of the first also the floor and the peers.
    pub cases: &'static [&'static str],
}

const NOTION_TO_MD: &str = "npm. Text that looks like Markdown is not escaped, styles that touch run together, pipes break table rows, \
     unknown blocks are dropped, and nothing of that is reported.";
const NOTION_TO_MD_PY: &str =
    "PyPI, a port of notion-to-md with the same losses. It asks for the children of callouts itself.";

/// Every group of the report.
pub const GROUPS: [Group; 8] = [
    Group {
        name: "conversion",
        title: "Conversion",
        said: "A page of mixed blocks, as Notion's API gives it, from JSON to Markdown with a report of losses; the cost of a block. The \
            floor reads the same JSON into a `Value` of `serde_json`, and looks at nothing. The page is repeated until half a second \
            has passed, and the fastest counts; a peer's first run is not counted.",
        sizes: "blocks",
        peers: &[
            Other { name: "notion-to-md", said: NOTION_TO_MD },
            Other { name: "notion-to-md-py", said: NOTION_TO_MD_PY },
            Other {
                name: "notion2md",
                said: "crates.io, an alpha. As notion-to-md, and a block that its model does not know fails the page.",
            },
        ],
        plot: Some(Plot { cases: &["parse and convert"] }),
    },
    Group {
        name: "reading",
        title: "Reading",
        said: "Pages of 60 blocks in 8 lists, from a stand-in for Notion that knows every answer by heart, over a socket, to Markdown; \
            nothing is kept. The floor fetches the same answers, 32 at once, and reads them into a `Value`.",
        sizes: "pages",
        peers: &[
            Other {
                name: "@notionhq/client",
                said: "npm, Notion's own. Lists the blocks, 8 pages at once, and converts nothing.",
            },
            Other {
                name: "notion-to-md",
                said: "npm, on that client, 8 pages at once. Asks for no page, only for its blocks.",
            },
            Other {
                name: "notion-to-md-py",
                said: "PyPI, on the asynchronous client of notion-client, 8 pages at once. Asks for no page, only for its blocks.",
            },
        ],
        plot: Some(Plot { cases: &["to Markdown"] }),
    },
    Group {
        name: "import",
        title: "Import",
        said: "The same pages into a library in memory: read, converted, versioned. Answered at once, the floor is that of reading; else \
            it is what the stand-in's delay or limit leaves: requests x delay / requests under way, or requests / limit.",
        sizes: "pages",
        peers: &[],
        plot: Some(Plot { cases: &["answered at once"] }),
    },
    Group {
        name: "export",
        title: "Export",
        said: "`notion-to-markdown export` into an empty folder, start of the process included. The floor is reading's, with nothing written.",
        sizes: "pages",
        peers: &[
            Other {
                name: "notion-to-md",
                said: "npm. The pages are named to it (it does not search), and their Markdown is written; start of Node included. No files, \
                    no record to go on from.",
            },
            Other { name: "notion-to-md-py", said: "PyPI. As notion-to-md; start of Python included." },
        ],
        plot: Some(Plot { cases: &["everything into a folder"] }),
    },
    Group {
        name: "sync",
        title: "Sync",
        said: "A day of six syncs, half of the documents pages, half rows of data sources of 500. Requests are counted, so they are the same on \
            every machine; the processor's time is that of sync and stand-in together. The floor is what a search for everything asks, which \
            finds only what search shows; to find out by asking for every page costs six requests a document.",
        sizes: "documents",
        peers: &[],
        plot: Some(Plot {
            cases: &["requests, nothing changed", "requests, 1% changed", "requests, asking for every page"],
        }),
    },
    Group {
        name: "stores",
        title: "Stores",
        said: "Documents of 2 kB, one writer on one connection; what one costs. The floor is a bare `INSERT` of the same text in a transaction of its own, \
            or `SELECT 1`, by the same driver on the same database. PostgreSQL is a new cluster with the settings it comes with. Reads among \
            many documents name the indexes that they used.",
        sizes: "documents",
        peers: &[],
        plot: Some(Plot {
            cases: &[
                "PostgreSQL: get, for a member",
                "PostgreSQL: a page of all, for a member",
                "PostgreSQL: facts and content, for a contact",
            ],
        }),
    },
    Group {
        name: "gate",
        title: "Gate",
        said: "`Gate::read` of a document: who may is decided from the store's rows, the content is read, and for a contact the log is written first. The \
            floor is `SELECT 1` by the same driver, for a contact one bare `INSERT`.",
        sizes: "documents",
        peers: &[],
        plot: None,
    },
    Group {
        name: "site",
        title: "Site",
        said: "The demo, asked by 64 connections without a pause on the same machine; the processor's time of the server for an answer. The \
            floor is a static file of the same server.",
        sizes: "documents",
        peers: &[],
        plot: Some(Plot {
            cases: &["SQLite: the public list", "SQLite: a public document", "SQLite: the members' library"],
        }),
    },
];
