#![doc = include_str!("../README.md")]

// The modules are listed top-down: an import inside this crate points down the list, never up.

#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "client")]
pub mod store;
#[cfg(feature = "client")]
mod service;
#[cfg(feature = "client")]
mod schedule;
#[cfg(feature = "client")]
mod connect;
#[cfg(feature = "client")]
mod importer;
#[cfg(feature = "client")]
pub mod webhook;
#[cfg(feature = "client")]
mod sync;
#[cfg(feature = "client")]
mod import;
#[cfg(feature = "client")]
mod browse;
pub mod markdown;
#[cfg(feature = "client")]
mod source;
#[cfg(feature = "client")]
mod download;
#[cfg(feature = "gate")]
pub mod review;
mod library;
pub mod notion;
#[cfg(feature = "client")]
mod connection;
#[cfg(feature = "client")]
mod actor;
#[cfg(feature = "client")]
pub mod transport;
#[cfg(feature = "client")]
mod tls;
#[cfg(feature = "client")]
mod telemetry;
#[cfg(feature = "client")]
mod error;
#[cfg(feature = "client")]
mod private;
#[cfg(feature = "client")]
mod random;
#[cfg(feature = "client")]
mod mutant;
#[cfg(feature = "client")]
mod options;
mod id;

#[cfg(feature = "client")]
pub use actor::{Action, Actor, Agent, Denied, Role, UnknownRole};
#[cfg(feature = "client")]
pub use browse::{Entry, Listing, Query, QueryKind};
#[cfg(feature = "client")]
pub use connect::{AttemptState, Begun, Connector, Health};
#[cfg(all(feature = "client", any(feature = "ring", feature = "aws-lc-rs")))]
pub use connection::Seal;
#[cfg(feature = "client")]
pub use connection::{
    ApiAccess, ApiBase, ApiBaseError, Attempt, Authorizer, ConfirmedIdentity, ConnectLink, Connection,
    ConnectionRecord, ConnectionRef, ConnectionState, ConnectionStore, Granted, Hint, Identity, Inspected,
    Namespace, Occasion, QualifiedRef, RUNS_KEPT, Requests, RunSummary, SharedWorkspace, StaticToken,
    TokenSource, Workspace,
};
#[cfg(feature = "client")]
pub use error::{
    AccessError, Conflict, DownloadError, Error, ErrorKind, Fault, NotionCode, NotionError, OtherKind,
    StoreError, TransportError,
};
pub use id::{
    AcceptanceId, AttemptId, ConnectionId, ContactId, DocumentId, InvalidId, MemberId, NdaId, NotionId,
    ReadId, RequestId, SubscriptionId, TenantId, VersionNumber,
};
#[cfg(feature = "client")]
pub use import::{
    Child, DownloadLimits, FetchOutcome, Fetched, ImportEvent, ImportOptions, ImportOutcome, InlineDatabases,
    KnownTitles, Original, Pick, Shape, TreeLimits, ViewName, Wanted,
};
#[cfg(feature = "client")]
pub use importer::{External, Importer, ImporterBuilder, Retry, SEARCH_LAG, Timeouts};
#[cfg(feature = "client")]
pub use library::access::{
    AcceptedNda, AccessLevel, Allow, Assignment, AssignmentId, ContactState, Decision, Deny, Direction,
    DocumentFacts, NdaState, Outside, Publication, UnknownLevel, Viewer, decide,
};
#[cfg(feature = "client")]
pub use library::audit::{AuditEntry, AuditEvent, AuditLog, AuditPage, AuditQuery, AuditStart, Subject};
#[cfg(feature = "client")]
pub use library::blob::{Blob, BlobBytes, BlobId, BlobStore, ByteStream};
#[cfg(feature = "client")]
pub use library::document::{
    Content, Document, DocumentReader, DocumentStore, Imported, Shown, Source, SourceImage, SourceKind,
    SourceParent, SourceState, StoredFile, Version, WhenGone,
};
#[cfg(feature = "client")]
pub use library::erasure::{Erasure, TenantStore};
pub use library::fidelity::{Exposure, Fidelity, Loss, LossKind, Truncation, TruncationKind};
#[cfg(feature = "client")]
pub use library::folder::FolderBlobs;
#[cfg(feature = "watermark")]
pub use library::gate::MarkOptions;
#[cfg(feature = "gate")]
pub use library::gate::{
    AcceptanceEntry, AcceptanceQuery, AcceptanceRecord, AccessAnswer, AccessRequest, AccessState,
    AccessStore, AdminDocument, Announced, Approval, Asker, AssignmentRecord, BulkChange, Contact,
    ContactChange, ContactDetails, ContactStore, Cursor, CutEntries, DocumentCounts, DocumentFilter,
    DocumentOrder, DocumentQuery, Expected, Gate, InternalWhenGone, InvalidCursor, InvalidMailAddress,
    LevelChange, ListPage, MailAddress, MailError, Mailer, Mark, MarkError, MissingDetail, NdaText,
    NewAcceptance, NewAssignment, NewNdaVersion, NewRequest, NewSubscription, Notice, Notifier,
    NotifyOptions, Place, Provenance, PublicDocument, PublicReads, PublicationState, Publish, ReadEntry,
    ReadLog, ReadOutcome, ReadQuery, Readable, ReadableOrder, ReadableQuery, RequestLimits, RequestState,
    Retention, RetentionStore, Seen, Served, SiteRevisions, SourceFilter, Subscriber, Subscription,
    SubscriptionStore, Unmarkable, Visit,
};
#[cfg(all(feature = "gate", any(feature = "ring", feature = "aws-lc-rs")))]
pub use library::gate::{Origin, Receipt, ReceiptError, SigningKey, VerifyingKey};
#[cfg(feature = "client")]
pub use library::memory::{MemoryAudit, MemoryBlobs, MemoryConnections, MemoryLibrary, MemoryTenants};
#[cfg(feature = "object-store")]
pub use library::object::ObjectBlobs;
#[cfg(feature = "client")]
pub use library::range::FileRange;
#[cfg(feature = "client")]
pub use library::sweep::GRACE;
#[cfg(feature = "client")]
pub use schedule::{Dispatcher, InvalidSchedule, ScheduleOptions, Scheduler, SyncRun, SyncedNow};
#[cfg(feature = "client")]
pub use service::Service;
#[cfg(feature = "client")]
pub use sync::{Phase, Progress, SyncOptions, SyncReport};
#[cfg(feature = "metrics")]
pub use telemetry::describe_metrics;
#[cfg(feature = "client")]
pub use telemetry::{METRICS, Metric, MetricKind};
