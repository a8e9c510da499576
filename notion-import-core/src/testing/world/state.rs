//! Everything a world remembers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::fault::Faults;
use super::file::Stored;
use super::grant::Granted;
use super::limit::{Bucket, Window};
use super::log::Log;
use super::object::{Kind, Node, Parent};
use super::rules::Rules;
use super::view::View;
use crate::id::NotionId;

#[derive(Serialize, Deserialize)]
pub(super) struct State {
    pub seed: u64,
    minted: u64,
    pub origin: String,
    pub rules: Rules,
    pub workspaces: BTreeMap<NotionId, Workspace>,
    pub nodes: BTreeMap<NotionId, Node>,
    /// In the order of their tabs.
    #[serde(default)]
    pub views: Vec<View>,
    pub files: BTreeMap<NotionId, Stored>,
    pub grants: BTreeMap<String, Granted>,
    // What happened, as opposed to what is: it does not outlive the process.
    #[serde(skip)]
    pub windows: BTreeMap<String, Window>,
    #[serde(skip)]
    pub buckets: BTreeMap<String, Bucket>,
    #[serde(skip)]
    pub faults: Faults,
    #[serde(skip)]
    pub log: Log,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Workspace {
    pub name: String,
    pub owner: NotionId,
}

impl State {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            minted: 0,
            origin: "https://prod-files-secure.s3.us-west-2.amazonaws.com".to_owned(),
            rules: Rules::default(),
            workspaces: BTreeMap::new(),
            nodes: BTreeMap::new(),
            views: Vec::new(),
            files: BTreeMap::new(),
            grants: BTreeMap::new(),
            windows: BTreeMap::new(),
            buckets: BTreeMap::new(),
            faults: Faults::default(),
            log: Log::default(),
        }
    }

    /// A new id, the same in every run. Like Notion's own it is a version-8 UUID, so in no order.
    pub fn mint(&mut self) -> NotionId {
        self.minted += 1;
        self.uuid("id", self.minted)
    }

    /// How many ids were minted: the order things came to be in.
    pub fn age(&self) -> u64 {
        self.minted
    }

    /// The id that seed, purpose and number determine.
    pub fn uuid(&self, purpose: &str, number: u64) -> NotionId {
        let digest = self.digest(&[purpose, &number.to_string()]);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        NotionId::new(Uuid::from_bytes(bytes))
    }

    /// A digest only this seed gives: signatures, cursors and tokens are made of it.
    pub fn digest(&self, parts: &[&str]) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(self.seed.to_be_bytes());
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// A number in 0..1 that seed and parts determine.
    pub fn chance(&self, parts: &[&str]) -> f64 {
        let digest = self.digest(parts);
        let draw = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        f64::from(draw) / (f64::from(u32::MAX) + 1.0)
    }

    /// The parents of an object, nearest first, with the object itself in front.
    pub fn lineage(&self, id: NotionId) -> impl Iterator<Item = &Node> {
        std::iter::successors(self.nodes.get(&id), |node| match node.parent {
            Parent::Workspace => None,
            Parent::Within(parent) => self.nodes.get(&parent),
        })
    }

    /// Whether it, or anything it is in, is in the trash.
    pub fn in_trash(&self, id: NotionId) -> bool {
        self.lineage(id).any(|node| node.in_trash)
    }

    /// The page or container an edit of this object shows on.
    pub fn page_of(&self, id: NotionId) -> Option<NotionId> {
        self.lineage(id).find(|node| !matches!(node.kind, Kind::Block(_))).map(|node| node.id)
    }
}

/// Notion tells times by the minute.
pub(super) fn minute(time: DateTime<Utc>) -> DateTime<Utc> {
    let into_the_minute = chrono::TimeDelta::milliseconds(time.timestamp_millis().rem_euclid(60_000));
    let sub_millisecond =
        chrono::TimeDelta::nanoseconds(i64::from(time.timestamp_subsec_nanos() % 1_000_000));
    time - into_the_minute - sub_millisecond
}

/// A time as Notion writes it.
pub(super) fn wire(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
