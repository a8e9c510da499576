-- Who may read the documents. A document without a row in standings is internal and unpublished.

CREATE TABLE ndas (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    current INTEGER NOT NULL CHECK (current > 0),
    accept_from INTEGER NOT NULL CHECK (accept_from BETWEEN 1 AND current),
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE nda_versions (
    tenant_id TEXT NOT NULL,
    nda_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, nda_id, version),
    FOREIGN KEY (tenant_id, nda_id) REFERENCES ndas (tenant_id, id)
) STRICT;

CREATE TRIGGER nda_versions_are_not_changed BEFORE UPDATE ON nda_versions
BEGIN SELECT raise(ABORT, 'a version never changes'); END;

CREATE TABLE default_ndas (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    nda_id TEXT NOT NULL,
    FOREIGN KEY (tenant_id, nda_id) REFERENCES ndas (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE standings (
    tenant_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    level TEXT NOT NULL DEFAULT 'internal',
    publication TEXT NOT NULL DEFAULT 'draft',
    version INTEGER,
    published_title TEXT,
    -- What the site is searched and ordered by.
    folded TEXT NOT NULL DEFAULT '',
    published_at INTEGER,
    listed INTEGER NOT NULL DEFAULT 0,
    nda_id TEXT,
    category TEXT,
    -- What it is found by.
    shelf TEXT NOT NULL DEFAULT '',
    revision INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id),
    FOREIGN KEY (tenant_id, document_id, version) REFERENCES versions (tenant_id, document_id, number),
    FOREIGN KEY (tenant_id, nda_id) REFERENCES ndas (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX standings_published ON standings (tenant_id, folded, document_id, publication) WHERE publication = 'published';
CREATE INDEX standings_published_newest ON standings (tenant_id, published_at, document_id, publication, folded)
    WHERE publication = 'published';
-- What somebody nobody knows may read or know of.
CREATE INDEX standings_shown ON standings (tenant_id, folded, document_id, publication, level, listed)
    WHERE publication = 'published' AND level <> 'internal' AND (listed OR level = 'public');
CREATE INDEX standings_shown_newest ON standings (tenant_id, published_at, document_id, publication, level, listed, folded)
    WHERE publication = 'published' AND level <> 'internal' AND (listed OR level = 'public');
CREATE INDEX standings_by_shelf ON standings (tenant_id, shelf, folded, document_id, publication, level, listed, published_at);
CREATE INDEX standings_by_level ON standings (tenant_id, level, publication, version, document_id);

-- Counts the changes of what the site of a tenant shows.
CREATE TABLE sites (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is known of people outside, unless they were erased.
CREATE TABLE contacts (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    company TEXT,
    mail TEXT,
    blocked INTEGER NOT NULL DEFAULT 0,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((name IS NULL) = (mail IS NULL) AND (company IS NULL) = (mail IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX contacts_by_mail ON contacts (tenant_id, mail) WHERE mail IS NOT NULL;

CREATE TABLE assignments (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    nda_waived INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX assignments_by_document ON assignments (tenant_id, document_id, contact_id);
CREATE INDEX assignments_by_contact ON assignments (tenant_id, contact_id);

CREATE TABLE acceptances (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    nda_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    voided_at INTEGER,
    address TEXT,
    -- Of the text that was shown.
    digest TEXT NOT NULL,
    -- What led to it.
    document_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, nda_id, version) REFERENCES nda_versions (tenant_id, nda_id, version),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX acceptances_that_count ON acceptances (tenant_id, contact_id, nda_id, version) WHERE voided_at IS NULL;
CREATE INDEX acceptances_by_contact ON acceptances (tenant_id, contact_id, id);
CREATE INDEX acceptances_by_nda ON acceptances (tenant_id, nda_id, id);

-- Who asks to read what: a contact, or somebody who is none yet, of whom the row says what they said.
CREATE TABLE requests (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    contact_id TEXT,
    name TEXT,
    company TEXT,
    mail TEXT,
    signed_in INTEGER NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT,
    asked_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    CHECK ((name IS NULL) = (mail IS NULL) AND (company IS NULL) = (mail IS NULL) AND (contact_id IS NULL OR mail IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_that_wait ON requests (tenant_id, asked_at, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX requests_of_contacts ON requests (tenant_id, contact_id, document_id) WHERE state = 'waiting';
CREATE UNIQUE INDEX requests_of_strangers ON requests (tenant_id, mail, document_id) WHERE state = 'waiting';
CREATE INDEX requests_by_contact ON requests (tenant_id, contact_id, asked_at);
CREATE INDEX requests_by_time ON requests (tenant_id, asked_at);

-- Who is told what is new: a contact, or the mailbox of somebody who is none.
CREATE TABLE subscriptions (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    contact_id TEXT,
    mail TEXT,
    language TEXT NOT NULL,
    since INTEGER NOT NULL,
    told_until INTEGER NOT NULL,
    told_revision INTEGER NOT NULL,
    -- Nobody tells them before that.
    again_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    CHECK ((contact_id IS NULL) <> (mail IS NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX subscriptions_of_contacts ON subscriptions (tenant_id, contact_id);
CREATE UNIQUE INDEX subscriptions_of_mailboxes ON subscriptions (tenant_id, mail);
CREATE INDEX subscriptions_by_time ON subscriptions (tenant_id, again_at, id);
