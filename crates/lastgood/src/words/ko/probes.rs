//! Korean: what dependencies answered when they were asked in their dependents' stead, and the causes that this proves.

use lastgood_model::probe_claim::Asked;
use lastgood_model::{CauseCode, ProbeClaim, ProbeOutcome, ProbeProtocol, TlsFault, Told};

use super::super::Account;
use super::super::josa::{object, subject, topic, with};
use super::super::probe::{called, who};

pub(super) fn claim(claim: &ProbeClaim) -> String {
    match claim {
        ProbeClaim::Answered { asked, outcome, .. } => {
            let answered = answered(asked, outcome);
            match asked.told {
                Told::Running => answered,
                Told::Declared => format!("지금 파일에 적힌 값으로 물어보면: {answered}"),
            }
        }
        ProbeClaim::NoVariable { asked } => format!(
            "{}의 환경 변수 가운데 {}에 보낼 비밀번호가 없음. 변수만 추가해서는 소용없고 코드가 그 변수를 읽어야 함",
            asked.from,
            asked.peer()
        ),
        ProbeClaim::ServedWith { asked, sends_none } => {
            let (from, key) = (&asked.from, password_key(asked));
            let sends = if *sends_none { "보내지 않음" } else { "다른 비밀번호를 보냄" };
            format!(
                "{} {from}에 전달된 비밀번호({key})를 받아들이지만 {} {sends}: 코드가 그 변수를 읽지 않음",
                topic(asked.peer()),
                topic(from)
            )
        }
        ProbeClaim::WayIsOpen { asked } => {
            format!("{}에서 {}까지 연결되어 응답을 받음. 이름, 네트워크, 포트는 이상 없음", asked.from, asked.address())
        }
    }
}

