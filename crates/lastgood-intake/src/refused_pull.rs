//! Why Docker did not fetch an image, by what it said: its daemon's words and the registry's, which differ from registry to registry. A
//! fact, and no more; which registry that is, and what to do there, is said elsewhere.

/// Why an image was not fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedPull {
    /// The registry wants a login and got none.
    NoLogin,
    /// It got one and does not take it.
    WrongLogin,
    /// It does not say whether there is no such image, or only not for whoever asks.
    Denied,
    /// The same, and nobody is logged in there: whoever asked knows, and not what was said.
    Stranger,
    /// It has no such image, or not by that tag.
    NotThere,
    /// It has it, and not for this kind of machine.
    NotForMachine,
    /// It was asked too often.
    TooMany,
    /// It speaks plain HTTP, and Docker does not, to it.
    Plain,
    /// Nobody trusts its certificate.
    Certificate,
    /// Nobody answers there, or there is no such host.
    Unreachable,
    /// There is no room for it here.
    NoRoom,
}

/// The first that fits counts: what says more stands before what says less.
const SAID: [(&str, RefusedPull); 26] = [
    ("no basic auth credentials", RefusedPull::NoLogin),
    ("no matching manifest for", RefusedPull::NotForMachine),
    ("does not match the specified platform", RefusedPull::NotForMachine),
    ("toomanyrequests", RefusedPull::TooMany),
    ("too many requests", RefusedPull::TooMany),
    ("incorrect username or password", RefusedPull::WrongLogin),
    ("bad username or password", RefusedPull::WrongLogin),
    ("server gave http response to https client", RefusedPull::Plain),
    ("x509:", RefusedPull::Certificate),
    ("certificate", RefusedPull::Certificate),
    ("no space left on device", RefusedPull::NoRoom),
    ("manifest unknown", RefusedPull::NotThere),
    ("name unknown", RefusedPull::NotThere),
    ("repository name not known", RefusedPull::NotThere),
    ("pull access denied", RefusedPull::Denied),
    ("access to the resource is denied", RefusedPull::Denied),
    ("denied", RefusedPull::Denied),
    ("403 forbidden", RefusedPull::Denied),
    ("unauthorized", RefusedPull::WrongLogin),
    ("no such host", RefusedPull::Unreachable),
    ("connection refused", RefusedPull::Unreachable),
    ("timeout", RefusedPull::Unreachable),
    ("deadline exceeded", RefusedPull::Unreachable),
    ("unreachable", RefusedPull::Unreachable),
    ("server misbehaving", RefusedPull::Unreachable),
    ("not found", RefusedPull::NotThere),
];

/// What Docker's complaint tells; `None`: nothing that is known.
#[must_use]
pub fn refused_pull(complaint: &str) -> Option<RefusedPull> {
    let complaint = complaint.to_lowercase();
    SAID.iter().find(|(words, _)| complaint.contains(words)).map(|(_, why)| *why)
}

/// The registry that an image's name names; Docker's own if it names none.
#[must_use]
pub fn registry_of(image: &str) -> &str {
    let first = image.split_once('/').map(|(first, _)| first);
    first.filter(|first| first.contains(['.', ':']) || *first == "localhost").unwrap_or("docker.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_registries_say() {
        for (said, why) in [
            (
                "Error response from daemon: Head \"http://127.0.0.1:5000/v2/a/manifests/1\": no basic auth credentials",
                RefusedPull::NoLogin,
            ),
            ("Error response from daemon: unauthorized: authentication required", RefusedPull::WrongLogin),
            (
                "Error response from daemon: Head \"https://ghcr.io/v2/me/shop/manifests/1\": denied",
                RefusedPull::Denied,
            ),
            (
                "Error response from daemon: failed to resolve reference \"r.example/me/shop:1\": failed to authorize: failed \
                 to fetch oauth token: unexpected status from GET request to https://r.example/token?service=r: 401 Unauthorized",
                RefusedPull::WrongLogin,
            ),
            (
                "Error response from daemon: pull access denied for r.example/me/shop, repository does not exist or may \
                 require 'docker login'",
                RefusedPull::Denied,
            ),
            (
                "Error response from daemon: failed to resolve reference \"r.example/a:1\": failed to do request: Head \
                 \"https://r.example/v2/a/manifests/1\": tls: failed to verify certificate: x509: certificate signed by \
                 unknown authority",
                RefusedPull::Certificate,
            ),
            (
                "Error response from daemon: Head \"https://ghcr.io/v2/me/shop/manifests/1\": unauthorized",
                RefusedPull::WrongLogin,
            ),
            (
                "Error response from daemon: pull access denied for me/shop, repository does not exist or may require \
                 'docker login': denied: requested access to the resource is denied",
                RefusedPull::Denied,
            ),
            (
                "Error response from daemon: manifest for 127.0.0.1:5000/a:2 not found: manifest unknown: manifest unknown",
                RefusedPull::NotThere,
            ),
            (
                "Error response from daemon: failed to resolve reference \"r.example/a:2\": r.example/a:2: not found",
                RefusedPull::NotThere,
            ),
            (
                "Error response from daemon: no matching manifest for linux/amd64 in the manifest list entries",
                RefusedPull::NotForMachine,
            ),
            ("toomanyrequests: You have reached your pull rate limit.", RefusedPull::TooMany),
            (
                "Error response from daemon: Get \"https://r.example:5000/v2/\": http: server gave HTTP response to HTTPS client",
                RefusedPull::Plain,
            ),
            (
                "Error response from daemon: Get \"https://r.example/v2/\": x509: certificate signed by unknown authority",
                RefusedPull::Certificate,
            ),
            (
                "Error response from daemon: Get \"http://127.0.0.1:5000/v2/\": dial tcp 127.0.0.1:5000: connect: connection refused",
                RefusedPull::Unreachable,
            ),
            (
                "Error response from daemon: Get \"https://r.invalid/v2/\": dial tcp: lookup r.invalid on 10.0.0.1:53: no such host",
                RefusedPull::Unreachable,
            ),
            (
                "Error response from daemon: Get \"https://r.example/v2/\": net/http: request canceled while waiting for \
                 connection (Client.Timeout exceeded while awaiting headers)",
                RefusedPull::Unreachable,
            ),
            ("failed to register layer: write /x: no space left on device", RefusedPull::NoRoom),
        ] {
            assert_eq!(refused_pull(said), Some(why), "{said}");
        }
        assert_eq!(refused_pull("something else"), None);
    }

    #[test]
    fn names_of_images_name_registries() {
        for (image, registry) in [
            ("nginx", "docker.io"),
            ("me/shop:1", "docker.io"),
            ("ghcr.io/me/shop", "ghcr.io"),
            ("127.0.0.1:5000/shop:1", "127.0.0.1:5000"),
            ("localhost/shop", "localhost"),
        ] {
            assert_eq!(registry_of(image), registry);
        }
    }
}
