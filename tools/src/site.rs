//! The routes of an invented shop and how request targets are made from them.
//! It knows nothing of time or failure; which route fails is decided in `scenario`.

use crate::clock::append;
use crate::sample::{hex, opaque};
use fastrand::Rng;

/// One route: what is asked and about how big the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// HTTP method.
    pub method: &'static str,
    /// Path; `{n}` is a number, `{h}` a hexadecimal id, `{u}` a UUID.
    pub template: &'static str,
    /// Whether a random query string follows now and then.
    pub query: bool,
    /// Typical size of the body.
    pub bytes: u32,
    /// Typical response time in milliseconds.
    pub latency_ms: u32,
}

const fn route(method: &'static str, template: &'static str, query: bool, bytes: u32, latency_ms: u32) -> Route {
    Route { method, template, query, bytes, latency_ms }
}

/// Routes that only the application can answer, the busiest first.
pub const APP: [Route; 24] = [
    route("GET", "/", false, 18_220, 40),
    route("GET", "/api/items/{n}", false, 2_310, 25),
    route("GET", "/search", true, 9_870, 120),
    route("GET", "/api/session", false, 412, 12),
    route("POST", "/api/cart", false, 233, 45),
    route("GET", "/cart", false, 7_440, 60),
    route("GET", "/api/orders/{u}", false, 1_620, 35),
    route("POST", "/login", false, 512, 180),
    route("GET", "/login", true, 4_310, 20),
    route("GET", "/account", false, 6_120, 50),
    route("GET", "/api/stock/{h}", false, 310, 15),
    route("POST", "/api/orders", false, 702, 260),
    route("GET", "/api/recommend", true, 3_950, 90),
    route("GET", "/category/{n}", true, 15_800, 70),
    route("PUT", "/api/profile/{n}", false, 188, 55),
    route("GET", "/checkout", false, 8_010, 65),
    route("POST", "/api/payments", false, 266, 420),
    route("GET", "/help/{n}", false, 5_720, 30),
    route("DELETE", "/api/cart/{n}", false, 0, 30),
    route("GET", "/api/coupons/{h}", false, 150, 20),
    route("GET", "/invoice/{u}", true, 22_400, 210),
    route("POST", "/api/track", false, 2, 8),
    route("GET", "/newsletter", true, 3_140, 25),
    route("GET", "/store-finder", true, 11_300, 80),
];

/// Files that nginx serves itself, also when no application runs.
pub const STATIC: [Route; 8] = [
    route("GET", "/static/app.4f1c9a.js", false, 183_220, 0),
    route("GET", "/static/site.81b2d0.css", false, 41_020, 0),
    route("GET", "/static/logo.svg", false, 2_204, 0),
    route("GET", "/favicon.ico", false, 4_286, 0),
    route("GET", "/static/fonts/body.woff2", false, 61_004, 0),
    route("GET", "/static/img/hero.webp", false, 240_118, 0),
    route("GET", "/robots.txt", false, 67, 0),
    route("GET", "/health", false, 3, 0),
];

/// Paths that scanners ask for; a number is appended to make hundreds of them.
pub const SCANNED: [&str; 16] = [
    "/wp-login.php",
    "/.env",
    "/.git/config",
    "/phpmyadmin/index.php",
    "/admin/config.php",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/cgi-bin/luci",
    "/actuator/env",
    "/solr/admin/info/system",
    "/boaform/admin/formLogin",
    "/owa/auth/logon.aspx",
    "/backup.zip",
    "/server-status",
    "/console/",
    "/.aws/credentials",
    "/old/wp-admin/setup-config.php",
];

/// Appends a request target made from a template.
pub fn write_target(route: &Route, rng: &mut Rng, out: &mut Vec<u8>) {
    let mut rest = route.template;
    while let Some(open) = rest.find('{') {
        out.extend_from_slice(&rest.as_bytes()[..open]);
        match &rest[open..open + 3] {
            "{h}" => hex(rng, 32, out),
            "{u}" => uuid(rng, out),
            _ => append(out, format_args!("{}", rng.u32(1..90_000))),
        }
        rest = &rest[open + 3..];
    }
    out.extend_from_slice(rest.as_bytes());
    if route.query && rng.u8(..4) > 0 {
        append(out, format_args!("?q={}&t=", rng.u32(1..5_000)));
        opaque(rng, 12, out);
    }
}

/// Appends a random identifier in the form of a UUID.
pub fn uuid(rng: &mut Rng, out: &mut Vec<u8>) {
    for (index, digits) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if index > 0 {
            out.push(b'-');
        }
        hex(rng, digits, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_leave_no_brace_behind() {
        let mut rng = Rng::with_seed(3);
        for route in APP.iter().chain(&STATIC) {
            let mut out = Vec::new();
            write_target(route, &mut rng, &mut out);
            assert!(out.starts_with(b"/"));
            assert!(!out.contains(&b'{') && !out.contains(&b'}'));
            assert!(!out.contains(&b' '));
        }
    }
}
