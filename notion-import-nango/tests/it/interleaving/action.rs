//! What people, Nango and time do to connections, drawn at random.

use proptest::collection::vec;
use proptest::prelude::*;

/// Whose turn it is: the first tenant or the second.
pub type Who = usize;
/// Which of the workspaces.
pub type Where = usize;
/// Which of all there ever were, the newest first.
pub type Nth = usize;

/// Tenants that there are.
pub const TENANTS: usize = 2;
/// Workspaces that there are.
pub const WORKSPACES: usize = 3;

/// One thing that happens. What it names may not be there, or be over long ago.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// An administrator begins to connect.
    Begin(Who),
    /// The administrator of a connection begins to renew it.
    Reconnect(Nth),
    /// Anybody opens a link, used, late or neither, and consents to a workspace.
    Consent { link: Nth, workspace: Where },
    /// Somebody with Nango's dashboard replaces what any connection holds, confirmed or not.
    Replace { connection: Nth, workspace: Where, keeps_tags: bool },
    /// The same is done to one in use, in the middle of whatever asks Notion next: after so many of its requests.
    ReplaceAmid { connection: Nth, workspace: Where, after: usize },
    /// A webhook about any connection there ever was arrives: the first time, once more, or forged.
    Webhook(Nth),
    /// A webhook about a connection that never was arrives.
    Forged,
    /// Somebody with Nango's dashboard deletes any connection.
    Delete(Nth),
    /// The process dies in the middle of what an administrator or the service does: at one of its next requests, which arrives or
    /// does not. What is stored stays.
    Die { amid: Amid, nth: Nth, after: usize, arrives: bool },
    /// The administrator looks what their attempt led to.
    Poll(Nth),
    /// The administrator confirms what they were shown.
    Confirm(Nth),
    /// The administrator leaves the workspace of a connection for the one that a reconnect led to, if it led to another.
    ConfirmChange(Nth),
    /// Others try to, with the secret.
    ConfirmAsAnother(Nth),
    /// The administrator gives an attempt up.
    Cancel(Nth),
    /// Somebody lists what can be picked, by a connection as it once was.
    Browse(Nth),
    /// Somebody imports a page of any workspace, by a connection as it once was.
    Import { by: Nth, workspace: Where },
    /// A connection is synced.
    Sync(Nth),
    /// Whatever is due is synced.
    SyncDue,
    /// The administrator disconnects.
    Disconnect(Nth),
    /// What was left behind is taken away.
    Sweep,
    /// So many minutes pass.
    Wait(u64),
    /// Somebody sets our clock by so many minutes.
    SetClock(i64),
}

/// What can be cut short.
#[derive(Clone, Copy, Debug)]
pub enum Amid {
    Begin,
    Webhook,
    Poll,
    Confirm,
    Cancel,
    Disconnect,
    Sweep,
}

/// Returns histories: often with a connection or two to begin with.
pub fn histories() -> impl Strategy<Value = Vec<Action>> {
    (vec(connected(), 0..=2), vec(action(), 1..25)).prop_map(|(mut connected, then)| {
        connected.push(then);
        connected.concat()
    })
}

fn connected() -> impl Strategy<Value = Vec<Action>> {
    let begin = (0..TENANTS, 0..WORKSPACES);
    begin.prop_map(|(who, workspace)| {
        vec![Action::Begin(who), Action::Consent { link: 0, workspace }, Action::Confirm(0)]
    })
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => (0..TENANTS).prop_map(Action::Begin),
        2 => nth().prop_map(Action::Reconnect),
        5 => (nth(), 0..WORKSPACES).prop_map(|(link, workspace)| Action::Consent { link, workspace }),
        3 => (nth(), 0..WORKSPACES, any::<bool>()).prop_map(|(connection, workspace, keeps_tags)| {
            Action::Replace { connection, workspace, keeps_tags }
        }),
        2 => (nth(), 0..WORKSPACES, 0..4_usize).prop_map(|(connection, workspace, after)| {
            Action::ReplaceAmid { connection, workspace, after }
        }),
        3 => nth().prop_map(Action::Webhook),
        1 => Just(Action::Forged),
        2 => nth().prop_map(Action::Delete),
        4 => (amid(), nth(), 0..4_usize, any::<bool>())
            .prop_map(|(amid, nth, after, arrives)| Action::Die { amid, nth, after, arrives }),
        2 => nth().prop_map(Action::Poll),
        4 => nth().prop_map(Action::Confirm),
        2 => nth().prop_map(Action::ConfirmChange),
        1 => nth().prop_map(Action::ConfirmAsAnother),
        1 => nth().prop_map(Action::Cancel),
        3 => nth().prop_map(Action::Browse),
        5 => (nth(), 0..WORKSPACES).prop_map(|(by, workspace)| Action::Import { by, workspace }),
        3 => nth().prop_map(Action::Sync),
        1 => Just(Action::SyncDue),
        2 => nth().prop_map(Action::Disconnect),
        1 => Just(Action::Sweep),
        2 => prop_oneof![Just(2), Just(31), Just(24 * 60)].prop_map(Action::Wait),
        1 => prop_oneof![Just(-10), Just(10)].prop_map(Action::SetClock),
    ]
}

/// Mostly what is newest.
fn nth() -> impl Strategy<Value = Nth> {
    prop_oneof![3 => Just(0), 1 => 1..6_usize]
}

fn amid() -> impl Strategy<Value = Amid> {
    let all =
        [Amid::Begin, Amid::Webhook, Amid::Poll, Amid::Confirm, Amid::Cancel, Amid::Disconnect, Amid::Sweep];
    proptest::sample::select(all.to_vec())
}
