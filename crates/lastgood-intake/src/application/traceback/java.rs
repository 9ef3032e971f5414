//! A stack trace of the JVM: the error, its frames (`at …`), `Caused by: …` down to the root. What was only suppressed is passed
//! over. A trace that is printed root first (`Wrapped by: …`) is read as such.

use super::Chain;
use super::thrown::{Thrown, thrown};

/// Packages of the platform and of libraries that servers are made of.
const LIBRARIES: [&str; 30] = [
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "groovy.",
    "jakarta.",
    "org.springframework.",
    "org.apache.",
    "org.eclipse.",
    "org.hibernate.",
    "org.postgresql.",
    "org.mariadb.",
    "com.mysql.",
    "com.zaxxer.",
    "redis.clients.",
    "io.lettuce.",
    "io.netty.",
    "io.undertow.",
    "reactor.",
    "io.micrometer.",
    "okhttp3.",
    "feign.",
    "org.keycloak.",
    "io.quarkus.",
    "io.vertx.",
    "com.fasterxml.",
];
/// Lines of a message after its first one.
const MAX_MORE: u8 = 16;

/// Reads one.
#[derive(Debug, Default)]
pub(crate) struct Java {
    /// How many more lines of a message came; `None` once frames did.
    message: Option<u8>,
    suppressed: bool,
    /// It was printed root first.
    root_first: bool,
}

/// `at com.acme.Shop.find(Shop.java:12)`
pub(crate) fn is_frame(text: &str) -> bool {
    frame(text).is_some()
}

impl Java {
    pub(crate) const fn is_root_first(&self) -> bool {
        self.root_first
    }

    /// Reads a line; false if it is none of its lines.
    pub(crate) fn line(&mut self, text: &str, is_head: bool, number: u64, chain: &mut Chain) -> bool {
        let body = text.trim_ascii();
        if let Some((place, is_own)) = frame(text) {
            self.message = None;
            if !self.suppressed {
                chain.at(place, is_own, false);
            }
            return true;
        }
        if body.starts_with("... ") && (body.ends_with(" more") || body.ends_with(" common frames omitted")) {
            return true;
        }
        if body.starts_with("[CIRCULAR REFERENCE") || body.starts_with("Suppressed: ") {
            self.suppressed = true;
            self.message = Some(0);
            return true;
        }
        let wrapped = body.starts_with("Wrapped by: ");
        if wrapped || body.starts_with("Caused by: ") {
            // Of what was suppressed the causes are indented, too.
            let inner = self.suppressed && text.starts_with([' ', '\t']);
            self.message = Some(0);
            if inner {
                return true;
            }
            self.suppressed = false;
            self.root_first |= wrapped;
            let rest = body.split_once(": ").map_or(body, |(_, rest)| rest);
            let (class, message) = thrown(body).unwrap_or_else(|| rest.split_once(": ").unwrap_or((rest, "")));
            chain.push(Thrown::new(class, message, number), 0);
            return true;
        }
        match &mut self.message {
            // A message goes on until its first frame.
            Some(more) if !is_head && *more < MAX_MORE => {
                *more += 1;
                if !self.suppressed {
                    chain.add(body);
                }
                true
            }
            _ => false,
        }
    }
}

fn frame(text: &str) -> Option<(String, bool)> {
    let body = text.strip_prefix([' ', '\t'])?.trim_ascii().strip_prefix("at ")?;
    let (method, place) = body.split_once('(')?;
    let (place, _) = place.split_once(')')?;
    let is_method = !method.contains(' ') && method.contains('.');
    let file = place.split_once(':').map_or(place, |(file, _)| file);
    let is_place = ["Native Method", "Unknown Source", "<generated>"].contains(&place)
        || [".java", ".kt", ".scala", ".groovy", ".clj"].iter().any(|end| file.ends_with(end));
    if !is_method || !is_place {
        return None;
    }
    // A module or class loader may stand before: `java.base/java.net.Socket`, `app//com.acme.Shop`.
    let class = method.rsplit('/').next().unwrap_or(method);
    let is_own = !LIBRARIES.iter().any(|library| class.starts_with(library)) && place.contains(':');
    Some((place.to_owned(), is_own))
}
