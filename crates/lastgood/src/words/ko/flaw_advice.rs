//! Korean: why a flaw bites, and what to do about it.

use lastgood_model::check::Flaw;

use super::probes;

use super::super::josa::object;

pub(super) fn why(flaw: &Flaw) -> String {
    let text = match flaw {
        Flaw::ComposeRefuses { .. } | Flaw::EnvFileRefused { .. } | Flaw::VariableRequired { .. } => {
            "docker compose가 여기서 멈춰 아무것도 만들거나 바꾸지 못합니다"
        }
        Flaw::NothingToWaitFor { .. } => "기다릴 차례가 되면 Compose가 포기합니다",
        Flaw::NetworkMissing { .. } | Flaw::VolumeMissing { .. } => {
            "Compose는 외부 자원을 만들지 않으므로 up이 실패합니다"
        }
        Flaw::VariablesUnset { .. } => "Compose는 경고만 하고 빈 값으로 계속합니다",
        Flaw::KeysMissing { .. } => "예시 파일에 맞춰 작성된 코드가 이 값을 찾을 수 있습니다",
        Flaw::KeysLost { .. } => "다음 컨테이너는 이 값 없이 시작합니다",
        Flaw::KeysUndocumented { .. } => "예시 파일을 보고 다음 서버를 준비하는 사람이 빠뜨리게 됩니다",
        Flaw::HalfAddress { .. } => "반쪽짜리 주소로는 접속할 수 없습니다",
        Flaw::KeysBlank { .. } => "빈 값은 값이 없는 것과 달라서 프로그램의 기본값이 적용되지 않습니다",
        Flaw::DollarLost { .. } => "컨테이너는 잘린 값을 받습니다. 비밀번호라면 거부됩니다",
        Flaw::CarriageReturn { .. } => "보이지 않는 문자가 값에 섞여 이름 조회와 로그인이 실패합니다",
        Flaw::EnvFileReadable { .. } => "이 서버의 계정만 있으면 누구나 비밀 값을 볼 수 있습니다",
        Flaw::LocalhostAddress { .. } => "컨테이너 안에서 localhost는 그 컨테이너 자신입니다",
        Flaw::NoSharedNetwork { .. } => "이름 조회와 통신은 같은 네트워크 안에서만 됩니다",
        Flaw::WrongPort { .. } => "접속이 거부됩니다. 공개(published) 포트는 서버 쪽에서만 쓰입니다",
        Flaw::UnknownName { .. } => "이름을 찾을 수 없습니다",
        Flaw::GatewayAddress { .. } => "네트워크를 다시 만들면 엔진이 다른 주소를 고를 수 있습니다",
        Flaw::BuildEmulated { .. } => "에뮬레이션에서는 매우 느리거나 `exec format error`로 끝납니다",
        Flaw::ImageMislabelled { .. } => {
            "엔진은 표시를 믿고 시작하므로, 프로그램과 아키텍처가 다른 서버에서는 `exec format error`로 끝납니다"
        }
        Flaw::ModuleArchitecture { .. } => "프로그램과 아키텍처가 다른 모듈은 불러올 수 없습니다",
        Flaw::ImageArchitecture { .. } => "에뮬레이션이 없으면 `exec format error`로 끝납니다",
        Flaw::LoginMissing { .. } => "공개 이미지가 아니면 pull이 거부됩니다",
        Flaw::FloatingTag { .. } => "같은 파일이 내일은 다른 버전을 가져오고, 지금 버전으로 돌아갈 방법이 없습니다",
        Flaw::SecretInImage { .. } => "이미지를 받을 수 있는 사람은 누구나 볼 수 있고, 뒤 레이어에서 지워도 남습니다",
        Flaw::NoRestart { .. } => "재부팅 뒤에 엔진은 always와 unless-stopped만 다시 시작합니다",
        Flaw::UnitDisabled { .. } => "재부팅하면 아무것도 실행되지 않습니다",
        Flaw::MountMissing { .. } => "엔진이 그 자리에 빈 디렉터리를 만들어 프로그램이 파일을 찾지 못합니다",
        Flaw::MountNotAFile { .. } => "파일이 없던 때에 시작하면서 엔진이 만든 디렉터리입니다",
        Flaw::PortTaken { .. } => "컨테이너를 시작할 수 없습니다",
        Flaw::DatabasePublished { .. } => "공개 포트에는 ufw나 firewalld 규칙이 적용되지 않습니다",
        Flaw::SecretOnCommandLine { .. } => "ps와 docker inspect에 그대로 보입니다",
        Flaw::StaleContainer { .. } => "컨테이너는 생성될 때 받은 값을 유지합니다. restart로는 바뀌지 않습니다",
        Flaw::VariablesDiffer { .. } => "변수는 컨테이너를 만들 때 전달됩니다. restart로는 바뀌지 않습니다",
        Flaw::ContainerDiffers { .. } => "다음 up에서 바뀐 내용으로 다시 만들어집니다",
        Flaw::MountReplaced { .. } => {
            "마운트는 이름이 아니라 그 파일 자체입니다. 편집기와 git은 새 파일로 바꿔 놓습니다"
        }
        Flaw::Detached { .. } => "그 네트워크와 서로 통신할 수 없습니다",
        Flaw::StaleUpstream { .. } => "nginx는 설정을 읽을 때 한 번만 이름을 조회합니다",
        Flaw::Orphan { .. } => "관리되지 않은 채 계속 실행되며 포트를 차지합니다",
        Flaw::NotCreated => "요청에 응답할 것이 없습니다",
        Flaw::NotRunning { .. } | Flaw::CrashLooping { .. } => "여기에 보낸 요청은 모두 실패합니다",
        Flaw::Unhealthy { .. } => "스스로의 점검 결과 제 일을 하지 못합니다",
        Flaw::Paused { .. } => "요청이 시간 초과까지 기다립니다",
        Flaw::HealthcheckPort { .. } => "healthy가 되지 못해 이를 기다리는 서비스도 시작되지 않습니다",
        Flaw::HealthcheckAlwaysPasses => "무슨 일이 있어도 healthy로 보여 이를 기다리는 서비스가 너무 일찍 시작됩니다",
        Flaw::HealthcheckCertificate => "인증서는 공개 도메인용이라 정상이어도 점검이 실패합니다",
        Flaw::DiskShort { .. } => "가득 차면 pull, 빌드, 로그, 데이터베이스가 모두 실패합니다",
        Flaw::InodesShort { .. } => "공간이 남아도 새 파일을 만들 수 없습니다",
        Flaw::DiskReadOnly { .. } => "아무것도 쓸 수 없습니다. 디스크 오류 뒤에 커널이 이렇게 바꿉니다",
        Flaw::MemoryShort { .. } => "메모리가 떨어지면 커널이 프로세스를 강제 종료하며, 데이터베이스일 때가 많습니다",
        Flaw::ClockAdrift => "토큰과 인증서의 유효 기간을 이 시계로 판단합니다",
        Flaw::OpenFilesShort { .. } => "한도에 닿으면 서버 전체에서 파일도 연결도 열 수 없습니다",
        Flaw::NotServed { asked, .. } => return probes::bites(asked),
    };
    text.to_owned()
}

