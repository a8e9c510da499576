//! Where a download may lead, and where it must not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use notion_import_core::testing::{Download, FileServer, Step, Switchboard};
use notion_import_core::{
    DownloadLimits, External, ImportOptions, Importer, ImporterBuilder, MemoryBlobs, MemoryLibrary,
    StaticToken, SyncOptions, Timeouts, TreeLimits,
};

use super::{download, is_refused, public, sending_to, server};

/// Addresses that no page may have dialled, whatever the host allows.
const FORBIDDEN: &[&str] = &[
    // The machine itself, in every spelling.
    "https://127.0.0.1/a.pdf",
    "https://127.0.0.1./a.pdf",
    "https://127.1/a.pdf",
    "https://127.255.255.254/a.pdf",
    "https://2130706433/a.pdf",
    "https://017700000001/a.pdf",
    "https://0177.0.0.1/a.pdf",
    "https://0177.0.0x0.1/a.pdf",
    "https://0x7f000001/a.pdf",
    "https://0x7F.0x0.0x0.0x1/a.pdf",
    "https://0x7f.1/a.pdf",
    "https://%31%32%37.0.0.1/a.pdf",
    "https://0.0.0.0/a.pdf",
    "https://0/a.pdf",
    "https:127.0.0.1/a.pdf",
    "https:///127.0.0.1/a.pdf",
    "https://127.0.0.1\\@file.notion.so/a.pdf",
    "https://[::1]/a.pdf",
    "https://[::]/a.pdf",
    "https://[0:0:0:0:0:0:0:1]/a.pdf",
    // IPv4 inside IPv6.
    "https://[::ffff:127.0.0.1]/a.pdf",
    "https://[::ffff:7f00:1]/a.pdf",
    "https://[::ffff:10.0.0.1]/a.pdf",
    "https://[::ffff:169.254.169.254]/a.pdf",
    "https://[::127.0.0.1]/a.pdf",
    "https://[::ffff:0:127.0.0.1]/a.pdf",
    "https://[64:ff9b::127.0.0.1]/a.pdf",
    "https://[64:ff9b::a9fe:a9fe]/a.pdf",
    "https://[64:ff9b:1::10.0.0.1]/a.pdf",
    "https://[2002:7f00:1::]/a.pdf",
    "https://[2002:a9fe:a9fe::1]/a.pdf",
    "https://[2002:0101:0101::1]/a.pdf",
    "https://[2001:0:7f00:1::]/a.pdf",
    "https://[2001::1]/a.pdf",
    // Private networks, and what is shared or set aside.
    "https://10.0.0.1/a.pdf",
    "https://10.255.255.255/a.pdf",
    "https://167772161/a.pdf",
    "https://172.16.0.1/a.pdf",
    "https://172.31.255.255/a.pdf",
    "https://192.168.0.1/a.pdf",
    "https://0xc0a80001/a.pdf",
    "https://100.64.0.1/a.pdf",
    "https://100.127.255.254/a.pdf",
    "https://192.0.0.1/a.pdf",
    "https://192.0.2.1/a.pdf",
    "https://192.88.99.1/a.pdf",
    "https://198.18.0.1/a.pdf",
    "https://198.51.100.1/a.pdf",
    "https://203.0.113.1/a.pdf",
    "https://224.0.0.1/a.pdf",
    "https://240.0.0.1/a.pdf",
    "https://255.255.255.255/a.pdf",
    "https://[fc00::1]/a.pdf",
    "https://[fd12:3456:789a::1]/a.pdf",
    "https://[fec0::1]/a.pdf",
    "https://[ff02::1]/a.pdf",
    "https://[100::1]/a.pdf",
    "https://[2001:db8::1]/a.pdf",
    "https://[3fff::1]/a.pdf",
    "https://[5f00::1]/a.pdf",
    // The link, and what answers on it.
    "https://169.254.0.1/a.pdf",
    "https://[fe80::1]/a.pdf",
    "https://[fe80::1%25eth0]/a.pdf",
    "https://[fe80::1%eth0]/a.pdf",
    // What a cloud tells its own machines: AWS, Google, Azure, Alibaba, Oracle, ECS.
    "https://169.254.169.254/latest/meta-data/a.pdf",
    "https://2852039166/latest/meta-data/a.pdf",
    "https://0xa9fea9fe/latest/meta-data/a.pdf",
    "https://0251.0376.0251.0376/latest/meta-data/a.pdf",
    "https://169.254.43518/latest/meta-data/a.pdf",
    "https://[fd00:ec2::254]/latest/meta-data/a.pdf",
    "https://[fd20:ce::254]/computeMetadata/a.pdf",
    "https://168.63.129.16/machine/a.pdf",
    "https://100.100.100.200/latest/meta-data/a.pdf",
    "https://192.0.0.192/opc/v2/a.pdf",
    "https://169.254.170.2/v2/credentials/a.pdf",
    // Digits that are only digits once they are read.
    "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/a.pdf",
    "https://\u{2460}\u{2461}\u{2466}.\u{24ea}.\u{24ea}.\u{2460}/a.pdf",
    "https://127\u{3002}0\u{3002}0\u{3002}1/a.pdf",
    "https://127\u{ff0e}0\u{ff0e}0\u{ff0e}1/a.pdf",
    "https://\u{1d7cf}\u{1d7d0}\u{1d7d5}.0.0.1/a.pdf",
    // Names that lead inside.
    "https://localhost/a.pdf",
    "https://localhost./a.pdf",
    "https://LOCALHOST/a.pdf",
    "https://\u{24db}ocalhost/a.pdf",
    "https://app.localhost/a.pdf",
    "https://metadata.google.internal/computeMetadata/a.pdf",
    "https://metadata.google.internal./computeMetadata/a.pdf",
    "https://instance-data/latest/a.pdf",
    "https://127.0.0.1.nip.example/a.pdf",
    "https://private.example/a.pdf",
    "https://link-local.example/a.pdf",
    "https://mapped.example/a.pdf",
    "https://unique-local.example/a.pdf",
    "https://private-among-public.example/a.pdf",
    "https://public-before-private.example/a.pdf",
    // Even one of Notion's.
    "https://file.notion.so/f/a.pdf",
    "https://prod-files-secure.s3.us-west-2.amazonaws.com/a.pdf",
    // Anything but plain https.
    "http://93.184.216.1/a.pdf",
    "http://files.example/a.pdf",
    "http://169.254.169.254/a.pdf",
    "ftp://files.example/a.pdf",
    "file:///etc/passwd",
    "data:application/pdf,%25PDF-1.7",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "unix:/var/run/docker.sock",
    "javascript:alert(1)",
    "blob:https://files.example/a.pdf",
    "https://files.example:22/a.pdf",
    "https://files.example:8443/a.pdf",
    "https://93.184.216.1:6379/a.pdf",
    "https://user@files.example/a.pdf",
    "https://user:password@files.example/a.pdf",
    "https://file.notion.so@files.example/a.pdf",
    "https://:password@files.example/a.pdf",
    "https:///",
    "https://",
    "",
];

