//! The stand-ins in the instance that runs them.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notion_import_core::testing::{Server, World};
use notion_import_core::transport::SystemClock;
use notion_import_core::{Error, NotionId};
use notion_import_nango::testing::{Settings, StandIn};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

use super::place::Place;
use crate::app::StartError;
use crate::folder::{Folder, Held};
use crate::seed;

const SEED: u64 = 2026;
const FILE: &str = "stand-ins.json";

/// Both stand-ins, and what the Notion window knows of them.
pub struct Served {
    pub world: World,
    pub nango: StandIn,
    window: Mutex<Window>,
    folder: Option<Folder>,
    saving: tokio::sync::Mutex<()>,
    socket: Mutex<Option<TcpListener>>,
    _files: Server,
    _alone: Option<Held>,
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

impl Served {
    /// Goes on with them as they were written down, or with two workspaces worth reading; none while another instance has
    /// them. The place's ports become those they are at: where they were, unless somebody else is there.
    pub async fn open(
        folder: Option<&Folder>,
        place: &mut Place,
        trust_center: &Url,
    ) -> Result<Option<Self>, StartError> {
        let alone = folder.map(|folder| folder.try_hold("stand-ins")).transpose()?;
        if matches!(alone, Some(None)) {
            return Ok(None);
        }
        let saved: Option<Saved> = match folder.map(|folder| folder.read(FILE)).transpose()?.flatten() {
            Some(kept) => Some(serde_json::from_slice(&kept)?),
            None => None,
        };
        let (world, window) = match &saved {
            Some(saved) => (World::load(saved.world.clone())?, saved.window.clone()),
            None => furnish(),
        };
        let files = serve_files(&world, place).await?;
        let socket = listen(place).await?;
        let nango = StandIn::new(world.clone(), settings(place, trust_center)?).map_err(Error::from)?;
        if let Some(saved) = saved {
            nango.load(saved.nango)?;
        }
        let served = Self {
            world,
            nango,
            window: Mutex::new(window),
            folder: folder.cloned(),
            saving: tokio::sync::Mutex::default(),
            socket: Mutex::new(Some(socket)),
            _files: files,
            _alone: alone.flatten(),
        };
        served.save().await;
        Ok(Some(served))
    }

    /// Where they are listened for; once.
    pub fn socket(&self) -> Option<TcpListener> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes everything down, if it is to be kept. All in one file, so the two never disagree.
    pub async fn save(&self) {
        let Some(folder) = &self.folder else { return };
        let _one_at_a_time = self.saving.lock().await;
        if let Err(error) = self.write(folder) {
            tracing::error!(%error, "the stand-ins could not be saved");
        }
    }

    fn write(&self, folder: &Folder) -> Result<(), StartError> {
        let saved =
            Saved { world: self.world.save()?, nango: self.nango.save()?, window: self.window().clone() };
        Ok(folder.write(FILE, &serde_json::to_vec(&saved)?)?)
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

async fn serve_files(world: &World, place: &mut Place) -> Result<Server, StartError> {
    let start = |port| Server::start(world.clone(), Arc::new(SystemClock), port);
    let files = match start(place.files_port).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => start(0).await?,
        started => started?,
    };
    let url = Url::parse(files.url()).ok();
    place.files_port =
        url.and_then(|url| url.port()).ok_or(StartError::Environment("the file server has no port"))?;
    Ok(files)
}

async fn listen(place: &mut Place) -> io::Result<TcpListener> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let socket = match bind(place.port).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => bind(0).await?,
        bound => bound?,
    };
    place.port = socket.local_addr()?.port();
    Ok(socket)
}

fn settings(place: &Place, trust_center: &Url) -> Result<Settings, StartError> {
    let joined =
        |path: &str| trust_center.join(path).map_err(|_| StartError::Environment("the address makes no URL"));
    let mut settings = Settings::new(place.api_key.clone(), place.signing_key.clone());
    settings.origin = place.root().join("nango/").ok();
    settings.webhook_url = Some(joined("webhooks/nango")?);
    settings.back = Some(("Back to the Trust Center".to_owned(), joined("integrations")?));
    Ok(settings)
}
