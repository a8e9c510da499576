//! What time it is at Notion, as far as its answers tell.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, header};

use crate::mutant;
use crate::transport::CLOCKS_APART;

/// So much may Notion's servers differ from each other.
const SKEW: TimeDelta = TimeDelta::seconds(2);

/// Where Notion is asked without anybody in between: the `Date` of an answer is its own then.
const NOTION: &str = "api.notion.com";

/// How an answer writes the time of an edit. Inside of a string the quotes would be escaped, so no author can write this.
const EDITED: &str = "\"last_edited_time\":\"";

/// A moment by our clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// By the wall clock, which somebody may set, forward or back.
    pub(crate) wall: DateTime<Utc>,
    /// By the monotonic clock.
    pub(crate) monotonic: Instant,
}

/// What answers have told of the time at Notion. Clones share it.
///
/// No clock is trusted alone. Notion's own is never before an edit that it has stamped; ours may be set wrong, and so may that
/// of whoever passes the answers on, so that each counts only as far as they agree.
#[derive(Clone, Default)]
pub(crate) struct ServerTime(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    /// The edit that says most.
    edit: Option<Stamp>,
    /// The `Date` of the last answer that had one, and whether that was Notion's own.
    date: Option<(Stamp, bool)>,
}

/// A time, and when it was told.
#[derive(Clone, Copy)]
struct Stamp {
    time: DateTime<Utc>,
    told: Instant,
}

impl Stamp {
    /// What that clock showed at another moment.
    fn at(self, moment: Instant) -> DateTime<Utc> {
        let later = moment.checked_duration_since(self.told).map(TimeDelta::from_std);
        let earlier = self.told.checked_duration_since(moment).map(TimeDelta::from_std);
        match (later, earlier) {
            (Some(Ok(later)), _) => self.time.checked_add_signed(later),
            (None, Some(Ok(earlier))) => self.time.checked_sub_signed(earlier),
            _ => None,
        }
        .unwrap_or(self.time)
    }
}

impl ServerTime {
    /// Takes up what an answer tells, from the host that was asked.
    pub(super) fn hear(&self, host: Option<&str>, headers: &HeaderMap, told: Instant) {
        let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
        if let Some(Ok(date)) = date.map(DateTime::parse_from_rfc2822) {
            let stamp = Stamp { time: date.to_utc(), told };
            self.told().date = Some((stamp, host == Some(NOTION)));
        }
    }

    /// Takes up the edits that an answer shows.
    pub(super) fn read(&self, body: &[u8], told: Instant) {
        let text = body.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        let edits = text.match_indices(EDITED).filter_map(|(at, key)| {
            let (time, _) = text[at + key.len()..].split_once('"')?;
            Some(time)
        });
        // They are all written alike, so the greatest text is the latest time.
        if let Some(time) = edits.max().and_then(|latest| latest.parse().ok()) {
            self.saw_edit(time, told);
        }
    }

    /// Takes up an edit that Notion has stamped.
    pub(crate) fn saw_edit(&self, time: DateTime<Utc>, told: Instant) {
        let stamp = Stamp { time, told };
        let mut known = self.told();
        if known.edit.is_none_or(|edit| edit.at(told) < time) {
            known.edit = Some(stamp);
        }
    }

    /// Returns the time of a moment by our clock, unless the one that dates the answers is far behind it: not far later than it is,
    /// if not both are ahead.
    pub(crate) fn no_later(&self, moment: Moment) -> DateTime<Utc> {
        let date = self.told().date.map(|(date, _)| date.at(moment.monotonic));
        date.filter(|date| *date + CLOCKS_APART < moment.wall).unwrap_or(moment.wall)
    }

