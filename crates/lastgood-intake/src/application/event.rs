//! What an application wrote once, as it is handed on. Texts are borrowed; numbers and names become a shape in `interner.rs`.

use lastgood_model::{Piece, Severity, SignatureId, UnixMs};

/// An error or a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppEvent<'a> {
    /// When; `None` where neither the line nor anything around it says so.
    pub at: Option<UnixMs>,
    /// The service that wrote it, where one file holds several; else empty.
    pub service: &'a str,
    /// Its first line.
    pub first: u64,
    /// How many lines it is.
    pub lines: u64,
    /// What.
    pub said: AppSaid<'a>,
}

/// What it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppSaid<'a> {
    /// An error.
    Error(ErrorSaid<'a>),
    /// A call to somebody else.
    Call(CallSaid<'a>),
}

/// An error, by the one at the root of its chain. Texts are empty where it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorSaid<'a> {
    /// How loud.
    pub severity: Option<Severity>,
    /// The root error's class.
    pub class: &'a str,
    /// Its message.
    pub message: &'a str,
    /// The class that it was turned into.
    pub outermost: &'a str,
    /// The innermost place in the application's own code.
    pub frame: &'a str,
    /// The path of the request that it happened in.
    pub path: &'a str,
    /// The known sentence that it is.
    pub signature: Option<SignatureId>,
    /// Where that does not say why, the one of the same chain that does.
    pub why: Option<SignatureId>,
    /// What that names.
    pub names: &'a [(Piece, String)],
}

/// A call to somebody else over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallSaid<'a> {
    /// Its method; empty where it does not say.
    pub method: &'a str,
    /// Whom.
    pub host: &'a str,
    /// The port, or that of its scheme.
    pub port: u16,
    /// What was answered; `None`: no answer came.
    pub status: Option<u16>,
}
