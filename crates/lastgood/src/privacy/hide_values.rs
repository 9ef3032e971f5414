//! `--hide-values`: takes every value of an environment variable out of an answer, also addresses. What may be shown without
//! it is the business of `env_value`.

use std::sync::Arc;

use lastgood_model::{Cause, Claim, Ref, Secret, StateClaim};

use crate::investigation::Investigation;

/// Takes them out; that they differ, and lead nowhere, is still said.
pub fn hide_values(found: &mut Investigation) {
    for incident in &mut found.verdict.incidents {
        for cause in incident.causes.iter_mut().chain(&mut incident.next) {
            claims(cause).for_each(hide);
        }
    }
    found.excerpts.retain(|reference, _| !holds_value(reference));
}

fn claims(cause: &mut Cause) -> impl Iterator<Item = &mut Claim> {
    let links = cause.chain.iter_mut().map(|link| &mut link.what);
    links.chain(cause.evidence.iter_mut().chain(&mut cause.against).map(|evidence| &mut evidence.claim))
}

fn hide(claim: &mut Claim) {
    match claim {
        Claim::State(StateClaim::ValueDiffers { declared, running, .. }) => (*declared, *running) = (None, None),
        Claim::State(StateClaim::LeadsNowhere { value, host, port, .. }) => {
            *value = Secret::default();
            *host = Arc::from("");
            *port = None;
        }
        _ => {}
    }
}

/// A line of an environment or compose file, or a variable of a container.
fn holds_value(reference: &Ref) -> bool {
    match reference {
        Ref::Text { .. } => true,
        Ref::Key { key, .. } => key.contains("/Config.Env"),
        Ref::Line { .. } => false,
    }
}
