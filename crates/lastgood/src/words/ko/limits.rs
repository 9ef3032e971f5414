//! Korean: causes that are a limit, a certificate, or something that the application needs. The others stand in
//! `causes.rs`.

use super::super::Account;
use super::super::josa::subject;

/// Summary, fix, prevention.
type Text = (String, String, Vec<String>);

pub(super) fn tls_expired(account: &Account<'_>) -> Text {
    let who = account.upstream().or(account.culprit()).unwrap_or("upstream");
    (
        format!("{who}의 인증서가 만료됨"),
        format!("{who}에서 인증서를 갱신하고, 그것을 내보이는 서버를 reload하세요."),
        vec!["만료 몇 주 전에 알림을 받으세요. 파일이 아니라 서버에 물어야 합니다.".to_owned()],
    )
}

pub(super) fn tls_chain(account: &Account<'_>) -> Text {
    let who = account.upstream().or(account.culprit()).unwrap_or("upstream");
    (
        format!("nginx가 {who}의 인증서를 신뢰하지 않음"),
        format!("{who}에서 중간 인증서까지 내보이게 하거나, nginx가 그 기관을 신뢰하게 하세요."),
        vec!["새 인증서는 적용하기 전에 openssl verify로 확인하세요.".to_owned()],
    )
}

pub(super) fn tls_name_mismatch(account: &Account<'_>) -> Text {
    let who = account.upstream().or(account.culprit()).unwrap_or("upstream");
    (
        format!("{who}의 인증서가 다른 이름의 것임"),
        "proxy_ssl_name을 인증서에 있는 이름으로 하거나, 맞는 이름의 인증서를 받으세요.".to_owned(),
        vec!["이름과 인증서는 함께 바꾸고 openssl s_client -servername으로 확인하세요.".to_owned()],
    )
}

pub(super) fn header_too_big(account: &Account<'_>) -> Text {
    let who = subject(account.upstream().or(account.culprit()).unwrap_or("upstream"));
    (
        format!("{who} nginx 버퍼에 들어가지 않는 헤더를 보냄"),
        "proxy_buffer_size를 16k로 키워 nginx를 reload하고, 헤더를 키우는 것을 찾으세요.".to_owned(),
        vec!["세션은 서버에 두고 쿠키는 작게 유지하세요.".to_owned()],
    )
}

pub(super) fn body_too_big() -> Text {
    (
        "nginx가 업로드를 거절함: client_max_body_size보다 큼".to_owned(),
        "업로드 경로의 client_max_body_size를 올리고 nginx를 reload하세요.".to_owned(),
        vec!["nginx와 애플리케이션의 한도를 한곳에서 관리하세요.".to_owned()],
    )
}

pub(super) fn rate_limit() -> Text {
    (
        "nginx 자체의 요청 제한이 사용자를 거절함".to_owned(),
        "limit_req나 limit_conn의 키를 확인하세요. 로드 밸런서 뒤라면 키는 밸런서가 아니라 클라이언트여야 합니다."
            .to_owned(),
        vec!["새 제한은 limit_req_dry_run으로 먼저 시험하세요.".to_owned()],
    )
}

pub(super) fn fd_limit() -> Text {
    (
        "nginx가 파일을 더 열 수 없음".to_owned(),
        "worker_rlimit_nofile과 LimitNOFILE=을 올려 nginx를 재시작하고, 연결이 닫히지 않는 이유를 찾으세요.".to_owned(),
        vec!["worker_rlimit_nofile을 worker_connections의 두 배 이상으로 두세요.".to_owned()],
    )
}

pub(super) fn worker_limit() -> Text {
    (
        "nginx에 남은 연결이 없음(worker_connections)".to_owned(),
        "worker_connections를 올려 nginx를 reload하고, 요청이 기다리는 이유를 찾으세요.".to_owned(),
        vec!["연결 수(stub_status)를 지켜보고 80%에서 알림을 받으세요.".to_owned()],
    )
}

pub(super) fn server_conn_limit(account: &Account<'_>) -> Text {
    let who = subject(&account.cause.component);
    (
        format!("{who} 연결을 더 받지 않음"),
        "누가 연결을 차지했는지 확인하고, 너무 많이 차지한 서비스를 재시작하거나 한도를 올리세요.".to_owned(),
        vec!["서비스마다 풀 크기를 정해 합이 한도보다 작게 하세요.".to_owned()],
    )
}

pub(super) fn dependency_down(account: &Account<'_>) -> Text {
    let who = subject(&account.cause.component);
    (
        format!("애플리케이션이 쓰는 {who} 내려가 있었음"),
        format!(
            "{who} 멈춘 이유를 자체 로그에서 확인하고, 내려가 있으면 시작한 뒤 애플리케이션이 새로 연결하는지 보세요."
        ),
        vec!["애플리케이션이 기다렸다가 스스로 다시 연결하게 하세요.".to_owned()],
    )
}

pub(super) fn app_bug(account: &Account<'_>) -> Text {
    let who = subject(account.upstream().or(account.culprit()).unwrap_or("애플리케이션"));
    (
        format!("{who} 스스로 오류로 응답함"),
        "첫 실패 시각의 애플리케이션 로그를 읽으세요. 배포와 함께 시작되었으면 직전의 정상 버전으로 되돌리세요."
            .to_owned(),
        vec!["배포할 때마다 중요한 경로를 확인하고, 실패하면 되돌리세요.".to_owned()],
    )
}

pub(super) fn version_incompatible(account: &Account<'_>) -> Text {
    let who = subject(&account.cause.component);
    (
        format!("{who} 방금 바뀐 패키지와 맞지 않음"),
        "실패하는 이유를 로그에서 읽고, 설정을 고치거나 이전 버전으로 되돌리세요.".to_owned(),
        vec![
            "업그레이드는 다른 호스트에서 먼저 해 보고, 사이트에 필요한 패키지는 고정하세요(apt-mark hold).".to_owned(),
        ],
    )
}
