//! One binary for all tests of the examples.
#![allow(clippy::unwrap_used)]

mod access;
mod answers;
mod audit;
mod away;
mod axe;
mod bulk;
mod chromium;
mod contacts;
mod convert;
mod database;
mod demo;
mod embed;
mod entering;
mod export;
mod full;
mod guide;
mod imports;
mod instances;
mod matrix;
mod publishing;
mod reading;
mod readings;
mod receipts;
mod refusals;
mod requests;
mod restart;
mod same_origin;
mod secrets;
mod sessions;
mod slow;
mod stand_ins;
mod story;
mod webhooks;
mod workspaces;
mod xss;
