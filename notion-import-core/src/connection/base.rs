//! Where Notion's API is.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// The last segment of an address of the API: its version.
const VERSION: &str = "v1";

/// Where Notion's API is, without its version: `https://api.notion.com`, or a proxy's address, which may have a path.
///
/// Notion writes its addresses with `/v1`, so one at the end is understood and left out. Where a proxy's own path ends so, it is
/// written twice.
///
/// ```
/// use notion_import_core::{ApiBase, ApiBaseError};
///
/// let base: ApiBase = "https://api.notion.com/v1".parse()?;
/// assert_eq!(base, ApiBase::notion());
/// assert_eq!("proxy.example".parse::<ApiBase>(), Err(ApiBaseError::NoUrl));
/// # Ok::<(), ApiBaseError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ApiBase(Url);

/// Why an address is none of an API.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiBaseError {
    /// Not to be read as a URL.
    #[error("it is no URL")]
    NoUrl,
    /// Leads elsewhere than to a web server.
    #[error("it begins with neither https:// nor http://")]
    Scheme,
    /// Carries a name or a password, which would end in logs: a token has a place of its own.
    #[error("it holds a name or a password")]
    Credentials,
    /// Nothing can be appended to it.
    #[error("it has a query or a fragment")]
    Query,
}

impl ApiBase {
    /// Returns `https://api.notion.com`.
    pub fn notion() -> Self {
        #[allow(clippy::unwrap_used, reason = "a constant")]
        let url = Url::parse("https://api.notion.com").unwrap();
        Self(url)
    }

    /// Returns the address, without the version.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Appends the version and a path to the base's own path, segment by segment.
    pub(crate) fn join(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(VERSION).extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

impl TryFrom<Url> for ApiBase {
    type Error = ApiBaseError;

    fn try_from(mut url: Url) -> Result<Self, ApiBaseError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ApiBaseError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ApiBaseError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ApiBaseError::Query);
        }
        let mut segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
        segments.pop_if(|last| last.is_empty());
        if segments.last() == Some(&VERSION)
            && let Ok(mut path) = url.path_segments_mut()
        {
            path.pop_if_empty().pop();
        }
        Ok(Self(url))
    }
}

impl FromStr for ApiBase {
    type Err = ApiBaseError;

    fn from_str(text: &str) -> Result<Self, ApiBaseError> {
        Url::parse(text).map_err(|_| ApiBaseError::NoUrl)?.try_into()
    }
}

impl fmt::Debug for ApiBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_appended_to_the_base_and_escaped_whether_it_names_the_version_or_not() {
        let check = |base: &str, expected: &str| {
            let base: ApiBase = base.parse().unwrap();
            let url = base.join(&["blocks", "a/b", "children"], &[("page_size", "100")]);
            assert_eq!(url.as_str(), format!("{expected}/v1/blocks/a%2Fb/children?page_size=100"));
        };
        check("https://api.notion.com", "https://api.notion.com");
        check(" https://api.notion.com/v1 ", "https://api.notion.com");
        check("https://api.notion.com/v1/", "https://api.notion.com");
        check("https://api.nango.dev/proxy/", "https://api.nango.dev/proxy");
        check("http://h:1/prefix/proxy", "http://h:1/prefix/proxy");
        check("http://h:1/prefix/v1", "http://h:1/prefix");
        check("http://h:1/prefix/v1/v1", "http://h:1/prefix/v1");
        check("http://h:1/nov1", "http://h:1/nov1");
        check("http://h:1/v1/prefix", "http://h:1/v1/prefix");
    }

    #[test]
    fn what_is_no_address_of_an_api_says_why() {
        let check = |text: &str, why: ApiBaseError| {
            assert_eq!(text.parse::<ApiBase>(), Err(why), "{text}");
        };
        check("", ApiBaseError::NoUrl);
        check("api.notion.com", ApiBaseError::NoUrl);
        check("https://", ApiBaseError::NoUrl);
        check("ftp://h", ApiBaseError::Scheme);
        check("mailto:a@b", ApiBaseError::Scheme);
        check("https://me:secret@h", ApiBaseError::Credentials);
        check("https://me@h", ApiBaseError::Credentials);
        check("https://h/?a=1", ApiBaseError::Query);
        check("https://h/#a", ApiBaseError::Query);
    }
}
