//! Bringing pages and databases in.

use futures_util::StreamExt;
use notion_import_core::notion::{BlockType, PropertyValue};
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{
    Endpoint, Fault, FaultPlan, WrongKind, embed, embedded_file, external, file, image, paragraph, pdf,
    synced, synced_copy, text, toggle,
};
use notion_import_core::{
    BlobStore, DocumentStore, Error, FileRange, ImportEvent, Imported, LossKind, NotionId, OtherKind, Pick,
    Shape, SourceImage, SourceState,
};

use serde_json::json;

use super::Stage;

const PDF: &[u8] = b"%PDF-1.7\nthe report";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nthe picture";

#[tokio::test]
async fn importing_again_finds_the_document_and_makes_a_version_only_of_new_content() {
    let stage = Stage::new();
    stage.author().append(stage.home, [paragraph("One.")]);
    stage.pass(5);
    let first = stage.import(stage.home).await;
    let Imported::Created(document) = first else { panic!("{first:?}") };
    assert_eq!(stage.import(stage.home).await, Imported::Unchanged(document));
    stage.author().append(stage.home, [paragraph("Two.")]);
    stage.pass(5);
    let again = stage.import(stage.home).await;
    assert!(matches!(again, Imported::NewVersion(id, _) if id == document), "{again:?}");
    assert!(stage.world.violations().is_empty(), "{:?}", stage.world.violations());
}

#[tokio::test]
async fn what_stands_behind_a_signed_or_inline_address_is_kept_or_named_and_is_the_same_at_the_next_reading()
{
    let stage = Stage::new();
    let author = stage.author();
    let (board, chart) =
        (author.file("board.html", "text/html", "<html>"), author.file("chart.png", "image/png", PNG));
    let inline = "data:text/html;base64,iVBORw0KGgpUaGUgcGljdHVyZQ==";
    author.append(stage.home, [embed(&board), embedded_file(&chart), external("image", &chart.address())]);
    author.append(stage.home, [external("image", inline), external("image", "data:image/png,<html>")]);
    author.append(stage.home, [paragraph(text("").link(board.address(), &board.address()))]);
    author.set_icon(stage.home, serde_json::json!({"type": "external", "external": {"url": inline}}));
    author
        .set_cover(stage.home, serde_json::json!({"type": "external", "external": {"url": chart.address()}}));
    stage.pass(5);
    let first = stage.import(stage.home).await;
    let Imported::Created(document) = first else { panic!("{first:?}") };
    let read = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
    let kept = &read.content.attachments;
    assert_eq!(kept.iter().map(|file| file.media_type.as_str()).collect::<Vec<_>>(), ["image/png"; 2]);
    let markdown = read.markdown().unwrap();
    let (picture, decoded) = (kept[0].blob.id, kept[1].blob.id);
    let start = format!("board.html\n\n[chart.png](attachment:{picture})\n\n![](attachment:{picture})\n\n");
    assert!(markdown.starts_with(&format!("{start}![](attachment:{decoded})\n\nimage\n\n")), "{markdown}");
    assert!(markdown.ends_with("board.html…\n"), "{markdown}");
    for image in [&read.content.source.icon, &read.content.source.cover] {
        assert!(matches!(image, Some(SourceImage::Stored(_))), "{image:?}");
    }
    // An edit has it read again, with other signatures.
    stage.author().set_title(stage.home, "Another title");
    stage.pass(5);
    assert_eq!(stage.import(stage.home).await, Imported::Unchanged(document));
}

#[tokio::test]
async fn the_metadata_of_the_source_comes_along() {
    let stage = Stage::new();
    let page = stage.author().page(stage.home, "Policy");
    stage.author().set_icon(page, serde_json::json!({"type": "emoji", "emoji": "🔐"}));
    stage.pass(5);
    stage.import(page).await;
    let link = stage.linked(page).await.link;
    assert_eq!(link.source.title, "Policy");
    assert_eq!(link.state, SourceState::Present);
    assert!(link.source.url.is_some());
    assert_eq!(
        serde_json::to_value(&link.source.icon).unwrap(),
        serde_json::json!({"type": "emoji", "value": "🔐"})
    );
    assert_eq!(serde_json::to_value(link.source.parent).unwrap()["id"], stage.home.to_string());
}

