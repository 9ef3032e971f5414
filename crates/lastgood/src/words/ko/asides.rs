//! Korean: notes, gaps and complaints. A gap and a complaint say the way out where there is one.

use std::sync::Arc;

use lastgood_model::{Gap, GapKind, NoteKind};

use super::super::Lang;
use super::super::Words;
use super::super::capture::bytes;
use super::super::josa::{object, subject, towards, with};
use super::super::number::{grouped, percent};
use super::hosts;
use super::{Korean, listed, name_of};
use crate::case::VERSION;
use crate::complaint::Complaint;
use crate::render::postmortem::{Fault, Mistake};
use crate::settings::SettingsFault;

const EVERY_KEY: &str = "모든 키와 쓸 수 있는 값은 docs/CONFIG.md에 있습니다";

pub(super) fn note(kind: &NoteKind) -> String {
    match kind {
        NoteKind::Blip { failed, seconds, vhost } => {
            format!("{}: {} 동안 {}건 실패 후 회복", name_of(vhost), Korean.duration(*seconds), grouped(*failed))
        }
        NoteKind::Recovered { failed, seconds, vhost } => format!(
            "{}: {} 동안 {}건 실패, 지금은 회복됨 (그 이전 시각을 --since로 주면 원인을 설명)",
            name_of(vhost),
            Korean.duration(*seconds),
            grouped(*failed)
        ),
        NoteKind::SteadyFailures { failed, requests, vhost } => format!(
            "{}: 요청 {}건 중 {}건 산발적으로 실패({})",
            name_of(vhost),
            grouped(*requests),
            grouped(*failed),
            percent(*failed, *requests).replace(' ', "")
        ),
        NoteKind::OneClient { failed, vhost } => {
            format!("{}: 클라이언트 하나에서만 {}건 실패, 나머지는 정상", name_of(vhost), grouped(*failed))
        }
        NoteKind::ClientErrors { count, busiest_percent, vhost } => format!(
            "{}: 4xx 응답 {}건, 그중 {busiest_percent}%가 클라이언트 하나 (스캔 또는 고장 난 클라이언트)",
            name_of(vhost),
            grouped(*count)
        ),
        NoteKind::Limited { refused, clients, vhost } => format!(
            "{}: 자체 제한이 클라이언트 {}개의 요청 {}건만 거절함",
            name_of(vhost),
            grouped(*clients),
            grouped(*refused)
        ),
        NoteKind::Silence { expected, seconds } => format!(
            "{} 동안 요청 없음 (평소라면 약 {}건), 이유를 말하는 자료 없음",
            Korean.duration(*seconds),
            grouped(*expected)
        ),
        NoteKind::Retried { count, upstream } => {
            let who = upstream.as_deref().unwrap_or("upstream");
            format!("{who} 오류 {}건, 실패한 요청 없음 (nginx가 다른 서버로 재시도)", grouped(*count))
        }
        NoteKind::SameContent { file, of } => format!("{file}: {} 내용이 같아 한 번만 읽음", with(of)),
        NoteKind::DuplicateLines { count, file } => {
            format!("{file}: 다른 파일에도 있는 {}줄은 한 번만 셈", grouped(*count))
        }
        NoteKind::MoreFiles { files } => format!("이와 같은 파일 {}개 더 있음", grouped(*files)),
        NoteKind::ManyPaths { other, vhost } => {
            format!("{}: 경로 종류가 너무 많아 요청 {}건을 하나로 묶어 셈", name_of(vhost), grouped(*other))
        }
        NoteKind::StaleVariables { service, keys } => {
            format!("{} 파일과 다른 값으로 실행 중: {} (up -d로 다시 만들면 반영됨)", subject(service), listed(keys, 4))
        }
        NoteKind::OtherArchitecture { service, label, host } => format!(
            "{} 실행 중이지만 이미지 표시는 {label}, 이 서버는 {host}: 에뮬레이션이거나 표시가 잘못됨",
            subject(service)
        ),
        NoteKind::Elsewhere { incidents, components } => {
            format!("다른 곳의 장애 {}건: {}", grouped(*incidents), listed(components, 4))
        }
        NoteKind::RolloutUnderWay(rollout) => Lang::Ko.not_judged(rollout),
        NoteKind::UnrelatedOom { process } => {
            format!("메모리 부족으로 커널이 {} 강제 종료함, 실패와의 연관은 확인되지 않음", object(process))
        }
    }
}

