//! OpenID Connect: what an issuer says of itself, a token for the client itself (never for a user), once, and its keys. All of it
//! is asked at the address that was called, also where the provider calls itself otherwise.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lastgood_model::{Asked, ProbeTarget};
use serde_json::Value;
use ureq::http::Uri;

use super::http::{KeptBody, Request, put};
use super::hush::escaped;
use super::record::Record;

const WELL_KNOWN: &str = "/.well-known/openid-configuration";

pub(super) fn ask(target: &ProbeTarget, record: &mut Record) {
    let base = target.path.trim_end_matches('/');
    let path = format!("{}{WELL_KNOWN}", base.strip_suffix(WELL_KNOWN).unwrap_or(base));
    let request = Request::get(&path);
    let Some(answer) = put(target, Asked::Discovery, &request, KeptBody::Whole, record) else { return };
    let document = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    if answer.status != 200 {
        return;
    }
    let of = |key: &str| document.get(key).and_then(Value::as_str).and_then(|url| url.parse::<Uri>().ok());
    let issuer = of("issuer");
    if let Some(token) = of("token_endpoint") {
        ask_for_token(&place(target, issuer.as_ref(), &token), &document, record);
    }
    if let Some(keys) = of("jwks_uri") {
        let place = place(target, issuer.as_ref(), &keys);
        let _answer = put(&place, Asked::Keys, &Request::get(&place.path), KeptBody::Complaint, record);
    }
}

fn ask_for_token(place: &ProbeTarget, document: &Value, record: &mut Record) {
    let (Some(client), Some(secret)) = (&place.user, &place.password) else { return };
    let methods = document.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
    let knows = |method: &str| methods.is_some_and(|all| all.iter().any(|own| own.as_str() == Some(method)));
    let (client, secret) = (escaped(client), escaped(secret.expose()));
    let mut headers = String::from("Content-Type: application/x-www-form-urlencoded\r\n");
    let mut body = String::from("grant_type=client_credentials");
    if knows("client_secret_post") && !knows("client_secret_basic") {
        body.push_str(&format!("&client_id={client}&client_secret={secret}"));
    } else {
        headers.push_str(&format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{client}:{secret}"))));
    }
    let request = Request { method: "POST", path: &place.path, headers: &headers, body: &body, holds_secret: true };
    let _answer = put(place, Asked::Token, &request, KeptBody::Complaint, record);
}

/// Where an endpoint is asked: under the address that was called, if the provider means itself, else where it says.
fn place(target: &ProbeTarget, issuer: Option<&Uri>, endpoint: &Uri) -> ProbeTarget {
    let path = endpoint.path_and_query().map_or("/", |path| path.as_str());
    let itself = issuer.is_some_and(|issuer| issuer.authority() == endpoint.authority());
    let called = endpoint.host() == Some(&target.host)
        && endpoint.port_u16().unwrap_or(if endpoint.scheme_str() == Some("https") { 443 } else { 80 }) == target.port;
    let path = path.into();
    match endpoint.host() {
        // Another host is asked only where nobody can listen in.
        Some(host) if !itself && !called && endpoint.scheme_str() == Some("https") => ProbeTarget {
            host: host.into(),
            port: endpoint.port_u16().unwrap_or(443),
            secure: true,
            path,
            ..target.clone()
        },
        _ => ProbeTarget { path, ..target.clone() },
    }
}

#[cfg(test)]
mod tests {
    use lastgood_model::ProbeProtocol;

    use super::*;

    #[test]
    fn a_provider_is_asked_where_it_was_called() {
        let target = ProbeTarget {
            protocol: ProbeProtocol::Oidc,
            host: "keycloak".into(),
            port: 8080,
            secure: false,
            path: "/realms/shop".into(),
            user: None,
            password: None,
            database: None,
        };
        let place = |issuer: &str, endpoint: &str| {
            let place = place(&target, Some(&issuer.parse().unwrap()), &endpoint.parse().unwrap());
            format!("{}:{} {} {}", place.host, place.port, place.secure, place.path)
        };
        let public = "https://auth.shop.example/realms/shop";
        assert_eq!(
            place(public, "https://auth.shop.example/realms/shop/token"),
            "keycloak:8080 false /realms/shop/token"
        );
        assert_eq!(place(public, "http://keycloak:8080/realms/shop/token"), "keycloak:8080 false /realms/shop/token");
        assert_eq!(place(public, "https://tokens.example/t?x=1"), "tokens.example:443 true /t?x=1");
        assert_eq!(place(public, "http://tokens.example/t"), "keycloak:8080 false /t");
    }
}
