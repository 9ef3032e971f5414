//! Korean: claims, changes and what a proxy logs. One line each, without its time.

use lastgood_model::{ChangeKind, Claim, ProxyErrorKind, UnitFileState};

use super::super::Words;
use super::super::josa::{object, subject as subject_of, topic, with};
use super::super::number::{grouped, status};
use super::{Korean, app, builds, states, turns};

pub(super) fn claim(claim: &Claim) -> String {
    match claim {
        Claim::FirstBad { status: code } => format!("첫 실패 {}", status(*code)),
        Claim::FailingShare { failed, requests } => {
            format!("요청 {}건 중 {}건 실패", grouped(*requests), grouped(*failed))
        }
        Claim::UpstreamErrors { kind, upstream, count } => {
            format!("{} (error log에 {}회)", proxy_error(*kind, upstream.as_deref()), grouped(*count))
        }
        Claim::ErrorsBeganLater { seconds } => {
            format!("이런 오류는 장애 시작 {} 뒤에야 나타남", Korean.duration(*seconds))
        }
        Claim::ErrorsBefore { count } => format!("같은 오류가 전에도 {}회 있었으나 실패는 없었음", grouped(*count)),
        Claim::ChangeBefore { kind, subject, seconds, reported } => {
            let lead = match seconds {
                0 => "장애 시작과 같은 때".to_owned(),
                seconds => format!("첫 실패 {} 전", Korean.duration(*seconds)),
            };
            let source = if *reported { ", 제보 내용" } else { "" };
            format!("{} ({lead}{source})", change(*kind, subject))
        }
        Claim::HostRebooted { clean: true } => "호스트가 정상 종료 후 재부팅됨".to_owned(),
        Claim::HostRebooted { clean: false } => {
            "호스트가 종료 절차 없이 다시 켜짐 (비정상 종료 또는 전원 차단)".to_owned()
        }
        Claim::UnitRanBefore { unit } => format!("{} 재부팅 전에는 실행 중이었음", topic(unit)),
        Claim::UnitStopped { unit } => format!("{} 중지됨", subject_of(unit)),
        Claim::UnitNotStarted { unit } => {
            format!("부팅 후 다른 unit은 시작됐으나 {} 시작되지 않음", topic(unit))
        }
        Claim::UnitCameBack { unit } => format!("{} 스스로 다시 시작됨", topic(unit)),
        Claim::UnitFile { unit, state } => format!("{} {}", topic(unit), unit_state(*state)),
        Claim::UnitStartedAtRecovery { unit, seconds } => match seconds {
            0 => format!("{} 시작되자 바로 정상 응답이 돌아옴", subject_of(unit)),
            seconds => format!("{} 시작되고 {} 뒤 정상 응답이 돌아옴", subject_of(unit), Korean.duration(*seconds)),
        },
        Claim::UnitFailed { unit, result } => format!("{} 실패함: {result}", subject_of(unit)),
        Claim::OomKilled { process, scope } => match scope {
            Some(scope) => format!("메모리 부족으로 커널이 {} 강제 종료함 ({scope})", object(process)),
            None => format!("메모리 부족으로 커널이 {} 강제 종료함", object(process)),
        },
        Claim::NoSpace { who } => format!("{} 디스크 공간이 없다고 기록함", subject_of(who)),
        Claim::FailedAfterReturn { unit } => format!("{} 다시 시작된 뒤에도 실패가 이어짐", subject_of(unit)),
        Claim::Silence { expected, seconds } => {
            format!("{} 동안 요청 없음 (평소라면 약 {}건)", Korean.duration(*seconds), grouped(*expected))
        }
        Claim::ConnectionsExhausted { who } => format!("{} 연결을 더 받지 않음", subject_of(who)),
        Claim::DependencyStopped { who, clean: true } => format!("{} 중지됨", subject_of(who)),
        Claim::DependencyStopped { who, clean: false } => format!("{} 비정상 종료됨", subject_of(who)),
        Claim::DependencyReturned { who } => format!("{} 준비된 직후 정상 응답이 돌아옴", subject_of(who)),
        Claim::DependencyStillDown { who } => format!("실패가 이어지는 동안 {} 다시 준비되지 않음", subject_of(who)),
        Claim::UpstreamAnswered { status, count } => {
            format!("upstream이 스스로 {status}로 응답함 ({}건): 프록시는 전달만 함", grouped(*count))
        }
        Claim::CertificateEnded { names } => format!("{names} 인증서가 만료됨"),
        Claim::SlowedBefore { from_ms, to_ms } => {
            format!(
                "그전부터 정상 응답이 느려짐: {} ms → {} ms",
                grouped(u64::from(*from_ms)),
                grouped(u64::from(*to_ms))
            )
        }
        Claim::ProxyStopped => "nginx에 종료 신호가 옴".to_owned(),
        Claim::ProxyStarted => "nginx가 시작된 직후 요청이 돌아옴".to_owned(),
        Claim::ProxyConfigRefused { message } => format!("nginx가 설정을 거부함: {message}"),
        Claim::State(claim) => states::claim(claim),
        Claim::Application(claim) => app::claim(claim),
        Claim::Build(fact) => builds::claim(fact),
        Claim::Turn(claim) => turns::claim(claim),
        Claim::ServedWell { requests, failed: 0 } => {
            format!("같은 시간 요청 {}건, 실패 없음", grouped(*requests))
        }
        Claim::ServedWell { requests, failed } => {
            format!("같은 시간 요청 {}건 중 {}건만 실패", grouped(*requests), grouped(*failed))
        }
    }
}

