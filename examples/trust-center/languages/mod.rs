//! The languages in which people outside are spoken to: one file of words for each.

mod accepted;
mod de;
mod en;

use chrono::{DateTime, Datelike, Utc};
use notion_import_core::{AccessLevel, Outside, RequestState};

pub use self::accepted::accepted;

/// A language that there are words in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Language {
    #[default]
    English,
    German,
}

/// Something that a company says of itself, in each language.
#[derive(Clone, Copy)]
pub struct InEach {
    pub en: &'static str,
    pub de: &'static str,
}

macro_rules! words {
    ($($name:ident)*) => {
        /// Every word that people outside read. Where a name or a number comes in stands `{}`.
        pub struct Words {
            pub language: Language,
            pub months: [&'static str; 12],
            pub short_months: [&'static str; 12],
            $(pub $name: &'static str,)*
        }

        #[cfg(test)]
        impl Words {
            /// Returns all of them, each with its name.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }
    };
}

words! {
    day skip not_signed_in be_somebody_else more about follow in_language no_answer
    public requires_nda restricted internal
    site_title search_titles search no_match show_everything
    nothing_yet nothing_for_everybody nothing_for_you
    categories every_category other_documents
    news order by_title newest_first to_read published one_more_step pages previous next
    hint_nda hint_sign_in hint_ask untitled
    own_requests asked_at withdraw waiting approved declined withdrawn gone_document no_longer_asked
    ask sign_in_as_contact back_to
    version marked_pdf receipt receipt_of_original verified_by keys_of download empty_page bytes
    ask_none_found ask_none ask_intro ask_what ask_name ask_company ask_mail ask_reason
    wrong_documents wrong_name wrong_company wrong_mail wrong_reason wrong_letters
    thank_you thank_you_text
    access_needed access_needed_text access_waiting
    sign_in sign_in_to sign_in_invited send_link not_invited demo demo_mail enter_as signed_in_as
    look_at_mail link_sent link_not_sent link_mail link_mail_subject
    nda nda_version nda_agree nda_accept not_now nda_tick nda_accepted
    accepted accepted_none accepted_version accepted_void copy copy_text older
    about_title security_contact security_text for_programs keys_json llms_txt keys_text llms_text follow_text
    sub_processors sub_processors_text
    feed_title feed_published feed_listed
    follow_intro follow_known follow_button follow_feed follow_feed_text follow_feed_link follow_sent follow_confirm
    follow_begun follow_end follow_end_text follow_end_button follow_ended
    follow_mail_subject follow_mail news_mail_subject news_mail news_mail_more
    invitation_subject invitation
    not_found not_found_advice unmarkable unmarkable_large unmarkable_encrypted unmarkable_other back_to_document
    refused refused_advice link_over link_over_advice another_link missing too_far not_allowed not_allowed_advice
    changed changed_advice nda_changed nda_changed_advice too_slow too_slow_advice too_large too_large_advice
    not_that_way not_that_way_advice not_understood not_understood_advice
    full full_advice away away_advice broken broken_advice to_start
}

/// A badge: its style and its words.
#[derive(Clone, Copy)]
pub struct Badge {
    pub style: &'static str,
    pub text: &'static str,
}

impl Language {
    /// Every language, as it calls itself.
    pub const ALL: [(Self, &'static str); 2] = [(Self::English, "English"), (Self::German, "Deutsch")];

    /// Returns its code, as in BCP 47.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Returns the language of a code; none if there are no words in it.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().map(|(language, _)| language).find(|language| language.code() == code)
    }

    pub const fn words(self) -> &'static Words {
        match self {
            Self::English => &en::WORDS,
            Self::German => &de::WORDS,
        }
    }
}

impl Words {
    /// Returns what a company says of itself.
    pub const fn of(&self, text: &InEach) -> &'static str {
        match self.language {
            Language::English => text.en,
            Language::German => text.de,
        }
    }

    /// Puts values where a phrase has room for them.
    pub fn fill(&self, phrase: &str, values: &[&str]) -> String {
        let mut parts = phrase.split("{}");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for (part, value) in parts.zip(values) {
            filled.push_str(value);
            filled.push_str(part);
        }
        filled
    }

    /// Returns what stands before and behind the one place that a phrase has room in.
    pub fn around<'p>(&self, phrase: &'p str) -> (&'p str, &'p str) {
        phrase.split_once("{}").unwrap_or((phrase, ""))
    }

    pub const fn level(&self, level: AccessLevel) -> &'static str {
        match level {
            AccessLevel::Internal => self.internal,
            AccessLevel::RequiresNda => self.requires_nda,
            AccessLevel::Restricted => self.restricted,
            AccessLevel::Public => self.public,
        }
    }

    /// Returns what it takes to read a document.
    pub const fn hint(&self, outside: &Outside) -> &'static str {
        match outside {
            Outside::Ok | Outside::NotFound => "",
            Outside::AcceptNda { .. } => self.hint_nda,
            Outside::SignIn => self.hint_sign_in,
            Outside::RequestAccess => self.hint_ask,
        }
    }

    /// Returns how a request stands, for whoever made it.
    pub const fn request(&self, state: RequestState) -> Badge {
        match state {
            RequestState::Waiting => Badge { style: "warn", text: self.waiting },
            RequestState::Approved => Badge { style: "good", text: self.approved },
            RequestState::Declined => Badge { style: "quiet", text: self.declined },
            RequestState::Withdrawn => Badge { style: "quiet", text: self.withdrawn },
        }
    }

    pub fn title(&self, title: &str) -> String {
        if title.trim().is_empty() { self.untitled.to_owned() } else { title.to_owned() }
    }

    pub fn day(&self, at: DateTime<Utc>) -> String {
        self.date(at, &self.months)
    }

    pub fn moment(&self, at: DateTime<Utc>) -> String {
        format!("{}, {}", self.date(at, &self.short_months), at.format("%H:%M UTC"))
    }

    pub fn size(&self, bytes: u64) -> String {
        match bytes {
            0..1024 => self.fill(self.bytes, &[&bytes.to_string()]),
            1024..1_048_576 => format!("{} KB", bytes / 1024),
            _ => format!("{} MB", bytes / 1_048_576),
        }
    }

    fn date(&self, at: DateTime<Utc>, months: &[&str; 12]) -> String {
        let month = months.get(at.month0() as usize).copied().unwrap_or_default();
        self.fill(self.day, &[&at.day().to_string(), month, &at.year().to_string()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_the_language_writes_it() {
        let at = "2026-03-05T09:07:00Z".parse().unwrap();
        let [en, de] = Language::ALL.map(|(language, _)| language.words());
        assert_eq!((en.day(at), en.moment(at)), ("5 March 2026".into(), "5 Mar 2026, 09:07 UTC".into()));
        assert_eq!((de.day(at), de.moment(at)), ("5. März 2026".into(), "5. März 2026, 09:07 UTC".into()));
    }

    #[test]
    fn every_phrase_has_the_same_room_in_every_language() {
        let [en, de] = Language::ALL.map(|(language, _)| language.words().all());
        for ((name, en), (_, de)) in en.into_iter().zip(de) {
            assert_eq!(en.matches("{}").count(), de.matches("{}").count(), "{name}");
            assert!(!en.trim().is_empty() && !de.trim().is_empty(), "{name}");
        }
    }
}
