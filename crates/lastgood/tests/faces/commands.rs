//! The binary as a person or a script meets it: whole output, exit code, and the environment it listens to.

use insta::assert_snapshot;
use testkit::Lastgood;

fn lastgood() -> Lastgood {
    Lastgood::new(env!("CARGO_BIN_EXE_lastgood"))
}

/// One good answer, then none: enough for an incident.
fn log() -> String {
    let line = |second: u32, status: u16| {
        format!(
            "192.0.2.{second} - - [16/Nov/2022:11:07:{second:02} +0900] \"GET /api HTTP/1.1\" {status} 5 \"-\" \"curl/7.1\"\n"
        )
    };
    (0..20).map(|second| line(second, 200)).chain((20..59).map(|second| line(second, 502))).collect()
}

#[test]
fn explain_a_status() {
    let (en, ko) =
        (lastgood().args(["explain", "502"]).run(), lastgood().args(["explain", "502", "--lang", "ko"]).run());
    assert_snapshot!(format!("{en}\n{ko}"));
}

#[test]
fn explain_a_cause() {
    let code = "reboot/not-started-after-reboot";
    let (en, ko) = (lastgood().args(["explain", code]).run(), lastgood().args(["explain", code, "--lang", "ko"]).run());
    assert_snapshot!(format!("{en}\n{ko}"));
}

#[test]
fn explain_everything_there_is() {
    assert_snapshot!(lastgood().args(["explain"]).run());
}

#[test]
fn explain_what_is_not_there() {
    let (en, ko) = (
        lastgood().args(["explain", "oom-kil"]).run(),
        lastgood().args(["explain", "tomato"]).env("LASTGOOD_LANG", "ko").run(),
    );
    assert_snapshot!(format!("{en}\n{ko}"));
}

#[test]
fn every_status_and_cause_is_explained_in_both_languages() {
    for topic in ["502", "009", "9", "oom-kill", "unknown/located", "DISK-FULL"] {
        for lang in ["en", "ko"] {
            let output = lastgood().args(["explain", topic, "--lang", lang]).run();
            assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{topic} {lang}");
        }
    }
}

#[test]
fn times_and_zones_that_are_none() {
    let wrong: [&[&str]; 5] = [
        &["--noticed-at", "noon"],
        &["--change", "AMI at 11:07"],
        &["--since", "yesterday"],
        &["--min-duration", "soon"],
        &["--tz", "Seoul"],
    ];
    let all = wrong.map(|arguments| {
        let run = |lang| lastgood().args(["why", "x.log", "--lang", lang]).args(arguments).run().to_string();
        format!("{}\n{}", run("en"), run("ko"))
    });
    assert_snapshot!(all.join("\n"));
}

#[test]
fn a_case_is_captured() {
    let run = |lang| {
        let run =
            lastgood().file("access.log", log()).args(["capture", "access.log", "-o", "case", "--lang", lang]).run();
        without_size(&run.to_string())
    };
    assert_snapshot!(format!("{}\n{}", run("en"), run("ko")));
}

/// How well a case is packed is its packer's matter.
fn without_size(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let is_unit = |word: Option<&&str>| word.is_some_and(|word| ["B", "B)"].iter().any(|unit| word.starts_with(unit)));
    let hidden = words.iter().enumerate().map(|(at, word)| if is_unit(words.get(at + 1)) { "[size]" } else { word });
    hidden.collect::<Vec<_>>().join(" ")
}

#[test]
fn cases_that_cannot_be_written_or_read() {
    let run = |lang: &str| {
        let newer = lastgood().file("case/case.toml", "version = 7\n").args(["why", "case", "--lang", lang]).run();
        let none = lastgood().file("case/x.log", log()).args(["why", "--case", "case", "--lang", lang]).run();
        let there = lastgood().file("case/x.log", log()).args(["capture", "case", "-o", "case", "--lang", lang]).run();
        let large = ["capture", "x.log", "-o", "case", "--max-size", "1k", "--lang", lang];
        let large = lastgood().file("x.log", log()).args(large).run();
        let size =
            lastgood().file("x.log", log()).args(["capture", "x.log", "-o", "c", "--max-size", "x", "--lang", lang]);
        [newer, none, there, large, size.run()].map(|output| output.to_string()).join("\n")
    };
    assert_snapshot!(format!("{}\n{}", run("en"), run("ko")));
}

