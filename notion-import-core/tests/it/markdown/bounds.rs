//! Large pages: they end, in bounded output, on any stack.

use notion_import_core::markdown::{Options, Rendered, render};
use notion_import_core::notion::BlockTree;

fn text(kind: &str, text: &str) -> String {
    format!(
        r#"{{"type":"{kind}","{kind}":{{"rich_text":[{{"plain_text":"{text}","annotations":{{"bold":true}}}}]}}}}"#
    )
}

fn flat(size: usize) -> String {
    let kinds = ["paragraph", "bulleted_list_item", "numbered_list_item", "to_do", "quote", "heading_1"];
    let blocks: Vec<String> = (0..size).map(|at| text(kinds[at % kinds.len()], "a *b* c")).collect();
    format!("[{}]", blocks.join(","))
}

fn nested(size: usize) -> String {
    let open = r#"[{"type":"numbered_list_item","numbered_list_item":{"rich_text":[{"plain_text":"x"}]},"children":"#;
    open.repeat(size) + "[]" + &"}]".repeat(size)
}

fn long(size: usize) -> String {
    format!("[{}]", text("paragraph", &"**a** _b_ `c` [d](e) \\\\ ".repeat(size)))
}

fn many_runs(size: usize) -> String {
    let run = r#"{"plain_text":"a*","annotations":{"bold":true}},{"plain_text":".b","annotations":{"italic":true}}"#;
    let runs = vec![run; size].join(",");
    format!(r#"[{{"type":"paragraph","paragraph":{{"rich_text":[{runs}]}}}}]"#)
}

fn wide(size: usize) -> String {
    let cells = vec![r#"[{"plain_text":"a|b"}]"#; size].join(",");
    let row = format!(r#"{{"type":"table_row","table_row":{{"cells":[{cells}]}}}}"#);
    format!(r#"[{{"type":"table","table":{{}},"children":[{row},{row},{row}]}}]"#)
}

fn ragged(size: usize) -> String {
    let cells = vec!["[]"; size].join(",");
    let empty = vec![r#"{"table_row":{}}"#; size].join(",");
    format!(r#"[{{"type":"table","table":{{}},"children":[{{"table_row":{{"cells":[{cells}]}}}},{empty}]}}]"#)
}

fn deep_lines(size: usize) -> String {
    let open =
        r#"[{"type":"numbered_list_item","numbered_list_item":{"list_start_index":999999999},"children":"#;
    let lines = "x\\n".repeat(size);
    let code = format!(r#"[{{"type":"code","code":{{"rich_text":[{{"plain_text":"{lines}"}}]}}}}]"#);
    open.repeat(64) + &code + &"}]".repeat(64)
}

/// The JSON of a page of a size.
type Page = fn(usize) -> String;

/// Each large page by what makes it large, and its usual size.
const PAGES: &[(&str, Page, usize)] = &[
    ("blocks", flat, 100_000),
    ("depth", nested, 10_000),
    ("a paragraph of 5 MB", long, 200_000),
    ("runs", many_runs, 20_000),
    ("columns", wide, 1_000),
    ("ragged rows", ragged, 2_000),
    ("deep lines", deep_lines, 2_000),
];

fn convert(json: &str) -> Rendered {
    render(&BlockTree::parse(json.as_bytes()).unwrap(), &Options::default())
}

/// Every page is large enough that work growing with its square would never end here; how long each takes is for the bench.
#[test]
fn output_is_a_bounded_multiple_of_the_input() {
    for (name, page, size) in PAGES {
        let json = page(*size);
        assert!(convert(&json).markdown.len() <= 800 * json.len(), "{name}");
    }
}
