//! What is run on a host, in POSIX sh: the survey, the agent's coming and going, and the question as it was typed. Everything of ours
//! there lies in one folder of the user's cache.

use std::fmt::Write;

use lastgood_world::ssh::quoted;

use crate::render::answer::View;

/// Ends with this if the project's folder is not there.
pub(super) const NO_FOLDER: i32 = 97;

/// Ends with this if no temporary folder can be made.
pub(super) const NO_TEMPORARY: i32 = 96;

/// Our folder, in `$d`.
pub(super) const FOLDER: &str = r#"d="${XDG_CACHE_HOME:-$HOME/.cache}/lastgood""#;

/// Takes everything of ours away, and names it.
pub(super) const REMOVE: &str = r#"d="${XDG_CACHE_HOME:-$HOME/.cache}/lastgood"
for a in "$d"/agent-* "$d"/.agent-* "$d"/images-* "$d"/artifact-*; do if [ -f "$a" ]; then rm -f "$a" && echo "$a" || exit 1; fi; done
if [ -d "$d" ]; then rmdir "$d" 2>/dev/null || :; fi"#;

/// What is known of a host before it is asked anything.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Surveyed {
    /// What it says of its kind: `Linux x86_64`.
    pub(super) machine: String,
    /// Agents that are there, by their digests.
    agents: Vec<String>,
}

impl Surveyed {
    /// Asks for that.
    pub(super) fn script() -> String {
        format!(
            "uname -sm\n{FOLDER}\nfor a in \"$d\"/agent-*; do if [ -x \"$a\" ]; then echo \"${{a##*/agent-}}\"; fi; done"
        )
    }

    /// What was answered.
    pub(super) fn of(output: &str) -> Self {
        let mut lines = output.lines().map(|line| line.trim().to_owned());
        Self { machine: lines.next().unwrap_or_default(), agents: lines.collect() }
    }

    /// Whether this agent is there.
    pub(super) fn has(&self, digest: &str) -> bool {
        self.agents.iter().any(|agent| agent == digest)
    }
}

/// Puts the agent there, as it comes in. Those that nobody used for a month go.
pub(super) fn bring(digest: &str) -> String {
    format!(
        "{FOLDER}\nset -e; umask 077; mkdir -p \"$d\"; t=\"$d/.agent-$$\"; trap 'rm -f \"$t\"' EXIT\n\
         cat >\"$t\"\n\
         if command -v sha256sum >/dev/null; then\n\
         case \"$(sha256sum <\"$t\")\" in {digest}*) ;; *) echo 'it arrived damaged' >&2; exit 1;; esac\n\
         fi\n\
         chmod 700 \"$t\"; mv -f \"$t\" \"$d/agent-{digest}\"\n\
         find \"$d\" -name 'agent-*' ! -name 'agent-{digest}' -atime +30 -exec rm -f {{}} + || :"
    )
}

/// A question for the agent.
pub(super) struct Errand<'a> {
    /// Which agent.
    pub(super) digest: &'a str,
    /// Where to ask; `None`: where ssh comes out.
    pub(super) folder: Option<&'a str>,
    /// The project that is meant, if that was not typed.
    pub(super) project: Option<&'a str>,
    /// What was typed here, without what only says where to ask.
    pub(super) typed: &'a [String],
    /// Whether settings come in on standard input.
    pub(super) has_settings: bool,
    /// Whether it writes a folder, which is sent here and lies nowhere afterwards.
    pub(super) is_parcel: bool,
    /// How the answer is to look: as here.
    pub(super) view: View,
}

impl Errand<'_> {
    /// The script.
    pub(super) fn script(&self) -> String {
        let mut script = String::new();
        if let Some(folder) = self.folder {
            // Writing to a string does not fail.
            let _written = writeln!(script, "cd {} 2>/dev/null || exit {NO_FOLDER}", folder_word(folder));
        }
        let View { lang, colour, width, .. } = self.view;
        let color = if colour { "always" } else { "never" };
        let call = if self.is_parcel {
            let _written = write!(
                script,
                "t=$(mktemp -d \"${{TMPDIR:-/tmp}}/lastgood-XXXXXXXX\") || exit {NO_TEMPORARY}\n\
                 trap 'rm -rf \"$t\"' EXIT; trap 'exit 2' HUP INT PIPE TERM\n"
            );
            ""
        } else {
            "exec "
        };
        let _written = write!(
            script,
            "{FOLDER}\nCOLUMNS={width} LC_ALL=C.UTF-8 LASTGOOD_WHO={} {call}\"$d/agent-{}\" --lang {} --color {color}",
            quoted(&who_asks()),
            self.digest,
            lang.name()
        );
        if self.has_settings {
            script += " --config -";
        }
        for (place, word) in self.typed.iter().enumerate() {
            script.push(' ');
            script += &quoted(word);
            // Whatever the settings name as a target is this host. Behind the command, since a `--` may follow.
            if place == 0 {
                script += " --local";
                if self.is_parcel {
                    script += " --parcel \"$t/case\"";
                }
                if let Some(project) = self.project {
                    script += &format!(" --project-name {}", quoted(project));
                }
            }
        }
        if self.is_parcel {
            // Not the last command: the shell has to be there when it ends.
            script += "\nexit $?";
        }
        script
    }
}

