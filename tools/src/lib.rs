//! Generators of logs with known truth, and the benches that compare tools with it.
//! Nothing of the product depends on this crate, and it depends on no crate of the product.

pub mod access;
pub mod ami_502;
pub mod bench;
pub mod big;
pub mod clock;
pub mod dirty;
pub mod error_log;
pub mod formats;
pub mod nginx_conf;
pub mod rotate;
pub mod sample;
pub mod scenario;
pub mod site;
pub mod visitors;
