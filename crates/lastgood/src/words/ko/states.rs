//! Korean: states of containers and of the machine: claims, what is wrong, and the causes that they prove.

use lastgood_diagnose::PASSED_ON;
use lastgood_model::{Ailment, CauseCode, DeadEnd, Ending, Instead, Misread, StateClaim};

use super::super::josa::{object, subject, topic, towards};
use super::super::number::{grouped, listed_ports};
use super::super::{Account, CauseText, value};
use super::probes;

pub(super) fn claim(claim: &StateClaim) -> String {
    match claim {
        StateClaim::Misread { key, how, .. } => match how {
            Misread::DollarLost => format!("{key} 값의 $가 변수로 읽혀 일부가 사라짐"),
            Misread::NothingStandsIn { variable } => {
                format!("{key} 값에 쓰인 ${{{variable}}}의 값이 어디에도 없어 그 자리가 비었음")
            }
            Misread::Splits => format!("{key} 비밀번호의 기호에서 주소가 끝남: 그 뒤는 경로로 읽힘"),
            Misread::Cut => format!("{key} 값이 공백 뒤의 #에서 끊김: Compose가 그 뒤를 주석으로 읽음"),
        },
        StateClaim::ContainerEnded { container, ending: Ending::Stopped, .. } => {
            format!("{} 중지됨", subject(container))
        }
        StateClaim::ContainerEnded { container, ending: Ending::Killed, exit_code } => {
            format!("{} 강제 종료됨 (종료 코드 {exit_code})", subject(container))
        }
        StateClaim::ContainerEnded { container, ending: Ending::ByItself, exit_code } => {
            format!("{} {} 끝남", subject(container), towards(&format!("종료 코드 {exit_code}")))
        }
        StateClaim::ContainerGone { service } => format!("{service}의 컨테이너가 없음 (삭제됐거나 만들어지지 않음)"),
        StateClaim::NothingCreated { project } => format!("{project} 프로젝트의 컨테이너가 하나도 없음"),
        StateClaim::NeverStarted { container } => format!("{} 만들어진 뒤 시작된 적이 없음", subject(container)),
        StateClaim::ContainerPaused { container } => format!("{} 일시 정지됨(paused)", subject(container)),
        StateClaim::KeepsRestarting { container, restarts, exit_code } => {
            let times = match restarts {
                0 => String::new(),
                times => format!(", 지금까지 {}회", grouped(*times)),
            };
            {
                let ends = towards(&format!("종료 코드 {exit_code}"));
                format!("{} {ends} 끝나고 다시 시작되기를 반복함{times}", subject(container))
            }
        }
        StateClaim::EngineSaid { container, text } => format!("Docker가 {} 시작하지 못함: {text}", object(container)),
        StateClaim::LastWords { container, text } => format!("{container}의 마지막 로그: {text}"),
        StateClaim::ProgramOfOtherArch { image, label, program, machine } => {
            format!("{image} 이미지의 표시는 {label}, 그 안의 프로그램은 {program}용, 이 서버는 {machine}")
        }
        StateClaim::MemoryKilled { container, limit } => {
            format!("메모리 부족으로 커널이 {} 강제 종료함{}", object(container), limited(*limit))
        }
        StateClaim::ChildrenKilled { container, kills, limit } => {
            let count = kills.map_or_else(String::new, |kills| format!(" {}개", grouped(kills)));
            format!(
                "메모리 부족으로 커널이 {container} 안의 프로세스{count} 강제 종료함, 컨테이너는 계속 실행 중{}",
                limited(*limit)
            )
        }
        StateClaim::HealthFails { container, failures, output } => {
            let said = if output.is_empty() { String::new() } else { format!(": {output}") };
            format!("{container}의 헬스체크가 연속 {}회 실패{said}", grouped(*failures))
        }
        StateClaim::CheckMissesProgram { container, program } => {
            format!("{container}의 헬스체크가 부르는 {} 이미지에 없음", subject(program))
        }
        StateClaim::CheckAsksPort { container, port, listens } => {
            format!("{container}의 헬스체크는 포트 {port}에 묻지만 실제로 듣는 포트는 {}", listed_ports(listens))
        }
        StateClaim::ListensForItself { container, port } => {
            format!("{} 포트 {port}번을 자기 루프백에서만 들음", topic(container))
        }
        StateClaim::NotAttached { container, network } => {
            format!("{} 선언된 네트워크 {network}에 연결되어 있지 않음", topic(container))
        }
        StateClaim::NoSharedNetwork { from, to } => {
            format!("{} {to}에 접속하지만 함께 속한 네트워크가 없음", topic(from))
        }
        StateClaim::LookedUpBefore { proxy, name, container, address } => format!(
            "{} 이름 {} 조회한 뒤에 {container}의 주소가 {} 바뀜",
            subject(proxy),
            object(name),
            towards(address)
        ),
        StateClaim::AddressHeldBy { address, holder: Some(holder) } => format!("{address} 주소는 이제 {holder}의 것"),
        StateClaim::AddressHeldBy { address, holder: None } => format!("{address} 주소를 가진 컨테이너가 이제 없음"),
        StateClaim::ValueDiffers { key, declared, running } => {
            match value::both(key, running.as_ref(), declared.as_ref(), "빈 값") {
                Some((running, declared)) => format!("{key} 값이 컨테이너에서는 {running}, 파일에서는 {declared}"),
                None => format!("{key} 값이 컨테이너와 파일에서 서로 다름"),
            }
        }
        StateClaim::VariableMissing { container, key, instead } => match instead {
            Instead::Blank => format!("{container}: {key} 값이 비어 있음"),
            Instead::Near(near) => format!("{container}: {key} 대신 {near} 전달됨"),
            Instead::OnlyIn(file) => format!("{container}: {key} 없음 ({file}에만 있음)"),
            Instead::Nothing => format!("{container}: {key} 없음"),
        },
        StateClaim::VariableThere { container, key } => format!("{container}: {key} 있음, 비어 있지 않음"),
        StateClaim::LeadsNowhere { key, why, .. } => {
            let place = value::place(claim).unwrap_or_else(|| "주소".to_owned());
            match why {
                DeadEnd::OwnLocalhost => {
                    format!("{key} → {place}: 컨테이너 안에서는 자기 자신이며, 그 포트에서 듣는 프로세스가 없음")
                }
                DeadEnd::UnknownName => format!("{key} → {place}: 그런 이름을 가진 컨테이너가 없음"),
                DeadEnd::WrongPort { listens } => {
                    format!("{key} → {place}: 실제로 듣는 포트는 {}", listed_ports(listens))
                }
            }
        }
        StateClaim::ContainerCreated { container } => format!("{} 만들어짐", subject(container)),
        StateClaim::ContainerStarted { container } => format!("{} 시작됨", subject(container)),
        StateClaim::EnvFileEdited { file } => format!("{} 수정됨", subject(file)),
        StateClaim::EnvFileArrived { file } => format!("{} 이 서버에 복사됨", subject(file)),
        StateClaim::FileSystemFull { path, inodes: false } => format!("{path} 파일 시스템에 남은 공간이 없음"),
        StateClaim::FileSystemFull { path, inodes: true } => format!("{path} 파일 시스템에 남은 inode가 없음"),
        StateClaim::Probe(claim) => probes::claim(claim),
    }
}

