//! Which line of a build says what is wrong: as compilers, package managers, test runners and shells print their errors. What
//! stands around it, and which step it belongs to, is the matter of `build_log.rs`.

use lastgood_model::BuildError;

/// What a line says is wrong, and what it names; `None` if it says nothing of the kind.
pub(crate) fn read(line: &str) -> Option<(BuildError, &str)> {
    let text = line.trim_ascii();
    let lower = text.to_ascii_lowercase();
    let says = |part: &str| lower.contains(part);
    if shows_a_program(text) {
        return Some((BuildError::WrongArchitecture, text.split(": ").next().unwrap_or_default()));
    }
    if says("exec format error")
        || says(" enoexec")
        || says("invalid elf image for this architecture")
        || says("qemu: uncaught target signal")
    {
        return Some((
            BuildError::WrongArchitecture,
            before(text, ": Exec format error").or(quoted(text)).unwrap_or_default(),
        ));
    }
    if says("no space left on device") {
        return Some((BuildError::NoSpace, ""));
    }
    // `/bin/sh: 1: npm: not found`, `sh: vite: command not found`
    if let Some(head) = before_end(text, ": not found").or_else(|| before_end(text, ": command not found"))
        && text.contains("sh: ")
    {
        return Some((BuildError::ProgramMissing, last_word(head)));
    }
    let missing = text.strip_prefix("exec ").and_then(|rest| rest.strip_suffix(": no such file or directory"));
    let spawned = || text.split_once("spawn").and_then(|(_, rest)| rest.strip_suffix(" ENOENT")?.split(' ').nth(1));
    if let Some(program) = missing.or_else(spawned) {
        return Some((BuildError::ProgramMissing, program));
    }
    if says("executable file not found in $path") {
        return Some((BuildError::ProgramMissing, quoted(text).unwrap_or_default()));
    }
    for lead in [
        "Cannot find module '",
        "Cannot find package '",
        "No module named '",
        "Module not found: Error: Can't resolve '",
        "Could not resolve \"",
    ] {
        if let Some((_, rest)) = text.split_once(lead) {
            return Some((BuildError::ModuleMissing, rest.split(['\'', '"']).next().unwrap_or_default()));
        }
    }
    if says("failed to compute cache key")
        || says("failed to calculate checksum")
        || says("copy failed: ")
        || says("unable to access jarfile")
    {
        return Some((BuildError::ModuleMissing, quoted(text).unwrap_or_default()));
    }
    if says("no matching distribution found")
        || says("could not find a version that satisfies")
        || says("npm error 404")
        || says("npm err! 404")
    {
        return Some((
            BuildError::PackageMissing,
            after(text, &["found for ", "requirement "]).or(quoted(text)).unwrap_or(""),
        ));
    }
    if says("manifest unknown")
        || says("no matching manifest")
        || says("could not find artifact")
        || says("unable to locate package")
        || says("404 not found") && says("error")
        || says("failed to resolve source metadata") && says("not found")
    {
        let name = after(text, &["source metadata for ", "manifest for ", "artifact ", "package "]);
        return Some((BuildError::PackageMissing, name.unwrap_or_default()));
    }
    if says("pull access denied")
        || says("401 unauthorized")
        || says("403 forbidden")
        || says("denied: ")
        || says("authentication required")
    {
        return Some((BuildError::Denied, ""));
    }
    if says("could not resolve host")
        || says("temporary failure in name resolution")
        || says("temporary failure resolving")
        || says("getaddrinfo enotfound")
        || says("eai_again")
        || says("no such host")
        || says("i/o timeout")
        || says("etimedout")
    {
        return Some((BuildError::NoAnswer, ""));
    }
    if says("dockerfile parse error") || says("unknown instruction") || says("failed to read dockerfile") {
        return Some((BuildError::Malformed, ""));
    }
    if is_test(text) {
        let name = ["--- FAIL: ", "FAILED ", "FAIL "].iter().find_map(|begin| text.strip_prefix(begin));
        let name = name.and_then(|rest| rest.split_whitespace().next());
        return Some((BuildError::TestFailed, name.unwrap_or_default()));
    }
    if let Some(place) = refused(text) {
        return Some((BuildError::Refused, place));
    }
    is_other(text, &lower).then_some((BuildError::Other, ""))
}

/// A shell that was given a program of another machine to read, and reads its header.
pub(crate) fn shows_a_program(text: &str) -> bool {
    text.contains("\u{7f}ELF")
}

/// `--- FAIL: TestAdd`, `FAILED test_a.py::test_add`, `not ok 1 - adds`, `FAIL src/a.test.ts`, `Tests run: 1, Failures: 1`
fn is_test(text: &str) -> bool {
    let begins = ["--- FAIL: ", "FAILED ", "not ok ", "FAIL ", "FAIL\t", "✕ ", "✖ ", "● ", "E       assert"];
    begins.iter().any(|begin| text.starts_with(begin))
        || text.contains("Tests run: ") && !text.contains("Failures: 0, Errors: 0")
        || text.contains("AssertionError")
}

/// Where a compiler refuses the source, empty where it does not say: `a.ts(1,7): error TS2322: …`, `./main.go:2:15: …`,
/// `[ERROR] /app/A.java:[1,28] …`, `a.c:3:5: error: …`, `error[E0308]: …`
fn refused(text: &str) -> Option<&str> {
    if let Some((place, _)) = text.split_once(": error TS") {
        return Some(place);
    }
    let java = text.strip_prefix("[ERROR] ").filter(|rest| rest.contains(".java:[") || rest.contains(".kt:["));
    if let Some(rest) = java {
        return rest.split(' ').next();
    }
    let named = place(text).filter(|(file, _)| file.ends_with(".go") || text.contains(": error: "));
    if let Some((_, place)) = named {
        return Some(place);
    }
    let begins = ["error TS", "error[E", "error: could not compile", "SyntaxError: ", "IndentationError: "];
    begins.iter().any(|begin| text.starts_with(begin)).then_some("")
}

