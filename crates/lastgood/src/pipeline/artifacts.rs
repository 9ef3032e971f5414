//! The image of what was built here, where the release goes: it is asked for first, and only what is not there is looked through and
//! sent. What an artifact is, and how its image is made, stands elsewhere (`rollout/artifact.rs`, `rollout/making.rs`).

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::time::Duration;

use lastgood_world::digest_of;

use super::remote::{Asked, Lost, roomy_folder};
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::render::answer::View;
use crate::rollout::artifact::{Artifact, ArtifactFault, Description, Gathered};
use crate::rollout::making::{Answer, look, make};
use crate::rollout::trouble::Trouble;

/// It has to be said within this whether an image is there.
const TO_LOOK: Duration = Duration::from_secs(60);

/// Why there is no image.
#[derive(Clone, Debug, PartialEq)]
pub enum Unmade {
    /// It is not for that machine: nothing was sent.
    Refused(Complaint),
    /// What was complained of there, in this language, and the exit code.
    There(String, Exit),
}

/// Where images are to be: a host, or this machine.
#[derive(Clone, Copy, Debug)]
pub struct Maker<'a> {
    /// The host; `None`: this machine.
    pub host: Option<&'a Asked>,
    /// How the answer is to look.
    pub view: View,
    /// Nothing is to be touched.
    pub only_plan: bool,
}

impl Maker<'_> {
    /// The id of the image of a service's artifact, made where it is not there. To be looked at only, one that stands in for it.
    ///
    /// # Errors
    /// If its files are not there, the host cannot be asked, or nothing can be made of them there.
    pub fn image(
        &self,
        service: &str,
        artifact: &Artifact,
        folder: &Path,
        io: &mut Io<'_>,
    ) -> anyhow::Result<Result<String, Unmade>> {
        let complaint = |fault: ArtifactFault| {
            let host = self.host.map(|host| host.host().to_owned());
            Complaint::Artifact { service: service.to_owned(), host, fault }
        };
        let gathered = artifact.gather(folder).map_err(complaint)?;
        let answer = match self.look(&gathered.description)? {
            Ok(answer) => answer,
            Err(unmade) => return Ok(Err(unmade)),
        };
        if let Some(image) = answer.image {
            return Ok(Ok(image));
        }
        match gathered.fits(&answer.machine) {
            Ok(()) => {}
            Err(fault @ ArtifactFault::Architecture { .. }) => return Ok(Err(Unmade::Refused(complaint(fault)))),
            Err(fault) => return Err(complaint(fault).into()),
        }
        if let Some(fault) = answer.lacks_room(gathered.bytes()) {
            return Err(complaint(fault).into());
        }
        if self.only_plan {
            return Ok(Ok(format!("sha256:{}", digest_of(&serde_json::to_vec(&gathered.description)?))));
        }
        let files = gathered.description.files.len();
        io.answer(&format!("{}\n", self.view.lang.brings_files(service, files, gathered.bytes())))?;
        match self.host {
            None => Ok(Ok(here(&gathered)?)),
            Some(host) => self.there(host, &gathered, io)?.map_err(|fault| complaint(fault).into()),
        }
    }

    fn look(&self, description: &Description) -> anyhow::Result<Result<Answer, Unmade>> {
        let Some(host) = self.host else { return Ok(Ok(look(description).map_err(no)?)) };
        let mut text = tempfile::tempfile()?;
        text.write_all(&serde_json::to_vec(description)?)?;
        text.rewind()?;
        let typed = ["artifact", "--look"].map(str::to_owned);
        Ok(match host.learn(text, &typed, TO_LOOK, self.view)? {
            Ok(output) => Ok(serde_json::from_slice(&output)?),
            Err((said, exit)) => Err(Unmade::There(said, exit)),
        })
    }

    /// Sends it, and has it made there; or why it did not arrive.
    fn there(
        &self,
        host: &Asked,
        gathered: &Gathered,
        io: &mut Io<'_>,
    ) -> anyhow::Result<Result<Result<String, Unmade>, ArtifactFault>> {
        let folder = roomy_folder()?;
        let path = folder.path().join("packed");
        gathered.pack(&mut File::create(&path)?)?;
        Ok(match host.hand_over(("artifact", &path), &["artifact".to_owned()], self.view, io)? {
            Ok(Ok(output)) => Ok(Ok(String::from_utf8_lossy(&output).trim().to_owned())),
            Ok(Err((said, exit))) => Ok(Err(Unmade::There(said, exit))),
            Err(Lost::CutOff(why)) => Err(ArtifactFault::CutOff(why)),
            Err(Lost::Damaged(why)) => Err(ArtifactFault::Damaged(why)),
        })
    }
}

/// Has it made on this machine.
fn here(gathered: &Gathered) -> anyhow::Result<String> {
    let mut stream = tempfile::tempfile()?;
    gathered.pack(&mut stream)?;
    stream.rewind()?;
    Ok(make(stream).map_err(no)?)
}

fn no(trouble: Trouble) -> Complaint {
    Complaint::Rollout { trouble }
}
