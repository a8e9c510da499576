//! Following by mail what is new.

use reqwest::Method;

use crate::demo::{Browser, Demo};
use crate::publishing::publish_as;
use crate::requests::EVE;
use crate::story::{self, POLICY, REPORT};

const FOLLOW: &str = "/t/halden/follow";

fn eve() -> &'static str {
    EVE.iter().find(|(name, _)| *name == "mail").unwrap().1
}

/// Where a mail leads that was sent to this mailbox.
fn link(demo: &mut Demo, mail: &str, to: &str) -> String {
    demo.says(&format!("Mail to {mail}"));
    let line = demo.says(to);
    let (_, link) = line.split_once(&demo.url).unwrap();
    link.trim_end_matches('>').to_owned()
}

async fn subscribers(ada: &Browser) -> usize {
    ada.get("/subscribers").await.ok().all_between("name=\"subscription\" value=\"", "\"").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_told_once_it_has_been_asked_until_it_is_enough() {
    let data = tempfile::tempdir().unwrap();
    let mut demo = Demo::start(&["--data", data.path().to_str().unwrap()]);
    let (visitor, other, ada) = (demo.browser(), demo.browser(), demo.browser_of("ada").await);
    visitor.get("/t/halden").await.ok().saying(FOLLOW);
    visitor.get(FOLLOW).await.ok().saying("Tell me by mail").saying("changes.atom");
    let wrong = visitor.post(FOLLOW, &[("mail", "no address")]).await.is(422);
    wrong.saying("Give a mail address").saying("value=\"no address\"");
    visitor.post_from_elsewhere(FOLLOW).await.is(403);

    // Nobody is told anything who has not said so.
    visitor.post(FOLLOW, &[("mail", eve())]).await.ok().saying("Look at your mail");
    let begin = link(&mut demo, eve(), "/follow/by/");
    for _ in 0..2 {
        other.get(&begin).await.ok().saying(eve());
    }
    assert_eq!(subscribers(&ada).await, 0);
    other.post(&begin.replace("halden", "fernwood"), &[]).await.is(410).saying("This link is over");
    other.post_from_elsewhere(&begin).await.is(403);
    for _ in 0..2 {
        other.post(&begin, &[]).await.ok().saying("From now on you are told");
    }
    assert_eq!(subscribers(&ada).await, 1);
    ada.get("/subscribers").await.ok().saying(eve()).saying("no contact");
    demo.browser_of("farah").await.get("/subscribers").await.ok().not_saying(eve());

    // A contact is known, and is told of what they may know of.
    let dana = demo.browser_of("dana").await;
    dana.get(FOLLOW).await.ok().saying("dana.whitfield@orchardbank.example");
    dana.get(&format!("{FOLLOW}?lang=de")).await.ok();
    dana.post(FOLLOW, &[]).await.ok().saying("Sie werden ab jetzt");
    assert_eq!(subscribers(&ada).await, 2);

    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    publish_as(&ada, &imported.document(POLICY), 1, "public").await.ok();
    publish_as(&ada, &imported.document(REPORT), 1, "restricted").await.ok();
    ada.post(&format!("{}/assign", imported.document(REPORT)), &[("contact", "dana")]).await.ok();
    let mails: Vec<_> = (0..2).map(|_| read(&mut demo)).collect();
    let of = |mail: &str| mails.iter().find(|read| read.to == mail).unwrap();
    let (to_eve, to_dana) = (of(eve()), of("dana.whitfield@orchardbank.example"));
    assert!(to_eve.says(POLICY) && !to_eve.says(REPORT), "{}", to_eve.text);
    assert!(to_dana.says(POLICY) && to_dana.says(REPORT), "{}", to_dana.text);
    assert!(to_eve.says("New in the Trust Center of Halden Pay"), "{}", to_eve.text);
    assert!(to_dana.says("Neu im Trust Center von Halden Pay"), "{}", to_dana.text);
    assert!(to_eve.says("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{}", to_eve.text);

    // It ends by the page that a mail leads to, by the mailbox itself, or by a member.
    let end = to_eve.end.replace(&demo.url, "");
    other.get(&end).await.ok().saying("No more mail");
    other.post(&end.replace("/end/", "/by/"), &[]).await.is(410);
    assert_eq!(subscribers(&ada).await, 2);
    other.post(&end, &[]).await.ok().saying("You are no longer told");
    let at_once = format!("{}/at-once", to_dana.end.replace(&demo.url, ""));
    for _ in 0..2 {
        other.ask(Method::POST, &at_once).await.is(204);
    }
    assert_eq!(subscribers(&ada).await, 0);
    visitor.post(&begin, &[]).await.ok();
    let page = ada.get("/subscribers").await.ok();
    let id = page.between("name=\"subscription\" value=\"", "\"");
    demo.browser_of("farah").await.post("/subscribers", &[("subscription", &id)]).await.ok();
    assert_eq!(subscribers(&ada).await, 1);
    ada.post("/subscribers", &[("subscription", &id)]).await.ok().saying("told no longer");
    assert_eq!(subscribers(&ada).await, 0);
    ada.get("/audit").await.ok().saying("Told what is new from now on").saying("Told no longer what is new");

    // Who asked and never confirmed stands nowhere.
    other.post(FOLLOW, &[("mail", "nobody@elsewhere.example")]).await.ok();
    demo.says("Mail to nobody@elsewhere.example");
    drop(demo);
    for file in walk(data.path()) {
        let held = std::fs::read(&file).unwrap();
        let found = held.windows(24).any(|part| part == b"nobody@elsewhere.example");
        assert!(!found, "{}", file.display());
    }
}

struct Mail {
    to: String,
    text: String,
    end: String,
}

impl Mail {
    fn says(&self, words: &str) -> bool {
        self.text.contains(words)
    }
}

/// The next mail on what is new, whole.
fn read(demo: &mut Demo) -> Mail {
    let to = demo.says("Mail to ").replace("Mail to ", "");
    let mut text = String::new();
    loop {
        let line = demo.says("");
        text.push_str(&line);
        text.push('\n');
        if let Some((_, end)) = line.split_once("ail: ").or_else(|| line.split_once("ails mehr: ")) {
            return Mail { to, text, end: end.to_owned() };
        }
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
