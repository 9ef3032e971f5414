//! `lastgood probe`: the agent that asks dependencies from where it was put. For lastgood itself, not for people: targets in,
//! transcripts out, as JSON. It ends by itself, whatever it meets.

use std::io::Read;
use std::thread;
use std::time::Duration;

use clap::Args;
use lastgood_world::probe::{leave_no_traces, probe_all};

use crate::exit::Exit;
use crate::io::Io;
use crate::pipeline::probe::VARIABLE;
use crate::pipeline::probe::wire::{LONGEST_REQUEST, read_request, transcripts};

/// It does not live longer. Its probes are over long before.
const LIFETIME: Duration = Duration::from_millis(4_800);

/// The agent: nothing that is typed.
#[derive(Clone, Debug, Args)]
pub struct ProbeArgs {}

/// Runs it.
pub fn run(_: &ProbeArgs, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    leave_no_traces();
    // What a library would say of a bug in it may hold what it was given.
    std::panic::set_hook(Box::new(|_| {}));
    end_in_time();
    let request = match io.variable(VARIABLE) {
        Some(request) => request.as_bytes().to_vec(),
        None => {
            let mut request = Vec::new();
            std::io::stdin().lock().take(LONGEST_REQUEST as u64 + 1).read_to_end(&mut request)?;
            request
        }
    };
    let targets = read_request(&request)?;
    let mut text = transcripts(&probe_all(&targets));
    text.push('\n');
    io.answer(&text)?;
    Ok(Exit::Good)
}

/// Reading a request and writing an answer may block for ever, and nobody would end us in a container that was forgotten.
#[expect(clippy::exit, reason = "an agent that was left behind has nobody to return to")]
fn end_in_time() {
    thread::spawn(|| {
        thread::sleep(LIFETIME);
        std::process::exit(i32::from(Exit::Unknown.code()));
    });
}
