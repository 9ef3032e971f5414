//! Korean: what applications wrote, and the causes that their own words name.

use lastgood_model::app_claim::SaidError;
use lastgood_model::{About, AppClaim, CauseCode, Piece};

use super::super::Account;
use super::super::josa::{object, subject, topic, with};
use super::super::number::{grouped, status};

/// Summary, fix, prevention.
type Text = (String, String, Vec<String>);

pub(super) fn claim(claim: &AppClaim) -> String {
    match claim {
        AppClaim::Said { error, count } => {
            let times = grouped(*count);
            let place = if error.frame.is_empty() { String::new() } else { format!(", 발생 위치 {}", error.frame) };
            let who = &error.who;
            match (error.class.is_empty(), error.about) {
                (false, _) => format!("{who} 로그에 {} {times}회{place}", error.class),
                (true, Some(about)) => format!("{who} 로그에 {} 관련 오류 {times}회", name(about)),
                (true, None) => format!("{who} 로그에 이 오류 {times}회"),
            }
        }
        AppClaim::WithFailures { who, met, failed } => {
            let (met, failed) = (grouped(*met), grouped(*failed));
            format!("확인한 실패 {failed}건 중 {met}건이 {who} 로그의 이 오류와 2초 안에 일어남")
        }
        AppClaim::Answered { who, target, status: code, count } => {
            format!("{} {who}에 {}로 응답함 ({}회)", subject(target), status(*code), grouped(*count))
        }
        AppClaim::CallFailed { who, target, status: Some(code), count } => {
            format!("{} {who}에 {}로 응답함 ({}회)", subject(target), status(*code), grouped(*count))
        }
        AppClaim::CallFailed { who, target, status: None, count } => {
            format!("{} {target}에 요청했으나 응답이 없음 ({}회)", subject(who), grouped(*count))
        }
    }
}

/// What a sentence is about, as people call it.
const fn name(about: About) -> &'static str {
    match about {
        About::Redis => "Redis",
        About::Postgres => "PostgreSQL",
        About::Mysql => "MySQL",
        About::Database => "데이터베이스",
        About::Http => "HTTP 호출",
        About::Oidc => "인증 서버",
        About::Dns => "이름 조회",
        About::Tls => "TLS",
        About::Network => "네트워크 연결",
        About::Nginx => "nginx",
        About::Docker => "Docker",
        About::Compose => "Compose",
        About::Registry => "이미지 레지스트리",
        About::Image => "이미지 내용",
        About::Volume => "파일과 볼륨",
        About::Disk => "디스크 공간",
        About::Memory => "메모리",
        About::Environment => "환경 변수",
        About::Application => "애플리케이션",
        About::Host => "호스트",
        About::Client => "클라이언트",
    }
}

