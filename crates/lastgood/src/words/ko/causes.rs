//! Korean: summary, fix and prevention of each cause, with the names of this incident. What a cause is in general
//! stands in `knowledge/causes/`.

use lastgood_model::{CauseCode, ChangeKind, ProxyErrorKind, UnitFileState};

use super::super::josa::{object, subject, topic};
use super::super::{Account, CauseText};
use super::{app, builds, limits, states, turns};

pub(super) fn cause(account: &Account<'_>) -> CauseText {
    if let Some((summary, fix, prevention)) = turns::cause(account) {
        return CauseText { summary, fix, prevention };
    }
    if let Some(claim) = account.state() {
        return states::cause(account, claim);
    }
    if let Some(said) = account.said() {
        let (summary, fix, prevention) = app::cause(account, said);
        return CauseText { summary, fix, prevention };
    }
    if let Some(fact) = account.build() {
        let (summary, fix, prevention) = builds::cause(fact);
        return CauseText { summary, fix, prevention };
    }
    let (summary, fix, prevention) = match account.cause.code {
        CauseCode::NotStartedAfterReboot => not_started(account),
        CauseCode::ProcessDown => process_down(account),
        CauseCode::OomKill => oom_kill(account),
        CauseCode::DiskFull => disk_full(),
        CauseCode::ConnectionClosed => connection_closed(account),
        CauseCode::DnsFailure => dns_failure(account),
        CauseCode::TimeoutSlow => timeout_slow(account),
        CauseCode::TlsExpired => limits::tls_expired(account),
        CauseCode::TlsChain => limits::tls_chain(account),
        CauseCode::TlsNameMismatch => limits::tls_name_mismatch(account),
        CauseCode::HeaderTooBig => limits::header_too_big(account),
        CauseCode::BodyTooBig => limits::body_too_big(),
        CauseCode::RateLimit => limits::rate_limit(),
        CauseCode::FdLimit => limits::fd_limit(),
        CauseCode::WorkerLimit => limits::worker_limit(),
        CauseCode::ServerConnLimit => limits::server_conn_limit(account),
        CauseCode::DependencyDown => limits::dependency_down(account),
        CauseCode::AppBug => limits::app_bug(account),
        CauseCode::VersionIncompatible => limits::version_incompatible(account),
        CauseCode::HostDown => host_down(account),
        CauseCode::ConfigSyntax => config_syntax(account),
        CauseCode::PortConflict => port_conflict(account),
        CauseCode::BadEntrypoint => bare(account, "실행할 수 없는 프로그램"),
        CauseCode::HealthcheckBroken => bare(account, "잘못된 헬스체크"),
        CauseCode::WrongArch => bare(account, "다른 아키텍처용 이미지"),
        CauseCode::WrongNetwork => bare(account, "빠진 네트워크"),
        CauseCode::WrongAddress => bare(account, "동작할 수 없는 주소"),
        CauseCode::StaleUpstreamIp => bare(account, "nginx가 조회한 뒤에 바뀐 주소"),
        CauseCode::StaleEnv => bare(account, "env 파일보다 오래된 값"),
        CauseCode::BadMount => bare(account, "없는 마운트"),
        CauseCode::WrongCredential => bare(account, "거부된 인증 정보"),
        CauseCode::MissingCredential => bare(account, "보내지 않은 비밀번호"),
        CauseCode::AuthNotExpected => bare(account, "요구하지 않는 비밀번호를 보냄"),
        CauseCode::ProtectedMode => bare(account, "자기 호스트의 접속만 받는 서버"),
        CauseCode::PersistenceFailing => bare(account, "디스크에 저장하지 못하는 서버"),
        CauseCode::MemoryLimit => bare(account, "메모리가 가득 찬 서버"),
        CauseCode::ReadOnly => bare(account, "쓰기를 받지 않는 서버"),
        CauseCode::FirewallDrop => bare(account, "사라지는 패킷"),
        CauseCode::BindLoopback => bare(account, "자기 자신만 접속할 수 있는 주소에서 듣는 프로그램"),
        CauseCode::SchemaMissing => bare(account, "없는 데이터베이스 또는 테이블"),
        CauseCode::Loading => bare(account, "아직 시작하는 중인 서버"),
        CauseCode::ProtocolMismatch => bare(account, "서로 다른 프로토콜"),
        CauseCode::IssuerMismatch => bare(account, "이름이 다른 issuer"),
        CauseCode::ClockSkew => bare(account, "서로 다른 시계"),
        CauseCode::TlsNotYetValid => bare(account, "아직 유효하지 않은 인증서"),
        CauseCode::TlsVersion => bare(account, "공통 TLS 버전 없음"),
        CauseCode::EnvMissing => bare(account, "빠진 환경 변수"),
        CauseCode::EnvMalformed => bare(account, "해석할 수 없는 값"),
        CauseCode::Permission if account.proxy_error(ProxyErrorKind::SocketDenied) => (
            format!("nginx에 {}의 소켓을 열 권한이 없음", account.cause.component),
            "nginx 사용자가 소켓에 쓸 수 있게 하세요. 소켓의 mode를 바꾸거나, umask 007과 공통 그룹을 씁니다."
                .to_owned(),
            vec!["배포 뒤에는 애플리케이션만이 아니라 nginx를 거쳐 요청해 보세요.".to_owned()],
        ),
        CauseCode::Permission => bare(account, "권한이 없는 파일"),
        CauseCode::HeapLimit => bare(account, "부족한 힙"),
        CauseCode::BuildMissing => bare(account, "이미지에 빠진 파일이나 모듈"),
        CauseCode::RedirectUri => bare(account, "등록되지 않은 redirect URI"),
        CauseCode::WrongHostHeader => bare(account, "거부된 Host 이름"),
        CauseCode::Ipv6Mismatch => bare(account, "IPv6로 해석된 localhost"),
        CauseCode::ConfigSemantic => bare(account, "다른 곳으로 보내는 설정"),
        CauseCode::VersionSkew => bare(account, "요청받은 것을 모르는 릴리스"),
        CauseCode::RedirectLoop => bare(account, "끝나지 않는 리다이렉트"),
        CauseCode::StartupOrder => bare(account, "너무 일찍 시작된 서비스"),
        CauseCode::Located => located(account),
    };
    CauseText { summary, fix, prevention }
}

