//! What rollouts say, in both languages: acts, what went wrong with one, what became of all of it, and the plan's headings.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lastgood_diagnose::nearest::nearest;
use lastgood_model::rollout::{Action, Outcome, Recipient, ReleaseId};
use lastgood_model::snapshot::ContainerStatus;
use lastgood_model::{Claim, Difference, StateClaim};

use super::Lang;
use super::josa::{subject, topic};
use crate::complaint::Complaint;
use crate::rollout::act::point;
use crate::rollout::changes::Reason;
use crate::rollout::contents::ContentFault;
use crate::rollout::trouble::Trouble;

/// Headings of a plan and of a history.
pub struct RolloutWords {
    /// Of the services that change.
    pub changes: &'static str,
    /// Of those that stay.
    pub stays: &'static str,
    /// Of files.
    pub files: &'static str,
    /// Of files that somebody mended on the target.
    pub mended: &'static str,
    /// Of copies of those.
    pub kept: &'static str,
    /// Of how services are switched.
    pub switch: &'static str,
    /// How each is, where no proxy does it.
    pub recreate: &'static str,
    /// How those are that a proxy switches.
    pub by_proxy: &'static str,
    /// How the others are then.
    pub anew: &'static str,
    /// How an nginx is whose configuration alone changes.
    pub rereads: &'static str,
    /// Of services that are tried first.
    pub tries: &'static str,
    /// Where.
    pub beside: &'static str,
    /// Of migrations.
    pub migrate: &'static str,
    /// Before commands of the user's own.
    pub runs: &'static str,
    /// What one leaves behind that is not taken back.
    pub migrated: &'static str,
    /// Of the guard.
    pub guard: &'static str,
    /// That there is none.
    pub no_guard: &'static str,
    /// Of smoke tests.
    pub smoke: &'static str,
    /// Of what cannot be taken back.
    pub keeps: &'static str,
    /// What that is.
    pub volumes: &'static str,
    /// There is nothing to do.
    pub nothing: &'static str,
    /// Of a command that was only to look.
    pub only_planned: &'static str,
    /// Of what was found running.
    pub found: &'static str,
    /// Of a rollout without an end.
    pub unfinished: &'static str,
    /// A rollout that somebody drives.
    pub under_way: &'static str,
    /// There is no ledger.
    pub no_history: &'static str,
    /// A rollout is taken up.
    pub takes_up: &'static str,
}

const EN: RolloutWords = RolloutWords {
    changes: "changes",
    stays: "stays",
    files: "files",
    mended: "mended",
    kept: "kept",
    switch: "switch",
    recreate: "each is made anew, in this order, and serves nobody while it starts",
    by_proxy: "by nginx, which sends requests to the candidate meanwhile; none is lost",
    rereads: "takes its configuration over; no request is lost",
    anew: "made anew; serves nobody while it starts",
    tries: "tries",
    beside: "beside the old one, before anybody meets it",
    migrate: "migrates",
    runs: "runs",
    migrated: "what the migration does to the data",
    guard: "guard",
    no_guard: "none: if whoever drives it dies, the next deploy or rollback brings it to its end",
    smoke: "tests",
    keeps: "not undone",
    volumes: "what containers write: volumes and mounted folders stay as they are, whatever happens",
    nothing: "nothing to do: what runs is what the files say",
    only_planned: "nothing was changed",
    found: "found running",
    unfinished: "never finished",
    under_way: "under way",
    no_history: "nothing was deployed here yet",
    takes_up: "a rollout was never finished; it is brought to its end first",
};

