//! The start page, and being somebody.

use axum::body::Bytes;
use axum::extract::State;

use super::frame::{Frame, page};
use super::{Answer, Shared, see};
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
    page(&Start { frame: Frame::new(&app, &visitor, "Trust Center") })
}

/// There is no password: this is a demo, and its people are made up.
pub async fn be(visitor: Visitor, body: Bytes) -> Answer {
    let fields = Fields::read(&body);
    let person = match fields.text("person") {
        "nobody" => None,
        key => Some(Person::of_key(key).ok_or_else(|| Problem::form("Choose one of the people."))?),
    };
    let to = where_to(visitor.person, person, fields.text("back"));
    visitor.be(person);
    see(to)
}

/// They stay on the page if it is one for them, else they begin where they belong.
fn where_to(old: Option<Person>, new: Option<Person>, back: &str) -> String {
    let public = back.starts_with("/t/");
    let stays = match (old, new) {
        (Some(Person::Member(old, _)), Some(Person::Member(new, _))) => {
            old.slug == new.slug && back.starts_with('/') && !back.starts_with("//") && !back.contains('\\')
        }
        (_, Some(Person::Contact(company, _))) => public && back.starts_with(&format!("/t/{}", company.slug)),
        (_, None) => public,
        (_, Some(Person::Member(..))) => false,
    };
    if stays { back.to_owned() } else { new.map_or_else(|| "/".to_owned(), Person::home) }
}