fn not_started(account: &Account<'_>) -> (String, String, Vec<String>) {
    let unit = account.unit().unwrap_or(&account.cause.component);
    let reboot = match account.trigger().map(|trigger| trigger.kind) {
        Some(ChangeKind::MachineImage) => "머신 이미지 생성에 따른 재부팅 뒤",
        Some(ChangeKind::InstanceReboot | ChangeKind::InstanceStop | ChangeKind::InstanceStart) => {
            "요청된 인스턴스 재부팅 뒤"
        }
        _ if account.clean_reboot() == Some(false) => "호스트가 비정상 종료된 뒤",
        _ => "호스트 재부팅 뒤",
    };
    let start = if account.ongoing() { "지금 시작하세요." } else { "지금은 다시 실행 중입니다." };
    let fix = match account.unit_state() {
        Some(UnitFileState::Masked) => {
            format!(
                "{start} {} masked 상태이므로 unmask 후 enable하지 않으면 다음 부팅에도 내려가 있습니다.",
                topic(unit)
            )
        }
        Some(UnitFileState::Disabled) => {
            format!("{start} {} enable하지 않으면 다음 부팅에도 내려가 있습니다.", object(unit))
        }
        _ => format!("{start} {} 부팅 때 시작되지 않은 이유를 확인하세요.", subject(unit)),
    };
    let mut prevention = vec![
        "서비스에 필요한 unit을 모두 enable하고, 한 번은 일부러 재부팅해 스스로 돌아오는지 확인하세요.".to_owned(),
        "로드 밸런서의 상태 확인은 nginx가 아니라 애플리케이션이 응답하는 경로로 하세요.".to_owned(),
    ];
    if account.trigger().is_some_and(|trigger| trigger.kind == ChangeKind::MachineImage) {
        let image = "머신 이미지는 재부팅 없이(no-reboot) 만들거나 공지한 점검 시간에 만드세요.";
        prevention.insert(1, image.to_owned());
    }
    (format!("{reboot} {} 시작되지 않음", subject(unit)), fix, prevention)
}

