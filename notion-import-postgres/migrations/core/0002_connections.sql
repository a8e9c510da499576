-- Attempts to connect, and what came of them. No token is ever kept, but that of an open connect session, sealed.
-- What somebody outside has written is kept as json, word for word: text knows no U+0000.

CREATE TABLE notion_import.attempts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    member_id uuid NOT NULL,
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    expires_at timestamptz NOT NULL,
    -- Where its session is opened.
    namespace text NOT NULL,
    renews uuid,
    granted json,
    -- A sealed token, until its session is closed.
    session bytea,
    ended_at timestamptz,
    to_revoke json,
    -- When the sweep is to look at it.
    look_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX attempts_by_look ON notion_import.attempts (look_at);

CREATE TABLE notion_import.connections (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    -- Another after each renewal.
    reference text NOT NULL,
    -- Where it is called so.
    namespace text NOT NULL,
    state text NOT NULL,
    workspace json NOT NULL,
    -- Where it was found to lead instead.
    found json,
    -- If Notion tells it: what a second tenant is compared by, beside the bot.
    workspace_id text,
    bot_id uuid NOT NULL,
    connected_by uuid NOT NULL,
    connected_at timestamptz NOT NULL,
    generation bigint NOT NULL,
    next_run timestamptz NOT NULL,
    -- A claim counts from then on, until then: `Lease` says why.
    leased_from timestamptz,
    leased_until timestamptz,
    -- The same of a queue that is trusted to have it claimed.
    queued_from timestamptz,
    queued_until timestamptz,
    -- To when it was brought forward since the last claim.
    due_at_latest timestamptz,
    last_run json,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, reference),
    CHECK ((leased_from IS NULL) = (leased_until IS NULL)),
    CHECK ((queued_from IS NULL) = (queued_until IS NULL))
);

CREATE INDEX connections_due ON notion_import.connections (greatest(next_run, leased_until, queued_until)) WHERE state = 'active';
CREATE INDEX connections_held ON notion_import.connections (greatest(leased_from, queued_from))
    WHERE state = 'active' AND greatest(leased_from, queued_from) IS NOT NULL;
CREATE INDEX connections_fenced ON notion_import.connections (id) WHERE state = 'disconnecting';
CREATE INDEX connections_by_reference ON notion_import.connections (reference);
CREATE INDEX connections_by_bot ON notion_import.connections (bot_id);
CREATE INDEX connections_by_workspace ON notion_import.connections (workspace_id) WHERE workspace_id IS NOT NULL;

-- What came of claims, by their generations.
CREATE TABLE notion_import.runs (
    tenant_id uuid NOT NULL,
    connection uuid NOT NULL,
    generation bigint NOT NULL,
    run json NOT NULL,
    PRIMARY KEY (tenant_id, connection, generation),
    FOREIGN KEY (tenant_id, connection) REFERENCES notion_import.connections (tenant_id, id) ON DELETE CASCADE
);

