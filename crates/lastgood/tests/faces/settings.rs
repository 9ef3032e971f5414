//! `lastgood.toml` as the binary reads it: found here or above, what it says is done, and what is wrong with it is said.

use insta::assert_snapshot;
use testkit::{Lastgood, Output};

fn lastgood(settings: &str) -> Lastgood {
    let lastgood = Lastgood::new(env!("CARGO_BIN_EXE_lastgood")).env("PATH", "/nowhere");
    lastgood.file("lastgood.toml", settings).file("below/there", "")
}

fn run(settings: &str, arguments: &[&str]) -> Output {
    lastgood(settings).args(arguments).run()
}

#[test]
fn the_language_is_that_of_the_settings_unless_somebody_asks_for_another() {
    let title = |output: Output| output.stdout.lines().next().unwrap().to_owned();
    let english = title(run("", &["explain", "502"]));
    let korean = title(run("lang = 'ko'", &["explain", "502"]));
    assert_ne!(english, korean);
    assert_eq!(title(run("lang = 'ko'", &["explain", "502", "--lang", "en"])), english);
    let told = lastgood("lang = 'ko'").env("LASTGOOD_LANG", "en").args(["explain", "502"]).run();
    assert_eq!(title(told), english);
    let above = lastgood("lang = 'ko'");
    let below = above.own_folder().join("below");
    assert_eq!(title(above.folder(below).args(["explain", "502"]).run()), korean);
    let other = lastgood("lang = 'en'").file("other.toml", "lang = 'ko'");
    assert_eq!(title(other.args(["explain", "502", "--config", "other.toml"]).run()), korean);
}

#[test]
fn what_is_wrong_with_them_is_said_with_line_and_nearest_name() {
    let wrong = [
        "[formatz]\nshop = ''\n",
        "[dev]\narch = 'amd46'\n",
        "[dev]\ntomato = 1\n",
        "lang = 'kr'\n",
        "[[check.accept]]\ncode = 'gateway-adress'\nreason = 'known'\n",
        "[[check.accept]]\ncode = 'orphan'\nreason = ' '\n",
        "[[check.accept]]\ncode = 'orphan'\n",
        "[formats\n",
    ];
    let said = wrong.map(|settings| {
        let (en, ko) = (run(settings, &["check", "--lang", "en"]), run(settings, &["check", "--lang", "ko"]));
        assert_eq!((en.code, ko.code), (2, 2), "{settings}");
        format!("{settings}----- {}{}", en.stderr, ko.stderr)
    });
    assert_snapshot!(said.join("\n"));
}

#[test]
fn a_finding_that_is_accepted_is_kept_and_counts_no_more() {
    let check = |settings: &str, arguments: &[&str]| {
        let stack = lastgood(settings).file("compose.yaml", COMPOSE);
        stack.args(["check", "--json"]).args(arguments).run().stdout
    };
    let accept = "[[check.accept]]\ncode = 'variables-unset'\nkeys = ['RELEASE']\nreason = 'the pipeline sets it'\n";
    assert!(check("", &[]).contains("\"accepted\": null"));
    let accepted = check(accept, &[]);
    assert!(accepted.contains("\"accepted\": \"the pipeline sets it\""), "{accepted}");
    assert!(accepted.contains("\"unused\": []"), "{accepted}");
    let unused = check(&accept.replace("RELEASE", "OTHER"), &[]);
    assert!(
        unused.contains("\"accepted\": null") && unused.contains("\"reason\": \"the pipeline sets it\""),
        "{unused}"
    );
}

const COMPOSE: &str = "\
services:
  web:
    image: shop-web:1.0
    environment:
      RELEASE: ${RELEASE}
";
