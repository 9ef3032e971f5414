//! Korean: headings, the five lines, durations. Claims, causes and asides stand in files of their own.
//! Lines end in nouns (음, 함), advice in sentences; nginx, upstream and unit stay as engineers say them.

mod app;
mod asides;
mod builds;
mod causes;
mod claims;
mod flaw_advice;
pub(super) mod flaws;
mod hosts;
mod limits;
mod probes;
mod states;
mod turns;

use std::sync::Arc;

use lastgood_model::{
    Ailment, CauseCode, ChangeKind, Claim, Confidence, Detection, Gap, Incident, NoteKind, OnsetKind, ProbeClaim,
    ProxyErrorKind, Read, StateClaim, Status, UnitFileState, UnixMs,
};

use super::number::{grouped, parts, percent, status};
use super::{Account, CauseText, FlawText, Labels, Told, Words, is_name};
use crate::complaint::Complaint;
use crate::render::clock::Clock;

/// Korean.
pub(super) struct Korean;

/// An onset that is wider than this is told as an interval.
const NARROW_MS: i64 = 120_000;

impl Words for Korean {
    fn labels(&self) -> &'static Labels {
        &LABELS
    }

    fn claim(&self, claim: &Claim) -> String {
        claims::claim(claim)
    }

    fn change(&self, kind: ChangeKind, subject: &str) -> String {
        claims::change(kind, subject)
    }

    fn proxy_error(&self, kind: ProxyErrorKind, upstream: Option<&str>) -> String {
        claims::proxy_error(kind, upstream)
    }

    fn unit_state(&self, state: UnitFileState) -> &'static str {
        claims::unit_state(state)
    }

    fn cause(&self, account: &Account<'_>) -> CauseText {
        causes::cause(account)
    }

    fn flaw(&self, told: &Told<'_>) -> FlawText {
        flaws::flaw(told)
    }

    fn findings(&self, breaking: usize, knowing: usize) -> String {
        flaws::headline(breaking, knowing)
    }

    fn note(&self, kind: &NoteKind) -> String {
        asides::note(kind)
    }

    fn gap_what<'a>(&self, gap: &'a Gap) -> &'a str {
        asides::gap_what(gap)
    }

    fn gap_why(&self, gap: &Gap) -> String {
        asides::gap_why(gap)
    }

    fn brings_agent(&self, host: &str, bytes: u64) -> String {
        hosts::brings_agent(host, bytes)
    }

    fn removed(&self, host: &str, files: &[String]) -> String {
        hosts::removed(host, files)
    }

    fn complaint(&self, complaint: &Complaint) -> (String, Vec<String>) {
        asides::complaint(complaint)
    }

    fn confidence(&self, confidence: Confidence) -> &'static str {
        match confidence {
            Confidence::Confirmed => "확정",
            Confidence::Likely => "유력",
            Confidence::Possible => "추정",
        }
    }

    fn status(&self, status: Status) -> &'static str {
        match status {
            Status::Incident => "장애",
            Status::Healthy => "정상",
            Status::Undetermined => "판정 불가",
        }
    }

    fn onset_kind(&self, kind: OnsetKind) -> &'static str {
        match kind {
            OnsetKind::Bracketed => "정상 구간과 실패 구간이 모두 확인됨",
            OnsetKind::NoGoodSeen => "읽은 구간이 처음부터 실패",
            OnsetKind::NoBadSeen => "요청 자체가 끊김, 기록된 실패 없음",
            OnsetKind::Intermittent => "정상과 실패가 번갈아 나타남",
        }
    }

    fn wrong(&self, incident: &Incident) -> String {
        let over = incident.onset.recovered.is_some();
        let who = name(incident);
        if let Some((first, others)) = incident.standing.split_first().filter(|_| incident.is_of_state()) {
            let wrong = states::ailing(&first.component, first.ailment);
            let others: Vec<String> =
                others.iter().take(2).map(|other| states::ailing(&other.component, other.ailment)).collect();
            return if others.is_empty() { wrong } else { format!("{wrong}, 그래서 {}", others.join(", ")) };
        }
        if incident.onset.kind == OnsetKind::NoBadSeen {
            let what = if over { "한동안 요청이 끊김" } else { "요청이 더 이상 들어오지 않음" };
            return format!("{who}: {what}");
        }
        let statuses: Vec<String> = incident.scope.statuses.iter().take(2).map(|code| status(*code)).collect();
        let answers = if statuses.is_empty() { String::new() } else { format!("{} 응답, ", statuses.join("·")) };
        let (failed, requests) = (incident.impact.failed, incident.impact.requests);
        let place = match incident.scope.paths.as_slice() {
            [path] => format!(" {path}"),
            _ => String::new(),
        };
        format!("{who}{place}: {answers}요청 {}건 중 {}건 실패", grouped(requests), grouped(failed))
    }

    fn since(&self, incident: &Incident, clock: &Clock, live: bool) -> String {
        let onset = &incident.onset;
        let day = onset.first_bad.as_ref().or(onset.last_good.as_ref()).map(|edge| edge.at);
        let end = onset.recovered.as_ref().map(|edge| clock.beside(edge.at, day.unwrap_or(edge.at)));
        let lasted = self.duration(incident.impact.duration_s);
        let until = match &end {
            Some(end) => format!("{end} 복구 ({lasted})"),
            None if live => "현재도 지속 중".to_owned(),
            None => "로그 끝까지 지속".to_owned(),
        };
        if let Some(bad) = onset.first_bad.as_ref().filter(|_| incident.is_of_state()) {
            let good = onset.last_good.as_ref().filter(|good| bad.at.since(good.at) > 0);
            let good = good.map_or(String::new(), |good| format!(" (마지막 정상 {})", clock.beside(good.at, bad.at)));
            return match incident.impact.duration_s {
                // Nothing says when; it is so at the moment of looking.
                0 if onset.last_good.is_none() => format!("알 수 없음, {} 현재 확인", clock.full(bad.at)),
                _ => format!("{}{good}, 현재도 지속 중 ({lasted})", clock.full(bad.at)),
            };
        }
        match (&onset.last_good, &onset.first_bad) {
            (Some(good), Some(bad)) if bad.at.since(good.at) > NARROW_MS => {
                format!("{} ~ {} 사이, {until}", clock.full(good.at), clock.beside(bad.at, good.at))
            }
            (Some(good), Some(bad)) => {
                format!("{} (마지막 정상 {}), {until}", clock.full(bad.at), clock.beside(good.at, bad.at))
            }
            // How long it really lasted is not known then.
            (None, Some(bad)) => {
                let until = end.map_or(until, |end| format!("{end} 복구"));
                format!("{} 이전 (정상인 줄 없음), {until}", clock.full(bad.at))
            }
            (Some(good), None) => match end {
                Some(end) => format!("{} ~ {end} 요청 없음 ({lasted})", clock.full(good.at)),
                None => format!("{} 이후 요청 없음", clock.full(good.at)),
            },
            (None, None) if incident.is_of_build() => "알 수 없음: 빌드 출력에는 시각이 없음".to_owned(),
            (None, None) => "알 수 없음".to_owned(),
        }
    }

    fn sure(&self, account: &Account<'_>) -> String {
        let word = self.confidence(account.cause.confidence);
        let nothing = || match account.cause.code {
            CauseCode::Located => "읽은 자료에 원인을 가리키는 것이 없음".to_owned(),
            _ => "들어맞지만 증명하는 것은 없음".to_owned(),
        };
        let proven = account.cause.confidence != Confidence::Possible && account.cause.code != CauseCode::Located;
        let why = match account.weightiest().filter(|_| proven) {
            // What it says stands in the line above.
            Some(Claim::UpstreamErrors { count, .. }) => match account.cause.confidence {
                Confidence::Confirmed => format!("error log에 {}회 기록됨", grouped(*count)),
                Confidence::Likely | Confidence::Possible => {
                    format!("error log {}줄이 들어맞음", grouped(*count))
                }
            },
            Some(Claim::ProxyStopped | Claim::ProxyConfigRefused { .. }) => "error log에 기록됨".to_owned(),
            Some(Claim::UnitFailed { .. } | Claim::UnitStopped { .. } | Claim::OomKilled { .. }) => {
                "저널에 기록됨".to_owned()
            }
            Some(Claim::State(StateClaim::Probe(ProbeClaim::Answered { asked, words: Some(words), .. }))) => {
                format!("{}의 응답 {words}", asked.peer())
            }
            Some(claim) => self.claim(claim),
            None => nothing(),
        };
        format!("{word}: {why}")
    }

    fn impact(&self, incident: &Incident) -> Vec<String> {
        let (impact, scope) = (&incident.impact, &incident.scope);
        if incident.onset.kind == OnsetKind::NoBadSeen {
            return vec![format!("{} 동안 호스트에 들어온 요청이 없음", self.duration(impact.duration_s))];
        }
        if incident.is_of_build() {
            return vec!["이미지가 만들어지지 않음. 이미 실행 중인 것은 그대로".to_owned()];
        }
        if incident.is_of_state() {
            return vec!["상태로만 확인됨, 실패한 요청 기록은 없음".to_owned()];
        }
        let about = if impact.clients_estimated { "약 " } else { "" };
        let clients = match impact.clients {
            0 => "클라이언트 수 알 수 없음".to_owned(),
            many => format!("클라이언트 {about}{}개", grouped(many)),
        };
        let share = percent(impact.failed, impact.requests).replace(' ', "");
        let mut first =
            format!("요청 {}건 중 {}건 실패({share}), {clients}", grouped(impact.requests), grouped(impact.failed));
        if impact.duration_s > 0 {
            first += &format!(", {}", self.duration(impact.duration_s));
        }
        let mut lines = vec![first];
        if !scope.paths.is_empty() {
            lines.push(format!("경로: {}", listed(&scope.paths, 4)));
        }
        if let Some(method) = &scope.method {
            lines.push(format!("메서드: {method}만"));
        }
        if !impact.agents.is_empty() {
            lines.push(format!("앱: {}", self.counted(&impact.agents, 4)));
        }
        if !impact.referrers.is_empty() {
            lines.push(format!("유입: {}", self.counted(&impact.referrers, 3)));
        }
        lines
    }

    fn detection(&self, detection: &Detection, clock: &Clock, day: Option<UnixMs>) -> String {
        let told = |word: &str, at| format!("{word} {}", clock.beside(at, day.unwrap_or(at)));
        let times = [detection.noticed_at.map(|at| told("인지", at)), detection.reported_at.map(|at| told("제보", at))];
        let times: Vec<String> = times.into_iter().flatten().collect();
        format!("{}, 발견까지 {}", times.join(", "), self.duration(detection.ttd_s))
    }

    fn ailing(&self, component: &str, ailment: Ailment) -> String {
        states::ailing(component, ailment)
    }

    fn healthy(&self, requests: u64, failed: u64) -> String {
        if failed == 0 {
            return format!("요청 {}건, 실패 없음", grouped(requests));
        }
        let share = percent(failed, requests).replace(' ', "");
        format!("요청 {}건 중 {}건 실패({share}), 장애 아님", grouped(requests), grouped(failed))
    }

    fn healthy_state(&self, running: u64) -> String {
        format!("실행 중인 컨테이너 {}개, 상태 이상 없음", grouped(running))
    }

    fn looked_at(&self, subject: &str, read: &Read, zone: &str) -> String {
        format!("{subject}: 파일 {}개, {}줄, 시각은 {zone} 기준", grouped(read.files), grouped(read.lines))
    }

    fn project(&self, name: &str, files: &[Arc<str>]) -> String {
        if files.is_empty() {
            format!("프로젝트 {name}")
        } else {
            format!("프로젝트 {name} ({})", listed(files, 2))
        }
    }

    fn probed(&self, containers: usize) -> String {
        format!("임시 컨테이너 {containers}개에서 의존 서비스에 물어봄. 컨테이너는 모두 삭제함")
    }

    fn read(&self, read: &Read) -> String {
        let sum = format!(
            "파일 {}개, {}줄 = 해석 {} + 기타 {} + 손상 {}",
            grouped(read.files),
            grouped(read.lines),
            grouped(read.parsed),
            grouped(read.other),
            grouped(read.unreadable),
        );
        match read.duplicates {
            0 => sum,
            count => format!("{sum} (두 파일에 있는 {}줄은 한 번만 셈)", grouped(count)),
        }
    }

    fn scale(&self, seconds: u64, peak: u64) -> String {
        format!("한 칸 {}, 최대 {}건", self.duration(seconds), grouped(peak))
    }

    fn left_out(&self, lines: usize) -> String {
        format!("{lines}줄 생략, 모두 보려면 -v")
    }

    fn duration(&self, seconds: u64) -> String {
        let (days, hours, minutes, rest) = parts(seconds);
        let units = [(days, "일"), (hours, "시간"), (minutes, "분"), (rest, "초")];
        let shown: Vec<String> =
            units.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
        if shown.is_empty() { "0초".to_owned() } else { shown.join(" ") }
    }

    fn counted(&self, items: &[(Arc<str>, u64)], most: usize) -> String {
        let named = items.iter().take(most).map(|(name, count)| format!("{name} {}", grouped(*count)));
        let mut shown: Vec<String> = named.collect();
        if let Some(rest) = items.len().checked_sub(most).filter(|rest| *rest > 0) {
            shown.push(format!("그 밖에 {rest}종"));
        }
        shown.join(", ")
    }
}

