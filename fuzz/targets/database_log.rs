//! What databases say of themselves.
#![no_main]

use lastgood_fuzz::check;
use lastgood_intake::{Database, Format};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    for database in [Database::Postgres, Database::Mysql, Database::Mariadb, Database::Redis] {
        check(&Format::Database(database), input);
    }
});