#[test]
fn a_folder_without_logs() {
    let run = |lang| lastgood().file("empty/readme.txt", "nothing").args(["why", "empty", "--lang", lang]).run();
    assert_snapshot!(format!("{}\n{}", run("en"), run("ko")));
}

#[test]
fn the_language_is_asked_for_in_order() {
    let korean = |output: &testkit::Output| output.stdout.contains("잘못된 게이트웨이");
    let explain = || lastgood().args(["explain", "502"]);
    assert!(!korean(&explain().run()));
    assert!(korean(&explain().env("LANG", "ko_KR.UTF-8").run()));
    assert!(korean(&explain().env("LANG", "en_US.UTF-8").env("LC_ALL", "ko_KR.UTF-8").run()));
    assert!(!korean(&explain().env("LANG", "ko_KR.UTF-8").env("LASTGOOD_LANG", "en").run()));
    assert!(korean(&explain().env("LASTGOOD_LANG", "en").args(["--lang", "ko"]).run()));
    assert!(!korean(&explain().env("LANG", "fr_FR.UTF-8").run()));
}

#[test]
fn colour_only_on_a_terminal_or_when_told() {
    let run = |arguments: &[&str]| lastgood().args(["explain", "502"]).args(arguments).run().stdout;
    assert!(!run(&[]).contains('\u{1b}'));
    assert!(run(&["--color", "always"]).contains('\u{1b}'));
    assert!(!run(&["--color", "never"]).contains('\u{1b}'));
}

#[test]
fn exit_codes_are_a_contract() {
    let code = |arguments: &[&str]| lastgood().file("a.log", log()).args(arguments).run().code;
    assert_eq!(code(&["--version"]), 0);
    assert_eq!(code(&["--help"]), 0);
    assert_eq!(code(&["why", "a.log"]), 1);
    assert_eq!(code(&["report", "a.log"]), 1);
    assert_eq!(code(&["why", "a.log", "--json"]), 1);
    assert_eq!(code(&["why", "no-such.log"]), 2);
    assert_eq!(code(&["why", "a.log", "--no-such-option"]), 2);
    assert_eq!(code(&["no-such-command"]), 2);
    assert_eq!(code(&[]), 2);
}

#[test]
fn a_log_from_standard_input_and_only_for_a_dash() {
    let piped = lastgood().args(["why", "-"]).stdin(log()).run();
    assert_eq!(piped.code, 1, "{piped}");
    assert!(piped.stdout.starts_with("looked at standard input: 1 file, 59 lines"), "{piped}");
    assert!(piped.stdout.contains("  -:20"), "references name standard input as -: {piped}");
}

#[test]
fn a_report_can_be_written_to_a_file() {
    let run = lastgood().file("a.log", log());
    let path = run.own_folder().join("report.md");
    let shown = run.args(["report", "a.log", "-o"]).args([path.as_os_str()]);
    let output = shown.run();
    assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{output}");
    let refused = lastgood().file("a.log", log()).args(["report", "a.log", "-o", "no/such/folder.md"]).run();
    assert_snapshot!(refused);
}

#[test]
fn a_template_that_cannot_be_filled() {
    let run = |lang: &str, template: &str, more: &[&str]| {
        let run = lastgood().file("a.log", log()).file("own.md", template);
        let output = run.args(["report", "a.log", "--template", "own.md", "--lang", lang]).args(more).run();
        assert_eq!((output.code, output.stdout.as_str()), (2, ""));
        output.stderr
    };
    let wrong = ["en", "ko"].map(|lang| {
        [run(lang, "\n{{ nope }}", &[]), run(lang, "{% if %}", &[]), run(lang, "", &["--format", "html"])].concat()
    });
    assert_snapshot!(wrong.join("\n"));
}

#[test]
fn help() {
    let pages =
        [&["--help"][..], &["why", "--help"], &["report", "--help"], &["timeline", "--help"], &["explain", "-h"]];
    assert_snapshot!(pages.map(|page| lastgood().args(page).run().to_string()).join("\n"));
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "zsh", "fish"] {
        let output = lastgood().args(["completions", shell]).run();
        assert!(output.code == 0 && output.stdout.contains("noticed-at"), "{output}");
    }
    let manual = lastgood().args(["man"]).run();
    assert!(manual.code == 0 && manual.stdout.contains(".TH lastgood"), "{manual}");
    let why = lastgood().args(["man", "why"]).run();
    assert!(why.code == 0 && why.stdout.contains("noticed"), "{why}");
    assert_snapshot!(lastgood().args(["man", "deploy"]).run());
}
