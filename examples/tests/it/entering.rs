//! Signing in by a link that is mailed.

use crate::demo::{Browser, Demo, Page};

const DANA: &str = "dana.whitfield@orchardbank.example";

async fn ask(browser: &Browser, mail: &str) -> Page {
    browser.post("/t/halden/sign-in", &[("mail", mail)]).await
}

fn link(demo: &mut Demo, mail: &str) -> String {
    demo.says(&format!("Mail to {mail}"));
    let line = demo.says("/sign-in/by/");
    line.strip_prefix(&demo.url).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_signs_in_by_a_link_that_is_good_once() {
    let data = tempfile::tempdir().unwrap();
    let folder = ["--data", data.path().to_str().unwrap()];
    let mut demo = Demo::start(&folder);
    let (visitor, other) = (demo.browser(), demo.browser());
    visitor.get("/t/halden/sign-in").await.ok().saying("Send me a link");
    let wrong = ask(&visitor, "no address").await.is(422).saying("Give a mail address");
    wrong.saying("value=\"no address\"");
    // Who is known here is told to nobody else.
    let unknown = ask(&visitor, "nobody@orchardbank.example").await.ok();
    let known = ask(&visitor, " DANA.Whitfield@orchardbank.example ").await.ok();
    assert_eq!((unknown.path.clone(), unknown.text()), (known.path.clone(), known.text()));
    let first = link(&mut demo, DANA);

    // What checks mail for harm opens links, and sends no forms.
    for _ in 0..2 {
        other.get(&first).await.ok().saying("sign in as <b>Dana Whitfield</b>");
    }
    let elsewhere = first.replace("halden", "fernwood");
    other.post(&elsewhere, &[]).await.is(410);
    other.post_from_elsewhere(&first).await.is(403);
    visitor.get("/t/halden").await.ok().saying("Not signed in");
    visitor.post(&first, &[]).await.ok().saying("You are signed in as Dana Whitfield");
    visitor.get("/t/halden").await.ok().saying("Dana Whitfield");
    other.get(&first).await.is(410).saying("This link is over").saying("Ask for another link");
    other.post(&first, &[]).await.is(410);
    other.get("/t/halden").await.ok().saying("Not signed in");
    other.get("/t/halden/sign-in/by/nonsense").await.is(410);

    // A link outlives a restart, and nothing in the folder is one.
    ask(&visitor, DANA).await.ok();
    let second = link(&mut demo, DANA);
    let secret = second.rsplit('/').next().unwrap();
    for file in std::fs::read_dir(data.path().join("sign-in-links")).unwrap() {
        let file = file.unwrap();
        assert!(!file.file_name().to_string_lossy().contains(secret));
        assert!(!std::fs::read_to_string(file.path()).unwrap().contains(secret));
    }
    drop(demo);
    let mut demo = Demo::start(&folder);
    let chiara = demo.browser_of("chiara").await;
    let dana = "/contacts/0199a000-0000-7000-8000-000000001021";
    chiara.post(&format!("{dana}/block"), &[]).await.ok();
    demo.browser().post(&second, &[]).await.is(410);
    chiara.post(&format!("{dana}/unblock"), &[("reason", "A mistake")]).await.ok();
    demo.browser().post(&second, &[]).await.ok().saying("You are signed in as Dana Whitfield");

    // A mailbox gets three in an hour, and whoever asks for more is told nothing else.
    let visitor = demo.browser();
    for _ in 0..5 {
        ask(&visitor, DANA).await.ok().saying("Look at your mail");
    }
    for _ in 0..3 {
        link(&mut demo, DANA);
    }
    ask(&visitor, "emil.novak@tessera.example").await.ok();
    let next = demo.says("Mail to");
    assert!(next.ends_with("emil.novak@tessera.example"), "{next}");
}
