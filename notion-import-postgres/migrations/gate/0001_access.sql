-- Who may read the documents. A document without a row in standings is internal and unpublished.

CREATE TABLE notion_import.ndas (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    current integer NOT NULL CHECK (current > 0),
    accept_from integer NOT NULL CHECK (accept_from BETWEEN 1 AND current),
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE notion_import.nda_versions (
    tenant_id uuid NOT NULL,
    nda_id uuid NOT NULL,
    version integer NOT NULL,
    title json NOT NULL,
    body json NOT NULL,
    published_by uuid NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, nda_id, version),
    FOREIGN KEY (tenant_id, nda_id) REFERENCES notion_import.ndas (tenant_id, id)
);

CREATE TABLE notion_import.default_ndas (
    tenant_id uuid NOT NULL PRIMARY KEY,
    nda_id uuid NOT NULL,
    FOREIGN KEY (tenant_id, nda_id) REFERENCES notion_import.ndas (tenant_id, id)
);

CREATE TABLE notion_import.standings (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    level text NOT NULL DEFAULT 'internal',
    publication text NOT NULL DEFAULT 'draft',
    version integer,
    published_title text,
    -- What the site is searched and ordered by.
    folded text COLLATE "C" NOT NULL DEFAULT '',
    published_at timestamptz,
    listed boolean NOT NULL DEFAULT false,
    nda_id uuid,
    category text,
    -- What it is found by.
    shelf text COLLATE "C" NOT NULL DEFAULT '',
    revision bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES notion_import.documents (tenant_id, id),
    FOREIGN KEY (tenant_id, document_id, version) REFERENCES notion_import.versions (tenant_id, document_id, number),
    FOREIGN KEY (tenant_id, nda_id) REFERENCES notion_import.ndas (tenant_id, id)
);

CREATE INDEX standings_published ON notion_import.standings (tenant_id, folded, document_id) WHERE publication = 'published';
CREATE INDEX standings_published_newest ON notion_import.standings (tenant_id, published_at, document_id)
    WHERE publication = 'published';
-- What somebody nobody knows may read or know of.
CREATE INDEX standings_shown ON notion_import.standings (tenant_id, folded, document_id)
    WHERE publication = 'published' AND level <> 'internal' AND (listed OR level = 'public');
CREATE INDEX standings_shown_newest ON notion_import.standings (tenant_id, published_at, document_id)
    WHERE publication = 'published' AND level <> 'internal' AND (listed OR level = 'public');

CREATE INDEX standings_by_shelf ON notion_import.standings (tenant_id, shelf, folded, document_id);
CREATE INDEX standings_by_level ON notion_import.standings (tenant_id, level, publication, version, document_id);

-- Counts the changes of what the site of a tenant shows.
CREATE TABLE notion_import.sites (
    tenant_id uuid NOT NULL PRIMARY KEY,
    revision bigint NOT NULL
);

-- What is known of people outside, unless they were erased.
CREATE TABLE notion_import.contacts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text,
    company text,
    mail text,
    blocked boolean NOT NULL DEFAULT false,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((name IS NULL) = (mail IS NULL) AND (company IS NULL) = (mail IS NULL))
);

CREATE UNIQUE INDEX contacts_by_mail ON notion_import.contacts (tenant_id, mail);

CREATE TABLE notion_import.assignments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    made_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    nda_waived boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES notion_import.documents (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES notion_import.contacts (tenant_id, id)
);

CREATE INDEX assignments_by_document ON notion_import.assignments (tenant_id, document_id, contact_id);
CREATE INDEX assignments_by_contact ON notion_import.assignments (tenant_id, contact_id, document_id);

CREATE TABLE notion_import.acceptances (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    contact_id uuid NOT NULL,
    nda_id uuid NOT NULL,
    version integer NOT NULL,
    accepted_at timestamptz NOT NULL,
    voided_at timestamptz,
    address text,
    -- Of the text that was shown.
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    -- What led to it.
    document_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, nda_id, version) REFERENCES notion_import.nda_versions (tenant_id, nda_id, version),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES notion_import.contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES notion_import.documents (tenant_id, id)
);

CREATE UNIQUE INDEX acceptances_that_count
    ON notion_import.acceptances (tenant_id, contact_id, nda_id, version) WHERE voided_at IS NULL;
CREATE INDEX acceptances_by_contact ON notion_import.acceptances (tenant_id, contact_id, id);
CREATE INDEX acceptances_by_nda ON notion_import.acceptances (tenant_id, nda_id, id);

