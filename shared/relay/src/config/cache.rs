//! Reads the stored configuration, each document at most once a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use networks::{Network, catalog};
use orders::{Store, StoreError};

use super::{Account, Client, NetworkRef, Offer, account_document, client_document, network_document, offer_document};

/// How long a document is taken to be unchanged.
const FRESH_MS: u64 = 60_000;

/// The most documents that are kept.
const KEPT: usize = 10_000;

/// The stored configuration as this process knows it.
#[derive(Debug, Default)]
pub struct ConfigCache {
    documents: Mutex<HashMap<String, Cached>>,
}

#[derive(Debug, Clone)]
struct Cached {
    read_ms: u64,
    document: Document,
}

#[derive(Debug, Clone)]
enum Document {
    Absent,
    Account(Arc<Account>),
    Offer(Arc<Offer>),
    Client(Arc<Client>),
    Network(Arc<Network>),
}

impl ConfigCache {
    /// The client of a key's hash and the offer of a name, read together.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn client_and_offer(
        &self,
        store: &Store,
        now_ms: u64,
        key_hash: &str,
        offer: &str,
    ) -> Result<(Option<Arc<Client>>, Option<Arc<Offer>>), StoreError> {
        let names = [client_document(key_hash), offer_document(offer)];
        let found = self.get(store, now_ms, &names).await?;
        let mut client = None;
        let mut wanted = None;
        for document in found {
            match document {
                Document::Client(found) => client = Some(found),
                Document::Offer(found) => wanted = Some(found),
                _ => {}
            }
        }
        Ok((client, wanted))
    }

    /// The client of a key's hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn client(&self, store: &Store, now_ms: u64, key_hash: &str) -> Result<Option<Arc<Client>>, StoreError> {
        let found = self.get(store, now_ms, &[client_document(key_hash)]).await?;
        Ok(found.into_iter().find_map(|document| match document {
            Document::Client(client) => Some(client),
            _ => None,
        }))
    }

    /// The offer of a name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn offer(&self, store: &Store, now_ms: u64, name: &str) -> Result<Option<Arc<Offer>>, StoreError> {
        let found = self.get(store, now_ms, &[offer_document(name)]).await?;
        Ok(found.into_iter().find_map(|document| match document {
            Document::Offer(offer) => Some(offer),
            _ => None,
        }))
    }

    /// The account of a name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, store: &Store, now_ms: u64, name: &str) -> Result<Option<Arc<Account>>, StoreError> {
        let found = self.get(store, now_ms, &[account_document(name)]).await?;
        Ok(found.into_iter().find_map(|document| match document {
            Document::Account(account) => Some(account),
            _ => None,
        }))
    }

    /// The network an account uses; `None` where it is neither stored nor built in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn network(
        &self,
        store: &Store,
        now_ms: u64,
        account: &Account,
    ) -> Result<Option<NetworkRef>, StoreError> {
        if !account.own_network {
            return Ok(catalog::find(&account.network).map(NetworkRef::BuiltIn));
        }
        let found = self.get(store, now_ms, &[network_document(&account.network)]).await?;
        Ok(found.into_iter().find_map(|document| match document {
            Document::Network(network) => Some(NetworkRef::Own(network)),
            _ => None,
        }))
    }

    /// All accounts by name, read anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts(&self, store: &Store, now_ms: u64) -> Result<Vec<(String, Arc<Account>)>, StoreError> {
        let mut accounts = Vec::new();
        for (name, json) in store.list_config(&account_document("")).await? {
            let document = read(&name, Some(&json));
            self.keep(now_ms, &name, &document);
            if let Document::Account(account) = document {
                let plain = name.strip_prefix(&account_document("")).unwrap_or(&name).to_owned();
                accounts.push((plain, account));
            }
        }
        Ok(accounts)
    }

    async fn get(&self, store: &Store, now_ms: u64, names: &[String]) -> Result<Vec<Document>, StoreError> {
        let mut found: Vec<Option<Document>> = names.iter().map(|name| self.fresh(now_ms, name)).collect();
        let missing: Vec<&str> =
            names.iter().zip(&found).filter(|(_, there)| there.is_none()).map(|(name, _)| name.as_str()).collect();
        if !missing.is_empty() {
            let mut texts = store.get_config(&missing).await?.into_iter();
            for (name, slot) in names.iter().zip(&mut found) {
                if slot.is_none() {
                    let document = read(name, texts.next().flatten().as_deref());
                    self.keep(now_ms, name, &document);
                    *slot = Some(document);
                }
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn fresh(&self, now_ms: u64, name: &str) -> Option<Document> {
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = documents.get(name).filter(|cached| now_ms < cached.read_ms.saturating_add(FRESH_MS))?;
        Some(cached.document.clone())
    }

    fn keep(&self, now_ms: u64, name: &str, document: &Document) {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if documents.len() >= KEPT {
            // Only guesses of keys and offers can fill it; forgetting costs a read.
            documents.clear();
        }
        documents.insert(name.to_owned(), Cached { read_ms: now_ms, document: document.clone() });
    }
}

fn read(name: &str, text: Option<&str>) -> Document {
    let Some(text) = text else { return Document::Absent };
    let (kind, rest) = name.split_once('#').unwrap_or((name, ""));
    let document = match kind {
        "account" => serde_json::from_str(text).ok().map(|account| Document::Account(Arc::new(account))),
        "offer" => serde_json::from_str(text).ok().map(|offer| Document::Offer(Arc::new(offer))),
        "client" => serde_json::from_str(text).ok().map(|client| Document::Client(Arc::new(client))),
        "network" => Network::parse(name, rest, text).ok().map(|network| Document::Network(Arc::new(network))),
        _ => None,
    };
    if document.is_none() {
        tracing::error!(document = name, "a configuration document cannot be read; push the configuration again");
    }
    document.unwrap_or(Document::Absent)
}
