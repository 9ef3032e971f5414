//! Korean: answers that turned without failing: claims, and the causes that they are known from.

use lastgood_model::{CauseCode, ProxyErrorKind, TurnClaim};

use super::super::josa::{object, subject, towards};
use super::super::number::{grouped, status};
use super::super::{Account, Words};
use super::Korean;

pub(super) fn claim(claim: &TurnClaim) -> String {
    match claim {
        TurnClaim::Refused { status: code, refused, of, answered } => format!(
            "요청 {}건 중 {}건이 {} 거절됨, 그전에는 {}건 정상 응답",
            grouped(*of),
            grouped(*refused),
            towards(&status(*code)),
            grouped(*answered)
        ),
        TurnClaim::GaveUp { left, of, answered, waited_ms } => {
            let after =
                waited_ms.map(|waited| format!(" {}쯤 기다리다", Korean.duration((u64::from(waited) + 500) / 1000)));
            format!(
                "요청 {}건 중 {}건이 응답 전에{} 끊음(499), 그전에는 {}건 정상 응답",
                grouped(*of),
                grouped(*left),
                after.unwrap_or_default(),
                grouped(*answered)
            )
        }
        TurnClaim::SentRound { status: code, sent, of, answered } => format!(
            "요청 {}건 중 {}건이 {} 제자리로 리다이렉트됨, 그전에는 {}건 정상 응답",
            grouped(*of),
            grouped(*sent),
            towards(&status(*code)),
            grouped(*answered)
        ),
        TurnClaim::SchemeNotPassed { told } => {
            format!("proxy_set_header X-Forwarded-Proto가 없어 {} 사용자가 TLS로 왔는지 알 수 없음", subject(told))
        }
        TurnClaim::PathCut { asked, passed } => {
            format!("{} 온 요청이 애플리케이션에는 {} 전달됨", towards(asked), towards(passed))
        }
        TurnClaim::PassReplaces { location, host } => {
            format!("{host} 쪽 proxy_pass에 경로가 적혀 있어 {} 대신함", object(location))
        }
        TurnClaim::HostNotPassed { told } => {
            format!("proxy_set_header Host가 없어 애플리케이션은 사용자가 요청한 이름 대신 {} 받음", object(told))
        }
    }
}

/// Summary, fix and prevention of a cause that is known from such a claim; `None` where its words are those of every other.
pub(super) fn cause(account: &Account<'_>) -> Option<(String, String, Vec<String>)> {
    account.turn()?;
    let who = &account.cause.component;
    let after_reload = || "reload할 때마다 location마다 경로 하나씩 프록시를 거쳐 요청해 보세요.".to_owned();
    let text = match account.cause.code {
        CauseCode::ConfigSemantic if account.has_cut_path() => (
            format!("{} 요청을 다른 경로로 전달함", subject(who)),
            "proxy_pass에서 경로(슬래시도 경로입니다)를 빼서 사용자가 요청한 경로가 그대로 가게 하고 reload하세요."
                .to_owned(),
            vec![after_reload()],
        ),
        CauseCode::ConfigSemantic => (
            format!("{} 새 설정을 읽은 뒤로 요청이 거절됨", subject(who)),
            "이전 설정과 비교해 이 경로를 다른 곳으로 보내는 부분을 되돌리고 reload하세요.".to_owned(),
            vec![after_reload()],
        ),
        CauseCode::WrongHostHeader => (
            format!("{} 사용자가 요청한 것과 다른 Host를 애플리케이션에 전달함", subject(who)),
            "nginx가 이름을 그대로 전달하게 하고(proxy_set_header Host $host) reload하세요.".to_owned(),
            vec!["배포와 reload 뒤에는 공개 이름으로 요청해 보세요.".to_owned()],
        ),
        CauseCode::RedirectLoop if account.is_untold_scheme() => (
            format!("{} TLS로 온 요청임을 전달하지 않아 리다이렉트가 끝나지 않음", subject(who)),
            "nginx가 알려 주게 하고(proxy_set_header X-Forwarded-Proto $scheme) reload하세요.".to_owned(),
            vec!["reload할 때마다 공개 주소의 리다이렉트를 따라가 보세요.".to_owned()],
        ),
        CauseCode::RedirectLoop => (
            format!("{} 요청을 제자리로 리다이렉트함", subject(who)),
            "어느 주소로 보내는지, 사용자가 요청한 scheme과 Host를 무엇으로 알고 있는지 확인하세요.".to_owned(),
            vec!["배포할 때마다 공개 주소의 리다이렉트를 따라가 보세요.".to_owned()],
        ),
        CauseCode::BuildMissing if account.proxy_error(ProxyErrorKind::NoIndex) => (
            format!("{who}의 페이지에 시작 페이지가 없음"),
            "index.html이 들어가도록 페이지를 다시 빌드하거나, 있는 페이지를 index 지시어로 지정하세요.".to_owned(),
            vec!["새 이미지는 적용하기 전에 시작 페이지를 요청해 보세요.".to_owned()],
        ),
        CauseCode::VersionSkew => (
            format!("실행 중인 {who} 릴리스에 요청받은 경로가 없음"),
            format!("그 경로가 있는 {who} 릴리스를 배포하거나 이전 릴리스로 되돌리세요."),
            vec!["응답하는 쪽을 부르는 쪽보다 먼저 배포하고, 옛 경로는 한동안 남겨 두세요.".to_owned()],
        ),
        CauseCode::TimeoutSlow => (
            format!("{who}의 응답이 사용자가 기다리는 시간보다 느림"),
            format!("{} 무엇을 기다리는지 확인하세요. 쿼리, 잠금, 다른 서비스가 흔합니다.", subject(who)),
            vec![
                "응답 시간($request_time)을 로그에 남기고, 사용자가 떠나기 전에 알림을 받으세요.".to_owned(),
                "오래 걸리는 일은 요청 밖으로 옮기세요.".to_owned(),
            ],
        ),
        _ => return None,
    };
    Some(text)
}
