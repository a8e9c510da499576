//! What a run has asked already, so that nothing is asked twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::directory::is_lasting;
use crate::error::Error;
use crate::id::NotionId;

/// What was answered, by the id of what it is of. Whoever asks while the answer is awaited waits for it as well.
pub(crate) struct Once<T>(Mutex<HashMap<NotionId, Arc<OnceCell<T>>>>);

/// What was asked for, or why there is none.
pub(super) type Answer<T> = Result<Arc<T>, Arc<Error>>;

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Once<T> {
    /// Returns the answer, and asks if nobody has. An error is not kept.
    pub(crate) async fn get(
        &self,
        of: NotionId,
        ask: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.cell(of).get_or_try_init(|| ask).await.cloned()
    }

    /// Keeps what is known without asking. What another has begun to ask for comes all the same.
    pub(super) fn keep(&self, of: NotionId, known: T) {
        let _ = self.cell(of).set(known);
    }

    /// Whether there is an answer.
    pub(super) fn knows(&self, of: NotionId) -> bool {
        self.cell(of).initialized()
    }

    fn cell(&self, of: NotionId) -> Arc<OnceCell<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(of).or_default().clone()
    }
}

impl<T> Once<Answer<T>> {
    /// Returns the answer, and asks if nobody has. A refusal is kept; what may be otherwise the next time is not.
    pub(super) async fn answer(
        &self,
        of: NotionId,
        ask: impl Future<Output = Result<T, Error>>,
    ) -> Result<Arc<T>, Error> {
        let asking = async {
            match ask.await {
                Ok(answer) => Ok(Ok(Arc::new(answer))),
                Err(error) if is_lasting(&error) => Ok(Err(Arc::new(error))),
                Err(error) => Err(error),
            }
        };
        // On the heap, or many of them one in another are too large for a stack.
        self.get(of, Box::pin(asking)).await?.map_err(|cause| Error::shared(&cause))
    }
}