pub(super) fn ailing(component: &str, ailment: Ailment) -> String {
    match ailment {
        Ailment::HostShort => "호스트에 남은 공간이 없음".to_owned(),
        Ailment::NotStarted => format!("{} 시작되지 못함", subject(component)),
        Ailment::Down => format!("{} 내려가 있음", subject(component)),
        Ailment::Restarting => format!("{} 종료와 재시작을 반복함", subject(component)),
        Ailment::CutOff => format!("{} 필요한 네트워크와 끊겨 있음", subject(component)),
        Ailment::Misled => format!("{} 동작할 수 없는 주소로 실행 중", subject(component)),
        Ailment::Unserved => format!("{} 필요한 서비스에서 정상 응답을 받지 못함", subject(component)),
        Ailment::Distrusted => format!("{component} 인증서를 접속자가 신뢰할 수 없음"),
        Ailment::Crowded => format!("{component}에 일부 접속자를 받을 여유가 없음"),
        Ailment::Unhealthy => format!("{} 비정상(unhealthy)", topic(component)),
        Ailment::Maimed => format!("{component}의 프로세스가 강제 종료됨"),
        Ailment::NotBuilt if component == "build" => "빌드 실패".to_owned(),
        Ailment::NotBuilt => format!("{component} 빌드 실패"),
    }
}

