//! Placeholder.
use crate::scan::{Counts, Sink};
#[derive(Debug, Default)]
pub(crate) struct CloudTrail {}
impl CloudTrail {
    pub(crate) fn push(&mut self, _b: &[u8]) {}
    pub(crate) fn finish(self, _c: &mut Counts, _s: &mut impl Sink) {}
}
