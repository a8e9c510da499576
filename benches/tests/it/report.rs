//! What the report makes of the lines of a run.

use benches::report::groups::GROUPS;
use benches::report::{Run, markdown, plot, shown};

const LINES: &str = r#"
{"group":"conversion","case":"parse and convert","size":100,"value":2.0,"unit":"µs a block","by":"here"}
{"group":"conversion","case":"parse and convert","size":100,"value":1.0,"unit":"µs a block","by":{"floor":"serde_json"}}
{"group":"conversion","case":"parse and convert","size":100,"value":30.0,"unit":"µs a block","by":{"peer":"notion-to-md"}}
{"group":"conversion","case":"parse and convert","size":100000,"value":2.5,"unit":"µs a block","by":"here","note":"a note"}
{"group":"conversion","not_run":{"peer":"notion2md"},"why":"it is not installed"}
{"group":"site","not_run":"here","why":"it ended with 1"}
"#;

fn report() -> String {
    let machine = [("cores".to_owned(), "2".to_owned())];
    markdown::report(&Run::parse(LINES).unwrap(), &machine)
}

#[test]
fn a_figure_stands_beside_its_floor_and_its_peers_as_ratios() {
    let report = report();
    for row in [
        "| cores | 2 |",
        "| | blocks | here | floor | ratio | notion-to-md | notion-to-md-py | notion2md | |",
        "| parse and convert | 100 | 2.00 µs a block | 1.00 µs a block, serde_json | x2.00 | 30.0 µs a block (x15.0) | – | – |  |",
        "| parse and convert | 100,000 | 2.50 µs a block | – | – | – | – | – | a note |",
    ] {
        assert!(report.lines().any(|line| line == row), "{row}\n{report}");
    }
}

#[test]
fn what_was_not_run_says_why_and_is_not_left_out() {
    let report = report();
    let after = |name: &str| report.split(name).nth(1).unwrap().lines().next().unwrap().to_owned();
    assert!(after("- notion2md:").ends_with("**Not run: it is not installed.**"), "{report}");
    assert!(after("- notion-to-md-py:").ends_with("**Not run: nothing was measured.**"), "{report}");
    assert!(!after("- notion-to-md:").contains("Not run"), "{report}");
    for group in &GROUPS {
        let section = report.split(&format!("## {}\n", group.title)).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let why = match group.name {
            "conversion" => continue,
            "site" => "**Not run: it ended with 1.**",
            _ => "**Not run: nothing was measured.**",
        };
        assert!(section.contains(why), "{}: {section}", group.name);
    }
}

#[test]
fn what_was_measured_at_two_sizes_is_drawn_and_nothing_else() {
    let run = Run::parse(LINES).unwrap();
    let drawn: Vec<&str> =
        GROUPS.iter().filter(|group| plot::draw(&run, group).is_some()).map(|group| group.name).collect();
    assert_eq!(drawn, ["conversion"]);
    let svg = plot::draw(&run, &GROUPS[0]).unwrap();
    assert_eq!(svg.matches("<path class=\"line").count(), 2 * 3, "three lines, and their names: {svg}");
    assert_eq!(svg.matches("<circle").count(), 4, "{svg}");
    assert!(report().contains("(plots/conversion.svg)") && !report().contains("(plots/site.svg)"));
}

#[test]
fn numbers_have_three_digits_that_say_something() {
    for (value, expected) in
        [(61_006.0, "61,006 s"), (0.1234, "0.123 s"), (12.34, "12.3 s"), (999_999.6, "1,000,000 s")]
    {
        assert_eq!(shown(value, "s"), expected);
    }
}
