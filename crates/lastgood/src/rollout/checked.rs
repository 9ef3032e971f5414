//! What `check` finds wrong with a release before anything is touched. Only what the release itself brings along counts: what is wrong
//! with what runs now may be what it is there to mend.

use lastgood_diagnose::check::{Accept, CheckQuestion, accept, check};
use lastgood_diagnose::{drift, topology};
use lastgood_model::Stack;
use lastgood_model::check::{Finding, Severity};

use crate::privacy::secrets::is_secret_key;

/// Findings, by their codes, that hold of what is declared, whatever runs.
const OF_A_RELEASE: &[&str] = &[
    "nothing-to-wait-for",
    "network-missing",
    "volume-missing",
    "variable-required",
    "env-file-refused",
    "keys-lost",
    "half-address",
    "dollar-lost",
    "carriage-return",
    "image-mislabelled",
    "module-architecture",
    "image-architecture",
    "port-taken",
    "disk-short",
    "disk-read-only",
];

/// What would break it, as declared in `stack`, beside what is accepted.
#[must_use]
pub fn would_break(stack: &Stack, accepted: &[Accept]) -> Vec<Finding> {
    let question = CheckQuestion { development: None, is_secret_key };
    let mut findings = check(stack, &topology::build(stack), &drift::find(stack), &question);
    // What fits nothing here may fit another check.
    let _unused = accept(&mut findings, accepted);
    findings.retain(|finding| {
        finding.accepted.is_none()
            && finding.severity == Severity::WillBreak
            && OF_A_RELEASE.contains(&finding.flaw.code())
    });
    findings
}

#[cfg(test)]
mod tests {
    use lastgood_model::check::Flaw;

    use super::*;

    #[test]
    fn every_code_is_one_that_check_knows() {
        for code in OF_A_RELEASE {
            assert!(Flaw::CODES.contains(code), "{code}");
        }
    }
}
