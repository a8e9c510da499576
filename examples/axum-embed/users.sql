CREATE SCHEMA IF NOT EXISTS app;
CREATE TABLE IF NOT EXISTS app.users (
    -- What the header `session` says. A backend of yours has a login instead.
    session text PRIMARY KEY,
    tenant uuid NOT NULL,
    member uuid NOT NULL,
    role text NOT NULL,
    -- The connect attempt that the user has begun, and its secret.
    attempt uuid,
    secret text
);
