//! Placeholder while the walls are built.
