-- Which migrations were run, and what the catalogue of the server says of the schema they make.

REVOKE ALL ON SCHEMA notion_import FROM PUBLIC;
GRANT USAGE ON SCHEMA notion_import TO notion_import_app, notion_import_sync, notion_import_lookup, notion_import_erase;

CREATE TABLE notion_import.migrations (
    name text NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (name, number)
);

CREATE TABLE notion_import.catalogue (
    -- The release of PostgreSQL that said it.
    server integer NOT NULL PRIMARY KEY,
    facts json NOT NULL
);

REVOKE ALL ON notion_import.migrations, notion_import.catalogue FROM PUBLIC;
GRANT SELECT ON notion_import.migrations, notion_import.catalogue TO notion_import_app;
