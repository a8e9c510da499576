//! Leaky gates.

mod acceptances;
mod audit;
mod documents;
mod gate;
mod people;
mod reads;
mod subscribers;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use notion_import_core::testing::suite::Library;
use notion_import_core::testing::suite::access::PROMISES;
use notion_import_core::{
    AccessStore, Actor, AdminDocument, Contact, ContactId, DocumentId, DocumentQuery, MailAddress, MemberId,
    MemoryLibrary, Role, StoreError, TenantId,
};

use self::audit::Lack;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Leak {
    WidensOnImport,
    PublishesOnImport,
    NarrowsOnDetach,
    CutsTitles,
    ShowsEveryCategory,
    ForgetsTheCategory,
    AnybodyPublishes,
    ManagersTakeNdasOff,
    ForgetsTheLevelBefore,
    ForgetsTheRevision,
    ForgetsTheReason,
    PublishesFromAnyRevision,
    NarrowingNeedsTheRevision,
    KeepsOpenWhatIsGone,
    ClosesWhatIsThere,
    AcceptsAnyDigest,
    NeverVoids,
    NeverAsksAgain,
    NdaElseDefault,
    AssignsForGood,
    ForgetsRevocations,
    WaivesWithoutReason,
    ShowsUnlisted,
    SortsByNothing,
    HistoryOldestFirst,
    AssignmentsNewestFirst,
    DocumentsOldestFirst,
    PagesFromWhereItIsNow,
    FindsAnyTitle,
    ListsEveryLevel,
    CountsAnySource,
    CountsOneTooMany,
    ShowsAmongAny,
    ListsByTitleAlone,
    NeverChangesTheSite,
    ChangesTheSiteWithEverything,
    LatestContentOnly,
    EveryonesFacts,
    KeepsTitleWhenReleased,
    AnybodyAudits,
    ForgetsAddresses,
    CountsEveryTenants,
    AuditsAnySubject,
    AuditsAnyTenant,
    ShowsTheWorkingTitle,
    PublishesNoTitle,
    PublishesAgainWithoutCare,
    PublishesAtTheOldLevel,
    PublishesInTwoActs,
    ListsWithoutCare,
    ClampsDays,
    KeepsWhatIsReplaced,
    RevokesByTheAssignmentAlone,
    PublishesNdasBlindly,
    AcceptsForAnyDocument,
    ForgetsSigners,
    AcceptancesOldestFirst,
    AcceptancesOfAnybody,
    HidesWhatIsVoid,
    AnybodyReadsAcceptances,
    LogsEachReading,
    ForgetsReadersAddresses,
    LogsAnyVersion,
    LogsOfAnybody,
    LogOldestFirst,
    CountsOneByOne,
    CountsOfAnyTime,
    AnybodyReadsTheLog,
    CutsEveryReading,
    CutsNoReading,
    CutsEveryTenant,
    ForgetsWhatTheCutCameTo,
    ForgetsWhenTheCutWas,
    ReadsOnFromTheFirst,
    ReadsOnBackwards,
    SharesAddresses,
    FindsNobody,
    ContactsLastFirst,
    NeverBlocks,
    UnblocksWithoutReason,
    NeverErases,
    AnybodyErases,
    RemembersTheErased,
    RequestsNewestFirst,
    TakesUpAgain,
    TakesUpTheUnlisted,
    TellsWhatIsNotThere,
    ForgetsLimits,
    AnybodyApproves,
    ApprovesByTheRequestAlone,
    ApprovesForGood,
    ApprovingOpens,
    ApprovesAllTheyWaitFor,
    DeclinesWithoutReason,
    AnybodyWithdraws,
    SpeaksOneLanguage,
    NeverUnsubscribes,
    AnybodyEndsSubscriptions,
    KnowsMailboxesAlone,
    GivesTwiceWhomToTell,
    TellsTooSoon,
    ForgetsWhatWasTold,
    IsToldWhateverWasBefore,
    AuditLacks(Lack),
}

