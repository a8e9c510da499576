//! Who may ask for what: one table of every address, held against everybody, of one company and of another.

use std::collections::BTreeSet;

use reqwest::Method;

use crate::acceptances::accept;
use crate::demo::{Browser, Demo, Page};
use crate::publishing::publish_as;
use crate::requests::{self, EVE};
use crate::story::{self, POLICY, REPORT, TABLE};

/// Where the addresses are made.
const ROUTES: &str = include_str!("../../trust-center/pages/mod.rs");

/// Whom an address answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum For {
    /// Everybody, signed in or not: what they see is up to `decide`.
    All,
    Members,
    /// Who imports, publishes and sets levels: administrators and content managers.
    Managers,
    /// Who lets people in: administrators and account managers.
    Assigners,
    Admins,
}

use For::{Admins, All, Assigners, Managers, Members};

/// Every address, and whom it answers. What takes a document, a connection or a file takes one of the company's own.
const TABLE_OF_ALL: &[(&str, &str, For)] = &[
    ("GET", "/", All),
    ("POST", "/be", All),
    ("GET", "/integrations", Members),
    ("POST", "/integrations/connect", Admins),
    ("GET", "/integrations/attempt", Admins),
    ("POST", "/integrations/confirm", Admins),
    ("POST", "/integrations/change", Admins),
    ("POST", "/integrations/cancel", Admins),
    ("GET", "/integrations/setup", Admins),
    ("POST", "/integrations/{id}/sync", Managers),
    ("GET", "/integrations/{id}/runs", Members),
    ("POST", "/integrations/{id}/reconnect", Admins),
    ("GET", "/integrations/{id}/abandon", Admins),
    ("POST", "/integrations/{id}/abandon", Admins),
    ("GET", "/integrations/{id}/disconnect", Admins),
    ("POST", "/integrations/{id}/disconnect", Admins),
    ("GET", "/company/erase", Admins),
    ("POST", "/company/erase", Admins),
    ("GET", "/import", Managers),
    ("POST", "/import", Managers),
    ("GET", "/import/preview", Managers),
    ("GET", "/import/picture/{blob}", All),
    ("GET", "/imports/{id}", Members),
    ("POST", "/imports/{id}/cancel", Managers),
    ("GET", "/documents", Members),
    ("POST", "/bulk", Managers),
    ("GET", "/bulk/{number}", Members),
    ("POST", "/bulk/{number}", Members),
    ("GET", "/documents/{id}", Members),
    ("GET", "/documents/{id}/published", Members),
    ("GET", "/documents/{id}/receipt", Members),
    ("POST", "/documents/{id}/rename", Managers),
    ("POST", "/documents/{id}/category", Managers),
    ("GET", "/documents/{id}/publish", Managers),
    ("POST", "/documents/{id}/publish", Managers),
    ("POST", "/documents/{id}/withdraw", Managers),
    ("GET", "/documents/{id}/level", Managers),
    ("POST", "/documents/{id}/level", Managers),
    ("POST", "/documents/{id}/listed", Managers),
    ("POST", "/documents/{id}/assign", Assigners),
    ("POST", "/documents/{id}/revoke", Assigners),
    ("POST", "/documents/{id}/requests/{request}/approve", Assigners),
    ("POST", "/documents/{id}/requests/{request}/decline", Assigners),
    ("GET", "/requests", Assigners),
    ("GET", "/contacts", Assigners),
    ("POST", "/contacts", Assigners),
    ("POST", "/contacts/import", Assigners),
    ("GET", "/contacts/{id}", Assigners),
    ("POST", "/contacts/{id}/invite", Assigners),
    ("POST", "/contacts/{id}/block", Assigners),
    ("POST", "/contacts/{id}/unblock", Assigners),
    ("GET", "/contacts/{id}/erase", Admins),
    ("POST", "/contacts/{id}/erase", Admins),
    ("GET", "/subscribers", Assigners),
    ("POST", "/subscribers", Assigners),
    ("POST", "/documents/{id}/update", Managers),
    ("POST", "/documents/{id}/sync", Managers),
    ("GET", "/documents/{id}/files/{blob}", Members),
    ("POST", "/documents/{id}/unlink", Managers),
    ("POST", "/documents/{id}/relink", Managers),
    ("GET", "/audit", Admins),
    ("GET", "/audit/access", Admins),
    ("GET", "/readings", Assigners),
    ("GET", "/log/{form}", Assigners),
    ("GET", "/acceptances", Assigners),
    ("GET", "/acceptances/{id}", Assigners),
    ("GET", "/nda", Admins),
    ("POST", "/nda", Admins),
    ("GET", "/t/{site}/about", All),
    ("GET", "/t/{site}/changes.atom", All),
    ("GET", "/t/{site}/llms.txt", All),
    ("GET", "/t/{site}/logo.svg", All),
    ("GET", "/t/{site}", All),
    ("GET", "/t/{site}/sign-in", All),
    ("POST", "/t/{site}/sign-in", All),
    ("GET", "/t/{site}/sign-in/sent", All),
    ("GET", "/t/{site}/sign-in/by/{link}", All),
    ("POST", "/t/{site}/sign-in/by/{link}", All),
    ("GET", "/t/{site}/ask", All),
    ("POST", "/t/{site}/ask", All),
    ("GET", "/t/{site}/asked", All),
    ("GET", "/t/{site}/follow", All),
    ("POST", "/t/{site}/follow", All),
    ("GET", "/t/{site}/follow/sent", All),
    ("GET", "/t/{site}/follow/by/{link}", All),
    ("POST", "/t/{site}/follow/by/{link}", All),
    ("GET", "/t/{site}/follow/end/{link}", All),
    ("POST", "/t/{site}/follow/end/{link}", All),
    ("POST", "/t/{site}/follow/end/{link}/at-once", All),
    ("GET", "/t/{site}/acceptances", All),
    ("GET", "/t/{site}/acceptances/{id}", All),
    ("POST", "/t/{site}/requests/{id}/withdraw", All),
    ("GET", "/t/{site}/keys.json", All),
    ("GET", "/t/{site}/d/{id}", All),
    ("GET", "/t/{site}/d/{id}/receipt", All),
    ("POST", "/t/{site}/d/{id}/nda", All),
    ("GET", "/t/{site}/d/{id}/files/{blob}", All),
    ("GET", "/script.js", All),
    ("GET", "/style.css", All),
    ("GET", "/healthz", All),
    ("GET", "/readyz", All),
    ("POST", "/webhooks/nango", All),
    ("POST", "/webhooks/notion", All),
];

