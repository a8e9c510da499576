//! Members who may read the audit see who could read what, at any time.

use crate::demo::{Browser, Demo, Page};
use crate::publishing::publish_as;
use crate::story::{self, POLICY, REPORT};

/// Where the audit leads from the newest entry that says this.
async fn moment(ada: &Browser, what: &str) -> String {
    let audit = ada.get("/audit").await.ok().text().replace("&#38;", "&").replace("&amp;", "&");
    let row = audit.split("<tr>").find(|row| row.contains(what)).unwrap_or_else(|| panic!("{what}: {audit}"));
    let link = row.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(link.starts_with("/audit/access?"), "{link}");
    link.split("at=").nth(1).unwrap().to_owned()
}

/// What the page says of a document, without the page's own words.
fn row(page: &Page, title: &str) -> String {
    let text = page.text();
    let row = text.split("<tr>").find(|row| row.contains(&format!(">{title}</a>")));
    row.unwrap_or_else(|| panic!("{title} is not there: {text}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_could_read_what_is_told_of_any_time_with_the_reasons() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    let (policy, report) = (imported.document(POLICY), imported.document(REPORT));
    let id = policy.trim_start_matches("/documents/");
    publish_as(&ada, &policy, 1, "restricted").await.ok();
    publish_as(&ada, &report, 1, "public").await.ok();
    let chiara = demo.browser_of("chiara").await;
    chiara.post(&format!("{policy}/assign"), &[("contact", "dana"), ("days", "90")]).await.ok();
    let assigned = moment(&ada, "Dana Whitfield assigned until").await;
    let assignment = chiara.get(&policy).await.ok().between("name=\"assignment\" value=\"", "\"");
    chiara.post(&format!("{policy}/revoke"), &[("assignment", &assignment)]).await.ok();
    let (revoked, added) = (moment(&ada, "taken back").await, moment(&ada, "Imported from Notion").await);

    let form = ada.get("/audit/access").await.ok().saying("Everybody, without signing in");
    let dana = form.between("<option value=\"019", "\"");
    let dana = format!("019{dana}");
    assert!(form.says("Dana Whitfield, Orchard Bank"));
    let asked =
        async |who: &str, at: &str| ada.get(&format!("/audit/access?contact={who}&at={at}")).await.ok();
    let check = |page: &Page, title: &str, says: &[&str]| {
        let row = row(page, title);
        says.iter().for_each(|words| assert!(row.contains(words), "{words:?} is not in {row}"));
    };
    let digest = "title=\"SHA-256 ";
    let then = asked(&dana, &assigned).await;
    check(
        &then,
        POLICY,
        &[">Yes<", "v1", digest, "Assigned by Chiara Romano", ", until ", "Restricted set by Ada"],
    );
    check(&then, REPORT, &[">Yes<", "Public set by Ada Lindqvist", "Version 1 published by Ada"]);
    let later = asked(&dana, &revoked).await;
    check(&later, POLICY, &[">No<", "The assignment taken back by Chiara Romano"]);
    let everybody = asked("", &assigned).await;
    check(&everybody, POLICY, &[">No<", "Nobody whom the company knew"]);
    check(&everybody, REPORT, &[">Yes<"]);
    check(&asked("", &added).await, REPORT, &[">No<", "Nothing of it was published"]);
    asked("", "2020-01-01T00:00").await.saying("There was no document then");
    ada.get("/audit/access?at=yesterday").await.is(422).saying("Give a date and a time");

    // Narrowed: to what could be read, to a document, and to what comes behind one.
    let readable = format!("/audit/access?contact={dana}&readable=on");
    ada.get(&readable).await.ok().saying(REPORT).not_saying(&format!(">{POLICY}</a>"));
    let one = ada.get(&format!("/audit/access?document={id}")).await.ok();
    assert_eq!(one.all_between("<td><a href=\"/documents/", "\"").iter().collect::<Vec<_>>(), [id]);
    let all = ada.get("/audit/access").await.ok().all_between("<td><a href=\"/documents/", "\"");
    let behind = ada.get(&format!("/audit/access?after={}", all[0])).await.ok();
    assert_eq!(behind.all_between("<td><a href=\"/documents/", "\""), all[1..]);
    ada.get(&policy).await.ok().saying(&format!("/audit/access?document={id}"));

    for person in ["bruno", "chiara", "dana"] {
        demo.browser_of(person).await.get("/audit/access").await.is(403);
    }
    let farah = demo.browser_of("farah").await;
    farah
        .get(&format!("/audit/access?contact={dana}"))
        .await
        .ok()
        .not_saying(id)
        .not_saying("Whitfield, Orchard");
}
