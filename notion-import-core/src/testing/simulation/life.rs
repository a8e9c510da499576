//! A process that may stand still, and be killed at any await.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::step::Unanswered;
use crate::error::StoreError;
use crate::testing::SimClock;
use crate::testing::door::Busy;

/// Whether a process runs. Clones are the same process.
#[derive(Clone)]
pub(super) struct Life {
    state: Arc<Mutex<State>>,
    clock: SimClock,
}

#[derive(Default)]
struct State {
    is_dead: bool,
    /// After how many awaits it is killed.
    left: Option<u16>,
    is_stalled: bool,
    stalled: Vec<Waker>,
    /// What becomes of what is asked of the stores while they do not answer.
    unanswered: Option<Unanswered>,
    /// How much is asked of the stores: no time passes until that is answered, so until then the process does not stand still.
    asking: usize,
}

impl State {
    /// Ready unless the process stands still.
    fn goes_on(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.is_stalled {
            self.stalled.push(context.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

/// The stores do not answer.
#[derive(Debug)]
struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database does not answer")
    }
}

impl std::error::Error for NoAnswer {}

/// The process was killed before.
#[derive(Debug)]
pub(super) struct Dead;

impl fmt::Display for Dead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process was killed")
    }
}

impl std::error::Error for Dead {}

impl Life {
    pub(super) fn new(clock: &SimClock) -> Self {
        Self { state: Arc::default(), clock: clock.clone() }
    }

    pub(super) fn kill_after(&self, awaits: u16) {
        self.lock().left = Some(awaits);
    }

    pub(super) fn is_dead(&self) -> bool {
        self.lock().is_dead
    }

    pub(super) fn kill(&self) {
        self.lock().is_dead = true;
    }

    pub(super) fn stall(&self, is_stalled: bool) {
        let mut state = self.lock();
        state.is_stalled = is_stalled;
        if !is_stalled {
            state.stalled.drain(..).for_each(Waker::wake);
        }
    }

    /// From now on the stores answer the process, or do not.
    pub(super) fn disconnect(&self, unanswered: Option<Unanswered>) {
        self.lock().unanswered = unanswered;
    }

    fn answers(&self, unanswered: Unanswered) -> Result<(), StoreError> {
        let is_so = self.lock().unanswered == Some(unanswered);
        if is_so { Err(StoreError::unavailable(NoAnswer)) } else { Ok(()) }
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.lock().is_stalled
    }

    /// Something is awaited: whoever is killed here never goes on.
    pub(super) async fn awaits(&self) -> Result<(), Dead> {
        let is_killed = {
            let mut state = self.lock();
            if state.is_dead {
                return Err(Dead);
            }
            state.left = state.left.map(|left| left.saturating_sub(1));
            state.is_dead = state.left == Some(0);
            state.is_dead
        };
        if is_killed {
            std::future::pending::<()>().await;
        }
        self.clock.stir();
        tokio::task::yield_now().await;
        self.clock.stir();
        std::future::poll_fn(|context| self.lock().goes_on(context)).await;
        Ok(())
    }

    /// A store is asked, which the clock cannot see.
    pub(super) async fn asks<T>(
        &self,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.awaits().await.map_err(StoreError::backend)?;
        self.answers(Unanswered::Undone)?;
        let outcome = {
            let _asking = Asking::of(self);
            asked.await
        };
        self.awaits().await.map_err(StoreError::backend)?;
        self.answers(Unanswered::Done)?;
        outcome
    }

    /// Runs something as a part of this process.
    pub(super) fn run<F: Future>(&self, future: F) -> Run<F> {
        Run { life: self.clone(), future: Box::pin(future) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is asked of a store.
struct Asking<'a> {
    life: &'a Life,
    _busy: Busy,
}

impl<'a> Asking<'a> {
    fn of(life: &'a Life) -> Self {
        life.lock().asking += 1;
        Self { life, _busy: life.clock.busy() }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.life.lock().asking -= 1;
    }
}

/// A part of a process: not polled while that stands still.
pub(super) struct Run<F> {
    life: Life,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Run<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        {
            let mut state = self.life.lock();
            if state.asking == 0 && state.goes_on(context).is_pending() {
                return Poll::Pending;
            }
        }
        self.future.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::transport::Clock;

    #[tokio::test]
    async fn what_was_asked_of_a_store_is_answered_though_the_process_stands_still() {
        let clock = SimClock::new("2026-11-22T08:00:00Z".parse().unwrap()).eager();
        let life = Life::new(&clock);
        let (answer, answered) = tokio::sync::oneshot::channel();
        let asking = life.clone();
        let task = tokio::spawn(life.run(async move {
            asking.asks(async { answered.await.map_err(StoreError::backend) }).await.unwrap();
        }));
        while life.lock().asking == 0 {
            tokio::task::yield_now().await;
        }
        life.stall(true);
        answer.send(()).unwrap();
        let passes = timeout(Duration::from_secs(10), clock.sleep(Duration::from_secs(60))).await;
        assert!(passes.is_ok(), "no time passes");
        assert!(!task.is_finished(), "it goes on");
        life.stall(false);
        task.await.unwrap();
    }
}
