//! `notion-to-markdown convert`, run as a person runs it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn convert(flags: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_notion-to-markdown"))
        .arg("convert")
        .args(flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A command that stops at a mistake need not read on.
    let _ = writer.join().unwrap();
    output
}

fn check(input: &str, markdown: &str) {
    let output = convert(&[], input.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{input}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), markdown, "{input}");
    assert!(output.stderr.is_empty(), "{input}");
}

#[test]
fn blocks_become_markdown_and_oddities_are_no_mistakes() {
    for (input, markdown) in [
        ("[]", ""),
        (r#"[{"type":"paragraph","paragraph":{"rich_text":[{"plain_text":"a*b"}]}}]"#, "a\\*b\n"),
        (r#"[{"type":"paragraph","paragraph":null}]"#, ""),
        (r#"[{"type":"hologram","hologram":{}}]"#, "\\[Unsupported block: hologram\\]\n"),
        (r#"[{"type":"quote","quote":{"rich_text":[{"plain_text":"x"}],"color":"ultraviolet"}}]"#, "> x\n"),
        (
            r#"[{"type":"paragraph","paragraph":{"rich_text":[{"type":"mention","mention":{"type":"robot"},"plain_text":"@R"}]}}]"#,
            "@R\n",
        ),
        (r#"{"object":"list","results":[{"type":"divider","divider":{}}]}"#, "***\n"),
    ] {
        check(input, markdown);
    }
}

#[test]
fn a_file_is_read_like_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blocks.json");
    std::fs::write(&path, r#"[{"type":"divider"}]"#).unwrap();
    let output = convert(&[path.to_str().unwrap()], b"");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"***\n".as_slice()));
    assert_eq!(convert(&["-"], br#"[{"type":"divider"}]"#).stdout, b"***\n");
}

#[test]
fn a_mistake_is_told_with_its_place_and_exit_code_2() {
    for (input, said) in [
        ("[{},\n{]", "standard input: not JSON: line 2, column 2"),
        ("", "standard input: not JSON: line 1, column 0"),
        ("\n  7", "standard input: JSON, but no array of blocks: line 2, column 3"),
    ] {
        let output = convert(&[], input.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{input}");
        assert!(output.stdout.is_empty(), "{input}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("notion-to-markdown: {said}\n"));
    }
}

#[test]
fn a_missing_file_is_another_mistake() {
    let output = convert(&["/nowhere/blocks.json"], b"");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn report_and_timings_are_lines_of_json_beside_the_markdown() {
    let output = convert(
        &["--report", "--timings"],
        br#"[{"type":"toggle"},{"type":"form","id":"35261e8ce0a380c89f000123456789ab"}]"#,
    );
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["blocks"], 2);
    assert_eq!(lines[0]["convert_ms"].as_array().unwrap().len(), 10);
    assert_eq!(lines[0]["bytes_out"], output.stdout.len());
    assert_eq!(lines[1]["fidelity"]["verdict"], "truncated");
    assert_eq!(lines[1]["fidelity"]["losses"][1]["kind"], "unknown_block");
    assert_eq!(lines[1]["fidelity"]["losses"][1]["first_block"], "35261e8c-e0a3-80c8-9f00-0123456789ab");
}

#[test]
fn depth_is_no_danger() {
    for depth in [10_000, 100_000] {
        let open = r#"[{"type":"toggle","toggle":{"rich_text":[{"plain_text":"x"}],"children":"#;
        let input = open.repeat(depth) + "[]" + &"}}]".repeat(depth);
        let output = convert(&["--report"], input.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{depth}");
        assert_eq!(output.stdout.iter().filter(|&&byte| byte == b'x').count(), depth);
    }
}
