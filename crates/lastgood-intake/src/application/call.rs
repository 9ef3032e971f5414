//! Lines in which HTTP clients say whom they asked and what came back: those of Python, Node, Go and Java. A line of one's own
//! access log names no host and is none.

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call<'a> {
    /// Empty where it is not said.
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    /// `None`: no answer came.
    pub(crate) status: Option<u16>,
}

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
/// A status stands this near to its address.
const NEAR: usize = 48;

/// The call that a message tells of.
pub(crate) fn read(message: &str) -> Option<Call<'_>> {
    if let Some(call) = pool(message) {
        return Some(call);
    }
    let at = message.find("http://").or_else(|| message.find("https://"))?;
    let (before, from) = message.split_at_checked(at)?;
    let url = &from[..from
        .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ')' | ']' | '>' | ','))
        .unwrap_or(from.len())];
    let behind = &from[url.len()..];
    let (host, port) = place(url)?;
    // `http://kc:8080 "POST /x HTTP/1.1" 200 12`, of urllib3.
    if let Some(rest) = behind.strip_prefix(" \"")
        && let Some((request, rest)) = rest.split_once("\" ")
        && let Some(method) = request.split(' ').next().filter(|method| METHODS.contains(method))
        && request.contains(" HTTP/")
    {
        return Some(Call { method, host, port, status: Some(leading_status(rest)?) });
    }
    let method = method_at_end(before);
    // `HTTP Request: POST http://kc:8080/x "HTTP/1.1 200 OK"`, of httpx.
    if let Some(rest) = behind.strip_prefix(" \"HTTP/") {
        let status = rest.split_once(' ').and_then(|(_, rest)| leading_status(rest))?;
        return Some(Call { method: method?, host, port, status: Some(status) });
    }
    // `Post "http://kc:8080/x": dial tcp …`, of Go; `I/O error on POST request for "http://kc:8080/x": …`, of Spring.
    if let Some(error) = behind.strip_prefix("\": ").filter(|error| !error.is_empty())
        && let Some(method) = method_of_failure(before)
    {
        return Some(Call { method, host, port, status: status_told(error) });
    }
    // `<-- 200 OK http://kc:8080/x (12ms)`, of OkHttp; `401 Unauthorized from POST http://kc:8080/x`, of Spring's WebClient;
    // `'503 Service Unavailable' for url 'http://kc:8080/x'`, of httpx; `[503] during [GET] to [http://kc:8080/x]`, of Feign.
    let told = before.rfind("<-- ").map(|at| &before[at + 4..]);
    let told = told.or_else(|| before.strip_suffix("' for url '")?.rsplit_once('\'').map(|(_, status)| status));
    let told = told.or_else(|| before.contains(" from ").then_some(before).filter(|_| method.is_some()));
    let told = told.or_else(|| before.strip_suffix("] to [")?.split_once('[').map(|(_, status)| status));
    if let Some(status) = told.and_then(leading_status) {
        let method = method.or_else(|| METHODS.iter().find(|method| before.contains(**method)).copied());
        return Some(Call { method: method.unwrap_or_default(), host, port, status: Some(status) });
    }
    // `POST http://kc:8080/x 200`, `POST http://kc:8080/x -> 200`, `POST http://kc:8080/x (status: 503)`
    let method = method?;
    let near = behind.char_indices().take_while(|(at, _)| *at < NEAR).last().map_or(0, |(at, c)| at + c.len_utf8());
    let status = status_told(&behind[..near])?;
    Some(Call { method, host, port, status: Some(status) })
}

/// `HTTPConnectionPool(host='kc', port=8080): Max retries exceeded with url: /x`, of requests.
fn pool(message: &str) -> Option<Call<'_>> {
    let (_, rest) = message.split_once("ConnectionPool(host='")?;
    let (host, rest) = rest.split_once("', port=")?;
    let (port, _) = rest.split_once("): ")?;
    Some(Call { method: "", host, port: port.parse().ok()?, status: None })
}

