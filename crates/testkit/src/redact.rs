//! What differs from run to run, replaced by something of the same width, so that columns stay where they are.

use std::path::Path;

/// The text with a temporary folder's path replaced.
#[must_use]
pub fn redact(text: &str, folder: &Path) -> String {
    let path = folder.to_string_lossy();
    let name = "[folder]";
    let blind = if path.len() > name.len() {
        format!("[folder{}]", "·".repeat(path.len() - name.len()))
    } else {
        name.to_owned()
    };
    text.replace(path.as_ref(), &blind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_where_they_are() {
        let shown = redact("/tmp/lastgood-x1/a.log  ok", Path::new("/tmp/lastgood-x1"));
        assert_eq!(shown, "[folder········]/a.log  ok");
        assert_eq!(shown.chars().count(), "/tmp/lastgood-x1/a.log  ok".chars().count());
    }
}
