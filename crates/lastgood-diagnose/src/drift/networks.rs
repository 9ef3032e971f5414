//! Networks that a container is on, against those that its service joins: which, under what names, at what address.

use std::collections::BTreeMap;
use std::sync::Arc;

use lastgood_model::Difference;
use lastgood_model::desired::Joined;
use lastgood_model::snapshot::Attachment;

use super::Pair;

impl Pair<'_> {
    pub(super) fn networks(&self) -> Vec<Difference> {
        if self.service.network_mode.is_some() || is_mode(&self.container.network_mode) {
            // With another mode there are no networks to compare; the mode itself is a setting.
            return Vec::new();
        }
        let declared: BTreeMap<&Arc<str>, &Joined> = self
            .service
            .networks
            .iter()
            .filter_map(|joined| Some((self.desired.network_name(&joined.key)?, joined)))
            .collect();
        let mut found = Vec::new();
        let (mut other_names, mut other_address) = (false, false);
        for (name, joined) in &declared {
            let Some(attached) = self.container.attachments.iter().find(|one| one.network == **name) else {
                found.push(Difference::NetworkMissing(Arc::clone(name)));
                continue;
            };
            let replaced = self
                .snapshot
                .network(name)
                .is_some_and(|network| !attached.network_id.is_empty() && network.id != attached.network_id);
            if replaced {
                found.push(Difference::NetworkReplaced(Arc::clone(name)));
            }
            other_names |= self.has_other_names(joined, attached);
            other_address |= joined.address != attached.fixed;
        }
        let extra = self.container.attachments.iter().filter(|one| !declared.contains_key(&one.network));
        found.extend(extra.map(|one| Difference::NetworkExtra(Arc::clone(&one.network))));
        if other_names {
            found.push(Difference::Setting("aliases"));
        }
        if other_address {
            found.push(Difference::Setting("ipv4_address"));
        }
        found
    }

    /// Whether it is called otherwise. Compose and the engine give it names, too: the service's, the container's and its id.
    fn has_other_names(&self, joined: &Joined, attached: &Attachment) -> bool {
        let short = self.container.id.get(..12).unwrap_or(&self.container.id);
        let is_given = |alias: &str| {
            alias == &*self.service.name
                || alias == &*self.container.name
                || alias == short
                || self.is_numbered(alias)
                || self.container.settings.get("hostname").is_some_and(|name| name.expose() == alias)
                || self.service.container_name.as_deref() == Some(alias)
        };
        let lacks = joined.aliases.iter().any(|alias| !attached.aliases.contains(alias));
        lacks || attached.aliases.iter().any(|alias| !joined.aliases.contains(alias) && !is_given(alias))
    }

    /// Whether Compose names a container of this service so where nobody else does: `shop-api-1`, with other signs before 2.0.
    pub(super) fn is_numbered(&self, name: &str) -> bool {
        let number = ['-', '_'].iter().find_map(|sign| {
            let rest = name.strip_prefix(&*self.desired.project)?.strip_prefix(*sign)?;
            rest.strip_prefix(&*self.service.name)?.strip_prefix(*sign)
        });
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Another network mode than the one that would be: only those that are no networks can be compared.
    pub(super) fn has_other_mode(&self) -> bool {
        let running = &*self.container.network_mode;
        match self.service.network_mode.as_deref() {
            None => is_mode(running),
            Some(mode) => match (mode.strip_prefix("service:"), mode.strip_prefix("container:")) {
                (None, None) => mode != running,
                (Some(service), _) => {
                    // Whose network it shares is an id; after the other one was created again, that of one that is gone.
                    let id = running.strip_prefix("container:").unwrap_or_default();
                    !self.snapshot.of_service(&self.desired.project, service).any(|other| *other.id == *id)
                }
                (None, Some(other)) => {
                    let id = running.strip_prefix("container:").unwrap_or_default();
                    id != other && self.snapshot.container(other).is_none_or(|other| *other.id != *id)
                }
            },
        }
    }
}

/// A mode that is no network: `host`, `none`, or another container's.
fn is_mode(mode: &str) -> bool {
    mode == "host" || mode == "none" || mode.starts_with("container:")
}
