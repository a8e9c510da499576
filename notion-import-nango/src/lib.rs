//! OAuth for notion-import through Nango: connect sessions, webhooks, proxied access.
