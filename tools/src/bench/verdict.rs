//! Reads the parts of `lastgood.verdict/1` that the onset bench compares with the truth.
//! Everything else in a verdict is left alone.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `incident`, `healthy` or `undetermined`.
    pub status: String,
    /// In order of onset.
    pub incidents: Vec<Reported>,
    /// Kinds of the notes.
    pub notes: Vec<String>,
}

/// One reported incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// `bracketed`, `no-good-seen`, …
    pub kind: String,
    /// The last request before it.
    pub last_good: Option<Edge>,
    /// The first request in it.
    pub first_bad: Option<Edge>,
    /// The first request after it.
    pub recovered: Option<Edge>,
}

/// A line and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Milliseconds since the epoch; logs have whole seconds.
    pub at_ms: i64,
    /// File, relative to the folder.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

impl Verdict {
    /// From JSON text.
    pub fn parse(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).context("the answer is not JSON")?;
        if value["schema"] != "lastgood.verdict/1" {
            bail!("schema is {}, not lastgood.verdict/1", value["schema"]);
        }
        let list = |key: &str| value[key].as_array().cloned().unwrap_or_default();
        Ok(Self {
            status: value["status"].as_str().context("status")?.to_owned(),
            incidents: list("incidents")
                .iter()
                .map(|incident| Reported::parse(&incident["onset"]))
                .collect::<Result<_>>()?,
            notes: list("notes").iter().map(|note| note["kind"].as_str().unwrap_or("").to_owned()).collect(),
        })
    }
}

impl Reported {
    fn parse(onset: &Value) -> Result<Self> {
        Ok(Self {
            kind: onset["kind"].as_str().context("onset.kind")?.to_owned(),
            last_good: Edge::parse(&onset["last_good"]).context("onset.last_good")?,
            first_bad: Edge::parse(&onset["first_bad"]).context("onset.first_bad")?,
            recovered: Edge::parse(&onset["recovered"]).context("onset.recovered")?,
        })
    }
}

impl Edge {
    fn parse(value: &Value) -> Result<Option<Self>> {
        if value.is_null() {
            return Ok(None);
        }
        let at = value["at"].as_str().context("at")?;
        let at: jiff::Timestamp = at.parse().with_context(|| format!("time {at}"))?;
        let reference = value["ref"].as_str().context("ref")?;
        let (file, line) = reference.rsplit_once(':').with_context(|| format!("{reference} is not path:line"))?;
        Ok(Some(Self {
            at_ms: at.as_millisecond(),
            file: file.to_owned(),
            line: line.parse().with_context(|| format!("line of {reference}"))?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_edges_and_notes() {
        let text = r#"{"schema":"lastgood.verdict/1","status":"incident","incidents":[{"onset":{
            "kind":"bracketed","last_good":{"at":"1970-01-01T09:00:01+09:00","ref":"a:b.log.1:7"},
            "first_bad":null,"recovered":null}}],"notes":[{"kind":"blip"}]}"#;
        let verdict = Verdict::parse(text).unwrap();
        let good = verdict.incidents[0].last_good.clone().unwrap();
        assert_eq!((good.at_ms, good.file.as_str(), good.line), (1_000, "a:b.log.1", 7));
        assert_eq!(verdict.notes, ["blip"]);
        assert!(Verdict::parse("{}").is_err());
    }
}
