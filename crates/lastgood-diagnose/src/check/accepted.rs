//! Findings that somebody has looked at and accepted, with a reason. They are kept, and count no more.

use std::sync::Arc;

use lastgood_model::check::Finding;

/// An acceptance, as the settings have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// Which finding, by its code.
    pub code: Arc<str>,
    /// Of which component; `None`: of any.
    pub component: Option<Arc<str>>,
    /// Of nothing but these keys of the environment; empty: whatever its keys.
    pub keys: Vec<Arc<str>>,
    /// Why.
    pub reason: Arc<str>,
}

/// A finding of a key that nobody has looked at yet is not accepted with the others.
fn holds_all(accepted: &[Arc<str>], keys: &[&Arc<str>]) -> bool {
    !keys.is_empty() && keys.iter().all(|key| accepted.contains(key))
}

/// Marks what is accepted, and returns the acceptances that fit nothing: what they were for may be gone.
#[must_use]
pub fn accept<'a>(findings: &mut [Finding], accepted: &'a [Accept]) -> Vec<&'a Accept> {
    let fits = |accept: &Accept, finding: &Finding| {
        *accept.code == *finding.flaw.code()
            && accept.component.as_ref().is_none_or(|component| *component == finding.component)
            && (accept.keys.is_empty() || holds_all(&accept.keys, &finding.flaw.keys()))
    };
    for finding in findings.iter_mut() {
        finding.accepted = accepted.iter().find(|accept| fits(accept, finding)).map(|accept| accept.reason.clone());
    }
    accepted.iter().filter(|accept| !findings.iter().any(|finding| fits(accept, finding))).collect()
}
