//! Korean: what is wrong with a stack, in a sentence.

use std::sync::Arc;

use lastgood_model::check::Flaw;
use lastgood_model::drift::Difference;

use super::super::capture::bytes;
use super::super::flaw::{FlawText, Side, Told, is_of_a_container, listed, said, sides};
use super::super::josa::{object, subject, topic};
use super::super::number::{grouped, listed_ports};
use super::flaw_advice::{fix, why};
use super::probes::answered;

pub(super) fn flaw(told: &Told<'_>) -> FlawText {
    let flaw = &told.finding.flaw;
    let fix = match told.foreign {
        Some(project) if is_of_a_container(flaw) => {
            format!("다른 프로젝트({project})의 컨테이너이므로 그 프로젝트의 운영자가 복구해야 합니다")
        }
        _ => fix(flaw),
    };
    FlawText { what: what(told), sides: values(told), why: why(flaw), fix }
}

pub(super) fn headline(breaking: usize, knowing: usize) -> String {
    let breaking = (breaking > 0).then(|| format!("문제가 될 항목 {breaking}건"));
    let knowing = (knowing > 0).then(|| format!("알아 둘 항목 {knowing}건"));
    [breaking, knowing].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Both values of each variable, with the times that explain them.
fn values(told: &Told<'_>) -> Vec<Side> {
    let Flaw::StaleContainer { container, created, variables } = &told.finding.flaw else { return Vec::new() };
    let mut rows = Vec::new();
    for variable in variables {
        let (running, declared) = sides(told, variable, "빈 값")
            .unwrap_or_else(|| (format!("다른 {} 값", variable.key), "(값은 표시하지 않음)".to_owned()));
        let since = created.map(|at| format!("{} 생성", told.clock.beside(at, told.now)));
        rows.push(Side { place: container.to_string(), value: running, since });
        let place = variable.at.as_ref().map_or_else(|| "파일".to_owned(), ToString::to_string);
        let since = variable.edited.map(|span| format!("{} 수정", told.clock.beside(span.from(), told.now)));
        rows.push(Side { place, value: declared, since });
    }
    rows
}

fn what(told: &Told<'_>) -> String {
    let who = &told.finding.component;
    let key_or = |key: &Option<Arc<str>>| key.as_deref().unwrap_or("프록시 설정").to_owned();
    let nearest = |nearest: &Option<Arc<str>>| {
        nearest.as_ref().map_or_else(String::new, |name| format!(", 비슷한 이름으로 {name} 있음"))
    };
    let words_of =
        |words: &Option<Arc<str>>| words.as_ref().map_or_else(String::new, |words| format!(": {}", said(words)));
    let shown = |text: &Arc<str>| if told.hide_values { "(숨김)".to_owned() } else { text.to_string() };
    match &told.finding.flaw {
        Flaw::ComposeRefuses { words } => format!("Compose가 파일을 거부함: {}", said(words)),
        Flaw::NothingToWaitFor { service } => {
            format!("{} {service}의 헬스체크 통과를 기다리지만 {service}에는 헬스체크가 없음", topic(who))
        }
        Flaw::NetworkMissing { network, nearest: near, on_nearest } => {
            let on = if on_nearest.is_empty() { String::new() } else { format!(" ({} 연결됨)", listed(on_nearest)) };
            format!("외부 네트워크 {network} 없음{}{on}", nearest(near))
        }
        Flaw::VolumeMissing { volume, nearest: near } => format!("외부 볼륨 {volume} 없음{}", nearest(near)),
        Flaw::VariableRequired { key } => format!("필수 변수 {key}에 값이 없음"),
        Flaw::VariablesUnset { keys } => format!("값이 정해지지 않은 변수: {} (빈 문자열로 처리됨)", listed(keys)),
        Flaw::EnvFileRefused { words } => format!("Compose가 {} 읽지 못함: {}", object(who), said(words)),
        Flaw::KeysMissing { keys, example } => format!("{example}에 있는 {} 키가 {who}에 없음", listed(keys)),
        Flaw::KeysLost { keys, example } => {
            format!("{example}와 실행 중인 컨테이너에 있는 {} 키가 {who}에 없음", listed(keys))
        }
        Flaw::KeysUndocumented { keys, example } => format!("{who}에 있는 {} 키가 {example}에 없음", listed(keys)),
        Flaw::HalfAddress { key, partner } => format!("{partner}에는 값이 있지만 {} 비어 있음", topic(key)),
        Flaw::KeysBlank { keys, example } => {
            format!("{who}에서 비어 있는 키: {} ({example}에는 값이 있음)", listed(keys))
        }
        Flaw::DollarLost { key } => format!("{key} 값의 $가 변수로 해석되어 일부가 사라짐"),
        Flaw::CarriageReturn { keys } => format!("{who}의 값 끝에 캐리지 리턴(CR)이 있음: {}", listed(keys)),
        Flaw::EnvFileReadable { keys } => {
            format!("이 서버의 모든 사용자가 {} 읽을 수 있음: {}", object(who), listed(keys))
        }
        Flaw::LocalhostAddress { key, address, meant } => {
            let meant =
                meant.as_ref().map_or_else(String::new, |service| format!(", 그 포트를 듣는 서비스는 {service}"));
            format!("{key}의 주소 {} = {who} 컨테이너 자신, 그 포트를 듣는 프로세스 없음{meant}", shown(address))
        }
        Flaw::NoSharedNetwork { key, asked, networks } => {
            let on = if networks.is_empty() {
                String::new()
            } else {
                format!(" (연결된 네트워크: {})", listed(networks))
            };
            format!("{}: {who} 서비스와 같은 네트워크에 {} 없음{on}", key_or(key), subject(asked))
        }
        Flaw::WrongPort { key, asked, port, listens } => {
            format!("{}: {asked}의 포트 {port} 응답 없음, 실제로 듣는 포트는 {}", key_or(key), listed_ports(listens))
        }
        Flaw::UnknownName { key, name, nearest: near } => {
            format!("{}: {who}의 네트워크에 {} 이름을 가진 곳이 없음{}", key_or(key), shown(name), nearest(near))
        }
        Flaw::GatewayAddress { key, address, network, behind, .. } => {
            let behind = behind.as_ref().map_or_else(String::new, |name| format!(", {name}의 통로"));
            format!("{key} 값은 {network}의 게이트웨이 주소({}){behind}", shown(address))
        }
        Flaw::BuildEmulated { dockerfile, steps, development, target, .. } => {
            format!("{dockerfile}의 RUN {steps}개가 {target}용 프로그램을 실행하지만 빌드하는 곳은 {development}")
        }
        Flaw::ImageMislabelled { image, label, program } => {
            format!("{image} 이미지의 표시는 {label}, 실제 프로그램은 {program}용")
        }
        Flaw::ModuleArchitecture { image, module, architecture, label } => {
            format!("{image} 이미지의 {module} 파일은 {architecture}용, 이미지는 {label}용")
        }
        Flaw::ImageArchitecture { image, image_architecture, host } => {
            format!("{image} 이미지는 {image_architecture}용, 이 서버는 {host}")
        }
        Flaw::LoginMissing { registry, image } => format!("{image} 이미지가 없고 {registry}에 로그인한 기록도 없음"),
        Flaw::FloatingTag { image } => format!("{image} 이미지에 버전이 없음"),
        Flaw::SecretInImage { image, key } => format!("{image} 이미지의 히스토리에 {key} 값이 남아 있음"),
        Flaw::NoRestart { policy } => format!("재부팅하면 {} 다시 시작되지 않음 (restart: {policy})", subject(who)),
        Flaw::UnitDisabled { unit } => format!("부팅할 때 {} 시작되지 않음", subject(unit)),
        Flaw::MountMissing { source, target } => format!("{target}에 연결할 {} 없음", subject(source)),
        Flaw::MountNotAFile { source, target } => {
            format!("{source}: 파일이어야 하는데 빈 디렉터리임 ({target}에 연결)")
        }
        Flaw::PortTaken { port, by } => {
            let by = by.as_deref().unwrap_or("다른 프로그램");
            format!("포트 {port} 사용 중: {by}")
        }
        Flaw::DatabasePublished { port, protocol } => format!("{protocol} 포트 {port}: 누구나 접속할 수 있게 공개됨"),
        Flaw::SecretOnCommandLine { option } => format!("{who}의 명령줄에 비밀 값이 있음 ({option})"),
        Flaw::StaleContainer { container, variables, .. } => {
            let keys: Vec<_> = variables.iter().map(|variable| variable.key.clone()).collect();
            format!("{container} 컨테이너가 예전 값으로 동작 중: {}", listed(&keys))
        }
        Flaw::VariablesDiffer { container, added, removed } => {
            let added = (!added.is_empty()).then(|| format!("아직 없는 변수 {}", listed(added)));
            let removed = (!removed.is_empty()).then(|| format!("남아 있는 변수 {}", listed(removed)));
            let both: Vec<String> = [added, removed].into_iter().flatten().collect();
            format!("{container} 컨테이너: {}", both.join(", "))
        }
        Flaw::ContainerDiffers { container, differences } => {
            let told: Vec<String> = differences.iter().map(difference).collect();
            format!("{container} 컨테이너가 파일과 다름: {}", told.join("; "))
        }
        Flaw::MountReplaced { container, targets } => {
            format!("{container} 컨테이너는 교체되기 전 파일을 보고 있음: {}", listed(targets))
        }
        Flaw::Detached { container, networks } => {
            format!("{container} 컨테이너가 연결되어 있지 않은 네트워크: {}", listed(networks))
        }
        Flaw::StaleUpstream { name, read_at, started } => format!(
            "{who}의 {name} 주소는 {} 기준, 그 컨테이너는 {}에 다시 시작됨",
            told.clock.beside(*read_at, told.now),
            told.clock.beside(*started, told.now)
        ),
        Flaw::Orphan { container } => format!("{container}: 어느 파일에도 선언되지 않은 컨테이너"),
        Flaw::NotCreated => format!("{who}의 컨테이너가 없음"),
        Flaw::NotRunning { container, exit_code, out_of_memory, last_words } => {
            let why = if *out_of_memory { ", 메모리 부족으로 강제 종료됨" } else { "" };
            format!("{} 실행 중이 아님 (종료 코드 {exit_code}{why}){}", subject(container), words_of(last_words))
        }
        Flaw::CrashLooping { container, restarts, exit_code, last_words } => format!(
            "{} 끝나고 다시 시작되기를 반복함 (종료 코드 {exit_code}, {}회){}",
            subject(container),
            grouped(*restarts),
            words_of(last_words)
        ),
        Flaw::Unhealthy { container, says } => format!("{}의 헬스체크 실패{}", container, words_of(says)),
        Flaw::Paused { container } => format!("{} 일시 정지됨(paused)", subject(container)),
        Flaw::HealthcheckPort { port, listens } => {
            format!("{who}의 헬스체크는 포트 {port}에 묻지만 실제로 듣는 포트는 {}", listed_ports(listens))
        }
        Flaw::HealthcheckAlwaysPasses => format!("{who}의 헬스체크는 항상 통과함"),
        Flaw::HealthcheckCertificate => format!("{who}의 헬스체크가 localhost 인증서를 요구함"),
        Flaw::DiskShort { path, free, bytes: all } => {
            format!("{path} 디스크의 남은 공간 {} (전체 {})", bytes(*free), bytes(*all))
        }
        Flaw::InodesShort { path, free, inodes } => {
            format!("{path} 디스크의 남은 inode {}개 (전체 {}개)", grouped(*free), grouped(*inodes))
        }
        Flaw::DiskReadOnly { path } => format!("{path} 디스크가 읽기 전용임"),
        Flaw::MemoryShort { available, total } => format!("남은 메모리 {} (전체 {})", bytes(*available), bytes(*total)),
        Flaw::ClockAdrift => "이 서버의 시계가 동기화되지 않음".to_owned(),
        Flaw::NotServed { asked, outcome, .. } => answered(asked, outcome),
        Flaw::OpenFilesShort { open, most } => format!("열린 파일 {}개 (한도 {}개)", grouped(*open), grouped(*most)),
    }
}

pub(in crate::words) fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Image { rebuilt: true, declared, .. } => format!("{declared} 이미지가 다시 빌드됨"),
        Difference::Image { declared, running, .. } => format!("이미지 {declared}, 실행 중 {running}"),
        Difference::NetworkMissing(network) => format!("네트워크 {network} 연결 없음"),
        Difference::NetworkExtra(network) => format!("네트워크 {network} 연결이 남아 있음"),
        Difference::NetworkReplaced(network) => format!("사라진 네트워크 {network}에 연결됨"),
        Difference::Mount { target, declared: None, .. } => format!("마운트 {target} 남아 있음"),
        Difference::Mount { target, running: None, .. } => format!("마운트 {target} 없음"),
        Difference::Mount { target, .. } => format!("마운트 {target}의 원본이 다름"),
        Difference::Ports { declared, running } => {
            let list = |ports: &[Arc<str>]| if ports.is_empty() { "없음".to_owned() } else { listed(ports) };
            format!("포트 {}, 실행 중 {}", list(declared), list(running))
        }
        Difference::Restart { declared, running } => format!("restart {declared}, 실행 중 {running}"),
        Difference::Setting(name) => format!("{name} 설정이 다름"),
        Difference::Replicas { declared, running } => format!("컨테이너 {running}개, 선언은 {declared}개"),
        // These are findings of their own.
        Difference::NotCreated
        | Difference::Orphan
        | Difference::Variable(_)
        | Difference::MountReplaced { .. }
        | Difference::StaleUpstream { .. } => String::new(),
    }
}
