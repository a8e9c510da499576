//! The way from a process to Notion: slow before Notion answers or after.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use fastrand::Rng;

use super::life::Life;
use super::step::Pace;
use crate::error::TransportError;
use crate::testing::{SimClock, World, WorldTransport};
use crate::transport::{Clock, Request, Response, Transport, sealed::Sealed};

/// How long answers take. Clones share it.
#[derive(Clone)]
pub(super) struct Weather(Arc<Mutex<(Pace, Rng)>>);

impl Weather {
    pub(super) fn new(pace: Pace, seed: u64) -> Self {
        Self(Arc::new(Mutex::new((pace, Rng::with_seed(seed)))))
    }

    pub(super) fn set(&self, pace: Pace) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = pace;
    }

    /// How long a request is under way, and its answer.
    fn draw(&self) -> [Duration; 2] {
        let (pace, rng) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let longest = match pace {
            Pace::AtOnce => return [Duration::ZERO; 2],
            Pace::Seconds => 3_000,
            Pace::Slow => 40_000,
        };
        let [there, back] = if rng.bool() { [rng.u64(..longest), 0] } else { [0, rng.u64(..longest)] };
        [there, back].map(Duration::from_millis)
    }
}

/// The way from a process to Notion.
pub(super) struct Wire {
    pub(super) inner: WorldTransport,
    pub(super) clock: SimClock,
    pub(super) weather: Weather,
    pub(super) life: Life,
}

impl Wire {
    pub(super) fn new(world: &World, clock: &SimClock, weather: &Weather, life: &Life) -> Self {
        let inner = WorldTransport::new(world.clone(), clock.clone());
        Self { inner, clock: clock.clone(), weather: weather.clone(), life: life.clone() }
    }
}

impl Sealed for Wire {}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let [there, back] = self.weather.draw();
        self.life.awaits().await.map_err(|dead| TransportError::Connect(Some(Box::new(dead))))?;
        if !there.is_zero() {
            self.clock.sleep(there).await;
        }
        let answered = self.inner.send(request).await;
        if !back.is_zero() {
            self.clock.sleep(back).await;
        }
        self.life.awaits().await.map_err(|dead| TransportError::Connect(Some(Box::new(dead))))?;
        answered
    }
}
