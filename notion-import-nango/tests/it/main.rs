//! What the Nango adapter promises.
#![allow(clippy::unwrap_used)]

mod authorizer;
mod check;
mod direct;
mod explain;
mod faults;
mod interleaving;
mod proxy;
mod secrets;
mod stand_in;
mod unknown;
mod webhook;

use chrono::{DateTime, Utc};
use notion_import_core::{Attempt, AttemptId, MemberId, Namespace, TenantId};
use notion_import_nango::{Config, Nango};
use url::Url;

/// A key in the form Nango's have; searched for in everything that is shown.
const API_KEY: &str = "0c1ab1e5-0000-4000-8000-00000000cafe";
/// The signing key of the documented vectors.
const SIGNING_KEY: &str = "11111111-2222-4333-8444-555555555555";

fn config(base_url: &str) -> Config {
    Config {
        base_url: Url::parse(base_url).unwrap(),
        webhook_signing_keys: vec![SIGNING_KEY.into()],
        ..Config::new(API_KEY)
    }
}

fn nango(base_url: &str) -> Nango {
    Nango::new(config(base_url)).unwrap()
}

fn attempt() -> Attempt {
    let expires_at = moment() + chrono::TimeDelta::minutes(15);
    let (tenant, id, member) = (TenantId::fresh(), AttemptId::fresh(), MemberId::fresh());
    Attempt::new(tenant, id, member, [7; 32], expires_at, Namespace::new("here"))
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}
