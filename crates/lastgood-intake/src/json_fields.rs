//! What servers and applications call the values of a request in JSON. Only names: the values are read in
//! `json_access.rs`.

/// What we want of a record; the index of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Time,
    /// The same to the millisecond, where the other names the zone.
    Epoch,
    /// When the request came, where the duration says when it ended.
    Begun,
    Client,
    /// The address of the connection, a proxy's perhaps.
    Peer,
    ForwardedFor,
    RequestLine,
    Method,
    Target,
    Protocol,
    Status,
    Bytes,
    Referrer,
    Agent,
    Host,
    HttpHost,
    ServerName,
    UpstreamAddr,
    UpstreamStatus,
    /// In seconds, unless it says otherwise.
    Duration,
    DurationMs,
    DurationNs,
    /// Who wrote the line.
    Logger,
}

/// How many there are.
pub(crate) const SLOTS: usize = Slot::Logger as usize + 1;

/// The objects that we look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Top,
    Http,
    Request,
    Response,
    Url,
    Client,
    Agent,
    Event,
}

/// The object behind a key, if it may hold anything of interest.
pub(crate) fn scope(within: Scope, key: &str) -> Option<Scope> {
    Some(match (within, key) {
        (Scope::Top, "http") => Scope::Http,
        (Scope::Top | Scope::Http, "request" | "req") | (Scope::Request, "headers") => Scope::Request,
        (Scope::Top | Scope::Http, "response" | "res") | (Scope::Response, "body") => Scope::Response,
        (Scope::Top, "url") => Scope::Url,
        (Scope::Top, "client" | "source") => Scope::Client,
        (Scope::Top, "user_agent") => Scope::Agent,
        (Scope::Top, "event") => Scope::Event,
        _ => return None,
    })
}

/// What stands behind a key.
pub(crate) fn slot(within: Scope, key: &str) -> Option<Slot> {
    // `http.response.status_code` as one key is the same as three objects.
    if within == Scope::Top
        && let Some((path, last)) = key.rsplit_once('.')
    {
        let inner = path.split('.').try_fold(Scope::Top, scope)?;
        return slot(inner, last);
    }
    match (within, key) {
        // Traefik counts in nanoseconds, under a name that others have for seconds.
        (Scope::Top, "Duration") | (Scope::Event, "duration") => return Some(Slot::DurationNs),
        (Scope::Event, _) => return None,
        (Scope::Url, "original" | "path" | "full") => return Some(Slot::Target),
        (Scope::Url, "domain") => return Some(Slot::Host),
        (Scope::Url, _) => return None,
        (Scope::Client, "ip" | "address") => return Some(Slot::Client),
        (Scope::Client, _) => return None,
        (Scope::Agent, "original") => return Some(Slot::Agent),
        (Scope::Agent, _) => return None,
        (Scope::Http, "version") => return Some(Slot::Protocol),
        (Scope::Http, _) => return None,
        _ => {}
    }
    let slot = named(&plain(key))?;
    let fits = match within {
        Scope::Request => !matches!(slot, Slot::Status | Slot::Time | Slot::Bytes | Slot::Duration),
        Scope::Response => matches!(slot, Slot::Status | Slot::Bytes),
        _ => true,
    };
    fits.then_some(slot)
}

/// A name without what differs from one house to the next: `requestUri`, `Request-URI`, `request_uri`.
fn plain(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-' | '@' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
}

fn named(plain: &str) -> Option<Slot> {
    Some(match plain {
        "time" | "timestamp" | "ts" | "timeiso8601" | "timelocal" | "datetime" | "date" => Slot::Time,
        "msec" => Slot::Epoch,
        "startutc" => Slot::Begun,
        "clientip" | "clienthost" | "client" | "ip" | "clientipaddress" => Slot::Client,
        "remoteaddr" | "remoteaddress" | "remoteip" | "remotehost" | "clientaddr" | "sourceip" => Slot::Peer,
        "httpxforwardedfor" | "xforwardedfor" | "forwardedfor" | "httpxrealip" | "xrealip" => Slot::ForwardedFor,
        "request" | "requestline" => Slot::RequestLine,
        "requestmethod" | "method" | "httpmethod" | "verb" => Slot::Method,
        "requesturi" | "uri" | "path" | "url" | "requestpath" | "requesturl" | "target" | "originalurl" => Slot::Target,
        "serverprotocol" | "protocol" | "httpversion" | "requestprotocol" | "proto" => Slot::Protocol,
        "status" | "statuscode" | "responsecode" | "responsestatus" | "downstreamstatus" | "httpstatus" => Slot::Status,
        "bodybytessent" | "bytessent" | "bytes" | "size" | "responsesize" | "downstreamcontentsize" => Slot::Bytes,
        "httpreferer" | "httpreferrer" | "referer" | "referrer" | "requestreferer" => Slot::Referrer,
        "httpuseragent" | "useragent" | "agent" | "ua" | "requestuseragent" => Slot::Agent,
        "host" | "vhost" | "requesthost" | "virtualhost" | "domain" => Slot::Host,
        "httphost" => Slot::HttpHost,
        "servername" => Slot::ServerName,
        "upstreamaddr" | "upstream" | "serviceaddr" | "upstreamhost" | "upstreamhostport" => Slot::UpstreamAddr,
        "upstreamstatus" | "originstatus" | "upstreamstatuscode" => Slot::UpstreamStatus,
        "requesttime" | "duration" | "latency" | "elapsed" | "responsetime" | "timetaken" | "requestduration"
        | "rt" => Slot::Duration,
        "requesttimems" | "durationms" | "latencyms" | "elapsedms" | "responsetimems" => Slot::DurationMs,
        "durationns" | "latencyns" => Slot::DurationNs,
        "logger" => Slot::Logger,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_in_many_spellings() {
        for key in ["request_uri", "requestUri", "Request-URI", "uri", "RequestPath", "url.path"] {
            assert_eq!(slot(Scope::Top, key), Some(Slot::Target), "{key}");
        }
        for key in ["http.response.status_code", "statusCode", "DownstreamStatus", "response.status"] {
            assert_eq!(slot(Scope::Top, key), Some(Slot::Status), "{key}");
        }
        assert_eq!(slot(Scope::Request, "User-Agent"), Some(Slot::Agent));
        assert_eq!(slot(Scope::Top, "Duration"), Some(Slot::DurationNs));
        assert_eq!(slot(Scope::Top, "duration"), Some(Slot::Duration));
        assert_eq!(slot(Scope::Request, "status"), None);
        assert_eq!(slot(Scope::Top, "a.b.c"), None);
        assert_eq!(slot(Scope::Top, "level"), None);
    }
}