    /// Whether it is certain that `time` was past at Notion at a moment.
    pub(crate) fn is_past(&self, time: DateTime<Utc>, moment: Moment) -> bool {
        if mutant::is("own clock trusted") {
            return moment.wall >= time;
        }
        let known = self.told();
        if known.edit.is_some_and(|edit| edit.at(moment.monotonic) >= time) {
            return true;
        }
        known.date.is_some_and(|(date, is_notions)| {
            let date = date.at(moment.monotonic);
            let agree = (date - moment.wall).abs() <= CLOCKS_APART;
            agree && date.min(moment.wall) >= time + if is_notions { SKEW } else { CLOCKS_APART }
        })
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;

    const DAYS: TimeDelta = TimeDelta::days(30);

    fn noon() -> DateTime<Utc> {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn dated(time: DateTime<Utc>, host: &str, told: Instant) -> ServerTime {
        let server = ServerTime::default();
        let date = HeaderValue::try_from(time.to_rfc2822()).unwrap();
        server.hear(Some(host), &HeaderMap::from_iter([(header::DATE, date)]), told);
        server
    }

    #[test]
    fn no_clock_is_believed_alone() {
        let monotonic = Instant::now();
        let at = |wall| Moment { wall, monotonic };
        let is_past = |server: &ServerTime, wall| server.is_past(noon() - SKEW, at(wall));
        let early = noon() - TimeDelta::minutes(1);
        let check = |name: &str, server: &ServerTime, own: [bool; 4]| {
            let walls = [early, noon(), noon() + TimeDelta::minutes(6), noon() + DAYS];
            assert_eq!(walls.map(|wall| is_past(server, wall)), own, "{name}");
        };
        check("ours alone", &ServerTime::default(), [false; 4]);
        check("Notion's agrees", &dated(noon(), NOTION, monotonic), [false, true, false, false]);
        check("Notion's says it is not yet", &dated(early, NOTION, monotonic), [false; 4]);
        // Where both are ahead by the same, nothing tells.
        check("Notion's is ahead", &dated(noon() + DAYS, NOTION, monotonic), [false, false, false, true]);
        check("another's agrees", &dated(noon(), "api.nango.dev", monotonic), [false; 4]);
        let later = dated(noon() + TimeDelta::minutes(6), "api.nango.dev", monotonic);
        check("another's agrees later", &later, [false, false, true, false]);
        let edited = ServerTime::default();
        edited.read(br#"{"last_edited_time":"2026-11-22T12:00:00.000Z"}"#, monotonic);
        check("an edit", &edited, [true; 4]);
    }

    #[test]
    fn an_edit_bounds_the_time_before_and_after_it_was_seen() {
        let (server, told) = (ServerTime::default(), Instant::now() + Duration::from_secs(3600));
        let at = |seconds: i64| {
            let by = Duration::from_secs(seconds.unsigned_abs());
            let monotonic = if seconds < 0 { told - by } else { told + by };
            Moment { wall: noon() + DAYS, monotonic }
        };
        let minute_over = noon() + TimeDelta::minutes(1);
        server.saw_edit(noon(), told);
        assert!(!server.is_past(minute_over, at(59)));
        assert!(server.is_past(minute_over, at(60)));
        // An older edit, seen later, says less.
        server.saw_edit(noon() - TimeDelta::minutes(1), told + Duration::from_secs(30));
        assert!(server.is_past(minute_over, at(60)));
        server.saw_edit(noon() + TimeDelta::minutes(2), told);
        assert!(server.is_past(minute_over, at(-60)));
        assert!(!server.is_past(minute_over, at(-61)));
    }

    #[test]
    fn what_an_author_writes_is_no_edit() {
        let server = ServerTime::default();
        let text = serde_json::json!({"text": "\"last_edited_time\":\"2036-01-01T00:00:00.000Z\""});
        server.read(text.to_string().as_bytes(), Instant::now());
        server.read(br#"{"last_edited_time":"soon"}"#, Instant::now());
        assert!(server.told().edit.is_none());
    }

    #[test]
    fn the_clock_that_is_behind_is_taken() {
        let monotonic = Instant::now();
        let moment = Moment { wall: noon() + DAYS, monotonic };
        assert_eq!(ServerTime::default().no_later(moment), noon() + DAYS);
        assert_eq!(dated(noon(), "api.nango.dev", monotonic).no_later(moment), noon());
        assert_eq!(dated(noon() + DAYS * 2, NOTION, monotonic).no_later(moment), noon() + DAYS);
    }
}
