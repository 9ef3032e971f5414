//! What is said of environment files in both languages: where a release's own one is not to be had, and what somebody mended on a
//! target. Values are shown by the one policy for them, all three or none.

use lastgood_model::Secret;

use super::Lang;
use super::josa::subject;
use crate::privacy::env_value::shown;
use crate::rollout::environment::{Choice, EnvironmentFault};
use crate::rollout::mended::{How, MendedKey};
use crate::rollout::target::Refusal;

impl Lang {
    /// Why there is no `.env`, and the way out.
    #[must_use]
    pub fn environment(self, fault: &EnvironmentFault) -> (String, &'static str) {
        let en = self == Self::En;
        let pick = |en_text, ko_text| if en { en_text } else { ko_text };
        match fault {
            EnvironmentFault::Unreadable(path, why) => (
                if en {
                    format!("env_file {path} cannot be read: {why}")
                } else {
                    format!("env_file {path}: 읽을 수 없음: {why}")
                },
                pick("its path begins in the project's folder", "경로는 프로젝트 폴더 기준입니다"),
            ),
            EnvironmentFault::Failed(code, words) => (
                match (en, words.is_empty()) {
                    (true, true) => format!("env_command ends with exit code {code}"),
                    (true, false) => format!("env_command ends with exit code {code}: {words}"),
                    (false, true) => format!("env_command: 종료 코드 {code}"),
                    (false, false) => format!("env_command: 종료 코드 {code}: {words}"),
                },
                pick("run it by itself in the project's folder", "프로젝트 폴더에서 직접 실행해 보세요"),
            ),
            EnvironmentFault::Silent => (
                pick("env_command prints nothing", "env_command가 아무것도 출력하지 않음").to_owned(),
                pick("run it by itself in the project's folder", "프로젝트 폴더에서 직접 실행해 보세요"),
            ),
            EnvironmentFault::TookTooLong(seconds) => (
                if en {
                    format!("env_command takes longer than {seconds} s")
                } else {
                    format!("env_command: {seconds}초보다 오래 걸림")
                },
                pick(
                    "it is asked nothing here: unlock first what it needs",
                    "여기서는 입력을 받을 수 없으니 필요한 잠금을 먼저 해제하세요",
                ),
            ),
            EnvironmentFault::NotThere(folder) => (
                if en { format!("there is no .env in {folder}") } else { format!("{folder}: .env가 없음") },
                pick(
                    "env = \"server\" takes the one that is there: put it there first, for nobody else to read (mode 600)",
                    "env = \"server\"는 서버의 .env를 사용합니다. 먼저 권한 600으로 만들어 두세요",
                ),
            ),
            EnvironmentFault::Other(why) => (
                if en { format!("no .env can be made: {why}") } else { format!(".env를 준비할 수 없음: {why}") },
                pick("nothing was changed", "아무것도 바꾸지 않았습니다"),
            ),
        }
    }

    /// That a file is not as a release has it, and what becomes of it.
    #[must_use]
    pub fn mended(self, path: &str, how: How, choice: Option<Choice>) -> String {
        let what = match (self, how) {
            (_, How::Stray) => return self.stray(path, choice),
            (Self::En, How::Mended) => "is not as the last release left it",
            (Self::En, How::There) => "is there although no release wrote it",
            (Self::Ko, How::Mended) => "지난 릴리스 이후 서버에서 수정됨",
            (Self::Ko, How::There) => "어느 릴리스도 쓰지 않은 파일이 서버에 있음",
        };
        match (self, choice) {
            (Self::En, None) => format!("{path} {what}, and this one would overwrite it"),
            (Self::En, Some(Choice::Take)) => format!("{path} {what}; it is overwritten, and a copy kept"),
            (Self::En, Some(Choice::Keep)) => {
                format!("{path} {what}; it becomes part of this one. Mend yours, too: the next one overwrites it")
            }
            (Self::Ko, None) => format!("{path}: {what}, 이번 릴리스가 덮어쓰게 됨"),
            (Self::Ko, Some(Choice::Take)) => format!("{path}: {what}, 사본을 남기고 덮어씀"),
            (Self::Ko, Some(Choice::Keep)) => {
                format!("{path}: {what}, 그대로 이번 릴리스에 포함됨. 다음 릴리스가 덮어쓰므로 로컬 파일도 고치세요")
            }
        }
    }