/// What came back, in a sentence.
pub fn answered(asked: &Asked, outcome: &ProbeOutcome) -> String {
    let (from, peer, address) = (&asked.from, asked.peer(), asked.address());
    let who = who(asked);
    match outcome {
        ProbeOutcome::NoSuchName => format!("{}에서 {} 이름을 찾을 수 없음", from, asked.host),
        ProbeOutcome::NameserverFails => {
            format!("{from}에서 {} 이름을 물었으나 네임서버가 응답하지 않음", asked.host)
        }
        ProbeOutcome::Refused => format!("{from}에서 보면 {address}에서 듣는 프로세스가 없음"),
        ProbeOutcome::Unanswered => format!("{from}에서 {address}에 물었으나 아무 응답도 돌아오지 않음"),
        ProbeOutcome::NoRoute => format!("{from}에서 {address}까지 가는 경로가 없음"),
        ProbeOutcome::Silent => format!("{} 연결만 받고 응답하지 않음", topic(&who)),
        ProbeOutcome::HungUp => format!("{} 연결을 받자마자 끊음", topic(&who)),
        ProbeOutcome::OtherProtocol => format!("{address}의 프로토콜은 {} 아님", subject(called(asked.protocol))),
        ProbeOutcome::Serves => match asked.protocol {
            ProbeProtocol::Tcp => format!("{} {from}의 연결을 받음", topic(&who)),
            ProbeProtocol::Front => format!("{} 보여 주는 {} 인증서가 유효함", subject(from), asked.host),
            _ => format!("{} {from}에 정상 응답", topic(&who)),
        },
        ProbeOutcome::Undecided => format!("{} 응답하지만 {}에 정상 응답하는지는 알 수 없음", topic(&who), from),
        ProbeOutcome::WantsPassword if asked.sends_password => {
            format!("{} 비밀번호를 요구하며, {} 보내는 것을 받아들이지 않음", topic(&who), subject(from))
        }
        ProbeOutcome::WantsPassword => {
            format!("{} 비밀번호를 요구하지만 {} 보내지 않음", topic(&who), topic(from))
        }
        ProbeOutcome::RefusesPassword => {
            format!("{} {} 보낸 사용자 또는 비밀번호를 거부", subject(&who), subject(from))
        }
        ProbeOutcome::WantsNoPassword => {
            format!("{} 비밀번호가 없는데 {} 비밀번호를 보내 거부됨", topic(&who), subject(from))
        }
        ProbeOutcome::RefusesHost => format!("{} {} 있는 곳에서 오는 접속을 받지 않음", topic(&who), subject(from)),
        ProbeOutcome::RefusesAccess => format!("{} 로그인은 받지만 요청한 작업을 거부", topic(&who)),
        ProbeOutcome::NoSuchUser => format!("{}에 {} 로그인하려는 사용자가 없음", who, subject(from)),
        ProbeOutcome::NoSuchDatabase => match &asked.place {
            Some(database) => format!("{who}에 {database} 데이터베이스가 없음"),
            None => format!("{who}에 요청한 데이터베이스가 없음"),
        },
        ProbeOutcome::TooManyConnections => format!("{} 연결을 더 받지 않음", topic(&who)),
        ProbeOutcome::Starting => format!("{} 아직 시작하는 중", topic(&who)),
        ProbeOutcome::Stopping => format!("{} 종료되는 중", topic(&who)),
        ProbeOutcome::ReadOnly => format!("{} 쓰기를 받지 않음", topic(&who)),
        ProbeOutcome::CannotPersist => format!("{} 디스크에 저장하지 못해 쓰기를 받지 않음", topic(&who)),
        ProbeOutcome::MemoryFull => format!("{} 메모리가 가득 차 쓰기를 받지 않음", topic(&who)),
        ProbeOutcome::NoTls => format!("{} TLS를 쓰지 않는데 {} TLS로 접속", topic(&who), topic(from)),
        ProbeOutcome::WantsTls => format!("{} TLS를 요구하는데 {} TLS 없이 접속", topic(&who), topic(from)),
        ProbeOutcome::Tls(fault) => format!("{peer}({address}): {}", certificate(fault)),
        ProbeOutcome::HttpStatus(status) => format!("{who}의 응답: {status}"),
        ProbeOutcome::IssuerDiffers { said } => {
            format!("{who}의 issuer는 {said}, 호출하는 쪽의 주소와 다름")
        }
        ProbeOutcome::NoSuchRealm => match &asked.place {
            Some(path) => format!("{who}에 {path} realm이 없음"),
            None => format!("{who}에 그 realm이 없음"),
        },
        ProbeOutcome::RefusesClient => format!("{} {}의 client 또는 그 secret을 거부", subject(&who), from),
        ProbeOutcome::ClockDiffers { seconds } => {
            let side = if *seconds > 0 { "빠름" } else { "느림" };
            format!("{}의 시계가 {}초 {side}", who, seconds.unsigned_abs())
        }
    }
}

fn certificate(fault: &TlsFault) -> String {
    match fault {
        TlsFault::Expired => "인증서가 만료됨".to_owned(),
        TlsFault::NotYetValid => "인증서의 유효 기간이 아직 시작되지 않음".to_owned(),
        TlsFault::OtherName { names } => format!("인증서의 이름이 다름({})", names.join(", ")),
        TlsFault::UnknownIssuer { alone: true } => "중간 인증서가 빠져 있음".to_owned(),
        TlsFault::UnknownIssuer { alone: false } => "신뢰할 수 없는 기관이 서명한 인증서".to_owned(),
        TlsFault::NothingInCommon => "양쪽에 공통된 TLS 버전이나 암호가 없음".to_owned(),
        TlsFault::Alert(alert) => format!("TLS 오류: {alert}"),
    }
}