/// The cause that a state proves.
pub(super) fn cause(account: &Account<'_>, claim: &StateClaim) -> CauseText {
    let who = &account.cause.component;
    let (summary, fix, prevention) = match (account.cause.code, claim) {
        (_, StateClaim::Probe(claim)) => probes::cause(account, claim),
        (_, StateClaim::Misread { key, how, .. }) => misread(who, key, how),
        (CauseCode::StartupOrder, _) => (
            format!("{} 필요한 것보다 먼저 시작되어 포기했고, 다시 시작하는 것이 없음", subject(who)),
            format!("{} 시작하세요. 없던 것이 이제는 있습니다.", object(who)),
            vec!["restart 정책(unless-stopped)을 두고, depends_on의 service_healthy로 기다리게 하세요.".to_owned()],
        ),
        (CauseCode::StaleEnv, StateClaim::ValueDiffers { .. }) => (
            format!("{} 예전 값으로 실행 중: {}", subject(who), account.stale_keys().join(", ")),
            "위 명령으로 컨테이너를 다시 만드세요. restart는 env 파일을 다시 읽지 않습니다.".to_owned(),
            vec![
                "env 파일을 고친 뒤에는 restart가 아니라 up -d를 실행하세요. lastgood check가 어긋난 값을 보여 줍니다."
                    .to_owned(),
            ],
        ),
        (CauseCode::WrongAddress, StateClaim::LeadsNowhere { key, .. }) if &**key == PASSED_ON => (
            format!("{} 요청을 넘기는 포트에서 아무도 듣지 않음", subject(who)),
            "proxy_pass의 포트를 고친 뒤 nginx가 다시 읽게 하세요(nginx -s reload).".to_owned(),
            vec!["둘을 함께 바꾸세요. lastgood deploy는 프록시를 그 상대와 함께 미리 시험합니다.".to_owned()],
        ),
        (CauseCode::WrongAddress, _) => (
            format!("{who}에 동작할 수 없는 주소가 설정됨"),
            "값을 선언한 곳에서 고치고 컨테이너를 다시 만드세요.".to_owned(),
            vec!["컨테이너끼리는 서비스 이름과 컨테이너 포트로 접속하고, 배포 전에 lastgood check를 실행하세요.".to_owned()],
        ),
        (CauseCode::StaleUpstreamIp, _) => (
            format!("{} 다시 만들어진 컨테이너의 예전 주소로 접속함", subject(who)),
            "nginx를 reload해 이름을 다시 조회하게 하세요.".to_owned(),
            vec![
                "실행 중에 이름을 조회하게 하거나(resolver 127.0.0.11과 proxy_pass 변수), up 뒤에는 nginx를 reload하세요."
                    .to_owned(),
            ],
        ),
        (CauseCode::WrongNetwork, StateClaim::NotAttached { network, .. }) => (
            format!("{} 네트워크 {network}에 연결되어 있지 않음", subject(who)),
            "alias와 함께 다시 연결하거나 compose 파일로 컨테이너를 다시 만드세요.".to_owned(),
            vec!["네트워크는 compose 파일에 선언하세요. 손으로 연결한 것은 컨테이너와 함께 사라집니다.".to_owned()],
        ),
        (CauseCode::WrongNetwork, StateClaim::EngineSaid { .. }) => (
            format!("{} 시작하지 못함: 연결할 네트워크가 없음", subject(who)),
            "네트워크를 다시 만드세요. 프로젝트 자체의 네트워크는 up -d가 만들고, compose 파일에서 external인 네트워크는 docker network create NAME으로 만듭니다. 그런 다음 컨테이너를 다시 만드세요.".to_owned(),
            vec!["배포 전에 lastgood check를 실행하세요. 외부 네트워크가 있는지 확인합니다.".to_owned()],
        ),
        (CauseCode::WrongNetwork, _) => (
            format!("{} 접속 대상과 같은 네트워크에 있지 않음", subject(who)),
            "compose 파일에서 둘을 같은 네트워크에 넣고 다시 만드세요.".to_owned(),
            vec!["배포 전에 lastgood check를 실행하세요. 누가 누구에게 접속하는지 확인합니다.".to_owned()],
        ),
        (CauseCode::HealthcheckBroken, _) => (
            format!("{who}의 헬스체크가 잘못됨 (서비스 자체가 아님)"),
            "이미지에 있는 프로그램과 실제로 듣는 포트로 헬스체크를 고치고 다시 만드세요.".to_owned(),
            vec!["새 헬스체크는 해당 이미지 안에서 먼저 실행해 보세요.".to_owned()],
        ),
        (CauseCode::WrongArch, _) => (
            format!("{who}의 이미지가 다른 아키텍처용임"),
            "이 서버의 아키텍처로 이미지를 빌드하고 컨테이너를 다시 만드세요.".to_owned(),
            vec!["--platform을 지정해 빌드하고, 이미지에는 호스트에서 빌드한 결과만 복사하세요.".to_owned()],
        ),
        (CauseCode::BadEntrypoint, _) => (
            format!("{} 실행하려는 프로그램이 없거나 실행할 수 없음", subject(who)),
            "entrypoint나 command를 고치거나 프로그램을 이미지에 넣고 다시 만드세요.".to_owned(),
            vec!["새 이미지는 배포 전에 한 번 실행해 보세요.".to_owned()],
        ),
        (CauseCode::BadMount, _) => (
            format!("{} 마운트하려는 파일이나 폴더가 없음", subject(who)),
            "compose 파일이 가리키는 곳에 파일이나 폴더를 두고 시작하세요.".to_owned(),
            vec!["마운트할 파일은 compose 파일 곁에 두고 함께 복사하세요.".to_owned()],
        ),
        (CauseCode::PortConflict, _) => (
            format!("{} 쓸 포트를 다른 프로세스가 차지함", subject(who)),
            "포트를 차지한 프로세스를 멈추거나 다른 포트를 공개하고 시작하세요.".to_owned(),
            vec!["서비스마다 포트를 따로 정하고 기록해 두세요.".to_owned()],
        ),
        (CauseCode::OomKill, StateClaim::ChildrenKilled { .. }) => (
            format!("메모리 부족: 커널이 {who}의 프로세스를 강제 종료함 (컨테이너는 실행 중)"),
            format!("{} 다시 시작하고, 한도를 올리거나 메모리를 차지한 것을 찾으세요.", object(who)),
            vec!["메모리 사용량을 지켜보세요. Docker는 이것을 OOMKilled로 표시하지 않습니다.".to_owned()],
        ),
        (CauseCode::OomKill, _) => (
            format!("메모리 부족: 커널이 {} 강제 종료함", object(who)),
            format!("{who}의 메모리 한도를 올리거나 메모리를 차지한 것을 찾은 뒤 시작하세요."),
            vec!["알맞은 메모리 한도와 재시작 정책을 두세요.".to_owned()],
        ),
        (CauseCode::DiskFull, _) => (
            "호스트 디스크에 남은 공간이 없음".to_owned(),
            "오래된 로그, 이미지, 덤프를 지우고 멈춘 서비스를 다시 시작하세요.".to_owned(),
            vec!["컨테이너 로그에 한도(max-size)를 두고 80%에서 알림을 받으세요.".to_owned()],
        ),
        (CauseCode::ConfigSyntax, StateClaim::LastWords { .. }) => (
            format!("{} 시작하지 못함: nginx가 설정을 거부함", subject(who)),
            "nginx가 가리킨 줄을 고치고 시작하세요.".to_owned(),
            vec!["설정을 바꾼 뒤와 재시작 전에는 nginx -t를 실행하세요.".to_owned()],
        ),
        (CauseCode::DnsFailure, StateClaim::LastWords { text, .. }) => (
            format!("{} 시작하지 못함: 이름 {} 찾지 못함", subject(who), object(quoted(text).unwrap_or("upstream"))),
            "그 이름을 가진 서비스를 같은 네트워크에서 시작한 뒤 다시 시작하세요.".to_owned(),
            vec!["nginx가 실행 중에 이름을 조회하게 하세요(resolver와 proxy_pass 변수).".to_owned()],
        ),
        (CauseCode::EnvMissing, StateClaim::VariableMissing { key, instead, .. }) => (
            format!("{who}의 환경 변수에 {} 없음", subject(key)),
            match instead {
                Instead::Blank => format!("{who}에 전달되는 {key}의 값을 채우고 컨테이너를 다시 만드세요."),
                Instead::Near(near) => format!("이름을 맞추세요: 선언은 {near}, 코드는 {key}. 그다음 컨테이너를 다시 만드세요."),
                Instead::OnlyIn(file) => format!(
                    "{who}의 environment: 아래에 {key}: ${{{key}}}를 적어 전달하세요. {file} 파일은 ${{…}} 자리만 채웁니다. 그다음 \
                     컨테이너를 다시 만드세요."
                ),
                Instead::Nothing => format!("{who}에 {} 선언하고 컨테이너를 다시 만드세요.", object(key)),
            },
            vec![format!("compose 파일에 ${{{key}:?}}라고 쓰면 값이 없을 때 Compose가 시작을 거부합니다.")],
        ),
        (_, StateClaim::LastWords { text, .. }) => (
            format!("{} 시작하자마자 끝남: {text}", subject(who)),
            format!("{} 마지막으로 남긴 로그를 보고 고치세요. 재시작만으로는 낫지 않았습니다.", subject(who)),
            vec!["새 버전은 교체하기 전에 한 번 실행해 보세요.".to_owned()],
        ),
        (_, StateClaim::HealthFails { output, .. }) if output.is_empty() => located(who, "헬스체크 실패"),
        (_, StateClaim::HealthFails { output, .. }) => located(who, &format!("헬스체크 출력 {output}")),
        (_, StateClaim::ContainerGone { .. } | StateClaim::NothingCreated { .. }) => (
            format!("{who}의 컨테이너가 없음"),
            "compose 파일로 다시 만드세요.".to_owned(),
            vec!["다시 쓸 서비스는 rm이나 down이 아니라 stop으로 내리세요.".to_owned()],
        ),
        (_, StateClaim::ContainerPaused { .. }) => {
            (format!("{} 일시 정지됨", subject(who)), "unpause로 다시 움직이게 하세요.".to_owned(), vec![restart_policy()])
        }
        (_, StateClaim::EngineSaid { text, .. }) => (
            format!("{} 시작되지 못함: {text}", subject(who)),
            "Docker가 가리킨 것을 고치고 시작하세요.".to_owned(),
            vec!["up 뒤에는 항상 docker compose ps를 확인하세요.".to_owned()],
        ),
        (_, StateClaim::ContainerEnded { ending: Ending::Stopped, .. }) => (
            format!("{} 중지됨", subject(who)),
            "일부러 멈춘 것이 아니라면 다시 시작하세요.".to_owned(),
            vec!["다른 서비스가 쓰는 것을 멈출 때는 반드시 알리세요.".to_owned()],
        ),
        (_, StateClaim::ContainerEnded { ending: Ending::Killed, .. }) => (
            format!("{} 강제 종료됨", subject(who)),
            "마지막 로그를 확인하고 다시 시작하세요.".to_owned(),
            vec![restart_policy()],
        ),
        (_, StateClaim::KeepsRestarting { .. }) => (
            format!("{} 아무 말 없이 종료를 반복함", subject(who)),
            "로그와 종료 코드를 확인하세요.".to_owned(),
            vec!["새 버전은 교체하기 전에 한 번 실행해 보세요.".to_owned()],
        ),
        (_, other) => (self::claim(other), "로그를 확인하고 다시 시작하세요.".to_owned(), vec![restart_policy()]),
    };
    CauseText { summary, fix, prevention }
}

