-- Attempts to connect, and what came of them. No token is ever kept, but that of an open connect session, sealed.

CREATE TABLE attempts (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    expires_at INTEGER NOT NULL,
    -- Where its session is opened.
    namespace TEXT NOT NULL,
    renews TEXT,
    granted TEXT,
    -- A sealed token, until its session is closed.
    session BLOB,
    ended_at INTEGER,
    to_revoke TEXT,
    -- When the sweep is to look at it.
    look_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX attempts_by_look ON attempts (look_at);

CREATE TABLE connections (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Another after each renewal.
    reference TEXT NOT NULL,
    -- Where it is called so.
    namespace TEXT NOT NULL,
    state TEXT NOT NULL,
    workspace TEXT NOT NULL,
    -- Where it was found to lead instead.
    found TEXT,
    -- If Notion tells it: what a second tenant is compared by, beside the bot.
    workspace_id TEXT,
    bot_id TEXT NOT NULL,
    connected_by TEXT NOT NULL,
    connected_at INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    next_run INTEGER NOT NULL,
    -- A claim counts from then on, until then: `Lease` says why.
    leased_from INTEGER,
    leased_until INTEGER,
    -- To when it was brought forward since the last claim.
    due_at_latest INTEGER,
    last_run TEXT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, reference),
    CHECK ((leased_from IS NULL) = (leased_until IS NULL))
) STRICT, WITHOUT ROWID;

-- What came of claims, by their generations.
CREATE TABLE runs (
    tenant_id TEXT NOT NULL,
    connection TEXT NOT NULL,
    generation INTEGER NOT NULL,
    run TEXT NOT NULL,
    PRIMARY KEY (tenant_id, connection, generation),
    FOREIGN KEY (tenant_id, connection) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX connections_by_reference ON connections (reference);

CREATE INDEX connections_by_next_run ON connections (next_run) WHERE state = 'active';
CREATE INDEX connections_fenced ON connections (id) WHERE state = 'disconnecting';
CREATE INDEX connections_by_bot ON connections (bot_id);
CREATE INDEX connections_by_workspace ON connections (workspace_id) WHERE workspace_id IS NOT NULL;