/// Who asks from here, for the ledger there: `me@laptop`.
fn who_asks() -> String {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = of("USER").or_else(|| of("LOGNAME")).unwrap_or_else(|| "somebody".to_owned());
    format!("{user}@{}", lastgood_world::host_name().unwrap_or_default())
}

/// A folder, which may begin in the user's home.
fn folder_word(folder: &str) -> String {
    match folder.strip_prefix("~/") {
        Some(rest) => format!("\"$HOME\"/{}", quoted(rest)),
        None if folder == "~" => "\"$HOME\"".to_owned(),
        None => quoted(folder),
    }
}

/// What was typed, without the program's name and what says where to ask, how it looks, and which settings: that is told otherwise.
pub fn retold(arguments: &[String]) -> Vec<String> {
    const TOLD: [&str; 5] = ["--host", "--target", "--lang", "--color", "--config"];
    let mut told = Vec::new();
    let mut words = arguments.iter().skip(1);
    while let Some(word) = words.next() {
        if TOLD.contains(&word.as_str()) {
            words.next();
        } else if !TOLD.iter().any(|flag| word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))) {
            told.push(word.clone());
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lang;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    #[test]
    fn what_was_typed_is_asked_there_and_nothing_breaks_out_of_it() {
        let typed: Vec<String> = ["lastgood", "--lang=ko", "why", "--host", "me@vm", "it's; reboot", "--since", "-2h"]
            .map(str::to_owned)
            .into();
        let typed = retold(&typed);
        assert_eq!(typed, ["why", "it's; reboot", "--since", "-2h"]);
        let view = View { lang: Lang::En, colour: true, unicode: true, width: 72, verbose: false };
        let errand = Errand {
            digest: "ab12",
            folder: Some("~/shop's"),
            project: None,
            typed: &typed,
            has_settings: true,
            is_parcel: false,
            view,
        };
        let asked =
            r#""$d/agent-ab12" --lang en --color always --config - 'why' --local 'it'\''s; reboot' '--since' '-2h'"#;
        let who = quoted(&who_asks());
        let expected = [
            r#"cd "$HOME"/'shop'\''s' 2>/dev/null || exit 97"#,
            FOLDER,
            &format!("COLUMNS=72 LC_ALL=C.UTF-8 LASTGOOD_WHO={who} exec {asked}"),
        ];
        assert_eq!(errand.script(), expected.join("\n"));
    }

    #[test]
    fn agents_that_can_be_run_are_known() {
        let place = tempfile::tempdir().unwrap();
        let asked = || {
            let mut shell = Command::new("sh");
            let output = shell.arg("-c").arg(Surveyed::script()).env("XDG_CACHE_HOME", place.path()).output().unwrap();
            assert!(output.status.success());
            Surveyed::of(&String::from_utf8_lossy(&output.stdout))
        };
        let fresh = asked();
        assert!(fresh.machine.contains(' ') && fresh.agents.is_empty(), "{fresh:?}");
        let agent = place.path().join("lastgood/agent-ab12");
        fs::create_dir(place.path().join("lastgood")).unwrap();
        fs::write(&agent, "").unwrap();
        assert!(!asked().has("ab12"), "it cannot be run");
        fs::set_permissions(&agent, Permissions::from_mode(0o700)).unwrap();
        assert!(asked().has("ab12") && !asked().has("ab1"));
    }

    /// The script itself, with a program in the agent's place that ends in some way.
    #[test]
    fn of_a_parcel_nothing_stays_whatever_happens() {
        let place = tempfile::tempdir().unwrap();
        let (cache, temporary) = (place.path().join("cache/lastgood"), place.path().join("tmp"));
        fs::create_dir_all(&cache).unwrap();
        fs::create_dir(&temporary).unwrap();
        let view = View { lang: Lang::En, colour: false, unicode: true, width: 72, verbose: false };
        let typed = ["capture", "-o", "a case"].map(str::to_owned);
        let errand = Errand {
            digest: "ab12",
            folder: None,
            project: None,
            typed: &typed,
            has_settings: false,
            is_parcel: true,
            view,
        };
        for (ends, code) in [("exit 0", 0), ("exit 2", 2), ("kill -KILL $$", 137), ("kill -TERM $PPID", 2)] {
            let agent = cache.join("agent-ab12");
            let text = format!(
                "#!/bin/sh\nmkdir -p \"$8\"; echo x >\"$8/x\"; echo \"$*\"; ls {}\n{ends}\n",
                temporary.display()
            );
            fs::write(&agent, text).unwrap();
            fs::set_permissions(&agent, Permissions::from_mode(0o700)).unwrap();
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(errand.script()).env("XDG_CACHE_HOME", place.path().join("cache"));
            let output = shell.env("TMPDIR", &temporary).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("--local --parcel ") && said.contains("\nlastgood-"), "{ends}: {said}");
            assert_eq!(output.status.code(), Some(code), "{ends}");
            assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "{ends}");
        }
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(errand.script()).env("TMPDIR", place.path().join("nowhere"));
        assert_eq!(shell.output().unwrap().status.code(), Some(NO_TEMPORARY));
    }
}
