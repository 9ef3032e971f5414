//! What `init` alone says: the comments of a first `lastgood.toml`, and what to do next.

use super::Lang;

/// Comments, in the order of the file.
pub struct FirstSettingsWords {
    /// How to use the file.
    pub how: &'static str,
    /// Of the language.
    pub lang: &'static str,
    /// Of the host that is asked.
    pub target: &'static str,
    /// Of the `.env` there.
    pub environment: &'static str,
    /// Of where images are built.
    pub development: &'static str,
    /// Of how long traffic is watched.
    pub bake: &'static str,
    /// Of services that are deployed.
    pub services: &'static str,
    /// Of images of files that were built here.
    pub artifact: &'static str,
    /// Of the nginx that switches services.
    pub nginx: &'static str,
    /// Of migrations.
    pub migrate: &'static str,
    /// Of smoke tests.
    pub smoke: &'static str,
    /// Of what is meant to be so.
    pub accept: &'static str,
    /// In the place of a reason.
    pub reason: &'static str,
    /// Of formats of logs.
    pub formats: &'static str,
}

const EN: FirstSettingsWords = FirstSettingsWords {
    how: "Nothing has to be set here. What stands directly behind a # is off: take the # away to switch it on. \
          docs/CONFIG.md describes every key.",
    lang: "Language of answers: en or ko. Without it, that of whoever asks.",
    target: "The server that why, check and status ask over ssh, instead of this machine. --local asks this one.",
    environment: "What becomes the .env there, if not your own .env. Instead of a file: env_command = \"sops -d .env.enc\", \
                  whose output it is; or env = \"server\", if it is there and only there.",
    development: "The machine that builds the images, if it is of another kind than the one that runs them (amd64, arm64, …): \
                  lastgood check then says which builds would run programs by emulation. Without it, the machine on which \
                  check runs counts.",
    bake: "lastgood deploy: your own test command, and commands before and after; how long a service has to stay well (hold); how long real traffic is watched after the switch, before the release is called good; and whether a container \
           of ours brings a rollout to its end whose driver dies.",
    services: "How a service is switched and tried. Without it, a new release of it is tried beside the old one where that harms \
               nobody, and then made anew.",
    artifact: "Files that were built here become the service's image on the target, on top of another image, for that machine; no \
               Dockerfile, no builder and no emulation.",
    nginx: "switch = \"proxy\": no request is lost, once nginx has what lastgood init --nginx prints. Of this an nginx in the stack \
            needs nothing; the host's own only where it is not the usual one.",
    migrate: "A command of the new release that brings the data forward, run once before anything of it is tried. With down, or where \
              the old release works with what it does, a release that fails is taken back.",
    smoke: "Requests that have to succeed before a release is called good, in order. ${NAME} is what an earlier one saved, else a \
            variable of whoever deploys, else one of .env.",
    accept: "What lastgood check finds and is meant to be so, with the reason why. It then counts no more.",
    reason: "say why it is meant to be so",
    formats: "Access logs in a format of your own, in the words of nginx's log_format, and the files that are written in it.",
};

