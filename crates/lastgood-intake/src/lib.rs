//! Bytes to facts: one file a format. Everything that reads a log line, a journal record or a configuration is here.
//! It opens no file, knows no clock and holds no opinion; a line that it cannot read is counted, never an error.

pub mod access;
mod access_log;
pub mod agent;
pub mod apache_conf;
mod apache_error;
mod built_in;
mod cloudtrail;
mod cloudtrail_ids;
mod damage;
pub mod dimension;
mod error_shape;
mod haproxy;
pub mod interner;
mod journal;
mod journal_oom;
mod json_text;
pub mod log_format;
pub mod nginx_conf;
pub mod nginx_error;
mod nginx_life;
pub mod path_template;
mod proxy_error_kind;
pub mod recognise;
pub mod referrer;
pub mod rotation;
pub mod scan;
pub mod timestamp;
mod unit_files;
mod uvicorn;

pub use access::{Request, RequestKey};
pub use apache_conf::ApacheConf;
pub use dimension::Dimension;
pub use interner::{Interner, LocalInterner};
pub use log_format::AccessFormat;
pub use nginx_conf::NginxConf;
pub use nginx_error::ProxyError;
pub use recognise::{Format, recognise};
pub use scan::{Context, Counts, Scanner, Sink};
