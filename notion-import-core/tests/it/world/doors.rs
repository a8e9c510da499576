//! The doors: what a world replies is what a client meets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use notion_import_core::TransportError;
use notion_import_core::testing::{
    Endpoint, Fault, Server, SimClock, WiremockDoor, WorldTransport, bulleted, file,
};
use notion_import_core::transport::{Http, Request, SharedClock, SystemClock, Transport};
use serde_json::Value;
use wiremock::matchers::any;

use super::{Company, headers, morning, request};

fn me(company: &Company, origin: &str) -> Request {
    let mut request = request("GET", &format!("{origin}/v1/users/me"), None);
    request.headers = headers(&company.grant.token);
    request
}

async fn serve(company: &Company) -> Server {
    Server::start(company.world.clone(), Arc::new(SystemClock), 0).await.unwrap()
}

/// What a client makes of an exchange: the status and the body, or which way it failed.
async fn outcome(transport: &dyn Transport, request: Request) -> (u16, String) {
    let response = match transport.send(request).await {
        Ok(response) => response,
        Err(error) => return (0, kind(&error).to_owned()),
    };
    let status = response.status.as_u16();
    match response.bytes(1 << 20).await {
        Ok(body) => (status, String::from_utf8(body.to_vec()).unwrap()),
        Err(error) => (status, kind(&error).to_owned()),
    }
}

fn kind(error: &TransportError) -> &'static str {
    match error {
        TransportError::Connect(_) => "no answer",
        TransportError::Interrupted(_) => "broke off",
        _ => "another failure",
    }
}

#[tokio::test]
async fn every_fault_is_met_through_every_door() {
    let slow = Fault::Slow { chunk: 64, pause: Duration::from_millis(5) };
    let rows = [
        (Fault::RateLimited { retry_after: 7 }, 429, "\"rate_limited\""),
        (Fault::Internal, 500, "\"internal_server_error\""),
        (Fault::BadGateway, 502, "\"bad_gateway\""),
        (Fault::Unavailable, 503, "\"service_unavailable\""),
        (Fault::GatewayTimeout, 504, "\"gateway_timeout\""),
        (Fault::Overloaded { retry_after: 7 }, 529, "\"service_overload\""),
        (Fault::Conflict, 409, "\"conflict_error\""),
        (Fault::Restricted, 403, "\"restricted_resource\""),
        (Fault::Reset, 0, "no answer"),
        (Fault::Cut, 200, "broke off"),
        (slow, 200, "\"workspace_name\":\"Acme\""),
        (Fault::Edge, 403, "<!DOCTYPE html>"),
    ];
    let company = Company::new(19);
    let server = serve(&company).await;
    let http = Http::new().unwrap();
    let simulated = WorldTransport::new(company.world.clone(), SimClock::new(morning()));
    let doors: [(&str, &dyn Transport, &str); 2] =
        [("socket", &http, server.url()), ("transport", &simulated, "https://api.notion.com")];
    for (door, transport, origin) in doors {
        for (fault, status, words) in &rows {
            company.world.fail_next(Endpoint::Me, fault.clone());
            let met = outcome(transport, me(&company, origin)).await;
            assert!(met.0 == *status && met.1.contains(words), "{door}, {fault:?}: {met:?}");
            let (status, body) = outcome(transport, me(&company, origin)).await;
            assert_eq!(status, 200, "{door}, after {fault:?}: {body}");
        }
    }
    assert_eq!(company.world.faults(), 24);
    assert_eq!(company.world.faults_like(&Fault::Reset), 2);
    assert_eq!(company.world.requests_to(Endpoint::Me), 48);
    server.stop().await;
}

#[tokio::test]
async fn an_edge_proxys_answer_is_not_notions() {
    let company = Company::new(19);
    company.world.fail_next(Endpoint::Me, Fault::Edge);
    let transport = WorldTransport::new(company.world.clone(), SimClock::new(morning()));
    let response = transport.send(me(&company, "https://api.notion.com")).await.unwrap();
    assert!(response.headers.contains_key("cf-ray"));
    assert!(!response.headers.contains_key("x-notion-request-id"));
}

