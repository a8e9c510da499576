//! The fake Notion and the fake Nango are another site than the Trust Center.

use reqwest::{Client, Method};

use crate::demo::Demo;

#[tokio::test(flavor = "multi_thread")]
async fn the_stand_ins_listen_where_they_are_said_to_and_neither_site_answers_for_the_other() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    assert_ne!(demo.url, demo.stand_ins);
    ada.get("/").await.ok().saying(&format!("href=\"{}/notion\"", demo.stand_ins));
    let (own, theirs) = (
        ["/notion", "/notion/requests.json", "/nango/connections", "/nango/oauth/connect"],
        ["/documents", "/t/halden", "/integrations", "/imports/x", "/webhooks/nango", "/be"],
    );
    for (site, paths) in [(&demo.url, own.as_slice()), (&demo.stand_ins, theirs.as_slice())] {
        for path in paths {
            ada.get(&format!("{site}{path}")).await.is(404).saying("class=\"bar\"");
        }
    }
    let window =
        ada.get("/notion").await.ok().saying("Halden Pay").saying(&format!("href=\"{}/\"", demo.url));
    assert!(window.header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!((window.header("cache-control"), window.header("set-cookie")), ("no-store", ""));
    window.not_saying("Ada Lindqvist");
    ada.get(&format!("{}/", demo.stand_ins)).await.ok().saying("stand-in for the two companies");
    // Neither takes forms from the other, and each goes by its own name only.
    for (site, from, path) in [
        (&demo.url, &demo.stand_ins, "/be"),
        (&demo.stand_ins, &demo.url, "/notion/p/35261e8ce0a380c89f000123456789ab/trash"),
    ] {
        let form = Client::new().request(Method::POST, format!("{site}{path}")).form(&[("person", "ada")]);
        assert_eq!(form.header("origin", from).send().await.unwrap().status().as_u16(), 403, "{path}");
        let renamed =
            Client::new().get(format!("{site}/")).header("host", "evil.example").send().await.unwrap();
        assert_eq!(renamed.status().as_u16(), 403);
    }
}