#[tokio::test]
async fn a_pdf_in_the_page_is_the_document_and_further_files_are_attached() {
    let stage = Stage::new();
    let author = stage.author();
    let (report, list) =
        (author.file("SOC 2.pdf", "application/pdf", PDF), author.file("list.csv", "text/csv", "a,b\n"));
    author.append(stage.home, [paragraph("Our report:"), toggle("Inside", [pdf(&report)]), file(&list)]);
    stage.pass(5);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap().content;
    assert_eq!(serde_json::to_value(&fetched.content).unwrap()["value"]["name"], "SOC 2.pdf");
    let names: Vec<_> = fetched.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["list.csv"]);
    assert_ne!(serde_json::to_value(&fetched.fidelity).unwrap()["verdict"], "complete");
    let markdown = stage
        .importer
        .fetch(&stage.connection, Pick::page(stage.home).shaped(Shape::Markdown))
        .await
        .unwrap();
    let text = markdown.markdown().unwrap();
    assert!(text.contains("Our report:"), "{text}");
    for kept in &markdown.content.attachments {
        assert!(text.contains(&format!("[{}](attachment:{})", kept.name, kept.blob.id)), "{text}");
    }
    assert_eq!(markdown.content.attachments.len(), 2);
}

#[tokio::test]
async fn a_file_in_a_property_of_a_row_is_the_document_as_one_in_its_blocks_is() {
    let stage = Stage::new();
    let author = stage.author();
    let columns = [("Policy", "files"), ("Owner", "rich_text"), ("Evidence", "files")];
    let database = author.database(stage.home, "Policies", columns);
    let policy = author.file("Access policy.pdf", "application/pdf", PDF);
    let annex = author.file("annex.csv", "text/csv", "a,b\n");
    let chart = author.file("chart.png", "image/png", PNG);
    let link = json!({"name": "site", "type": "external", "external": {"url": "https://a.b/c"}});
    let values = [
        ("Policy", json!([policy.reference()])),
        ("Owner", json!([{"type": "text", "plain_text": "Security team"}])),
        ("Evidence", json!([link, chart.reference()])),
    ];
    let row = author.row(database.data_source, "Access", values);
    author.append(row, [file(&annex), paragraph("Words.")]);
    stage.pass(5);
    // An address of a property ends to work as one of a block does.
    stage.world.fail_next(Endpoint::File, Fault::Restricted);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(row)).await.unwrap().content;
    assert_eq!(serde_json::to_value(&fetched.content).unwrap()["value"]["name"], "Access policy.pdf");
    assert_eq!(fetched.attachments.iter().map(|file| &*file.name).collect::<Vec<_>>(), ["annex.csv"]);
    let counted: Vec<_> = fetched.fidelity.losses().iter().map(|loss| (loss.kind, loss.count)).collect();
    assert_eq!(counted, [(LossKind::DisplacedProperty, 2), (LossKind::DisplacedBlock, 1)]);
    let shaped = Pick::page(row).shaped(Shape::Markdown);
    let text = stage.importer.fetch(&stage.connection, shaped).await.unwrap();
    let kept = &text.content.attachments;
    assert_eq!(kept.len(), 3);
    let link = |at: usize| format!("[{}](attachment:{})", kept[at].name, kept[at].blob.id);
    let markdown = text.markdown().unwrap();
    assert!(markdown.contains(&format!("| Policy | {} |", link(1))), "{markdown}");
    assert!(markdown.contains(&format!("| Evidence | [site](https://a.b/c), {} |", link(0))), "{markdown}");
    let table = Pick::data_source(database.data_source);
    let table = stage.importer.fetch(&stage.connection, table).await.unwrap();
    assert_eq!(table.content.attachments.len(), 2);
    assert!(table.markdown().unwrap().contains(&link(1)), "{:?}", table.markdown());
    assert!(!format!("{table:?}").contains("X-Amz"), "{table:?}");
}

