//! Only the demo's own pages change anything.

use crate::demo::Demo;

#[tokio::test(flavor = "multi_thread")]
async fn forms_of_other_sites_and_other_names_are_refused() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    ada.post_from_elsewhere("/integrations/connect").await.is(403).saying("Refused");
    ada.post_from_elsewhere("/be").await.is(403);
    let client = reqwest::Client::new();
    let rebound =
        client.get(format!("{}/documents", demo.url)).header("host", "evil.example").send().await.unwrap();
    assert_eq!(rebound.status().as_u16(), 403);
    let unsigned = client.post(format!("{}/webhooks/nango", demo.url)).body("{}").send().await.unwrap();
    assert_eq!(unsigned.status().as_u16(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_browser_sends_leads_to_another_site() {
    let demo = Demo::start(&["--ephemeral"]);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (person, back, to) in [
        ("dana", "/t/halden", "/t/halden"),
        ("dana", "//evil.example", "/t/halden"),
        ("dana", "/t/halden@evil.example", "/t/halden"),
        ("dana", "/t/haldenevil", "/t/halden"),
        ("dana", "/t/halden/..//evil.example", "/t/halden"),
        ("nobody", "/t/\\evil.example", "/"),
        ("nobody", "/t//evil.example", "/"),
        ("nobody", "/t/%2f%2fevil.example", "/"),
        ("nobody", "/t/halden", "/t/halden"),
        ("ada", "/\\evil.example", "/documents"),
        ("ada", "https://evil.example/", "/documents"),
    ] {
        let form = client.post(format!("{}/be", demo.url)).header("origin", &demo.url);
        let answer = form.form(&[("person", person), ("back", back)]).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 303);
        assert_eq!(answer.headers()["location"], to, "{person} back to {back}");
    }
}
