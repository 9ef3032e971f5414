//! Random draws that the generators share: waiting times, rates, weights, opaque tokens.
//! Everything comes from the generator handed in, so equal seeds give equal draws. No statistics.

use fastrand::Rng;

const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Uniform between two numbers.
pub fn between(rng: &mut Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.f64()
}

/// Uniform in the logarithm, for quantities whose order of magnitude is open.
pub fn log_between(rng: &mut Rng, low: f64, high: f64) -> f64 {
    between(rng, low.ln(), high.ln()).exp()
}

/// True with the given probability.
pub fn chance(rng: &mut Rng, p: f64) -> bool {
    rng.f64() < p
}

/// An exponential waiting time.
pub fn exponential(rng: &mut Rng, mean: f64) -> f64 {
    -mean * (1.0 - rng.f64()).ln()
}

/// A standard normal (Box and Muller).
pub fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

/// A gamma variate of scale 1 (Marsaglia and Tsang).
pub fn gamma(rng: &mut Rng, shape: f64) -> f64 {
    if shape < 1.0 {
        // Boosting: a gamma of shape k is one of shape k + 1 times U^(1/k).
        return gamma(rng, shape + 1.0) * (1.0 - rng.f64()).powf(1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(rng);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.f64()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// A beta variate with the given mean; a smaller `weight` spreads wider.
pub fn beta(rng: &mut Rng, mean: f64, weight: f64) -> f64 {
    let a = gamma(rng, mean * weight);
    let b = gamma(rng, (1.0 - mean) * weight);
    if a + b > 0.0 { a / (a + b) } else { 0.0 }
}

/// A response time in milliseconds: log-normal around the median, at most a minute.
pub fn latency_ms(rng: &mut Rng, median: f64) -> u32 {
    (median * (0.6 * normal(rng)).exp()).clamp(1.0, 59_000.0) as u32
}

/// Appends a token of base64url letters, as an encrypted parameter looks.
pub fn opaque(rng: &mut Rng, length: usize, out: &mut Vec<u8>) {
    let mut left = length;
    while left > 0 {
        let mut bits = rng.u64(..);
        for _ in 0..left.min(10) {
            out.push(BASE64URL[(bits & 63) as usize]);
            bits >>= 6;
        }
        left -= left.min(10);
    }
}

/// Appends lower-case hexadecimal digits.
pub fn hex(rng: &mut Rng, digits: usize, out: &mut Vec<u8>) {
    for _ in 0..digits {
        out.push(b"0123456789abcdef"[rng.usize(..16)]);
    }
}

/// Draws indices in proportion to weights.
#[derive(Clone, Debug)]
pub struct Weighted {
    cumulative: Vec<f64>,
}

impl Weighted {
    /// From weights; at least one has to be positive.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let cumulative = weights
            .into_iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        Self { cumulative }
    }

    /// A Zipf-like choice among `n`: the first is the most frequent.
    #[must_use]
    pub fn zipf(n: usize, exponent: f64) -> Self {
        Self::new((1..=n).map(|rank| (rank as f64).powf(-exponent)))
    }

    /// One draw.
    pub fn pick(&self, rng: &mut Rng) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let mark = rng.f64() * total;
        self.cumulative.partition_point(|&c| c <= mark).min(self.cumulative.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_have_the_means_they_promise() {
        let mut rng = Rng::with_seed(7);
        let n = 20_000;
        let mean = |f: &mut dyn FnMut() -> f64| (0..n).map(|_| f()).sum::<f64>() / f64::from(n);
        let waiting = mean(&mut || exponential(&mut rng, 3.0));
        assert!((waiting - 3.0).abs() < 0.1, "{waiting}");
        let mut rng = Rng::with_seed(8);
        let rate = mean(&mut || beta(&mut rng, 0.01, 30.0));
        assert!((rate - 0.01).abs() < 0.002, "{rate}");
        let mut rng = Rng::with_seed(9);
        let chosen = Weighted::new([1.0, 3.0]);
        let second = mean(&mut || chosen.pick(&mut rng) as f64);
        assert!((second - 0.75).abs() < 0.02, "{second}");
    }

    #[test]
    fn tokens_have_the_length_and_letters_asked_for() {
        let mut out = Vec::new();
        opaque(&mut Rng::with_seed(1), 613, &mut out);
        assert_eq!(out.len(), 613);
        assert!(out.iter().all(|b| BASE64URL.contains(b)));
    }
}
