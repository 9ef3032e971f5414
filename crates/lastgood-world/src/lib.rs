//! The world: every syscall of lastgood. Files, pipes, inflating, and the facts of a live host.
//! It hands on bytes as it received them and never interprets: it knows no log format and no rule.

mod alive;
mod blocks;
mod command;
mod compare;
mod damage;
mod discover;
pub mod engine;
mod files;
mod handle;
pub mod hear;
mod host;
mod lines;
mod machine;
pub mod memory;
mod new_folder;
pub mod nginx;
mod packing;
pub mod parcel;
pub mod probe;
mod process;
pub mod request;
mod settings;
mod source;
mod spool;
pub mod ssh;
mod stand_in;
pub mod state;
mod unpack;

pub use alive::{lives, own_mark};
pub use blocks::{BLOCK, Blocks, LONGEST_LINE};
pub use command::{Said, listen};
pub use compare::{Relation, relation};
pub use damage::Damage;
pub use discover::{Again, Discovered, Input, discover};
pub use files::{Below, LogFile, digest, digest_of, files_below, head, tree_below};
pub use host::{Written, boot_time, host_name, now, written_now};
pub use lines::{Start, fetch};
pub use machine::{Capacity, capacities, kernel_release, path_kinds, processor, runs_systemd, socket_holders};
pub use new_folder::{FileFacts, NewFolder, PackedFile, file_below, file_facts};
pub use packing::Compression;
pub use process::{
    ProcessFacts, file_in, first_processes, is_of_container, last_child_started, process_facts, sees_another_file,
};
pub use settings::{expand, find_upwards, read_small, read_standard_input, write_new, write_private};
pub use stand_in::StandIn;
