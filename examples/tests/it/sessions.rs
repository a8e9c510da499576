//! A cookie is worth what the server says, not what it was worth once.

use notion_import_postgres::testing::{Database, HOST};
use reqwest::header::HeaderMap;
use reqwest::{Client, redirect};

use crate::demo::Demo;

/// Becomes somebody with a cookie in hand, under a name of the site; what was answered.
async fn be(demo: &Demo, person: &str, cookie: &str, site: &str) -> HeaderMap {
    let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
    let form = client.post(format!("{}/be", demo.url)).form(&[("person", person)]);
    let form = form.header("host", site.split_once("://").unwrap().1).header("origin", site);
    let answer = form.header("cookie", cookie).header("x-forwarded-proto", "https").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 303);
    answer.headers().clone()
}

/// The cookie that somebody has after signing in with another in hand.
async fn sign_in(demo: &Demo, person: &str, cookie: &str) -> String {
    let set = be(demo, person, cookie, &demo.url).await["set-cookie"].to_str().unwrap().to_owned();
    set.split(';').next().unwrap().to_owned()
}

/// What the library answers to whoever has this cookie.
async fn library(demo: &Demo, cookie: &str) -> u16 {
    let asked = Client::new().get(format!("{}/documents", demo.url)).header("cookie", cookie);
    asked.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_was_captured_is_worth_nothing_after_the_sign_out() {
    for data in [None, Some(tempfile::tempdir().unwrap())] {
        let folder = data.as_ref().map(|data| data.path().to_str().unwrap());
        let arguments = folder.map_or(vec!["--ephemeral"], |folder| vec!["--data", folder]);
        let demo = Demo::start(&arguments);
        let captured = sign_in(&demo, "ada", "").await;
        assert_eq!(library(&demo, &captured).await, 200);
        let elsewhere = sign_in(&demo, "ada", "").await;
        let out = sign_in(&demo, "nobody", &captured).await;
        assert_eq!((library(&demo, &captured).await, library(&demo, &out).await), (403, 403));
        assert_eq!(library(&demo, &elsewhere).await, 200, "she signed out at one browser only");
        let bruno = sign_in(&demo, "bruno", &elsewhere).await;
        assert_eq!((library(&demo, &elsewhere).await, library(&demo, &bruno).await), (403, 200));
        if folder.is_some() {
            drop(demo);
            let demo = Demo::start(&arguments);
            let after = (library(&demo, &captured).await, library(&demo, &bruno).await);
            assert_eq!(after, (403, 200), "a restart changes nothing");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_agree_on_who_is_signed_in() {
    let (database, data) = (Database::empty().await, tempfile::tempdir().unwrap());
    let one = Demo::on(&database.url(HOST), data.path(), &[]);
    let two = Demo::on(&database.url(HOST), data.path(), &[]);
    let captured = sign_in(&one, "ada", "").await;
    assert_eq!(library(&two, &captured).await, 200);
    sign_in(&two, "nobody", &captured).await;
    assert_eq!((library(&one, &captured).await, library(&two, &captured).await), (403, 403));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_for_https_alone_where_browsers_come_by_https() {
    let plain = Demo::start(&["--ephemeral"]);
    let set = be(&plain, "ada", "", &plain.url).await["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.starts_with("trust_center=") && !set.contains("Secure"), "{set}");
    let attributes = ["HttpOnly", "SameSite=Lax", "Path=/"];
    assert!(attributes.iter().all(|known| set.contains(known)), "{set}");

    let secure = Demo::start(&["--ephemeral", "--public-url", "https://trust.example"]);
    for site in ["https://trust.example", secure.url.as_str()] {
        let set = be(&secure, "ada", "", site).await["set-cookie"].to_str().unwrap().to_owned();
        assert!(set.starts_with("__Host-trust_center=") && set.contains("Secure"), "{set}");
        assert!(attributes.iter().all(|known| set.contains(known)) && !set.contains("Domain"), "{set}");
    }
    for (host, origin) in [("evil.example", "https://evil.example"), ("trust.example", "http://evil.example")]
    {
        let form = Client::new().post(format!("{}/be", secure.url)).header("host", host);
        let refused = form.header("origin", origin).form(&[("person", "ada")]).send().await.unwrap();
        assert_eq!(refused.status().as_u16(), 403, "{host} from {origin}");
    }
}