const KO: RolloutWords = RolloutWords {
    changes: "변경",
    stays: "유지",
    files: "파일",
    mended: "서버 수정",
    kept: "보관",
    switch: "전환",
    by_proxy: "nginx가 그동안 요청을 후보로 보내므로 잃는 요청 없음",
    rereads: "새 설정을 reload하므로 잃는 요청 없음",
    anew: "다시 만들며, 시작하는 동안은 응답하지 않음",
    recreate: "이 순서로 하나씩 다시 만들며, 시작하는 동안은 응답하지 않음",
    tries: "사전 검증",
    beside: "기존 컨테이너 옆에서 먼저 확인",
    migrate: "마이그레이션",
    runs: "훅",
    migrated: "마이그레이션이 데이터에 한 일",
    guard: "감시",
    no_guard: "없음: 배포 프로세스가 죽으면 다음 deploy나 rollback이 마무리함",
    smoke: "테스트",
    keeps: "되돌리지 않음",
    volumes: "컨테이너가 쓰는 데이터: 볼륨과 마운트된 폴더는 무슨 일이 있어도 그대로 둠",
    nothing: "할 일 없음: 실행 중인 것이 파일과 같음",
    only_planned: "아무것도 바꾸지 않음",
    found: "실행 중이던 것",
    unfinished: "끝나지 않음",
    under_way: "진행 중",
    no_history: "여기에는 아직 배포 기록이 없음",
    takes_up: "끝나지 않은 배포가 있어 먼저 마무리함",
};

