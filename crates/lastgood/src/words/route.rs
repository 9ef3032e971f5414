//! What is said of nginx and of a service's traffic, in both languages.

use std::time::Duration;

use super::Lang;
use crate::rollout::include::IncludeFault;
use crate::rollout::route::RouteFault;

/// What `init --nginx` says.
pub struct NginxPatchWords {
    /// The folder of includes of a machine, and who may do what.
    pub folder: &'static str,
    /// There is nothing to do.
    pub done: &'static str,
    /// What comes then, in a stack.
    pub then_deploy: &'static str,
    /// What comes then, on a machine.
    pub then_reload: &'static str,
}

const EN: NginxPatchWords = NginxPatchWords {
    folder: "on the host, once: a folder that whoever deploys may write to, and two commands of nginx as root",
    done: "nothing to do: nginx includes it",
    then_deploy: "then deploy once more: nginx is made anew with it, and from the next release on no request is lost",
    then_reload: "then: sudo nginx -t && sudo nginx -s reload; from the next release on no request is lost",
};

const KO: NginxPatchWords = NginxPatchWords {
    folder: "호스트에서 한 번: 배포하는 사용자가 쓸 수 있는 폴더와, root로 실행할 nginx 명령 두 가지",
    done: "할 일 없음: nginx가 이미 include함",
    then_deploy: "그다음 한 번 배포하면 nginx가 이 설정으로 다시 만들어지고, 다음 릴리스부터 요청을 잃지 않습니다",
    then_reload: "그다음: sudo nginx -t && sudo nginx -s reload. 다음 릴리스부터 요청을 잃지 않습니다",
};

