//! RESULTS.md.

use std::fmt::Write;

use super::groups::{GROUPS, Group};
use super::{Run, grouped, plot, shown};
use crate::figure::{By, Figure};

const HEAD: &str = "# Results

Written by `scripts/bench`: one run on one machine. Less is better everywhere. A ratio says how much more something costs: behind the floor, than
the least that it could; at a peer, that the peer costs more than this project. Ratios travel, times do not.

";

/// Writes the report, below what is known of the machine.
pub fn report(run: &Run, machine: &[(String, String)]) -> String {
    let mut text = String::from(HEAD);
    text.push_str("| | |\n|---|---|\n");
    machine.iter().for_each(|(name, value)| line(&mut text, &format!("| {name} | {value} |")));
    for group in &GROUPS {
        describe(&mut text, run, group);
    }
    text
}

fn describe(text: &mut String, run: &Run, group: &Group) {
    line(text, &format!("\n## {}\n\n{}", group.title, group.said));
    if run.of(group.name).all(|figure| figure.by != By::Here) {
        line(text, &format!("\n**Not run: {}.**", run.why_not(group.name, &By::Here)));
        return;
    }
    if plot::draw(run, group).is_some() {
        let Group { name, title, .. } = group;
        line(text, &format!("\n![{title}: cost against size](plots/{name}.svg)"));
    }
    table(text, run, group);
    if let Some(why) = run.said(group.name, &By::Here) {
        line(text, &format!("\n**Not all of it was run: {why}.**"));
    }
    text.push('\n');
    if group.peers.is_empty() {
        line(text, "Peers: none that a registry has does this.");
    }
    for peer in group.peers {
        let who = By::Peer(peer.name.to_owned());
        let missing = run.of(group.name).all(|figure| figure.by != who);
        let missing = missing.then(|| format!(" **Not run: {}.**", run.why_not(group.name, &who)));
        line(text, &format!("- {}: {}{}", peer.name, peer.said, missing.unwrap_or_default()));
    }
}

fn table(text: &mut String, run: &Run, group: &Group) {
    let peers: String = group.peers.iter().map(|peer| format!(" {} |", peer.name)).collect();
    line(text, &format!("\n| | {} | here | floor | ratio |{peers} |", group.sizes));
    line(text, &format!("|---|---:|---:|---:|---:|{}---|", "---:|".repeat(group.peers.len())));
    for here in run.of(group.name).filter(|figure| figure.by == By::Here) {
        let alike = run.of(group.name).filter(|other| (&other.case, other.size) == (&here.case, here.size));
        let floor = alike.clone().find(|figure| matches!(figure.by, By::Floor(_)));
        let _ = write!(text, "| {} | {} | {}", here.case, grouped(&here.size.to_string()), amount(here));
        let _ = match floor {
            Some(floor) => write!(text, " | {} | {} |", amount(floor), times(here, floor)),
            None => write!(text, " | – | – |"),
        };
        for peer in group.peers {
            let measured = alike.clone().find(|figure| figure.by == By::Peer(peer.name.to_owned()));
            let _ = match measured {
                Some(peer) => write!(text, " {} ({}) |", amount(peer), times(peer, here)),
                None => write!(text, " – |"),
            };
        }
        line(text, &format!(" {} |", here.note));
    }
}

/// A floor says what it is.
fn amount(figure: &Figure) -> String {
    let shown = shown(figure.value, &figure.unit);
    match &figure.by {
        By::Floor(what) => format!("{shown}, {what}"),
        By::Here | By::Peer(_) => shown,
    }
}

/// How many times as much it is.
fn times(figure: &Figure, other: &Figure) -> String {
    if other.value > 0.0 { format!("x{}", shown(figure.value / other.value, "")) } else { "–".to_owned() }
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
