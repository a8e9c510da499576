//! Histories, each made of a number.

use std::time::Duration;

use fastrand::Rng;

use super::History;
use super::setting::Setting;
use super::step::{Asked, Edit, Failure, Pace, Process, Step, Thing, Unanswered, What};

/// Seconds of a month.
const MONTH: i64 = 30 * 86_400;

impl History {
    /// Makes the history of a number: always the same.
    pub(super) fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let setting = setting(&mut rng);
        let length = rng.usize(8..28);
        let mut steps = Vec::new();
        while steps.len() < length {
            scene(&mut rng, &setting, &mut steps);
        }
        steps.truncate(length + 2);
        Self { seed, setting, steps }
    }
}

fn setting(rng: &mut Rng) -> Setting {
    let (every, within) = *pick(rng, &[(240, 12 * 60), (60, 4 * 60), (60, 2 * 60)]);
    let dated = *pick(rng, &[Some(0), Some(0), Some(0), None, Some(MONTH), Some(-MONTH), Some(200)]);
    let mut clocks = [0, 0];
    if rng.u8(..4) == 0 {
        for clock in &mut clocks {
            *clock = *pick(rng, &[0, 0, 30, -30, 200, -200, 2400, -2400, MONTH, -MONTH]);
            *clock = told(*clock, dated);
        }
    }
    let pages = rng.u8(1..5);
    let rows = rng.u8(0..4);
    Setting {
        pages,
        rows,
        imported: rng.u8(1..=(pages + rows).min(5)),
        lag: *pick(rng, &[0, 0, 10, 60, 200, 300, 300, 1800]),
        unlisted: *pick(rng, &[0.0, 0.0, 0.3, 1.0]),
        dated,
        clocks,
        pace: *pick(rng, &[Pace::AtOnce, Pace::AtOnce, Pace::Seconds, Pace::Slow]),
        budget: *pick(rng, &[(1000, 200), (1000, 200), (1, 200), (2, 1), (1, 1), (1000, 1)]),
        every,
        within,
        drafts: rng.u8(..3) == 0,
        closes_gone: rng.u8(..3) == 0,
    }
}

/// By how much a clock may be set wrong where answers tell the time so: two clocks that are wrong in the same way cannot be told from
/// two that are right, and one that is far ahead is known by the other alone.
fn told(by: i64, dated: Option<i64>) -> i64 {
    match dated {
        Some(0) => by,
        Some(1..600) if by > 0 => 0,
        _ if by.abs() < 600 => by,
        _ => 0,
    }
}

