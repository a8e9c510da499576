//! Dates as they are read: in ISO 8601, a range with an arrow, and the zone behind a time that has no offset.

use notion_import_core::notion::DateRange;

/// A date, or a range of dates, with its zone.
pub fn text(date: &DateRange) -> String {
    zoned(date, range(date))
}

/// A date, or a range of dates.
pub fn range(DateRange { start, end, .. }: &DateRange) -> String {
    match (start, end) {
        (Some(start), Some(end)) => format!("{start} → {end}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    }
}

/// The text of a date with its zone, if the date has a time without an offset and the text does not say the zone.
pub fn zoned(DateRange { start, end, time_zone }: &DateRange, text: String) -> String {
    let is_local =
        |end: &String| end.find('T').is_some_and(|at| !end[at..].chars().any(|char| "Z+-".contains(char)));
    match time_zone {
        Some(zone) if !zone.trim().is_empty() && !text.contains(zone) && !text.is_empty() => {
            if start.iter().chain(end).any(is_local) { format!("{text} ({zone})") } else { text }
        }
        _ => text,
    }
}
