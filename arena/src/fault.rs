//! A fault file: what is broken, how, who is hurt by it, what has to be said of it. docs/ARENA.md tells the form to a stranger. Its words
//! (`<app>`) are put in here; nothing is run here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::draw::Draw;

/// Names that stand as `<name>` in a stack's files and in a fault's scripts and labels.
pub type Words = BTreeMap<String, String>;

/// One fault. Unknown keys are errors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub id: String,
    pub title: String,
    /// A family of the table: `edge`, `redis`, `control`, …
    pub layer: String,
    /// A folder below `stacks/`.
    pub stack: String,
    /// What it is usually mistaken for; those that have this are the misleading subset.
    pub misleading: Option<String>,
    /// It marks the kernel's log or the host's firewall, so nothing else runs meanwhile.
    #[serde(default)]
    pub alone: bool,
    /// A script before the stack comes up, whatever the variant.
    pub prepare: Option<String>,
    #[serde(default)]
    pub variants: Vec<Variant>,
    /// More of them than are written down.
    #[serde(default)]
    pub draw: Draw,
    #[serde(default)]
    pub inject: Step,
    #[serde(default)]
    pub settle: Settle,
    pub impact: Impact,
    pub label: Label,
    #[serde(default)]
    pub evidence: Evidence,
    pub fix: Option<Step>,
    pub restore: Option<Step>,
}

/// The same fault under other circumstances.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub name: String,
    /// Another stack than the fault's.
    pub stack: Option<String>,
    /// Other words than the stack's.
    #[serde(default)]
    pub words: Words,
    /// Requests a second.
    pub rate: Option<f64>,
    /// A script before the stack comes up: other ports, another version, another log layout.
    pub prepare: Option<String>,
    /// An innocent change, made while all is well.
    pub decoy: Option<String>,
    /// How it is broken there, and mended, where that is another script than the fault's.
    pub inject: Option<String>,
    pub fix: Option<String>,
}

/// A script.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(default)]
    pub run: String,
}

/// How long users come before and after it is broken, and what has to come true before they are counted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settle {
    pub run: String,
    pub before: u64,
    pub after: u64,
}

impl Default for Settle {
    /// `lastgood` takes what ends within half a minute for a blip.
    fn default() -> Self {
        Self { run: String::new(), before: 12, after: 34 }
    }
}

/// The user who is hurt, or must not be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impact {
    /// A path, and what else curl is to be told.
    pub request: Option<String>,
    /// Instead: a script that ends with 0 when the user was served.
    pub run: Option<String>,
    /// So many times; it fails when one of them does, and is served when all are.
    #[serde(default = "three")]
    pub tries: u32,
    /// What users ask for beside what the stack's do.
    #[serde(default)]
    pub traffic: Vec<String>,
}

const fn three() -> u32 {
    3
}

/// What has to be said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// A control: nothing is wrong, and no cause may be named.
    #[serde(default)]
    pub healthy: bool,
    pub component: Option<String>,
    /// `class/name`.
    pub code: Option<String>,
    /// The part before the slash; if it is told, it has to be that.
    pub class: Option<String>,
    /// Answers that are as right.
    #[serde(default)]
    pub accept: Vec<Answer>,
}

/// A component and a cause code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub component: String,
    pub code: String,
}

/// Texts of which the first cause has to cite one: parts of a quote or a reference, `…` for what lies between them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    #[serde(default)]
    pub any: Vec<String>,
}

impl Fault {
    /// Reads a file, and says what is wrong with it.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// What its text says.
    pub fn parse(text: &str) -> Result<Self> {
        let mut fault: Self = toml::from_str(text)?;
        fault.check()?;
        if fault.variants.is_empty() {
            fault.variants.push(Variant { name: "plain".to_owned(), ..Variant::default() });
        }
        Ok(fault)
    }

    /// The fault as it is in a variant.
    pub fn varied(&self, variant: &Variant) -> Self {
        let mut fault = self.clone();
        if let Some(run) = &variant.inject {
            fault.inject.run.clone_from(run);
        }
        if let Some(run) = &variant.fix {
            fault.fix = Some(Step { run: run.clone() });
        }
        fault
    }

    fn check(&self) -> Result<()> {
        let plain = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        ensure!(plain(&self.id), "id {:?}: small letters, digits and hyphens", self.id);
        for variant in &self.variants {
            ensure!(plain(&variant.name), "variant {:?}: small letters, digits and hyphens", variant.name);
        }
        ensure!(
            self.impact.request.is_some() != self.impact.run.is_some(),
            "[impact] has either a `request` or a script to `run`"
        );
        ensure!(self.impact.tries > 0, "[impact] tries: at least one");
        let label = &self.label;
        match (label.healthy, &label.component, &label.code) {
            (true, None, None) => Ok(()),
            (false, Some(_), Some(code)) => {
                let Some((class, _)) = code.split_once('/') else { bail!("[label] code {code:?} is no class/name") };
                ensure!(label.class.as_deref().is_none_or(|told| told == class), "[label] class is not that of {code}");
                Ok(())
            }
            _ => bail!("[label] is either `healthy = true`, or has a component and a code"),
        }
    }

    /// Every answer that is right, its words put in.
    pub fn answers(&self, words: &Words) -> Vec<Answer> {
        let own = self.label.component.iter().zip(&self.label.code);
        let own = own.map(|(component, code)| Answer { component: component.clone(), code: code.clone() });
        own.chain(self.label.accept.iter().cloned())
            .map(|answer| Answer { component: fill(&answer.component, words), code: answer.code })
            .collect()
    }
}

/// Puts words in where they stand in angle brackets. Nothing else that stands in such is touched.
pub fn fill(text: &str, words: &Words) -> String {
    let mut filled = text.to_owned();
    for (word, value) in words {
        filled = filled.replace(&format!("<{word}>"), value);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALLEST: &str = "id = 'a-1'\ntitle = 'T'\nlayer = 'edge'\nstack = 'shop'\n[impact]\nrequest = '/'\n";

    #[test]
    fn the_smallest_fault_has_one_variant() {
        let fault = Fault::parse(&format!("{SMALLEST}[label]\ncomponent = '<app>'\ncode = 'process/process-down'\n"));
        let fault = fault.unwrap();
        assert_eq!(fault.variants.len(), 1);
        let words = Words::from([("app".to_owned(), "backend".to_owned())]);
        assert_eq!(fault.answers(&words)[0].component, "backend");
    }

    #[test]
    fn what_is_not_known_or_contradicts_itself_is_refused() {
        let refused = |rest: &str| Fault::parse(&format!("{SMALLEST}{rest}")).unwrap_err().to_string();
        assert!(refused("typo = 1\n[label]\nhealthy = true\n").contains("typo"));
        assert!(refused("[label]\nhealthy = true\ncode = 'a/b'\n").contains("label"));
        assert!(refused("[label]\ncomponent = 'x'\ncode = 'process-down'\n").contains("class/name"));
        assert!(refused("[label]\ncomponent = 'x'\ncode = 'a/b'\nclass = 'c'\n").contains("class"));
    }

    #[test]
    fn words_are_filled_and_other_brackets_left() {
        let words = Words::from([("db".to_owned(), "pg".to_owned())]);
        assert_eq!(fill("cat <file >x; psql @<db>:5432 <h1>", &words), "cat <file >x; psql @pg:5432 <h1>");
    }
}
