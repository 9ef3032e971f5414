//! Fixed words that only the HTML report needs beside those of every report, in both languages.

use serde::Serialize;

/// Labels of the page. `{requests}` stands for a number.
#[derive(Serialize)]
pub struct PageWords {
    /// Title of the picture.
    pub traffic: &'static str,
    /// Requests that did not fail.
    pub answered: &'static str,
    /// Requests that failed.
    pub failed: &'static str,
    /// All of them.
    pub requests: &'static str,
    /// Between last good and first bad.
    pub turn: &'static str,
    /// The picture as a table.
    pub numbers: &'static str,
    /// How sure, at the beginning of a line.
    pub sure: &'static str,
    /// Above the number of failures.
    pub failures: &'static str,
    /// How long it lasted.
    pub duration: &'static str,
    /// Beside it when it goes on.
    pub ongoing: &'static str,
    /// Beside the number of failures.
    pub of_requests: &'static str,
    /// Who met failures.
    pub clients: &'static str,
    /// Before a number that is an estimate.
    pub about: &'static str,
    /// From the first failure to the first person.
    pub to_detect: &'static str,
    /// From the first person to the recovery.
    pub to_recover: &'static str,
    /// Beside it: from when it is counted.
    pub since_detected: &'static str,
    /// Above the other incidents.
    pub others: &'static str,
    /// Above how much was read.
    pub read: &'static str,
    /// Above the table of files.
    pub files: &'static str,
    /// Its columns: name.
    pub file: &'static str,
    /// What it was understood as.
    pub format: &'static str,
    /// How many lines.
    pub lines: &'static str,
}

pub(super) const PAGE_EN: PageWords = PageWords {
    traffic: "Requests over time",
    answered: "answered",
    failed: "failed",
    requests: "requests",
    turn: "last good to first bad",
    numbers: "The picture in numbers",
    sure: "How sure",
    failures: "Failed requests",
    duration: "Duration",
    ongoing: "and still failing",
    of_requests: "of {requests} requests",
    clients: "Clients affected",
    about: "about",
    to_detect: "Time to detect",
    to_recover: "Time to recover",
    since_detected: "after it was detected",
    others: "Other incidents in the same logs",
    read: "What was read",
    files: "Files",
    file: "file",
    format: "read as",
    lines: "lines",
};

pub(super) const PAGE_KO: PageWords = PageWords {
    traffic: "시간대별 요청",
    answered: "정상 응답",
    failed: "실패",
    requests: "요청",
    turn: "마지막 정상 ~ 첫 실패",
    numbers: "그림을 숫자로 보기",
    sure: "판단",
    failures: "실패한 요청",
    duration: "지속 시간",
    ongoing: "아직 지속 중",
    of_requests: "요청 {requests}건 중",
    clients: "영향받은 클라이언트",
    about: "약",
    to_detect: "발견까지",
    to_recover: "발견 후 복구까지",
    since_detected: "",
    others: "같은 로그에 있는 다른 장애",
    read: "읽은 자료",
    files: "파일 목록",
    file: "파일",
    format: "형식",
    lines: "줄 수",
};
