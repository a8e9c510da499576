//! Faults that are built in on purpose, one at a time: the tests of the sync are held to find each. There are none without the
//! test kit.

#[cfg(feature = "testing")]
use std::cell::Cell;

#[cfg(feature = "testing")]
thread_local! {
    static BUILT_IN: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// Whether a fault is built in, here and now.
#[cfg(feature = "testing")]
pub(crate) fn is(name: &str) -> bool {
    BUILT_IN.get().is_some_and(|built_in| built_in == name)
}

#[cfg(not(feature = "testing"))]
pub(crate) const fn is(_name: &str) -> bool {
    false
}

/// Builds a fault in for what runs in this thread, until it is dropped.
#[cfg(feature = "testing")]
pub(crate) struct BuiltIn(());

#[cfg(feature = "testing")]
impl BuiltIn {
    pub(crate) fn new(name: &'static str) -> Self {
        BUILT_IN.set(Some(name));
        Self(())
    }
}

#[cfg(feature = "testing")]
impl Drop for BuiltIn {
    fn drop(&mut self) {
        BUILT_IN.set(None);
    }
}
