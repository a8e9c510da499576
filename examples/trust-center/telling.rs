//! What is new, told by mail, and the links by which that begins and ends.

use std::io;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use notion_import_core::{
    MailAddress, MailError, Mailer, Notice, NotifyOptions, PublicDocument, SubscriptionId,
};
use url::Url;

use crate::folder::Folder;
use crate::languages::{Language, Words};
use crate::links;
use crate::people::Company;
use crate::sealing::{self, Seal};

const KEY: &str = "follow-key";

/// So long a mailbox may be confirmed. Who has it stands in the link, sealed, and nowhere here until then.
pub const CONFIRMATION: TimeDelta = TimeDelta::hours(24);

/// A demo is looked at now.
pub const OPTIONS: NotifyOptions = NotifyOptions {
    settle: TimeDelta::seconds(5),
    every: TimeDelta::minutes(1),
    retry: TimeDelta::minutes(1),
    most: 20,
};

/// Writes mails on what is new, and opens the links in them.
pub struct Telling {
    seal: Seal,
    site: Url,
}

impl Telling {
    pub fn open(folder: Option<&Folder>, site: &Url) -> io::Result<Self> {
        Ok(Self { seal: Seal::new(&sealing::key(folder, KEY)?), site: site.clone() })
    }

    /// Returns where a mailbox is confirmed, until it is too late.
    pub fn confirmation(
        &self,
        company: &Company,
        mail: &MailAddress,
        language: Language,
        now: DateTime<Utc>,
    ) -> io::Result<String> {
        let until = (now + CONFIRMATION).timestamp();
        let text = format!("{until} {} {}", language.code(), mail.as_str());
        self.link(company, "by", &text)
    }

    /// Returns the mailbox that a link confirms, and the language that was asked for; none once it is too late.
    pub fn confirmed(
        &self,
        company: &Company,
        link: &str,
        now: DateTime<Utc>,
    ) -> Option<(MailAddress, Language)> {
        let text = self.seal.open(&used_for(company, "by"), link)?;
        let mut parts = text.splitn(3, ' ');
        let until: i64 = parts.next()?.parse().ok()?;
        let language = Language::of_code(parts.next()?)?;
        let mail = parts.next()?.parse().ok()?;
        (now.timestamp() < until).then_some((mail, language))
    }

    /// Returns the subscription that a link ends.
    pub fn ended(&self, company: &Company, link: &str) -> Option<SubscriptionId> {
        self.seal.open(&used_for(company, "end"), link)?.parse().ok()
    }

    fn link(&self, company: &Company, what: &str, text: &str) -> io::Result<String> {
        let sealed = self.seal.close(&used_for(company, what), text.to_owned());
        let sealed = sealed.ok_or_else(|| io::Error::other("the system has no randomness"))?;
        Ok(format!("{}t/{}/follow/{what}/{sealed}", self.site, company.slug))
    }

    fn line(&self, company: &Company, words: &Words, new: &PublicDocument) -> String {
        let title = words.title(&new.title);
        format!("- {title} ({})\n  {}t/{}/d/{}\n", words.level(new.level), self.site, company.slug, new.id)
    }
}

/// A link of one company's is none of another's.
fn used_for(company: &Company, what: &str) -> String {
    format!("follow {what} {}", company.slug)
}

#[async_trait]
impl Mailer for Telling {
    async fn send(&self, notice: &Notice) -> Result<(), MailError> {
        let company = Company::of_tenant(notice.site).ok_or(MailError::Refused)?;
        let words = Language::of_code(&notice.language).unwrap_or_default().words();
        let end = self.link(company, "end", &notice.subscription.to_string());
        let end = end.map_err(|error| MailError::Unavailable(error.into()))?;
        let list: String = notice.documents.iter().map(|new| self.line(company, words, new)).collect();
        let all = format!("{}t/{}", self.site, company.slug);
        let more = if notice.more { words.news_mail_more } else { "" };
        let text = words.fill(words.news_mail, &[company.name, &list, more, &all, &end]);
        let subject = words.fill(words.news_mail_subject, &[company.name]);
        links::send_list(&notice.to, &subject, &text, &end);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::people::COMPANIES;

    #[test]
    fn a_link_confirms_one_mailbox_at_one_company_for_a_day() {
        let telling = Telling::open(None, &Url::parse("http://127.0.0.1:1/").unwrap()).unwrap();
        let [halden, fernwood] = &COMPANIES;
        let (mail, now) = ("eve@orchard.example".parse().unwrap(), Utc::now());
        let link = telling.confirmation(halden, &mail, Language::German, now).unwrap();
        let link = link.rsplit('/').next().unwrap();
        let expected = Some((mail, Language::German));
        assert_eq!(telling.confirmed(halden, link, now + TimeDelta::hours(23)), expected);
        assert_eq!(telling.confirmed(halden, link, now + CONFIRMATION), None);
        assert_eq!(telling.confirmed(fernwood, link, now), None);
        assert_eq!(telling.confirmed(halden, "nothing", now), None);
        assert_eq!(telling.ended(halden, link), None);
        let id = SubscriptionId::fresh();
        let end = telling.link(halden, "end", &id.to_string()).unwrap();
        let end = end.rsplit('/').next().unwrap();
        assert_eq!((telling.ended(halden, end), telling.ended(fernwood, end)), (Some(id), None));
    }
}