/// A contact of Halden Pay's.
const EMIL: &str = "0199a000-0000-7000-8000-000000001022";

/// Everybody there is: the company, what they are there, and what they are called in the demo.
const PEOPLE: [(Company, Option<Role>, Option<&str>); 9] = [
    (Company::Nobodys, None, None),
    (Company::Halden, None, Some("dana")),
    (Company::Halden, Some(Role::Account), Some("chiara")),
    (Company::Halden, Some(Role::Content), Some("bruno")),
    (Company::Halden, Some(Role::Admin), Some("ada")),
    (Company::Fernwood, None, Some("imke")),
    (Company::Fernwood, Some(Role::Account), Some("hanna")),
    (Company::Fernwood, Some(Role::Content), Some("goran")),
    (Company::Fernwood, Some(Role::Admin), Some("farah")),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Company {
    Nobodys,
    Halden,
    Fernwood,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Admin,
    Content,
    Account,
}

impl For {
    fn lets(self, role: Option<Role>) -> bool {
        match self {
            All => true,
            Members => role.is_some(),
            Managers => matches!(role, Some(Role::Admin | Role::Content)),
            Assigners => matches!(role, Some(Role::Admin | Role::Account)),
            Admins => role == Some(Role::Admin),
        }
    }
}

/// The things of Halden Pay that addresses name.
struct Things {
    document: String,
    connection: String,
    import: String,
    request: String,
    assignment: String,
    acceptance: String,
    blob: String,
}

impl Things {
    /// An address with what it takes.
    fn address(&self, path: &str) -> String {
        let id = match path {
            _ if path.starts_with("/integrations") => &self.connection,
            _ if path.starts_with("/imports") => &self.import,
            _ if path.starts_with("/contacts") => EMIL,
            _ if path.contains("acceptances") => &self.acceptance,
            "/t/{site}/requests/{id}/withdraw" => &self.request,
            _ => &self.document,
        };
        let path = path.replace("{site}", "halden").replace("{form}", "readings.csv").replace("{id}", id);
        path.replace("{request}", &self.request)
            .replace("{blob}", &self.blob)
            .replace("{number}", &self.import)
    }

    fn are_named(&self, page: &Page) -> bool {
        let Self { document, connection, import, request, assignment, acceptance, blob } = self;
        let ids = [document, connection, import, request, assignment, acceptance, blob];
        let words = [POLICY, REPORT, "Eve Marlowe"];
        ids.into_iter().map(String::as_str).chain(words).any(|word| page.says(word))
    }

    /// Whatever any form asks for.
    fn form(&self) -> [(&'static str, &str); 15] {
        [
            ("assignment", &self.assignment),
            ("act", "level restricted"),
            ("document", &self.document),
            ("version", "1"),
            ("revision", "0"),
            ("from", "internal"),
            ("to", "public"),
            ("level", "public"),
            ("listed", "yes"),
            ("contact", "0199a000-0000-7000-8000-000000001052"),
            ("days", "30"),
            ("reason", "For the table"),
            ("title", "Of another"),
            ("text", "Say nothing."),
            ("confirmed", "yes"),
        ]
    }
}

#[test]
fn the_table_has_every_address() {
    let mut made = BTreeSet::new();
    let routes = ROUTES.split("/// The pages and doors of the stand-ins").next().unwrap();
    for route in routes.split(".route(\"").skip(1) {
        let (path, methods) = route.split_once("\", ").unwrap();
        let methods = methods.lines().next().unwrap();
        for (method, call) in [("GET", "get("), ("POST", "post(")] {
            let calls = methods.split(call).count() - 1;
            made.extend((calls > 0).then_some((method, path)));
        }
        assert!(!["put(", "delete(", "patch(", "any("].iter().any(|call| methods.contains(call)), "{path}");
    }
    let said: BTreeSet<_> = TABLE_OF_ALL.iter().map(|(method, path, _)| (*method, *path)).collect();
    assert_eq!(made, said);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_answers_whom_the_table_says_and_shows_no_company_anothers() {
    let demo = Demo::start(&["--ephemeral"]);
    let things = things(&demo).await;
    let mut wrong = Vec::new();
    // Whoever is let in may change something: they come last, and those who only look before those who do.
    for is_last in [false, true] {
        for is_post in [false, true] {
            for (company, role, person) in PEOPLE {
                let browser = match person {
                    Some(person) => demo.browser_of(person).await,
                    None => demo.browser(),
                };
                for (method, path, whom) in TABLE_OF_ALL {
                    let is_let_in = whom.lets(role) && company == Company::Halden;
                    if *whom == All || is_let_in != is_last || (*method == "POST") != is_post {
                        continue;
                    }
                    let page = ask(&browser, method, &things.address(path), &things).await;
                    let status = page.status.as_u16();
                    let is_right = match (whom.lets(role), company) {
                        (false, _) => status == 403,
                        (true, Company::Halden) => ![401, 403, 404].contains(&status),
                        (true, _) if path.contains("{id}") => status == 404,
                        (true, _) => ![401, 403, 404].contains(&status) && !things.are_named(&page),
                    };
                    if !is_right {
                        wrong.push(format!("{method} {path} for {}: {status}", person.unwrap_or("nobody")));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The site of a company answers everybody, and each document those whom its level lets in.
#[tokio::test(flavor = "multi_thread")]
async fn every_document_answers_whom_its_level_lets_in() {
    let demo = Demo::start(&["--ephemeral"]);
    let ada = demo.browser_of("ada").await;
    story::connect(&demo, &ada).await;
    let imported = story::import(&ada).await;
    let readers = |title| {
        let (demo, imported) = (&demo, &imported);
        async move {
            let mut readers = Vec::new();
            for (_, _, person) in PEOPLE {
                let browser = match person {
                    Some(person) => demo.browser_of(person).await,
                    None => demo.browser(),
                };
                let page = browser.get(&imported.reading(title)).await;
                assert!([200, 401, 403, 404].contains(&page.status.as_u16()), "{}", page.status);
                readers.extend(page.status.is_success().then_some(person.unwrap_or("nobody")));
            }
            readers
        }
    };
    let everybody: Vec<_> = PEOPLE.iter().map(|(.., person)| person.unwrap_or("nobody")).collect();
    let members = ["chiara", "bruno", "ada"];
    // A draft and what is internal are its members'; so is what is restricted, until somebody is assigned.
    for level in ["draft", "internal", "restricted", "requires_nda"] {
        if level != "draft" {
            publish_as(&ada, &imported.document(POLICY), 1, level).await.ok();
        }
        assert!(readers(POLICY).await.iter().all(|reader| members.contains(reader)), "{level}");
    }
    publish_as(&ada, &imported.document(TABLE), 1, "restricted").await.ok();
    let assign = format!("{}/assign", imported.document(TABLE));
    ada.post(&assign, &[("contact", "dana")]).await.ok();
    assert!(readers(TABLE).await.contains(&"dana"));
    assert!(!readers(TABLE).await.contains(&"imke"));
    publish_as(&ada, &imported.document(REPORT), 1, "public").await.ok();
    assert_eq!(readers(REPORT).await, everybody);
}

/// A listed document that is a file, which a visitor has asked for, imported through a connection.
async fn things(demo: &Demo) -> Things {
    let imported = requests::listed(demo).await;
    let document = requests::id(&imported, REPORT);
    requests::ask(&demo.browser(), &document, &EVE).await.ok();
    let ada = demo.browser_of("ada").await;
    let page = format!("/documents/{document}");
    ada.post(&format!("{page}/assign"), &[("contact", "dana")]).await.ok();
    let page = ada.get(&page).await.ok();
    accept(&demo.browser_of("dana").await, &imported.reading(REPORT)).await;
    let last = |path: String| path.rsplit('/').next().unwrap().to_owned();
    let file = format!("/documents/{document}/files/");
    Things {
        connection: last(story::integration(&ada).await),
        import: last(imported.import),
        acceptance: ada.get("/acceptances").await.ok().between("href=\"/acceptances/", "\""),
        request: ada.get("/requests").await.ok().between(&format!("{document}/requests/"), "/"),
        assignment: page.between("name=\"assignment\" value=\"", "\""),
        blob: page.between(&file, "\""),
        document,
    }
}

async fn ask(browser: &Browser, method: &str, address: &str, things: &Things) -> Page {
    match method {
        "POST" => browser.post(address, &things.form()).await,
        _ => browser.ask(Method::GET, address).await,
    }
}
