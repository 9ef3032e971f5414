//! Who was refused most (4xx), to tell a scan or one broken client from a change of the site.
//! Bounded: beyond its room, the clients with the fewest refusals are forgotten.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lastgood_model::{ClientId, Hit, LineRef, UnixMs};

/// Clients kept before the rarest half is dropped.
const ROOM: usize = 8_192;

/// Refusals of one client.
#[derive(Clone, Copy, Debug)]
pub struct Refusals {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: (UnixMs, LineRef),
}

/// Refusals per client.
#[derive(Clone, Debug, Default)]
pub struct RefusedClients {
    clients: HashMap<ClientId, Refusals, FixedState>,
    total: u64,
}

impl RefusedClients {
    /// Adds a refused request.
    pub fn add(&mut self, hit: &Hit) {
        self.total += 1;
        self.put(hit.client, Refusals { count: 1, first: (hit.at, hit.line) });
    }

    /// Takes one back.
    pub fn retract(&mut self, hit: &Hit) {
        self.total = self.total.saturating_sub(1);
        if let Some(client) = self.clients.get_mut(&hit.client) {
            client.count = client.count.saturating_sub(1);
        }
    }

    /// Adds everything of another one.
    pub fn merge(&mut self, other: Self) {
        self.total += other.total;
        for (client, refusals) in other.clients {
            self.put(client, refusals);
        }
    }

    /// All refusals.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The client that was refused most.
    #[must_use]
    pub fn busiest(&self) -> Option<Refusals> {
        self.clients.values().copied().max_by_key(|client| (client.count, std::cmp::Reverse(client.first)))
    }

    fn put(&mut self, client: ClientId, more: Refusals) {
        self.clients
            .entry(client)
            .and_modify(|known| {
                known.count += more.count;
                known.first = known.first.min(more.first);
            })
            .or_insert(more);
        if self.clients.len() > ROOM {
            let mut counts: Vec<u64> = self.clients.values().map(|client| client.count).collect();
            let middle = counts.len() / 2;
            let (_, &mut median, _) = counts.select_nth_unstable(middle);
            self.clients.retain(|_, client| client.count > median);
        }
    }
}
