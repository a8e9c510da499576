//! A consent in the middle of what somebody else does.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use notion_import_core::NotionId;
use notion_import_nango::testing::StandIn;
use url::Url;

/// A consent that is given in the middle of something.
pub(super) type Trigger = Arc<Mutex<Option<Armed>>>;

pub(super) struct Armed {
    pub(super) after: usize,
    pub(super) link: Url,
    pub(super) workspace: NotionId,
    pub(super) page: NotionId,
}

pub(super) fn pull(trigger: &Trigger, stand_in: &StandIn) {
    let mut armed = trigger.lock().unwrap();
    match armed.as_mut() {
        None => {}
        Some(Armed { after: 0, link, workspace, page }) => {
            // No webhook is sent, so it is done at once. The link may be late.
            let _ = stand_in.consent(link, *workspace, &[*page]).now_or_never();
            *armed = None;
        }
        Some(Armed { after, .. }) => *after -= 1,
    }
}