/// Summary, fix and prevention of a cause that a probe proves.
pub(super) fn cause(account: &Account<'_>, claim: &ProbeClaim) -> (String, String, Vec<String>) {
    if let ProbeClaim::ServedWith { asked, sends_none } = claim {
        let (from, peer, key) = (&asked.from, asked.peer(), password_key(asked));
        let sends = if *sends_none { "비밀번호를 보내지 않음" } else { "다른 비밀번호를 보냄" };
        return (
            format!("{} 비밀번호를 요구하는데, {} 전달받고도 {sends}", topic(peer), topic(from)),
            format!(
                "{from}의 코드가 {} 읽어 {peer}에 보내게 하세요. 값은 맞고, {} 그 값을 받아들입니다.",
                object(key),
                topic(peer)
            ),
            vec!["서비스가 시작할 때 의존하는 곳에 한 번씩 물어보고, 거부되면 종료하게 합니다.".to_owned()],
        );
    }
    let ProbeClaim::Answered { asked, outcome, .. } = claim else {
        return (self::claim(claim), format!("{}의 응답을 확인하세요.", account.cause.component), vec![check_first()]);
    };
    let (fix, prevention) = advice(account.cause.code, asked);
    (answered(asked, outcome), fix, vec![prevention])
}

/// The variable with the password, which may be that of the whole address.
fn password_key(asked: &Asked) -> &str {
    asked.password_key.as_ref().unwrap_or(&asked.key)
}

