//! Korean: other hosts, and why one of them was not asked.

use super::super::capture::bytes;
use crate::complaint::Complaint;
use crate::pipeline::remote::HostFault;

pub(super) fn complaint(complaint: &Complaint) -> (String, Vec<String>) {
    let (what, hint) = match complaint {
        Complaint::Targets { names } => (
            format!("lastgood.toml에 target이 여러 개 있음: {}", names.join(", ")),
            "--target으로 하나를 지정하거나, 이 머신은 --local로 물어보세요".to_owned(),
        ),
        Complaint::NoHost => (
            "호스트가 지정되지 않음".to_owned(),
            "--host로 지정하거나 lastgood.toml에 [target.prod]를 선언하세요. 이 머신의 폴더에 배포하려면 --to를 쓰세요"
                .to_owned(),
        ),
        Complaint::Target { given, near } => (
            format!("lastgood.toml에 target `{given}` 없음"),
            near.as_ref().map_or_else(
                || "[target.prod] host = \"me@vm\"처럼 선언하거나 --host로 지정하세요".to_owned(),
                |near| format!("비슷한 이름: {near}"),
            ),
        ),
        Complaint::FileThere { path, host } => (
            format!("{path}: 이 머신의 파일. 질문 대상은 {host}"),
            "--host나 --target을 빼거나, 파일을 빼세요".to_owned(),
        ),
        Complaint::Host { host, fault } => of_host(host, fault),
        _ => return (String::new(), Vec::new()),
    };
    (what, vec![hint])
}

fn of_host(host: &str, fault: &HostFault) -> (String, String) {
    match fault {
        HostFault::NoSsh => (
            format!("{host}: 이 머신에 ssh가 설치되어 있지 않음"),
            "OpenSSH 클라이언트를 설치하세요: apt install openssh-client".to_owned(),
        ),
        HostFault::Unreachable(why) => {
            (format!("{host}: ssh 접속 실패: {why}"), format!("접속만 따로 시험해 보세요: ssh {host} true"))
        }
        HostFault::CutOff => (
            format!("{host}: 연결이 끊김"),
            format!("시작한 작업은 호스트에서 끝까지 진행됩니다. 결과 확인: lastgood history --host {host}"),
        ),
        HostFault::TookTooLong(seconds) => {
            (format!("{host}: {seconds}초 안에 응답하지 않음"), format!("호스트 상태를 확인하세요: ssh {host} uptime"))
        }
        HostFault::NoAgent(machine, Some(place)) => (
            format!("{host}: {machine}. 그 머신용 에이전트 파일이 없음: {place}"),
            "실행하는 lastgood 옆 그 위치에 같은 버전의 파일을 두세요. scripts/build-static --agents로 만듭니다".to_owned(),
        ),
        HostFault::NoAgent(machine, None) => (
            format!("{host}: {machine}. 그 머신용 에이전트는 없음"),
            "에이전트는 Linux x86_64와 Linux aarch64에서 실행됩니다".to_owned(),
        ),
        HostFault::NoLinux(machine) => {
            (format!("{host}: {machine}. 에이전트는 Linux에서만 실행됨"), "Linux 호스트를 지정하세요".to_owned())
        }
        HostFault::NotBrought(why) => (
            format!("{host}: 에이전트를 복사하지 못함: {why}"),
            "로그인한 사용자의 ~/.cache/lastgood에 복사합니다. 쓰기 권한과 남은 공간을 확인하세요".to_owned(),
        ),
        HostFault::NotRun(code) => (
            format!("{host}: 에이전트가 실행되지 않음 (종료 코드 {code})"),
            "홈 폴더가 noexec로 마운트되면 실행할 수 없습니다. 정적 빌드가 아니면 라이브러리가 없을 수 있습니다"
                .to_owned(),
        ),
        HostFault::NoFolder(path) => {
            (format!("{host}: {path} 폴더가 없음"), "lastgood.toml에서 target의 path를 고치거나 빼세요".to_owned())
        }
        HostFault::NoForward(why) => (
            format!("{host}: ssh로 엔진에 연결되지 않아 그곳에서 빌드할 수 없음: {why}"),
            "엔진이 소켓에서 응답하는지, sshd가 AllowStreamLocalForwarding을 허용하는지 확인하세요. 또는 [deploy]에 build.on = \"here\"".to_owned(),
        ),
        HostFault::NoTemporary => (
            format!("{host}: 임시 폴더를 만들 수 없음"),
            "사례는 호스트의 /tmp(또는 TMPDIR) 아래에서 수집합니다. 쓰기 권한과 남은 공간을 확인하세요".to_owned(),
        ),
        HostFault::Incomplete => (
            format!("{host}: 사례가 끝까지 도착하지 않음. 아무것도 쓰지 않았음"),
            format!("로그인 셸이 스스로 무언가 출력하는지 확인하세요: ssh {host} true | wc -c"),
        ),
        HostFault::Foreign(what) => (
            format!("{host}: 사례에 속하지 않는 {what} 수신. 아무것도 쓰지 않았음"),
            "이유를 알 때까지 그 호스트를 믿지 마세요".to_owned(),
        ),
        HostFault::TooLarge(most) => (
            format!("{host}: {} 넘게 보내 옴. 아무것도 쓰지 않았음", bytes(*most)),
            "--since와 --until로 줄이거나 --max-size로 더 허용하세요".to_owned(),
        ),
        HostFault::Io(why) => {
            (format!("{host}: 조사할 수 없음: {why}"), format!("접속만 따로 시험해 보세요: ssh {host} true"))
        }
    }
}

pub(super) fn brings_agent(host: &str, size: u64) -> String {
    format!("{host}에 에이전트를 복사하는 중 (처음 한 번): {}", bytes(size))
}

pub(super) fn removed(host: &str, files: &[String]) -> String {
    match files {
        [] => format!("{host}: lastgood이 남긴 것 없음\n"),
        files => format!("{host}에서 지움: {}\n", files.join(", ")),
    }
}