/// Summary, fix and prevention of a cause that an application's error names.
pub(super) fn cause(account: &Account<'_>, said: &SaidError) -> Text {
    let (from, peer) = (said.who.as_ref(), account.cause.component.as_ref());
    let (summary, fix) = match account.cause.code {
        CauseCode::MissingCredential => (
            format!("{} 비밀번호를 요구하지만 {} 보내지 않음", topic(peer), topic(from)),
            format!(
                "{} 요구하는 비밀번호를 {} 보내게 하세요. 코드가 환경 변수에서 비밀번호를 읽게 하고(빈 값은 비밀번호 없음) \
                 컨테이너를 다시 만듭니다. 변수만 추가해서는 소용없고 코드가 읽어야 합니다.",
                subject(peer),
                subject(from)
            ),
        ),
        CauseCode::WrongCredential => {
            let user = said.named(Piece::User).filter(|user| !user.is_empty());
            let user = user.map_or(String::new(), |user| format!(" (사용자 {user})"));
            (
                format!("{} {from}의 로그인을 거부함{user}", subject(peer)),
                format!("{from}의 사용자와 비밀번호를 선언된 곳에서 고치고 컨테이너를 다시 만드세요."),
            )
        }
        CauseCode::AuthNotExpected => (
            format!("{} 비밀번호를 보내지만 {}에는 비밀번호가 없음", subject(from), peer),
            format!("{from} 설정에서 비밀번호를 빼거나 {peer}에 비밀번호를 설정하세요."),
        ),
        CauseCode::ProtectedMode => (
            format!("{} 자기 호스트의 접속만 받음", subject(peer)),
            format!("{peer}에 비밀번호를 설정하고 {} 보내게 하거나, 자기 네트워크에서만 듣게 하세요.", subject(from)),
        ),
        CauseCode::PersistenceFailing => (
            format!("{} 디스크에 저장하지 못해 쓰기를 받지 않음", subject(peer)),
            format!("{peer}의 디스크 공간을 늘리거나 폴더 권한을 고치세요. 그러면 다시 쓰기를 받습니다."),
        ),
        CauseCode::MemoryLimit => (
            format!("{peer}의 메모리가 가득 참"),
            format!("{peer}의 메모리 한도를 늘리거나, 무엇이 커지는지 찾으세요."),
        ),
        CauseCode::ReadOnly => (
            format!("{} 쓰기를 받지 않음", subject(peer)),
            format!("{} 쓰기를 받는 서버에 접속하게 하세요.", subject(from)),
        ),
        CauseCode::SchemaMissing => schema_missing(said, from, peer),
        CauseCode::Loading => (
            format!("{} 아직 시작하는 중", subject(peer)),
            format!("{} 준비될 때까지 기다리세요. 끝내 준비되지 않으면 그 로그를 확인합니다.", subject(peer)),
        ),
        CauseCode::ServerConnLimit => (
            format!("{} 연결을 더 받지 않음", subject(peer)),
            format!("{from}의 커넥션 풀을 줄이거나 {peer}의 한도를 늘리고, 반납되지 않는 연결을 찾으세요."),
        ),
        CauseCode::ConnectionClosed => (
            format!("{} {}의 연결을 끊음", subject(peer), from),
            format!("그때 {peer}에 무슨 일이 있었는지 확인하세요: 재시작, 한도, 유휴 타임아웃."),
        ),
        CauseCode::DnsFailure => {
            let host = said.named(Piece::Host).unwrap_or(peer);
            (
                format!("{from}에서 {host} 이름을 찾을 수 없음"),
                format!(
                    "{} 실행 중인지, {} 같은 네트워크에 있는지, 이름의 철자가 맞는지 확인하세요.",
                    subject(host),
                    subject(from)
                ),
            )
        }
        CauseCode::DependencyDown | CauseCode::ProcessDown => (
            format!("{} {}의 연결을 거부함: 듣는 프로세스가 없음", subject(peer), from),
            format!("{} 내려가 있으면 시작하고, 아니면 {from} 설정의 호스트와 포트를 고치세요.", subject(peer)),
        ),
        CauseCode::WrongAddress => (
            format!("{} 잘못된 주소로 접속함", subject(from)),
            format!("{from} 설정의 주소를 고치세요. 컨테이너 안에서 localhost는 그 컨테이너 자신입니다."),
        ),
        CauseCode::Ipv6Mismatch => (
            format!("{} localhost에 IPv6로 접속하지만 듣는 프로세스가 없음", subject(from)),
            "localhost 대신 127.0.0.1이나 서비스 이름을 쓰세요.".to_owned(),
        ),
        CauseCode::ProtocolMismatch => (
            format!("{} {} 서로 다른 프로토콜을 씀", with(from), subject(peer)),
            format!("{from} 설정의 scheme, 포트, TLS 여부를 고치세요."),
        ),
        CauseCode::TlsExpired => (
            format!("{peer}의 인증서가 만료됨"),
            format!("{peer}의 인증서를 갱신하고, 인증서를 제공하는 프로세스를 reload하세요."),
        ),
        CauseCode::TlsChain => (
            format!("{} {}의 인증서를 신뢰하지 않음", subject(from), peer),
            format!(
                "{} 인증서 체인 전체를 보내게 하거나, {} 발급 기관을 신뢰하게 하세요.",
                subject(peer),
                subject(from)
            ),
        ),
        CauseCode::TlsNameMismatch => (
            format!("{peer}의 인증서가 다른 이름으로 발급됨"),
            format!("{} 인증서에 있는 이름으로 {}에 접속하게 하세요.", subject(from), peer),
        ),
        CauseCode::IssuerMismatch => (
            format!("토큰의 issuer가 {} 기대하는 이름과 다름", subject(from)),
            format!("{} 브라우저에 보이는 공개 이름을 issuer로 기대하게 하세요.", subject(from)),
        ),
        CauseCode::RedirectUri => (
            format!("{peer}에 등록되지 않은 redirect URI"),
            "scheme과 포트까지 정확한 주소를 valid redirect URI로 등록하세요.".to_owned(),
        ),
        CauseCode::ClockSkew => (
            "시계가 서로 달라 토큰이 미래에서 온 것으로 보임".to_owned(),
            "양쪽의 시계를 맞추고 시간 동기화 서비스를 켜세요.".to_owned(),
        ),
        CauseCode::WrongHostHeader => (
            format!("{} 요청의 Host 이름을 거부함", subject(from)),
            format!(
                "프록시가 Host를 그대로 전달하게 하고(proxy_set_header Host $host), {from}에서 그 이름을 허용하세요."
            ),
        ),
        CauseCode::EnvMissing => match said.named(Piece::Variable) {
            Some(variable) => (
                format!("{peer}의 환경 변수에 {} 없음", subject(variable)),
                format!("{peer}에 {} 선언하고 컨테이너를 다시 만드세요.", object(variable)),
            ),
            None => (
                format!("{peer}에 필요한 환경 변수가 없음"),
                format!("{peer}에 전달된 값과 코드가 읽는 변수를 비교하고 컨테이너를 다시 만드세요."),
            ),
        },
        CauseCode::EnvMalformed => (
            format!("{peer}에 전달된 값을 해석할 수 없음"),
            format!("{peer}에 전달하는 값을 고치세요: scheme, 따옴표, 이스케이프가 필요한 문자."),
        ),
        CauseCode::Permission => {
            let file = said.named(Piece::File).filter(|file| !file.is_empty()).unwrap_or("필요한 파일");
            (
                format!("{} {} 사용할 권한이 없음", topic(peer), object(file)),
                format!("{} {}의 실행 사용자가 쓸 수 있게 하세요.", object(file), peer),
            )
        }
        CauseCode::DiskFull => (
            "호스트의 파일 시스템이 가득 참".to_owned(),
            "오래된 로그, 이미지, 덤프를 지워 공간을 확보하세요. 용량과 함께 inode도 확인합니다.".to_owned(),
        ),
        CauseCode::BadMount => {
            (format!("{peer}의 마운트가 잘못됨"), format!("{peer}의 볼륨이 어디에서 오는지, 쓸 수 있는지 확인하세요."))
        }
        CauseCode::FdLimit => (
            format!("{} 연 파일이나 연결이 너무 많음", subject(peer)),
            format!("{} 닫지 않는 것을 찾고, 정말 더 필요하면 ulimits.nofile을 늘리세요.", subject(peer)),
        ),
        CauseCode::HeapLimit => (
            format!("{peer}의 힙이 부족함"),
            format!("{peer}의 런타임 힙 한도를 늘리거나(-XX:MaxRAMPercentage, --max-old-space-size) 누수를 찾으세요."),
        ),
        CauseCode::OomKill => (
            format!("메모리 부족으로 {peer}의 프로세스가 강제 종료됨"),
            format!("{peer}에 메모리를 더 주거나, 무엇이 메모리를 쓰는지 찾으세요."),
        ),
        CauseCode::TimeoutSlow => (
            format!("{} 제때 응답하지 않음", subject(peer)),
            format!("{} 무엇을 기다리는지 확인하세요: 쿼리, 락, 비어 있는 커넥션 풀.", subject(from)),
        ),
        CauseCode::BadEntrypoint => (
            format!("{peer}의 프로그램을 시작할 수 없음"),
            "command와 entrypoint를 확인하세요: 경로, 줄 끝 문자, 인터프리터.".to_owned(),
        ),
        CauseCode::BuildMissing => {
            let program = said.named(Piece::Program).or(said.named(Piece::File)).unwrap_or("필요한 것");
            (
                format!("{peer}의 이미지에 {} 없음", subject(program)),
                format!("{peer} 빌드에서 {} 설치하거나 복사하고, 다시 빌드해 배포하세요.", object(program)),
            )
        }
        CauseCode::PortConflict => (
            format!("{} 포트를 열지 못함: 다른 프로세스가 사용 중", subject(peer)),
            "다른 프로세스를 멈추거나, 둘 중 하나의 포트를 바꾸세요.".to_owned(),
        ),
        CauseCode::WrongArch => {
            (format!("{peer}의 프로그램이 다른 아키텍처용"), "실행할 머신에 맞는 이미지를 빌드하세요.".to_owned())
        }
        CauseCode::ConfigSyntax => {
            (format!("{} 설정을 거부함", subject(peer)), "마지막 변경을 고치거나 되돌리세요.".to_owned())
        }
        CauseCode::VersionIncompatible => (
            format!("{peer}의 버전과 데이터가 맞지 않음"),
            format!("데이터를 기록한 버전으로 {} 되돌리거나 데이터를 이전하세요.", object(peer)),
        ),
        CauseCode::AppBug => {
            let class = if said.class.is_empty() { "자체 오류" } else { &said.class };
            (
                format!("{} 스스로 실패함: {class}", subject(peer)),
                format!("{} 확인하세요.", object(if said.frame.is_empty() { "traceback" } else { &said.frame })),
            )
        }
        _ => (format!("{from} 로그에 원인이 나타남"), format!("{from} 로그와 {} 확인하세요.", object(peer))),
    };
    (summary, fix, vec![prevention(account.cause.code)])
}

