//! What is said of a service that was asked at its own address, in both languages: nobody listens, the wrong answer, a smoke test that
//! failed.

use lastgood_model::Ref;
use lastgood_world::request::Unanswered;

use super::Lang;
use crate::rollout::smoke::{Failed, Problem};
use crate::rollout::trouble::Trouble;

impl Lang {
    /// What came of asking; empty for what is no matter of asking.
    pub(super) fn unanswering(self, trouble: &Trouble) -> String {
        let en = self == Self::En;
        match trouble {
            Trouble::NotListening { port, why } if en => format!("port {port}: {}", self.unanswered(why)),
            Trouble::NotListening { port, why } => format!("포트 {port}: {}", self.unanswered(why)),
            Trouble::Answers { path, status, usual, body } => {
                let before = match usual {
                    Some(usual) if en => format!(", where it was {usual} before"),
                    Some(usual) => format!(" (이전 {usual})"),
                    None => String::new(),
                };
                match self {
                    Self::En => format!("it answers {status} to GET {path}{before}{}", said(body)),
                    Self::Ko => format!("GET {path} 응답 {status}{before}{}", said(body)),
                }
            }
            Trouble::PassedOn { address, at } => self.passed_on(address, at.as_ref(), false),
            Trouble::GivenUp { address, at } => self.passed_on(address, at.as_ref(), true),
            Trouble::NoValue(name) => self.no_value(name),
            Trouble::Migration(code, lines) | Trouble::Hook(code, lines) if en => {
                format!("it ended with exit code {code}: {}", lines.join(" ⏎ "))
            }
            Trouble::Migration(code, lines) | Trouble::Hook(code, lines) => {
                format!("종료 코드 {code}: {}", lines.join(" ⏎ "))
            }
            Trouble::Bake(who, failed, all) if en => {
                format!("since the switch {failed} of {all} requests to {who} failed, more than before")
            }
            Trouble::Bake(who, failed, all) => format!("전환 후 {who} 요청 {all}건 중 {failed}건 실패, 이전보다 많음"),
            Trouble::Smoke(failed) => self.smoke(failed),
            Trouble::Of(service, trouble) => format!("{service}: {}", self.trouble(trouble)),
            Trouble::Telling(trouble, lines) if en => {
                format!("{}; its log ends: {}", self.trouble(trouble), lines.join(" ⏎ "))
            }
            Trouble::Telling(trouble, lines) => {
                format!("{}, 로그 마지막 줄: {}", self.trouble(trouble), lines.join(" ⏎ "))
            }
            _ => String::new(),
        }
    }

    fn unanswered(self, why: &Unanswered) -> String {
        match (self, why) {
            (Self::En, Unanswered::Refused) => "nobody listens there".to_owned(),
            (Self::Ko, Unanswered::Refused) => "연결 거부, 듣고 있는 프로세스가 없음".to_owned(),
            (Self::En, Unanswered::TookTooLong(ms)) => format!("no answer within {ms} ms"),
            (Self::Ko, Unanswered::TookTooLong(ms)) => format!("{ms} ms 안에 응답 없음"),
            (Self::En, Unanswered::Closed) => "the connection was closed before an answer".to_owned(),
            (Self::Ko, Unanswered::Closed) => "응답 전에 연결이 끊김".to_owned(),
            (_, Unanswered::Other(words)) => words.clone(),
        }
    }

    fn passed_on(self, address: &str, at: Option<&Ref>, is_to_go: bool) -> String {
        let at = at.map_or_else(String::new, |at| format!(" ({at})"));
        match (self, is_to_go) {
            (Self::En, false) => format!("requests are passed on to {address}{at}, and nobody listens there"),
            (Self::En, true) => {
                format!("requests are passed on to {address}{at}, and nobody would listen there any more")
            }
            (Self::Ko, false) => format!("요청을 넘겨받는 {address}{at}에 연결을 받는 프로세스가 없음"),
            (Self::Ko, true) => format!("요청을 넘겨받는 {address}{at}에 더는 연결을 받는 프로세스가 없게 됨"),
        }
    }

    fn no_value(self, name: &str) -> String {
        match self {
            Self::En => format!("a smoke test needs ${{{name}}}: export {name}, or put it into .env"),
            Self::Ko => format!("스모크 테스트에 ${{{name}}} 필요: 환경 변수나 .env에 지정하세요"),
        }
    }

    fn smoke(self, failed: &Failed) -> String {
        let Failed { test, asked, problem } = failed;
        let problem = match (self, problem) {
            (_, Problem::NoValue(name)) => self.no_value(name),
            (Self::En, Problem::NoUrl) => "its url is none".to_owned(),
            (Self::Ko, Problem::NoUrl) => "url 형식이 아님".to_owned(),
            (_, Problem::Unanswered(why)) => self.unanswered(why),
            (Self::En, Problem::Status(status, wanted, body)) => {
                let wanted = wanted.map_or_else(|| "2xx".to_owned(), |status| status.to_string());
                format!("{status} instead of {wanted}{}", said(body))
            }
            (Self::Ko, Problem::Status(status, wanted, body)) => {
                let wanted = wanted.map_or_else(|| "2xx".to_owned(), |status| status.to_string());
                format!("응답 {status}, 기대한 값 {wanted}{}", said(body))
            }
            (Self::En, Problem::NoJson(body)) => format!("what comes back is no JSON{}", said(body)),
            (Self::Ko, Problem::NoJson(body)) => format!("응답이 JSON이 아님{}", said(body)),
            (Self::En, Problem::NoField(path)) => format!("{path} is not in what comes back"),
            (Self::Ko, Problem::NoField(path)) => format!("응답에 {path} 없음"),
            (Self::En, Problem::Field(path)) => format!("{path} is another one than was wanted"),
            (Self::Ko, Problem::Field(path)) => format!("{path} 값이 기대와 다름"),
        };
        format!("{test}: {asked}: {problem}")
    }
}

fn said(body: &str) -> String {
    if body.is_empty() { String::new() } else { format!(": {body}") }
}
