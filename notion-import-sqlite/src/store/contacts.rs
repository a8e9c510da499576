//! Contacts and their requests, on SQLite.

use async_trait::async_trait;
use notion_import_core::store::Insider;
use notion_import_core::{
    AccessRequest, Contact, ContactId, ContactStore, MailAddress, RequestId, StoreError, TenantId,
};

use crate::database::Sqlite;
use crate::table::{contacts, requests};

#[async_trait]
impl ContactStore for Sqlite {
    async fn contact(&self, site: TenantId, id: ContactId) -> Result<Option<Contact>, StoreError> {
        Ok(contacts::get(self.readers(), site, id).await?.contact())
    }

    async fn contact_of(&self, site: TenantId, mail: &MailAddress) -> Result<Option<Contact>, StoreError> {
        contacts::by_mail(self.readers(), site, mail).await
    }

    async fn list_contacts(
        &self,
        insider: Insider,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Contact>, StoreError> {
        contacts::list(self.readers(), insider.tenant(), after, limit).await
    }

    async fn list_requests(
        &self,
        insider: Insider,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        requests::queue(self.readers(), insider.tenant(), after, limit).await
    }

    async fn count_requests(&self, insider: Insider) -> Result<u64, StoreError> {
        requests::waiting(self.readers(), insider.tenant()).await
    }

    async fn requests_of(
        &self,
        site: TenantId,
        contact: ContactId,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        requests::of_contact(self.readers(), site, contact, limit).await
    }
}
