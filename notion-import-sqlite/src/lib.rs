//! Every notion-import store on one SQLite file: the embedded default.
