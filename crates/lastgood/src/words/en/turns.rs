//! English: answers that turned without failing: claims, and the causes that they are known from.

use lastgood_model::{CauseCode, ProxyErrorKind, TurnClaim};

use super::super::number::{grouped, status};
use super::super::{Account, Words};
use super::English;

pub(super) fn claim(claim: &TurnClaim) -> String {
    match claim {
        TurnClaim::Refused { status: code, refused, of, answered } => format!(
            "{} of {} requests refused with {}, where {} had been answered before",
            grouped(*refused),
            grouped(*of),
            status(*code),
            grouped(*answered)
        ),
        TurnClaim::GaveUp { left, of, answered, waited_ms } => {
            let after =
                waited_ms.map(|waited| format!(" after about {}", English.duration((u64::from(waited) + 500) / 1000)));
            format!(
                "{} of {} clients gave up{} before there was an answer (499), where {} had been answered before",
                grouped(*left),
                grouped(*of),
                after.unwrap_or_default(),
                grouped(*answered)
            )
        }
        TurnClaim::SentRound { status: code, sent, of, answered } => format!(
            "{} of {} requests sent on with {} to where they were, where {} had been answered before",
            grouped(*sent),
            grouped(*of),
            status(*code),
            grouped(*answered)
        ),
        TurnClaim::SchemeNotPassed { told } => {
            format!("no proxy_set_header X-Forwarded-Proto: {told} cannot know that users came over TLS")
        }
        TurnClaim::PathCut { asked, passed } => format!("who asks for {asked} reaches the application as {passed}"),
        TurnClaim::PassReplaces { location, host } => {
            format!("proxy_pass to {host} has a path of its own, which takes the place of {location}")
        }
        TurnClaim::HostNotPassed { told } => {
            format!("no proxy_set_header Host: the application is told {told} instead of the name that users ask for")
        }
    }
}

/// Summary, fix and prevention of a cause that is known from such a claim; `None` where its words are those of every other.
pub(super) fn cause(account: &Account<'_>) -> Option<(String, String, Vec<String>)> {
    account.turn()?;
    let who = &account.cause.component;
    let after_reload = || "After every reload, ask one path of each location through the proxy.".to_owned();
    let text = match account.cause.code {
        CauseCode::ConfigSemantic if account.has_cut_path() => (
            format!("{who} passes requests on under another path"),
            "Take the path (a slash is one) off proxy_pass, so that the application is asked what users ask; then reload.".to_owned(),
            vec![after_reload()],
        ),
        CauseCode::ConfigSemantic => (
            format!("since {who} took over a configuration, requests are refused"),
            "Compare the configuration with the one before, and take back what leads these paths elsewhere; then reload.".to_owned(),
            vec![after_reload()],
        ),
        CauseCode::WrongHostHeader => (
            format!("{who} tells the application another host than users ask for"),
            "Let nginx pass the name on: proxy_set_header Host $host; then reload.".to_owned(),
            vec!["Ask the site under its public name after every deploy and every reload.".to_owned()],
        ),
        CauseCode::RedirectLoop if account.is_untold_scheme() => (
            format!("{who} does not say that users came over TLS, and they are sent to it for ever"),
            "Let nginx say so: proxy_set_header X-Forwarded-Proto $scheme; then reload.".to_owned(),
            vec!["Follow the redirects of the public address after every reload.".to_owned()],
        ),
        CauseCode::RedirectLoop => (
            format!("{who} sends whoever asks to where they were"),
            "See which address it sends to, and what it takes for the scheme and the host that users asked for.".to_owned(),
            vec!["Follow the redirects of the public address after every release.".to_owned()],
        ),
        CauseCode::BuildMissing if account.proxy_error(ProxyErrorKind::NoIndex) => (
            format!("the pages that {who} serves have no start page"),
            "Build the pages anew with their index.html, or name the page that there is (index …;).".to_owned(),
            vec!["Ask for the start page of a new image before it goes live.".to_owned()],
        ),
        CauseCode::VersionSkew => (
            format!("the release of {who} that runs does not know what is asked of it"),
            format!("Bring out the release of {who} that has this route, or go back to the one before."),
            vec!["Bring out the side that answers before the side that asks, and keep old routes for a while.".to_owned()],
        ),
        CauseCode::TimeoutSlow => (
            format!("{who} answers more slowly than its users wait"),
            format!("See what {who} waits for: a query, a lock, another service."),
            vec![
                "Log how long answers take ($request_time), and be warned before users give up.".to_owned(),
                "Move long work out of the request.".to_owned(),
            ],
        ),
        _ => return None,
    };
    Some(text)
}