#[tokio::test]
async fn a_rendering_budget_is_met_by_large_pages_only() {
    let company = Company::new(19);
    company.world.fail_next(Endpoint::Children, Fault::RenderingBudget);
    let children = format!("/v1/blocks/{}/children", company.policy);
    let rows = [("?page_size=25", 200), ("", 400), ("", 200)];
    for (query, expected) in rows {
        assert_eq!(company.get(&format!("{children}{query}")).0, expected, "{query}");
    }
    company.world.fail_next(Endpoint::Search, Fault::RenderingBudget);
    assert_eq!(company.post("/v1/search", serde_json::json!({"page_size": 10})).0, 200);
    assert_eq!(company.post("/v1/search", serde_json::json!({"page_size": 26})).0, 400);
}

#[tokio::test]
async fn a_reset_is_a_reset_on_the_wire() {
    let company = Company::new(19);
    company.world.fail_next(Endpoint::Me, Fault::Reset);
    let server = serve(&company).await;
    let address = server.url().trim_start_matches("http://").to_owned();
    let heard = tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.write_all(b"GET /v1/users/me HTTP/1.1\r\nhost: notion\r\n\r\n").unwrap();
        socket.read(&mut [0; 16]).map_err(|error| error.kind())
    });
    assert_eq!(heard.await.unwrap(), Err(std::io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_cut_answer_promises_more_than_arrives() {
    let company = Company::new(19);
    let stored = company.author().file("a.bin", "application/octet-stream", vec![7; 100_000]);
    let server = serve(&company).await;
    let block = company.world.at(chrono::Utc::now()).append(company.policy, [file(&stored)])[0];
    let mut ask = request("GET", &format!("{}/v1/blocks/{block}", server.url()), None);
    ask.headers = headers(&company.grant.token);
    let http = Http::new().unwrap();
    let (_, body) = outcome(&http, ask).await;
    let url =
        serde_json::from_str::<Value>(&body).unwrap()["file"]["file"]["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with(server.url()), "{url}");
    company.world.fail_next(Endpoint::File, Fault::Cut);
    let response = http.send(request("GET", &url, None)).await.unwrap();
    assert_eq!(response.headers["content-length"], "100000");
    let mut body = response.body;
    let mut arrived = 0;
    let error = loop {
        match body.next().await.unwrap() {
            Ok(part) => arrived += part.len(),
            Err(error) => break error,
        }
    };
    assert_eq!((arrived, kind(&error)), (50_000, "broke off"));
    let whole = http.send(request("GET", &url, None)).await.unwrap();
    assert_eq!(whole.bytes(1 << 20).await.unwrap().len(), 100_000);
    company.world.fail_next(Endpoint::File, Fault::Internal);
    assert_eq!(http.send(request("GET", &url, None)).await.unwrap().status, 503);
}

#[tokio::test]
async fn a_drip_takes_real_time_on_a_socket() {
    let company = Company::new(19);
    let server = serve(&company).await;
    company.world.fail_next(Endpoint::Me, Fault::Slow { chunk: 100, pause: Duration::from_millis(50) });
    let started = Instant::now();
    let (status, body) = outcome(&Http::new().unwrap(), me(&company, server.url())).await;
    assert_eq!(status, 200);
    let pauses = u32::try_from(body.len().div_ceil(100)).unwrap();
    assert!(started.elapsed() >= Duration::from_millis(50) * pauses);
}

#[tokio::test]
async fn a_stopped_server_answers_nobody() {
    let company = Company::new(19);
    let server = serve(&company).await;
    let url = server.url().to_owned();
    let http = Http::new().unwrap();
    assert_eq!(outcome(&http, me(&company, &url)).await.0, 200);
    drop(http);
    server.stop().await;
    assert_eq!(outcome(&Http::new().unwrap(), me(&company, &url)).await, (0, "no answer".to_owned()));
}

#[tokio::test]
async fn wiremock_passes_on_what_the_world_says() {
    let company = Company::new(19);
    company.author().append(company.policy, [bulleted("canary")]);
    let mock = wiremock::MockServer::start().await;
    let clock: SharedClock = Arc::new(SystemClock);
    let door = WiremockDoor::new(company.world.clone(), clock);
    wiremock::Mock::given(any()).respond_with(door).mount(&mock).await;
    let mut request = request("GET", &format!("{}/v1/blocks/{}/children", mock.uri(), company.policy), None);
    request.headers = headers(&company.grant.token);
    let response = Http::new().unwrap().send(request).await.unwrap();
    assert_eq!(response.status, 200);
    assert!(response.headers.contains_key("x-notion-request-id"));
    let body = response.bytes(1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("canary"));
}
