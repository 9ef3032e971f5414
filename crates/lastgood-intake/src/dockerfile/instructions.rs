//! A Dockerfile as instructions, each with the line that it begins on: continued lines joined, comments and here-documents
//! taken out. What an instruction means is not known here.

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// Where it begins, from 1.
    pub(super) line: u64,
    /// `FROM`, in capitals.
    pub(super) name: String,
    /// What stands behind its name, in one line.
    pub(super) rest: String,
}

/// Instructions in which here-documents may stand.
const WITH_DOCUMENTS: [&str; 3] = ["RUN", "COPY", "ADD"];

pub(super) fn instructions(text: &str) -> Vec<Instruction> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches('\r')).collect();
    let escape = escape(&lines);
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(first) = lines.get(at) {
        let line = at as u64 + 1;
        at += 1;
        if is_nothing(first) {
            continue;
        }
        let mut whole = String::new();
        let mut next = Some(*first);
        while let Some(part) = next.take() {
            let kept = part.trim_end();
            let Some(kept) = kept.strip_suffix(escape) else {
                whole += part;
                break;
            };
            whole += kept;
            // Comments and blank lines may stand between the parts.
            while lines.get(at).is_some_and(|line| is_nothing(line)) {
                at += 1;
            }
            next = lines.get(at).copied();
            at += 1;
        }
        let whole = whole.trim();
        let (name, rest) = whole.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((whole, ""));
        let name = name.to_ascii_uppercase();
        if WITH_DOCUMENTS.contains(&name.as_str()) {
            for (mark, may_be_indented) in documents(rest) {
                at = behind(&lines, at, &mark, may_be_indented).unwrap_or(at);
            }
        }
        found.push(Instruction { line, name, rest: rest.trim().to_owned() });
    }
    found
}

fn is_nothing(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// What continues a line: a backslash, unless a directive at the very top says otherwise.
fn escape(lines: &[&str]) -> char {
    let directives =
        lines.iter().map_while(|line| line.trim().strip_prefix('#')).filter_map(|line| line.split_once('='));
    let mut escapes = directives.filter(|(name, _)| name.trim().eq_ignore_ascii_case("escape"));
    escapes.next().and_then(|(_, value)| value.trim().chars().next()).filter(|c| "\\`".contains(*c)).unwrap_or('\\')
}

/// Here-documents that an instruction begins: their marks, and whether the end may be indented with tabs.
fn documents(rest: &str) -> Vec<(String, bool)> {
    let marks = rest.split_ascii_whitespace().filter_map(|word| {
        let (descriptor, mark) = word.split_once("<<")?;
        let is_begun = descriptor.bytes().all(|byte| byte.is_ascii_digit());
        let (mark, indented) = mark.strip_prefix('-').map_or((mark, false), |mark| (mark, true));
        let mark = mark.trim_matches(['"', '\'']);
        (is_begun && !mark.is_empty() && !mark.contains('<')).then(|| (mark.to_owned(), indented))
    });
    marks.collect()
}

/// The line behind the end of a here-document; none if it has no end, and so is no document.
fn behind(lines: &[&str], at: usize, mark: &str, may_be_indented: bool) -> Option<usize> {
    let is_end = |line: &&str| {
        let line = if may_be_indented { line.trim_start_matches('\t') } else { line };
        line == mark
    };
    let length = lines.get(at..)?.iter().position(is_end)?;
    Some(at + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, String)> {
        instructions(text).into_iter().map(|one| (one.line, format!("{} {}", one.name, one.rest))).collect()
    }

    fn of(line: u64, text: &str) -> (u64, String) {
        (line, text.to_owned())
    }

    #[test]
    fn lines_are_joined_and_counted() {
        let text = "# syntax=docker/dockerfile:1\nFROM debian:12\n\nrun apt-get update \\\n  # a comment\n\n && apt-get install \\  \n  -y curl\nCMD [\"a\"]";
        let wanted =
            [of(2, "FROM debian:12"), of(4, "RUN apt-get update  && apt-get install   -y curl"), of(9, "CMD [\"a\"]")];
        assert_eq!(read(text), wanted);
    }

    #[test]
    fn the_sign_that_continues_can_be_chosen() {
        let wanted = [of(2, "FROM a"), of(3, "RUN dir c:\\  & echo")];
        assert_eq!(read("# escape=`\nFROM a\nRUN dir c:\\ `\n & echo\n"), wanted);
        // Behind the first line that is no directive it is a comment.
        assert_eq!(read("FROM a\n# escape=`\nRUN a \\\n b\n"), [of(1, "FROM a"), of(3, "RUN a  b")]);
    }

    #[test]
    fn here_documents_are_no_instructions() {
        let text = "FROM a\nRUN <<EOF\nFROM b\nRUN c\nEOF\nCOPY <<-'one' <<\"two\" /etc/\n\tRUN d\n\tone\nRUN e\ntwo\nRUN f <<<g\nRUN cat <<END | sh\nRUN h\n";
        let found = read(text);
        let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
        // The last one has no end, and what follows it counts.
        assert_eq!(lines, [1, 2, 6, 11, 12, 13]);
    }

    #[test]
    fn what_ends_in_the_middle_is_read_so_far() {
        assert_eq!(read("FROM a\r\nRUN b \\\r\n"), [of(1, "FROM a"), of(2, "RUN b")]);
        assert!(read("").is_empty() && read("#\n\n").is_empty());
    }
}
