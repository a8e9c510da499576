//! The report of a run: RESULTS.md and its pictures, from the lines that benches and peers left.

pub mod groups;
pub mod machine;
pub mod markdown;
pub mod plot;

use crate::figure::{By, Figure, Line, NotRun};

/// What a run left.
#[derive(Default)]
pub struct Run {
    figures: Vec<Figure>,
    not_run: Vec<NotRun>,
}

impl Run {
    /// Reads the lines of a run.
    ///
    /// # Errors
    /// If a line is neither a figure nor a reason.
    pub fn parse(lines: &str) -> serde_json::Result<Self> {
        let mut run = Self::default();
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str(line)? {
                Line::Figure(figure) => run.figures.push(figure),
                Line::NotRun(not_run) => run.not_run.push(not_run),
            }
        }
        Ok(run)
    }

    /// Returns what was measured of a group.
    pub fn of<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a Figure> + Clone {
        self.figures.iter().filter(move |figure| figure.group == group)
    }

    /// Returns why there is nothing of somebody, also if nobody said why.
    pub fn why_not(&self, group: &str, who: &By) -> &str {
        self.said(group, who).unwrap_or("nothing was measured")
    }

    /// Returns what was said about somebody who was not measured, or not in everything.
    pub fn said(&self, group: &str, who: &By) -> Option<&str> {
        let reason = self.not_run.iter().find(|reason| reason.group == group && reason.not_run == *who);
        reason.map(|reason| reason.why.as_str())
    }
}

/// Writes a number with three digits that say something, and its unit.
pub fn shown(value: f64, unit: &str) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{} {unit}", grouped(&format!("{value:.decimals$}"))).trim_end().to_owned()
}

/// Writes a comma between thousands.
pub fn grouped(number: &str) -> String {
    let whole = number.split('.').next().unwrap_or_default().len();
    let comma = |at: usize| at > 0 && at < whole && (whole - at).is_multiple_of(3);
    let digits = number.chars().enumerate();
    digits.flat_map(|(at, digit)| comma(at).then_some(',').into_iter().chain([digit])).collect()
}
