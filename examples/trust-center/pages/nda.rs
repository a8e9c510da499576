//! The company's NDA: what it says now, and publishing what it says from now on.

use axum::body::Bytes;
use axum::extract::State;
use chrono::Utc;
use notion_import_core::{Action, NdaState, NdaText, NewNdaVersion};

use super::frame::{Frame, page};
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};

#[derive(askama::Template)]
#[template(path = "nda_editor.html")]
struct Editor {
    frame: Frame,
    nda: NdaText,
    /// The oldest version whose acceptance still counts.
    accept_from: u32,
}

pub async fn show(State(app): Shared, visitor: Visitor) -> Answer {
    let staff = visitor.staff_who_may(Action::ManageNda)?;
    let (state, nda) = current(&app, &staff).await?;
    page(&Editor { frame: Frame::new(&app, &visitor, "NDA").await?, nda, accept_from: state.accept_from })
}

async fn current(app: &App, staff: &Staff) -> Result<(NdaState, NdaText), Problem> {
    let (tenant, own) = (staff.actor.tenant, staff.company.nda);
    let (_, ndas) = app.stores.access.ndas(tenant).await?;
    let state = ndas.into_iter().find(|nda| nda.id == own).ok_or_else(Problem::not_found)?;
    let text = app.stores.access.nda_text(tenant, own, state.current).await?;
    Ok((state, text.ok_or_else(Problem::not_found)?))
}

pub async fn publish(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::ManageNda)?;
    let fields = Fields::read(&body);
    let given =
        |name| fields.given(name).ok_or_else(|| Problem::form("An NDA has a title, and says something."));
    let nda = NewNdaVersion {
        id: staff.company.nda,
        title: given("title")?.to_owned(),
        text: given("text")?.to_owned(),
        expected: fields.text("version").parse().map_err(|_| Problem::moved_on())?,
        ask_again: fields.is_on("again"),
    };
    let version = app.stores.access.publish_nda(&staff.actor, &nda, Utc::now()).await?;
    visitor.tell(match nda.ask_again {
        true => format!("Version {version} is published. Whoever accepted an older one is asked again."),
        false => format!("Version {version} is published. Who accepted until now reads on."),
    });
    see(Address::Nda)
}
