//! The bundled example `examples/ami-502`: a machine image at 11:06, a reboot, and an application
//! that nobody had enabled. Everything is invented; it is not a scenario to measure a tool with.

mod cloudtrail;
mod damage;
mod journal;
mod logs;
mod traffic;
mod units;

use crate::clock::Zone;
use anyhow::Result;
use fastrand::Rng;

/// The zone of the host and of everybody in the story.
const ZONE: Zone = Zone::minutes(540);
const DAY: (i64, u32, u32) = (2022, 11, 16);
const EVE: (i64, u32, u32) = (2022, 11, 15);

/// The logs begin on the eve, at noon.
const BEGIN_MS: i64 = ZONE.at(EVE, 12, 0, 0);
/// `CreateImage` arrives at the cloud's API.
const IMAGE_MS: i64 = ZONE.at(DAY, 11, 6, 29);
/// The last request that the application answered before it was stopped.
const LAST_GOOD_MS: i64 = ZONE.at(DAY, 11, 6, 33);
/// The host begins to shut down; from here on nothing is logged.
const DOWN_MS: i64 = ZONE.at(DAY, 11, 6, 35);
/// The kernel of the new boot says its first word.
const BOOT_MS: i64 = ZONE.at(DAY, 11, 6, 47);
/// nginx serves again.
const NGINX_MS: i64 = ZONE.at(DAY, 11, 6, 56);
/// The first request that found no application.
const FIRST_BAD_MS: i64 = ZONE.at(DAY, 11, 7, 0);
/// Somebody starts the unit by hand.
const START_MS: i64 = ZONE.at(DAY, 13, 20, 41);
/// The application answers again.
const RECOVERED_MS: i64 = ZONE.at(DAY, 13, 20, 50);
/// The logs were copied.
const END_MS: i64 = ZONE.at(DAY, 13, 35, 0);

/// Two lines of the story that stand in the excerpt and in the full logs.
const STORY_GOOD_MS: i64 = ZONE.at(DAY, 11, 4, 56);
const STORY_BAD_MS: i64 = ZONE.at(DAY, 11, 26, 28);
/// The 502 that was noticed.
const NOTICED_MS: i64 = ZONE.at(DAY, 12, 57, 0);

const SEED: u64 = 20_221_116;

/// Every file of the example but its README, as (name, content).
pub fn files() -> Result<Vec<(String, Vec<u8>)>> {
    let mut rng = Rng::with_seed(SEED);
    let insu = traffic::insu(&mut rng);
    let corp = traffic::corp(&mut rng);
    let partner = traffic::partner(&mut rng);
    let mut files = logs::insu(&insu)?;
    files.extend(logs::errors(&insu, &mut rng));
    files.extend(logs::corp(&corp)?);
    files.push(logs::partner(&partner));
    files.push(("journal.json".to_owned(), journal::export(&mut rng)));
    files.push(("systemctl-list-unit-files.txt".to_owned(), units::list().into_bytes()));
    files.push(("cloudtrail.json".to_owned(), cloudtrail::records(&mut rng).into_bytes()));
    Ok(files)
}

#[cfg(test)]
mod tests;
