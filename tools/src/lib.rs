//! Generators with ground truth.
