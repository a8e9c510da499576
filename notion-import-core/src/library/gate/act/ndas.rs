//! What comes of changes of NDAs and of acceptances.

use super::Act;
use crate::actor::Actor;
use crate::error::StoreError;
use crate::id::{AcceptanceId, ContactId, NdaId, TenantId};
use crate::library::access::{Acceptance, AccessFacts, NdaState, Viewer, accepts};
use crate::library::audit::{AuditEvent, NewEntry, Subject};
use crate::library::gate::{ActFacts, NewAcceptance, NewNdaVersion, Verdict, Write};

impl Act {
    pub(super) fn publish_nda(
        &self,
        actor: &Actor,
        new: &NewNdaVersion,
        facts: &AccessFacts,
    ) -> Result<Verdict, StoreError> {
        let state = new.next(facts.state_of(new.id))?;
        let text = new.numbered(state.current);
        let (version, digest, ask_again) = (state.current, text.digest(), new.ask_again);
        let event = AuditEvent::NdaPublished { version, digest, ask_again };
        let entries = vec![NewEntry::of(actor, self.at, Subject::Nda(new.id), event)];
        Ok(Verdict { writes: vec![Write::Nda(state, text)], entries })
    }

    pub(super) fn set_default_nda(
        &self,
        actor: &Actor,
        nda: Option<NdaId>,
        facts: &AccessFacts,
    ) -> Result<Verdict, StoreError> {
        facts.has(nda)?;
        let entry = NewEntry::of_default_nda(actor, self.at, facts.default_nda, nda);
        let writes = entry.is_some().then_some(Write::DefaultNda(nda));
        Ok(Verdict { writes: writes.into_iter().collect(), entries: entry.into_iter().collect() })
    }

    pub(super) fn void(
        &self,
        actor: &Actor,
        contact: ContactId,
        nda: NdaId,
        facts: &AccessFacts,
    ) -> Result<Verdict, StoreError> {
        facts.has(Some(nda))?;
        let counts = |a: &Acceptance| a.nda == nda && a.voided_at.is_none();
        if !facts.acceptances.iter().any(counts) {
            return Ok(Verdict::default());
        }
        let event = AuditEvent::AcceptanceVoided { nda };
        let entries = vec![NewEntry::of(actor, self.at, Subject::Contact(contact), event)];
        Ok(Verdict { writes: vec![Write::Void(contact, nda)], entries })
    }

    pub(super) fn accept(
        &self,
        site: TenantId,
        viewer: &Viewer,
        (new, id): (&NewAcceptance, AcceptanceId),
        found: ActFacts,
    ) -> Result<Verdict, StoreError> {
        let ActFacts { kept, standing, facts, nda_text, .. } = found;
        let document = standing.facts(site, kept.ok_or(StoreError::NotFound)?.document.id);
        let contact =
            accepts(site, viewer, &document, &facts, new.nda, self.at).ok_or(StoreError::NotFound)?;
        new.check(&nda_text.ok_or(StoreError::NotFound)?)?;
        let accepted = new.acceptance(id, contact, self.at);
        if facts.acceptances.contains(&accepted.acceptance()) {
            return Ok(Verdict::default());
        }
        let writes = vec![Write::Acceptance(accepted)];
        Ok(Verdict { writes, entries: vec![new.entry(contact, self.at)] })
    }
}

impl AccessFacts {
    fn state_of(&self, nda: NdaId) -> Option<NdaState> {
        self.ndas.iter().copied().find(|state| state.id == nda)
    }

    /// Fails if an NDA is named that the tenant does not have.
    pub(super) fn has(&self, nda: Option<NdaId>) -> Result<(), StoreError> {
        match nda {
            Some(nda) => self.state_of(nda).map(drop).ok_or(StoreError::NotFound),
            None => Ok(()),
        }
    }
}