/// Host and port of an address.
fn place(url: &str) -> Option<(&str, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let usual = if scheme == "https" { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            (host, port.parse().ok()?)
        }
        _ => (authority.trim_end_matches(':'), usual),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    (!host.is_empty() && host.len() <= 253 && host.chars().all(fits)).then_some((host, port))
}

/// A method as the last word of a text.
fn method_at_end(before: &str) -> Option<&'static str> {
    let word =
        before.trim_end_matches([' ', '"', '\'', '[', '`', '(', ':']).rsplit([' ', '[', '"', '(', '=']).next()?;
    METHODS.into_iter().find(|method| *method == word)
}

/// The method of a call that failed, as Go (`Post "`) and Spring (`POST request for "`) write it.
fn method_of_failure(before: &str) -> Option<&'static str> {
    let before = before.strip_suffix('"')?.trim_end();
    let before = before.strip_suffix(" request for").unwrap_or(before);
    let word = before.rsplit([' ', '"']).next()?;
    METHODS.into_iter().find(|method| method.eq_ignore_ascii_case(word))
}

fn leading_status(text: &str) -> Option<u16> {
    let digits = text.get(..3)?;
    let ends = !text[3..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.');
    digits.parse().ok().filter(|status| ends && (100..=599).contains(status))
}

/// The first number of three digits that is a status: nothing but marks and the word for it before.
fn status_told(text: &str) -> Option<u16> {
    let mut rest = text.trim_start_matches([' ', '"', '\'', '(', '[', ')', ']', '-', '=', '>', ':', '→', ',']);
    for word in ["status code", "status", "HTTP/1.1", "HTTP/2.0", "HTTP/1.0", "code", "returned", "response"] {
        rest = rest.strip_prefix(word).unwrap_or(rest).trim_start_matches([' ', '=', ':', '"']);
    }
    leading_status(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_many_languages() {
        for (message, method, place, status) in [
            (
                r#"HTTP Request: POST http://econipass-keycloak:8080/realms/x/token "HTTP/1.1 200 OK""#,
                "POST",
                "econipass-keycloak:8080",
                Some(200),
            ),
            (r#"http://kc:8080 "POST /realms/x HTTP/1.1" 401 312"#, "POST", "kc:8080", Some(401)),
            ("POST http://kc:8080/x 200", "POST", "kc:8080", Some(200)),
            ("POST http://kc/x -> 503 (12 ms)", "POST", "kc:80", Some(503)),
            ("[DEBUG] POST https://user:pw@kc/x (status: 503): retrying in 1s", "POST", "kc:443", Some(503)),
            (
                r#"Post "http://kc:8080/x": dial tcp 172.18.0.9:8080: connect: connection refused"#,
                "POST",
                "kc:8080",
                None,
            ),
            (r#"I/O error on POST request for "http://kc:8080/x": Connection refused"#, "POST", "kc:8080", None),
            ("<-- 200 OK http://kc:8080/x (12ms, 34-byte body)", "", "kc:8080", Some(200)),
            ("401 Unauthorized from POST http://kc:8080/x", "POST", "kc:8080", Some(401)),
            ("Server error '503 Service Unavailable' for url 'http://kc:8080/x'", "", "kc:8080", Some(503)),
            ("[503 Service Unavailable] during [GET] to [http://kc:8080/x] [Kc#x()]", "GET", "kc:8080", Some(503)),
            ("HTTPConnectionPool(host='kc', port=8080): Max retries exceeded with url: /x", "", "kc:8080", None),
        ] {
            let call = read(message).map(|call| (call.method, format!("{}:{}", call.host, call.port), call.status));
            assert_eq!(call, Some((method, place.to_owned(), status)), "{message}");
        }
    }

    #[test]
    fn what_is_no_call() {
        for message in [
            "",
            "Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",
            "GET /x HTTP/1.1 200",
            "see http://docs.example/errors/200 for more",
            "POST http://kc:8080/x",
            "listening on https://0.0.0.0:8443",
            "http://",
            "POST http://kc:8080/x 2000",
            "(Background on this error at: https://sqlalche.me/e/20/e3q8)",
        ] {
            assert_eq!(read(message), None, "{message}");
        }
    }
}
