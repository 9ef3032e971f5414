//! The nouns of lastgood: what every other crate may talk about.
//! No IO, no prose, no serialisation: words and wire shapes live in the binary.

pub mod app_claim;
pub mod application;
pub mod build;
pub mod catalogue;
pub mod cause;
pub mod change;
pub mod check;
pub mod desired;
pub mod drift;
pub mod evidence;
pub mod fact;
pub mod flaw;
pub mod incident;
pub mod layer;
pub mod onset;
pub mod probe;
pub mod probe_claim;
pub mod reference;
pub mod release;
pub mod request;
pub mod rollout;
pub mod secret;
pub mod snapshot;
pub mod stack;
pub mod state_claim;
pub mod time;
pub mod topology;
pub mod traffic;
pub mod transcript;
pub mod turn_claim;
pub mod verdict;

pub use app_claim::AppClaim;
pub use application::{
    About, AppCall, AppError, AppHit, AppShape, AppShapeId, AppWord, Piece, Severity, Signature, SignatureId,
    Specificity,
};
pub use build::{BuildError, BuildFact};
pub use catalogue::{Atom, Catalogue, ErrorShape, ErrorShapeId, Slice, SliceId};
pub use cause::{CauseCode, Confidence};
pub use change::{Change, ChangeKind};
pub use desired::Desired;
pub use drift::{Difference, Drift, VariableDrift};
pub use evidence::{Claim, Evidence, Link, Weight};
pub use fact::{ErrorHit, Fact, Observation, ProxyErrorKind, UnitFileState};
pub use incident::{Ailment, Cause, Cleared, Detection, Impact, Incident, Scope, Standing};
pub use layer::{Layer, Layers};
pub use onset::{Edge, Onset, OnsetKind};
pub use probe::{ProbeAnswer, ProbeOutcome, ProbeProtocol, ProbeQuestion, ProbeTarget, Probed, TlsFault, Told};
pub use probe_claim::ProbeClaim;
pub use reference::{LineRef, Ref, SourceId};
pub use request::{ClientId, Hit, Visitor};
pub use secret::Secret;
pub use snapshot::Snapshot;
pub use stack::Stack;
pub use state_claim::{DeadEnd, Ending, Instead, Misread, StateClaim};
pub use time::{Said, Span, UnixMs};
pub use topology::Topology;
pub use traffic::{Bucket, Traffic};
pub use transcript::{Asked, TlsSeen, Transcript, Turn, TurnEnd};
pub use turn_claim::TurnClaim;
pub use verdict::{Gap, GapKind, Note, NoteKind, Read, Status, Verdict};
