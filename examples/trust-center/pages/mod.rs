//! The pages: which address is which, and what every page has around it.

mod about;
mod acceptances;
mod access;
mod address;
mod asking;
mod assigning;
mod audit;
mod bulk;
mod care;
mod categories;
mod changes;
mod changes_feed;
mod choosing;
mod company;
mod contacts;
mod dialog;
mod document;
mod documents;
mod entering;
mod files;
mod following;
mod frame;
mod integrations;
mod inviting;
mod llms;
mod log;
mod nda;
mod notion;
mod opening;
mod picker;
mod preview;
mod probes;
mod publishing;
mod readings;
mod receipts;
mod requests;
mod runs;
mod setup;
mod showing;
mod site;
mod source;
mod start;
mod subscribers;
mod subscribing;
mod unimported;
mod webhook;

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

pub use self::address::Address;
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::{body, headers, language, live, problem, revalidate, same_origin, session, telemetry};

/// What a page answers.
type Answer = Result<Response, Problem>;

/// What every page is given.
type Shared = State<Arc<App>>;

/// Every address of the Trust Center.
pub fn router(app: Arc<App>) -> Router {
    let pages = Router::new()
        .route("/", get(start::show))
        .route("/be", post(start::be))
        .route("/integrations", get(integrations::show))
        .route("/integrations/connect", post(integrations::connect))
        .route("/integrations/attempt", get(integrations::attempt))
        .route("/integrations/confirm", post(integrations::confirm))
        .route("/integrations/change", post(integrations::change))
        .route("/integrations/cancel", post(integrations::cancel))
        .route("/integrations/setup", get(setup::show))
        .route("/integrations/{id}/sync", post(runs::sync))
        .route("/integrations/{id}/runs", get(runs::show))
        .route("/integrations/{id}/reconnect", post(integrations::reconnect))
        .route("/integrations/{id}/disconnect", get(integrations::ask).post(integrations::disconnect))
        .route("/integrations/{id}/abandon", get(integrations::ask_to_abandon).post(integrations::abandon))
        .route("/company/erase", get(company::ask).post(company::erase))
        .route("/import", get(picker::show).post(picker::post))
        .route("/import/preview", get(unimported::show))
        .route("/import/picture/{blob}", get(unimported::picture))
        .route("/imports/{id}", get(following::show))
        .route("/imports/{id}/cancel", post(following::cancel))
        .route("/documents", get(documents::show))
        .route("/bulk", post(bulk::choose))
        .route("/bulk/{number}", get(bulk::show).post(bulk::confirm))
        .route("/documents/{id}", get(document::show))
        .route("/documents/{id}/rename", post(document::rename))
        .route("/documents/{id}/category", post(categories::set))
        .route("/documents/{id}/publish", get(publishing::ask).post(publishing::publish))
        .route("/documents/{id}/withdraw", post(publishing::withdraw))
        .route("/documents/{id}/level", get(opening::ask_level).post(opening::set_level))
        .route("/documents/{id}/listed", post(opening::set_listed))
        .route("/documents/{id}/assign", post(assigning::assign))
        .route("/documents/{id}/revoke", post(assigning::revoke))
        .route("/documents/{id}/requests/{request}/approve", post(requests::approve))
        .route("/documents/{id}/requests/{request}/decline", post(requests::decline))
        .route("/requests", get(requests::show))
        .route("/contacts", get(contacts::show).post(contacts::add))
        .route("/contacts/import", post(contacts::import))
        .route("/contacts/{id}", get(contacts::one))
        .route("/contacts/{id}/invite", post(inviting::invite))
        .route("/contacts/{id}/block", post(contacts::block))
        .route("/contacts/{id}/unblock", post(contacts::unblock))
        .route("/contacts/{id}/erase", get(contacts::ask).post(contacts::erase))
        .route("/subscribers", get(subscribers::show).post(subscribers::end))
        .route("/documents/{id}/update", post(source::update))
        .route("/documents/{id}/sync", post(runs::look))
        .route("/documents/{id}/published", get(receipts::document))
        .route("/documents/{id}/receipt", get(receipts::of_members))
        .route("/documents/{id}/unlink", post(source::unlink))
        .route("/documents/{id}/relink", post(source::relink))
        .route("/documents/{id}/files/{blob}", get(files::of_members))
        .route("/audit", get(audit::show))
        .route("/audit/access", get(access::show))
        .route("/readings", get(readings::show))
        .route("/log/{form}", get(log::export))
        .route("/acceptances", get(acceptances::show))
        .route("/acceptances/{id}", get(acceptances::copy))
        .route("/nda", get(nda::show).post(nda::publish))
        .route("/t/{site}", get(site::show))
        .route("/t/{site}/about", get(about::show))
        .route("/t/{site}/logo.svg", get(about::logo))
        .route("/t/{site}/changes.atom", get(changes_feed::show))
        .route("/t/{site}/llms.txt", get(llms::show))
        .route("/t/{site}/sign-in", get(entering::show).post(entering::send))
        .route("/t/{site}/sign-in/sent", get(entering::sent))
        .route("/t/{site}/sign-in/by/{link}", get(entering::link).post(entering::enter))
        .route("/t/{site}/ask", get(asking::show).post(asking::ask))
        .route("/t/{site}/follow", get(subscribing::show).post(subscribing::follow))
        .route("/t/{site}/follow/sent", get(subscribing::sent))
        .route("/t/{site}/follow/by/{link}", get(subscribing::ask_to_begin).post(subscribing::begin))
        .route("/t/{site}/follow/end/{link}", get(subscribing::ask_to_end).post(subscribing::end))
        .route("/t/{site}/asked", get(asking::asked))
        .route("/t/{site}/acceptances", get(acceptances::own))
        .route("/t/{site}/acceptances/{id}", get(acceptances::own_copy))
        .route("/t/{site}/requests/{id}/withdraw", post(asking::withdraw))
        .route("/t/{site}/d/{id}", get(site::document))
        .route("/t/{site}/keys.json", get(receipts::keys))
        .route("/t/{site}/d/{id}/receipt", get(receipts::of_readers))
        .route("/t/{site}/d/{id}/nda", post(site::accept))
        .route("/t/{site}/d/{id}/files/{blob}", get(files::of_readers))
        .route("/style.css", get(style))
        .route("/script.js", get(script))
        .fallback(async || Problem::not_found());
    let pages = pages
        .layer(middleware::from_fn(body::take))
        .layer(middleware::from_fn_with_state(app.clone(), session::carry))
        .layer(middleware::from_fn_with_state(app.clone(), language::speak))
        .layer(middleware::from_fn(live::answer_forms))
        .layer(middleware::from_fn(live::watch))
        .layer(middleware::from_fn_with_state(app.clone(), same_origin::guard));
    // Nango, Notion and mailboxes know no origin and have no session; their signature is what counts, or their link.
    let hooks = Router::new()
        .route("/t/{site}/follow/end/{link}/at-once", post(subscribing::end_at_once))
        .route("/webhooks/nango", post(webhook::of_nango))
        .route("/webhooks/notion", post(webhook::of_notion))
        .layer(middleware::from_fn(webhook::whole));
    // A supervisor calls this machine by any name, has no session either, and reads no page.
    let probes = Router::new().route("/healthz", get(probes::live)).route("/readyz", get(probes::ready));
    let answered = pages
        .merge(hooks)
        .layer(middleware::from_fn(revalidate::answer))
        .layer(middleware::from_fn(problem::on_a_page))
        .merge(probes)
        .layer(middleware::from_fn(headers::say));
    telemetry::observed(answered).with_state(app)
}