fn process_down(account: &Account<'_>) -> (String, String, Vec<String>) {
    let summary = match (account.unit(), account.unit_result(), account.upstream()) {
        (Some(unit), Some(result), _) => format!("{} 실패함 ({result})", subject(unit)),
        (Some(unit), None, _) => format!("{} 중지됨", subject(unit)),
        (None, _, _) if account.proxy_stopped() => "nginx가 중지됨".to_owned(),
        (None, _, Some(socket)) if socket.starts_with("unix:") => format!("{socket}에서 듣는 프로세스가 없음"),
        (None, _, Some(upstream)) => format!("애플리케이션이 내려가 있음: {upstream}에서 듣는 프로세스가 없음"),
        (None, _, None) => "애플리케이션이 내려가 있음: nginx 뒤에서 듣는 프로세스가 없음".to_owned(),
    };
    let who = account.unit().unwrap_or(if account.proxy_stopped() { "nginx" } else { "애플리케이션" });
    let fix = if account.ongoing() {
        format!("{} 마지막으로 남긴 로그를 확인하고 다시 시작하세요.", subject(who))
    } else {
        format!("지금은 다시 응답합니다. {} 내려가기 전에 남긴 로그를 확인하세요.", subject(who))
    };
    let prevention = vec![
        format!("{} 실패하면 systemd가 다시 시작하게 하세요(Restart=on-failure).", subject(who)),
        "애플리케이션이 응답하는 경로를 외부에서 1분마다 확인하세요.".to_owned(),
    ];
    (summary, fix, prevention)
}

fn oom_kill(account: &Account<'_>) -> (String, String, Vec<String>) {
    let process = account.process().unwrap_or("프로세스");
    let unit = account.unit().unwrap_or(&account.cause.component);
    (
        format!("메모리 부족으로 커널이 {unit}의 {} 강제 종료함", object(process)),
        format!("{} 아직 내려가 있으면 시작하고, 무엇이 메모리를 차지했는지 찾으세요.", subject(unit)),
        vec![
            format!("{unit}에 알맞은 한도(MemoryMax=)를 주고 메모리 사용량을 지켜보세요."),
            "강제 종료되면 다시 시작하게 하세요(Restart=on-failure).".to_owned(),
        ],
    )
}

fn disk_full() -> (String, String, Vec<String>) {
    (
        "호스트의 파일 시스템이 가득 참".to_owned(),
        "오래된 로그, 이미지, 덤프를 지워 공간을 확보하세요. 용량과 함께 inode도 확인하고, 멈춘 서비스는 다시 \
         시작하세요."
            .to_owned(),
        vec!["로그를 순환(rotate)시키고, 늘어나는 데이터에 한도를 두고, 80%에서 알림을 받으세요.".to_owned()],
    )
}

fn connection_closed(account: &Account<'_>) -> (String, String, Vec<String>) {
    let who = account.upstream().or(account.culprit()).unwrap_or("upstream");
    (
        format!("{} 응답을 마치기 전에 연결을 끊음", subject(who)),
        format!(
            "그 시각 {who} 뒤의 애플리케이션을 살펴보세요. 처리 중 비정상 종료, 워커 제한, 재시작이 흔한 이유입니다."
        ),
        vec![
            "종료 전에 처리 중인 요청을 마치게 하세요.".to_owned(),
            "애플리케이션의 keep-alive 시간을 nginx보다 길게 두세요.".to_owned(),
        ],
    )
}

fn dns_failure(account: &Account<'_>) -> (String, String, Vec<String>) {
    let name = account.upstream().or(account.refusal().and_then(quoted)).or(account.culprit());
    (
        name.map_or("nginx가 upstream 이름의 주소를 찾지 못함".to_owned(), |name| {
            format!("nginx가 이름 {name}의 주소를 찾지 못함")
        }),
        "이름의 철자와 존재 여부, 그 대상이 실행 중인지 확인한 뒤 nginx를 reload하세요.".to_owned(),
        vec![
            "nginx가 실행 중에 이름을 찾게 하세요(resolver와 proxy_pass의 변수).".to_owned(),
            "nginx가 가리키는 대상이 먼저 시작되게 하세요.".to_owned(),
        ],
    )
}

