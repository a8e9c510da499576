//! A Nango and a Notion of the demo's own, in this process, so that it needs no account anywhere.

pub mod window;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notion_import_core::id::NotionId;
use notion_import_core::testing::{Server, World};
use notion_import_core::transport::SystemClock;
use notion_import_nango::Config;
use notion_import_nango::testing::{Settings, StandIn};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::app::StartError;
use crate::seed;

const SEED: u64 = 2026;

/// The stand-ins, and what the demo's Notion window knows of them.
pub struct StandIns {
    pub world: World,
    pub nango: StandIn,
    files: Server,
    origin: Url,
    config: Config,
    window: Mutex<Window>,
    kept_in: Option<PathBuf>,
    saving: tokio::sync::Mutex<()>,
}

/// What the Notion window needs to look into every workspace.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Window {
    /// A token for each workspace.
    pub tokens: BTreeMap<NotionId, String>,
    /// What was put into the trash, with its title: search no longer shows it.
    pub trash: BTreeMap<NotionId, String>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    world: Value,
    nango: Value,
    window: Window,
}

impl StandIns {
    /// It starts them as they were kept in `data`, or with two workspaces worth reading.
    pub async fn start(data: Option<&Path>, url: &Url) -> Result<Self, StartError> {
        let kept_in = data.map(|data| data.join("stand-ins.json"));
        let saved: Option<Saved> = match kept_in.as_ref().map(std::fs::read) {
            Some(Ok(json)) => Some(serde_json::from_slice(&json)?),
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Some(Err(_)) | None => None,
        };
        let (world, window) = match &saved {
            Some(saved) => (World::load(saved.world.clone())?, saved.window.clone()),
            None => furnish(),
        };
        let files = Server::start(world.clone(), Arc::new(SystemClock), 0).await?;
        let origin =
            Url::parse(files.url()).map_err(|_| StartError::Environment("the file server has no URL"))?;
        let (settings, config) = agree(url)?;
        let nango = StandIn::new(world.clone(), settings).map_err(notion_import_core::error::Error::from)?;
        if let Some(saved) = saved {
            nango.load(saved.nango)?;
        }
        let window = Mutex::new(window);
        let stand_ins = Self {
            world,
            nango,
            files,
            origin,
            config,
            window,
            kept_in,
            saving: tokio::sync::Mutex::default(),
        };
        stand_ins.save().await;
        Ok(stand_ins)
    }

    /// How the adapter reaches this Nango.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// Where this Notion serves its files.
    pub fn files(&self) -> &Url {
        debug_assert_eq!(self.files.url(), self.origin.as_str().trim_end_matches('/'));
        &self.origin
    }

    pub fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It writes everything down, if it is to be kept. All in one file, so the two never disagree.
    pub async fn save(&self) {
        let Some(path) = &self.kept_in else { return };
        let _one_at_a_time = self.saving.lock().await;
        if let Err(error) = self.write(path) {
            tracing::error!(%error, "the stand-ins could not be saved");
        }
    }

    fn write(&self, path: &Path) -> Result<(), StartError> {
        let saved =
            Saved { world: self.world.save()?, nango: self.nango.save()?, window: self.window().clone() };
        let fresh = path.with_extension("json.new");
        std::fs::write(&fresh, serde_json::to_vec(&saved)?)?;
        Ok(std::fs::rename(fresh, path)?)
    }
}

/// A world with both workspaces, and the window's own look into them.
fn furnish() -> (World, Window) {
    let world = World::new(SEED);
    seed::furnish(&world);
    let mut window = Window::default();
    for (workspace, _) in world.workspaces() {
        let roots = world.roots(workspace).into_iter().map(|(id, _)| id);
        let grant = world.grant(workspace, roots);
        window.tokens.insert(workspace, grant.token);
    }
    (world, window)
}

/// Both sides of the connection to Nango, with keys that last as long as the process.
fn agree(url: &Url) -> Result<(Settings, Config), StartError> {
    let joined = |path: &str| url.join(path).map_err(|_| StartError::Environment("the address makes no URL"));
    let (key, signing_key) = (SecretString::from(random()), SecretString::from(random()));
    let mut settings = Settings::new(key.clone(), signing_key.expose_secret().to_owned());
    settings.origin = Some(joined("nango/")?);
    settings.webhook_url = Some(joined("webhooks/nango")?);
    settings.back = Some(("Back to the Trust Center".to_owned(), joined("integrations")?));
    let mut config = Config::new(key);
    config.base_url = joined("nango")?;
    config.webhook_signing_keys = vec![signing_key];
    Ok((settings, config))
}

fn random() -> String {
    Uuid::new_v4().to_string()
}
