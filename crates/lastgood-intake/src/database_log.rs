//! What databases and caches say of themselves: started, stopped, crashed, out of connections, out of room. How each of
//! them writes its lines stands in a file of its own.

use lastgood_model::{Fact, UnixMs};

use crate::civil_time::CivilClock;
use crate::scan::{Context, Line, Sink};
use crate::{mysql_log, postgres_log, redis_log};

/// What is wrong is said with every attempt; one line a minute is enough.
const SAY_AGAIN_MS: i64 = 60_000;

/// Whose log it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// PostgreSQL.
    Postgres,
    /// MySQL, whose times name their zone.
    Mysql,
    /// MariaDB, whose times do not.
    Mariadb,
    /// Redis and Valkey.
    Redis,
}

impl Database {
    /// Whose log a line is from.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        let clock = CivilClock::new(jiff::tz::TimeZone::UTC, None);
        let all = [Self::Postgres, Self::Mysql, Self::Mariadb, Self::Redis];
        all.into_iter().find(|database| database.read(line, &clock).is_some())
    }

    /// Its name, as shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
            Self::Redis => "redis",
        }
    }

    fn read<'a>(self, line: &'a [u8], clock: &CivilClock) -> Option<(UnixMs, &'a [u8])> {
        match self {
            Self::Postgres => postgres_log::read(line, clock),
            Self::Mysql => mysql_log::read(line, clock).filter(|_| mysql_log::names_zone(line)),
            Self::Mariadb => mysql_log::read(line, clock).filter(|_| !mysql_log::names_zone(line)),
            Self::Redis => redis_log::read(line, clock),
        }
    }

    fn word(self, message: &str) -> Option<Word> {
        if message.contains("No space left on device") {
            return Some(Word::NoSpace);
        }
        match self {
            Self::Postgres => postgres_log::word(message),
            Self::Mysql | Self::Mariadb => mysql_log::word(message),
            Self::Redis => redis_log::word(message),
        }
    }
}

/// What a line says of the whole database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Started,
    Stopped,
    Crashed,
    Exhausted,
    NoSpace,
}

/// Reads a database's log.
#[derive(Debug)]
pub(crate) struct DatabaseLog {
    database: Database,
    clock: CivilClock,
    is_down: bool,
    last: Option<UnixMs>,
    exhausted: Option<UnixMs>,
    no_space: Option<UnixMs>,
}

impl DatabaseLog {
    pub(crate) fn new(database: Database, context: Context) -> Self {
        let clock = CivilClock::new(context.zone, context.about);
        Self { database, clock, is_down: false, last: None, exhausted: None, no_space: None }
    }

    /// Reads one line.
    pub(crate) fn line(&mut self, line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
        if let Some((at, message)) = self.database.read(line, &self.clock) {
            self.last = Some(at);
            self.tell(message, at, number, sink);
            return Line::Parsed;
        }
        // A crash is reported by hand, without the usual beginning; so are the lines that go on with another.
        let Some(at) = self.last else { return Line::Unreadable };
        self.tell(line, at, number, sink);
        if line.contains(&0) { Line::Unreadable } else { Line::Other }
    }

    fn tell(&mut self, message: &[u8], at: UnixMs, number: u64, sink: &mut impl Sink) {
        let Some(word) = self.database.word(&String::from_utf8_lossy(message)) else { return };
        let who = self.database.name().into();
        let fact = match word {
            Word::Started => {
                self.is_down = false;
                Fact::DependencyStarted { who }
            }
            // Several lines tell of one end.
            Word::Stopped | Word::Crashed if self.is_down => return,
            Word::Stopped | Word::Crashed => {
                self.is_down = true;
                Fact::DependencyStopped { who, clean: word == Word::Stopped }
            }
            Word::Exhausted if is_again(&mut self.exhausted, at) => return,
            Word::Exhausted => Fact::ConnectionsExhausted { who },
            Word::NoSpace if is_again(&mut self.no_space, at) => return,
            Word::NoSpace => Fact::NoSpace { unit: who },
        };
        sink.fact(Some(at), fact, number);
    }
}

