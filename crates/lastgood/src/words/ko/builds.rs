//! Korean: what the output of a build says, and the causes that it names.

use lastgood_model::{BuildError, BuildFact};

use super::super::josa::{subject, topic};

/// Summary, fix, prevention.
type Text = (String, String, Vec<String>);

pub(super) fn claim(fact: &BuildFact) -> String {
    match fact {
        BuildFact::Step { step, .. } => format!("실패한 단계: {step}"),
        BuildFact::Error { kind, name, .. } => error(*kind, name),
        BuildFact::Image { base, from, to, .. } if from.is_empty() || to.is_empty() => {
            format!("이미지가 시작할 기반: {base}")
        }
        BuildFact::Image { base, from, to, .. } => format!("이미지가 시작할 기반: {base}, 복사: {from} → {to}"),
        BuildFact::Failed { code: Some(code), .. } => format!("빌드가 끝남, 종료 코드 {code}"),
        BuildFact::Failed { code: None, .. } => "빌드 실패".to_owned(),
        BuildFact::Succeeded => "빌드가 정상으로 끝남".to_owned(),
    }
}

fn error(kind: BuildError, name: &str) -> String {
    let named = |otherwise: &str| if name.is_empty() { otherwise.to_owned() } else { name.to_owned() };
    match kind {
        BuildError::WrongArchitecture => format!("{} 다른 아키텍처용", topic(&named("프로그램"))),
        BuildError::ProgramMissing => format!("실행할 {} 없음", subject(&named("프로그램"))),
        BuildError::ModuleMissing => format!("{} 없음", subject(&named("파일 또는 모듈"))),
        BuildError::PackageMissing => format!("{} 없거나 그 버전이 없음", subject(&named("패키지나 이미지"))),
        BuildError::Denied => "빌드에 필요한 것을 받을 권한이 없음".to_owned(),
        BuildError::NoAnswer => "빌드 중 접속한 서버가 응답하지 않음".to_owned(),
        BuildError::NoSpace => "디스크에 남은 공간이 없음".to_owned(),
        BuildError::Refused if name.is_empty() => "컴파일러가 소스를 거부함".to_owned(),
        BuildError::Refused => format!("컴파일러가 거부한 소스: {name}"),
        BuildError::TestFailed if name.is_empty() => "테스트 실패".to_owned(),
        BuildError::TestFailed => format!("테스트 실패: {name}"),
        BuildError::Malformed => "Dockerfile을 읽을 수 없음".to_owned(),
        BuildError::Other => "빌드의 첫 오류".to_owned(),
    }
}

/// Summary, fix and prevention of a build that failed.
pub(super) fn cause(fact: &BuildFact) -> Text {
    let kind = if let BuildFact::Error { kind, .. } = fact { *kind } else { BuildError::Other };
    let (fix, prevention) = match kind {
        BuildError::WrongArchitecture => (
            "산출물은 이 머신에서 빌드하고 이미지는 복사만 하게 하세요. 대상 아키텍처의 프로그램을 실행하는 RUN이 없으면 에뮬레이션이 \
             필요 없습니다.",
            "lastgood.toml에 dev.arch를 적어 두면 lastgood check가 빌드 전에 그런 단계를 알려 줍니다.",
        ),
        BuildError::ProgramMissing => (
            "같은 stage의 앞 단계에서 프로그램을 설치하거나, 그 프로그램이 있는 이미지로 시작하세요.",
            "가끔은 캐시 없이(--no-cache) 깨끗한 폴더에서 빌드합니다.",
        ),
        BuildError::ModuleMissing => (
            "파일이 빌드 폴더에 있고 .dockerignore에 없는지, 의존성 목록에 들어 있는지 확인하세요.",
            "lock 파일을 커밋하고 그 파일로 설치합니다(npm ci, pip install -r, go mod download).",
        ),
        BuildError::PackageMissing => (
            "이름이나 버전을 고치세요. 이미지라면 그 태그가 이 플랫폼용으로 올라가 있는지 확인합니다.",
            "버전을 고정하고, 빌드가 받는 것의 사본을 둡니다.",
        ),
        BuildError::Denied => (
            "레지스트리에 다시 로그인(docker login)하거나 빌드에 필요한 토큰을 주세요.",
            "토큰의 만료 시점을 관리합니다.",
        ),
        BuildError::NoAnswer => (
            "빌드가 실행되는 곳에서 이름이 조회되고 서버가 응답하는지 확인하세요.",
            "모든 빌드에 필요한 것은 미러를 둡니다.",
        ),
        BuildError::NoSpace => (
            "이미지를 빌드하는 곳의 공간을 확보하세요: docker builder prune.",
            "디스크가 80%를 넘으면 알림을 받도록 합니다.",
        ),
        BuildError::Refused => ("그 줄의 소스를 고치세요.", "이미지를 빌드하기 전에 컴파일해 봅니다."),
        BuildError::TestFailed => ("코드나 테스트를 고치세요.", "이미지를 빌드하기 전에 테스트를 실행합니다."),
        BuildError::Malformed => {
            ("그 줄의 Dockerfile을 고치세요.", "지원되는 곳에서는 docker build --check를 실행합니다.")
        }
        BuildError::Other => ("그 줄부터 해당 단계의 출력을 읽으세요.", "빌드 출력을 보관합니다(--progress=plain)."),
    };
    (claim(fact), fix.to_owned(), vec![prevention.to_owned()])
}