DO $$
DECLARE
    name text;
    tenant text := 'tenant_id = nullif(current_setting(''notion_import.tenant_id'', true), '''')::uuid';
BEGIN
    FOREACH name IN ARRAY ARRAY['attempts', 'connections', 'runs'] LOOP
        EXECUTE format('ALTER TABLE notion_import.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE notion_import.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON notion_import.%I TO notion_import_app, notion_import_sync, notion_import_erase '
                'USING (%s) WITH CHECK (%s)',
            name, tenant, tenant);
        EXECUTE format('REVOKE ALL ON notion_import.%I FROM PUBLIC', name);
    END LOOP;
END $$;

GRANT SELECT, INSERT, DELETE ON notion_import.attempts TO notion_import_app;
GRANT UPDATE (granted, session, ended_at, to_revoke, look_at) ON notion_import.attempts TO notion_import_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON notion_import.connections TO notion_import_app;
GRANT SELECT ON notion_import.connections TO notion_import_sync;
GRANT UPDATE (state, found, generation, next_run, leased_from, leased_until, queued_from, queued_until, due_at_latest, last_run)
    ON notion_import.connections TO notion_import_sync;
GRANT SELECT ON notion_import.runs TO notion_import_app;
GRANT SELECT, INSERT, UPDATE (run), DELETE ON notion_import.runs TO notion_import_sync;

-- Whoever erases a tenant sees whether it is still connected.
GRANT SELECT (tenant_id) ON notion_import.attempts, notion_import.connections TO notion_import_erase;

-- Schedules look across tenants, through these functions only. They tell where to look, not what is there.

CREATE POLICY lookup ON notion_import.attempts FOR SELECT TO notion_import_lookup USING (true);
GRANT SELECT (tenant_id, id, look_at) ON notion_import.attempts TO notion_import_lookup;

CREATE POLICY lookup ON notion_import.connections FOR SELECT TO notion_import_lookup USING (true);
-- All it may write is that a connection is queued.
CREATE POLICY lookup_queues ON notion_import.connections
    FOR UPDATE TO notion_import_lookup USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, reference, connected_at, state, workspace_id, bot_id, next_run,
        leased_from, leased_until, queued_from, queued_until)
    ON notion_import.connections TO notion_import_lookup;
GRANT UPDATE (queued_from, queued_until) ON notion_import.connections TO notion_import_lookup;

-- Active connections that are due and that neither anybody holds nor a queue has, longest due first. They stay locked until the
-- transaction ends, so nobody else finds them meanwhile.
CREATE FUNCTION notion_import.due(at timestamptz, at_most bigint)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH free AS (
        SELECT c.tenant_id, c.id, greatest(c.next_run, c.leased_until, c.queued_until) AS since
        FROM notion_import.connections AS c
        WHERE c.state = 'active' AND greatest(c.next_run, c.leased_until, c.queued_until) <= at
        ORDER BY greatest(c.next_run, c.leased_until, c.queued_until) LIMIT at_most FOR UPDATE SKIP LOCKED
    -- Held or queued by a clock that runs far ahead.
    ), ahead AS (
        SELECT c.tenant_id, c.id, c.next_run AS since
        FROM notion_import.connections AS c
        WHERE c.state = 'active' AND greatest(c.leased_from, c.queued_from) > at AND c.next_run <= at
            AND (c.leased_from <= at AND at < c.leased_until) IS NOT TRUE
            AND (c.queued_from <= at AND at < c.queued_until) IS NOT TRUE
        ORDER BY c.next_run LIMIT at_most FOR UPDATE SKIP LOCKED
    )
    SELECT found.tenant_id, found.id FROM (SELECT * FROM free UNION ALL SELECT * FROM ahead) AS found
    ORDER BY found.since LIMIT at_most
$$;

-- The same, and they are queued.
CREATE FUNCTION notion_import.queue_due(at timestamptz, since timestamptz, until timestamptz, at_most bigint)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE notion_import.connections AS c SET queued_from = since, queued_until = until
    FROM notion_import.due(at, at_most) AS d
    WHERE c.tenant_id = d.tenant_id AND c.id = d.id
    RETURNING c.tenant_id, c.id
$$;

-- Connections that are fenced and not yet removed.
CREATE FUNCTION notion_import.fenced(at_most bigint)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.tenant_id, c.id FROM notion_import.connections AS c
    WHERE c.state = 'disconnecting' ORDER BY c.id LIMIT at_most
$$;

-- Connections that the service calls so, oldest first.
CREATE FUNCTION notion_import.by_reference(called text)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.tenant_id, c.id FROM notion_import.connections AS c
    WHERE c.reference = called ORDER BY c.connected_at, c.tenant_id
$$;

-- Attempts that are to be looked at, longest due first.
CREATE FUNCTION notion_import.expired(at timestamptz, at_most bigint)
RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.tenant_id, a.id FROM notion_import.attempts AS a
    WHERE a.look_at <= at ORDER BY a.look_at LIMIT at_most
$$;

-- Whether a tenant other than this one stands on the workspace or the bot. A workspace without an id is like no other.
CREATE FUNCTION notion_import.another_has(tenant uuid, of_workspace text, of_bot uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM notion_import.connections AS c
        WHERE c.tenant_id <> tenant AND (c.workspace_id = of_workspace OR c.bot_id = of_bot)
    )
$$;

REVOKE ALL ON FUNCTION
    notion_import.due, notion_import.queue_due, notion_import.fenced, notion_import.by_reference, notion_import.expired,
    notion_import.another_has
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notion_import.due, notion_import.queue_due TO notion_import_sync;
GRANT EXECUTE ON FUNCTION
    notion_import.fenced, notion_import.by_reference, notion_import.expired, notion_import.another_has TO notion_import_app;

GRANT CREATE ON SCHEMA notion_import TO notion_import_lookup;
ALTER FUNCTION notion_import.due OWNER TO notion_import_lookup;
ALTER FUNCTION notion_import.queue_due OWNER TO notion_import_lookup;
ALTER FUNCTION notion_import.fenced OWNER TO notion_import_lookup;
ALTER FUNCTION notion_import.by_reference OWNER TO notion_import_lookup;
ALTER FUNCTION notion_import.expired OWNER TO notion_import_lookup;
ALTER FUNCTION notion_import.another_has OWNER TO notion_import_lookup;
REVOKE CREATE ON SCHEMA notion_import FROM notion_import_lookup;
