//! Whom TLS trusts and what it computes with: one answer for Notion, for the service that holds tokens, and for downloads.

use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::CryptoProvider;

use crate::error::{Cause, TransportError};

/// Builds a client that trusts whom the system trusts, and computes with the provider that the process has installed, else with
/// the one of this crate's features.
pub(crate) fn client() -> Result<ClientConfig, TransportError> {
    let provider =
        CryptoProvider::get_default().cloned().or_else(built_in).ok_or_else(|| failed(NO_PROVIDER))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(failed)?;
    Ok(config.with_no_client_auth())
}

const NO_PROVIDER: &str = "TLS has no provider: enable the feature `ring` or `aws-lc-rs` of notion-import-core, or call \
                           `CryptoProvider::install_default` of rustls first";

#[cfg(feature = "ring")]
fn built_in() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(tokio_rustls::rustls::crypto::ring::default_provider()))
}

#[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
fn built_in() -> Option<Arc<CryptoProvider>> {
    Some(Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn built_in() -> Option<Arc<CryptoProvider>> {
    None
}

fn failed(cause: impl Into<Cause>) -> TransportError {
    TransportError::Connect(Some(cause.into()))
}