const KO: FirstSettingsWords = FirstSettingsWords {
    how: "꼭 설정해야 하는 항목은 없습니다. # 바로 뒤에 붙은 설정은 꺼진 상태이며, #를 지우면 켜집니다. 모든 항목은 docs/CONFIG.md에 있습니다.",
    lang: "답변 언어: en 또는 ko. 없으면 실행하는 사람의 로캘을 따릅니다.",
    target: "why, check, status가 이 머신 대신 ssh로 조사할 서버. 이 머신은 --local로 조사합니다.",
    environment: "서버의 .env가 될 파일. 없으면 로컬의 .env. 파일 대신 명령의 출력을 쓰려면 env_command = \"sops -d .env.enc\", \
                  서버에만 있는 .env를 쓰려면 env = \"server\".",
    development: "이미지를 빌드하는 머신의 아키텍처(amd64, arm64 등). 실행하는 서버와 다를 때 적어 두면, 에뮬레이션으로 프로그램을 실행하게 될 \
                  빌드를 lastgood check가 알려 줍니다. 없으면 check를 실행하는 머신을 기준으로 합니다.",
    bake: "lastgood deploy: 테스트 명령과 배포 전후 명령, 정상 상태를 유지해야 하는 시간(hold), 전환 후 릴리스를 정상으로 판정하기 전에 실제 트래픽을 지켜보는 시간. guard: 배포 프로세스가 죽어도 컨테이너가 배포를 끝까지 마무리할지 여부.",
    services: "서비스를 전환하고 검증하는 방법. 없으면, 문제가 없는 서비스는 새 릴리스를 기존 컨테이너 옆에서 먼저 확인한 뒤 다시 만듭니다.",
    artifact: "여기서 빌드한 파일을 대상 서버에서 base 이미지 위에 얹어 이 서비스의 이미지로 만듭니다. Dockerfile, 빌더, 에뮬레이션이 필요 없습니다.",
    nginx: "switch = \"proxy\": lastgood init --nginx가 출력하는 설정을 한 번 적용하면 요청을 잃지 않고 전환합니다. 스택 안의 nginx에는 아래 항목이 \
            필요 없고, 호스트 nginx는 기본값과 다를 때만 적습니다.",
    migrate: "새 릴리스를 확인하기 전에 한 번 실행하는 데이터 마이그레이션 명령. down이 있거나 이전 릴리스와 호환되면(compatible) 실패해도 \
              되돌릴 수 있습니다.",
    smoke: "릴리스를 정상으로 판정하기 전에 순서대로 성공해야 하는 요청. ${NAME}에는 앞 테스트가 저장한 값, 배포하는 사람의 환경 변수, .env의 \
            값이 차례로 쓰입니다.",
    accept: "lastgood check가 찾았지만 의도한 것이라면 이유와 함께 적습니다. 이후에는 집계하지 않습니다.",
    reason: "의도한 이유",
    formats: "자체 형식의 접근 로그: nginx log_format 문법으로 적은 형식과, 그 형식으로 기록되는 파일.",
};

impl Lang {
    /// Comments of a first `lastgood.toml`.
    #[must_use]
    pub const fn first_settings(self) -> &'static FirstSettingsWords {
        match self {
            Self::En => &EN,
            Self::Ko => &KO,
        }
    }

    /// Its first line: of which project and compose files it is.
    #[must_use]
    pub fn settings_of(self, project: Option<(&str, &str)>) -> String {
        match (self, project) {
            (Self::En, Some((name, files))) => format!("lastgood's settings for {name} ({files})."),
            (Self::En, None) => "lastgood's settings.".to_owned(),
            (Self::Ko, Some((name, files))) => format!("lastgood 설정: {name} ({files})."),
            (Self::Ko, None) => "lastgood 설정.".to_owned(),
        }
    }

    /// That a service is built, from what, and in how many steps it runs programs of the machine it is for.
    #[must_use]
    pub fn is_built(self, service: &str, dockerfile: Option<&str>, steps: usize, target: Option<&str>) -> String {
        let target = target.unwrap_or("?");
        match (self, dockerfile) {
            (Self::En, Some(file)) => {
                let steps = match steps {
                    0 => "runs nothing of it".to_owned(),
                    1 => "runs its programs in 1 step".to_owned(),
                    more => format!("runs its programs in {more} steps"),
                };
                format!("{service} is built from {file} for {target}; the build {steps}.")
            }
            (Self::En, None) => format!("{service} is built for {target}; its Dockerfile was not seen."),
            (Self::Ko, Some(file)) => {
                let steps = match steps {
                    0 => "빌드 중 실행하는 프로그램 없음".to_owned(),
                    more => format!("빌드 중 {more}단계에서 그 아키텍처의 프로그램을 실행"),
                };
                format!("{service}: {file}, {target}용 이미지. {steps}.")
            }
            (Self::Ko, None) => format!("{service}: {target}용 이미지. Dockerfile을 찾지 못함."),
        }
    }

    /// That it was written, and what to do next.
    #[must_use]
    pub fn settings_written(self, path: &str) -> [String; 2] {
        match self {
            Self::En => [format!("wrote {path}"), "next: lastgood check".to_owned()],
            Self::Ko => [format!("저장: {path}"), "다음: lastgood check".to_owned()],
        }
    }
}