/// The pages and doors of the stand-ins, on a port of their own: nobody has a session there.
pub fn stand_ins(app: Arc<App>, nango: Router) -> Router {
    let window = Router::new()
        .route("/", get(async || Redirect::to("/notion")))
        .route("/notion", get(notion::show))
        .route("/notion/requests.json", get(notion::requests))
        .route("/notion/p/{id}", get(notion::page))
        .route("/notion/p/{id}/{change}", post(notion::change))
        .route("/style.css", get(style))
        .fallback(async || Problem::not_found());
    let window = saving(&app, window)
        .layer(middleware::from_fn(body::take))
        .layer(middleware::from_fn_with_state(app.clone(), same_origin::guard))
        .layer(middleware::from_fn(revalidate::answer))
        .layer(middleware::from_fn(problem::on_a_page))
        .layer(middleware::from_fn(headers::say));
    let nango = saving(&app, nango).layer(middleware::from_fn(body::take));
    window.with_state(app).nest("/nango", nango)
}

/// What the stand-ins are told through these outlives even a kill.
fn saving<S: Clone + Send + Sync + 'static>(app: &Arc<App>, router: Router<S>) -> Router<S> {
    router.layer(middleware::from_fn_with_state(app.clone(), save_after_writes))
}

/// What passes through the proxy only reads.
async fn save_after_writes(State(app): Shared, request: Request, next: Next) -> Response {
    let writes = !request.method().is_safe() && !request.uri().path().contains("/proxy/");
    let response = next.run(request).await;
    if let Some(stand_ins) = app.stand_ins.as_ref().filter(|_| writes) {
        stand_ins.save().await;
    }
    response
}

async fn style() -> Response {
    part("text/css; charset=utf-8", include_str!("../../templates/style.css"))
}

async fn script() -> Response {
    part("text/javascript; charset=utf-8", include_str!("../../templates/script.js"))
}

/// A part of the demo itself, which everybody may keep.
fn part(media_type: &'static str, content: &'static str) -> Response {
    revalidate::everybodys(([(header::CONTENT_TYPE, media_type)], content).into_response())
}

/// Something to take along, which nobody else is to keep.
fn download(media_type: &'static str, name: &str, content: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, content.into()).into_response()
}

/// Cuts what was read, one more than a page shows, to the page, and returns what the next page begins behind.
fn cut<T>(read: &mut Vec<T>, lines: usize) -> Option<&T> {
    let is_last = read.len() <= lines;
    read.truncate(lines);
    read.last().filter(|_| !is_last)
}

/// Reads what a query names by an id; none if it names none.
fn id<T: FromStr>(fields: &Fields, name: &str) -> Result<Option<T>, Problem> {
    fields.given(name).map(str::parse).transpose().map_err(|_| Problem::not_found())
}

fn see(address: Address) -> Answer {
    Ok(Redirect::to(&address.to_string()).into_response())
}
