//! What the page's script asks for: the page again whenever it has changed, and a form's answer without leaving the form.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::time::{Instant, sleep};

/// How often a page is looked at.
const PACE: Duration = Duration::from_millis(500);

/// After so long a browser asks anew: who has left without a word is not written to for ever.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// What a page begins its content with as long as more will come. No text on a page can hold it: there, `<` is escaped.
const MORE: &str = "data-live id=\"main\"";

/// A page, looked at again and again as the same visitor.
struct Watch {
    head: Parts,
    next: Next,
    shown: Bytes,
    until: Instant,
}

/// Sends a page, whole, whenever it has changed, to whoever asks for it as events: `page` with what it shows, and `leave` once
/// it is no page any more or shows all there will be.
pub async fn watch(request: Request, next: Next) -> Response {
    let wants_events = request.headers().get(header::ACCEPT).is_some_and(|kind| kind == "text/event-stream");
    if request.method() != Method::GET || !wants_events {
        return next.run(request).await;
    }
    let (head, _) = request.into_parts();
    let watch = Watch { head, next, shown: Bytes::new(), until: Instant::now() + LONGEST };
    let events = stream::unfold(Some(watch), |watch| async move { Some(watch?.event().await) });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new()).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Watch {
    /// Waits for the next event. Without anything left, nothing follows it.
    async fn event(mut self) -> (Result<Event, Infallible>, Option<Self>) {
        loop {
            let answer = self.next.clone().run(Request::from_parts(self.head.clone(), Body::empty())).await;
            let status = answer.status();
            match to_bytes(answer.into_body(), usize::MAX).await {
                // What does not work at the moment is looked at again.
                _ if status.is_server_error() => {}
                Ok(page) if status == StatusCode::OK && page != self.shown => {
                    let Ok(text) = std::str::from_utf8(&page) else { return leave() };
                    let event = Event::default().event("page").data(text);
                    let more = text.contains(MORE);
                    self.shown = page;
                    return (Ok(event), more.then_some(self));
                }
                Ok(_) if status == StatusCode::OK => {}
                Ok(_) | Err(_) => return leave(),
            }
            if Instant::now() > self.until {
                return (Ok(Event::default().comment("ask again")), None);
            }
            sleep(PACE).await;
        }
    }
}

fn leave() -> (Result<Event, Infallible>, Option<Watch>) {
    (Ok(Event::default().event("leave").data("")), None)
}

/// Tells a script where a form leads: it goes there itself, so that what is to be said there once is said there.
pub async fn answer_forms(request: Request, next: Next) -> Response {
    let is_script = request.headers().contains_key("x-form");
    let mut response = next.run(request).await;
    if is_script && response.status() == StatusCode::SEE_OTHER {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    response
}
