//! What a run has asked already, so that nothing is asked twice.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::directory::is_refused;
use crate::error::Error;

/// What was answered, by what was asked. Whoever asks while the answer is awaited waits for it as well.
pub(super) struct Once<K, T>(Mutex<HashMap<K, Arc<OnceCell<Answer<T>>>>>);

/// What was asked for, or why there is none.
type Answer<T> = Result<Arc<T>, Arc<Error>>;

impl<K, T> Default for Once<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, T> Once<K, T> {
    /// Returns the answer, and asks if nobody has. What may be otherwise the next time is not kept.
    pub(super) async fn get(
        &self,
        of: K,
        ask: impl Future<Output = Result<T, Error>>,
    ) -> Result<Arc<T>, Error> {
        let cell = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(of).or_default().clone();
        let asking = async {
            match ask.await {
                Ok(answer) => Ok(Ok(Arc::new(answer))),
                Err(error) if is_refused(&error) => Ok(Err(Arc::new(error))),
                Err(error) => Err(error),
            }
        };
        let answer = cell.get_or_try_init(|| asking).await?;
        answer.clone().map_err(|cause| Error::shared(&cause))
    }
}
