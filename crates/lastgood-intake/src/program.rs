//! The beginning of a program's file: for which machine it is made, or which program reads it. Headers of ELF, and of what
//! other systems run and is copied into images by mistake.

use std::sync::Arc;

/// So many bytes of a file are enough.
pub const BEGINNING: usize = 256;

/// What a file is, by its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// Machine code, with the architecture in Docker's words; of another system than Linux with that before it: `darwin/arm64`.
    Code(Arc<str>),
    /// A script, and the program that reads it.
    Script(Arc<str>),
}

/// Reads it; `None` if it is neither.
#[must_use]
pub fn program(beginning: &[u8]) -> Option<Program> {
    if let Some(line) = beginning.strip_prefix(b"#!") {
        let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let mut words = line.split_ascii_whitespace();
        let interpreter = words.next()?;
        // `env` looks up what stands behind it.
        let is_env = interpreter.rsplit('/').next() == Some("env");
        let meant = words.find(|word| is_env && !word.starts_with('-') && !word.contains('='));
        return Some(Program::Script(Arc::from(meant.unwrap_or(interpreter))));
    }
    elf(beginning).or_else(|| mach(beginning)).or_else(|| pe(beginning)).map(|name| Program::Code(Arc::from(name)))
}

/// What loaders say when a module is not for the machine, or is not there.
const COMPLAINTS: [&str; 5] = [
    "invalid elf header",
    "wrong elf class",
    "cannot open shared object file",
    "error loading shared library",
    "exec format error",
];

/// Whether a line is a loader's complaint of a module.
fn is_complaint_of_a_module(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    COMPLAINTS.iter().any(|complaint| line.contains(complaint))
}

/// The file that a loader complains of, if it says where it is: `/app/node_modules/x/build/x.node`, `/usr/lib/libx.so.1`.
#[must_use]
pub fn module_in(line: &str) -> Option<&str> {
    if !is_complaint_of_a_module(line) {
        return None;
    }
    let ends = |c: char| c.is_whitespace() || matches!(c, ':' | '"' | '\'' | '(' | ')' | ',');
    let mut words = line.split(ends);
    words.find(|word| word.starts_with('/') && is_module(word))
}

/// Whether a file is, by its name, code that programs load: `x.node`, `libx.so`, `libx.so.1`.
#[must_use]
pub fn is_module(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with(".node") || name.ends_with(".so") || name.contains(".so.")
}

fn elf(bytes: &[u8]) -> Option<String> {
    const MAGIC: &[u8] = b"\x7fELF";
    if !bytes.starts_with(MAGIC) {
        return None;
    }
    let (class, order) = (*bytes.get(4)?, *bytes.get(5)?);
    let machine = [*bytes.get(18)?, *bytes.get(19)?];
    let (machine, is_little) = match order {
        1 => (u16::from_le_bytes(machine), true),
        2 => (u16::from_be_bytes(machine), false),
        _ => return None,
    };
    let name = match (machine, class, is_little) {
        (3, ..) => "386",
        (8, 1, true) => "mipsle",
        (8, 1, false) => "mips",
        (8, _, true) => "mips64le",
        (8, _, false) => "mips64",
        (21, _, true) => "ppc64le",
        (21, _, false) => "ppc64",
        (22, ..) => "s390x",
        (40, ..) => "arm",
        // With 32-bit pointers it is still for that processor.
        (62, ..) => "amd64",
        (183, ..) => "arm64",
        (243, 2, _) => "riscv64",
        (258, 2, _) => "loong64",
        _ => return Some(format!("machine-{machine}")),
    };
    Some(name.to_owned())
}

/// What macOS runs, for one processor or for several.
fn mach(bytes: &[u8]) -> Option<String> {
    let word = |at: usize| -> Option<[u8; 4]> { bytes.get(at..at + 4)?.try_into().ok() };
    let name = match word(0)? {
        [0xcf, 0xfa, 0xed, 0xfe] => match u32::from_le_bytes(word(4)?) {
            0x0100_0007 => "darwin/amd64",
            0x0100_000c => "darwin/arm64",
            _ => "darwin",
        },
        // Java's classes begin with the same word; the next one is their version, and no such small number of processors.
        [0xca, 0xfe, 0xba, 0xbe] if (1..=8).contains(&u32::from_be_bytes(word(4)?)) => "darwin",
        _ => return None,
    };
    Some(name.to_owned())
}

