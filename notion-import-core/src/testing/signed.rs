//! Signed addresses wherever somebody can write: a page, a row and what they are called.

use serde_json::json;

use super::blocks::{
    Block, block, bookmark, bulleted, callout, code, columns, embed, embedded_file, equation, external, file,
    heading, image, paragraph, quote, table, to_do, toggle, unsupported,
};
use super::text::{Text, text};
use super::world::{Author, Column, StoredFile};
use crate::id::NotionId;

/// What every signed address carries that a [`World`](super::World) makes itself.
pub const WORLDS_SIGNATURE: &str = "X-Amz-Signature";

/// What [`signed_everywhere`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedPages {
    /// A page with a signed address in each block, its title, its icon and its cover.
    pub page: NotionId,
    /// A data source whose titles and columns hold some.
    pub data_source: NotionId,
    /// A row of it, with a signed address in each property.
    pub row: NotionId,
}

/// Writes signed addresses into every place that an import reads. `mark` is the value of each signature, so that it can be looked
/// for; the files that come with them have [`WORLDS_SIGNATURE`]. Nothing is asked of another host than the world's on their account.
pub fn signed_everywhere(author: &Author, place: NotionId, mark: &str) -> SignedPages {
    let at_notion = format!(
        "https://file.notion.so/f/f/a/signed.html?table=block&expirationTimestamp=1764370800000&signature={mark}&downloadName=a.html"
    );
    let page = author.page(place, format!("titled {at_notion}"));
    let board = author.file("board.html", "text/html", "<html>a board</html>");
    let chart = author.file("chart.png", "image/png", b"\x89PNG\r\n\x1a\na chart".to_vec());
    author.append(page, [embed(&board), embedded_file(&board), embedded_file(&chart), image(&chart)]);
    author.append(page, [external("image", "data:image/png;base64,iVBORw0KGgppbmxpbmU=")]);
    let addresses = [
        at_notion.clone(),
        format!("https://a.example/signed.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={mark}"),
        format!("https://view.example/signed?src=https%3A%2F%2Fa.example%2Fb%3FX-Amz-Signature%3D{mark}"),
        board.address(),
    ];
    for address in &addresses {
        author.append(page, blocks(address));
    }
    author.append(page, [external("image", &chart.address()), external("image", &addresses[1])]);
    author.page(page, format!("inside {at_notion}"));
    author.set_icon(page, json!({"type": "external", "external": {"url": chart.address()}}));
    author.set_cover(page, json!({"type": "external", "external": {"url": addresses[1]}}));
    let (data_source, row) = rows(author, page, &addresses, &chart);
    SignedPages { page, data_source, row }
}

/// An address in each block that holds words or an address.
fn blocks(address: &str) -> Vec<Block> {
    let (start, end) = address.split_at(address.len() - 4);
    let words = || Text::from(format!("see {address} there"));
    let preview = json!({"type": "link_preview", "link_preview": {"url": address}});
    let mention = json!({"type": "link_mention", "link_mention": {"href": address, "title": address}});
    let icon = json!({"type": "external", "external": {"url": address}});
    let elsewhere = external("video", "https://a.example/film.mp4");
    vec![
        paragraph(words()),
        paragraph(text("").link("words", address).plain(" and ").link(address, address)),
        paragraph(text("").bold(start).italic(end).plain(" in two runs")),
        paragraph(text("").code(address).equation(address)),
        paragraph(text("").mention(preview, address, Some(address)).mention(mention, "", None)),
        heading(1, words()),
        bulleted(words()),
        to_do(words(), true),
        quote(words()),
        callout("💡", words()).with("icon", icon),
        toggle(words(), [paragraph(words())]),
        columns([[paragraph(words())], [paragraph(words())]]),
        table([[words(), words()]]),
        code("bash", words()),
        equation(address),
        bookmark(address).caption(words()),
        block("link_preview", json!({"url": address})),
        block("embed", json!({"url": address, "caption": []})).caption(words()),
        external("video", address).caption(words()),
        external("audio", address),
        elsewhere.caption(text("").link(address, address)),
        unsupported(address),
    ]
}

/// A data source with a row: an address in each property, in names and titles.
fn rows(author: &Author, page: NotionId, addresses: &[String], chart: &StoredFile) -> (NotionId, NotionId) {
    let address = &addresses[0];
    let columns = ["url", "formula", "select", "multi_select", "email", "phone_number", "rich_text", "files"];
    let named = |kind: &'static str| Column::from((kind, kind));
    let columns = columns.map(named).into_iter().chain([Column::from((address.as_str(), "rich_text"))]);
    let database = author.database(page, format!("rows of {address}"), columns);
    let row = author.row(database.data_source, format!("a row of {address}"), []);
    let words = text(address).link("words", address).into_value();
    let mut hosted = chart.reference();
    hosted["name"] = json!(address);
    let elsewhere = json!({"name": address, "type": "external", "external": {"url": address}});
    for (name, value) in [
        ("url", json!(address)),
        ("formula", json!({"type": "string", "string": address})),
        ("select", json!({"name": address})),
        ("multi_select", addresses.iter().map(|address| json!({"name": address})).collect()),
        ("email", json!(address)),
        ("phone_number", json!(address)),
        ("rich_text", words.clone()),
        ("files", json!([hosted, elsewhere])),
        (address.as_str(), words),
    ] {
        author.set_property(row, name, value);
    }
    author.append(row, [paragraph(address.as_str()), file(chart).with("name", address.as_str())]);
    author.set_icon(row, json!({"type": "external", "external": {"url": addresses[1]}}));
    (database.data_source, row)
}