pub(super) fn fix(flaw: &Flaw) -> String {
    let text = match flaw {
        Flaw::ComposeRefuses { .. } | Flaw::EnvFileRefused { .. } => "해당 줄을 고치세요",
        Flaw::NothingToWaitFor { service } => {
            return format!("{service}에 헬스체크를 추가하거나 condition: service_started로 기다리세요");
        }
        Flaw::NetworkMissing { nearest: Some(name), .. } => {
            return format!("그 네트워크를 뜻했다면 name: {name} 으로 쓰고, 아니면 만드는 프로젝트를 먼저 시작하세요");
        }
        Flaw::VolumeMissing { nearest: Some(name), .. } => {
            return format!("그 볼륨을 뜻했다면 name: {name} 으로 쓰고, 아니면 새로 만드세요");
        }
        Flaw::NetworkMissing { .. } => "만드는 프로젝트를 먼저 시작하거나 직접 만드세요",
        Flaw::VolumeMissing { .. } => "직접 만들거나 external을 빼세요",
        Flaw::VariableRequired { .. } => ".env나 셸에서 값을 정하세요",
        Flaw::VariablesUnset { .. } => "값을 정하거나 기본값을 쓰세요: ${NAME:-default}",
        Flaw::KeysMissing { .. } | Flaw::KeysLost { .. } => "추가하거나, 필요 없으면 예시 파일에서 빼세요",
        Flaw::KeysUndocumented { .. } => "값 없이 키만 예시 파일에 추가하세요",
        Flaw::HalfAddress { key, .. } => return format!("{key}의 값을 정하세요"),
        Flaw::KeysBlank { .. } => "값을 정하거나 줄을 지우세요",
        Flaw::DollarLost { .. } => "값을 작은따옴표로 감싸거나 $$로 쓰세요",
        Flaw::CarriageReturn { .. } => "줄바꿈을 LF로 저장하세요",
        Flaw::EnvFileReadable { .. } => "다른 사용자의 읽기 권한을 없애세요",
        Flaw::LocalhostAddress { meant: Some(service), .. } => {
            return format!("localhost 자리에 서비스 이름 {} 쓰세요", object(service));
        }
        Flaw::LocalhostAddress { .. } => "접속하려는 서비스의 이름을 쓰세요",
        Flaw::NoSharedNetwork { networks, .. } => {
            return match networks.first() {
                Some(network) => format!("networks: 아래에 {} 추가하세요", object(network)),
                None => "두 서비스를 같은 네트워크에 두세요".to_owned(),
            };
        }
        Flaw::WrongPort { listens, .. } if listens.len() == 1 => {
            return format!("포트를 {}번으로 고치세요", listens.first().copied().unwrap_or_default());
        }
        Flaw::WrongPort { .. } => "컨테이너 안에서 실제로 듣는 포트를 쓰세요",
        Flaw::UnknownName { nearest: Some(name), .. } => {
            return format!("{} 뜻했다면 그 이름으로 고치세요", object(name));
        }
        Flaw::UnknownName { .. } => "이름을 확인하고, 그 프로젝트가 실행 중이며 같은 네트워크에 있는지 보세요",
        Flaw::GatewayAddress { behind: Some(name), shares_network: true, .. } => {
            return format!("같은 네트워크에 있으므로 이름 {} 쓰세요", object(name));
        }
        Flaw::GatewayAddress { network, .. } => {
            return format!("{network}의 서브넷을 ipam으로 고정하거나, 그 네트워크에 연결해 이름으로 접속하세요");
        }
        Flaw::BuildEmulated { .. } => {
            "lastgood deploy는 대상에서 빌드합니다(build.on). 아니면 빌드한 결과만 COPY하거나, 그 단계를 FROM --platform=$BUILDPLATFORM으로 시작하세요"
        }
        Flaw::ImageMislabelled { label, .. } => {
            return format!("--platform linux/{label} 옵션과 {label}용 프로그램으로 다시 빌드하세요");
        }
        Flaw::ModuleArchitecture { module, label, .. } => {
            return format!("{module} 파일이 속한 패키지를 linux/{label}용으로 설치하거나 빌드하세요");
        }
        Flaw::ImageArchitecture { host, .. } => return format!("--platform linux/{host} 옵션으로 빌드하거나 받으세요"),
        Flaw::LoginMissing { registry, .. } => return format!("필요하면 {registry}에 로그인하세요"),
        Flaw::FloatingTag { .. } => "버전이나 digest를 쓰세요",
        Flaw::SecretInImage { .. } => {
            "빌드에는 secret으로 넘기고(RUN --mount=type=secret), 값을 바꾼 뒤 다시 빌드하세요"
        }
        Flaw::NoRestart { .. } => "restart: unless-stopped를 추가하세요",
        Flaw::UnitDisabled { .. } => "부팅할 때 시작되도록 설정하세요",
        Flaw::MountMissing { .. } => "시작하기 전에 파일을 놓으세요",
        Flaw::MountNotAFile { .. } => "디렉터리를 지우고 파일을 놓은 뒤 컨테이너를 다시 만드세요",
        Flaw::PortTaken { .. } => "다른 포트로 공개하거나 그 프로그램을 멈추세요",
        Flaw::DatabasePublished { .. } => {
            "포트 앞에 127.0.0.1: 을 붙이거나 빼세요. 같은 네트워크의 서비스에는 필요 없습니다"
        }
        Flaw::SecretOnCommandLine { .. } => "파일이나 환경 변수로 넘기세요",
        Flaw::StaleContainer { .. }
        | Flaw::VariablesDiffer { .. }
        | Flaw::ContainerDiffers { .. }
        | Flaw::Detached { .. } => "컨테이너를 다시 만드세요",
        Flaw::MountReplaced { .. } => "컨테이너를 다시 만들거나 재시작하세요",
        Flaw::StaleUpstream { .. } => "nginx 설정을 다시 읽게 하세요. resolver와 변수를 쓰면 근본적으로 해결됩니다",
        Flaw::Orphan { .. } => "필요 없으면 지우세요",
        Flaw::NotCreated => "컨테이너를 만드세요",
        Flaw::NotRunning { .. } | Flaw::CrashLooping { .. } | Flaw::Unhealthy { .. } => {
            "로그를 확인하세요. 원인은 lastgood why가 더 찾아봅니다"
        }
        Flaw::Paused { .. } => "일시 정지를 푸세요",
        Flaw::HealthcheckPort { .. } => "서비스가 실제로 듣는 포트에 묻게 하세요",
        Flaw::HealthcheckAlwaysPasses => "물어본 결과 그대로 끝나게 하세요",
        Flaw::HealthcheckCertificate => "컨테이너 안에서는 http로 묻거나 인증서 확인을 건너뛰세요(curl -k)",
        Flaw::DiskShort { .. } => "오래된 이미지, 빌드 캐시, 로그를 정리하세요",
        Flaw::InodesShort { .. } => "파일이 아주 많은 폴더를 찾으세요",
        Flaw::DiskReadOnly { .. } => "커널 메시지를 확인하고, 디스크를 점검한 뒤 다시 마운트하세요",
        Flaw::MemoryShort { .. } => "무엇이 쓰는지 찾거나 메모리를 늘리세요",
        Flaw::ClockAdrift => "시간 동기화 서비스를 켜세요",
        Flaw::OpenFilesShort { .. } => "무엇이 파일을 열어 두는지 찾으세요",
        Flaw::NotServed { asked, cause, .. } => return probes::advice(*cause, asked).0,
    };
    text.to_owned()
}
