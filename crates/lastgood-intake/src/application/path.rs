//! The path of the request in which an error happened, where the line that reports it says so. Paths of files are none.

/// The path, as Flask (`Exception on /login [POST]`), Django (`Internal Server Error: /login/`), servlets and routers of Node
/// write it; empty if there is none.
pub(crate) fn of(message: &str) -> &str {
    const LEADS: [&str; 9] =
        ["Exception on ", "Internal Server Error: ", "GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "path=", "url="];
    LEADS
        .iter()
        .filter_map(|lead| message.split_once(lead))
        .map(|(_, rest)| rest.trim_start_matches('"'))
        .find_map(path)
        .unwrap_or_default()
}

fn path(text: &str) -> Option<&str> {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ']' | ')')).unwrap_or(text.len());
    let path = text.get(..end)?;
    (path.starts_with('/') && path.len() <= 1_024).then_some(path)
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_of_requests() {
        for (message, path) in [
            ("Exception on /v1/auth/login [POST]", "/v1/auth/login"),
            ("Internal Server Error: /login/", "/login/"),
            ("POST /v1/orders failed", "/v1/orders"),
            ("request failed path=/a status=500", "/a"),
            ("cannot open /app/main.py", ""),
            ("GET http://kc/x 200", ""),
            ("", ""),
        ] {
            assert_eq!(super::of(message), path, "{message}");
        }
    }
}