/// What the names above lead to, and `files.example`, which is as public as its server is not.
fn switchboard() -> Switchboard {
    let inside = ["127.0.0.1"];
    let metadata = ["169.254.169.254"];
    Switchboard::default()
        .name("localhost", &inside)
        .name("localhost.", &inside)
        .name("app.localhost", &inside)
        .name("127.0.0.1.nip.example", &inside)
        .name("metadata.google.internal", &metadata)
        .name("metadata.google.internal.", &metadata)
        .name("instance-data", &metadata)
        .name("private.example", &["10.0.0.7"])
        .name("link-local.example", &["fe80::7"])
        .name("mapped.example", &["::ffff:192.168.0.7"])
        .name("unique-local.example", &["fd00::7"])
        .name("private-among-public.example", &["93.184.216.2", "10.0.0.7", "93.184.216.3"])
        .name("public-before-private.example", &["93.184.216.2", "::1"])
        .name("file.notion.so", &["10.0.0.7"])
        .name("prod-files-secure.s3.us-west-2.amazonaws.com", &["172.16.0.7"])
        .name("files.example", &["93.184.216.1"])
}

/// An importer with every setting at its widest: what decides about downloads.
fn widest() -> ImporterBuilder {
    let age = Duration::from_secs(1 << 40);
    Importer::builder(
        Arc::new(StaticToken::new("ntn_token")),
        Arc::<MemoryLibrary>::default(),
        Arc::<MemoryBlobs>::default(),
    )
    .trust_origin(&"http://127.0.0.1:4321".parse().unwrap())
    .external_files(External::Fetch)
    .import_options(
        ImportOptions::default()
            .largest_file(u64::MAX)
            .largest_image(u64::MAX)
            .downloads(DownloadLimits::default().silence(age).whole(age).slowest(0))
            .tree(TreeLimits::default().blocks(usize::MAX).depth(usize::MAX)),
    )
    .sync_options(SyncOptions::default().verify_at_once(usize::MAX))
    .timeouts(Timeouts::default().attempt(age).browse(age).import(age).sync(age))
}

