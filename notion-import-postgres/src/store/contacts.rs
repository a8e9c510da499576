//! Contacts and their requests, on PostgreSQL.

use async_trait::async_trait;
use notion_import_core::store::Insider;
use notion_import_core::{
    AccessRequest, Contact, ContactId, ContactStore, MailAddress, RequestId, StoreError, TenantId,
};

use crate::database::{Postgres, Role, commit};
use crate::table::{contacts, requests};

#[async_trait]
impl ContactStore for Postgres {
    async fn contact(&self, site: TenantId, id: ContactId) -> Result<Option<Contact>, StoreError> {
        let mut tx = self.snapshot(Role::App, site).await?;
        let row = contacts::get(&mut *tx, site, id).await?;
        commit(tx).await?;
        Ok(row.contact())
    }

    async fn contact_of(&self, site: TenantId, mail: &MailAddress) -> Result<Option<Contact>, StoreError> {
        let mut tx = self.snapshot(Role::App, site).await?;
        let contact = contacts::by_mail(&mut *tx, site, mail).await?;
        commit(tx).await?;
        Ok(contact)
    }

    async fn list_contacts(
        &self,
        insider: Insider,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Contact>, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let listed = contacts::list(&mut *tx, insider.tenant(), after, limit).await?;
        commit(tx).await?;
        Ok(listed)
    }

    async fn list_requests(
        &self,
        insider: Insider,
        after: Option<RequestId>,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let queue = requests::queue(&mut *tx, insider.tenant(), after, limit).await?;
        commit(tx).await?;
        Ok(queue)
    }

    async fn count_requests(&self, insider: Insider) -> Result<u64, StoreError> {
        let mut tx = self.snapshot(Role::App, insider.tenant()).await?;
        let waiting = requests::waiting(&mut *tx, insider.tenant()).await?;
        commit(tx).await?;
        Ok(waiting)
    }

    async fn requests_of(
        &self,
        site: TenantId,
        contact: ContactId,
        limit: usize,
    ) -> Result<Vec<AccessRequest>, StoreError> {
        let mut tx = self.snapshot(Role::App, site).await?;
        let theirs = requests::of_contact(&mut *tx, site, contact, limit).await?;
        commit(tx).await?;
        Ok(theirs)
    }
}
