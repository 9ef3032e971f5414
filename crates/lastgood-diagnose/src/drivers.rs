//! Whose words an error is in: those of a driver, which speaks for whoever it asks, those of the system, of a library, or of the program
//! itself. What it says is not read here, so it holds of errors that nobody has seen before.

use std::sync::Arc;

use lastgood_model::AppError;

use crate::spoken::{Spoken, SpokenError};
use crate::stack_scene::StackScene;

/// Words in the names of a driver's errors and of its files, and what it speaks.
const DRIVERS: &[(&[&str], &[&str])] = &[
    (&["redis", "ioredis", "lettuce", "jedis", "redisson"], &["redis", "rediss"]),
    (&["psycopg", "psycopg2", "asyncpg", "postgresql", "postgres", "pgx", "pq", "pg"], &["postgres", "postgresql"]),
    (&["pymysql", "mysql", "mysql2", "mysqldb", "mariadb", "aiomysql"], &["mysql", "mariadb"]),
    (&["pymongo", "mongodb"], &["mongodb"]),
    (&["pika", "aiormq", "amqp"], &["amqp"]),
    // Those that speak to any database.
    (
        &["sql", "jdbc", "sqlalchemy", "hibernate", "hikari", "knex", "sequelize", "prisma", "gorm"],
        &["postgres", "postgresql", "mysql", "mariadb"],
    ),
];

/// How languages call a mistake of the program itself: what it is given it does not know to handle.
const MISTAKES: &[&str] = &[
    // Python, JavaScript
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "IndexError",
    "KeyError",
    "LookupError",
    "NameError",
    "NotImplementedError",
    "RangeError",
    "RecursionError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "ValueError",
    "ZeroDivisionError",
    // Java, Kotlin, .NET
    "ArgumentException",
    "ArgumentNullException",
    "ArithmeticException",
    "ArrayIndexOutOfBoundsException",
    "ClassCastException",
    "ConcurrentModificationException",
    "DivideByZeroException",
    "FormatException",
    "IllegalArgumentException",
    "IllegalStateException",
    "IndexOutOfBoundsException",
    "IndexOutOfRangeException",
    "InvalidCastException",
    "InvalidOperationException",
    "KeyNotFoundException",
    "NoSuchElementException",
    "NotImplementedException",
    "NullPointerException",
    "NullReferenceException",
    "NumberFormatException",
    "StackOverflowError",
    "StringIndexOutOfBoundsException",
    "UnsupportedOperationException",
    // Ruby, PHP
    "ArgumentError",
    "FloatDomainError",
    "NoMethodError",
    "DivisionByZeroError",
    "UnhandledMatchError",
];

/// How a program of a language without exceptions says that it made one.
const PANICS: &[&str] = &["panic: runtime error", "panicked at"];

/// Where what a language brings with it has its errors.
const PLATFORMS: &[&str] = &["java", "javax", "jakarta", "sun", "jdk", "System", "Microsoft"];

/// How paths lead into other people's code.
const LIBRARIES: &[&str] =
    &["node_modules/", "site-packages/", "dist-packages/", "/vendor/", "/gems/", "go/pkg/mod/", "node:"];

/// The one component that a driver's error is about: `redis.exceptions.AuthenticationError` of somebody who asks one Redis.
pub fn asked(spoken: &Spoken<'_>, said: &SpokenError<'_>) -> Option<Arc<str>> {
    let error = said.error;
    let names = [&*error.class, &error.outermost, library(&error.frame).unwrap_or_default()];
    names.into_iter().find_map(|name| spoken.asked(said.who, speaks(name)?))
}

/// The same of a line that a component wrote, which has no class of its own.
pub fn asked_in(scene: &StackScene<'_>, from: usize, line: &str) -> Option<Arc<str>> {
    let words = line.split_ascii_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    // A class has its package before it. A word alone, or a file that is called so, may be about anything.
    let is_class = |word: &&str| {
        let (package, name) = word.rsplit_once(['.', ':']).unwrap_or_default();
        !package.is_empty() && !word.contains('/') && name.starts_with(|c: char| c.is_ascii_uppercase())
    };
    words.filter(is_class).find_map(|word| scene.asked(from, speaks(word)?))
}

/// What the driver speaks whose name this is: `redis.exceptions.ConnectionError`, `/node_modules/pg-pool/index.js`.
fn speaks(name: &str) -> Option<&'static [&'static str]> {
    let words = || name.split(['.', ':', '/', '\\', '-', '_']);
    let of_it = |names: &[&str]| words().any(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)));
    DRIVERS.iter().find(|(names, _)| of_it(names)).map(|(_, protocols)| *protocols)
}

/// Where in other people's code a place is; `None` where it is the program's own.
fn library(place: &str) -> Option<&str> {
    LIBRARIES.iter().find_map(|folder| place.split_once(folder)).map(|(_, within)| within)
}

/// Whether an error that nobody knows is the program's own: one of the mistakes that programs make, or of a class and a place that are
/// neither a library's nor the language's.
#[must_use]
pub fn is_own(error: &AppError) -> bool {
    let package = error.class.split(['.', '\\']).next().unwrap_or_default();
    is_mistake(&error.class) || !(library(&error.frame).is_some() || PLATFORMS.contains(&package))
}

/// Whether a class is that of a mistake of the program.
fn is_mistake(class: &str) -> bool {
    class.rsplit(['.', ':', '\\']).next().is_some_and(|name| MISTAKES.contains(&name))
}

/// Whether a line names a mistake of the program.
#[must_use]
pub fn names_mistake(line: &str) -> bool {
    let words = line.split(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '(' | ')' | ','));
    PANICS.iter().any(|panic| line.contains(panic)) || words.map(|word| word.trim_end_matches(':')).any(is_mistake)
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

    #[test]
    fn a_driver_is_known_by_its_package_and_by_its_files() {
        let protocol = |name: &str| speaks(name).map(|protocols| protocols[0]);
        assert_eq!(protocol("redis.exceptions.AuthenticationError"), Some("redis"));
        assert_eq!(protocol("/redis-parser/lib/parser.js:179"), Some("redis"));
        assert_eq!(protocol("/pg-pool/index.js:45"), Some("postgres"));
        assert_eq!(protocol("java.sql.SQLNonTransientConnectionException"), Some("postgres"));
        assert_eq!(protocol("shop.orders.OrderError"), None);
    }

    #[test]
    fn mistakes_are_the_programs_own() {
        let error = |class: &str, frame: &str| AppError {
            severity: None,
            class: Arc::from(class),
            message: Arc::from(""),
            outermost: Arc::from(""),
            frame: Arc::from(frame),
            path: Arc::from(""),
            signature: None,
            why: None,
            names: Vec::new(),
        };
        assert!(is_own(&error("java.lang.NullPointerException", "Shop.java:60")));
        assert!(is_own(&error("KeyError", "/usr/lib/python3/dist-packages/starlette/routing.py:1")));
        assert!(is_own(&error("shop.orders.OrderError", "/app/orders.py:12")));
        assert!(!is_own(&error("java.lang.OutOfMemoryError", "Shop.java:60")));
        assert!(!is_own(&error("ReplyError", "/node_modules/redis-parser/lib/parser.js:179")));
        assert!(!is_own(&error("Error", "node:net:1608")) && is_own(&error("Error", "/app/vendors/list.js:3")));
        assert!(
            names_mistake("TypeError: unsupported operand")
                && names_mistake("panic: runtime error: index out of range")
        );
        assert!(
            !names_mistake("exec /shop: exec format error") && !names_mistake("redis.exceptions.ResponseError: no")
        );
    }
}
