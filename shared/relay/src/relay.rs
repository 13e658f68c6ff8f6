//! The relay: the table, the networks and the edges, put together once in the life of a process.

use std::sync::Arc;
use std::time::Duration;

use lead::OrderId;
use orders::{Store, StoreError};
use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::clock::{Clock, SystemClock};
use crate::config::ConfigCache;
use crate::health::Health;
use crate::keys::DoorKeys;
use crate::queue::Queue;
use crate::secrets::{SecretError, Secrets};
use crate::settings::{RelaySecret, Settings};
use crate::ssm::Ssm;
use crate::transport::{Transport, TransportError, http_client, network_client};

/// How long a network may take to answer one request. Two requests fit into one function call of 29 seconds.
pub const NETWORK_TIMEOUT: Duration = Duration::from_secs(12);

/// Entries of the due index read at once.
pub const POLL_PAGE: usize = 500;

/// All that the flows need.
#[derive(Debug)]
pub struct Relay {
    pub(crate) store: Store,
    pub(crate) config: ConfigCache,
    pub(crate) secrets: Secrets,
    pub(crate) transport: Transport,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) health: Health,
    /// After so many days an order's personal data is erased.
    pub(crate) retention_days: u32,
    pub(crate) queue: Option<Queue>,
    /// Entries of the due index read at once; a class whose first part holds more is cut into slices.
    pub(crate) poll_page: usize,
    door: Door,
}

#[derive(Debug)]
struct Door {
    reference: SecretString,
    keys: OnceCell<DoorKeys>,
}

impl Relay {
    /// A relay over the table and secrets that `settings` name. Connects to nothing yet.
    ///
    /// # Errors
    /// [`TransportError`] where the HTTP client cannot be built.
    pub fn new(settings: &Settings) -> Result<Self, TransportError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let client = http_client(settings.ca_file.as_deref())?;
        let store = Store::new(crate::aws::dynamodb(settings, client.clone()), settings.table.clone());
        let ssm = Ssm::new(settings, client.clone(), Arc::clone(&clock));
        let queue = Queue::new(settings, client.clone(), Arc::clone(&clock));
        let transport = Transport::new(network_client(settings.ca_file.as_deref())?, NETWORK_TIMEOUT);
        Ok(Self::with_parts(settings, store, transport, Secrets::new(Some(ssm)), clock).with_queue(queue))
    }

    /// A relay of given parts: for tests, which decide the time and the table.
    #[must_use]
    pub fn with_parts(
        settings: &Settings,
        store: Store,
        transport: Transport,
        secrets: Secrets,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let reference = match &settings.secret {
            RelaySecret::Value(value) => value.clone(),
            RelaySecret::Ssm(name) => format!("ssm:{name}"),
        };
        let door = Door { reference: SecretString::from(reference), keys: OnceCell::new() };
        let (health, retention_days) = (Health::default(), settings.retention_days);
        Self {
            store,
            config: ConfigCache::default(),
            secrets,
            transport,
            clock,
            health,
            retention_days,
            queue: None,
            poll_page: POLL_PAGE,
            door,
        }
    }

    /// The same relay, which sends slices of polling work through a queue where there is one.
    #[must_use]
    pub fn with_queue(mut self, queue: Option<Queue>) -> Self {
        self.queue = queue;
        self
    }

    /// The same relay, which cuts polling work into slices from so many orders in one part of the due index on: for
    /// tests, which have few.
    #[must_use]
    pub const fn with_poll_page(mut self, entries: usize) -> Self {
        self.poll_page = entries;
        self
    }

    /// The table.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The value of a reference such as `env:NAME`.
    ///
    /// # Errors
    /// [`SecretError`], which names the variable or parameter.
    pub async fn secret(&self, reference: &str) -> Result<SecretString, SecretError> {
        self.secrets.resolve(reference).await
    }

    /// Whether all settings of a stored account can be resolved; the first that cannot.
    ///
    /// # Errors
    /// [`StoreError`] where the account cannot be read.
    pub async fn check_secrets(&self, account: &str) -> Result<Option<SecretError>, StoreError> {
        let account = self.config.account(&self.store, self.clock.now_ms(), account).await?;
        match account {
            Some(account) => Ok(self.secrets.settings_of(&account).await.err()),
            None => Ok(None),
        }
    }

    /// The keys of the postback doors.
    ///
    /// # Errors
    /// [`SecretError`] where the relay's secret cannot be had.
    pub async fn door_keys(&self) -> Result<&DoorKeys, SecretError> {
        use secrecy::ExposeSecret;
        let resolve = || async { Ok(DoorKeys::new(self.secrets.resolve(self.door.reference.expose_secret()).await?)) };
        self.door.keys.get_or_try_init(resolve).await
    }

    /// The deadline of an invocation in milliseconds since 1970. Emulators tell a span instead: that counts from now.
    #[must_use]
    pub fn deadline_of(&self, told_ms: u64) -> u64 {
        const A_DAY_MS: u64 = 24 * 60 * 60 * 1000;
        let now_ms = self.clock.now_ms();
        if told_ms < A_DAY_MS { now_ms.saturating_add(told_ms) } else { told_ms }
    }

    pub(crate) fn new_order_id(&self, phone: &str) -> OrderId {
        OrderId::new(self.clock.now_ms(), phone, self.clock.random())
    }
}
