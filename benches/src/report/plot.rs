//! Pictures of cost against size, both on scales of powers of ten. They bring their own ground, light or dark as the reader's system is.

use std::fmt::Write;

use super::groups::Group;
use super::{Run, grouped, shown};
use crate::figure::{By, Figure};

const WIDTH: f64 = 640.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 48.0;
const HEIGHT: f64 = 300.0;
/// Between two names below the picture.
const LINE: f64 = 26.0;

const STYLE: &str = "\
svg { font: 16px system-ui, sans-serif; --ground: #fff; --ink: #1f2328; --faint: #d1d9e0; color-scheme: light dark }
.ground { fill: var(--ground) } text { fill: var(--ink) } .grid { stroke: var(--faint) }
.line { fill: none; stroke-width: 2.5; stroke: var(--hue) } .floor { stroke-dasharray: 7 5 } .dot { fill: var(--hue) }
.h0 { --hue: #0969da } .h1 { --hue: #59636e } .h2 { --hue: #bc4c00 } .h3 { --hue: #8250df } .h4 { --hue: #1a7f37 }
@media (prefers-color-scheme: dark) {
svg { --ground: #0d1117; --ink: #e6edf3; --faint: #30363d }
.h0 { --hue: #58a6ff } .h1 { --hue: #9198a1 } .h2 { --hue: #f0883e } .h3 { --hue: #bc8cff } .h4 { --hue: #3fb950 }
}";

/// One line of the picture.
struct Series<'a> {
    name: String,
    is_floor: bool,
    points: Vec<&'a Figure>,
}

/// Draws a group, if it has something that was measured at two sizes.
pub fn draw(run: &Run, group: &Group) -> Option<String> {
    let series = series(run, group);
    let figures = || series.iter().flat_map(|one| one.points.iter().copied());
    let sizes = Scale::over(figures().map(|figure| figure.size as f64), (LEFT, WIDTH - RIGHT))?;
    let costs = Scale::over(figures().map(|figure| figure.value), (TOP + HEIGHT, TOP))?;
    let unit = figures().next()?.unit.as_str();
    let below = TOP + HEIGHT;
    let height = below + 58.0 + LINE * series.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{}: cost against size</title>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n\
         <text x=\"16\" y=\"28\" font-weight=\"600\">{}: {}, by {}</text>\n",
        group.title,
        group.title,
        escaped(unit),
        group.sizes
    );
    for cost in costs.ticks() {
        let at = costs.place(cost);
        let (right, label) = (WIDTH - RIGHT, shown_short(cost));
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            LEFT - 8.0,
            at + 5.0
        );
    }
    for size in sizes.ticks() {
        let at = sizes.place(size);
        let label = grouped(&format!("{size:.0}"));
        let (anchor, y) = (if at > WIDTH - 60.0 { "end" } else { "middle" }, below + 22.0);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} {TOP}V{below}\"/><text x=\"{at:.1}\" y=\"{y}\" text-anchor=\"{anchor}\">{label}</text>"
        );
    }
    for (number, one) in series.iter().enumerate() {
        let hue = number % 5;
        let kind = if one.is_floor { "line floor" } else { "line" };
        let places: Vec<(f64, f64)> = one
            .points
            .iter()
            .map(|figure| (sizes.place(figure.size as f64), costs.place(figure.value)))
            .collect();
        let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let _ = writeln!(svg, "<g class=\"h{hue}\"><path class=\"{kind}\" d=\"M{}\"/>", path.join("L"));
        for (x, y) in places {
            let _ = writeln!(svg, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>");
        }
        let y = below + 52.0 + LINE * number as f64;
        let _ = writeln!(
            svg,
            "<path class=\"{kind}\" d=\"M16 {}h36\"/></g><text x=\"62\" y=\"{y}\">{}</text>",
            y - 5.0,
            escaped(&one.name)
        );
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

/// What the group is drawn of: its cases, and of the first the floor and the peers too.
fn series<'a>(run: &'a Run, group: &'a Group) -> Vec<Series<'a>> {
    let Some(plot) = &group.plot else { return Vec::new() };
    let mut series: Vec<Series<'a>> = Vec::new();
    for (number, case) in plot.cases.iter().enumerate() {
        for figure in run.of(group.name).filter(|figure| figure.case == *case) {
            let (name, is_floor) = match &figure.by {
                By::Here => ((*case).to_owned(), false),
                By::Floor(what) => (format!("floor: {what}"), true),
                By::Peer(name) => (name.clone(), false),
            };
            if number > 0 && figure.by != By::Here {
                continue;
            }
            match series.iter_mut().find(|one| one.name == name) {
                Some(one) => one.points.push(figure),
                None => series.push(Series { name, is_floor, points: vec![figure] }),
            }
        }
    }
    series.iter_mut().for_each(|one| one.points.sort_by_key(|figure| figure.size));
    series
}

/// A scale of powers of ten.
struct Scale {
    /// As powers.
    from: f64,
    to: f64,
    /// Where these are drawn.
    places: (f64, f64),
}

impl Scale {
    /// Spans all of these, if they differ and are all more than nothing.
    fn over(values: impl Iterator<Item = f64> + Clone, places: (f64, f64)) -> Option<Self> {
        let (from, to) =
            (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max));
        let spans = from > 0.0 && from.is_finite() && to > from;
        // Room beside the outermost points.
        let room = (to / from).log10() * 0.06;
        spans.then(|| Self { from: from.log10() - room, to: to.log10() + room, places })
    }

    fn place(&self, value: f64) -> f64 {
        let part = (value.log10() - self.from) / (self.to - self.from);
        self.places.0 + (self.places.1 - self.places.0) * part
    }

    /// Returns the round numbers on it: all powers of ten, and twice and five times these where there is room.
    fn ticks(&self) -> Vec<f64> {
        let steps: &[f64] = if self.to - self.from > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let powers = (self.from.floor() as i32)..=(self.to.ceil() as i32);
        let ticks = powers.flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
        ticks.filter(|tick| (self.from..=self.to).contains(&tick.log10())).collect()
    }
}

/// A round number without what follows it.
fn shown_short(value: f64) -> String {
    let shown = shown(value, "");
    if shown.contains('.') { shown.trim_end_matches('0').trim_end_matches('.').to_owned() } else { shown }
}

/// Markdown's words, as a picture has them.
fn escaped(text: &str) -> String {
    text.replace('`', "").replace('&', "&amp;").replace('<', "&lt;")
}