#[tokio::test]
async fn an_image_that_is_opened_by_its_address_is_an_attachment_whose_type_no_browser_guesses() {
    const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    for (name, media_type, bytes, shown) in
        [("logo.svg", "image/svg+xml", SVG, true), ("rack.HEIC", "image/heic", HEIC, false)]
    {
        let stage = Stage::new();
        let drawing = stage.author().file(name, media_type, bytes);
        stage.author().append(stage.home, [image(&drawing)]);
        stage.pass(5);
        let fetched = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
        let kept = &fetched.content.attachments[0];
        let address = format!("(attachment:{})", kept.blob.id);
        // What browsers do not show is named, not a broken image.
        let (markdown, losses) =
            if shown { (format!("![]{address}\n"), 0) } else { (format!("[{name}]{address}\n"), 1) };
        assert_eq!(fetched.markdown(), Some(markdown.as_str()));
        assert_eq!(fetched.content.fidelity.losses().len(), losses, "{name}");
        let (asked, ()) = http::Request::new(()).into_parts();
        let answer = FileRange::answer(&stage.blobs, stage.connection.tenant, kept, &asked).await.unwrap();
        for (header, value) in [
            ("content-type", media_type.to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
            ("content-disposition", format!("attachment; filename=\"{}\"", kept.name)),
        ] {
            let told = answer.headers()[header].to_str().unwrap();
            assert!(told.starts_with(&value), "{header}: {told}");
        }
    }
}

#[tokio::test]
async fn what_only_claims_to_be_a_pdf_is_not_taken_for_one() {
    let stage = Stage::new();
    let fake = stage.author().file("report.pdf", "application/pdf", "<html>not a report</html>");
    stage.author().append(stage.home, [paragraph("Words."), pdf(&fake)]);
    stage.pass(5);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
    assert!(fetched.markdown().unwrap().contains("Words."));
}

#[tokio::test]
async fn images_are_kept_and_no_signed_address_is() {
    let stage = Stage::new();
    let picture = stage.author().file("diagram.png", "image/png", PNG);
    stage.author().append(stage.home, [paragraph("Before."), image(&picture)]);
    stage.pass(5);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
    let kept = fetched.content.attachments.first().unwrap();
    assert!(
        fetched.markdown().unwrap().contains(&format!("(attachment:{})", kept.blob.id)),
        "{:?}",
        fetched.markdown()
    );
    assert!(!format!("{fetched:?}").contains("X-Amz"), "{fetched:?}");
    let bytes: Vec<u8> = stage
        .blobs
        .get(stage.connection.tenant, &kept.blob.id, None)
        .await
        .unwrap()
        .flat_map(|part| futures_util::stream::iter(part.unwrap()))
        .collect()
        .await;
    assert_eq!(bytes, PNG);
}

#[tokio::test]
async fn an_address_that_expired_while_the_page_was_read_is_asked_for_again() {
    let stage = Stage::new();
    let author = stage.author();
    let report = author.file("report.pdf", "application/pdf", PDF);
    author.append(stage.home, [pdf(&report)]);
    stage.pass(5);
    stage.world.fail_next(Endpoint::File, Fault::Restricted);
    let fetched = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
    assert_eq!(fetched.markdown(), None);
    assert_eq!(stage.world.requests_to(Endpoint::Block), 1);
}

#[tokio::test]
async fn a_database_is_one_table_or_a_document_for_each_row() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Sub-processors", [("Country", "rich_text")]);
    for name in ["Hosting Ltd", "Mail GmbH"] {
        stage.author().row(database.data_source, name, []);
    }
    stage.pass(5);
    let table =
        stage.importer.fetch(&stage.connection, Pick::data_source(database.data_source)).await.unwrap();
    let text = table.markdown().unwrap();
    assert!(text.contains("Hosting Ltd") && text.contains("Mail GmbH") && text.contains("Country"), "{text}");
    assert_eq!(table.children.len(), 2);
    let rows = vec![Pick::data_source(database.data_source).shaped(Shape::Rows)];
    let events: Vec<ImportEvent> = stage
        .importer
        .import(&content_manager(stage.connection.tenant), &stage.connection, rows)
        .collect()
        .await;
    assert!(matches!(events[0], ImportEvent::Total(2)));
    let created = events.iter().filter(
        |event| matches!(event, ImportEvent::Finished(o) if matches!(o.result, Ok(Imported::Created(_)))),
    );
    assert_eq!(created.count(), 2);
}