    /// That a file is there which no release has, and what becomes of it.
    fn stray(self, path: &str, choice: Option<Choice>) -> String {
        match (self, choice) {
            (Self::En, Some(Choice::Take)) => {
                format!("{path} is of no release, and Compose would take it from there: it goes, and a copy is kept")
            }
            (Self::En, _) => {
                format!("{path} is there and of no release: Compose would take it from there all the same")
            }
            (Self::Ko, Some(Choice::Take)) => {
                format!("{path}: 릴리스에 없는 파일인데 Compose가 읽으므로 사본을 남기고 치움")
            }
            (Self::Ko, _) => format!("{path}: 릴리스에 없는 파일이 서버 폴더에 있어 Compose가 그대로 읽게 됨"),
        }
    }

    /// Where the copy of one is that is not in its place any more.
    #[must_use]
    pub fn copy(self, path: &str, copy: &str) -> String {
        match self {
            Self::En => format!("{path}, as it was mended: {copy}"),
            Self::Ko => format!("수정되었던 {path}: {copy}"),
        }
    }

    /// What brings it back, before the commands: by hand, or by going to the release that ran with it.
    #[must_use]
    pub fn brings_back(self, release: Option<&str>) -> String {
        match (self, release) {
            (Self::En, Some(release)) => format!("lastgood rollback {release} brings back what ran with it"),
            (Self::Ko, Some(release)) => format!("그 파일로 돌던 상태로 돌아가려면 lastgood rollback {release}"),
            (Self::En, None) => "these commands put it back:".to_owned(),
            (Self::Ko, None) => "되돌려 놓는 명령:".to_owned(),
        }
    }

    /// A key of one.
    #[must_use]
    pub fn mended_key(self, key: &MendedKey, how: How) -> String {
        let MendedKey { key, last, here, new } = key;
        let told = |value: &Option<Secret>| match value {
            None => Some(if self == Self::En { "none" } else { "없음" }.to_owned()),
            Some(value) if value.is_blank() => Some(if self == Self::En { "blank" } else { "빈 값" }.to_owned()),
            Some(value) => shown(key, value),
        };
        if how == How::There {
            return match (self, told(here), told(new)) {
                (Self::En, Some(here), Some(new)) => format!("{key}: differs (server {here}, new release {new})"),
                (Self::Ko, Some(here), Some(new)) => format!("{key}: 다름 (서버 {here}, 새 릴리스 {new})"),
                (Self::En, ..) => format!("{key}: differs"),
                (Self::Ko, ..) => format!("{key}: 다름"),
            };
        }
        let what = match (self, here != last, new != last, here == new) {
            (Self::En, true, false, _) => "changed on the server",
            (Self::En, false, _, _) => "changed in the new release",
            (Self::En, true, true, true) => "changed on the server and in the new release, alike",
            (Self::En, true, true, false) => "changed on the server and in the new release, differently",
            (Self::Ko, true, false, _) => "서버에서 변경",
            (Self::Ko, false, _, _) => "새 릴리스에서 변경",
            (Self::Ko, true, true, true) => "서버와 새 릴리스에서 똑같이 변경",
            (Self::Ko, true, true, false) => "서버와 새 릴리스에서 서로 다르게 변경",
        };
        match (self, told(last), told(here), told(new)) {
            (Self::En, Some(last), Some(here), Some(new)) => {
                format!("{key}: {what} (last release {last}, server {here}, new release {new})")
            }
            (Self::Ko, Some(last), Some(here), Some(new)) => {
                format!("{key}: {what} (지난 릴리스 {last}, 서버 {here}, 새 릴리스 {new})")
            }
            _ => format!("{key}: {what}"),
        }
    }

