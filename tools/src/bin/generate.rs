//! `generate`: writes example, dirty, onset and big log sets with the truth beside them.
//! Arguments and files only; what is written is decided in the library.

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand, ValueEnum};
use lastgood_tools::access::Format;
use lastgood_tools::scenario::{self, Kind};
use lastgood_tools::{ami_502, big, dirty, formats};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes generated log sets; the truth goes to `DIR.truth.json` beside the folder.
#[derive(Parser)]
#[command(name = "generate")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The bundled example
    #[command(name = "ami-502")]
    Ami502 {
        /// The folder to write
        #[arg(long)]
        out: PathBuf,
    },
    /// A damaged set, with the exact count of what can still be read
    Dirty {
        /// `combined`, or `main-ext` with its nginx.conf
        #[arg(long, default_value = "combined")]
        format: DirtyFormat,
        /// Equal seeds give equal bytes
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The folder to write
        #[arg(long)]
        out: PathBuf,
    },
    /// A large rotated set for measuring speed
    Big {
        /// Size of all files together before compression
        #[arg(long, default_value_t = 2_000_000_000)]
        bytes: u64,
        /// Equal seeds give equal bytes
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The folder to write
        #[arg(long)]
        out: PathBuf,
    },
    /// One folder a format, plain and damaged, and one with all of them
    Formats {
        /// Equal seeds give equal bytes
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The folder to write; below it `<format>` and `<format>-damaged`
        #[arg(long)]
        out: PathBuf,
    },
    /// One onset scenario
    Onset {
        /// The kind of story, such as `sudden`
        kind: Kind,
        /// Equal seeds give equal bytes
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The folder to write
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum DirtyFormat {
    Combined,
    MainExt,
}

fn main() -> Result<()> {
    match Arguments::parse().what {
        What::Ami502 { out } => write_files(&out, &ami_502::files()?),
        What::Dirty { format, seed, out } => {
            let format = match format {
                DirtyFormat::Combined => Format::Combined,
                DirtyFormat::MainExt => Format::MainExt,
            };
            let dirty = dirty::generate(format, seed)?;
            write_files(&out, &dirty.files)?;
            write_truth(&out, &dirty.truth.to_json())
        }
        What::Big { bytes, seed, out } => write_truth(&out, &big::write(&out, bytes, seed)?),
        What::Formats { seed, out } => {
            for damaged in [false, true] {
                let ending = if damaged { "-damaged" } else { "" };
                for name in formats::names() {
                    let set = formats::set(name, seed, damaged)?;
                    let folder = out.join(format!("{}{ending}", set.truth.name));
                    write_files(&folder, &set.files)?;
                    write_truth(&folder, &set.truth.to_json())?;
                }
            }
            Ok(())
        }
        What::Onset { kind, seed, out } => {
            let scenario = scenario::generate(kind, seed)?;
            write_files(&out, &scenario.files)?;
            write_truth(&out, &scenario.truth.to_json())
        }
    }
}

fn write_files(out: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    for (name, bytes) in files {
        let path = out.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("create {}", parent.display()))?;
        }
        fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

/// The truth stands beside the folder, not in it, so that no tool reads it by accident.
fn write_truth(out: &Path, truth: &serde_json::Value) -> Result<()> {
    let mut path = out.as_os_str().to_owned();
    path.push(".truth.json");
    fs::write(&path, format!("{truth}\n")).with_context(|| format!("write {}", Path::new(&path).display()))
}