/// Kinds of sources by their names; anything else is a path.
pub(super) fn gap_what(gap: &Gap) -> &str {
    match gap.what.as_ref() {
        "journal" => "저널(journal)",
        "unit list" => "unit 목록",
        "cloud audit log" => "클라우드 감사 로그",
        "error log" => "nginx error log",
        "kernel-log" => "커널 로그(dmesg)",
        "host" => "호스트",
        "clock" => "시계",
        "units at boot" => "부팅 시 시작하는 unit",
        path => path,
    }
}

pub(super) fn gap_why(gap: &Gap) -> String {
    match &gap.why {
        GapKind::NotFound => "없음".to_owned(),
        GapKind::NoPermission => "권한 없음 (root 또는 해당 그룹의 사용자로 실행)".to_owned(),
        GapKind::NotAFile => "파이프, 소켓 또는 장치라서 열지 않음".to_owned(),
        GapKind::Io(message) => message.to_string(),
        GapKind::Truncated { lines } => format!("파일이 손상됐거나 잘림, 앞부분 {}줄만 사용", grouped(*lines)),
        GapKind::Packed(by) => format!("{} 압축되거나 묶여 있음, 먼저 풀어야 읽을 수 있음", towards(by)),
        GapKind::UnknownFormat => "알려진 형식이 아님".to_owned(),
        GapKind::NoTimes => "줄에 시각이 없음 (docker logs -t나 저널로 저장하면 시각이 남음)".to_owned(),
        GapKind::NotGiven => format!("주어지지 않음{}", how_to_get(&gap.what)),
        GapKind::OtherMachine => "엔진이 다른 머신에 있거나 있을 수 있음 (그쪽에서 확인)".to_owned(),
        GapKind::SourceMissing(source) => {
            format!("열지 않음: 마운트 원본 {source} 없음 (열면 엔진이 빈 폴더를 만듦)")
        }
        GapKind::NothingTells => format!("이 호스트에서 알 수 없음{}", who_would_tell(&gap.what)),
        GapKind::YearAssumed => "연도 표기가 없어 미래가 아닌 가장 최근 연도로 읽음".to_owned(),
        GapKind::ZoneAssumed(zone) => format!("시간대 표기가 없어 {zone} 기준으로 읽음 (--tz로 지정)"),
        GapKind::OtherThanCompose(keys) if keys.is_empty() => {
            "Compose가 다르게 읽음 (Compose의 결과를 기준으로 함)".to_owned()
        }
        GapKind::OtherThanCompose(keys) => format!("Compose가 다르게 읽는 키: {keys} (Compose의 값을 기준으로 함)"),
        GapKind::NothingThen => "물어본 시간(--since, --until)에 요청이 없음".to_owned(),
        GapKind::NoAccessLog => "없음 (없으면 실패를 성공과 견줄 수 없음)".to_owned(),
        GapKind::TooManyFiles { left_out } => format!("파일이 너무 많아 {}개는 읽지 않음", grouped(*left_out)),
        GapKind::AndMore { files, why } => {
            let why = gap_why(&Gap { what: Arc::clone(&gap.what), why: (**why).clone() });
            format!("{why} (같은 이유의 파일 {}개 더 있음)", grouped(*files))
        }
        GapKind::NoRoomToProbe => "호스트의 메모리나 디스크가 부족해 실행하지 않음".to_owned(),
        GapKind::NotProbed(why) => {
            format!("실행할 수 없음({why}). 정적 빌드한 lastgood는 어떤 이미지에서도 실행됨")
        }
        GapKind::TooLarge => "너무 커서 나머지는 읽지 않음".to_owned(),
    }
}

fn how_to_get(what: &str) -> &'static str {
    match what {
        "journal" => " (journalctl -o json > journal.json)",
        "unit list" => " (systemctl list-unit-files > units.txt)",
        "cloud audit log" => " (CloudTrail JSON, 머신 이미지와 재부팅 기록)",
        "error log" => " (upstream이 무엇을 했는지 남는 곳)",
        _ => "",
    }
}

