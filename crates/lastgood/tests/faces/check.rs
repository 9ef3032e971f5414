//! `lastgood check` as a person or a script meets it, where no engine answers: what can be said without one, and that the rest
//! is a gap and no all-clear. What it finds is tested in `diagnose`, and on the stack of the examples.

use insta::assert_snapshot;
use testkit::Lastgood;

fn lastgood() -> Lastgood {
    // Compose is not on every machine that runs this.
    Lastgood::new(env!("CARGO_BIN_EXE_lastgood")).env("PATH", "/nowhere")
}

#[test]
fn without_an_engine_there_is_no_all_clear() {
    let run = |lang| lastgood().args(["check", "--lang", lang]).run();
    assert_snapshot!(everywhere(&format!("{}\n{}", run("en"), run("ko"))));
}

#[test]
fn a_secret_on_a_line_that_compose_refuses_is_not_shown() {
    let run = |arguments: &[&str]| {
        let run = lastgood().file("compose.yaml", COMPOSE).file(".env", "MODE=x\nDB_PASSWORD='carbon-17\n");
        run.args(["check"]).args(arguments).run()
    };
    let (text, json) = (run(&[]), run(&["--json"]));
    assert_eq!((text.code, json.code), (1, 1), "{text}{json}");
    assert!(!format!("{text}{json}").contains("carbon"), "{text}{json}");
    assert_snapshot!(everywhere(&text.stdout));
}

const COMPOSE: &str = "\
services:
  web:
    image: shop-web:1.0
    environment:
      MODE: ${MODE}
      RELEASE: ${RELEASE}
";

/// The machine's name in the place of `<host>`.
fn everywhere(text: &str) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    text.replace(host.trim(), "<host>")
}
