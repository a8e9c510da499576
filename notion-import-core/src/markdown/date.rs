//! Dates as text.

use crate::notion::text::DateRange;

/// Writes a date or a range as Notion spells it, with the zone behind times that name none.
pub(super) fn range(date: &DateRange) -> Option<String> {
    let ends = [date.start.as_deref(), date.end.as_deref()];
    let range = ends.into_iter().flatten().collect::<Vec<_>>().join(" \u{2192} ");
    (!range.is_empty()).then(|| zoned(date, &range).unwrap_or(range))
}

/// Puts the zone behind the text of a date, if the date needs one and the text has none.
pub(super) fn zoned(date: &DateRange, text: &str) -> Option<String> {
    let zone = date.time_zone.as_deref().filter(|zone| !zone.trim().is_empty())?;
    let mut ends = [&date.start, &date.end].into_iter().flatten();
    (ends.any(|end| lacks_offset(end)) && !text.contains(zone)).then(|| format!("{text} ({zone})"))
}

/// Whether a text is a time of no certain zone. A day has none.
fn lacks_offset(text: &str) -> bool {
    text.split_once('T').is_some_and(|(_, time)| !time.contains(['Z', '+', '-']))
}
