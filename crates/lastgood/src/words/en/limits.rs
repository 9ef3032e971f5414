//! English: causes that are a limit, a certificate, or something that the application needs. The others stand in
//! `causes.rs`.

use super::super::Account;

/// Summary, fix, prevention.
type Text = (String, String, Vec<String>);

pub(super) fn tls_expired(account: &Account<'_>) -> Text {
    let who = account.upstream().or(account.culprit()).unwrap_or("the upstream");
    (
        format!("the certificate of {who} has expired"),
        format!("Renew the certificate on {who} and reload what shows it."),
        vec!["Be warned weeks before a certificate ends, by asking the server and not the file.".to_owned()],
    )
}

pub(super) fn tls_chain(account: &Account<'_>) -> Text {
    let who = account.upstream().or(account.culprit()).unwrap_or("the upstream");
    (
        format!("nginx does not trust the certificate of {who}"),
        format!("Let {who} show its intermediate certificates too, or let nginx trust its authority."),
        vec!["Test a new certificate with openssl verify before it goes live.".to_owned()],
    )
}

pub(super) fn tls_name_mismatch(account: &Account<'_>) -> Text {
    let who = account.upstream().or(account.culprit()).unwrap_or("the upstream");
    (
        format!("the certificate of {who} is for another name"),
        "Set proxy_ssl_name to a name in the certificate, or get a certificate with the right name.".to_owned(),
        vec!["Change names and certificates together, and test with openssl s_client -servername.".to_owned()],
    )
}

pub(super) fn header_too_big(account: &Account<'_>) -> Text {
    let who = account.upstream().or(account.culprit()).unwrap_or("the upstream");
    (
        format!("{who} sends a header that does not fit into nginx's buffer"),
        "Make proxy_buffer_size larger (16k) and reload nginx; then find what makes the header large.".to_owned(),
        vec!["Keep sessions on the server and cookies small.".to_owned()],
    )
}

pub(super) fn body_too_big() -> Text {
    (
        "nginx refuses what clients upload: larger than client_max_body_size".to_owned(),
        "Raise client_max_body_size where uploads go, and reload nginx.".to_owned(),
        vec!["Keep the limits of nginx and of the application in one place.".to_owned()],
    )
}

pub(super) fn rate_limit() -> Text {
    (
        "nginx's own rate limit turns users away".to_owned(),
        "See what the key of limit_req or limit_conn is; behind a load balancer it must be the client and not the balancer.".to_owned(),
        vec!["Try a new limit with limit_req_dry_run before it turns anybody away.".to_owned()],
    )
}

pub(super) fn fd_limit() -> Text {
    (
        "nginx may not open more files".to_owned(),
        "Raise worker_rlimit_nofile and LimitNOFILE=, restart nginx, then find out why connections stay open."
            .to_owned(),
        vec!["Set worker_rlimit_nofile to at least twice worker_connections.".to_owned()],
    )
}

pub(super) fn worker_limit() -> Text {
    (
        "nginx has no connection left (worker_connections)".to_owned(),
        "Raise worker_connections and reload nginx; then find out what makes requests wait.".to_owned(),
        vec!["Watch the number of connections (stub_status), and be warned at 80 %.".to_owned()],
    )
}

pub(super) fn server_conn_limit(account: &Account<'_>) -> Text {
    let who = &account.cause.component;
    (
        format!("{who} takes no more connections"),
        format!("See who holds the connections of {who}; restart what holds too many, or raise the limit."),
        vec![format!("Give each service a pool whose sum is below the limit of {who}.")],
    )
}

pub(super) fn dependency_down(account: &Account<'_>) -> Text {
    let who = &account.cause.component;
    (
        format!("{who} was down, and the application needs it"),
        format!(
            "See in its own log why {who} stopped, start it if it is down, and see that the application connects anew."
        ),
        vec![format!("Let the application wait for {who} and connect again by itself.")],
    )
}

pub(super) fn app_bug(account: &Account<'_>) -> Text {
    let who = account.upstream().or(account.culprit()).unwrap_or("the application");
    (
        format!("{who} answers with an error of its own"),
        "Read the application's own log at the time of the first failure; if it began with a release, go back to the last good one."
            .to_owned(),
        vec!["Ask the paths that matter after every release, and go back when they fail.".to_owned()],
    )
}

pub(super) fn version_incompatible(account: &Account<'_>) -> Text {
    let who = &account.cause.component;
    (
        format!("{who} does not run with the packages that were just changed"),
        format!("Read why {who} fails, and mend its configuration or go back to the version before."),
        vec!["Upgrade on another host first, and hold the packages that the site needs (apt-mark hold).".to_owned()],
    )
}
