//! See `tests/host.rs`.
