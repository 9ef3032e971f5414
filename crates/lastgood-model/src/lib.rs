//! The nouns of lastgood: what every other crate may talk about.
//! No IO, no prose, no serialisation: words and wire shapes live in the binary.

pub mod catalogue;
pub mod cause;
pub mod change;
pub mod evidence;
pub mod fact;
pub mod incident;
pub mod onset;
pub mod reference;
pub mod request;
pub mod time;
pub mod traffic;
pub mod verdict;

pub use catalogue::{Atom, Catalogue, ErrorShape, ErrorShapeId, Slice, SliceId};
pub use cause::{CauseCode, Confidence};
pub use change::{Change, ChangeKind};
pub use evidence::{Claim, Evidence, Link, Weight};
pub use fact::{ErrorHit, Fact, Observation, ProxyErrorKind, UnitFileState};
pub use incident::{Cause, Cleared, Detection, Impact, Incident, Scope};
pub use onset::{Edge, Onset, OnsetKind};
pub use reference::{LineRef, Ref, SourceId};
pub use request::{ClientId, Hit, Visitor};
pub use time::{Said, Span, UnixMs};
pub use traffic::{Bucket, Traffic};
pub use verdict::{Gap, GapKind, Note, NoteKind, Read, Status, Verdict};
