//! What is said of images that are made of files which were built elsewhere.

use super::Lang;
use super::capture::bytes;
use super::josa::topic;
use crate::rollout::artifact::ArtifactFault;

impl Lang {
    /// The files of an artifact are on their way.
    #[must_use]
    pub fn brings_files(self, service: &str, files: usize, size: u64) -> String {
        let size = bytes(size);
        match self {
            Self::En if files == 1 => format!("bringing what was built for {service}: one file, {size}"),
            Self::En => format!("bringing what was built for {service}: {files} files, {size}"),
            Self::Ko => format!("빌드한 파일 전송: {service} {files}개, {size}"),
        }
    }

    /// Why files cannot become an image, and the way out. `service` is whose, as far as that is known; `host` where, if not here.
    #[must_use]
    pub fn artifact(self, service: Option<&str>, host: Option<&str>, fault: &ArtifactFault) -> (String, String) {
        let en = self == Self::En;
        let pick = |en_text: &str, ko_text: &str| if en { en_text.to_owned() } else { ko_text.to_owned() };
        let of = match (service, en) {
            (Some(service), true) => format!("the artifact of {service}"),
            (Some(service), false) => format!("{service} artifact"),
            (None, true) => "the artifact".to_owned(),
            (None, false) => "artifact".to_owned(),
        };
        match fault {
            ArtifactFault::Missing(path) => (
                pick(&format!("{of}: {path} is not there"), &format!("{of}: {path} 파일이 없음")),
                pick(
                    "build it first; deploy.test is run before this and may do so. Paths begin in the folder of the compose file",
                    "먼저 빌드하세요. deploy.test 명령이 이보다 먼저 실행되므로 거기서 빌드해도 됩니다. 경로는 compose 파일 폴더 기준입니다",
                ),
            ),
            ArtifactFault::Unreadable(path, why) => (
                pick(&format!("{of}: cannot read {path}: {why}"), &format!("{of}: {path} 읽기 실패: {why}")),
                pick("nothing was changed", "아무것도 바꾸지 않았습니다"),
            ),
            ArtifactFault::TooMany(path, most) => (
                pick(
                    &format!("{of}: {path} holds more than {most} files"),
                    &format!("{of}: {path}에 파일이 {most}개보다 많음"),
                ),
                pick("pack them into one file, or name what is needed of it", "하나로 묶거나, 필요한 것만 지정하세요"),
            ),
            ArtifactFault::Empty => (
                pick(&format!("{of} holds no file"), &format!("{of}: 파일이 하나도 없음")),
                pick(
                    "name them: files = { \"dist/app\" = \"/usr/local/bin/app\" }",
                    "지정하세요: files = { \"dist/app\" = \"/usr/local/bin/app\" }",
                ),
            ),
            ArtifactFault::Nowhere(to) => (
                pick(
                    &format!("{of}: `{to}` is no place in an image"),
                    &format!("{of}: `{to}` 이미지 안의 경로가 아님"),
                ),
                pick("a place begins with /, like /usr/local/bin/app", "/usr/local/bin/app처럼 /로 시작해야 합니다"),
            ),
            ArtifactFault::Architecture { path, made, machine } => {
                let place = match (host, en) {
                    (Some(host), _) => host.to_owned(),
                    (None, true) => "this machine".to_owned(),
                    (None, false) => "이 머신".to_owned(),
                };
                (
                    pick(
                        &format!("{of}: {path} is for {made}, and {place} is {machine}"),
                        &format!("{of}: {} {made}용, {} {machine}", topic(path), topic(&place)),
                    ),
                    pick(
                        &format!("build it for linux/{machine}. Nothing was sent, and nothing was changed"),
                        &format!("linux/{machine}용으로 빌드하세요. 아무것도 보내거나 바꾸지 않았습니다"),
                    ),
                )
            }
            ArtifactFault::NoRoom { place, needs, has } => {
                let (needs, has) = (bytes(*needs), bytes(*has));
                let at = host.map(|host| format!("{host}: ")).unwrap_or_default();
                (
                    pick(
                        &format!("{of}: there is too little room: {at}{place} needs {needs}, and has {has}"),
                        &format!("{of}: 공간 부족. {at}{place}에 필요 {needs}, 남음 {has}"),
                    ),
                    pick(
                        "nothing was sent. docker system df tells what takes it; docker system prune, and lastgood prune, clear away",
                        "아무것도 보내지 않았습니다. docker system df로 확인하고 docker system prune, lastgood prune으로 비우세요",
                    ),
                )
            }
            ArtifactFault::CutOff(why) => {
                let to = host.unwrap_or_default();
                (
                    pick(
                        &format!("the way to {to} broke while {of} was sent: {why}"),
                        &format!("{to}: {of} 전송 중 연결이 끊김: {why}"),
                    ),
                    pick(
                        "deploy again: what arrived is kept for a day, and the rest is sent",
                        "다시 배포하면 남은 부분부터 이어서 보냅니다 (받은 부분은 하루 동안 보관)",
                    ),
                )
            }
            ArtifactFault::Damaged(why) => (
                pick(
                    &format!("{of} did not get to {}: {why}", host.unwrap_or_default()),
                    &format!("{}: {of} 전송 실패: {why}", host.unwrap_or_default()),
                ),
                pick("nothing was changed; deploy again", "아무것도 바꾸지 않았습니다. 다시 배포하세요"),
            ),
            ArtifactFault::InVolume(path, volume) => (
                pick(
                    &format!("{of}: {path} would lie in {volume}, which the image below declares a volume"),
                    &format!("{of}: {path} 경로는 base 이미지가 볼륨으로 선언한 {volume} 안에 있음"),
                ),
                pick("put it elsewhere: what is there is hidden by the volume", "볼륨에 가려지므로 다른 경로에 두세요"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_words_and_its_way_out() {
        let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        let path = || "dist/app".to_owned();
        let faults = [
            ArtifactFault::Missing(path()),
            ArtifactFault::Unreadable(path(), "no".to_owned()),
            ArtifactFault::TooMany(path(), 2),
            ArtifactFault::Empty,
            ArtifactFault::Nowhere(path()),
            ArtifactFault::Architecture { path: path(), made: "arm64".to_owned(), machine: "amd64".to_owned() },
            ArtifactFault::NoRoom { place: path(), needs: 5_000_000, has: 1 },
            ArtifactFault::CutOff("no".to_owned()),
            ArtifactFault::Damaged("no".to_owned()),
            ArtifactFault::InVolume(path(), "/data".to_owned()),
        ];
        for fault in faults {
            let (en, ko) = (Lang::En.artifact(Some("api"), None, &fault), Lang::Ko.artifact(None, Some("vm"), &fault));
            assert!(!hangul(&en.0) && !hangul(&en.1) && hangul(&ko.1), "{en:?} {ko:?}");
            assert!(en.0.contains("api") && en.0 != ko.0, "{en:?} {ko:?}");
        }
    }
}