fn located(who: &str, why: &str) -> (String, String, Vec<String>) {
    (
        format!("{} 정상이 아님: {why}", subject(who)),
        format!("첫 헬스체크 실패 무렵의 {who} 로그를 확인하세요."),
        vec!["헬스체크가 무엇이 잘못됐는지 말하게 하세요.".to_owned()],
    )
}

fn restart_policy() -> String {
    "끝나면 다시 시작되게 하세요(restart: unless-stopped).".to_owned()
}

fn limited(limit: Option<u64>) -> String {
    limit.map_or_else(String::new, |limit| format!(" (한도 {} MiB)", grouped(limit >> 20)))
}

/// The first name in quotes.
fn quoted(message: &str) -> Option<&str> {
    message.split('"').nth(1).filter(|name| !name.is_empty())
}

/// A value that reached its container as something else than was written.
fn misread(who: &str, key: &str, how: &Misread) -> (String, String, Vec<String>) {
    let anew = format!("{who} 컨테이너를 다시 만드세요");
    let (summary, fix) = match how {
        Misread::DollarLost => (
            format!("Compose가 {who}의 {key} 값에 있는 $를 변수로 읽음"),
            format!("값의 $를 $$로 쓰거나 작은따옴표로 감싼 뒤 {anew}."),
        ),
        Misread::NothingStandsIn { variable } => (
            format!("{} 어디에도 없어 {who}의 {key} 값이 비었음", subject(variable)),
            format!("Compose가 찾는 곳(.env)에 {} 두고 {anew}.", object(variable)),
        ),
        Misread::Cut => (
            format!("Compose가 {who}의 {key} 값 끝부분을 주석으로 읽음"),
            format!("{key} 값을 작은따옴표로 감싼 뒤 {anew}."),
        ),
        Misread::Splits => (
            format!("{who}의 {key} 비밀번호에 있는 기호에서 주소가 끝남"),
            format!("{key} 비밀번호의 /는 %2F, ?는 %3F, #는 %23, @는 %40으로 쓰고 {anew}."),
        ),
    };
    let prevention = match how {
        Misread::NothingStandsIn { variable } => {
            format!("compose 파일에 ${{{variable}:?}}라고 쓰면 값이 없을 때 Compose가 시작을 거부합니다.")
        }
        _ => "비밀번호는 영문자와 숫자로만 만들고, 배포 전에 lastgood check를 실행하세요.".to_owned(),
    };
    (summary, fix, vec![prevention])
}