/// A few things that have to do with each other.
fn scene(rng: &mut Rng, setting: &Setting, steps: &mut Vec<Step>) {
    let thing = thing(rng);
    let process = Process(rng.u8(..2));
    let other = Process(1 - process.0);
    let mut then = |after: u64, what: What| steps.push(Step { after: Duration::from_secs(after), what });
    let due = setting.every * 63 + rng.u64(..120);
    match rng.u8(..28) {
        0..5 => {
            for _ in 0..rng.u8(1..4) {
                let (thing, edit) =
                    if rng.bool() { (thing, edit(rng)) } else { (self::thing(rng), edit(rng)) };
                then(short(rng), What::Edit(thing, edit));
            }
            let wait = if rng.bool() { due } else { medium(rng) };
            then(wait, What::SyncDue(process));
        }
        5 => {
            then(medium(rng), What::Edit(thing, edit(rng)));
            then(short(rng), What::Import(process, thing));
            then(short(rng), What::Edit(thing, edit(rng)));
        }
        6 => {
            then(due, What::SyncDue(process));
            then(short(rng), What::Import(other, thing));
            then(short(rng), What::Edit(thing, edit(rng)));
        }
        7 => {
            then(due, What::SyncDue(process));
            then(rng.u64(..8), What::Edit(thing, edit(rng)));
            then(rng.u64(..8), What::SyncNow(other));
        }
        8 => {
            then(medium(rng), What::Edit(thing, edit(rng)));
            then(short(rng), What::Hint(process, thing, rng.u8(1..4)));
            then(short(rng), What::Edit(thing, edit(rng)));
        }
        9 => {
            then(medium(rng), What::Kill(process, rng.u16(..60)));
            then(due, What::SyncDue(process));
            then(medium(rng), What::SyncDue(other));
        }
        10 => {
            then(due, What::SyncDue(process));
            then(rng.u64(..10), What::Drop(process));
            then(medium(rng), What::SyncDue(other));
        }
        11 => {
            then(due, What::SyncDue(process));
            then(rng.u64(..5), What::Stall(process, rng.u64(60..400)));
            then(rng.u64(..30), What::Edit(thing, edit(rng)));
            then(rng.u64(120..300), What::SyncDue(other));
        }
        12 => {
            then(medium(rng), What::Break(thing, failure(rng)));
            then(due, What::SyncDue(process));
            if rng.bool() {
                then(medium(rng), What::Mend);
            }
        }
        13 => {
            let asked = *pick(rng, &[Asked::Search, Asked::Rows, Asked::Pages, Asked::Blocks]);
            then(medium(rng), What::Outage(asked, failure(rng)));
            then(short(rng), What::Edit(thing, edit(rng)));
            then(due, What::SyncDue(process));
            then(medium(rng), What::Mend);
        }
        14 => {
            then(medium(rng), What::LookNow(process, thing));
            then(rng.u64(..5), What::Edit(thing, edit(rng)));
        }
        15 => then(medium(rng), What::Publish(thing)),
        16 => {
            let by = told(*pick(rng, &[60, -60, 400, -400, 7200, MONTH, -MONTH]), setting.dated);
            if rng.u8(..3) == 0 {
                then(medium(rng), What::SetClock(process, by));
            }
            then(due, What::SyncDue(process));
        }
        17 => {
            let what = match rng.u8(..4) {
                0 => What::Renew,
                1 => What::Reconnect,
                2 => What::Revoke,
                _ => What::Lag(*pick(rng, &[0, 60, 300, 1800])),
            };
            then(medium(rng), what);
            then(medium(rng), What::SyncDue(process));
        }
        18 => {
            // What was read before an import is written after it.
            then(medium(rng), What::Pace(Pace::Seconds));
            then(short(rng), What::Edit(thing, Edit::Write));
            then(due, What::SyncDue(process));
            then(rng.u64(..8), What::Import(other, thing));
        }
        19 => {
            // The minute of an edit is over by a clock that is ahead.
            then(medium(rng), What::SetClock(process, told(*pick(rng, &[60, 200, 400]), setting.dated)));
            then(short(rng), What::Edit(thing, Edit::Write));
            then(rng.u64(..3), What::Import(process, thing));
            then(rng.u64(5..30), What::Edit(thing, Edit::Write));
        }
        20 => {
            // Search shows the later edit before the earlier one.
            then(medium(rng), What::Edit(thing, Edit::Rename));
            then(rng.u64(61..240), What::Edit(self::thing(rng), Edit::Rename));
            then(rng.u64(1..60), What::SyncNow(process));
            then(due, What::SyncDue(other));
        }
        21 => {
            // What was shown before the process was killed.
            then(medium(rng), What::Edit(thing, Edit::Rename));
            then(rng.u64(400..900), What::Edit(self::thing(rng), Edit::Rename));
            then(due, What::Kill(process, rng.u16(5..40)));
            then(0, What::SyncDue(process));
            then(rng.u64(150..600), What::SyncDue(other));
        }
        22 => {
            // The stores do not answer, or what they did was never told.
            let unanswered = *pick(rng, &[Unanswered::Undone, Unanswered::Done]);
            let what = *pick(rng, &[Edit::Write, Edit::Rename, Edit::Trash, Edit::Unshare]);
            then(medium(rng), What::Edit(thing, what));
            then(due, What::SyncDue(process));
            then(rng.u64(..10), What::Disconnect(process, unanswered, rng.u64(1..600)));
            then(medium(rng), What::SyncDue(*pick(rng, &[process, other])));
        }
        23 => {
            then(medium(rng), What::Unlink(thing));
            if rng.bool() {
                then(short(rng), What::Import(process, thing));
            }
        }
        24 => {
            then(medium(rng), What::Call(thing, rng.bool()));
            then(short(rng), What::Edit(thing, Edit::Rename));
        }
        25 => {
            // What is shown to all is gone, and comes back.
            then(medium(rng), What::Publish(thing));
            then(medium(rng), What::Edit(thing, *pick(rng, &[Edit::Trash, Edit::Unshare, Edit::Purge])));
            then(due, What::SyncDue(process));
            then(medium(rng), What::Publish(thing));
            then(medium(rng), What::Edit(thing, *pick(rng, &[Edit::Restore, Edit::Share])));
        }
        26 => then(short(rng), What::Pace(*pick(rng, &[Pace::AtOnce, Pace::Seconds, Pace::Slow]))),
        _ => then(medium(rng), What::SyncDue(process)),
    }
}

fn edit(rng: &mut Rng) -> Edit {
    use Edit::*;
    *pick(
        rng,
        &[
            Rename,
            Rename,
            Rename,
            Icon,
            Write,
            Write,
            Write,
            Write,
            Rewrite,
            Rewrite,
            Rewrite,
            Attach,
            Remove,
            Lock,
            Trash,
            Restore,
            Restore,
            Purge,
            Archive,
            Unarchive,
            Unarchive,
            Share,
            Share,
            Unshare,
            IntoDatabase,
            ToTop,
            IntoPage,
            NewRow,
            RollUp,
            RollUp,
            Relate,
            Original,
            Original,
        ],
    )
}

fn failure(rng: &mut Rng) -> Failure {
    use Failure::*;
    *pick(rng, &[Restricted, Invalid, Internal, Unavailable, Reset, Portal, Halved])
}

fn thing(rng: &mut Rng) -> Thing {
    Thing(rng.u8(..10))
}

/// Within the minute, or hardly more.
fn short(rng: &mut Rng) -> u64 {
    if rng.bool() { rng.u64(..20) } else { rng.u64(..150) }
}

fn medium(rng: &mut Rng) -> u64 {
    if rng.bool() { rng.u64(..600) } else { rng.u64(..7200) }
}

fn pick<'a, T>(rng: &mut Rng, among: &'a [T]) -> &'a T {
    &among[rng.usize(..among.len())]
}
