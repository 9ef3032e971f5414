//! Where reading and thinking meet: arguments in, an investigation out. The only place that knows both `world` and
//! `intake`. It renders nothing, and holds no opinion of its own about what is bad.

mod duplicates;
pub mod moment;