pub(super) fn change(kind: ChangeKind, subject: &str) -> String {
    let what = match kind {
        ChangeKind::MachineImage => "머신 이미지(AMI) 생성, 인스턴스 재부팅 동반",
        ChangeKind::MachineImageNoReboot => "재부팅 없이 머신 이미지(AMI) 생성",
        ChangeKind::InstanceReboot => "인스턴스 재부팅 요청",
        ChangeKind::InstanceStop => "인스턴스 중지 요청",
        ChangeKind::InstanceStart => "인스턴스 시작 요청",
        ChangeKind::HostBoot => "호스트 부팅",
        ChangeKind::SecurityGroup => "보안 그룹 규칙 변경",
        ChangeKind::TargetGroup => "로드 밸런서 대상 변경",
        ChangeKind::UnitStarted => "unit 시작",
        ChangeKind::UnitStopped => "unit 중지",
        ChangeKind::UnitFailed => "unit 실패",
        ChangeKind::ProxyStarted => "nginx 시작",
        ChangeKind::ProxyReloaded => "nginx 설정 다시 읽음",
        ChangeKind::PackageChanged => "패키지 변경",
        ChangeKind::DependencyStarted => "데이터베이스·캐시 준비 완료",
        ChangeKind::DependencyStopped => "데이터베이스·캐시 중지",
        ChangeKind::CertificateRenewed => "인증서 유효 기간 시작(갱신)",
        ChangeKind::FileEdited => "파일 수정",
        ChangeKind::Reported => return subject.to_owned(),
    };
    // nginx says of itself only that it is nginx.
    let told = subject.is_empty() || what.starts_with(subject);
    if told { what.to_owned() } else { format!("{what}: {subject}") }
}

pub(super) fn proxy_error(kind: ProxyErrorKind, upstream: Option<&str>) -> String {
    let who = upstream.unwrap_or("upstream");
    match kind {
        ProxyErrorKind::ConnectRefused => {
            format!("{} 연결을 거부함: 그 주소에서 듣는 프로세스가 없음", subject_of(who))
        }
        ProxyErrorKind::ConnectTimeout => format!("{} 제시간에 연결을 받지 않음", subject_of(who)),
        ProxyErrorKind::NoRoute => format!("{who}까지 가는 경로가 없음"),
        ProxyErrorKind::SocketMissing => format!("소켓 {who} 없음"),
        ProxyErrorKind::SocketDenied => format!("nginx에 소켓 {who} 접근 권한이 없음"),
        ProxyErrorKind::SocketFull => format!("소켓 {who} 대기열이 가득 참"),
        ProxyErrorKind::AnswerTimeout => format!("{} 요청을 받고도 제시간에 응답하지 않음", subject_of(who)),
        ProxyErrorKind::Reset => format!("{} 연결을 끊음(reset)", subject_of(who)),
        ProxyErrorKind::ClosedEarly => format!("{} 응답을 마치기 전에 연결을 닫음", subject_of(who)),
        ProxyErrorKind::NoLiveUpstreams => format!("{who}에 시도해 볼 서버가 남지 않음"),
        ProxyErrorKind::TemporarilyDisabled => format!("nginx가 {} 잠시 제외함", object(who)),
        ProxyErrorKind::NameNotResolved => match upstream {
            Some(name) => format!("이름 {name}의 주소를 찾지 못함"),
            None => "upstream 이름의 주소를 찾지 못함".to_owned(),
        },
        ProxyErrorKind::Tls => format!("{} TLS 핸드셰이크 실패", with(who)),
        ProxyErrorKind::NoTls => format!("{who}의 TLS 핸드셰이크 응답이 TLS가 아님"),
        ProxyErrorKind::TlsExpired => format!("{who}의 인증서가 만료됨"),
        ProxyErrorKind::TlsUntrusted => format!("{who}의 인증서를 신뢰할 수 없음"),
        ProxyErrorKind::TlsNameMismatch => format!("{who}의 인증서가 다른 이름의 것임"),
        ProxyErrorKind::BadAnswer => format!("{} HTTP가 아닌 응답을 보냄", subject_of(who)),
        ProxyErrorKind::HeaderTooBig => format!("{} nginx 버퍼보다 큰 헤더를 보냄", subject_of(who)),
        ProxyErrorKind::NoIndex => "nginx가 내보이는 폴더에 시작 페이지가 없음".to_owned(),
        ProxyErrorKind::NoSpace => "디스크에 남은 공간이 없음".to_owned(),
        ProxyErrorKind::TooManyFiles => "nginx가 연 파일이 너무 많음".to_owned(),
        ProxyErrorKind::WorkerConnections => "nginx에 남은 연결이 없음(worker_connections)".to_owned(),
        ProxyErrorKind::WorkerLimit => "Apache에 남은 작업자가 없음(MaxRequestWorkers)".to_owned(),
        ProxyErrorKind::ClientSide => "클라이언트가 연결을 끊었거나 잘못된 요청을 보냄".to_owned(),
        ProxyErrorKind::BodyTooBig => "클라이언트가 nginx 한도(client_max_body_size)보다 큰 요청을 보냄".to_owned(),
        ProxyErrorKind::Limited => "nginx 자체 제한에 걸려 요청이 거절됨".to_owned(),
        ProxyErrorKind::Harmless => "동작에 지장이 없는 경고".to_owned(),
        ProxyErrorKind::Other => "분류되지 않은 오류".to_owned(),
    }
}

pub(super) const fn unit_state(state: UnitFileState) -> &'static str {
    match state {
        UnitFileState::Enabled => "enabled, 부팅 시 시작됨",
        UnitFileState::Disabled => "disabled, 부팅 시 시작되지 않음",
        UnitFileState::Masked => "masked, 어떤 방법으로도 시작되지 않음",
        UnitFileState::Other => "enabled도 disabled도 아님, 다른 unit이나 사람이 시작함",
    }
}
