//! English: what the output of a build says, and the causes that it names.

use lastgood_model::{BuildError, BuildFact};

/// Summary, fix, prevention.
type Text = (String, String, Vec<String>);

pub(super) fn claim(fact: &BuildFact) -> String {
    match fact {
        BuildFact::Step { step, .. } => format!("the step {step} fails"),
        BuildFact::Error { kind, name, .. } => error(*kind, name),
        BuildFact::Image { base, from, to, .. } if from.is_empty() || to.is_empty() => {
            format!("the image would begin with {base}")
        }
        BuildFact::Image { base, from, to, .. } => format!("the image would begin with {base}, with {from} as {to}"),
        BuildFact::Failed { code: Some(code), .. } => format!("the build ends with {code}"),
        BuildFact::Failed { code: None, .. } => "the build fails".to_owned(),
        BuildFact::Succeeded => "the build ended well".to_owned(),
    }
}

fn error(kind: BuildError, name: &str) -> String {
    let named = |otherwise: &str| if name.is_empty() { otherwise.to_owned() } else { name.to_owned() };
    match kind {
        BuildError::WrongArchitecture => format!("{} is made for another architecture", named("a program")),
        BuildError::ProgramMissing => format!("{} is not there to be run", named("a program")),
        BuildError::ModuleMissing => format!("{} is missing", named("a file or module")),
        BuildError::PackageMissing => {
            format!("{} does not exist, or not in that version", named("a package or image"))
        }
        BuildError::Denied => "whoever builds may not fetch something".to_owned(),
        BuildError::NoAnswer => "a server that is asked while building does not answer".to_owned(),
        BuildError::NoSpace => "no space is left on the disk".to_owned(),
        BuildError::Refused => format!("the compiler refuses {}", named("the source")),
        BuildError::TestFailed if name.is_empty() => "a test fails".to_owned(),
        BuildError::TestFailed => format!("the test {name} fails"),
        BuildError::Malformed => "the Dockerfile cannot be read".to_owned(),
        BuildError::Other => "the first error of the build".to_owned(),
    }
}

/// Summary, fix and prevention of a build that failed.
pub(super) fn cause(fact: &BuildFact) -> Text {
    let summary = claim(fact);
    let kind = if let BuildFact::Error { kind, .. } = fact { *kind } else { BuildError::Other };
    let (fix, prevention) = match kind {
        BuildError::WrongArchitecture => (
            "Build the artefact on this machine, and let the image only copy it: without a RUN that starts programs of the \
             target, no emulation is needed.",
            "Set dev.arch in lastgood.toml: lastgood check then names such steps before a build.",
        ),
        BuildError::ProgramMissing => (
            "Install the program in an earlier step of the same stage, or begin with an image that has it.",
            "Build in a clean folder from time to time, without the cache (--no-cache).",
        ),
        BuildError::ModuleMissing => (
            "See whether the file is in the build's folder and not in .dockerignore, and whether the list of dependencies has it.",
            "Commit the lock file, and install from it (npm ci, pip install -r, go mod download).",
        ),
        BuildError::PackageMissing => (
            "Correct the name or the version; for an image, see whether the tag was pushed for this platform.",
            "Pin versions, and keep a copy of what the build fetches.",
        ),
        BuildError::Denied => (
            "Log in to the registry again (docker login), or give the build the token that it needs.",
            "Let tokens end at a known time.",
        ),
        BuildError::NoAnswer => (
            "See whether the name resolves and the server answers from where the build runs.",
            "Keep a mirror of what every build needs.",
        ),
        BuildError::NoSpace => {
            ("Free space where images are built: docker builder prune.", "Be warned when a disk is 80 % full.")
        }
        BuildError::Refused => ("Mend the source at that line.", "Compile before the image is built."),
        BuildError::TestFailed => ("Mend the code or the test.", "Run the tests before the image is built."),
        BuildError::Malformed => ("Mend the Dockerfile at that line.", "Run docker build --check where it is known."),
        BuildError::Other => ("Read the step from that line on.", "Keep the output of builds (--progress=plain)."),
    };
    (summary, fix.to_owned(), vec![prevention.to_owned()])
}
