//! Links by which contacts sign in: mailed to the address that is theirs, good once, and not for long.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use notion_import_core::{ContactId, MailAddress};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::folder::Folder;
use crate::slips::Slips;

/// So long a link is good.
pub const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// So long an invitation is good: it waits in a mailbox that nobody expects it in.
pub const INVITATION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// So long it is remembered that somebody was invited.
const REMEMBERED: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// Links that are good at once.
const MOST: usize = 10_000;

/// What is counted is counted for so long.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// So many mails an hour go to one mailbox, and so many are sent for one address of the network.
const TO_MAILBOX: usize = 3;
const FOR_ADDRESS: usize = 30;

/// So much is counted at once; beyond it nothing is sent, so that a flood costs mails and no memory.
const MOST_COUNTED: usize = 100_000;

/// The links that are good, and how many mails went where.
pub struct Links {
    /// By the hash of the link's secret: whoever reads the folder signs in by none.
    slips: Slips,
    /// The same, of invitations.
    invitations: Slips,
    /// When each contact was last invited.
    invited: Slips,
    sent: Mutex<HashMap<String, Vec<Instant>>>,
}

impl Links {
    pub fn of(folder: Option<&Folder>) -> io::Result<Self> {
        Ok(Self {
            slips: Slips::of(folder, "sign-in-links", LIFETIME, MOST)?,
            invitations: Slips::of(folder, "invitations", INVITATION, MOST)?,
            invited: Slips::of(folder, "invited", REMEMBERED, MOST)?,
            sent: Mutex::default(),
        })
    }

    /// Returns whether one more mail may go to a mailbox, asked for from an address, and counts it.
    pub fn may_send(&self, mail: &MailAddress, from: Option<IpAddr>) -> bool {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        sent.retain(|_, times| {
            times.retain(|at| now.duration_since(*at) < WINDOW);
            !times.is_empty()
        });
        let keys = [
            Some((format!("mail {}", mail.as_str()), TO_MAILBOX)),
            from.map(|from| (format!("from {from}"), FOR_ADDRESS)),
        ];
        let has_room = |(key, most): &(String, usize)| sent.get(key).map_or(0, Vec::len) < *most;
        if sent.len() >= MOST_COUNTED || !keys.iter().flatten().all(has_room) {
            return false;
        }
        for (key, _) in keys.into_iter().flatten() {
            sent.entry(key).or_default().push(now);
        }
        true
    }

    /// Makes a link for a contact, and returns its secret.
    pub fn make(&self, contact: ContactId) -> io::Result<String> {
        write(&self.slips, contact)
    }

    /// Makes a link that invites a contact, remembers when, and returns its secret.
    pub fn invite(&self, contact: ContactId) -> io::Result<String> {
        let secret = write(&self.invitations, contact)?;
        self.invited.write(&contact.to_string(), Utc::now().to_rfc3339().as_bytes())?;
        Ok(secret)
    }

    /// Returns when a contact was last invited, as far as that is remembered.
    pub fn invited_at(&self, contact: ContactId) -> io::Result<Option<DateTime<Utc>>> {
        let says = self.invited.read(&contact.to_string())?;
        Ok(says.and_then(|says| std::str::from_utf8(&says).ok()?.parse().ok()))
    }

    /// Forgets that a contact was invited.
    pub fn forget(&self, contact: ContactId) -> io::Result<()> {
        self.invited.end(&contact.to_string())
    }

    /// Returns whose link it is, if it is still good.
    pub fn whose(&self, secret: &str) -> io::Result<Option<ContactId>> {
        let name = name(secret);
        let says = match self.slips.read(&name)? {
            Some(says) => Some(says),
            None => self.invitations.read(&name)?,
        };
        Ok(says.and_then(|says| contact(&says)))
    }

    /// Uses a link up, and returns whose it was if it was still good.
    pub fn consume(&self, secret: &str) -> io::Result<Option<ContactId>> {
        let name = name(secret);
        let says = match self.slips.take(&name)? {
            Some(says) => Some(says),
            None => self.invitations.take(&name)?,
        };
        Ok(says.and_then(|says| contact(&says)))
    }
}

/// Writes a slip for a contact under a new secret, and returns that.
fn write(slips: &Slips, contact: ContactId) -> io::Result<String> {
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    slips.write(&name(&secret), contact.to_string().as_bytes())?;
    Ok(secret)
}

fn name(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

fn contact(says: &[u8]) -> Option<ContactId> {
    std::str::from_utf8(says).ok()?.parse().ok()
}

/// Sends a mail. A host has a service for that; the demo prints it to the console, as long as there is one.
pub fn send(to: &MailAddress, subject: &str, text: &str) {
    print(&format!("\nMail to {}\nSubject: {subject}\n{text}\n", to.as_str()));
}

/// Sends a mail as one of many, with what lets a mailbox end them by itself: <https://www.rfc-editor.org/rfc/rfc8058>.
pub fn send_list(to: &MailAddress, subject: &str, text: &str, end: &str) {
    let headers =
        format!("List-Unsubscribe: <{end}/at-once>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click");
    print(&format!("\nMail to {}\nSubject: {subject}\n{headers}\n{text}\n", to.as_str()));
}

fn print(mail: &str) {
    let _ = io::stdout().lock().write_all(mail.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_once_and_a_mailbox_gets_few() {
        let links = Links::of(None).unwrap();
        let contact = ContactId::fresh();
        let secret = links.make(contact).unwrap();
        assert_eq!(links.whose(&secret).unwrap(), Some(contact));
        assert_eq!(links.consume(&secret).unwrap(), Some(contact));
        assert_eq!(links.consume(&secret).unwrap(), None);
        assert_eq!(links.whose("nonsense").unwrap(), None);
        assert_eq!(links.invited_at(contact).unwrap(), None);
        let invitation = links.invite(contact).unwrap();
        assert!(links.invited_at(contact).unwrap().is_some());
        assert_eq!(links.whose(&invitation).unwrap(), Some(contact));
        assert_eq!(links.consume(&invitation).unwrap(), Some(contact));
        assert_eq!(links.consume(&invitation).unwrap(), None);
        links.forget(contact).unwrap();
        assert_eq!(links.invited_at(contact).unwrap(), None);
        let mail: MailAddress = "dana@orchardbank.example".parse().unwrap();
        let sent = (0..5).filter(|_| links.may_send(&mail, None)).count();
        assert_eq!(sent, TO_MAILBOX);
        let from = Some("192.0.2.7".parse().unwrap());
        let to = |number: usize| format!("n{number}@many.example").parse().unwrap();
        let sent = (0..50).filter(|number| links.may_send(&to(*number), from)).count();
        assert_eq!(sent, FOR_ADDRESS);
    }
}
