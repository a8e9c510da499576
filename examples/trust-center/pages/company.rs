//! The end of a company here.

use axum::body::Bytes;
use axum::extract::State;
use notion_import_core::{Action, Conflict, Erasure, Error, StoreError};

use super::frame::{Frame, page};
use super::{Address, Answer, Shared, see};
use crate::fields::Fields;
use crate::problem;
use crate::session::Visitor;
use crate::words;

#[derive(askama::Template)]
#[template(path = "company_erase.html")]
struct Erase {
    frame: Frame,
    company: &'static str,
    /// What was typed instead of the name.
    typed: Option<String>,
}

pub async fn ask(State(app): Shared, visitor: Visitor) -> Answer {
    let staff = visitor.staff_who_may(Action::EraseTenant)?;
    let frame = Frame::new(&app, &visitor, "Erase everything").await?;
    page(&Erase { frame, company: staff.company.name, typed: None })
}

pub async fn erase(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::EraseTenant)?;
    let fields = Fields::read(&body);
    let typed = fields.text("name").trim();
    if typed != staff.company.name {
        let (frame, typed) = (Frame::new(&app, &visitor, "Erase everything").await?, Some(typed.to_owned()));
        return page(&Erase { frame, company: staff.company.name, typed });
    }
    app.jobs.forget(staff.actor.tenant).map_err(StoreError::backend)?;
    let erased = app.connector.erase(&staff.actor, &*app.stores.tenants, &*app.stores.blobs).await;
    visitor.tell(match erased {
        Ok(erased) => done(&erased),
        Err(Error::Store(StoreError::Conflict(Conflict::StillConnected))) => {
            "Not yet: a link to connect Notion may still be opened. Try again in half an hour.".to_owned()
        }
        Err(Error::Store(error)) => return Err(error.into()),
        Err(error) => {
            problem::log(&error);
            words::leaving(words::obstacle(&error).as_deref())
        }
    });
    see(Address::Integrations)
}

fn done(erased: &Erasure) -> String {
    if *erased == Erasure::default() {
        return "There was nothing left to erase.".to_owned();
    }
    format!(
        "Erased: {}, {} and {}, with all that was known of who read them. One line of the audit is left, which says so.",
        words::plural(erased.documents, "document"),
        words::plural(erased.contacts, "contact"),
        words::plural(erased.files, "file"),
    )
}