impl Lang {
    /// Headings.
    #[must_use]
    pub const fn rollout(self) -> &'static RolloutWords {
        match self {
            Self::En => &EN,
            Self::Ko => &KO,
        }
    }

    /// An act, as it is done.
    #[must_use]
    pub fn act(self, action: &Action) -> String {
        let id = |release: &Option<ReleaseId>| release.as_ref().map(|id| id.short().to_owned());
        match (self, action) {
            (Self::En, Action::TakeLease) => "the target is ours".to_owned(),
            (Self::Ko, Action::TakeLease) => "대상 잠금".to_owned(),
            (Self::En, Action::Keep) => "its files are kept".to_owned(),
            (Self::Ko, Action::Keep) => "릴리스 파일 보관".to_owned(),
            (Self::En, Action::Load { service }) => format!("{service}: its image is there"),
            (Self::Ko, Action::Load { service }) => format!("{service}: 이미지 준비"),
            (Self::En, Action::Ask { service }) => format!("{service}: what it needs serves it"),
            (Self::Ko, Action::Ask { service }) => format!("{service}: 의존하는 곳의 응답 확인"),
            (Self::En, Action::StartCandidate { service }) => format!("{service}: a candidate beside it"),
            (Self::Ko, Action::StartCandidate { service }) => format!("{service}: 후보 컨테이너 시작"),
            (Self::En, Action::GateCandidate { service }) => format!("{service}: the candidate is well"),
            (Self::Ko, Action::GateCandidate { service }) => format!("{service}: 후보 컨테이너 확인"),
            (Self::En, Action::DropCandidate { service }) => format!("{service}: the candidate goes"),
            (Self::Ko, Action::DropCandidate { service }) => format!("{service}: 후보 컨테이너 제거"),
            (Self::En, Action::Migrate) => "the data is brought forward".to_owned(),
            (Self::Ko, Action::Migrate) => "데이터 마이그레이션".to_owned(),
            (Self::En, Action::MigrateBack) => "the data is brought back".to_owned(),
            (Self::Ko, Action::MigrateBack) => "데이터 되돌림".to_owned(),
            (Self::En, Action::Hook { point: at }) => format!("your {} ran", point(*at)),
            (Self::Ko, Action::Hook { point: at }) => format!("{} 훅 실행", point(*at)),
            (Self::En, Action::EndHook { point: at }) => format!("your {} is over", point(*at)),
            (Self::Ko, Action::EndHook { point: at }) => format!("{} 훅 정리", point(*at)),
            (Self::En, Action::Arm) => "the host goes back by itself from here on".to_owned(),
            (Self::Ko, Action::Arm) => "자동 복귀 설정".to_owned(),
            (Self::En, Action::Disarm) => "the host is left alone again".to_owned(),
            (Self::Ko, Action::Disarm) => "자동 복귀 해제".to_owned(),
            (Self::En, Action::Place { release }) => match id(release) {
                Some(id) => format!("the files of {id} are in place"),
                None => "the files stay".to_owned(),
            },
            (Self::Ko, Action::Place { release }) => match id(release) {
                Some(id) => format!("{id} 파일 배치"),
                None => "파일은 그대로 둠".to_owned(),
            },
            (Self::En, Action::Switch { service, release }) => match id(release) {
                Some(id) => format!("{service} runs as {id} says"),
                None => format!("{service} is gone"),
            },
            (Self::Ko, Action::Switch { service, release }) => match id(release) {
                Some(id) => format!("{service}: {id}로 전환"),
                None => format!("{service}: 제거"),
            },
            (Self::En, Action::Gate { service, .. }) => format!("{service} is well, and stays so"),
            (Self::Ko, Action::Gate { service, .. }) => format!("{service}: 정상 상태 유지 확인"),
            (Self::En, Action::Route { service, to: Recipient::Service }) => format!("{service} gets its traffic"),
            (Self::Ko, Action::Route { service, to: Recipient::Service }) => format!("{service}: 트래픽 복귀"),
            (Self::En, Action::Route { service, to: Recipient::Candidate }) => {
                format!("{service}: the candidate gets its traffic")
            }
            (Self::Ko, Action::Route { service, to: Recipient::Candidate }) => format!("{service}: 후보로 트래픽 전환"),
            (Self::En, Action::Smoke) => "your own requests succeed".to_owned(),
            (Self::Ko, Action::Smoke) => "스모크 테스트".to_owned(),
            (Self::En, Action::Bake) => "real traffic fares well".to_owned(),
            (Self::Ko, Action::Bake) => "실제 트래픽 관찰".to_owned(),
            (Self::En, Action::Verify { release }) => match id(release) {
                Some(id) => format!("everything is as {id} says"),
                None => "nothing of it is left running".to_owned(),
            },
            (Self::Ko, Action::Verify { release }) => match id(release) {
                Some(id) => format!("전체 상태가 {id}와 같은지 확인"),
                None => "남아 있는 컨테이너가 없는지 확인".to_owned(),
            },
            (Self::En, Action::Confirm) => "it is called good".to_owned(),
            (Self::Ko, Action::Confirm) => "정상으로 기록".to_owned(),
            (Self::En, Action::Prune) => "old releases are cleared away".to_owned(),
            (Self::Ko, Action::Prune) => "오래된 릴리스 정리".to_owned(),
            (Self::En, Action::DropLease) => "the target is free again".to_owned(),
            (Self::Ko, Action::DropLease) => "대상 잠금 해제".to_owned(),
        }
    }

    /// Why an act failed.
    #[must_use]
    pub fn trouble(self, trouble: &Trouble) -> String {
        let en = self == Self::En;
        let said = |words: Option<&str>| words.map_or_else(String::new, |words| format!(": {words}"));
        match trouble {
            Trouble::Held(who) if en => format!("somebody else is at it: {who}"),
            Trouble::Held(who) => format!("다른 배포가 진행 중: {who}"),
            Trouble::Stale if en => "somebody else deployed meanwhile, or tried to: make a new plan".to_owned(),
            Trouble::Stale => "그 사이 다른 배포가 있었음(시도 포함): 계획을 다시 세우세요".to_owned(),
            Trouble::Newer if en => "a newer lastgood wrote this; use that one".to_owned(),
            Trouble::Newer => "더 새로운 lastgood이 쓴 기록: 그 버전을 사용하세요".to_owned(),
            Trouble::UnknownRelease(id) if en => format!("nothing is known here of release {id}"),
            Trouble::UnknownRelease(id) => format!("릴리스 {id}: 여기에 기록이 없음"),
            Trouble::DamagedRelease(id) if en => format!("the kept files of release {id} are not as they were"),
            Trouble::DamagedRelease(id) => format!("릴리스 {id}: 보관된 파일이 손상됨"),
            Trouble::Elsewhere(folder) if en => format!("the project runs already, from the folder {folder}"),
            Trouble::Elsewhere(folder) => format!("프로젝트가 이미 다른 폴더에서 실행 중: {folder}"),
            Trouble::NoEngine if en => "no Docker engine answers there".to_owned(),
            Trouble::NoEngine => "응답하는 Docker 엔진이 없음".to_owned(),
            Trouble::NotUnderstood if en => "Compose makes nothing of the files there".to_owned(),
            Trouble::NotUnderstood => "Compose가 파일을 해석하지 못함".to_owned(),
            Trouble::Contents(fault) => self.contents(fault).0,
            Trouble::Artifact(fault) => self.artifact(None, None, fault).0,
            Trouble::Environment(fault) => self.environment(fault).0,
            Trouble::Unfinished if en => "a rollout was never finished".to_owned(),
            Trouble::Unfinished => "끝나지 않은 배포가 있음".to_owned(),
            Trouble::NoImage(image, unfetched) => self.unfetched(image, unfetched),
            Trouble::Said(words) | Trouble::Other(words) => words.clone(),
            Trouble::Unserved(claim, blank) => {
                let said = self.words().claim(&Claim::State(StateClaim::Probe((**claim).clone())));
                match blank {
                    Some(key) if en => format!("{said}; {key} is blank"),
                    Some(key) => format!("{said} ({key} 값이 비어 있음)"),
                    None => said,
                }
            }
            Trouble::NoContainer if en => "it has no container".to_owned(),
            Trouble::NoContainer => "컨테이너가 없음".to_owned(),
            Trouble::Ended(status, code, words) if en => {
                format!("it is {}, exit code {code}{}", status.name(), said(words.as_deref()))
            }
            Trouble::Ended(status, code, words) => {
                format!("상태 {}, 종료 코드 {code}{}", state_ko(*status), said(words.as_deref()))
            }
            Trouble::Restarted(words) if en => format!("it ends and is started again{}", said(words.as_deref())),
            Trouble::Restarted(words) => format!("종료와 재시작을 반복함{}", said(words.as_deref())),
            Trouble::Unhealthy(words) if en => format!("its health check fails{}", said(Some(words))),
            Trouble::Unhealthy(words) => format!("헬스 체크 실패{}", said(Some(words))),
            Trouble::NotHealthyYet if en => "its health check did not succeed in time".to_owned(),
            Trouble::NotHealthyYet => "제한 시간 안에 헬스 체크가 성공하지 않음".to_owned(),
            Trouble::NotListening { .. }
            | Trouble::Answers { .. }
            | Trouble::PassedOn { .. }
            | Trouble::GivenUp { .. }
            | Trouble::NoValue(_)
            | Trouble::Migration(..)
            | Trouble::Hook(..)
            | Trouble::Bake(..)
            | Trouble::Smoke(_)
            | Trouble::Of(..)
            | Trouble::Telling(..) => self.unanswering(trouble),
            Trouble::Differs(differences) => {
                let told: Vec<String> = differences.iter().map(|difference| self.reason_of(difference)).collect();
                match (en, told.as_slice()) {
                    (true, []) => "it runs on another image than the release has".to_owned(),
                    (true, told) => format!("it runs otherwise than the release says: {}", told.join("; ")),
                    (false, []) => "릴리스와 다른 이미지로 실행 중".to_owned(),
                    (false, told) => format!("릴리스와 다르게 실행 중: {}", told.join("; ")),
                }
            }
            Trouble::File(path) if en => format!("{path} does not hold what the release says"),
            Trouble::File(path) => format!("{path}: 릴리스의 내용과 다름"),
            Trouble::StillThere if en => "containers of it are still there".to_owned(),
            Trouble::StillThere => "컨테이너가 아직 남아 있음".to_owned(),
            Trouble::Route(fault) => self.route_fault(fault),
            Trouble::LeaseLost if en => "somebody else took the target over".to_owned(),
            Trouble::LeaseLost => "다른 배포가 대상을 넘겨받음".to_owned(),
            Trouble::TookTooLong(seconds) if en => format!("it took longer than {seconds} s"),
            Trouble::TookTooLong(seconds) => format!("{seconds}초보다 오래 걸림"),
        }
    }

    /// Why a service changes.
    #[must_use]
    pub fn reason(self, reason: &Reason) -> String {
        match (self, reason) {
            (_, Reason::Differs(difference)) => self.reason_of(difference),
            (Self::En, Reason::File(path)) => format!("{path} holds something else"),
            (Self::Ko, Reason::File(path)) => format!("{path} 내용 변경"),
            (Self::En, Reason::Gone) => "it is declared no more".to_owned(),
            (Self::Ko, Reason::Gone) => "더 이상 선언되지 않음".to_owned(),
            (Self::En, Reason::Stopped) => "it does not run".to_owned(),
            (Self::Ko, Reason::Stopped) => "실행 중이 아님".to_owned(),
            (Self::En, Reason::Shares(host)) => format!("it shares the network of {host}, which is made anew"),
            (Self::Ko, Reason::Shares(host)) => format!("새로 만들어지는 {host}의 네트워크를 같이 사용함"),
        }
    }

    fn reason_of(self, difference: &Difference) -> String {
        match (self, difference) {
            (Self::En, Difference::NotCreated) => "it has no container yet".to_owned(),
            (Self::Ko, Difference::NotCreated) => "아직 컨테이너가 없음".to_owned(),
            (Self::En, Difference::MountReplaced { target }) => format!("{target} is another file now"),
            (Self::Ko, Difference::MountReplaced { target }) => format!("{target} 파일이 바뀜"),
            (_, Difference::Variable(variable)) => {
                let (declared, running) = (variable.declared.clone(), variable.running.clone());
                let key = std::sync::Arc::clone(&variable.key);
                self.words().claim(&Claim::State(StateClaim::ValueDiffers { key, declared, running }))
            }
            (Self::En, difference) => super::en::flaws::difference(difference),
            (Self::Ko, difference) => super::ko::flaws::difference(difference),
        }
    }

    /// How long a service gave no answer while it was made anew.
    #[must_use]
    pub fn measured(self, service: &str, down: Duration) -> String {
        let seconds = down.as_secs_f64();
        match self {
            Self::En if down.is_zero() => format!("{service} answered all the time"),
            Self::Ko if down.is_zero() => format!("{service}: 중단 없음"),
            Self::En => format!("{service} gave no answer for {seconds:.1} s"),
            Self::Ko => format!("{service}: {seconds:.1}초 동안 응답 없음"),
        }
    }

    /// How long it gave none the last time.
    #[must_use]
    pub fn was_down(self, service: &str, down: Duration) -> String {
        let seconds = down.as_secs_f64();
        match self {
            Self::En => format!("{service}: {seconds:.1} s without an answer the last time"),
            Self::Ko => format!("{service}: 지난번 중단 시간 {seconds:.1}초"),
        }
    }

    /// Why a rollout could not begin, and the way out.
    #[must_use]
    pub fn rollout_complaint(self, complaint: &Complaint) -> (String, Vec<String>) {
        let en = self == Self::En;
        let pick = |en_text: &str, ko_text: &str| if en { en_text.to_owned() } else { ko_text.to_owned() };
        match complaint {
            Complaint::Rollout { trouble: trouble @ (Trouble::Held(_) | Trouble::Stale) } => (
                self.trouble(trouble),
                vec![pick(
                    "wait for it, or see lastgood history",
                    "끝날 때까지 기다리거나 lastgood history로 확인하세요",
                )],
            ),
            Complaint::Rollout { trouble: trouble @ Trouble::Elsewhere(_) } => (
                self.trouble(trouble),
                vec![pick(
                    "name that folder with --to or as path of the target; what runs there then is what is gone back to",
                    "그 폴더를 --to나 target의 path로 지정하세요. 실행 중인 것이 되돌아갈 첫 릴리스가 됩니다",
                )],
            ),
            Complaint::Rollout { trouble: Trouble::Environment(fault) } => {
                let (what, hint) = self.environment(fault);
                (what, vec![hint.to_owned()])
            }
            Complaint::Rollout { trouble: trouble @ Trouble::Unfinished } => (
                self.trouble(trouble),
                vec![pick(
                    "the next lastgood deploy or rollback brings it to its end",
                    "다음 lastgood deploy나 rollback이 먼저 마무리합니다",
                )],
            ),
            Complaint::Rollout { trouble } => {
                let hints = self.way_out(trouble).into_iter();
                (
                    self.trouble(trouble),
                    hints.chain([pick("nothing was changed", "아무것도 바꾸지 않았습니다")]).collect(),
                )
            }
            Complaint::Hook { name, code, said } => {
                let said = said.trim();
                let what = match (en, said) {
                    (true, "") => format!("deploy.hook.{name} ended with exit code {code}"),
                    (true, said) => format!("deploy.hook.{name} ended with exit code {code}: {said}"),
                    (false, "") => format!("deploy.hook.{name}: 종료 코드 {code}"),
                    (false, said) => format!("deploy.hook.{name}: 종료 코드 {code}: {said}"),
                };
                let hint = match *name {
                    "before" => pick("nothing was attempted", "아무것도 시작하지 않았습니다"),
                    _ => pick("what became of the deploy stands above", "배포 결과는 위에 있습니다"),
                };
                (what, vec![hint])
            }
            Complaint::Images { host, fault } => {
                let (what, hint) = self.image_fault(host, fault);
                (what, vec![hint])
            }
            Complaint::Artifact { service, host, fault } => {
                let (what, hint) = self.artifact(Some(service), host.as_deref(), fault);
                (what, vec![hint])
            }
            Complaint::Nobody { key, service, has, hidden } => {
                let all = has.join(", ");
                let what = match (*hidden, en) {
                    (true, true) => format!("{key}: {service} is in a profile that is not asked for"),
                    (true, false) => format!("{key}: {service} 서비스의 profile이 켜져 있지 않음"),
                    (false, true) => format!("{key}: the compose files have no service {service}; they have {all}"),
                    (false, false) => format!("{key}: compose 파일에 {service} 서비스가 없음. 있는 서비스: {all}"),
                };
                let near = nearest(service, has.iter().map(String::as_str)).filter(|_| !*hidden);
                let hint = match near {
                    Some(near) if en => format!("is {near} meant?"),
                    Some(near) => format!("비슷한 이름: {near}"),
                    None if *hidden => pick(
                        "name its profile with --profile, or leave this out",
                        "--profile로 지정하거나 이 설정을 빼세요",
                    ),
                    None => pick(
                        "write the name that the service has in the compose files, or leave this out",
                        "compose 파일의 서비스 이름으로 고치거나 이 설정을 빼세요",
                    ),
                };
                (what, vec![hint])
            }
            Complaint::Contents { fault } => self.contents(fault),
            Complaint::NoRelease { given, known } => {
                let what = match (given, en) {
                    (Some(given), true) => format!("there is no good release {given} here"),
                    (Some(given), false) => format!("{given}: 그런 정상 릴리스가 없음"),
                    (None, true) => "there is no earlier good release here".to_owned(),
                    (None, false) => "여기에는 이전 정상 릴리스가 없음".to_owned(),
                };
                let hint = match (known.as_slice(), en) {
                    ([], true) => "lastgood history tells what was deployed".to_owned(),
                    ([], false) => "lastgood history로 배포 기록을 확인하세요".to_owned(),
                    (known, true) => format!("good ones are {}", known.join(", ")),
                    (known, false) => format!("정상 릴리스: {}", known.join(", ")),
                };
                (what, vec![hint])
            }
            _ => (String::new(), Vec::new()),
        }
    }

    /// Why files make no release, and the way out.
    fn contents(self, fault: &ContentFault) -> (String, Vec<String>) {
        let en = self == Self::En;
        let pick = |en_text: &str, ko_text: &str| if en { en_text.to_owned() } else { ko_text.to_owned() };
        match fault {
            ContentFault::Outside(path) => (
                if en {
                    format!("{path} lies outside of the project's folder")
                } else {
                    format!("{path}: 프로젝트 폴더 밖에 있음")
                },
                vec![pick("move it into the folder, or call from the folder above", "폴더 안으로 옮기세요")],
            ),
            ContentFault::TooMany(path) => (
                if en {
                    format!("{path} holds too many files to be a part of a release")
                } else {
                    format!("{path}: 릴리스에 담기에는 파일이 너무 많음")
                },
                vec![pick("let an image hold them", "이미지에 담으세요")],
            ),
            ContentFault::Unreadable(path, why) => (
                if en { format!("{path} cannot be read: {why}") } else { format!("{path}: 읽을 수 없음: {why}") },
                vec![pick("see who may read it", "읽기 권한을 확인하세요")],
            ),
        }
    }

    /// Links that are no part of a release, a line for each.
    #[must_use]
    pub fn astray(self, links: &[PathBuf]) -> String {
        let line = |link: &PathBuf| match self {
            Self::En => {
                format!("{} stays behind: a link that leads to nothing in the project's folder\n", link.display())
            }
            Self::Ko => format!("{}: 프로젝트 폴더 안의 것을 가리키지 않는 링크라 전송하지 않음\n", link.display()),
        };
        links.iter().map(line).collect()
    }

    /// A build, or a test, failed; and what it said last follows, if it said anything.
    #[must_use]
    pub fn failed_somehow(self, command: &str, is_silent: bool) -> String {
        match self {
            Self::En if is_silent => format!("`{command}` failed without a word, and nothing was attempted"),
            Self::Ko if is_silent => format!("`{command}` 출력 없이 실패, 아무것도 시작하지 않음"),
            Self::En => format!("`{command}` failed, and nothing was attempted; what it said last:"),
            Self::Ko => format!("`{command}` 실패, 아무것도 시작하지 않음. 마지막 출력:"),
        }
    }

    /// Services that were not well before a rollout, and so may not be after it.
    #[must_use]
    pub fn were_unwell(self, services: &[Arc<str>]) -> String {
        let all = services.join(", ");
        match (self, services.len()) {
            (Self::En, 1) => format!("{all} was not well before, either"),
            (Self::En, _) => format!("{all} were not well before, either"),
            (Self::Ko, _) => format!("{all}: 배포 전에도 정상이 아니었음"),
        }
    }

    /// What became of it, in a line. `release` and `parent` are short ids.
    #[must_use]
    pub fn outcome(self, outcome: Outcome, release: &str, parent: Option<&str>) -> String {
        let parent = parent.unwrap_or("–");
        match (self, outcome) {
            (Self::En, Outcome::Good) => format!("{release} serves"),
            (Self::En, Outcome::Refused) => format!("{release} is refused; what served before serves on, untouched"),
            (Self::En, Outcome::RolledBack) => format!("{release} failed; {parent} serves again"),
            (Self::En, Outcome::Down) => {
                format!("{release} failed, and there is no earlier release: its containers are removed")
            }
            (Self::En, Outcome::Stopped) => format!("{release} failed after data went one way: somebody has to look"),
            (Self::En, Outcome::UndoFailed) => format!("{release} failed, and going back to {parent} failed, too"),
            (Self::Ko, Outcome::Good) => format!("{} 서비스 중", subject(release)),
            (Self::Ko, Outcome::Refused) => format!("{release} 거부됨, 이전 상태는 그대로"),
            (Self::Ko, Outcome::RolledBack) => format!("{release} 실패, {} 다시 서비스 중", subject(parent)),
            (Self::Ko, Outcome::Down) => format!("{release} 실패, 이전 릴리스가 없어 컨테이너를 제거함"),
            (Self::Ko, Outcome::Stopped) => {
                format!("{release} 실패: 되돌릴 수 없는 마이그레이션 이후라 사람이 확인해야 함")
            }
            (Self::Ko, Outcome::UndoFailed) => format!("{release} 실패, {} 되돌리기도 실패", topic(parent)),
        }
    }
}

fn state_ko(status: ContainerStatus) -> &'static str {
    match status {
        ContainerStatus::Created => "생성됨",
        ContainerStatus::Running => "실행 중",
        ContainerStatus::Paused => "일시 정지",
        ContainerStatus::Restarting => "재시작 중",
        ContainerStatus::Removing => "제거 중",
        ContainerStatus::Exited => "종료됨",
        ContainerStatus::Dead => "제거 실패",
    }
}
