//! The start page, and being somebody.

use axum::body::Bytes;
use axum::extract::State;

use super::frame::{Frame, page};
use super::{Address, Answer, Shared, see};
use crate::fields::Fields;
use crate::people::Person;
use crate::problem::Problem;
use crate::session::Visitor;

#[derive(askama::Template)]
#[template(path = "start.html")]
struct Start {
    frame: Frame,
}

pub async fn show(State(app): Shared, visitor: Visitor) -> Answer {
    page(&Start { frame: Frame::new(&app, &visitor, "Trust Center").await? })
}

/// There is no password: this is a demo, and its people are made up.
pub async fn be(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let fields = Fields::read(&body);
    let person = match fields.text("person") {
        "nobody" => None,
        key => {
            let found = Person::find(&*app.stores.access, key).await?;
            Some(found.ok_or_else(|| Problem::form("Choose one of the people."))?)
        }
    };
    let to = where_to(visitor.person.as_ref(), person.as_ref(), Address::of(fields.text("back")));
    visitor.be(&app.sessions, person.as_ref())?;
    see(to)
}

/// They stay on the page if it is one for them, else they begin where they belong.
fn where_to(old: Option<&Person>, new: Option<&Person>, back: Option<Address>) -> Address {
    let site = back.and_then(Address::site).map(|company| company.slug);
    let stays = match (old, new) {
        (Some(Person::Member(old, _)), Some(Person::Member(new, _))) => old.slug == new.slug,
        (_, Some(Person::Contact(company, _))) => site == Some(company.slug),
        (_, None) => site.is_some(),
        (_, Some(Person::Member(..))) => false,
    };
    back.filter(|_| stays).unwrap_or_else(|| Address::home(new))
}
