//! What requests can be grouped by, and the text of a request in each. Grouping itself is done elsewhere.

use crate::access::Request;
use crate::path_template;
use crate::scan::Context;

/// A key of `timeline --by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Host as logged, else the file set's.
    Vhost,
    /// First path segment, as written.
    Segment,
    /// Path template.
    Path,
    /// Address that answered last; `-` if none did.
    Upstream,
    /// Method; `-` if the request line is no HTTP.
    Method,
    /// Status in three digits.
    Status,
    /// Status class: `5xx`; `0xx` for the `009` of an answer that was not HTTP.
    Class,
}

impl Dimension {
    /// All of them, in the order of the manual.
    pub const ALL: [Self; 7] =
        [Self::Vhost, Self::Segment, Self::Path, Self::Upstream, Self::Method, Self::Status, Self::Class];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vhost => "vhost",
            Self::Segment => "segment",
            Self::Path => "path",
            Self::Upstream => "upstream",
            Self::Method => "method",
            Self::Status => "status",
            Self::Class => "class",
        }
    }

    /// The dimension of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }
}

/// Appends the text of a request in one dimension, bytes as logged.
#[inline]
pub fn dimension(request: &Request<'_>, dimension: Dimension, context: &Context, out: &mut Vec<u8>) {
    let digit = |n: u16| b'0' + u8::try_from(n % 10).unwrap_or(0);
    match dimension {
        Dimension::Vhost => out.extend_from_slice(vhost(request, context)),
        Dimension::Segment => out.extend_from_slice(path_template::segment(request.target)),
        Dimension::Path => path_template::template(request.target, out),
        Dimension::Upstream => out.extend_from_slice(request.upstream().unwrap_or(b"-")),
        Dimension::Method if request.method.is_empty() => out.push(b'-'),
        Dimension::Method => out.extend_from_slice(request.method),
        Dimension::Status => {
            out.extend([digit(request.status / 100), digit(request.status / 10), digit(request.status)]);
        }
        Dimension::Class => out.extend([digit(request.status / 100), b'x', b'x']),
    }
}

/// The host of a request: as logged, else the name of the file set.
#[inline]
#[must_use]
pub fn vhost<'a>(request: &Request<'a>, context: &'a Context) -> &'a [u8] {
    if request.host.is_empty() { context.vhost.as_bytes() } else { request.host }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn every_dimension_has_a_text() {
        let context =
            Context { zone: TimeZone::UTC, vhost: "shop".into(), about: None, without: lastgood_model::Layers::NONE };
        let request = Request {
            status: 9,
            method: b"GET",
            target: b"/api/1/x?y",
            upstream_addr: b"a:1, b:2",
            ..Request::default()
        };
        let texts: Vec<String> = Dimension::ALL
            .into_iter()
            .map(|key| {
                let mut out = Vec::new();
                dimension(&request, key, &context, &mut out);
                format!("{}={}", key.name(), String::from_utf8(out).unwrap())
            })
            .collect();
        assert_eq!(
            texts,
            ["vhost=shop", "segment=/api", "path=/api/{}/x", "upstream=b:2", "method=GET", "status=009", "class=0xx"]
        );
        assert_eq!(Dimension::find("class"), Some(Dimension::Class));
        assert_eq!(Dimension::find("x"), None);
    }
}
