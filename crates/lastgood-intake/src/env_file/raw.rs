//! The dialect of `docker run --env-file`: a line is a key, `=`, and everything behind it, quotes and signs included.

use std::sync::Arc;

use lastgood_model::Secret;
use lastgood_model::stack::EnvEntry;

use super::EnvRead;

pub(super) fn read(text: &str, outside: &dyn Fn(&str) -> Option<String>) -> EnvRead {
    let mut read = EnvRead::default();
    for (index, line) in text.lines().enumerate() {
        let number = index as u64 + 1;
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (line, outside(line)),
        };
        if key.is_empty() || key.contains(char::is_whitespace) {
            let why = if key.is_empty() { "no variable name" } else { "variable name contains whitespace" };
            read.fault = Some((number, Arc::from(why)));
            return read;
        }
        read.entries.push(EnvEntry {
            key: Arc::from(key),
            carriage_return: value.as_ref().is_some_and(|value| value.contains('\r')),
            value: value.map(Secret::from),
            line: number,
            lost_dollar: false,
        });
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_they_stand() {
        let read = read("A='x y' # z\n\n# no\n  B=$X\nSHELL\nGONE\nC=\n", &|key| (key == "SHELL").then(|| "sh".into()));
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
    fn a_key_with_a_blank_is_refused() {
        assert_eq!(read("A=1\nB C=2\n", &|_| None).fault.map(|(line, _)| line), Some(2));
        assert_eq!(read("=2\n", &|_| None).fault.map(|(line, _)| line), Some(1));
    }
}
