//! What is run on a host, in POSIX sh: the survey, the agent's coming and going, and the question as it was typed. Everything of ours
//! there lies in one folder of the user's cache.

use std::fmt::Write;

use lastgood_world::ssh::quoted;

use crate::render::answer::View;

/// Ends with this if the project's folder is not there.
pub(super) const NO_FOLDER: i32 = 97;

/// What kind of machine it is.
pub(super) const SURVEY: &str = "uname -sm";

/// Our folder, in `$d`.
const FOLDER: &str = r#"d="${XDG_CACHE_HOME:-$HOME/.cache}/lastgood""#;

/// Takes everything of ours away, and names it.
pub(super) const REMOVE: &str = r#"d="${XDG_CACHE_HOME:-$HOME/.cache}/lastgood"
for a in "$d"/agent-* "$d"/.agent-*; do if [ -f "$a" ]; then rm -f "$a" && echo "$a" || exit 1; fi; done
if [ -d "$d" ]; then rmdir "$d" 2>/dev/null || :; fi"#;

/// Ends well if the agent is there.
pub(super) fn is_there(digest: &str) -> String {
    format!("{FOLDER}\n[ -x \"$d/agent-{digest}\" ]")
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

/// Names those of these images that the engine does not have.
pub(super) fn lacking_images(ids: &[&str]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| quoted(id)).collect();
    format!(
        "docker version >/dev/null || exit 1\nfor i in {}; do docker image inspect \"$i\" >/dev/null 2>&1 || echo \"$i\"; done",
        ids.join(" ")
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
        let _written = write!(
            script,
            "{FOLDER}\nCOLUMNS={width} LC_ALL=C.UTF-8 LASTGOOD_WHO={} exec \"$d/agent-{}\" --lang {} --color {color}",
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
                if let Some(project) = self.project {
                    script += &format!(" --project-name {}", quoted(project));
                }
            }
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

    #[test]
    fn what_was_typed_is_asked_there_and_nothing_breaks_out_of_it() {
        let typed: Vec<String> = ["lastgood", "--lang=ko", "why", "--host", "me@vm", "it's; reboot", "--since", "-2h"]
            .map(str::to_owned)
            .into();
        let typed = retold(&typed);
        assert_eq!(typed, ["why", "it's; reboot", "--since", "-2h"]);
        let view = View { lang: Lang::En, colour: true, unicode: true, width: 72, verbose: false };
        let errand =
            Errand { digest: "ab12", folder: Some("~/shop's"), project: None, typed: &typed, has_settings: true, view };
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
}
