//! What is there when somebody has to look after a rollout, in both languages. The commands are the same in both.

use lastgood_rollout::Runs;

use super::Lang;
use super::josa::topic;
use crate::rollout::survey::Survey;

/// Headings, and sentences that name nothing.
pub struct RemainsWords {
    /// Of what is there.
    pub state: &'static str,
    /// Of commands.
    pub by_hand: &'static str,
    /// There is nothing to do by hand.
    pub nothing: &'static str,
    /// Of another way.
    pub or: &'static str,
    /// Of what comes next.
    pub next: &'static str,
    /// That it can only be a release that works with the data as it is.
    pub forward: &'static str,
}

const EN: RemainsWords = RemainsWords {
    state: "state",
    by_hand: "by hand",
    nothing: "nothing: everything is as it was; only looking at it, or tidying up, failed",
    or: "or",
    next: "next",
    forward: "the data has gone one way: deploy a release that works with it as it is now",
};

const KO: RemainsWords = RemainsWords {
    state: "현재 상태",
    by_hand: "직접 복구",
    nothing: "할 일 없음: 모두 이전과 같음. 확인이나 정리만 실패함",
    or: "또는",
    next: "다음",
    forward: "데이터는 되돌릴 수 없음: 지금의 데이터로 동작하는 릴리스를 배포하세요",
};

impl Lang {
    /// See there.
    #[must_use]
    pub const fn remains_words(self) -> &'static RemainsWords {
        match self {
            Self::En => &EN,
            Self::Ko => &KO,
        }
    }

    /// What each service runs as, where its traffic goes, and whose files are live: a line each.
    #[must_use]
    pub fn remains(self, survey: &Survey) -> Vec<String> {
        let remains = &survey.remains;
        let services = remains.services.iter().map(|(service, runs, _)| {
            let why = survey.why.get(service).map(|trouble| format!(": {}", self.trouble(trouble))).unwrap_or_default();
            let mut line = match (self, runs) {
                (Self::En, Runs::As(release)) => format!("{service} runs as {} says", release.short()),
                (Self::En, Runs::AsNeither) => format!("{service} runs as neither release says{why}"),
                (Self::En, Runs::Nothing) => format!("{service} has no container"),
                (Self::En, Runs::Unknown) => format!("{service}: nobody can say{why}"),
                (Self::Ko, Runs::As(release)) => format!("{} {}의 내용대로 실행 중", topic(service), release.short()),
                (Self::Ko, Runs::AsNeither) => format!("{} 어느 릴리스와도 다름{why}", topic(service)),
                (Self::Ko, Runs::Nothing) => format!("{} 컨테이너 없음", topic(service)),
                (Self::Ko, Runs::Unknown) => format!("{} 확인할 수 없음{why}", topic(service)),
            };
            if remains.away.contains(service) {
                line += match self {
                    Self::En => "; its requests go to the candidate",
                    Self::Ko => ", 요청은 후보로 감",
                };
            }
            line
        });
        let files = match (self, &remains.files) {
            (Self::En, Some(release)) => format!("files: those of {}", release.short()),
            (Self::En, None) => "files: those of neither release, or some of both".to_owned(),
            (Self::Ko, Some(release)) => format!("파일: {}의 파일", release.short()),
            (Self::Ko, None) => "파일: 어느 릴리스의 것도 아니거나 섞여 있음".to_owned(),
        };
        services.chain([files]).collect()
    }

    /// The same by one command, as soon as that can succeed.
    #[must_use]
    pub fn or_rollback(self, parent: &str) -> String {
        match self {
            Self::En => format!("lastgood rollback {parent}, once what failed above can succeed"),
            Self::Ko => format!("위에서 실패한 원인을 해결한 뒤 lastgood rollback {parent}"),
        }
    }
}