#[tokio::test]
async fn one_page_that_fails_does_not_stop_the_others_and_leaves_nothing() {
    let stage = Stage::new();
    let author = stage.author();
    let foreign = author.page(author.workspace("Other"), "Theirs");
    let picks = vec![Pick::page(foreign), Pick::page(stage.home)];
    let events: Vec<ImportEvent> = stage
        .importer
        .import(&content_manager(stage.connection.tenant), &stage.connection, picks)
        .collect()
        .await;
    let failed = events.iter().find_map(|event| match event {
        ImportEvent::Finished(outcome) if outcome.pick.id == foreign => Some(&outcome.result),
        _ => None,
    });
    assert!(failed.unwrap().as_ref().unwrap_err().is_not_found());
    assert!(stage.library.linked_by_source(stage.connection.tenant, &[foreign]).await.unwrap().is_empty());
    assert_eq!(stage.linked(stage.home).await.link.source.title, "Home");
}

#[tokio::test]
async fn synced_copies_are_read_wherever_notion_keeps_their_children() {
    for under_the_copy in [true, false] {
        let stage = Stage::new();
        stage.world.tune(|rules| rules.copies_list_children = under_the_copy);
        let original = stage.author().append(stage.home, [synced([paragraph("Shared words.")])])[0];
        let page = stage.author().page(stage.home, "Copy");
        stage.author().append(page, [synced_copy(original)]);
        stage.pass(5);
        let fetched = stage.importer.fetch(&stage.connection, Pick::page(page)).await.unwrap();
        assert!(fetched.markdown().unwrap().contains("Shared words."), "{under_the_copy}: {fetched:?}");
    }
}

#[tokio::test]
async fn faults_change_nothing_but_the_time_it_takes() {
    let read = async |rate: f64| {
        let stage = Stage::new();
        let author = stage.author();
        let picture = author.file("diagram.png", "image/png", PNG);
        for number in 0..150 {
            author.append(
                stage.home,
                [toggle(format!("Section {number}"), [paragraph("Inside."), image(&picture)])],
            );
        }
        stage.pass(5);
        stage.world.plan_faults(FaultPlan::survivable(rate));
        let fetched = stage.importer.fetch(&stage.connection, Pick::page(stage.home)).await.unwrap();
        if rate > 0.0 {
            assert!(stage.world.faults() > 0);
        }
        (fetched.markdown().unwrap().to_owned(), fetched.content.attachments.len())
    };
    assert_eq!(read(0.2).await, read(0.0).await);
}

