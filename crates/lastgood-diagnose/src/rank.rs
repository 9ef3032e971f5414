//! Ranking: the only place where hypotheses meet. Symptoms that a deeper cause explains are dropped.

use std::sync::Arc;

use lastgood_model::{Cause, Confidence, Link, Weight};

use crate::decide::LOG_SKEW_MS;
use crate::rules::{Depth, Hypothesis};

/// A hypothesis this far above nothing, in nats, is likely.
const LIKELY: f64 = 2.0;

/// Orders hypotheses by what speaks for them; never empty if `hypotheses` is not.
#[must_use]
pub fn rank(hypotheses: Vec<Hypothesis>) -> Vec<Cause> {
    let hypotheses = merged(hypotheses);
    let deepest_good = hypotheses
        .iter()
        .filter(|hypothesis| confidence(hypothesis) >= Confidence::Likely)
        .map(|hypothesis| hypothesis.depth)
        .max();
    let mut kept: Vec<(f64, Hypothesis)> = hypotheses
        .into_iter()
        .filter(|hypothesis| deepest_good.is_none_or(|deepest| hypothesis.depth >= deepest))
        // Where it fails is no rival of why it fails.
        .map(|hypothesis| (weight(&hypothesis), hypothesis))
        .collect();
    if kept.iter().any(|(_, hypothesis)| hypothesis.depth > Depth::Place) {
        kept.retain(|(_, hypothesis)| hypothesis.depth > Depth::Place);
    }
    // Where nothing tells two apart, the order is still the same every time.
    let name = |hypothesis: &Hypothesis| (Arc::clone(&hypothesis.component), hypothesis.code.to_string());
    kept.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.depth.cmp(&a.1.depth)).then_with(|| name(&a.1).cmp(&name(&b.1))));
    let highest = kept.first().map_or(0.0, |(weight, _)| *weight);
    // "None of these" stands in the sum as well, so that a single weak hypothesis does not score 1.
    let total: f64 = kept.iter().map(|(weight, _)| (weight - highest).exp()).sum::<f64>() + (-highest).exp();
    kept.into_iter().map(|(weight, hypothesis)| cause((weight - highest).exp() / total, hypothesis)).collect()
}

/// Several rules may see one cause, each with an eye of its own: what speaks for it speaks together, and once.
fn merged(hypotheses: Vec<Hypothesis>) -> Vec<Hypothesis> {
    let mut kept: Vec<Hypothesis> = Vec::with_capacity(hypotheses.len());
    for hypothesis in hypotheses {
        let same = |known: &&mut Hypothesis| {
            known.code == hypothesis.code && known.component == hypothesis.component && known.depth == hypothesis.depth
        };
        let Some(known) = kept.iter_mut().find(same) else {
            kept.push(hypothesis);
            continue;
        };
        for evidence in hypothesis.evidence {
            if !known.evidence.iter().any(|old| old.claim == evidence.claim) {
                known.evidence.push(evidence);
            }
        }
        known.against.extend(hypothesis.against);
        // One of the chains tells how it came; the longer one tells more.
        if hypothesis.chain.len() > known.chain.len() {
            known.chain = hypothesis.chain;
        }
    }
    kept
}

fn cause(score: f64, hypothesis: Hypothesis) -> Cause {
    let confidence = confidence(&hypothesis);
    let mut evidence = hypothesis.evidence;
    evidence.sort_by_key(|evidence| std::cmp::Reverse(evidence.weight));
    Cause {
        code: hypothesis.code,
        component: hypothesis.component,
        confidence,
        score,
        chain: in_order(hypothesis.chain),
        evidence,
        against: hypothesis.against,
    }
}

/// A chain ends in its symptom: what came after that led to nothing. Logs that only know seconds may put a link a
/// moment too late.
fn in_order(chain: Vec<Link>) -> Vec<Link> {
    let Some(symptom) = chain.last().and_then(|link| link.at) else { return chain };
    let mut kept: Vec<Link> =
        chain.into_iter().filter(|link| link.at.is_none_or(|at| at.since(symptom) <= LOG_SKEW_MS)).collect();
    for link in &mut kept {
        link.at = link.at.map(|at| at.min(symptom));
    }
    kept
}

fn weight(hypothesis: &Hypothesis) -> f64 {
    let sum = |evidence: &[lastgood_model::Evidence]| -> f64 { evidence.iter().map(|e| e.weight.log_ratio()).sum() };
    sum(&hypothesis.evidence) - sum(&hypothesis.against)
}

fn confidence(hypothesis: &Hypothesis) -> Confidence {
    if hypothesis.depth == Depth::Place {
        return Confidence::Possible;
    }
    let decisive = |evidence: &[lastgood_model::Evidence]| evidence.iter().any(|e| e.weight == Weight::Decisive);
    let doubted = hypothesis.against.iter().any(|e| e.weight >= Weight::Strong);
    if decisive(&hypothesis.evidence) && !doubted {
        Confidence::Confirmed
    } else if weight(hypothesis) >= LIKELY {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}
