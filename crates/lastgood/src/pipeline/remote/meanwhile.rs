//! Something that goes on while whoever needs it does something else; it is waited for in any case. What it is, its users say.

use std::thread::{self, JoinHandle};

/// That, until it is needed.
#[derive(Debug)]
pub(super) struct Meanwhile<T>(Option<JoinHandle<T>>);

impl<T: Send + 'static> Meanwhile<T> {
    /// Begins it.
    pub(super) fn begin(run: impl FnOnce() -> T + Send + 'static) -> Self {
        Self(Some(thread::spawn(run)))
    }
}

impl<T> Meanwhile<T> {
    /// What came of it; `None` if that was a panic.
    pub(super) fn end(mut self) -> Option<T> {
        self.0.take()?.join().ok()
    }
}

impl<T> Drop for Meanwhile<T> {
    fn drop(&mut self) {
        // Whoever needs it no more leaves nothing behind either.
        let _unneeded = self.0.take().map(JoinHandle::join);
    }
}
