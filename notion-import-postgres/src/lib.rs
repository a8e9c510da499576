//! Every notion-import store on PostgreSQL with row-level security.
