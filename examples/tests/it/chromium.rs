//! A person clicks through the demo, in a real headless Chromium.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::demo::Demo;

/// A driven browser. Dropping it ends the driver, and the browser with it, also when a test fails.
pub struct Chromium {
    _driver: Driver,
    pub client: Client,
    url: String,
    /// How often something was opened, clicked, ticked or written.
    pub interactions: Cell<u32>,
    _profile: tempfile::TempDir,
}

/// What starts the browser, and ends it.
struct Driver {
    process: Child,
    port: u16,
}

/// A command of the browser's developer tools, and what goes with it.
#[derive(Debug)]
pub struct Devtools(pub &'static str, pub Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({"cmd": self.0, "params": self.1}).to_string()))
    }
}

impl Driver {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver, which scripts/test installs");
        Self { process, port }
    }

    /// Killed, it would leave its browser behind.
    fn shut_down(&self) -> io::Result<()> {
        let mut driver = TcpStream::connect(("127.0.0.1", self.port))?;
        driver.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(driver, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        driver.read_to_end(&mut Vec::new()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.shut_down();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Chromium {
    pub async fn open(demo: &Demo) -> Self {
        Self::open_with(demo, None).await
    }

    /// The same, with one more option on its command line.
    pub async fn open_with(demo: &Demo, option: Option<&str>) -> Self {
        let driver = Driver::start();
        let profile = tempfile::tempdir().unwrap();
        let client = connect(driver.port, &profile.path().display().to_string(), option).await;
        Self { _driver: driver, client, url: demo.url.clone(), interactions: Cell::new(0), _profile: profile }
    }

    fn interact(&self) {
        self.interactions.set(self.interactions.get() + 1);
    }

    /// Tells the browser something that only its developer tools can.
    pub async fn tell(&self, command: &'static str, parameters: Value) {
        self.client.issue_cmd(Devtools(command, parameters)).await.unwrap();
    }

    pub async fn go(&self, path: &str) {
        self.interact();
        let whole = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        self.client.goto(&whole).await.unwrap();
    }

    /// Clicks a link or a button by what it says.
    pub async fn click(&self, words: &str) {
        self.interact();
        let path = format!(
            "//main//*[self::a or self::button or self::summary][contains(normalize-space(.), {words:?})]"
        );
        self.on(Locator::XPath(&path), words).await.click().await.unwrap();
    }

    pub async fn tick(&self, selector: &str) {
        self.interact();
        self.on(Locator::Css(selector), selector).await.click().await.unwrap();
    }

    pub async fn write(&self, selector: &str, text: &str) {
        self.interact();
        self.on(Locator::Css(selector), selector).await.send_keys(text).await.unwrap();
    }

    pub async fn see(&self, words: &str) {
        let path = format!("//body//*[contains(normalize-space(.), {words:?})]");
        self.on(Locator::XPath(&path), words).await;
    }

    async fn on(&self, locator: Locator<'_>, what: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(Duration::from_secs(20)).for_element(locator).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{what:?} is not there: {error}\n{}", self.client.source().await.unwrap()),
        }
    }

    pub async fn be(&self, person: &str) {
        self.go("/").await;
        self.click(person).await;
        // Whoever goes on before the browser has followed would be led back.
        let who = format!("//header//*[contains(@class, 'label')][contains(., {person:?})]");
        self.on(Locator::XPath(&who), person).await;
    }

    /// Whatever page is open: it fits the window, every picture came, and every field has a name.
    pub async fn is_sound(&self) {
        assert_eq!(self.faults().await, [""; 0], "{}", self.client.current_url().await.unwrap());
    }

    /// What is wrong with the page that is open.
    pub async fn faults(&self) -> Vec<String> {
        let faults = self.client.execute(FAULTS, Vec::new()).await.unwrap();
        serde_json::from_value(faults).unwrap()
    }
}

/// Pictures that did not come, what is wider than the window, and fields without a label.
const FAULTS: &str = "
    const all = selector => [...document.querySelectorAll(selector)];
    const said = element => element.outerHTML.slice(0, 200);
    const broken = [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => 'broken image');
    const is_wide = document.documentElement.scrollWidth > window.innerWidth + 1;
    const sticks_out = element => element.getBoundingClientRect().right > window.innerWidth + 1;
    const wide = is_wide ? all('body *').filter(sticks_out).slice(0, 1).map(e => 'wider than the window: ' + said(e)) : [];
    const unnamed = all('main input:not([type=hidden]), main select')
        .filter(f => !f.labels.length && !f.getAttribute('aria-label')).map(f => 'a field without a label: ' + said(f));
    return broken.concat(is_wide && !wide.length ? ['wider than the window'] : wide, unnamed);
";

async fn connect(port: u16, profile: &str, option: Option<&str>) -> Client {
    let mut arguments = vec![
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
    ];
    let profile = format!("--user-data-dir={profile}");
    arguments.extend([profile.as_str()].into_iter().chain(option));
    let capabilities = json!({"goog:chromeOptions": {"args": arguments}});
    let Value::Object(capabilities) = capabilities else { unreachable!() };
    for _ in 0..100 {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.clone());
        if let Ok(client) = builder.connect(&format!("http://127.0.0.1:{port}")).await {
            return client;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("chromedriver does not answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_connects_imports_publishes_and_a_visitor_reads() {
    let demo = Demo::start(&["--ephemeral"]);
    let chromium = Chromium::open(&demo).await;
    chromium.is_sound().await;
    chromium.be("Ada Lindqvist").await;
    chromium.go("/integrations").await;
    chromium.click("Connect Notion").await;
    consent(&chromium).await;
    chromium.click("Yes, connect Halden Pay").await;
    chromium.see("is connected").await;
    chromium.is_sound().await;

    chromium.go("/import").await;
    chromium.tick("input[value*='Encryption Policy']").await;
    chromium.write("input[type=search]", "incident").await;
    chromium.click("Search").await;
    chromium.see("1 ticked before").await;
    chromium.tick("input[value*='Incident Response']").await;
    fits_every_window(&chromium, "picker").await;
    chromium.click("Import 2 ticked").await;
    chromium.click("To the documents").await;
    chromium.click("Encryption Policy").await;
    chromium.see("AES-256-GCM").await;
    chromium.is_sound().await;
    publish_to_everybody(&chromium).await;
    if let Ok(picture) = std::env::var("NOTION_IMPORT_PICTURE") {
        std::fs::write(picture, chromium.client.screenshot().await.unwrap()).unwrap();
    }

    ask_and_be_let_in(&chromium).await;
    the_syncs(&chromium).await;
    change_in_notion(&chromium, &demo).await;
    publish_what_changed(&chromium).await;
    chromium.client.delete_all_cookies().await.unwrap();
    chromium.client.set_window_size(420, 800).await.unwrap();
    chromium.go("/t/halden").await;
    chromium.is_sound().await;
    chromium.click("Encryption Policy").await;
    chromium.see("AES-256-GCM").await;
    chromium.is_sound().await;
    chromium.client.clone().close().await.unwrap();
}

/// A visitor asks for a listed document, a member approves, and the contact that the visitor is now reads it.
async fn ask_and_be_let_in(chromium: &Chromium) {
    chromium.go("/documents").await;
    chromium.click("Incident Response").await;
    chromium.click("Restricted…").await;
    chromium.write("input[name=reason]", "Asked for by customers").await;
    chromium.tick("input[name=seen]").await;
    chromium.click("Publish").await;
    chromium.on(Locator::Css(".badge.level.restricted"), "the badge of a restricted document").await;
    chromium.write("form[action$=listed] input[name=reason]", "So that others can ask").await;
    chromium.click("List").await;
    chromium.see("others may know it exists").await;

    chromium.client.delete_all_cookies().await.unwrap();
    chromium.go("/t/halden").await;
    chromium.click("Incident Response").await;
    chromium.click("Ask for access").await;
    fits_every_window(chromium, "ask").await;
    for (field, text) in
        [("name", "Eve Marlowe"), ("company", "Larch"), ("mail", "eve"), ("reason", "Our audit")]
    {
        chromium.write(&format!("[name={field}]"), text).await;
    }
    chromium.click("Ask for access").await;
    chromium.see("Give a mail address").await;
    fits_every_window(chromium, "ask-again").await;
    chromium.on(Locator::Css("[name=mail]"), "the address").await.clear().await.unwrap();
    chromium.write("[name=mail]", "eve@larch.example").await;
    chromium.click("Ask for access").await;
    chromium.see("Thank you").await;
    fits_every_window(chromium, "asked").await;

    chromium.be("Chiara Romano").await;
    chromium.go("/requests").await;
    chromium.see("eve@larch.example").await;
    fits_every_window(chromium, "requests").await;
    chromium.click("Approve").await;
    chromium.see("Nobody is waiting").await;

    chromium.client.delete_all_cookies().await.unwrap();
    chromium.go("/t/halden").await;
    chromium.click("Incident Response").await;
    chromium.click("Eve Marlowe").await;
    chromium.on(Locator::Css("main .prose"), "what the document says").await;
    chromium.go("/t/halden").await;
    chromium.see("What you asked for").await;
    fits_every_window(chromium, "site-of-a-contact").await;
    chromium.be("Ada Lindqvist").await;
    look_back(chromium).await;
    chromium.go("/documents").await;
    chromium.click("Encryption Policy").await;
}

/// What that contact could read, and why.
async fn look_back(chromium: &Chromium) {
    chromium.go("/audit").await;
    fits_every_window(chromium, "audit").await;
    chromium.click("Who could read what").await;
    chromium.see("Public set by Ada Lindqvist").await;
    let eve = Locator::XPath("//select/option[contains(., 'Eve Marlowe')]");
    chromium.on(eve, "the contact").await.click().await.unwrap();
    chromium.tick("input[name=readable]").await;
    chromium.click("Show").await;
    chromium.see("Assigned by Chiara Romano").await;
    fits_every_window(chromium, "access").await;
}

/// From a draft to public in four steps: the level, a reason, what is confirmed, and the act.
async fn publish_to_everybody(chromium: &Chromium) {
    chromium.click("Public…").await;
    chromium.see("Everybody on the internet may read it").await;
    fits_every_window(chromium, "publish").await;
    let reason = chromium.on(Locator::Css("input[name=reason]"), "the reason").await;
    reason.send_keys("Asked for by every customer").await.unwrap();
    chromium.tick("input[name=seen]").await;
    chromium.click("Publish").await;
    chromium.on(Locator::Css(".badge.level.public"), "the badge of a public document").await;
    chromium.see("Published v1").await;
    chromium.is_sound().await;
}

/// A new version is compared with the one that is shown.
async fn publish_what_changed(chromium: &Chromium) {
    chromium.go("/documents").await;
    chromium.click("Encryption Policy").await;
    chromium.click("Import again").await;
    chromium.click("Publish version 2").await;
    chromium.see("What changes for readers").await;
    chromium.on(Locator::Css(".diff .added ins"), "what was added").await;
    fits_every_window(chromium, "changes").await;
    chromium.click("Publish").await;
    chromium.see("Published v2").await;
}

/// Whatever page is open, on a narrow and on a wide window; with a picture of each where one is asked for.
pub async fn fits_every_window(chromium: &Chromium, name: &str) {
    for (width, height) in [(390, 800), (1280, 900)] {
        chromium.client.set_window_size(width, height).await.unwrap();
        chromium.is_sound().await;
        if let Ok(folder) = std::env::var("NOTION_IMPORT_PICTURES") {
            let picture = chromium.client.screenshot().await.unwrap();
            std::fs::write(format!("{folder}/{name}-{width}.png"), picture).unwrap();
        }
    }
}

/// One by hand, and what became of it, on a wide and on a narrow window.
async fn the_syncs(chromium: &Chromium) {
    chromium.click("Sync this document").await;
    chromium.see("Looked at: nothing has changed").await;
    chromium.go("/integrations").await;
    chromium.click("All syncs").await;
    chromium.see("one document, by hand").await;
    fits_every_window(chromium, "syncs").await;
    chromium.go("/documents").await;
    chromium.click("Encryption Policy").await;
}

/// The window on Notion is on another port, and leads there and back.
async fn change_in_notion(chromium: &Chromium, demo: &Demo) {
    let window = chromium.on(Locator::LinkText("Notion"), "the link to the window").await;
    assert_eq!(window.attr("href").await.unwrap().unwrap(), format!("{}/notion", demo.stand_ins));
    window.click().await.unwrap();
    chromium.is_sound().await;
    chromium.click("Encryption Policy").await;
    chromium.is_sound().await;
    let title = chromium.on(Locator::Css("input[name=title]"), "the title in Notion").await;
    title.send_keys(", renamed").await.unwrap();
    chromium.click("Rename").await;
    chromium.see("Changed in Notion").await;
    let text = chromium.on(Locator::Css("input[name=text]"), "the text of a new paragraph").await;
    text.send_keys("Keys must be renewed within 90 days.").await.unwrap();
    chromium.click("Add").await;
    chromium.see("within 90 days").await;
    let back = chromium.on(Locator::LinkText("Back to the Trust Center"), "the way back").await;
    back.click().await.unwrap();
    chromium.see("A way through").await;
}

/// The consent page, in the tab where a person would open it.
async fn consent(chromium: &Chromium) {
    let link = chromium.on(Locator::Css("#consent"), "the link to the consent").await;
    let href = link.attr("href").await.unwrap().unwrap();
    let here = chromium.client.window().await.unwrap();
    let tab = chromium.client.new_window(true).await.unwrap();
    chromium.client.switch_to_window(tab.handle).await.unwrap();
    let whole = if href.starts_with("http") { href } else { format!("{}{href}", chromium.url) };
    chromium.client.goto(&whole).await.unwrap();
    chromium.tick("input[type=radio]").await;
    chromium.tick("input[type=checkbox]").await;
    let allow = chromium.on(Locator::Css("button[value=allow]"), "the button that allows").await;
    allow.click().await.unwrap();
    chromium.on(Locator::XPath("//*[contains(., 'Connected')]"), "the last page of the consent").await;
    chromium.client.close_window().await.unwrap();
    chromium.client.switch_to_window(here).await.unwrap();
}