    /// Why it is refused before anything is touched, and the way out.
    #[must_use]
    pub fn refusal(self, refusal: Refusal, release: &str) -> (String, Vec<String>) {
        let what = match self {
            Self::En => format!("{release} is refused; nothing was changed"),
            Self::Ko => format!("{} 거부됨, 아무것도 바꾸지 않음", subject(release)),
        };
        let hint = match (self, refusal) {
            (Self::En, Refusal::Mended) => {
                "--env take overwrites it, or takes it away where no release has it (a copy is kept in .lastgood/releases); \
                 --env keep makes the server's file part of the release"
            }
            (Self::Ko, Refusal::Mended) => {
                "--env take: 덮어쓰고, 릴리스에 없는 파일이면 치움(사본은 .lastgood/releases에 보관), --env keep: 서버의 파일을 릴리스에 포함"
            }
            (Self::En, Refusal::Stray) => {
                "--env take takes it away (a copy is kept in .lastgood/releases); to keep what it says, put it beside your own compose \
                 file"
            }
            (Self::Ko, Refusal::Stray) => {
                "--env take: 치움(사본은 .lastgood/releases에 보관). 그 내용이 필요하면 로컬 compose 파일 옆에 두고 다시 배포하세요"
            }
            (Self::En, Refusal::OneWay) => {
                "its migration has no way back: name one as deploy.migrate.down, say deploy.migrate.compatible = true if the old \
                 release works with what it does, or go on with --one-way"
            }
            (Self::Ko, Refusal::OneWay) => {
                "마이그레이션을 되돌릴 방법이 없음: deploy.migrate.down을 지정하거나, 이전 릴리스와 호환되면 deploy.migrate.compatible = true로 \
                 적으세요. 그래도 진행하려면 --one-way"
            }
            (Self::En, Refusal::WouldBreak) => "lastgood check says more",
            (Self::Ko, Refusal::WouldBreak) => "자세한 내용은 lastgood check로 확인하세요",
        };
        (what, vec![hint.to_owned()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str, last: Option<&str>, here: Option<&str>, new: Option<&str>) -> MendedKey {
        let secret = |value: Option<&str>| value.map(Secret::from);
        MendedKey { key: key.into(), last: secret(last), here: secret(here), new: secret(new) }
    }

    #[test]
    fn a_key_is_told_three_ways_and_no_secret_with_it() {
        let all = [
            key("KVS_HOST", Some("kvs"), Some("kvs-2"), Some("kvs")),
            key("DEBUG", None, Some("true"), Some("true")),
            key("PORT", Some("80"), Some("80"), Some("81")),
            key("PORT", Some("80"), Some(" "), Some("81")),
            key("KVS_PASSWORD", Some("carbon-1"), Some("carbon-2"), Some("carbon-1")),
            key("NAME", Some("carbon-1"), Some("carbon-2"), Some("carbon-3")),
        ];
        let told = |lang: Lang, how| all.iter().map(|key| lang.mended_key(key, how)).collect::<Vec<_>>().join("\n");
        let [mended, there] =
            [How::Mended, How::There].map(|how| [told(Lang::En, how), told(Lang::Ko, how)].join("\n"));
        insta::assert_snapshot!(format!("{mended}\n{there}"));
    }

    #[test]
    fn each_language_tells_of_environment_files() {
        let text = || "x".to_owned();
        for fault in [
            EnvironmentFault::Unreadable(text(), text()),
            EnvironmentFault::Failed(1, text()),
            EnvironmentFault::Failed(1, String::new()),
            EnvironmentFault::Silent,
            EnvironmentFault::TookTooLong(1),
            EnvironmentFault::NotThere(text()),
            EnvironmentFault::Other(text()),
        ] {
            let (en, ko) = (Lang::En.environment(&fault), Lang::Ko.environment(&fault));
            assert!(en.0 != ko.0 && en.1 != ko.1, "{fault:?}");
        }
        for choice in [None, Some(Choice::Take), Some(Choice::Keep)] {
            for how in [How::Mended, How::There, How::Stray] {
                assert_ne!(Lang::En.mended(".env", how, choice), Lang::Ko.mended(".env", how, choice));
            }
        }
        for found in [None, Some("ab")] {
            assert_ne!(Lang::En.brings_back(found), Lang::Ko.brings_back(found));
        }
        for refusal in [Refusal::Mended, Refusal::Stray, Refusal::OneWay, Refusal::WouldBreak] {
            assert_ne!(Lang::En.refusal(refusal, "ab"), Lang::Ko.refusal(refusal, "ab"));
        }
    }
}