/// Who has asked for what: a contact, or an address.
type Asked = ((TenantId, String, Option<MailAddress>), DocumentId);

#[derive(Clone)]
struct Leaky {
    inner: MemoryLibrary,
    leak: Leak,
    tenants: Arc<Mutex<BTreeSet<TenantId>>>,
    contacts: Arc<Mutex<BTreeMap<(TenantId, ContactId), Contact>>>,
    asked: Arc<Mutex<BTreeSet<Asked>>>,
}

impl Leaky {
    fn library(leak: Leak) -> Library {
        Library::of(Arc::new(Self {
            inner: MemoryLibrary::default(),
            leak,
            tenants: Arc::default(),
            contacts: Arc::default(),
            asked: Arc::default(),
        }))
    }

    async fn all(&self, tenant: TenantId) -> Result<Vec<AdminDocument>, StoreError> {
        Ok(self.inner.documents(&self.admin(tenant), &DocumentQuery::newest(99)).await?.documents)
    }

    fn admin(&self, tenant: TenantId) -> Actor {
        Actor::new(tenant, MemberId::fresh(), Role::Admin)
    }

    async fn read(&self, tenant: TenantId, id: DocumentId) -> Result<AdminDocument, StoreError> {
        let read = AccessStore::document(&self.inner, &self.admin(tenant), id).await?;
        read.ok_or(StoreError::NotFound)
    }

    fn raised(&self, actor: &Actor, by: Leak) -> Actor {
        if self.leak == by { Actor { role: Role::Admin, ..actor.clone() } } else { actor.clone() }
    }
}

