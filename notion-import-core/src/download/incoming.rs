//! A file on its way: where it breaks off it goes on, as long as it is the same file.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Fuse, StreamExt, TryStreamExt};
use url::Url;

use super::answer::{Rest, Told};
use super::limits::{DownloadLimits, Watch};
use super::{Downloader, is_worth_asking_again};
use crate::error::{Cause, DownloadError, TransportError};
use crate::library::blob::ByteStream;
use crate::random;
use crate::transport::Body;

/// How often in a row a download goes on without getting on.
const RESUMES: u32 = 6;

/// Getting on, in bytes.
const STEP: u64 = 1 << 20;

/// A file on its way.
pub(super) struct Incoming {
    downloader: Downloader,
    url: Url,
    limits: DownloadLimits,
    told: Told,
    body: Fuse<Body>,
    came: u64,
    watch: Watch,
    resumed: u32,
    resumed_at: u64,
}

impl Incoming {
    pub(super) async fn open(
        downloader: &Downloader,
        url: &Url,
        limits: DownloadLimits,
    ) -> Result<Self, DownloadError> {
        let response = downloader.ask(url, None, limits).await?;
        let told = Told::of_whole(&response)?;
        Ok(Self {
            downloader: downloader.clone(),
            url: url.clone(),
            limits,
            told,
            body: response.body.fuse(),
            came: 0,
            watch: Watch::new(limits),
            resumed: 0,
            resumed_at: 0,
        })
    }

    /// How many bytes the file has, if its server said so.
    pub(super) fn size(&self) -> Option<u64> {
        self.told.size
    }

    /// Everything that is still to come, after what came already.
    pub(super) fn after(self, head: Bytes) -> ByteStream {
        let rest = stream::try_unfold(self, async |mut file| Ok(file.next().await?.map(|part| (part, file))));
        let rest = rest.map_err(|error: DownloadError| Box::new(error) as Cause);
        stream::once(async { Ok(head) }).chain(rest).boxed()
    }

    /// Returns the next part, or nothing once the file is whole.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, DownloadError> {
        loop {
            match self.read().await {
                Ok(Some(part)) => return self.take(part).map(Some),
                Ok(None) if self.told.size.is_none_or(|size| size == self.came) => return Ok(None),
                Ok(None) => self.resume(TransportError::Interrupted(None)).await?,
                Err(DownloadError::Transport(broke)) => self.resume(broke).await?,
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, part: Bytes) -> Result<Bytes, DownloadError> {
        self.came += part.len() as u64;
        if self.told.size.is_some_and(|size| self.came > size) {
            return Err(DownloadError::Unusable("it is longer than was said"));
        }
        Ok(part)
    }

    async fn read(&mut self) -> Result<Option<Bytes>, DownloadError> {
        let clock = &*self.downloader.clock;
        let began = clock.instant();
        let part = tokio::select! {
            biased;
            part = self.body.next() => part.transpose().map_err(DownloadError::Transport)?,
            () = clock.sleep(self.limits.silence) => return Err(DownloadError::Transport(TransportError::Timeout)),
        };
        self.watch.saw(part.as_ref().map_or(0, Bytes::len), clock.instant() - began)?;
        Ok(part)
    }

    /// Asks for what is missing.
    async fn resume(&mut self, mut broke: TransportError) -> Result<(), DownloadError> {
        if self.came >= self.resumed_at + STEP {
            self.resumed = 0;
        }
        self.resumed_at = self.came;
        while self.told.validator.is_some() && self.resumed < RESUMES {
            self.resumed += 1;
            self.downloader.clock.sleep(wait(self.resumed)).await;
            let rest = Rest { from: self.came, told: &self.told };
            match self.downloader.ask(&self.url, Some(&rest), self.limits).await {
                Ok(response) => {
                    self.told = self.told.goes_on_in(&response, self.came)?;
                    self.body = response.body.fuse();
                    return Ok(());
                }
                Err(DownloadError::Transport(error)) => broke = error,
                Err(error) if is_worth_asking_again(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(DownloadError::Transport(broke))
    }
}

/// How long to wait before so many-th try, so that whoever is overloaded is not asked at once by everyone.
pub(super) fn wait(tried: u32) -> Duration {
    (Duration::from_millis(250) * 2_u32.pow(tried.min(6))).mul_f64(random::between(0.5, 1.0))
}
