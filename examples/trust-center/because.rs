//! Why somebody could read a document, or not, in the words of its company's members.

use notion_import_core::{AccessAnswer, AccessLevel, Allow, Decision, Deny, Provenance, Publication};

use crate::names::Names;
use crate::words;

/// One reason, and the number of the audit's entry that says so.
pub struct Because {
    pub text: String,
    pub entry: Option<u64>,
}

impl Because {
    /// The reasons of an answer, beginning with what counts first.
    pub fn of(answer: &AccessAnswer, names: &Names) -> Vec<Self> {
        let says = Reasons { answer, names };
        match &answer.decision {
            Decision::Allow(Allow::Public) => vec![says.published(), says.level()],
            Decision::Allow(Allow::Staff) => vec![said("A member of the company")],
            Decision::Allow(Allow::Assigned(_)) => vec![says.published(), says.level(), says.assigned()],
            Decision::Allow(Allow::AssignedWaived(_)) => {
                vec![says.published(), says.level(), says.assigned(), said("No NDA was needed for that")]
            }
            Decision::Allow(Allow::AssignedWithNda(..)) => {
                let first = [says.published(), says.level(), says.assigned()];
                first.into_iter().chain(says.accepted()).collect()
            }
            Decision::Deny(Deny::ForeignTenant) => vec![said("It is another company's")],
            Decision::Deny(Deny::NotPublished | Deny::Internal) if answer.published.is_none() => {
                vec![said("Nothing of it was published")]
            }
            Decision::Deny(Deny::NotPublished) => vec![says.published()],
            Decision::Deny(Deny::Internal) => vec![says.level()],
            Decision::Deny(Deny::NotSignedIn) => vec![says.contact(), says.level()],
            Decision::Deny(Deny::Blocked) => vec![says.contact()],
            Decision::Deny(Deny::Unverified) => vec![said("The mail address was not confirmed")],
            Decision::Deny(Deny::NotAssigned) => vec![says.not_assigned(), says.level()],
            Decision::Deny(Deny::NdaNotConfigured) => vec![says.level(), said("There was no NDA to accept")],
            Decision::Deny(Deny::NdaNotAccepted(_, version)) => {
                let first = [said(format!("Version {version} of the NDA was not accepted")), says.assigned()];
                first.into_iter().chain(says.accepted()).collect()
            }
        }
    }
}

struct Reasons<'a> {
    answer: &'a AccessAnswer,
    names: &'a Names,
}

impl Reasons<'_> {
    fn published(&self) -> Because {
        let what = match self.answer.document.publication {
            Publication::Published(version) => format!("Version {} published", version.0),
            Publication::Archived => "Withdrawn".to_owned(),
            Publication::Draft => "Not published".to_owned(),
        };
        self.done(&what, self.answer.published)
    }

    fn level(&self) -> Because {
        let level = self.answer.document.level;
        match (self.answer.leveled, level) {
            (None, AccessLevel::Internal) => said("Internal, as everything that is imported"),
            (leveled, _) => self.done(&format!("{} set", words::level(level)), leveled),
        }
    }

    fn contact(&self) -> Because {
        match (&self.answer.decision, self.answer.contact) {
            (Decision::Deny(Deny::Blocked), blocked) => self.done("Shut out", blocked),
            (_, Some(erased)) => self.done("All that was known of them erased", Some(erased)),
            (_, None) => said("Nobody whom the company knew"),
        }
    }

    fn assigned(&self) -> Because {
        let Some(record) = &self.answer.assignment else { return said("Not assigned") };
        let made = self.done("Assigned", Some(record.made));
        let end = record.assignment.expires_at;
        let until = end.map_or("without end".to_owned(), |end| format!("until {}", words::moment(end)));
        Because { text: format!("{}, {until}", made.text), ..made }
    }

    fn not_assigned(&self) -> Because {
        match &self.answer.assignment {
            None => said("Not assigned"),
            Some(record) => match (record.revoked, record.assignment.expires_at) {
                (Some(revoked), _) => self.done("The assignment taken back", Some(revoked)),
                (None, Some(end)) => {
                    let entry = Some(record.made.number);
                    Because { text: format!("The assignment ended on {}", words::moment(end)), entry }
                }
                (None, None) => said("Not assigned"),
            },
        }
    }

    fn accepted(&self) -> impl Iterator<Item = Because> {
        self.answer.acceptances.iter().flat_map(|given| {
            let what = format!("Version {} of the NDA accepted", given.version);
            let voided = given.voided.map(|voided| self.done("That acceptance declared void", Some(voided)));
            [Some(self.done(&what, Some(given.given))), voided].into_iter().flatten()
        })
    }

    /// What was done, by whom and when.
    fn done(&self, what: &str, by: Option<Provenance>) -> Because {
        let Some(Provenance { number, at, by }) = by else { return said(what) };
        let text = format!("{what} by {}, {}", self.names.agent(by), words::moment(at));
        Because { text, entry: Some(number) }
    }
}

fn said(text: impl Into<String>) -> Because {
    Because { text: text.into(), entry: None }
}
