//! Placeholder while the walls are built.

fn main() {}