#[tokio::test]
async fn every_leak_breaks_its_own_promise() {
    let rows = [
        (Leak::WidensOnImport, &["no import, patch", "publishing as of a level takes"][..]),
        (
            Leak::PublishesOnImport,
            &["no import, patch", "a published version", "a new version is not shown", "a new title"],
        ),
        (Leak::NarrowsOnDetach, &["no import, patch"]),
        (Leak::AnybodyPublishes, &["every call is denied"]),
        (Leak::ManagersTakeNdasOff, &["an NDA is taken off"]),
        (Leak::ForgetsTheLevelBefore, &["a widening needs the level", "of many widenings"]),
        (Leak::ForgetsTheRevision, &["a widening needs the revision", "what fails"]),
        (Leak::ForgetsTheReason, &["a widening needs a reason"]),
        (
            Leak::PublishesFromAnyRevision,
            &[
                "publishing needs the revision",
                "publishing again",
                "publishing as of a level takes",
                "what is done to many",
                "what fails",
            ],
        ),
        (Leak::NarrowingNeedsTheRevision, &["narrowing always works"]),
        (Leak::KeepsOpenWhatIsGone, &["a document is closed by nobody"]),
        (Leak::ClosesWhatIsThere, &["a document is closed by nobody"]),
        (Leak::AcceptsAnyDigest, &["an acceptance is bound"]),
        (
            Leak::NeverVoids,
            &[
                "a void acceptance",
                "an acceptance is listed",
                "what becomes",
                "who could read what is told with",
            ],
        ),
        (Leak::NeverAsksAgain, &["versions of an NDA", "a version", "asking again", "what becomes"]),
        (Leak::AssignsForGood, &["an assignment ends", "what is readable is what the decision"]),
        (
            Leak::ForgetsRevocations,
            &[
                "a revoked assignment",
                "a contact has one",
                "an erased contact",
                "what is readable is what the decision",
            ],
        ),
        (Leak::WaivesWithoutReason, &["an NDA is not waived", "what fails"]),
        (
            Leak::ShowsUnlisted,
            &[
                "a category is known",
                "publishing as of a level closes",
                "whether a document is listed",
                "a contact has one",
                "somebody unknown or shut out",
                "an erased contact",
                "what is new is told",
                "what is readable says nothing",
                "what is readable is found",
                "what is readable is what the decision",
                "another tenant's contacts",
            ],
        ),
        (
            Leak::SortsByNothing,
            &[
                "a category is known",
                "what is new is told",
                "what is readable is ordered",
                "what is readable is paged",
                "what is readable says nothing",
                "what is readable is found",
            ],
        ),
        (
            Leak::HistoryOldestFirst,
            &[
                "a version is published as",
                "somebody unknown or shut out",
                "an erased contact",
                "every step of a request",
                "a mailbox has one",
                "a subscription is the contact's",
                "a subscription is ended",
                "what is new is told",
                "every change is audited",
                "a title that follows",
                "an import is audited",
                "what becomes of NDAs",
                "a tenant's entries",
                "acts at once",
                "a dropped change",
                "the audit is paged",
                "the audit is read on",
                "a cut audit goes on",
            ],
        ),
        (Leak::AnybodyAudits, &["every call is denied"]),
        (
            Leak::ForgetsAddresses,
            &["every step of", "every change is audited", "an import is audited", "what becomes of NDAs"],
        ),
        (
            Leak::CountsEveryTenants,
            &[
                "what becomes of NDAs",
                "a tenant's entries",
                "acts at once",
                "a dropped import",
                "a dropped change",
                "the audit is paged",
                "the audit is read on",
                "a cut audit goes on",
                "from nothing",
                "who could read what is told with",
            ],
        ),
        (
            Leak::AuditsAnySubject,
            &[
                "a document is closed by nobody",
                "an assignment is revoked",
                "somebody unknown or shut out",
                "an erased contact",
                "every step of a request",
                "every change is",
                "what fails",
                "what becomes of NDAs",
                "the audit is paged",
            ],
        ),
        (Leak::AuditsAnyTenant, &["another tenant's audit", "another tenant's documents cannot be read"]),
        (Leak::AssignmentsNewestFirst, &["an assignment is kept", "a revoked assignment"]),
        (Leak::DocumentsOldestFirst, &["documents are paged", "a filter lists", "titles are found"]),
        (Leak::PagesFromWhereItIsNow, &["what does not change while"]),
        (Leak::FindsAnyTitle, &["a filter lists", "titles are found"]),
        (Leak::ListsEveryLevel, &["a filter lists"]),
        (Leak::CountsAnySource, &["a filter lists"]),
        (Leak::CountsOneTooMany, &["a filter lists", "another tenant's documents cannot be read"]),
        (Leak::ListsByTitleAlone, &["what is readable is paged"]),
        (Leak::ShowsAmongAny, &["what is readable is found"]),
        (
            Leak::NeverChangesTheSite,
            &["what is new is told", "whoever tells at once", "the revision of a site"],
        ),
        (Leak::ChangesTheSiteWithEverything, &["the revision of a site"]),
        (Leak::LatestContentOnly, &["content is the version"]),
        (Leak::EveryonesFacts, &["facts are of this contact", "from nothing"]),
        (Leak::NdaElseDefault, &["what is readable is what the decision", "from nothing"]),
        (Leak::ShowsEveryCategory, &["a category is known"]),
        (Leak::ForgetsTheCategory, &["a category stays"]),
        (Leak::CutsTitles, &["a working title that is too long"]),
        (Leak::KeepsTitleWhenReleased, &["a title given here"]),
        (Leak::ShowsTheWorkingTitle, &["a new title is not shown", "a title is kept without"]),
        (
            Leak::PublishesNoTitle,
            &[
                "a new title is not shown",
                "a title is kept without",
                "the revision of a site",
                "every change",
            ],
        ),
        (
            Leak::PublishesAgainWithoutCare,
            &[
                "publishing again what was withdrawn",
                "a version is published as",
                "publishing as of a level takes",
                "every change is",
            ],
        ),
        (
            Leak::PublishesAtTheOldLevel,
            &[
                "a version is published as",
                "publishing as of a level takes",
                "publishing as of a level closes",
                "what is done to many",
                "what comes of an act",
                "what is new is told",
                "what is readable is paged",
            ],
        ),
        (
            Leak::PublishesInTwoActs,
            &["a version is published as", "publishing as of a level takes", "what comes of an act"],
        ),
        (Leak::ListsWithoutCare, &["listing is a widening", "every change is", "what fails"]),
        (Leak::ClampsDays, &["an assignment ends in one day"]),
        (Leak::KeepsWhatIsReplaced, &["a contact has one live", "of many assignments", "an erased contact"]),
        (Leak::RevokesByTheAssignmentAlone, &["an assignment is revoked as"]),
        (Leak::PublishesNdasBlindly, &["a version of an NDA follows"]),
        (
            Leak::AcceptsForAnyDocument,
            &["an acceptance needs a document", "a void", "facts are", "what is readable is what"],
        ),
        (Leak::ForgetsSigners, &["an acceptance is listed"]),
        (Leak::AcceptancesOldestFirst, &["an acceptance is listed", "acceptances are paged"]),
        (Leak::AcceptancesOfAnybody, &["acceptances are paged", "acceptances are for"]),
        (Leak::HidesWhatIsVoid, &["an acceptance is listed"]),
        (Leak::AnybodyReadsAcceptances, &["acceptances are for"]),
        (
            Leak::LogsEachReading,
            &[
                "a reading is logged",
                "readings of one thing",
                "the read log is paged",
                "readings before a cut",
                "another tenant's read log",
                "logs are kept",
                "another tenant's logs",
            ],
        ),
        (
            Leak::ForgetsReadersAddresses,
            &[
                "a reading is logged",
                "readings of one thing",
                "the read log is paged",
                "readings before a cut",
                "another tenant's read log",
                "logs are kept",
                "another tenant's logs",
            ],
        ),
        (Leak::LogsAnyVersion, &["only a version that is there is read"]),
        (Leak::LogsOfAnybody, &["the read log is paged"]),
        (
            Leak::LogOldestFirst,
            &[
                "a reading is logged",
                "readings of one thing",
                "the read log is paged",
                "readings before a cut",
                "logs are kept",
                "another tenant's logs",
            ],
        ),
        (Leak::CountsOneByOne, &["only a version that is there is read"]),
        (Leak::CountsOfAnyTime, &["how often what is public"]),
        (Leak::AnybodyReadsTheLog, &["the read log is for"]),
        (Leak::SharesAddresses, &["an address is one contact's"]),
        (Leak::FindsNobody, &["a contact is kept", "a stranger is a contact"]),
        (Leak::ContactsLastFirst, &["contacts are paged"]),
        (
            Leak::NeverBlocks,
            &[
                "somebody unknown or shut out",
                "only what is listed",
                "what is new is told",
                "an acceptance needs a document",
                "who could read what is told with",
            ],
        ),
        (Leak::UnblocksWithoutReason, &["somebody unknown or shut out"]),
        (
            Leak::NeverErases,
            &[
                "contacts are paged",
                "what is known of an erased",
                "an erased contact",
                "a subscription is the contact's",
                "an acceptance is listed",
                "who could read what is told with",
            ],
        ),
        (Leak::AnybodyErases, &["every call is denied"]),
        (Leak::RemembersTheErased, &["what is known of an erased"]),
        (Leak::RequestsNewestFirst, &["requests are kept"]),
        (Leak::TakesUpAgain, &["a person has one request", "over a limit", "a request is withdrawn"]),
        (Leak::TakesUpTheUnlisted, &["only what is listed"]),
        (Leak::TellsWhatIsNotThere, &["only what is listed", "another tenant's contacts and requests"]),
        (Leak::ForgetsLimits, &["over a limit"]),
        (Leak::AnybodyApproves, &["every call is denied"]),
        (Leak::ApprovesByTheRequestAlone, &["approving lets in"]),
        (Leak::ApprovesForGood, &["approving lets in"]),
        (Leak::ApprovingOpens, &["approving lets in", "a stranger is a contact", "every step of a request"]),
        (Leak::ApprovesAllTheyWaitFor, &["every call is denied", "an assignment approves"]),
        (Leak::DeclinesWithoutReason, &["a request is declined"]),
        (Leak::AnybodyWithdraws, &["a request is withdrawn"]),
        (Leak::SpeaksOneLanguage, &["a mailbox has one subscription"]),
        (Leak::NeverUnsubscribes, &["a subscription is ended", "whom one is given"]),
        (Leak::AnybodyEndsSubscriptions, &["a subscription is ended"]),
        (
            Leak::KnowsMailboxesAlone,
            &["a subscription is the contact's", "a subscription is ended", "what is new"],
        ),
        (Leak::GivesTwiceWhomToTell, &["whom one is given"]),
        (Leak::TellsTooSoon, &["whom one is given", "what is new"]),
        (Leak::ForgetsWhatWasTold, &["whom one is given", "what is new"]),
        (Leak::IsToldWhateverWasBefore, &["whom one is given"]),
        (Leak::CutsEveryReading, &["readings before a cut", "a cut that takes nothing", "logs are kept"]),
        (Leak::CutsNoReading, &["readings before a cut", "logs are kept", "another tenant's logs"]),
        (Leak::CutsEveryTenant, &["another tenant's logs"]),
        (Leak::ForgetsWhatTheCutCameTo, &["a cut audit goes on", "from nothing"]),
        (Leak::ForgetsWhenTheCutWas, &["a cut audit goes on", "from nothing"]),
        (Leak::ReadsOnFromTheFirst, &["the audit is read on", "a cut audit goes on", "from nothing"]),
        (
            Leak::ReadsOnBackwards,
            &[
                "the audit is read on",
                "a cut audit goes on",
                "from nothing",
                "who could read what is told with",
                "who could read what is told to",
            ],
        ),
        (Leak::AuditLacks(Lack::Digests), &["an import is audited", "from nothing"]),
        (Leak::AuditLacks(Lack::NdaDigests), &["what becomes of NDAs", "who could read what is told with"]),
        (
            Leak::AuditLacks(Lack::Ends),
            &["every step of", "every change is audited", "from nothing", "who could read what is told with"],
        ),
        (Leak::AuditLacks(Lack::Waivers), &["every change is audited", "from nothing"]),
        (Leak::AuditLacks(Lack::AskingAgain), &["what becomes of NDAs", "from nothing"]),
        (Leak::AuditLacks(Lack::NdasBefore), &["from nothing"]),
        (Leak::AuditLacks(Lack::Closings), &["a document is closed by nobody", "from nothing"]),
        (
            Leak::AuditLacks(Lack::Withdrawals),
            &[
                "every change is audited",
                "a cut audit goes on",
                "from nothing",
                "who could read what is told with",
            ],
        ),
        (
            Leak::AuditLacks(Lack::Listings),
            &["every change is audited", "the audit is paged", "from nothing"],
        ),
        (Leak::AuditLacks(Lack::NdasRequired), &["every change is audited", "from nothing"]),
        (
            Leak::AuditLacks(Lack::Revocations),
            &[
                "an erased contact",
                "every change is audited",
                "from nothing",
                "who could read what is told with",
            ],
        ),
        (
            Leak::AuditLacks(Lack::DefaultNdas),
            &["what becomes of NDAs", "from nothing", "who could read what is told with"],
        ),
        (
            Leak::AuditLacks(Lack::Acceptances),
            &["what becomes of NDAs", "from nothing", "who could read what is told with"],
        ),
        (
            Leak::AuditLacks(Lack::Voids),
            &[
                "an erased contact",
                "what becomes of NDAs",
                "from nothing",
                "who could read what is told with",
            ],
        ),
        (
            Leak::AuditLacks(Lack::Blocks),
            &["somebody unknown or shut out", "from nothing", "who could read what is told with"],
        ),
        (
            Leak::AuditLacks(Lack::Erasures),
            &["an erased contact", "from nothing", "who could read what is told with"],
        ),
    ];
    super::check(PROMISES, Leaky::library, &rows).await;
}
