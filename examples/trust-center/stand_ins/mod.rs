//! A Nango and a Notion of the demo's own, so that it needs no account anywhere.
//!
//! One instance on a folder runs them, at an address of their own that all instances know. Should it die, another goes on with
//! what it wrote down, at the same address.

mod place;
mod served;
pub mod window;

use std::future::pending;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use notion_import_nango::Config;
use secrecy::SecretString;
use tokio::time::sleep;
use url::Url;

use self::place::Place;
pub use self::served::Served;
use crate::app::{App, StartError};
use crate::folder::Folder;
use crate::{pages, server};

/// How often the other instances look whether they are needed.
const WATCH: Duration = Duration::from_millis(500);

/// The stand-ins, wherever they run.
pub struct StandIns {
    place: Place,
    folder: Option<Folder>,
    /// Where the instance that runs them says what happened, and leads back to.
    trust_center: Url,
    served: OnceLock<Served>,
}

impl StandIns {
    /// Finds the stand-ins of a folder, and takes them into this instance unless another has them. Those of no folder are
    /// this instance's own.
    pub async fn open(folder: Option<&Folder>, trust_center: &Url) -> Result<Self, StartError> {
        let mut place = Place::of(folder)?;
        let opened = Served::open(folder, &mut place, trust_center).await?;
        if let Some(folder) = folder.filter(|_| opened.is_some()) {
            place.keep(folder)?;
        }
        let served = opened.map_or_else(OnceLock::new, OnceLock::from);
        Ok(Self { place, folder: folder.cloned(), trust_center: trust_center.clone(), served })
    }

    /// How the adapter reaches this Nango.
    pub fn config(&self) -> Config {
        let mut config = Config::new(self.place.api_key.clone());
        config.base_url = self.place.nango();
        config.webhook_signing_keys = vec![SecretString::from(self.place.signing_key.clone())];
        config
    }

    /// Where this Notion serves its files.
    pub fn files(&self) -> Url {
        self.place.files()
    }

    /// Where both listen.
    pub fn root(&self) -> Url {
        self.place.root()
    }

    /// Where the Notion window is.
    pub fn window(&self) -> String {
        format!("{}notion", self.place.root())
    }

    /// Where the window leads back to.
    pub fn trust_center(&self) -> &Url {
        &self.trust_center
    }

    /// The stand-ins, if this instance runs them.
    pub fn here(&self) -> Option<&Served> {
        self.served.get()
    }

    /// Writes everything down, if it is to be kept and this instance has it.
    pub async fn save(&self) {
        if let Some(served) = self.here() {
            served.save().await;
        }
    }

    /// Takes the stand-ins of an instance that has ended.
    async fn take_over(&self) -> &Served {
        loop {
            let mut place = self.place.clone();
            match Served::open(self.folder.as_ref(), &mut place, &self.trust_center).await {
                // Nobody would find them anywhere else.
                Ok(Some(served)) if place == self.place => return self.served.get_or_init(|| served),
                Ok(Some(_)) => tracing::warn!("the address of the stand-ins is taken"),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the stand-ins cannot be taken over"),
            }
            sleep(WATCH).await;
        }
    }
}

/// Answers for the stand-ins, from now on or once nobody else does.
pub async fn serve(app: Arc<App>) {
    let Some(stand_ins) = &app.stand_ins else { return };
    let served = match stand_ins.here() {
        Some(served) => served,
        None => stand_ins.take_over().await,
    };
    let Some(socket) = served.socket() else { return };
    let router = pages::stand_ins(app.clone(), served.nango.router());
    server::serve(socket, router, pending()).await;
}