/// What to do, and what keeps it from happening again.
pub fn advice(code: CauseCode, asked: &Asked) -> (String, String) {
    let (from, peer) = (&asked.from, asked.peer());
    let key = asked.password_key.as_ref().unwrap_or(&asked.key);
    match code {
        CauseCode::MissingCredential if asked.password_key.is_some() => (
            format!(
                "{from}의 {key}에 {} 요구하는 비밀번호를 넣고 컨테이너를 다시 만드세요. 지금은 비어 있습니다. 코드가 그 변수를 \
                 읽어야 효과가 있습니다.",
                subject(peer)
            ),
            check_first(),
        ),
        CauseCode::MissingCredential => (
            format!(
                "{} 비밀번호를 보내게 하세요. 코드가 환경 변수에서 비밀번호를 읽게 하고(빈 값은 비밀번호 없음), 그 변수에 {} \
                 요구하는 비밀번호를 넣은 뒤 컨테이너를 다시 만듭니다. 변수만 추가해서는 소용없고 코드가 읽어야 합니다.",
                subject(from),
                subject(peer)
            ),
            check_first(),
        ),
        CauseCode::WrongCredential => (
            format!("{from}의 사용자와 비밀번호({key})를 선언된 곳에서 고치고 컨테이너를 다시 만드세요."),
            "비밀번호는 양쪽을 함께 바꿉니다. 데이터베이스는 처음 시작할 때의 비밀번호를 계속 씁니다.".to_owned(),
        ),
        CauseCode::AuthNotExpected => (
            format!("{from}의 {key}에서 비밀번호를 빼고 다시 만들거나, {peer}에 비밀번호를 설정하세요."),
            "빈 변수는 비밀번호 없음을 뜻하게 하면 두 경우 모두 동작합니다.".to_owned(),
        ),
        CauseCode::ProtectedMode => (
            format!("{peer}에 비밀번호를 설정하고 {} 보내게 하거나, 자기 네트워크에서만 듣게 하세요.", subject(from)),
            check_first(),
        ),
        CauseCode::PersistenceFailing => (
            format!("{peer}의 디스크 공간을 늘리거나 폴더 권한을 고치세요. 그러면 다시 쓰기를 받습니다."),
            "디스크가 80%를 넘으면 알림을 받도록 합니다.".to_owned(),
        ),
        CauseCode::MemoryLimit => (
            format!("{peer}의 maxmemory를 늘리거나 eviction을 켜고, 커지는 키를 찾으세요."),
            "저장하는 값에 만료 시간을 둡니다.".to_owned(),
        ),
        CauseCode::ReadOnly => (
            format!("{} 쓰기를 받는 서버에 접속하게 하세요({}).", subject(from), asked.key),
            "replica가 아니라 primary의 이름을 씁니다.".to_owned(),
        ),
        CauseCode::SchemaMissing => (
            format!("{peer}에 데이터베이스를 만들거나 {from}의 {} 값을 고친 뒤 migration을 실행하세요.", asked.key),
            "새 버전을 열기 전에 migration을 실행합니다.".to_owned(),
        ),
        CauseCode::Loading => (
            format!("{} 준비될 때까지 기다리세요. 끝내 준비되지 않으면 로그를 확인하세요.", subject(peer)),
            "의존하는 서비스가 상태 확인을 기다리게 합니다(depends_on의 condition: service_healthy).".to_owned(),
        ),
        CauseCode::BindLoopback => (
            format!(
                "{} 컨테이너 안에서 0.0.0.0으로 듣게 하세요. 127.0.0.1은 자기 자신만 접속할 수 있습니다.",
                subject(peer)
            ),
            "외부 접속을 막으려면 호스트 쪽 포트를 127.0.0.1에만 공개합니다.".to_owned(),
        ),
        CauseCode::FirewallDrop => (
            format!("{} {} 사이의 방화벽을 확인하세요. 보낸 패킷이 사라집니다.", with(from), asked.address()),
            "방화벽 규칙은 재부팅 뒤에도 남도록 파일로 관리합니다.".to_owned(),
        ),
        CauseCode::ProtocolMismatch => {
            (format!("{from}의 {}에서 scheme이나 포트를 고치고 다시 만드세요.", asked.key), check_first())
        }
        CauseCode::IssuerMismatch => (
            format!("{peer}의 hostname 설정이나 {from}의 {} 값을 고쳐 두 이름을 같게 하세요.", asked.key),
            "브라우저와 서비스가 같은 이름으로 인증 서버를 부르게 합니다.".to_owned(),
        ),
        CauseCode::ClockSkew => (
            "양쪽에서 시각 동기화를 켜서 시계를 맞추세요.".to_owned(),
            "chrony나 timesyncd가 부팅할 때 시작되게 합니다.".to_owned(),
        ),
        CauseCode::TlsExpired | CauseCode::TlsNotYetValid => (
            format!("{peer}에 지금 유효한 인증서를 넣고 다시 읽게 하세요."),
            "인증서를 타이머로 갱신하고, 실패하면 알림을 받습니다.".to_owned(),
        ),
        CauseCode::TlsChain => (
            format!("{} 중간 인증서까지 보내게 하거나, {} 그 발급자를 신뢰하게 하세요.", subject(peer), subject(from)),
            "인증서만이 아니라 전체 체인을 설치합니다.".to_owned(),
        ),
        CauseCode::TlsNameMismatch => (
            format!(
                "{} 인증서에 있는 이름으로 부르거나, {} 위한 인증서를 발급하세요.",
                object(peer),
                object(&asked.host)
            ),
            check_first(),
        ),
        CauseCode::WrongAddress => (
            format!("{from}의 {} 값을 선언된 곳에서 고치고 컨테이너를 다시 만드세요.", asked.key),
            "컨테이너끼리는 서비스 이름과 컨테이너 포트로 접속하게 합니다.".to_owned(),
        ),
        CauseCode::WrongNetwork => (
            format!("compose 파일에서 {} {} 같은 네트워크에 넣고 다시 만드세요.", with(from), object(peer)),
            check_first(),
        ),
        _ => (format!("{peer}의 로그와 상태를 확인하세요. {} 없이는 동작하지 않습니다.", topic(from)), check_first()),
    }
}

/// Why a finding of `check` bites.
pub fn bites(asked: &Asked) -> String {
    match asked.told {
        Told::Running => format!("{}에 필요하지만 응답을 받지 못함", asked.from),
        Told::Declared => format!("{}의 다음 컨테이너가 응답을 받지 못하게 됨", asked.from),
    }
}

fn check_first() -> String {
    "배포 전에 lastgood check를 실행하면 새 컨테이너가 받을 값으로 모든 의존 서비스에 물어봅니다.".to_owned()
}