fn host_down(account: &Account<'_>) -> (String, String, Vec<String>) {
    let summary = match (account.trigger().map(|trigger| trigger.kind), account.clean_reboot()) {
        (Some(ChangeKind::MachineImage), _) => "호스트가 꺼져 있었음: 머신 이미지 생성으로 재부팅됨",
        (Some(ChangeKind::InstanceReboot), _) => "호스트가 꺼져 있었음: 재부팅 요청이 있었음",
        (Some(ChangeKind::InstanceStop), _) => "호스트가 꺼져 있었음: 중지 요청이 있었음",
        (_, Some(false)) => "호스트가 꺼져 있었음: 비정상 종료 또는 전원 차단",
        _ => "호스트가 꺼져 있었음: 재부팅됨",
    };
    let mut prevention = vec![
        "재부팅은 공지한 시간에 하고, 그동안 다른 서버가 응답하게 하세요.".to_owned(),
        "사이트를 외부에서 1분마다 확인하세요. 꺼진 동안의 일은 자체 로그에 남지 않습니다.".to_owned(),
    ];
    if account.trigger().is_some_and(|trigger| trigger.kind == ChangeKind::MachineImage) {
        prevention.insert(0, "머신 이미지는 재부팅 없이(no-reboot) 만드세요.".to_owned());
    }
    let fix = if account.ongoing() {
        "호스트를 켠 뒤 어떻게 꺼졌는지 확인하세요."
    } else {
        "지금은 켜져 있습니다. 어떻게 꺼졌고 그동안 무엇을 했는지 확인하세요."
    };
    (summary.to_owned(), fix.to_owned(), prevention)
}

fn config_syntax(account: &Account<'_>) -> (String, String, Vec<String>) {
    let certificate = account.refusal().is_some_and(|message| message.contains("certificate"));
    let what = if certificate { "인증서를" } else { "설정을" };
    let fix = if account.ongoing() {
        "nginx -t가 통과할 때까지 마지막 변경을 고치거나 되돌린 뒤 nginx를 시작하세요."
    } else {
        "지금은 실행 중입니다. 다음 재시작 전에 nginx -t가 통과하는지 확인하세요."
    };
    (
        format!("nginx가 {what} 거부해 시작되지 않음"),
        fix.to_owned(),
        vec![
            "변경 뒤와 재시작 전에는 언제나 nginx -t를 실행하고, 재시작 대신 reload하세요.".to_owned(),
            "사이트를 외부에서 1분마다 확인하세요. 꺼진 동안의 일은 자체 로그에 남지 않습니다.".to_owned(),
        ],
    )
}

fn port_conflict(account: &Account<'_>) -> (String, String, Vec<String>) {
    let fix = if account.ongoing() {
        "nginx의 포트를 차지한 프로세스를 멈춘 뒤 nginx를 시작하세요."
    } else {
        "지금은 실행 중입니다. 어떤 프로세스가 nginx의 포트를 차지했는지 확인하세요."
    };
    (
        "다른 프로세스가 포트를 차지해 nginx가 시작되지 않음".to_owned(),
        fix.to_owned(),
        vec!["다음 부팅에서 먼저 뜨지 않도록 다른 서버의 unit을 disable하세요.".to_owned()],
    )
}

/// The first name in quotes.
fn quoted(message: &str) -> Option<&str> {
    message.split('"').nth(1).filter(|name| !name.is_empty())
}

fn timeout_slow(account: &Account<'_>) -> (String, String, Vec<String>) {
    let who = account.upstream().or(account.culprit()).unwrap_or("upstream");
    (
        format!("{} 떠 있으나 제시간에 응답하지 않음", subject(who)),
        format!("{who} 뒤의 애플리케이션이 무엇을 기다리는지 확인하세요. 쿼리, 잠금, 다른 서비스가 흔합니다."),
        vec![
            "애플리케이션이 부르는 모든 것에 nginx의 proxy_read_timeout보다 짧은 제한 시간을 두세요.".to_owned(),
            "오래 걸리는 일은 요청 밖으로 옮기세요.".to_owned(),
        ],
    )
}

fn located(account: &Account<'_>) -> (String, String, Vec<String>) {
    let summary = account.culprit().map_or_else(
        || "읽은 자료만으로는 알 수 없음".to_owned(),
        |who| format!("읽은 자료만으로는 알 수 없음, 실패가 나온 곳은 {who}"),
    );
    (
        summary,
        "아직 보지 못한 자료를 함께 주세요. 로그 폴더 전체, error log, 저널이 먼저입니다.".to_owned(),
        vec![
            "로그에 upstream 주소와 상태($upstream_addr, $upstream_status)를 남기세요.".to_owned(),
            "저널이 재부팅 뒤에도 남게 하세요(Storage=persistent).".to_owned(),
        ],
    )
}

/// A cause of a state whose claim is not at hand.
fn bare(account: &Account<'_>, what: &str) -> (String, String, Vec<String>) {
    (
        format!("{}: {what}", account.cause.component),
        "호스트에서 lastgood check를 실행하면 무엇이 잘못됐는지 알려 줍니다.".to_owned(),
        vec!["배포 전에 항상 lastgood check를 실행하세요.".to_owned()],
    )
}