fn who_would_tell(what: &str) -> &'static str {
    match what {
        "clock" => " (timedatectl이나 chronyc가 있으면 동기화 여부를 알 수 있음)",
        "units at boot" => " (systemd가 실행 중이 아님)",
        _ => "",
    }
}

fn gap_line(gap: &Gap) -> String {
    format!("{}: {}", gap_what(gap), gap_why(gap))
}

pub(super) fn complaint(complaint: &Complaint) -> (String, Vec<String>) {
    let (what, hint) = match complaint {
        Complaint::Time { flag, given } => (
            format!("{flag}: `{given}`: 시각으로 읽을 수 없음"),
            "12:57, '2022-11-16 12:57', 2022-11-16T12:57:00+09:00 또는 -2h처럼 쓰세요".to_owned(),
        ),
        Complaint::Change { given } => (
            format!("--change: `{given}`: 시각과 변경 내용으로 나눌 수 없음"),
            "--change '11:07 인스턴스 AMI 생성'처럼 쓰세요".to_owned(),
        ),
        Complaint::Duration { flag, given } => {
            (format!("{flag}: `{given}`: 시간 길이로 읽을 수 없음"), "30s, 5m 또는 '1h 30m'처럼 쓰세요".to_owned())
        }
        Complaint::Zone { flag, given } => {
            (format!("{flag}: `{given}`: 알 수 없는 시간대"), "Asia/Seoul, +09:00 또는 UTC처럼 쓰세요".to_owned())
        }
        Complaint::Settings { path, fault } => match fault {
            SettingsFault::Unreadable(why) => {
                (format!("{path}: 읽을 수 없음: {why}"), "--config로 다른 파일을 지정하세요".to_owned())
            }
            SettingsFault::Syntax(what) => (format!("{path}: 이해할 수 없음: {what}"), EVERY_KEY.to_owned()),
            SettingsFault::UnknownKey { line, key, near } => (
                format!("{path}:{line}: `{key}`: 없는 키"),
                near.as_ref().map_or_else(|| EVERY_KEY.to_owned(), |near| format!("비슷한 키: {near}")),
            ),
            SettingsFault::UnknownValue { line, key, given, meant } => {
                let hint = match meant.as_slice() {
                    [] => EVERY_KEY.to_owned(),
                    [one] => format!("비슷한 값: {one}"),
                    several => format!("쓸 수 있는 값: {}", several.join(", ")),
                };
                (format!("{path}:{line}: {key}: 쓸 수 없는 값 `{given}`"), hint)
            }
            SettingsFault::NoReason { line } => {
                (format!("{path}:{line}: 수용하는 이유(reason)가 비어 있음"), "왜 그대로 두는지 적으세요".to_owned())
            }
            SettingsFault::Host { line, given } => {
                (format!("{path}:{line}: `{given}`: 호스트가 아님"), "ssh가 아는 대로 쓰세요: me@vm".to_owned())
            }
            SettingsFault::Environments(name) => (
                format!("{path}: target `{name}`에 env, env_file, env_command가 둘 이상 있음"),
                "하나만 남기세요".to_owned(),
            ),
            SettingsFault::Format(name) => (
                format!("{path}: 형식 `{name}`에 시각이나 상태 코드가 없음"),
                "$time_local, $time_iso8601, $msec 중 하나와 $status를 넣으세요".to_owned(),
            ),
            SettingsFault::UnknownFormat(name) => {
                (format!("{path}: 형식 `{name}`: 선언되지 않음"), "[formats]에 선언하세요".to_owned())
            }
        },
        Complaint::Targets { .. }
        | Complaint::NoHost
        | Complaint::Target { .. }
        | Complaint::FileThere { .. }
        | Complaint::Host { .. } => {
            return hosts::complaint(complaint);
        }
        Complaint::Rollout { .. }
        | Complaint::Images { .. }
        | Complaint::Artifact { .. }
        | Complaint::Hook { .. }
        | Complaint::Nobody { .. }
        | Complaint::Contents { .. }
        | Complaint::NoRelease { .. } => {
            return Lang::Ko.rollout_complaint(complaint);
        }
        Complaint::NoPath => (
            "읽을 로그가 주어지지 않음".to_owned(),
            "파일이나 폴더를 지정하세요: lastgood why /var/log/nginx (표준 입력은 -)".to_owned(),
        ),
        Complaint::Topic { given, near } if near.is_empty() => (
            format!("`{given}`: 여기서 설명하는 원인 코드나 HTTP 상태 코드가 아님"),
            "lastgood explain을 실행하면 전체 목록이 나옵니다".to_owned(),
        ),
        Complaint::Topic { given, near } => (
            format!("`{given}`: 여기서 설명하는 원인 코드나 HTTP 상태 코드가 아님"),
            format!("비슷한 이름: {}", near.join(", ")),
        ),
        Complaint::Command { given, known } => {
            (format!("`{given}`: 그런 명령이 없음"), format!("있는 명령: {}", known.join(", ")))
        }
        Complaint::NoLogs { looked_at, files, gaps } => {
            let place = if looked_at.is_empty() { "이 호스트".to_owned() } else { looked_at.join(", ") };
            let mut hints: Vec<String> = gaps.iter().take(3).map(gap_line).collect();
            hints.push(
                "찾은 것: nginx나 Apache의 access log와 error log(순환·gzip 포함), 저널(journalctl -o json)".to_owned(),
            );
            hints.push("파일이나 폴더를 지정하세요: lastgood why /var/log/nginx".to_owned());
            return (format!("{place}: 로그를 찾지 못함 (파일 {files}개)"), hints);
        }
        Complaint::Undetermined => (Korean.labels().could_not_tell.to_owned(), String::new()),
        Complaint::Write { path, why } => (format!("{path}: 쓸 수 없음: {why}"), String::new()),
        Complaint::TemplateRead { path, why } => (format!("{path}: 읽을 수 없음: {why}"), String::new()),
        Complaint::Template { path, mistake: Mistake { line, fault } } => {
            let what = match fault {
                Fault::Undefined(name) => format!("{path}:{line}: `{name}`: 그런 이름이 없음"),
                Fault::Other(what) => format!("{path}:{line}: 템플릿 오류: {what}"),
            };
            (what, "템플릿에서 쓸 수 있는 이름은 docs/TEMPLATE.md에 있습니다".to_owned())
        }
        Complaint::TemplateFormat { format } => (
            format!("--template: 템플릿은 --format md에만 쓸 수 있음 ({format} 불가)"),
            "--format과 --template 가운데 하나를 빼세요".to_owned(),
        ),
        Complaint::Size { given } => (format!("--max-size: `{given}`: 크기가 아님"), "200M, 2G처럼 쓰세요".to_owned()),
        Complaint::Case { folder, why } => (
            format!("{folder}: 사례로 읽을 수 없음: {why}"),
            "lastgood capture LOG -o DIR 명령이 사례를 만듭니다".to_owned(),
        ),
        Complaint::NewerCase { folder, version } => (
            format!("{folder}: 사례 버전 {version}, 이 lastgood는 버전 {VERSION}까지 읽음"),
            "case.toml의 tool에 적힌 버전이나 더 새로운 lastgood로 다시 보세요".to_owned(),
        ),
        Complaint::Exists { path } => {
            (format!("{path}: 이미 있어 아무것도 쓰지 않음"), "-o에 다른 폴더를 지정하세요".to_owned())
        }
        Complaint::NoProject => ("현재 폴더와 상위 폴더에 compose 파일이 없음".to_owned(), "-f로 지정".to_owned()),
        Complaint::NoProxy { service } => (
            match service {
                Some(service) => format!("{service}: 요청을 전달하는 nginx를 찾지 못함"),
                None => "서비스에 요청을 전달하는 nginx를 찾지 못함".to_owned(),
            },
            "스택이나 이 머신에서 nginx가 실행 중이어야 합니다".to_owned(),
        ),
        Complaint::SettingsExist { path } => (format!("{path}: 이미 있어 그대로 둠"), EVERY_KEY.to_owned()),
        Complaint::TooMuch { bytes: found, most } => (
            format!("수집할 양 {}, 한도 {}: 아무것도 쓰지 않음", bytes(*found), bytes(*most)),
            "--since, --until로 시간을 좁히거나 파일을 줄이세요. --max-size로 한도를 늘릴 수도 있습니다".to_owned(),
        ),
        Complaint::Other { what, hints } => return (what.clone(), hints.clone()),
    };
    (what, if hint.is_empty() { Vec::new() } else { vec![hint] })
}
