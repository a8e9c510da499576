//! Who is told by mail what is new, for members.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use chrono::Utc;
use notion_import_core::{Action, ContactId, Subscriber, Subscription, SubscriptionId};

use super::frame::{Frame, page};
use super::{Address, Answer, Shared, cut, id, see};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

/// Subscribers on a page.
const LINES: usize = 100;

#[derive(askama::Template)]
#[template(path = "subscribers.html")]
struct Subscribers {
    frame: Frame,
    subscribers: Vec<Shown>,
    /// The subscription that the next page begins after; none if this is the last.
    next: Option<SubscriptionId>,
    is_first: bool,
}

struct Shown {
    id: SubscriptionId,
    contact: Option<(ContactId, String)>,
    mail: String,
    language: String,
    since: String,
    told: String,
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let after = id(&fields, "after")?;
    let mut kept = app.stores.access.subscriptions(&staff.actor, after, LINES + 1).await?;
    let next = cut(&mut kept, LINES).map(|last| last.id);
    let mut subscribers = Vec::new();
    for subscription in kept {
        subscribers.push(Shown::of(&app, &staff, subscription).await?);
    }
    let frame = Frame::new(&app, &visitor, "Subscribers").await?;
    page(&Subscribers { frame, subscribers, next, is_first: after.is_none() })
}

/// What has ended already has ended.
pub async fn end(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let Some(id) = id(&Fields::read(&body), "subscription")? else { return see(Address::Subscribers) };
    app.stores.access.end_subscription(&staff.actor, id, Utc::now()).await?;
    visitor.tell("They are told no longer what is new.");
    see(Address::Subscribers)
}

impl Shown {
    async fn of(app: &App, staff: &Staff, kept: Subscription) -> Result<Self, Problem> {
        let Subscription { id, subscriber, language, since, told } = kept;
        let (contact, mail) = match subscriber {
            Subscriber::Mailbox(mail) => (None, mail.as_str().to_owned()),
            Subscriber::Contact(contact) => {
                let details = app.stores.access.contact(staff.actor.tenant, contact).await?;
                let details = details.map(|known| known.details);
                let name = details
                    .as_ref()
                    .map_or_else(|| "nobody any more".to_owned(), |known| known.name().to_owned());
                let mail = details.map(|known| known.mail().as_str().to_owned()).unwrap_or_default();
                (Some((contact, name)), mail)
            }
        };
        let (since, told) = (words::moment(since), words::moment(told.until));
        Ok(Self { id, contact, mail, language, since, told })
    }
}
