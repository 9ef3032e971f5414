//! What `status` alone says: conditions in a word, and the machine in a line.

use lastgood_diagnose::Condition;
use lastgood_diagnose::overview::Row;
use lastgood_model::stack::HostState;

use super::Lang;
use super::capture::bytes;

/// Fixed words of `status`.
pub struct OverviewWords {
    /// In the margin: services of the project.
    pub services: &'static str,
    /// In the margin: containers, where there is no project.
    pub containers: &'static str,
    /// In the margin: what services ask and is another project's.
    pub asked: &'static str,
    /// In the margin: the machine.
    pub host: &'static str,
}

const EN: OverviewWords = OverviewWords { services: "services", containers: "running", asked: "asked", host: "host" };
const KO: OverviewWords =
    OverviewWords { services: "서비스", containers: "컨테이너", asked: "의존 대상", host: "호스트" };

impl Lang {
    /// Fixed words of `status`.
    #[must_use]
    pub const fn overview(self) -> &'static OverviewWords {
        match self {
            Self::En => &EN,
            Self::Ko => &KO,
        }
    }

    /// In what condition something is, in a word or two.
    #[must_use]
    pub const fn condition(self, condition: Condition, has_check: bool) -> &'static str {
        match (self, condition) {
            (Self::En, Condition::Fine) if has_check => "healthy",
            (Self::En, Condition::Fine) => "running",
            (Self::En, Condition::Finished) => "finished",
            (Self::En, Condition::Starting) => "starting",
            (Self::En, Condition::Paused) => "paused",
            (Self::En, Condition::Unhealthy) => "unhealthy",
            (Self::En, Condition::CrashLooping) => "crash-looping",
            (Self::En, Condition::Stopped) => "stopped",
            (Self::En, Condition::NotCreated) => "no container",
            (Self::Ko, Condition::Fine) if has_check => "정상",
            (Self::Ko, Condition::Fine) => "실행 중",
            (Self::Ko, Condition::Finished) => "완료",
            (Self::Ko, Condition::Starting) => "시작 중",
            (Self::Ko, Condition::Paused) => "일시 정지",
            (Self::Ko, Condition::Unhealthy) => "비정상",
            (Self::Ko, Condition::CrashLooping) => "재시작 반복",
            (Self::Ko, Condition::Stopped) => "중지",
            (Self::Ko, Condition::NotCreated) => "컨테이너 없음",
        }
    }

    /// What is remarkable about a row beside its condition.
    #[must_use]
    pub fn remarks(self, row: &Row) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Some(code) = row.exit_code.filter(|_| row.condition != Condition::Finished) {
            remarks.push(match self {
                Self::En => format!("exit code {code}"),
                Self::Ko => format!("종료 코드 {code}"),
            });
        }
        if row.restarts > 0 {
            remarks.push(match self {
                Self::En => format!("{}× restarted", row.restarts),
                Self::Ko => format!("재시작 {}회", row.restarts),
            });
        }
        if row.differences > 0 && row.condition != Condition::NotCreated {
            remarks.push(
                match self {
                    Self::En => "not as declared: lastgood check",
                    Self::Ko => "선언과 다름: lastgood check",
                }
                .to_owned(),
            );
        }
        remarks
    }

    /// How many of how many are fine, in a line; `ours` counts declared services, or containers without a project.
    #[must_use]
    pub fn how_many_fine(self, fine: usize, ours: usize, has_project: bool) -> String {
        match (self, has_project) {
            (Self::En, true) => format!("{fine} of {ours} services are up"),
            (Self::En, false) => format!("{fine} of {ours} containers are up; no compose file was found"),
            (Self::Ko, true) => format!("서비스 {ours}개 중 {fine}개 정상"),
            (Self::Ko, false) => format!("컨테이너 {ours}개 중 {fine}개 정상 (compose 파일 없음)"),
        }
    }

    /// The machine, in few words each.
    #[must_use]
    pub fn machine(self, host: &HostState) -> Vec<String> {
        let mut said = Vec::new();
        let free = |free, all| match self {
            Self::En => format!("{} of {} free", bytes(free), bytes(all)),
            Self::Ko => format!("{} 중 {} 남음", bytes(all), bytes(free)),
        };
        if let Some(disk) = host.file_systems.iter().min_by_key(|disk| disk.free) {
            let name = match self {
                Self::En => "disk",
                Self::Ko => "디스크",
            };
            said.push(format!("{name} {}", free(disk.free, disk.bytes)));
        }
        if let Some(memory) = host.memory {
            let name = match self {
                Self::En => "memory",
                Self::Ko => "메모리",
            };
            said.push(format!("{name} {}", free(memory.available, memory.total)));
        }
        if host.clock_synchronised == Some(false) {
            said.push(
                match self {
                    Self::En => "the clock follows no other",
                    Self::Ko => "시계 동기화 안 됨",
                }
                .to_owned(),
            );
        }
        said
    }
}
