//! Inviting contacts by mail.

use crate::demo::Demo;

const DANA: &str = "/contacts/0199a000-0000-7000-8000-000000001021";

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_mailed_and_good_once() {
    let data = tempfile::tempdir().unwrap();
    let folder = ["--data", data.path().to_str().unwrap()];
    let mut demo = Demo::start(&folder);
    let chiara = demo.browser_of("chiara").await;
    chiara.get(DANA).await.ok().saying("not yet");
    demo.browser_of("bruno").await.post(&format!("{DANA}/invite"), &[]).await.is(403);
    demo.browser_of("hanna").await.post(&format!("{DANA}/invite"), &[]).await.is(404);
    chiara.post_from_elsewhere(&format!("{DANA}/invite")).await.is(403);
    chiara
        .post(&format!("{DANA}/invite"), &[])
        .await
        .ok()
        .saying("The invitation is sent")
        .saying("UTC</dd>");
    demo.says("Mail to dana.whitfield@orchardbank.example");
    demo.says("Subject: Halden Pay invites you to its Trust Center");
    demo.says("Hello Dana Whitfield");
    let link = demo.says("/sign-in/by/").replace(&demo.url, "");
    let secret = link.rsplit('/').next().unwrap();
    for folder in ["invitations", "invited", "sign-in-links"] {
        for file in std::fs::read_dir(data.path().join(folder)).unwrap() {
            let file = file.unwrap();
            let says = std::fs::read_to_string(file.path()).unwrap();
            assert!(!file.file_name().to_string_lossy().contains(secret) && !says.contains(secret));
            assert!(!says.contains("orchardbank") && !says.contains("Dana"));
        }
    }
    drop(demo);
    let mut demo = Demo::start(&folder);
    let (visitor, other) = (demo.browser(), demo.browser());
    // What looks at mail opens links; only a form uses one up.
    visitor.get(&link).await.ok().saying("<b>Dana Whitfield</b>");
    other.post(&link.replace("halden", "fernwood"), &[]).await.is(410);
    visitor.post(&link, &[]).await.ok().saying("You are signed in as Dana Whitfield.");
    other.post(&link, &[]).await.is(410);
    other.get(&link).await.is(410);

    // With whoever is added, or assigned something, if that is ticked; and no mailbox gets many.
    let chiara = demo.browser_of("chiara").await;
    let eve = [("name", "Eve Marlowe"), ("company", "Larch & Sons"), ("mail", "eve@larch.example")];
    let fields = [&eve[..], &[("invite", "yes")]].concat();
    chiara.post("/contacts", &fields).await.ok().saying("Added.").saying("The invitation is sent.");
    demo.says("Mail to eve@larch.example");
    for sent in [true, true, true, false] {
        let page = chiara.post(&format!("{DANA}/invite"), &[]).await.ok();
        assert_eq!(page.says("The invitation is sent."), sent);
        assert_eq!(page.says("No invitation was sent"), !sent);
    }
    chiara.post(&format!("{DANA}/block"), &[]).await.ok().not_saying("Send another invitation");
    chiara.post(&format!("{DANA}/invite"), &[]).await.ok().saying("they are shut out");
    // Whoever is erased leaves no trace of having been invited.
    demo.browser_of("ada").await.post(&format!("{DANA}/erase"), &[]).await.ok();
    let invited = std::fs::read_dir(data.path().join("invited")).unwrap();
    assert!(
        invited.map(|file| file.unwrap().file_name()).all(|name| !DANA.ends_with(&*name.to_string_lossy()))
    );
}
