//! What a container wrote, kept as a file to be read like any other: its last lines, each behind the moment at which the
//! engine got it, as `docker logs -t` shows them.

use std::sync::Arc;

use lastgood_model::{SourceId, UnixMs};

use super::Engine;
use super::frames::Frames;
use crate::damage::Damage;
use crate::files::LogFile;
use crate::spool::spool_at_most;

/// What is kept of one container, in bytes after packing.
const KEPT: u64 = 64 * 1024 * 1024;

impl Engine {
    /// The last `lines` lines that a container wrote after `since`, shown as `display`; and why that is not everything, if it
    /// is not.
    ///
    /// # Errors
    /// If the engine keeps no log that it could show, or does not answer.
    pub fn log(
        &self,
        container: &str,
        lines: u64,
        since: UnixMs,
        display: &str,
        id: SourceId,
    ) -> Result<(LogFile, Option<Damage>), Damage> {
        let since = since.0.div_euclid(1000);
        let path = format!("/containers/{container}/logs?stdout=1&stderr=1&timestamps=1&tail={lines}&since={since}");
        let response = self.answered(&path)?;
        let mut body = response.into_body();
        // Spooled text has its own bound; unpacked it may be much larger.
        let stream = body.with_config().limit(u64::MAX).reader();
        let spooled = spool_at_most(&mut Frames::new(stream), KEPT)?;
        let metadata = spooled.file.metadata()?;
        let file = LogFile::describe(id, Arc::from(display), None, &spooled.file, &metadata, true)?;
        Ok((LogFile { modified: None, ..file }, spooled.damage))
    }
}
