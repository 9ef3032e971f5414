//! Headings and fixed phrases of what is written down: explanations and reports, in both languages. The Korean report
//! has the form that the team of the first story uses itself.

use serde::Serialize;

/// Headings of an explanation.
pub struct ArticleWords {
    /// What lastgood looks for.
    pub looks_for: &'static str,
    /// Why a site breaks of it.
    pub why: &'static str,
    /// What speaks for it.
    pub evidence_for: &'static str,
    /// What speaks against it.
    pub evidence_against: &'static str,
    /// What to do now.
    pub remedy: &'static str,
    /// What keeps it from happening again.
    pub prevention: &'static str,
}

/// Headings and phrases of a report. `{status}` stands for the status that was seen.
#[derive(Serialize)]
pub struct ReportWords {
    /// Before the title.
    pub title: &'static str,
    /// What is wrong.
    pub symptom: &'static str,
    /// Since when.
    pub since: &'static str,
    /// Because of what.
    pub cause: &'static str,
    /// Who was hit.
    pub impact: &'static str,
    /// What happened, in short.
    pub matter: &'static str,
    /// When people saw it.
    pub reported: &'static str,
    /// From trigger to recovery.
    pub course: &'static str,
    /// Lines and where they stand.
    pub logs: &'static str,
    /// Why.
    pub causes: &'static str,
    /// What to do.
    pub measures: &'static str,
    /// What the status means.
    pub status: &'static str,
    /// Cells of the table of the course.
    pub columns: [&'static str; 3],
    /// Nobody said when.
    pub nobody_reported: &'static str,
    /// Somebody noticed.
    pub noticed: &'static str,
    /// Somebody reported.
    pub told: &'static str,
    /// Time to detect.
    pub time_to_detect: &'static str,
    /// Above the factors.
    pub factors: &'static str,
    /// Above the rivals.
    pub rivals: &'static str,
    /// Above what speaks against them.
    pub against: &'static str,
    /// Above what is fine.
    pub cleared: &'static str,
    /// Above what was seen and is no incident.
    pub notes: &'static str,
    /// Above what was not looked at.
    pub gaps: &'static str,
    /// Component of a factor.
    pub component: &'static str,
    /// How sure.
    pub sure: &'static str,
    /// Now.
    pub now: &'static str,
    /// For the future.
    pub prevention: &'static str,
    /// No incident.
    pub healthy: &'static str,
    /// Zone and maker; `{zone}` and `{version}`.
    pub footer: &'static str,
}

pub(super) const ARTICLE_EN: ArticleWords = ArticleWords {
    looks_for: "What lastgood looks for",
    why: "Why it breaks the site",
    evidence_for: "What speaks for it",
    evidence_against: "What speaks against it",
    remedy: "What to do now",
    prevention: "What keeps it from happening again",
};

pub(super) const ARTICLE_KO: ArticleWords = ArticleWords {
    looks_for: "찾는 것",
    why: "장애가 되는 이유",
    evidence_for: "뒷받침하는 근거",
    evidence_against: "어긋나는 근거",
    remedy: "지금 할 일",
    prevention: "재발 방지",
};

pub(super) const REPORT_EN: ReportWords = ReportWords {
    title: "Post-mortem",
    symptom: "Symptom",
    since: "Since",
    cause: "Cause",
    impact: "Impact",
    matter: "What happened",
    reported: "Detection",
    course: "Timeline",
    logs: "What the logs show",
    causes: "Causes",
    measures: "Measures",
    status: "What a {status} is",
    columns: ["Time", "What", "Where"],
    nobody_reported: "Nobody said when it was noticed or reported (`--noticed-at`, `--reported-at`).",
    noticed: "Noticed",
    told: "Reported",
    time_to_detect: "Time to detect",
    factors: "Contributing factors",
    rivals: "Less likely",
    against: "What speaks against this",
    cleared: "Looked at and fine",
    notes: "Seen, and no incident",
    gaps: "Not looked at",
    component: "component",
    sure: "how sure",
    now: "Now",
    prevention: "So that it does not happen again",
    healthy: "no incident",
    footer: "All times in {zone}. Written by lastgood {version} from the files named above.",
};

pub(super) const REPORT_KO: ReportWords = ReportWords {
    title: "장애 보고",
    symptom: "증상",
    since: "시작",
    cause: "원인",
    impact: "영향",
    matter: "이슈 내용",
    reported: "제보 일시",
    course: "이슈 전말",
    logs: "로그 확인",
    causes: "원인",
    measures: "조치",
    status: "{status} 에러란",
    columns: ["시각", "내용", "위치"],
    nobody_reported: "인지하거나 제보받은 시각이 주어지지 않았습니다(`--noticed-at`, `--reported-at`).",
    noticed: "인지",
    told: "제보",
    time_to_detect: "발견까지 걸린 시간",
    factors: "기여 요인",
    rivals: "다른 가능성",
    against: "반대 근거",
    cleared: "확인 결과 이상 없음",
    notes: "참고 (장애 아님)",
    gaps: "확인하지 못한 것",
    component: "구성 요소",
    sure: "판단",
    now: "당장 할 일",
    prevention: "재발 방지",
    healthy: "장애 없음",
    footer: "모든 시각은 {zone} 기준이며, 위 파일을 읽고 lastgood {version} 버전이 작성했습니다.",
};