-- Who asks to read what: a contact, or somebody who is none yet, of whom the row says what they said.
CREATE TABLE notion_import.requests (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    document_id uuid NOT NULL,
    contact_id uuid,
    name text,
    company text,
    mail text,
    signed_in boolean NOT NULL,
    reason text NOT NULL,
    origin text,
    asked_at timestamptz NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES notion_import.documents (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES notion_import.contacts (tenant_id, id),
    CHECK ((name IS NULL) = (mail IS NULL) AND (company IS NULL) = (mail IS NULL) AND (contact_id IS NULL OR mail IS NULL))
);

CREATE INDEX requests_that_wait ON notion_import.requests (tenant_id, asked_at, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX requests_of_contacts
    ON notion_import.requests (tenant_id, contact_id, document_id) WHERE state = 'waiting';
CREATE UNIQUE INDEX requests_of_strangers
    ON notion_import.requests (tenant_id, mail, document_id) WHERE state = 'waiting';
CREATE INDEX requests_by_document ON notion_import.requests (tenant_id, document_id);
CREATE INDEX requests_by_contact ON notion_import.requests (tenant_id, contact_id, asked_at);
CREATE INDEX requests_by_mail ON notion_import.requests (tenant_id, mail) WHERE mail IS NOT NULL;
CREATE INDEX requests_by_time ON notion_import.requests (tenant_id, asked_at);

-- Who is told what is new: a contact, or the mailbox of somebody who is none.
CREATE TABLE notion_import.subscriptions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    contact_id uuid,
    mail text,
    language text NOT NULL,
    since timestamptz NOT NULL,
    told_until timestamptz NOT NULL,
    told_revision bigint NOT NULL,
    -- Nobody tells them before that.
    again_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES notion_import.contacts (tenant_id, id),
    CHECK ((contact_id IS NULL) <> (mail IS NULL))
);

CREATE UNIQUE INDEX subscriptions_of_contacts ON notion_import.subscriptions (tenant_id, contact_id);
CREATE UNIQUE INDEX subscriptions_of_mailboxes ON notion_import.subscriptions (tenant_id, mail);
CREATE INDEX subscriptions_by_time ON notion_import.subscriptions (tenant_id, again_at, id);

DO $$
DECLARE
    name text;
    tenant text := 'tenant_id = nullif(current_setting(''notion_import.tenant_id'', true), '''')::uuid';
BEGIN
    FOREACH name IN ARRAY ARRAY['ndas', 'nda_versions', 'default_ndas', 'standings', 'sites', 'contacts',
        'assignments', 'acceptances', 'requests', 'subscriptions'] LOOP
        EXECUTE format('ALTER TABLE notion_import.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE notion_import.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON notion_import.%I TO notion_import_app, notion_import_sync, notion_import_erase '
                'USING (%s) WITH CHECK (%s)',
            name, tenant, tenant);
        EXECUTE format('REVOKE ALL ON notion_import.%I FROM PUBLIC', name);
    END LOOP;
END $$;

-- To the application alone: a sync can neither open a document nor read whether it is open.
GRANT SELECT, INSERT ON notion_import.ndas, notion_import.default_ndas, notion_import.standings,
    notion_import.sites,
    notion_import.nda_versions, notion_import.contacts, notion_import.assignments, notion_import.acceptances,
    notion_import.requests, notion_import.subscriptions TO notion_import_app;
GRANT UPDATE (current, accept_from) ON notion_import.ndas TO notion_import_app;
GRANT UPDATE (nda_id), DELETE ON notion_import.default_ndas TO notion_import_app;
GRANT UPDATE (level, publication, version, published_title, folded, published_at, listed, nda_id, category, shelf, revision)
    ON notion_import.standings TO notion_import_app;
GRANT UPDATE (revision) ON notion_import.sites TO notion_import_app;
GRANT UPDATE (name, company, mail, blocked) ON notion_import.contacts TO notion_import_app;
GRANT UPDATE (contact_id, name, company, mail, reason, origin, state) ON notion_import.requests TO notion_import_app;
GRANT UPDATE (contact_id, mail, language, told_until, told_revision, again_at), DELETE ON notion_import.subscriptions
    TO notion_import_app;
GRANT UPDATE (revoked_at) ON notion_import.assignments TO notion_import_app;
GRANT UPDATE (voided_at) ON notion_import.acceptances TO notion_import_app;

-- Of an erased tenant nothing of this is left but the number of changes of its site, which goes on.
GRANT SELECT (tenant_id), DELETE ON notion_import.ndas, notion_import.default_ndas, notion_import.standings,
    notion_import.nda_versions, notion_import.contacts, notion_import.assignments, notion_import.acceptances,
    notion_import.requests, notion_import.subscriptions TO notion_import_erase;
GRANT SELECT (mail) ON notion_import.contacts TO notion_import_erase;
GRANT SELECT, UPDATE (revision) ON notion_import.sites TO notion_import_erase;

CREATE TRIGGER nda_versions_are_not_changed BEFORE UPDATE ON notion_import.nda_versions
    FOR EACH ROW EXECUTE FUNCTION notion_import.refuse();
