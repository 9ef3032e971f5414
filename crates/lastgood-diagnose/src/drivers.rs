//! Whose words an error is in: those of a driver, which speaks for whoever it asks, or those of the system. What it says is not read here,
//! so it holds of errors that nobody has seen before.

use std::sync::Arc;

use lastgood_model::AppError;

use crate::spoken::{Spoken, SpokenError};

/// Words in the names of a driver's errors, and what it speaks.
const DRIVERS: &[(&[&str], &[&str])] = &[
    (&["redis", "ioredis", "lettuce", "jedis", "redisson"], &["redis", "rediss"]),
    (&["psycopg", "psycopg2", "asyncpg", "postgresql", "pgx", "pq"], &["postgres", "postgresql"]),
    (&["pymysql", "mysql", "mysqldb", "mariadb", "aiomysql"], &["mysql", "mariadb"]),
    (&["pymongo", "mongodb"], &["mongodb"]),
    (&["pika", "aiormq", "amqp"], &["amqp"]),
];

/// The one component that a driver's error is about: `redis.exceptions.AuthenticationError` of somebody who asks one Redis.
pub fn asked(spoken: &Spoken<'_>, said: &SpokenError<'_>) -> Option<Arc<str>> {
    let classes = [&said.error.class, &said.error.outermost];
    let words = || classes.into_iter().flat_map(|class| class.split(['.', ':', '/', '\\']));
    let speaks = |names: &[&str]| words().any(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)));
    let (_, protocols) = DRIVERS.iter().find(|(names, _)| speaks(names))?;
    spoken.asked(said.who, protocols)
}

/// Whether it is the system that refused, with one of its numbers or names: `[Errno 13]`, `EACCES: …`.
#[must_use]
pub fn is_of_system(error: &AppError) -> bool {
    names_errno(&error.message)
}

/// The same of a line.
#[must_use]
pub fn names_errno(text: &str) -> bool {
    let named = |word: &str| {
        let name = word.strip_suffix(':').unwrap_or_default();
        name.len() >= 4 && name.starts_with('E') && name.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    text.contains("[Errno ") || text.split_ascii_whitespace().any(|word| named(word) && word != "ERROR:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_has_numbers_and_names() {
        assert!(names_errno("PermissionError: [Errno 13] Permission denied: '/files/receipt.txt'"));
        assert!(names_errno("Error: EACCES: permission denied, open '/files/x'"));
        assert!(!names_errno("ERROR: no such user") && !names_errno("KeyError: 'user_id'"));
    }
}
