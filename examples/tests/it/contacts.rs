//! Contacts: added one by one and many at once, shut out, let back in, and erased.

use crate::demo::Demo;
use crate::publishing::publish_as;
use crate::story::{self, POLICY, TABLE};

const DANA: &str = "/contacts/0199a000-0000-7000-8000-000000001021";

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_added_and_what_is_wrong_with_one_costs_no_other() {
    let demo = Demo::start(&["--ephemeral"]);
    let chiara = demo.browser_of("chiara").await;
    chiara.get("/contacts").await.ok().saying("Dana Whitfield").saying("emil.novak@tessera.example");
    let eve = [("name", "Eve Marlowe"), ("company", "Larch & Sons"), ("mail", "eve@larch.example")];
    for (missing, said) in [
        ("name", "A name is missing"),
        ("company", "A company is missing"),
        ("mail", "That is no mail address"),
    ] {
        let fields: Vec<_> = eve.into_iter().filter(|(name, _)| *name != missing).collect();
        let again = chiara.post("/contacts", &fields).await.is(422).saying(said);
        assert_eq!(again.says("value=\"Eve Marlowe\""), missing != "name");
    }
    chiara.post("/contacts", &eve).await.ok().saying("Added.").saying("Eve Marlowe");
    chiara.post("/contacts", &eve).await.is(422).saying("Somebody has this mail address already");

    let table = "Name,Company,Mail\n\"Frey, Ann\",Alder,ann@alder.example\nBo,,bo@birch.example\nCy,Cedar,nonsense\n\
                 Eve,Larch,EVE@larch.example\nDee,Elm,dee@elm.example\n";
    let done = chiara.post("/contacts/import", &[("table", table)]).await.ok().saying("2 added.");
    let done = done.saying("1 was known already").saying("2 not taken").saying("Frey, Ann");
    let done = done.saying("Line 3: A company is missing").saying("Line 4: That is no mail address");
    assert_eq!(done.between("<textarea name=\"table\"", "</textarea>").lines().count(), 2);
    let tabs = "Gus\tFir\tgus@fir.example\nHal\tGorse\thal@gorse.example";
    chiara.post("/contacts/import", &[("table", tabs)]).await.ok().saying("2 added.");
    chiara.post("/contacts/import", &[("table", tabs)]).await.ok().saying("0 added.").saying("2 were known");
    for (wrong, said) in [("", "Paste a line"), (&"x,y,z\n".repeat(1001), "1001 lines")] {
        chiara.post("/contacts/import", &[("table", wrong)]).await.is(422).saying(said);
    }
    for number in 0..60 {
        let mail = format!("n{number}@many.example");
        chiara.post("/contacts", &[("name", "N"), ("company", "Many"), ("mail", &mail)]).await.ok();
    }
    let first = chiara.get("/contacts").await.ok();
    let next = first.between("href=\"/contacts?after=", "\"");
    let second = chiara.get(&format!("/contacts?after={next}")).await.ok();
    let on = |text: String| text.matches("@many.example").count();
    assert_eq!(on(first.text()) + on(second.text()), 60);
    chiara.get("/contacts?after=nonsense").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_shut_out_reads_nothing_and_whoever_is_erased_is_nobody() {
    let demo = Demo::start(&["--ephemeral"]);
    let (ada, chiara) = (demo.browser_of("ada").await, demo.browser_of("chiara").await);
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    publish_as(&ada, &imported.document(TABLE), 1, "restricted").await.ok();
    chiara.post(&format!("{}/assign", imported.document(TABLE)), &[("contact", "dana")]).await.ok();
    let dana = demo.browser_of("dana").await;
    let reading = imported.reading(TABLE);
    dana.get(&reading).await.ok();

    chiara.post(&format!("{DANA}/block"), &[]).await.ok().saying("Shut out, at once");
    assert!(!dana.get(&reading).await.status.is_success());
    chiara.get("/contacts").await.ok().saying("Shut out");
    chiara.post(&format!("{DANA}/unblock"), &[]).await.is(422).saying("Say why");
    chiara.post(&format!("{DANA}/unblock"), &[("reason", "A mistake")]).await.ok().saying("Let back in");
    dana.get(&reading).await.ok();

    chiara.get(&format!("{DANA}/erase")).await.is(403);
    chiara.get(DANA).await.ok().not_saying("/erase");
    ada.get(DANA).await.ok().saying("/erase");
    ada.get(&format!("{DANA}/erase")).await.ok().saying("Erase Dana Whitfield?");
    ada.post(&format!("{DANA}/erase"), &[]).await.ok().saying("Erased").not_saying("Dana Whitfield");
    assert!(!dana.get(&reading).await.status.is_success());
    ada.get(DANA).await.is(404);
    ada.post(&format!("{DANA}/block"), &[]).await.is(404);
    let audit = ada.get("/audit").await.ok().saying("No longer shut out: “A mistake”");
    audit.saying("All that was known of them erased").not_saying("Dana Whitfield");
}

/// Where there are too many to list, a contact is chosen by their address.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_contacts_is_chosen_by_their_address() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    let document = imported.document(POLICY);
    ada.get(&document).await.ok().saying("Dana Whitfield, Orchard Bank</option>");
    let table: String = (0..120).map(|n| format!("Person {n},Many,n{n}@many.example\n")).collect();
    ada.post("/contacts/import", &[("table", &table)]).await.ok().saying("120 added.");
    for page in [&document, "/documents", "/audit/access"] {
        ada.get(page).await.ok().not_saying("Dana Whitfield, Orchard Bank").saying("mail address");
    }
    let assign = format!("{document}/assign");
    ada.post(&assign, &[("contact", " N77@Many.example")]).await.ok().saying("Person 77 is assigned");
    for nobody in ["n200@many.example", "Person 77", ""] {
        ada.post(&assign, &[("contact", nobody)]).await.is(422);
    }
    let page = ada.get("/audit/access?contact=n77%40many.example").await.ok();
    page.saying("What Person 77 could read").saying("value=\"n77@many.example\"");
    ada.get("/audit").await.ok().saying("Person 77 assigned");
}