#[tokio::test]
async fn no_page_can_have_a_forbidden_address_dialled_whatever_the_host_opens() {
    assert!(FORBIDDEN.len() >= 80, "{}", FORBIDDEN.len());
    for (how, opened) in [
        ("with nothing opened", Download::default()),
        ("with external files", Download::default().external(External::Fetch)),
        ("with everything opened", Download::of(widest())),
    ] {
        for url in FORBIDDEN {
            let wire = switchboard();
            let outcome = download(&opened.clone().over(&wire), url).await;
            assert!(is_refused(&outcome), "{url} {how}: {outcome:?}");
            assert_eq!(wire.dials(), [], "{url} {how}");
        }
    }
}

#[tokio::test]
async fn no_redirect_leads_to_a_forbidden_address() {
    join_all(FORBIDDEN.iter().filter(|url| !url.is_empty()).map(async |url| {
        // A server on the public internet sends there, and so does one it has sent to before.
        let (near, far) = (sending_to(url).await, sending_to("https://next.example/").await);
        let wire = switchboard()
            .name("next.example", &["93.184.216.9"])
            .plug(public(9), near.address())
            .plug(public(1), far.address());
        let wide = Download::default().over(&wire).external(External::Fetch);
        let outcome = download(&wide, "https://files.example/a.pdf").await;
        assert!(is_refused(&outcome), "{url}: {outcome:?}");
        assert!(wire.dials().iter().all(|dial| [public(1), public(9)].contains(dial)), "{url}: {wire:?}");
        assert!(wire.dials().contains(&public(9)), "{url}: the second hop was not reached: {wire:?}");
        // And so does an origin that is trusted.
        let near = sending_to(url).await;
        let wire = switchboard().plug(near.address(), near.address());
        let wide = Download::default().over(&wire).external(External::Fetch).trusting(&near.origin());
        let outcome = download(&wide, &near.url("a.pdf")).await;
        assert!(is_refused(&outcome), "{url} from a trusted origin: {outcome:?}");
        assert_eq!(wire.dials(), [near.address()], "{url} from a trusted origin");
    }))
    .await;
}

#[tokio::test]
async fn an_answer_that_changes_between_the_check_and_the_dial_changes_nothing() {
    let report = server().await;
    let rebinding = || {
        switchboard().name("rebinding.example", &["93.184.216.4"]).name("rebinding.example", &["127.0.0.1"])
    };
    // What was checked is what is dialled: there is no second look-up.
    let wire = rebinding().plug(public(4), report.address());
    let wide = Download::default().over(&wire).external(External::Fetch);
    assert!(download(&wide, "https://rebinding.example/a.pdf").await.is_ok());
    assert_eq!(
        (wire.lookups().len(), wire.dials()),
        (1, vec![public(4)]),
        "a check and a dial with one look-up between them"
    );
    // Whatever makes for a second exchange makes for a second check.
    let length = [("content-length", "99"), ("etag", "\"1\"")];
    let excuses = [
        ("a redirect to itself", vec![Step::head(302, &[("location", "/b.pdf"), ("content-length", "0")])]),
        ("a failure", vec![Step::head(503, &[("content-length", "0")])]),
        ("a reset", vec![Step::Reset]),
        ("a body that breaks off", vec![Step::head(200, &length), Step::send("%PDF-1.7"), Step::Reset]),
    ];
    for (excuse, steps) in excuses {
        let server = FileServer::start(move |_, _| steps.clone()).await.unwrap();
        let wire = rebinding().plug(public(4), server.address());
        let wide = Download::default().over(&wire).external(External::Fetch);
        let outcome = download(&wide, "https://rebinding.example/a.pdf").await;
        assert!(is_refused(&outcome), "{excuse}: {outcome:?}");
        assert_eq!(wire.dials(), [public(4)], "{excuse}");
    }
}

