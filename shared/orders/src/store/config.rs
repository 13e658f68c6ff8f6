//! Configuration documents: JSON texts under a name, in the same table as the orders.

use std::collections::{BTreeSet, HashMap};

use super::expression::Terms;
use super::reading::Query;
use super::{Store, StoreError};
use crate::item::{Item, Reader, Unreadable, text};
use crate::schema::{CONFIG, PK, SK};

/// The attribute that holds a document.
const DOCUMENT: &str = "d";

impl Store {
    /// Stores a document under a name such as `offer#slim-tea-pl`, in place of what was there.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn put_config(&self, name: &str, json: &str) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(document_key(name)))
            .item(DOCUMENT, text(json))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| StoreError::of("put_config", &error))?;
        self.count_write(put.consumed_capacity());
        Ok(())
    }

    /// The documents of these names, in their order; `None` where there is none. Up to a hundred cost one call.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get_config(&self, names: &[&str]) -> Result<Vec<Option<String>>, StoreError> {
        const OPERATION: &str = "get_config";
        // The service refuses a key that is asked for twice.
        let keys = names.iter().collect::<BTreeSet<_>>().into_iter().map(|name| document_key(name)).collect();
        let mut documents = HashMap::new();
        for item in self.batch_get(OPERATION, keys).await? {
            let (name, document) = document_of(&item).map_err(|error| StoreError::unreadable(OPERATION, error))?;
            documents.insert(name, document);
        }
        Ok(names.iter().map(|name| documents.get(*name).cloned()).collect())
    }

    /// All documents whose names begin with `prefix`, by name. An empty prefix gives all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_config(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        const OPERATION: &str = "list_config";
        const ITEMS: usize = 1000;
        let mut documents = Vec::new();
        let mut start = None;
        loop {
            let mut terms = Terms::default();
            terms.equal(PK, text(CONFIG));
            if !prefix.is_empty() {
                terms.starting_with(SK, prefix);
            }
            let key = terms.take_expression();
            let query = Query { key, terms, forward: true, limit: ITEMS, start, consistent: true, ..Query::default() };
            let (items, next) = self.query(OPERATION, query).await?;
            for item in &items {
                documents.push(document_of(item).map_err(|error| StoreError::unreadable(OPERATION, error))?);
            }
            start = next;
            if start.is_none() {
                return Ok(documents);
            }
        }
    }

    /// Removes a document; one that is not there is no error.
    ///
    /// # Errors
    /// [`StoreError`]; repeating the call is safe.
    pub async fn delete_config(&self, name: &str) -> Result<(), StoreError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&*self.table)
            .set_key(Some(document_key(name)))
            .set_return_consumed_capacity(self.capacity())
            .send()
            .await
            .map_err(|error| StoreError::of("delete_config", &error))?;
        self.count_write(deleted.consumed_capacity());
        Ok(())
    }
}

fn document_key(name: &str) -> Item {
    Item::from([(PK.to_owned(), text(CONFIG)), (SK.to_owned(), text(name))])
}

fn document_of(item: &Item) -> Result<(String, String), Unreadable> {
    let item = Reader(item);
    Ok((item.parsed(SK)?, item.parsed(DOCUMENT)?))
}
