//! Receipts: what the demo signs, and what `notion-to-markdown verify` makes of it, run as a person runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use notion_import_core::{Receipt, SigningKey, VerifyingKey};
use serde_json::{Value, json};

use crate::demo::Demo;
use crate::publishing::publish_as;
use crate::story::{POLICY, REPORT, connect, import};

/// Verifies what is in the folder as `receipt`, `document` and `key`.
fn verify(folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_notion-to-markdown"));
    command.current_dir(folder).args(["verify", "receipt", "document", "--key", "key"]).output().unwrap()
}

/// A folder in which everything holds.
fn folder(receipt: &[u8], document: &[u8], key: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("receipt", receipt), ("document", document), ("key", key)] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn receipt_of(document: &[u8]) -> Receipt {
    let digest = notion_import_core::BlobId::of(document);
    serde_json::from_value(json!({
        "document": "01990000-0000-7000-8000-000000000001", "version": 2, "title": "Policy", "level": "public",
        "sha256": digest, "size": document.len(), "media_type": "text/markdown", "issued_at": "2026-11-30T12:00:00Z",
    }))
    .unwrap()
}

#[test]
fn whoever_verifies_is_told_what_does_not_hold() {
    let (document, key, other) = (b"# Policy\n", SigningKey::new(&[3; 32]), SigningKey::new(&[4; 32]));
    let receipt = receipt_of(document);
    let signed = key.sign(&receipt).unwrap();
    let jwk = |key: &SigningKey| key.verifying_key().jwk().to_string();
    let whole = folder(signed.as_bytes(), document, jwk(&key).as_bytes());
    let output = verify(whole.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(serde_json::from_slice::<Receipt>(&output.stdout).unwrap(), receipt);

    let spelt = |at: usize| {
        let mut changed = signed.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        changed
    };
    let claims = signed.find('.').unwrap() + 20;
    let rows: [(&str, &str, Vec<u8>, i32, &str); 8] = [
        (
            "a changed document",
            "document",
            b"# policy\n".to_vec(),
            6,
            "document: the document is not the one",
        ),
        (
            "a longer document",
            "document",
            b"# Policy\n\n".to_vec(),
            6,
            "document: the document is not the one",
        ),
        ("a changed claim", "receipt", spelt(claims), 6, "receipt: the receipt was changed"),
        ("a changed signature", "receipt", spelt(signed.len() - 40), 6, "receipt: the receipt was changed"),
        (
            "another key",
            "key",
            jwk(&other).into_bytes(),
            6,
            "receipt: the receipt is signed with another key",
        ),
        ("no receipt", "receipt", b"{}".to_vec(), 2, "receipt: this is no receipt"),
        ("a line after it", "receipt", format!("{signed}\n").into_bytes(), 2, "receipt: this is no receipt"),
        ("no key", "key", b"-----BEGIN PUBLIC KEY-----".to_vec(), 2, "key: there is no Ed25519 key"),
    ];
    for (claim, name, bytes, code, said) in rows {
        let folder = folder(signed.as_bytes(), document, jwk(&key).as_bytes());
        fs::write(folder.path().join(name), bytes).unwrap();
        let output = verify(folder.path());
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{claim}: {told}");
        assert!(told.contains(said) && output.stdout.is_empty(), "{claim}: {told}");
    }
    fs::remove_file(whole.path().join("document")).unwrap();
    assert_eq!(verify(whole.path()).status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_is_signed_for_members_and_readers_and_holds_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let start = || Demo::start(&["--data", data.path().to_str().unwrap()]);
    let demo = start();
    let (ada, anonymous) = (demo.browser_of("ada").await, demo.browser());
    connect(&demo, &ada).await;
    let imported = import(&ada).await;
    let (policy, report) = (imported.document(POLICY), imported.document(REPORT));
    ada.get(&format!("{policy}/receipt")).await.is(404);
    for document in [&policy, &report] {
        publish_as(&ada, document, 1, "public").await.ok();
    }
    ada.get(&policy).await.ok().saying("receipt");
    let keys = anonymous.get("/t/halden/keys.json").await.ok().body;

    for document in [&policy, &report] {
        let receipt = ada.get(&format!("{document}/receipt")).await.ok().body;
        let published = ada.get(&format!("{document}/published")).await.ok().body;
        let output = verify(folder(&receipt, &published, &keys).path());
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!((&told["version"], &told["level"]), (&json!(1), &json!("public")));
        assert!(told["origin"]["page"].is_string() && told["origin"]["published_by"].is_string(), "{told}");
        demo.browser_of("farah").await.get(&format!("{document}/receipt")).await.is(404);
        anonymous.get(&format!("{document}/receipt")).await.not_saying("eyJ");
    }

    // Somebody outside has the file, and is told nothing of Notion or of who published it.
    let reading = imported.reading(REPORT);
    let page = anonymous.get(&reading).await.ok().saying("receipt");
    let file = page.between("class=\"file\" href=\"", "\"");
    let (file, receipt) =
        (anonymous.get(&file).await.ok(), anonymous.get(&format!("{reading}/receipt")).await.ok());
    let output = verify(folder(&receipt.body, &file.body, &keys).path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(told.get("origin").is_none(), "{told}");
    anonymous.get(&format!("{}/receipt", imported.reading(POLICY))).await.is(404);
    ada.post(&format!("{report}/withdraw"), &[]).await.ok();
    anonymous.get(&format!("{reading}/receipt")).await.is(404);

    drop(demo);
    let demo = start();
    assert_eq!(demo.browser().get("/t/halden/keys.json").await.ok().body, keys);
    let other = demo.browser().get("/t/fernwood/keys.json").await.ok().body;
    assert_ne!(other, keys);
    assert_eq!(VerifyingKey::read(&keys).unwrap().len(), 1);
}
