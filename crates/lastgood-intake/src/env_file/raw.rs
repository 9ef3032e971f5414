//! The dialect of `docker run --env-file`: a line is a key, `=`, and everything behind it, quotes and signs included. Compose
//! reads `format: raw` with the same code; what each of them gives a bare key is the caller's.

use std::sync::Arc;

use lastgood_model::Secret;
use lastgood_model::stack::EnvEntry;

use super::EnvRead;

/// A line that is longer is refused, in bytes.
const LONGEST: usize = 64 * 1024 - 1;

pub(super) fn read(bytes: &[u8], outside: &dyn Fn(&str) -> Option<String>) -> EnvRead {
    let mut read = EnvRead::default();
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let number = index as u64 + 1;
        match entry(line, number, outside) {
            Ok(entry) => read.entries.extend(entry),
            Err(why) => {
                read.fault = Some((number, Arc::from(why)));
                return read;
            }
        }
    }
    read
}

fn entry(line: &[u8], number: u64, outside: &dyn Fn(&str) -> Option<String>) -> Result<Option<EnvEntry>, &'static str> {
    if line.len() > LONGEST {
        return Err("line too long");
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = std::str::from_utf8(line).map_err(|_| "invalid UTF-8")?.trim_start();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (key, value) = match line.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (line, outside(line)),
    };
    if key.is_empty() {
        return Err("no variable name");
    }
    if key.contains([' ', '\t']) {
        return Err("variable name contains whitespace");
    }
    Ok(Some(EnvEntry {
        key: Arc::from(key),
        carriage_return: value.as_ref().is_some_and(|value| value.contains('\r')),
        splits: value.as_deref().is_some_and(super::splits),
        cut: false,
        value: value.map(Secret::from),
        line: number,
        lost_dollar: false,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_they_stand() {
        let outside = |key: &str| (key == "SHELL").then(|| "sh".into());
        let read = read(b"A='x y' # z\r\n\n# no\n  B=$X\nSHELL\nGONE\nC=\r", &outside);
        let seen: Vec<_> =
            read.entries.iter().map(|e| (&*e.key, e.value.as_ref().map(|v| v.expose().to_owned()), e.line)).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            seen,
            [
                ("A", some("'x y' # z"), 1),
                ("B", some("$X"), 4),
                ("SHELL", some("sh"), 5),
                ("GONE", None, 6),
                ("C", some(""), 7)
            ]
        );
    }

    #[test]
    fn what_docker_refuses_is_refused() {
        let long = [b"A=1\nB=".as_slice(), &[b'x'; LONGEST]].concat();
        for (text, line) in [(&b"A=1\nB C=2\n"[..], 2), (b"=2\n", 1), (b"A=1\n\nB=\xff\n", 3), (&long, 2)] {
            assert_eq!(read(text, &|_| None).fault.map(|(line, _)| line), Some(line));
        }
    }
}