/// Whether the same was said less than a minute ago; remembers it otherwise.
fn is_again(last: &mut Option<UnixMs>, at: UnixMs) -> bool {
    let again = last.is_some_and(|last| at.since(last).abs() < SAY_AGAIN_MS);
    if !again {
        *last = Some(at);
    }
    again
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Scanner;
    use crate::{Counts, NginxConf, recognise};
    use jiff::tz::{Offset, TimeZone};

    #[derive(Default)]
    struct Facts(Vec<String>);

    impl Sink for Facts {
        fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
            let at = jiff::Timestamp::from_millisecond(at.unwrap().0).unwrap();
            let word = match fact {
                Fact::DependencyStarted { who } => format!("{who} started"),
                Fact::DependencyStopped { who, clean: true } => format!("{who} stopped"),
                Fact::DependencyStopped { who, clean: false } => format!("{who} crashed"),
                Fact::ConnectionsExhausted { who } => format!("{who} is full"),
                Fact::NoSpace { unit } => format!("{unit} cannot write"),
                fact => panic!("{fact:?}"),
            };
            self.0.push(format!("{line} {} {word}", Offset::UTC.to_datetime(at).time()));
        }
    }

    fn read(text: &str) -> (String, Counts, Vec<String>) {
        let format = recognise(text.as_bytes(), "x", &NginxConf::default());
        let zone = TimeZone::fixed(Offset::constant(9));
        let mut scanner = Scanner::new(
            &format,
            Context { zone, vhost: "".into(), about: None, without: lastgood_model::Layers::NONE },
        );
        let mut facts = Facts::default();
        scanner.feed(text.as_bytes(), &mut facts);
        (format.name().to_owned(), scanner.finish(&mut facts), facts.0)
    }

    #[test]
    fn postgres() {
        let (name, counts, facts) = read(
            "2022-11-16 02:04:00.120 UTC [1] LOG:  starting PostgreSQL 15.4 on x86_64-pc-linux-gnu\n\
             2022-11-16 02:04:00.300 UTC [1] LOG:  database system is ready to accept connections\n\
             2022-11-16 11:05:00.000 KST [812] app@shop FATAL:  sorry, too many clients already\n\
             2022-11-16 11:05:09.000 KST [813] app@shop FATAL:  sorry, too many clients already\n\
             2022-11-16 02:06:20.001 UTC [1] LOG:  received fast shutdown request\n\
             2022-11-16 02:06:21.000 UTC [1] LOG:  database system is shut down\n\
             2022-11-16 02:08:00.000 UTC [30] LOG:  database system was interrupted; last known up at 2022-11-16 02:07:00 UTC\n\
             2022-11-16 02:08:01.000 UTC [1] LOG:  database system is ready to accept connections\n\
             2022-11-16 02:09:00.000 UTC [1] LOG:  server process (PID 77) was terminated by signal 9: Killed\n\
             \tsecond line of a statement\n",
        );
        assert_eq!((name.as_str(), counts.parsed, counts.other), ("postgres", 9, 1));
        let expected = [
            "2 02:04:00.3 postgres started",
            "3 02:05:00 postgres is full",
            "5 02:06:20.001 postgres stopped",
            "8 02:08:01 postgres started",
            "9 02:09:00 postgres crashed",
        ];
        assert_eq!(facts, expected);
    }

    #[test]
    fn mysql_and_mariadb() {
        let (name, counts, facts) = read(
            "2022-11-16T02:04:00.123456Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '8.0.31'\n\
             2022-11-16T02:05:00.123456Z 9 [Warning] [MY-000000] [Server] Too many connections\n\
             02:05:30 UTC - mysqld got signal 11 ;\n\
             2022-11-16T02:06:00.123456Z 0 [ERROR] [MY-012592] [InnoDB] Operating system error: No space left on device\n",
        );
        assert_eq!((name.as_str(), counts.parsed, counts.other), ("mysql", 3, 1));
        let expected = [
            "1 02:04:00.123 mysql started",
            "2 02:05:00.123 mysql is full",
            "3 02:05:00.123 mysql crashed",
            "4 02:06:00.123 mysql cannot write",
        ];
        assert_eq!(facts, expected);
        let (name, _, facts) = read(
            "2022-11-16 11:04:00      0 [Note] /usr/sbin/mariadbd (initiated by: unknown): Normal shutdown\n\
             2022-11-16 11:04:01      0 [Note] /usr/sbin/mariadbd: Shutdown complete\n\
             2022-11-16 11:04:09 0 [Note] /usr/sbin/mariadbd: ready for connections.\n",
        );
        assert_eq!(name, "mariadb");
        assert_eq!(facts, ["1 02:04:00 mariadb stopped", "3 02:04:09 mariadb started"]);
    }

    #[test]
    fn redis() {
        let (name, counts, facts) = read(
            "1:C 16 Nov 2022 11:03:59.001 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n                _._\n\
             1:M 16 Nov 2022 11:04:00.001 * Ready to accept connections tcp\n\
             1:signal-handler (1668564296) Received SIGTERM scheduling shutdown...\n\
             1:M 16 Nov 2022 11:05:00.001 # User requested shutdown...\n\
             1:M 16 Nov 2022 11:05:00.101 # Redis is now ready to exit, bye bye...\n\
             1:M 16 Nov 2022 11:06:00.001 # Write error saving DB on disk: No space left on device\n",
        );
        assert_eq!((name.as_str(), counts.parsed, counts.other), ("redis", 5, 2));
        let expected =
            ["3 02:04:00.001 redis started", "5 02:05:00.001 redis stopped", "7 02:06:00.001 redis cannot write"];
        assert_eq!(facts, expected);
    }
}
