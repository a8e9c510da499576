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