impl Lang {
    /// Of `init --nginx`.
    #[must_use]
    pub const fn nginx_patch(self) -> &'static NginxPatchWords {
        match self {
            Self::En => &EN,
            Self::Ko => &KO,
        }
    }

    /// Its first line.
    #[must_use]
    pub fn nginx_patch_of(self, service: &str, proxy: Option<&str>) -> String {
        match (self, proxy) {
            (Self::En, Some(proxy)) => format!("{service}, behind {proxy} (nginx in the stack)"),
            (Self::En, None) => format!("{service}, behind the host's nginx"),
            (Self::Ko, Some(proxy)) => format!("{service}: 스택 안의 nginx({proxy}) 뒤"),
            (Self::Ko, None) => format!("{service}: 호스트의 nginx 뒤"),
        }
    }

    /// A file is new.
    #[must_use]
    pub fn new_file(self, path: &str) -> String {
        match self {
            Self::En => format!("a new file, {path}"),
            Self::Ko => format!("새 파일 {path}"),
        }
    }

    /// A service gets a mount.
    #[must_use]
    pub fn one_mount(self, file: &str, proxy: &str) -> String {
        match self {
            Self::En => format!("{file}: {proxy} gets one mount more"),
            Self::Ko => format!("{file}: {proxy}에 마운트 추가"),
        }
    }

    /// Lines come in the place of others: of an upstream's servers, or of a pass.
    #[must_use]
    pub fn in_place_of(self, place: &str, is_group: bool) -> String {
        match (self, is_group) {
            (Self::En, true) => format!("{place}: in place of its server lines"),
            (Self::En, false) => {
                format!("{place}: an upstream before the server block, and the pass to it (a path behind it stays)")
            }
            (Self::Ko, true) => format!("{place}: server 줄 대신"),
            (Self::Ko, false) => format!("{place}: server 블록 앞에 upstream을 두고 그쪽으로 전달(뒤의 경로는 그대로)"),
        }
    }

    /// Why traffic cannot be sent elsewhere.
    #[must_use]
    pub fn route_fault(self, fault: &RouteFault) -> String {
        let en = self == Self::En;
        match fault {
            RouteFault::NoInclude if en => {
                "no file tells nginx where it is (lastgood init --nginx prints what is needed)".to_owned()
            }
            RouteFault::NoInclude => "nginx에 위치를 알려 주는 파일이 없음 (lastgood init --nginx 참고)".to_owned(),
            RouteFault::Include(path, fault) => self.include_fault(path, fault),
            RouteFault::MountedAlone(path) if en => {
                format!("{path} is mounted by itself: nginx would not see another one in its place; mount its folder")
            }
            RouteFault::MountedAlone(path) => {
                format!("{path}: 파일 하나만 마운트되어 있어 교체해도 nginx가 보지 못함. 폴더째 마운트하세요")
            }
            RouteFault::NoProxy(path) if en => format!("no nginx that runs has the folder of {path} mounted"),
            RouteFault::NoProxy(path) => format!("{path}: 이 폴더를 마운트한 실행 중인 nginx가 없음"),
            RouteFault::NotRead(path, nginx) if en => format!("{nginx} does not include {path}"),
            RouteFault::NotRead(path, nginx) => format!("{nginx}: 설정에 {path} include가 없음"),
            RouteFault::Unseen(nginx) if en => format!("the workers of {nginx} cannot be seen"),
            RouteFault::Unseen(nginx) => format!("{nginx}: worker 프로세스를 볼 수 없음"),
            RouteFault::Refuses(nginx, words) if en => format!("{nginx} refuses its configuration: {words}"),
            RouteFault::Refuses(nginx, words) => format!("{nginx}: 설정 테스트 실패: {words}"),
            RouteFault::NotTakenOver(nginx) if en => format!("{nginx} was told to reload, and did not"),
            RouteFault::NotTakenOver(nginx) => format!("{nginx}: reload했으나 새 worker가 뜨지 않음"),
            RouteFault::NoWay(nginx) if en => format!("{nginx} shares no network with the candidate"),
            RouteFault::NoWay(nginx) => format!("{nginx}: 후보 컨테이너와 공유하는 네트워크가 없음"),
            RouteFault::NotBeside if en => "it may not run beside itself".to_owned(),
            RouteFault::NotBeside => "두 개를 나란히 실행할 수 없음".to_owned(),
            RouteFault::Away(path) if en => format!("{path} leads to a candidate still"),
            RouteFault::Away(path) => format!("{path}: 아직 후보 컨테이너를 가리킴"),
            RouteFault::NobodyListens(address) if en => format!("nobody listens on {address}"),
            RouteFault::NobodyListens(address) => format!("{address}: 연결을 받는 프로세스가 없음"),
        }
    }

    fn include_fault(self, path: &str, fault: &IncludeFault) -> String {
        let en = self == Self::En;
        match fault {
            IncludeFault::NoMarker if en => format!("{path} has no marker of lastgood"),
            IncludeFault::NoMarker => format!("{path}: lastgood 표시가 없음"),
            IncludeFault::Unclear if en => format!("{path} is not as lastgood writes it; put back what belongs there"),
            IncludeFault::Unclear => format!("{path}: lastgood이 쓰는 형식이 아님. 원래 내용으로 되돌려 놓으세요"),
            IncludeFault::NoServer if en => format!("{path} names no server"),
            IncludeFault::NoServer => format!("{path}: server 줄이 없음"),
            IncludeFault::Block if en => format!("{path} holds more than the lines of one upstream"),
            IncludeFault::Block => format!("{path}: upstream 한 개의 내용만 있어야 함"),
            IncludeFault::Foreign(server) if en => {
                format!("{path}: {server} is not that service; let it stand in the upstream beside the include")
            }
            IncludeFault::Foreign(server) => {
                format!("{path}: {server}는 이 서비스가 아님. include 밖의 upstream 안에 두세요")
            }
        }
    }

    /// A service is not switched by a proxy this time.
    #[must_use]
    pub fn not_by_proxy(self, service: &str, why: &str) -> String {
        match self {
            Self::En => format!("{service}: not by nginx this time: {why}"),
            Self::Ko => format!("{service}: 이번에는 nginx로 전환하지 않음: {why}"),
        }
    }

    /// Old workers still answered requests when they were waited for no longer.
    #[must_use]
    pub fn still_busy(self, service: &str, nginx: &str, waited: Duration) -> String {
        let seconds = waited.as_secs_f64();
        match self {
            Self::En => format!(
                "{service}: {nginx} still had requests to answer after {seconds:.1} s, and was waited for no longer"
            ),
            Self::Ko => {
                format!("{service}: {nginx}: {seconds:.1}초가 지나도 처리 중인 요청이 남아 있어 더 기다리지 않음")
            }
        }
    }
}
