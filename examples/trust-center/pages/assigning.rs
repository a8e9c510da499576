//! Letting contacts in, one by one.

use axum::body::Bytes;
use axum::extract::{Path, State};
use chrono::{TimeDelta, Utc};
use notion_import_core::{Action, AssignmentId, DocumentId, NewAssignment};

use super::choosing::chosen;
use super::{Address, Answer, Shared, inviting, see};
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::Visitor;

pub async fn assign(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(&body);
    let chosen = chosen(&app, staff.company, &fields).await?;
    let contact = chosen.ok_or_else(|| Problem::form("Choose a contact."))?;
    let now = Utc::now();
    let days = fields.given("days").map(days).transpose()?;
    let assignment = NewAssignment {
        document: id,
        contact: contact.id,
        expires_at: days.map(|days| now + TimeDelta::days(days)),
        nda_waiver: fields.given("waiver").map(str::to_owned),
    };
    app.stores.access.assign(&staff.actor, &assignment, now).await?;
    let mut told = format!("{} is assigned.", contact.details.name());
    if fields.is_on("invite") {
        told = format!("{told} {}", inviting::send(&app, staff.company, &contact, visitor.address)?.told());
    }
    visitor.tell(told);
    see(Address::Document(id))
}

/// How many days ahead something ends.
pub fn days(text: &str) -> Result<i64, Problem> {
    let (first, last) = (NewAssignment::DAYS.start(), NewAssignment::DAYS.end());
    let days = text.parse().ok().filter(|days| NewAssignment::DAYS.contains(days));
    days.ok_or_else(|| {
        Problem::form(format!("Give a number of days from {first} to {last}, or leave it empty for no end."))
    })
}

pub async fn revoke(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let assignment = Fields::read(&body).text("assignment").parse().map_err(|_| Problem::not_found())?;
    let (assignment, now) = (AssignmentId(assignment), Utc::now());
    app.stores.access.revoke(&staff.actor, id, assignment, now).await?;
    let kept = app.stores.access.assignments(&staff.actor, id).await?;
    let contact = kept.iter().find(|kept| kept.id == assignment).map(|kept| kept.contact);
    let is_let_in = kept.iter().any(|kept| Some(kept.contact) == contact && kept.is_live(now));
    visitor.tell(match is_let_in {
        true => "That assignment had been replaced by a newer one, which still lets the contact in.",
        false => "The assignment is taken back, at once.",
    });
    see(Address::Document(id))
}
