//! Letting contacts in, one by one.

use axum::body::Bytes;
use axum::extract::{Path, State};
use chrono::{TimeDelta, Utc};
use notion_import_core::id::DocumentId;
use notion_import_core::library::access::{Action, AssignmentId};
use notion_import_core::library::gate::NewAssignment;

use super::{Address, Answer, Shared, see};
use crate::fields::Fields;
use crate::people::{Company, Contact};
use crate::problem::Problem;
use crate::session::Visitor;

pub async fn assign(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(&body);
    let contact = chosen(staff.company, &fields)?;
    let days = fields.given("days").map(str::parse::<i64>).transpose();
    let days = days.map_err(|_| Problem::form("Give the number of days, or leave it empty for no end."))?;
    let assignment = NewAssignment {
        document: id,
        contact: contact.id,
        expires_at: days.map(|days| Utc::now() + TimeDelta::days(days.clamp(1, 3650))),
        nda_waiver: fields.given("waiver").map(str::to_owned),
    };
    app.stores.access.assign(&staff.actor, &assignment, Utc::now()).await?;
    visitor.tell(format!("{} is assigned.", contact.name));
    see(Address::Document(id))
}

fn chosen<'c>(company: &'c Company, fields: &Fields) -> Result<&'c Contact, Problem> {
    let known = company.contacts.iter().find(|contact| contact.key == fields.text("contact"));
    known.ok_or_else(|| Problem::form("Choose a contact."))
}

pub async fn revoke(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let assignment = Fields::read(&body).text("assignment").parse().map_err(|_| Problem::not_found())?;
    app.stores.access.revoke(&staff.actor, AssignmentId(assignment), Utc::now()).await?;
    visitor.tell("The assignment is taken back, at once.");
    see(Address::Document(id))
}
