//! Tracebacks that are printed in ways that the programs of `tests/data/application` did not meet.

use super::in_text;
use super::thrown::Thrown;

/// Classes and messages, the root first, each with its place.
fn chain(text: &str) -> Vec<String> {
    let shown =
        |Thrown { class, message, frame, .. }: Thrown| format!("{class}: {} @{frame}", message.replace('\n', "|"));
    in_text(text, 7).into_iter().map(shown).collect()
}

#[test]
fn an_aggregate_of_node_has_the_first_attempt_at_its_root() {
    let text = "\
AggregateError [ECONNREFUSED]: \n    at internalConnectMultiple (node:net:1122:18)
    at afterConnectMultiple (node:net:1689:7) {
  code: 'ECONNREFUSED',
  [errors]: [
    Error: connect ECONNREFUSED ::1:6379
        at createConnectionError (node:net:1652:14)
        at afterConnectMultiple (node:net:1682:16) {
      errno: -111,
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '::1',
      port: 6379
    },
    Error: connect ECONNREFUSED 127.0.0.1:6379
        at createConnectionError (node:net:1652:14) {
      errno: -111,
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port: 6379
    }
  ]
}";
    let chain = chain(text);
    assert_eq!(chain.len(), 3, "{chain:#?}");
    assert!(chain[0].starts_with("Error: connect ECONNREFUSED 127.0.0.1:6379|"), "{chain:#?}");
    assert!(chain[2].starts_with("AggregateError: "), "{chain:#?}");
}

#[test]
fn what_java_suppressed_is_passed_over_and_a_message_may_have_lines() {
    let text = "\
java.lang.IllegalStateException: cannot open
the session
\tat com.acme.Shop.open(Shop.java:7)
\tSuppressed: java.io.IOException: close
\t\tat com.acme.Shop.close(Shop.java:9)
\tCaused by: java.io.IOException: inner of it
\t\t... 3 more
Caused by: org.postgresql.util.PSQLException: FATAL: database \"shop\" does not exist
\tat org.postgresql.core.v3.QueryExecutorImpl.receive(QueryExecutorImpl.java:2713)
\tat com.acme.Shop.find(Shop.java:12)
\t... 2 more";
    let expected = [
        "org.postgresql.util.PSQLException: FATAL: database \"shop\" does not exist @Shop.java:12",
        "java.lang.IllegalStateException: cannot open|the session @Shop.java:7",
    ];
    assert_eq!(chain(text), expected);
    let root_first = "\
java.net.ConnectException: refused
\tat com.acme.Shop.find(Shop.java:12)
Wrapped by: com.acme.ShopException: no answer
\tat com.acme.Shop.open(Shop.java:7)";
    let expected =
        ["java.net.ConnectException: refused @Shop.java:12", "com.acme.ShopException: no answer @Shop.java:7"];
    assert_eq!(chain(root_first), expected);
}

#[test]
fn a_panic_within_a_panic_has_the_first_one_at_its_root() {
    let text = "\
panic: no database [recovered]
\tpanic: and no cache either

goroutine 1 [running]:
main.main.func1()
\t/app/main.go:5 +0x1d
panic({0x1?, 0x2?})
\t/usr/local/go/src/runtime/panic.go:770 +0x132
main.main()
\t/app/main.go:9 +0x1d

goroutine 7 [select]:
main.other()
\t/app/other.go:3 +0x1d
exit status 2";
    let chain = chain(text);
    assert_eq!(chain.len(), 2, "{chain:#?}");
    assert!(chain.iter().all(|thrown| !thrown.contains("other.go")), "{chain:#?}");
}

#[test]
fn python_joins_what_was_raised_while_something_else_was_handled() {
    let text = "\
Traceback (most recent call last):
  File \"/app/a.py\", line 1, in f
    x()
socket.gaierror: [Errno -2] Name or service not known

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"/app/b.py\", line 2, in g
shop.errors.NoDatabase: no database
with a note";
    let expected = [
        "socket.gaierror: [Errno -2] Name or service not known @/app/a.py:1",
        "shop.errors.NoDatabase: no database|with a note @/app/b.py:2",
    ];
    assert_eq!(chain(text), expected);
}

#[test]
fn a_traceback_that_breaks_off_says_what_it_can() {
    assert_eq!(chain("Traceback (most recent call last):\n  File \"/app/a.py\", line 1, in f"), Vec::<String>::new());
    assert_eq!(chain("TypeError: x is not a function\n    at f (/app/a.js:1:2"), ["TypeError: x is not a function @"]);
    assert_eq!(chain(""), Vec::<String>::new());
    assert_eq!(chain("    at f (/app/a.js:1:2)"), Vec::<String>::new());
}
