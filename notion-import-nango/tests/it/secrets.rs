//! Secrets are in no text that could be logged, and no configuration that would leak them is accepted.

use http::HeaderValue;
use notion_import_core::{Authorizer, Connection, ConnectionRef, TenantId, TokenSource};
use notion_import_nango::{Config, Nango};
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{API_KEY, SIGNING_KEY, attempt, config, nango};

/// What Nango might quote in its messages.
const CANARY: &str = "canary-7f3a";

fn assert_silent(text: &str) {
    for secret in [API_KEY, SIGNING_KEY, CANARY] {
        assert!(!text.contains(secret), "{text}");
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(|error| format!("{error} {error:?} ")).collect()
}

#[tokio::test]
async fn debug_output_shows_no_secret() {
    let nango = nango("https://api.nango.dev");
    assert_silent(&format!("{nango:?} {:?}", config("https://api.nango.dev")));
    let connection = Connection::new(TenantId::fresh(), CANARY);
    let access = nango.access(&connection).await.unwrap();
    assert_silent(&format!("{access:?} {:?}", access.headers));
}

#[tokio::test]
async fn errors_show_no_secret_and_nothing_that_nango_quotes() {
    let bodies = [
        (400, format!(r#"{{"error":{{"code":"{CANARY}","message":"{CANARY} {API_KEY}"}}}}"#)),
        (403, format!(r#"{{"error":{{"code":"forbidden","message":"{CANARY} {API_KEY}"}}}}"#)),
        (500, format!("<html>{CANARY}{API_KEY}</html>")),
        (200, format!(r#"{{"data":{{"connect_link":"{CANARY}","expires_at":"{API_KEY}"}}}}"#)),
        (200, format!(r#"{{"connections":"{CANARY}","success":"{CANARY}","connection_id":["{API_KEY}"]}}"#)),
    ];
    for (status, body) in bodies {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(status).set_body_string(body))
            .mount(&server)
            .await;
        let nango = nango(&server.uri());
        let reference = ConnectionRef::new(CANARY);
        assert_silent(&chain(&nango.begin(&attempt()).await.unwrap_err()));
        assert_silent(&chain(&nango.find(&attempt()).await.unwrap_err()));
        assert_silent(&chain(&nango.inspect(&reference).await.unwrap_err()));
        assert_silent(&chain(&nango.revoke(&reference).await.unwrap_err()));
    }
    let unreachable = nango("http://127.0.0.1:9").revoke(&ConnectionRef::new(CANARY)).await;
    assert_silent(&chain(&unreachable.unwrap_err()));
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let check = |spoil: &dyn Fn(&mut Config)| {
        let mut config = config("https://api.nango.dev");
        assert!(Nango::new(config.clone()).is_ok());
        spoil(&mut config);
        assert_silent(&chain(&Nango::new(config).unwrap_err()));
    };
    check(&|config| config.api_key = "".into());
    check(&|config| config.api_key = format!("{API_KEY}\n").into());
    check(&|config| config.webhook_signing_keys.push(" ".into()));
    check(&|config| config.integration_id.clear());
    check(&|config| config.integration_id = "a/b".to_owned());
    for base in ["ftp://api.nango.dev", "https://me:canary-7f3a@api.nango.dev", "https://api.nango.dev?a=b"] {
        check(&|config| config.base_url = Url::parse(base).unwrap());
    }
    assert!(HeaderValue::from_str(API_KEY).is_ok());
}
