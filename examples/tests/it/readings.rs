//! Members see who has read what, and take it along.

use crate::demo::Demo;
use crate::reading::set_level;
use crate::story::{self, POLICY};

#[tokio::test(flavor = "multi_thread")]
async fn who_lets_contacts_in_sees_what_they_read_and_nobody_else_does() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    let (document, reading) = (imported.document(POLICY), imported.reading(POLICY));
    let id = document.trim_start_matches("/documents/");
    let (bruno, chiara) = (demo.browser_of("bruno").await, demo.browser_of("chiara").await);
    story::publish(&bruno, &document, 1).await;
    set_level(&bruno, id, "restricted").await;
    chiara.post(&format!("{document}/assign"), &[("contact", "dana")]).await.ok();
    chiara.get("/readings").await.ok().saying("No contact has read anything yet");

    let (dana, emil) = (demo.browser_of("dana").await, demo.browser_of("emil").await);
    for _ in 0..2 {
        dana.get(&reading).await.ok();
    }
    emil.get(&reading).await.is(404);
    let page = chiara.get("/readings").await.ok().saying("Dana Whitfield").saying(POLICY);
    let page = page.saying("127.0.0.1").saying("Read the page").saying("Assigned");
    let readers = page.all_between("/readings?contact=", "</a>");
    assert_eq!(readers.len(), 1, "a minute is one reading, and what was refused is none: {readers:?}");
    chiara.get(&document).await.ok().saying(&format!("/readings?document={id}"));

    let csv = chiara.get(&format!("/log/readings.csv?document={id}")).await.ok().text();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(lines[0].starts_with("at,contact,name,company,address,document,version,digest,file,"), "{csv}");
    assert!(lines[1].contains("Dana Whitfield,Orchard Bank,127.0.0.1"), "{csv}");
    let json = chiara.get("/log/readings.jsonl").await.ok().text();
    let line: serde_json::Value = serde_json::from_str(json.trim_end()).unwrap();
    assert_eq!((&line["document"], &line["version"]), (&id.into(), &1.into()));

    for path in ["/readings", "/log/readings.csv", "/log/readings.jsonl"] {
        bruno.get(path).await.is(403);
        demo.browser_of("hanna").await.get(path).await.ok().not_saying(id);
    }
    chiara.get("/log/readings.exe").await.is(404);

    set_level(&bruno, id, "public").await;
    for _ in 0..3 {
        demo.browser().get(&reading).await.ok();
    }
    chiara.get(&format!("/readings?document={id}")).await.ok().saying("3 times in 30 days");
}