#[tokio::test]
async fn what_is_picked_as_another_kind_says_what_it_is_however_notion_answers() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    stage.author().row(database.data_source, "Example Ltd", []);
    stage.pass(5);
    let actor = content_manager(stage.connection.tenant);
    let absent: NotionId = "0f9a3f0e-5d4c-4c1b-8e5d-6a7b8c9d0e1f".parse().unwrap();
    for answer in [WrongKind::ValidationError, WrongKind::NotFound] {
        stage.world.tune(|rules| rules.wrong_kind = answer);
        for (pick, expected) in [
            (Pick::page(database.data_source), Some(OtherKind::DataSource)),
            (Pick::page(database.id), Some(OtherKind::Database)),
            (Pick::data_source(stage.home), Some(OtherKind::Page)),
            (Pick::data_source(stage.home).shaped(Shape::Rows), Some(OtherKind::Page)),
            (Pick::data_source(database.id), Some(OtherKind::Database)),
            (Pick::page(absent), None),
            (Pick::data_source(absent), None),
        ] {
            let mut errors = vec![stage.importer.metadata(&stage.connection, pick).await.unwrap_err()];
            errors.push(stage.importer.fetch(&stage.connection, pick).await.unwrap_err());
            errors.push(stage.importer.import_one(&actor, &stage.connection, pick).await.unwrap_err());
            let events: Vec<_> = stage.importer.import(&actor, &stage.connection, vec![pick]).collect().await;
            for event in events {
                match event {
                    ImportEvent::Finished(outcome) => errors.push(outcome.result.unwrap_err()),
                    ImportEvent::Total(_) => {}
                }
            }
            assert_eq!(errors.len(), 4, "{pick:?}");
            for error in errors {
                let found = if let Error::OtherKind(kind) = &error { Some(*kind) } else { None };
                assert_eq!(found, expected, "{pick:?} {answer:?}: {error}");
                assert!(error.is_not_found(), "{pick:?} {answer:?}: {error}");
            }
        }
    }
    assert!(stage.world.violations().is_empty(), "{:?}", stage.world.violations());
}

#[tokio::test]
async fn an_entry_is_picked_as_what_it_is() {
    let stage = Stage::new();
    stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    stage.pass(5);
    let actor = content_manager(stage.connection.tenant);
    let listing =
        stage.importer.browse(&stage.manager(), &stage.connection, &Default::default()).await.unwrap();
    assert_eq!(listing.entries.len(), 2);
    for entry in &listing.entries {
        let imported = stage.importer.import_one(&actor, &stage.connection, entry.pick()).await;
        assert!(matches!(imported, Ok(Imported::Created(_))), "{entry:?}: {imported:?}");
    }
}

#[tokio::test]
async fn what_was_read_comes_in_notions_words_too_and_shows_no_signed_address() {
    let stage = Stage::new();
    let database = stage.author().database(stage.home, "Vendors", [("Country", "select")]);
    let france = serde_json::json!({"name": "France"});
    let row = stage.author().row(database.data_source, "Example Ltd", [("Country", france)]);
    let picture = stage.author().file("diagram.png", "image/png", PNG);
    stage.author().append(row, [toggle("More", [paragraph("Inside.")]), image(&picture)]);
    stage.pass(5);
    let page = stage.importer.fetch(&stage.connection, Pick::page(row)).await.unwrap();
    let country = page.page().unwrap().properties.get("Country").map(|property| property.value.clone());
    let Some(PropertyValue::Select(choice)) = country else { panic!("{country:?}") };
    assert_eq!(choice.name.as_deref(), Some("France"));
    let nodes = page.blocks().unwrap().nodes();
    let shape: Vec<_> = nodes.iter().map(|node| (node.block.content.block_type(), node.depth)).collect();
    assert_eq!(shape, [(BlockType::Toggle, 0), (BlockType::Paragraph, 1), (BlockType::Image, 0)]);
    assert!(page.data_source().is_none() && page.rows().is_empty());
    assert!(!format!("{page:?}").contains("X-Amz"), "{page:?}");
    let table =
        stage.importer.fetch(&stage.connection, Pick::data_source(database.data_source)).await.unwrap();
    let columns: Vec<_> = table.data_source().unwrap().properties.0.iter().map(|(name, _)| &**name).collect();
    assert!(columns.contains(&"Country"), "{columns:?}");
    let titles: Vec<_> = table.rows().iter().map(|row| row.title()).collect();
    assert_eq!(titles, ["Example Ltd"]);
    assert!(table.page().is_none() && table.blocks().is_none());
}