/// `./main.go` and `./main.go:2:15` of `./main.go:2:15: undefined: x`
fn place(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.splitn(4, ':');
    let file = parts.next().filter(|file| file.contains('.') && !file.contains(' '))?;
    let mut number = || parts.next().filter(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let (line, column) = (number()?, number()?);
    Some((file, text.get(..file.len() + line.len() + column.len() + 2)?))
}

fn is_other(text: &str, lower: &str) -> bool {
    const HARMLESS: [&str; 7] =
        ["0 errors", "no errors", "error-", "warning", "errors: 0", "--no-error", "npm error a complete log"];
    let begins =
        ["error:", "error ", "fatal:", "fatal error", "npm error", "npm err!", "e: ", "panic:", "[error]", "err!"];
    let class =
        text.split([':', ' ']).next().is_some_and(|word| word.ends_with("Error") || word.ends_with("Exception"));
    !HARMLESS.iter().any(|part| lower.contains(part))
        && (begins.iter().any(|begin| lower.starts_with(begin)) || class || lower.contains("failed with exit code"))
}

/// What stands in the first quotes.
fn quoted(text: &str) -> Option<&str> {
    let begin = text.find(['"', '\''])?;
    let mark = text.get(begin..=begin)?;
    text.get(begin + 1..)?.split(mark).next().filter(|name| !name.is_empty())
}

/// The word after the first of these phrases that stands there.
fn after<'t>(text: &'t str, phrases: &[&str]) -> Option<&'t str> {
    let (_, rest) = phrases.iter().find_map(|phrase| text.split_once(phrase))?;
    rest.split_whitespace().next().map(|word| word.trim_matches(['\'', '"', ':', ',']))
}

/// The word before a phrase.
fn before<'t>(text: &'t str, phrase: &str) -> Option<&'t str> {
    text.split_once(phrase).map(|(head, _)| last_word(head))
}

fn before_end<'t>(text: &'t str, phrase: &str) -> Option<&'t str> {
    text.strip_suffix(phrase)
}

fn last_word(text: &str) -> &str {
    text.rsplit([' ', ':']).next().unwrap_or_default().trim_matches(['\'', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_many_tools() {
        for (line, kind, name) in [
            ("/bin/sh: 1: node: Exec format error", BuildError::WrongArchitecture, "node"),
            ("env: can't execute 'node': Exec format error", BuildError::WrongArchitecture, "node"),
            ("exec /usr/bin/node: exec format error", BuildError::WrongArchitecture, ""),
            ("/usr/bin/node: 1: \u{7f}ELF\u{2}\u{1}x: not found", BuildError::WrongArchitecture, "/usr/bin/node"),
            ("Error: spawnSync /page/style ENOEXEC", BuildError::WrongArchitecture, ""),
            ("Error: spawnSync /page/style ENOENT", BuildError::ProgramMissing, "/page/style"),
            ("exec /bin/sh: no such file or directory", BuildError::ProgramMissing, "/bin/sh"),
            ("/bin/sh: 1: npm: not found", BuildError::ProgramMissing, "npm"),
            ("sh: vite: command not found", BuildError::ProgramMissing, "vite"),
            (
                "Error [ERR_MODULE_NOT_FOUND]: Cannot find module '/app/missing.mjs' imported from /app/build.mjs",
                BuildError::ModuleMissing,
                "/app/missing.mjs",
            ),
            ("ModuleNotFoundError: No module named 'numpyx'", BuildError::ModuleMissing, "numpyx"),
            ("ERROR: No matching distribution found for nosuchpackage", BuildError::PackageMissing, "nosuchpackage"),
            ("npm error 404 Not Found - GET https://registry.npmjs.org/nosuchpackage", BuildError::PackageMissing, ""),
            (
                "a.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.",
                BuildError::Refused,
                "a.ts(1,7)",
            ),
            ("./main.go:2:15: declared and not used: x", BuildError::Refused, "./main.go:2:15"),
            (
                "[ERROR] /app/src/main/java/A.java:[1,28] incompatible types",
                BuildError::Refused,
                "/app/src/main/java/A.java:[1,28]",
            ),
            ("error[E0308]: mismatched types", BuildError::Refused, ""),
            ("--- FAIL: TestAdd (0.00s)", BuildError::TestFailed, "TestAdd"),
            ("FAILED test_a.py::test_add - assert (1 + 1) == 3", BuildError::TestFailed, "test_a.py::test_add"),
            ("not ok 1 - adds", BuildError::TestFailed, ""),
            ("npm error code ELIFECYCLE", BuildError::Other, ""),
            ("npm ERR! code ELIFECYCLE", BuildError::Other, ""),
            ("fatal: not a git repository", BuildError::Other, ""),
            ("E: Unable to locate package nodejsx", BuildError::PackageMissing, "nodejsx"),
        ] {
            assert_eq!(read(line), Some((kind, name)), "{line}");
        }
    }

    #[test]
    fn what_says_nothing_bad() {
        for line in [
            "",
            "> shop@1.0.0 build",
            "added 12 packages, 0 errors",
            "WARNING: x is deprecated",
            "transferring context: 2B done",
            "npm error A complete log of this run can be found in: /root/x",
            "compiled with 1 warning",
            "src/errors.ts compiled",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