/// The failing part by its name; a log from standard input has none.
fn name(incident: &Incident) -> &str {
    let scope = &incident.scope;
    name_of(scope.vhost.as_deref().or(scope.upstream.as_deref()).unwrap_or_default())
}

fn name_of(vhost: &str) -> &str {
    if is_name(vhost) { vhost } else { "사이트" }
}

fn listed(names: &[Arc<str>], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    let rest = names.len().saturating_sub(most);
    let more = if rest == 0 { String::new() } else { format!(" 외 {rest}개") };
    shown.join(", ") + &more
}

const LABELS: Labels = Labels {
    looked_at: "조사 대상",
    standard_input: "표준 입력",
    wrong: "증상",
    since: "시작",
    because: "원인",
    sure: "판단",
    next: "다음",
    healthy: "정상",
    span: "기간",
    undetermined: "불명",
    could_not_tell: "이상 여부를 판단할 수 없음",
    requests: "요청",
    failing: "실패율",
    chain: "경과",
    turn: "전환",
    last_good: "마지막 정상",
    first_bad: "첫 실패",
    recovered: "정상 복구",
    follows: "파급",
    upcoming: "이후",
    evidence: "근거",
    against: "반증",
    changes: "변경",
    cleared: "제외",
    impact: "영향",
    rivals: "후보",
    others: "별건",
    rollout: "배포",
    notes: "참고",
    gaps: "미확인",
    fix: "조치",
    prevention: "예방",
    commands: "명령",
    read: "읽음",
    probed: "점검",
    files: "파일",
    more: "생략",
    reported: "제보 내용",
    error: "오류",
    hint: "도움말",
};