#[tokio::test]
async fn only_an_exact_origin_gets_past_the_guard() {
    let report = server().await;
    let (trusted, port) = (report.origin(), report.address().port());
    let plugged = || {
        let wire = switchboard().plug(report.address(), report.address());
        let other = SocketAddr::from(([127, 0, 0, 2], port));
        wire.plug(other, report.address())
    };
    let wire = plugged();
    assert!(
        download(&Download::default().over(&wire).trusting(&trusted), &report.url("a.pdf")).await.is_ok()
    );
    for url in [
        format!("https://127.0.0.1:{port}/a.pdf"),
        format!("http://127.0.0.1:{}/a.pdf", port - 1),
        "http://127.0.0.1/a.pdf".to_owned(),
        "https://127.0.0.1/a.pdf".to_owned(),
        format!("http://localhost:{port}/a.pdf"),
        format!("http://127.0.0.2:{port}/a.pdf"),
        format!("http://[::1]:{port}/a.pdf"),
        format!("http://[::ffff:127.0.0.1]:{port}/a.pdf"),
        format!("http://me@127.0.0.1:{port}/a.pdf"),
        format!("http://127.0.0.1:{port}@127.0.0.2:{port}/a.pdf"),
        format!("ftp://127.0.0.1:{port}/a.pdf"),
    ] {
        let wire = plugged();
        let wide = Download::default().over(&wire).trusting(&trusted).external(External::Fetch);
        let outcome = download(&wide, &url).await;
        assert!(is_refused(&outcome), "{url}: {outcome:?}");
        assert_eq!(wire.dials(), [], "{url}");
    }
}

#[tokio::test]
async fn another_host_than_notions_is_asked_only_by_a_host_that_wants_it() {
    let report = server().await;
    let wire = switchboard()
        .plug(public(1), report.address())
        .name("img.notionusercontent.com", &["93.184.216.5"])
        .plug(public(5), report.address());
    let (link, fetch) =
        (Download::default().over(&wire), Download::default().over(&wire).external(External::Fetch));
    assert!(is_refused(&download(&link, "https://files.example/a.pdf").await));
    assert_eq!((wire.lookups().len(), wire.dials()), (0, vec![]));
    assert!(download(&fetch, "https://files.example/a.pdf").await.is_ok());
    assert!(download(&fetch, "https://93.184.216.1/a.pdf").await.is_ok());
    assert!(download(&link, "https://img.notionusercontent.com/a.pdf").await.is_ok());
    assert_eq!(wire.dials(), [public(1), public(1), public(5)]);
}

#[tokio::test]
async fn a_redirect_between_public_hosts_is_followed_and_a_circle_is_left() {
    let report = server().await;
    let first = sending_to("https://next.example/b.pdf").await;
    let wire = switchboard()
        .plug(public(1), first.address())
        .name("next.example", &["93.184.216.9"])
        .plug(public(9), report.address());
    let fetch = Download::default().over(&wire).external(External::Fetch);
    assert!(download(&fetch, "https://files.example/a.pdf").await.is_ok());
    assert_eq!(report.asked()[0].target, "/b.pdf");
    assert_eq!(report.asked()[0].header("host"), Some("next.example"));
    // From Notion's hosts to another's, where those are not wanted.
    let wire = wire.name("img.notion.so", &["93.184.216.1"]);
    let link = Download::default().over(&wire);
    assert!(is_refused(&download(&link, "https://img.notion.so/a.pdf").await));
    let circle = sending_to("https://files.example/a.pdf").await;
    let wire = switchboard().plug(public(1), circle.address());
    let fetch = Download::default().over(&wire).external(External::Fetch);
    assert!(is_refused(&download(&fetch, "https://files.example/a.pdf").await));
    assert_eq!(wire.dials().len(), 4);
}