/// What Windows runs.
fn pe(bytes: &[u8]) -> Option<String> {
    let at = usize::try_from(u32::from_le_bytes(bytes.get(60..64)?.try_into().ok()?)).ok()?;
    let is_dos = bytes.starts_with(b"MZ");
    let header = bytes.get(at..at.checked_add(6)?);
    match header {
        Some([b'P', b'E', 0, 0, machine @ ..]) if is_dos => Some(
            match machine {
                [0x64, 0x86] => "windows/amd64",
                [0x64, 0xaa] => "windows/arm64",
                _ => "windows",
            }
            .to_owned(),
        ),
        // Its header may lie behind what was read.
        None if is_dos => Some("windows".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(class: u8, order: u8, machine: u16) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', class, order]);
        bytes[18..20].copy_from_slice(&if order == 1 { machine.to_le_bytes() } else { machine.to_be_bytes() });
        bytes
    }

    fn code(name: &str) -> Option<Program> {
        Some(Program::Code(Arc::from(name)))
    }

    #[test]
    fn elf_says_its_machine() {
        for (class, order, machine, name) in [
            (2, 1, 62, "amd64"),
            (2, 1, 183, "arm64"),
            (1, 1, 40, "arm"),
            (1, 1, 3, "386"),
            (2, 1, 243, "riscv64"),
            (2, 1, 21, "ppc64le"),
            (2, 2, 22, "s390x"),
            (2, 1, 9999, "machine-9999"),
        ] {
            assert_eq!(program(&header(class, order, machine)), code(name));
        }
        assert_eq!(program(&header(2, 7, 62)), None);
        assert_eq!(program(b"\x7fELF\x02\x01"), None);
    }

    #[test]
    fn scripts_name_their_reader() {
        let of = |text: &str| match program(text.as_bytes()) {
            Some(Program::Script(reader)) => reader.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(of("#!/bin/sh\nexec \"$@\"\n"), "/bin/sh");
        assert_eq!(of("#! /bin/bash -e\r\n"), "/bin/bash");
        assert_eq!(of("#!/usr/bin/env node\n"), "node");
        assert_eq!(of("#!/usr/bin/env -S A=1 python3 -u\n"), "python3");
        assert_eq!(program(b"#!\n"), None);
        assert_eq!(program(b"echo no first line\n"), None);
    }

    #[test]
    fn programs_of_other_systems() {
        assert_eq!(program(b"\xcf\xfa\xed\xfe\x0c\x00\x00\x01rest"), code("darwin/arm64"));
        assert_eq!(program(b"\xca\xfe\xba\xbe\x00\x00\x00\x02rest"), code("darwin"));
        // A class of Java 17.
        assert_eq!(program(b"\xca\xfe\xba\xbe\x00\x00\x00\x3drest"), None);
        let mut windows = vec![0; 128];
        windows[..2].copy_from_slice(b"MZ");
        windows[60] = 64;
        windows[64..70].copy_from_slice(b"PE\0\0\x64\xaa");
        assert_eq!(program(&windows), code("windows/arm64"));
    }

    #[test]
    fn a_loader_names_the_module() {
        for (line, module) in [
            (
                "Error: /app/node_modules/bcrypt/lib/bcrypt_lib.node: invalid ELF header",
                "/app/node_modules/bcrypt/lib/bcrypt_lib.node",
            ),
            (
                "ImportError: /usr/lib/python3/_x.cpython-313.so: wrong ELF class: ELFCLASS32",
                "/usr/lib/python3/_x.cpython-313.so",
            ),
            ("Error loading shared library /app/x.node: Exec format error", "/app/x.node"),
            ("(/opt/lib/libx.so.1: cannot open shared object file: No such file or directory)", "/opt/lib/libx.so.1"),
        ] {
            assert_eq!(module_in(line), Some(module));
        }
        for line in [
            "libx.so.1: cannot open shared object file: No such file or directory",
            "loaded /app/x.node",
            "exec /app/server: exec format error",
        ] {
            assert_eq!(module_in(line), None);
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), magic in 0_usize..5) {
            let magics: [&[u8]; 5] = [b"", b"\x7fELF", b"MZ", b"#!", b"\xcf\xfa\xed\xfe"];
            let _any = program(&[magics[magic], &bytes].concat());
        }
    }
}