fn schema_missing(said: &SaidError, from: &str, peer: &str) -> (String, String) {
    match (said.named(Piece::Database), said.named(Piece::Relation)) {
        (Some(database), _) => (
            format!("{peer}에 {database} 데이터베이스가 없음"),
            format!("{peer}에 만들거나 {from} 설정의 이름을 고친 뒤 마이그레이션을 실행하세요."),
        ),
        (None, Some(relation)) => (
            format!("{from}의 데이터베이스에 {} 없음", subject(relation)),
            format!("{from}의 마이그레이션을 실행하세요. 코드와 데이터베이스의 버전이 다릅니다."),
        ),
        (None, None) => {
            (format!("{from}의 데이터베이스에 코드가 찾는 것이 없음"), format!("{from}의 마이그레이션을 실행하세요."))
        }
    }
}

fn prevention(code: CauseCode) -> String {
    match code {
        CauseCode::AppBug | CauseCode::BuildMissing | CauseCode::BadEntrypoint => {
            "새 버전을 투입하기 전에 실제 페이지 몇 개를 요청해 봅니다."
        }
        CauseCode::TlsExpired => "인증서 만료 몇 주 전에 알림을 받습니다. 파일이 아니라 서버에 물어 확인합니다.",
        CauseCode::DiskFull | CauseCode::PersistenceFailing => "디스크가 80%를 넘으면 알림을 받도록 합니다.",
        CauseCode::SchemaMissing => "새 버전을 투입하기 전에 마이그레이션을 실행합니다.",
        CauseCode::ServerConnLimit | CauseCode::TimeoutSlow => {
            "모든 풀과 호출에 한도를 두고, 한도에 얼마나 가까워지는지 지켜봅니다."
        }
        _ => "배포 전에 lastgood check를 실행합니다. 새 컨테이너가 받을 값으로 모든 의존 대상에 물어봅니다.",
    }
    .to_owned()
}
