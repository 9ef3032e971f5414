//! The output of `systemctl list-unit-files`, with or without header and footer, in any language.
//! It says what starts at boot, not what runs.

use lastgood_model::{Fact, UnitFileState};

use crate::scan::{Line, Sink};

const SUFFIXES: [&str; 11] = [
    ".service",
    ".socket",
    ".timer",
    ".target",
    ".path",
    ".mount",
    ".automount",
    ".swap",
    ".slice",
    ".scope",
    ".device",
];
const STATES: [(&str, UnitFileState); 14] = [
    ("enabled", UnitFileState::Enabled),
    ("enabled-runtime", UnitFileState::Enabled),
    ("alias", UnitFileState::Enabled),
    ("generated", UnitFileState::Enabled),
    ("disabled", UnitFileState::Disabled),
    ("masked", UnitFileState::Masked),
    ("masked-runtime", UnitFileState::Masked),
    ("static", UnitFileState::Other),
    ("indirect", UnitFileState::Other),
    ("linked", UnitFileState::Other),
    ("linked-runtime", UnitFileState::Other),
    ("transient", UnitFileState::Other),
    ("bad", UnitFileState::Other),
    ("bad-setting", UnitFileState::Other),
];

/// Reads one line.
pub(crate) fn line(line: &[u8], number: u64, sink: &mut impl Sink) -> Line {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let Some(Ok(unit)) = words.next().map(str::from_utf8) else {
        return if line.trim_ascii().is_empty() { Line::Other } else { Line::Unreadable };
    };
    if !SUFFIXES.iter().any(|suffix| unit.len() > suffix.len() && unit.ends_with(suffix)) {
        // Header and footer are words; anything else that is no unit has lost its beginning or its end.
        let is_words = !unit.contains('.') && !line.iter().any(|byte| *byte < 0x20 && *byte != b'\t');
        return if is_words { Line::Other } else { Line::Unreadable };
    }
    let state = words.next().and_then(|word| STATES.iter().find(|(name, _)| name.as_bytes() == word));
    let Some((_, state)) = state else { return Line::Unreadable };
    sink.fact(None, Fact::UnitFile { unit: unit.into(), state: *state }, number);
    Line::Parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use lastgood_model::UnixMs;

    struct Units(Vec<(String, UnitFileState, u64)>);

    impl Sink for Units {
        fn fact(&mut self, at: Option<UnixMs>, fact: Fact, line: u64) {
            assert_eq!(at, None);
            match fact {
                Fact::UnitFile { unit, state } => self.0.push((unit.to_string(), state, line)),
                fact => panic!("{fact:?}"),
            }
        }
    }

    fn read(text: &str) -> (Vec<Line>, Vec<(String, UnitFileState, u64)>) {
        let mut units = Units(Vec::new());
        let lines = text.lines().zip(1..).map(|(text, number)| line(text.as_bytes(), number, &mut units)).collect();
        (lines, units.0)
    }

    #[test]
    fn rows_are_facts_and_the_rest_is_not() {
        let (lines, units) = read(
            "UNIT FILE                 STATE           VENDOR PRESET\n\
             nginx.service             enabled         enabled\n\
             toggle-app.service        disabled        enabled\n\
             getty@.service            alias           -\n\
             ssh.socket                masked          enabled\n\
             \n\
             4 unit files listed.\n",
        );
        use Line::{Other, Parsed};
        assert_eq!(lines, [Other, Parsed, Parsed, Parsed, Parsed, Other, Other]);
        assert_eq!(units[0], ("nginx.service".into(), UnitFileState::Enabled, 2));
        assert_eq!(units[1], ("toggle-app.service".into(), UnitFileState::Disabled, 3));
        assert_eq!(units[3], ("ssh.socket".into(), UnitFileState::Masked, 5));
    }

    #[test]
    fn cut_rows_are_unreadable() {
        assert_eq!(read("nginx.service enab\n.service enabled\nnginx.serv").0, [Line::Unreadable; 3]);
    }
}
