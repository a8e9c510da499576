//! Categories on a company's site.

use crate::demo::Demo;
use crate::publishing::publish_as;
use crate::story::{self, POLICY, REPORT, TABLE};

#[tokio::test(flavor = "multi_thread")]
async fn the_site_is_grouped_and_filtered_by_what_a_visitor_may_know_of() {
    let demo = Demo::start(&["--ephemeral"]);
    let (ada, bruno, visitor) =
        (demo.browser_of("ada").await, demo.browser_of("bruno").await, demo.browser());
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    let (policy, report, table) =
        (imported.document(POLICY), imported.document(REPORT), imported.document(TABLE));
    for (document, level) in [(&policy, "public"), (&report, "public"), (&table, "restricted")] {
        publish_as(&bruno, document, 1, level).await.ok();
    }
    visitor.get("/t/halden").await.ok().not_saying("aria-label=\"Categories\"");

    let into = |category: &'static str| [("category", category)];
    bruno.post(&format!("{policy}/category"), &into("Policies & rules")).await.ok();
    bruno.post(&format!("{table}/category"), &into("Secret suppliers")).await.ok();
    let long = "x".repeat(101);
    bruno.post(&format!("{policy}/category"), &[("category", &long)]).await.is(422).saying("100 bytes");
    demo.browser_of("chiara").await.post(&format!("{policy}/category"), &into("Mine")).await.is(403);
    bruno.get(&policy).await.ok().saying("Category: Policies &#38; rules").saying("another category");

    let shelf =
        visitor.get("/t/halden").await.ok().saying("<h2>Policies &#38; rules</h2>").not_saying("Secret");
    let shelf = shelf.saying("<h2>Other documents</h2>").saying(REPORT);
    let address = "/t/halden?category=Policies+%26+rules";
    shelf.saying(&format!("<a href=\"{}\">Policies &#38; rules</a>", address.replace('&', "&#38;")));
    let filtered = visitor.get(address).await.ok().saying(POLICY).not_saying(REPORT).not_saying("Secret");
    filtered.saying("aria-current=\"true\">Policies &#38; rules</a>");
    visitor.get("/t/halden?category=Secret+suppliers").await.ok().not_saying(TABLE);
    visitor.get("/t/halden?lang=de").await.ok().saying("Weitere Dokumente").saying("Kategorien");
    bruno.get("/t/halden").await.ok().saying("<h2>Secret suppliers</h2>");

    // In bulk, and seen at once.
    let ids = [&policy, &report].map(|document| document.rsplit('/').next().unwrap().to_owned());
    let chosen = ids.iter().map(|id| ("document", id.as_str()));
    let chosen: Vec<_> = chosen.chain([("act", "category"), ("category", "Reports")]).collect();
    let ceremony =
        bruno.post("/bulk", &chosen).await.ok().saying("Put into the category “Reports”: 2 documents");
    bruno.post(&ceremony.path, &[]).await.ok().saying("Done.");
    let shelf = visitor.get("/t/halden").await.ok().saying("<h2>Reports</h2>").not_saying("Policies");
    shelf.not_saying("Other documents");
}
