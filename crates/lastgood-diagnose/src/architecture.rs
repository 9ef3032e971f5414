//! Which programs a machine runs as they are.

/// Processors that also run the programs of their smaller predecessors.
const ALSO_RUNS: [(&str, &str); 2] = [("amd64", "386"), ("arm64", "arm")];

/// Whether a program runs on a machine without emulation; both in Docker's words.
#[must_use]
pub fn runs_on(program: &str, machine: &str) -> bool {
    program == machine || ALSO_RUNS.contains(&(machine, program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smaller_ones_run_on_larger_ones_and_never_the_other_way() {
        assert!(runs_on("amd64", "amd64") && runs_on("386", "amd64") && runs_on("arm", "arm64"));
        assert!(!runs_on("amd64", "386") && !runs_on("arm64", "amd64") && !runs_on("darwin/arm64", "arm64"));
    }
}
