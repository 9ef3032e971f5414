//! Probes: one question to something over the network, put as whoever depends on it would put it. It hands on what was heard,
//! and interprets only as far as the next step of a protocol needs. Nothing is written anywhere, nobody is logged in as a
//! user of a site, and a login is tried once.

mod deadline;
mod http;
mod hush;
mod isolate;
mod mysql;
mod name;
mod nameserver;
mod oidc;
mod peer;
mod postgres;
mod record;
mod redis;
mod tcp;
mod tls;
mod trust;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use lastgood_model::{ProbeProtocol, ProbeTarget, Transcript};

use crate::host::now;
use deadline::Deadline;
use record::Record;

pub use isolate::leave_no_traces;
pub use trust::trust_files;

/// How long one probe may take; a little less than the two seconds that are promised.
const LONGEST: Duration = Duration::from_millis(1_900);
/// How long all of them may take. They run side by side.
const LONGEST_OF_ALL: Duration = Duration::from_millis(2_500);

/// Asks all of them at the same time. One that broke down is answered by an empty transcript.
#[must_use]
pub fn probe_all(targets: &[ProbeTarget]) -> Vec<Transcript> {
    let (sender, receiver) = mpsc::channel();
    for (number, target) in targets.iter().enumerate() {
        let (sender, target) = (sender.clone(), target.clone());
        thread::spawn(move || {
            // Nobody may be waiting any more.
            let _too_late = sender.send((number, probe(&target)));
        });
    }
    drop(sender);
    let deadline = Deadline::within(LONGEST_OF_ALL);
    let mut transcripts: Vec<Transcript> =
        targets.iter().map(|_| Transcript { at: now(), ..Transcript::default() }).collect();
    while let Ok((number, transcript)) = receiver.recv_timeout(deadline.left()) {
        if let Some(place) = transcripts.get_mut(number) {
            *place = transcript;
        }
    }
    transcripts
}

/// Asks one.
#[must_use]
pub fn probe(target: &ProbeTarget) -> Transcript {
    let mut record = Record::new(target, Deadline::within(LONGEST));
    match target.protocol {
        ProbeProtocol::Redis => redis::ask(target, &mut record),
        ProbeProtocol::Http => http::ask(target, &mut record),
        ProbeProtocol::Tcp => tcp::ask(target, &mut record),
        ProbeProtocol::Front => tcp::see(target, &mut record),
        ProbeProtocol::Oidc => oidc::ask(target, &mut record),
        ProbeProtocol::Postgres => postgres::ask(target, &mut record),
        ProbeProtocol::Mysql => mysql::ask(target, &mut record),
    }
    record.finish()
}
