//! A page as Notion's own Markdown.

use notion_import_core::testing::{bookmark, bulleted, code, paragraph, text, toggle, unsupported};
use serde_json::{Value, json};

use super::Company;

fn markdown(company: &Company, query: &str) -> Value {
    let (status, answer) = company.get(&format!("/v1/pages/{}/markdown{query}", company.policy));
    assert_eq!(status, 200, "{answer}");
    answer
}

#[test]
fn a_page_is_written_in_the_syntax_that_is_asked_for() {
    let company = Company::new(9);
    company.author().replace(
        company.policy,
        [paragraph("a <b>"), toggle("more", [bulleted(text("").code("<c>"))]), code("", "<d>\n")],
    );
    let v1 = "a \\<b\\>\n<details><summary>more</summary></details>\n\t- `<c>`\n```\n<d>\n\n```";
    for query in ["", "?markdown_version=v1"] {
        assert_eq!(markdown(&company, query)["markdown"], v1, "{query}");
    }
    let answer = markdown(&company, "?markdown_version=v2");
    assert!(answer["markdown"].as_str().unwrap().starts_with("a \\<b\\>\n\n<details>"), "{answer}");
    assert_eq!((&answer["object"], &answer["truncated"]), (&json!("page_markdown"), &json!(false)));
    company.world.tune(|rules| rules.markdown_versions = false);
    let path = format!("/v1/pages/{}/markdown?markdown_version=v2", company.policy);
    assert_eq!(company.get(&path).0, 400);
    assert_eq!(company.world.violations(), [""; 0]);
}

#[test]
fn what_has_no_syntax_is_a_tag_and_what_is_cut_or_hidden_is_named_besides() {
    let company = Company::new(9);
    let blocks =
        [bookmark("https://a.example/"), unsupported("button"), paragraph("secret"), paragraph("last")];
    let blocks = company.author().replace(company.policy, blocks);
    company.world.hide(&company.grant.token, blocks[2]);
    let answer = markdown(&company, "");
    let text = answer["markdown"].as_str().unwrap();
    for (block, kind) in [(blocks[0], "bookmark"), (blocks[1], "button"), (blocks[2], "")] {
        let tag = format!("#{}\" alt=\"{kind}\"/>", block.simple());
        assert!(text.contains(&tag), "{text}");
    }
    assert!(!text.contains("secret") && text.ends_with("last"), "{text}");
    assert_eq!((&answer["truncated"], &answer["unknown_block_ids"]), (&json!(true), &json!([blocks[2]])));
    assert_eq!(company.get(&format!("/v1/blocks/{}", blocks[2])).0, 404);
    let listed = company.list(&format!("/v1/blocks/{}/children", company.policy), None, 100);
    assert_eq!(listed.len(), 3);

    company.world.tune(|rules| rules.markdown_limit = 2);
    assert_eq!(markdown(&company, "")["unknown_block_ids"], json!([blocks[2], blocks[3]]));
}
