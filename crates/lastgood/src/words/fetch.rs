//! Why an image is not there, in both languages, and the way out: for registries that refuse it, and for hosts that it does not get to.

use lastgood_intake::refused_pull::RefusedPull;

use super::Lang;
use super::capture::bytes;
use super::josa::topic;
use crate::pipeline::remote::ImageFault;
use crate::rollout::fetch::Unfetched;
use crate::rollout::trouble::Trouble;

impl Lang {
    /// Why an image is not there.
    #[must_use]
    pub(super) fn unfetched(self, image: &str, unfetched: &Unfetched) -> String {
        let Unfetched::Refused { why, registry, said, .. } = unfetched else {
            return match (self, unfetched) {
                (Self::En, Unfetched::Said(said)) => {
                    format!("there is no image {image} here, and it cannot be fetched: {said}")
                }
                (Self::Ko, Unfetched::Said(said)) => format!("이미지 {image}: 여기에 없고 받을 수도 없음: {said}"),
                (Self::En, Unfetched::OtherMachine(made, machine)) => {
                    format!("{image} is for {made}, and this machine is {machine}")
                }
                (Self::Ko, Unfetched::OtherMachine(made, machine)) => {
                    format!("{} {made}용인데 이 서버는 {machine}", topic(image))
                }
                (Self::En, _) => {
                    format!("the image of this release is gone, and {image} stands for another one by now")
                }
                (Self::Ko, _) => format!("이 릴리스의 이미지가 없어졌고 {} 이제 다른 이미지를 가리킴", topic(image)),
            };
        };
        match (self, why) {
            (Self::En, RefusedPull::NoLogin) => {
                format!("{registry} wants a login for {image}, and nobody is logged in there")
            }
            (Self::Ko, RefusedPull::NoLogin) => {
                format!("{registry}: {image} 받으려면 로그인이 필요한데 로그인되어 있지 않음")
            }
            (Self::En, RefusedPull::WrongLogin) => format!("{registry} does not give {image} to the login that it got"),
            (Self::Ko, RefusedPull::WrongLogin) => format!("{registry}: 저장된 로그인으로는 {image} 받을 수 없음"),
            (Self::En, RefusedPull::Denied) => {
                format!("{registry} denies {image}: it is not there, or not for whoever is logged in")
            }
            (Self::Ko, RefusedPull::Denied) => format!("{registry}: {image} 거부됨. 이미지가 없거나 읽을 권한이 없음"),
            (Self::En, RefusedPull::Stranger) => {
                format!(
                    "{registry} denies {image} to strangers, and nobody is logged in there: it wants a login, or has no such image"
                )
            }
            (Self::Ko, RefusedPull::Stranger) => {
                format!("{registry}: 로그인 없이는 {image} 받을 수 없음. 로그인이 필요하거나 그런 이미지가 없음")
            }
            (Self::En, RefusedPull::NotThere) => format!("{registry} has no {image}"),
            (Self::Ko, RefusedPull::NotThere) => format!("{registry}: {image} 없음"),
            (Self::En, RefusedPull::NotForMachine) => {
                format!("{registry} has {image}, and not for this kind of machine: {said}")
            }
            (Self::Ko, RefusedPull::NotForMachine) => {
                format!("{registry}: {image} 이 서버의 아키텍처용이 없음: {said}")
            }
            (Self::En, RefusedPull::TooMany) => {
                format!("{registry} was asked too often, and does not give {image} now")
            }
            (Self::Ko, RefusedPull::TooMany) => format!("{registry}: 요청 횟수 제한으로 {image} 받을 수 없음"),
            (Self::En, RefusedPull::Plain) => {
                format!("{registry} speaks plain HTTP, and Docker does not there: {image} cannot be fetched")
            }
            (Self::Ko, RefusedPull::Plain) => {
                format!("{registry}: 암호화되지 않은 HTTP라서 Docker가 {image} 받기를 거부함")
            }
            (Self::En, RefusedPull::Certificate) => {
                format!("nobody trusts the certificate of {registry}, which has {image}: {said}")
            }
            (Self::Ko, RefusedPull::Certificate) => {
                format!("{registry}: 인증서를 신뢰할 수 없어 {image} 받을 수 없음: {said}")
            }
            (Self::En, RefusedPull::Unreachable) => format!("{registry}, which has {image}, does not answer: {said}"),
            (Self::Ko, RefusedPull::Unreachable) => format!("{registry}: 응답이 없어 {image} 받을 수 없음: {said}"),
            (Self::En, RefusedPull::NoRoom) => format!("there is no room for {image}: {said}"),
            (Self::Ko, RefusedPull::NoRoom) => format!("{image}: 저장할 공간이 없음: {said}"),
        }
    }

    /// What to do about what went wrong with an act, where something is known.
    #[must_use]
    pub fn way_out(self, trouble: &Trouble) -> Option<String> {
        let Trouble::NoImage(image, unfetched) = trouble else { return None };
        let en = self == Self::En;
        let (why, registry, by) = match unfetched {
            Unfetched::Refused { why, registry, by, .. } => (why, &**registry, &**by),
            Unfetched::OtherMachine(..) => (&RefusedPull::NotForMachine, "", ""),
            Unfetched::Moved if en => return Some("lastgood deploy brings what the files say now".to_owned()),
            Unfetched::Moved => return Some("lastgood deploy로 지금 파일의 내용을 배포하세요".to_owned()),
            Unfetched::Said(_) => return None,
        };
        Some(match why {
            RefusedPull::NoLogin | RefusedPull::WrongLogin if en => {
                format!("docker login {registry}, as {by}; then deploy again")
            }
            RefusedPull::NoLogin | RefusedPull::WrongLogin => {
                format!("{by}에서 docker login {registry} 실행 후 다시 배포하세요")
            }
            RefusedPull::Stranger if en => {
                format!(
                    "docker login {registry}, as {by}, with a login that may read it; and see that {image} is written right"
                )
            }
            RefusedPull::Stranger => {
                format!("{by}에서 읽을 권한이 있는 계정으로 docker login {registry} 하고, {image} 이름을 확인하세요")
            }
            RefusedPull::Denied if en => {
                format!(
                    "see that {image} is written right; docker login {registry}, as {by}, with a login that may read it"
                )
            }
            RefusedPull::Denied => {
                format!("{image} 이름을 확인하고, {by}에서 읽을 권한이 있는 계정으로 docker login {registry} 하세요")
            }
            RefusedPull::NotThere if en => "see that name and tag are written right, and that it was pushed".to_owned(),
            RefusedPull::NotThere => "이름과 태그, 푸시 여부를 확인하세요".to_owned(),
            RefusedPull::NotForMachine if en => {
                "build it for that machine, too: docker buildx build --platform linux/amd64,linux/arm64 --push"
                    .to_owned()
            }
            RefusedPull::NotForMachine => {
                "그 아키텍처용으로도 빌드하세요: docker buildx build --platform linux/amd64,linux/arm64 --push"
                    .to_owned()
            }
            RefusedPull::TooMany if en => {
                format!("wait, or docker login {registry}, as {by}: logins may ask more often")
            }
            RefusedPull::TooMany => format!("기다리거나 {by}에서 docker login {registry} 하면 제한이 늘어납니다"),
            RefusedPull::Plain if en => {
                format!(
                    "give it a certificate, or list {registry} under insecure-registries in /etc/docker/daemon.json"
                )
            }
            RefusedPull::Plain => {
                format!("인증서를 설정하거나 /etc/docker/daemon.json의 insecure-registries에 {registry} 추가하세요")
            }
            RefusedPull::Certificate if en => format!("put its authority into /etc/docker/certs.d/{registry}/ca.crt"),
            RefusedPull::Certificate => format!("CA 인증서를 /etc/docker/certs.d/{registry}/ca.crt에 두세요"),
            RefusedPull::Unreachable if en => {
                format!("see that it runs, and that {by} gets there: curl -I https://{registry}/v2/")
            }
            RefusedPull::Unreachable => {
                format!("레지스트리가 동작하는지, {by}에서 접근되는지 확인하세요: curl -I https://{registry}/v2/")
            }
            RefusedPull::NoRoom if en => "docker system df tells what takes it".to_owned(),
            RefusedPull::NoRoom => "docker system df로 사용량을 확인하세요".to_owned(),
        })
    }

    /// Images are on their way: `sent` bytes of `all` that they have.
    #[must_use]
    pub fn brings_images(self, names: &[&str], sent: u64, all: u64, whole: bool) -> String {
        let (names, sent, all) = (names.join(", "), bytes(sent), bytes(all));
        match (self, whole) {
            (Self::En, false) => format!("bringing {names}: {sent} of {all}; the rest is there"),
            (Self::Ko, false) => format!("이미지 전송: {names} {sent} (전체 {all} 중 나머지는 이미 있음)"),
            (Self::En, true) => format!("bringing {names}: {sent}, unpacked {all}"),
            (Self::Ko, true) => format!("이미지 전송: {names} {sent} (압축 풀면 {all})"),
        }
    }

    /// So much came with an earlier attempt.
    #[must_use]
    pub fn goes_on(self, before: u64) -> String {
        match self {
            Self::En => format!("{} of it came with an earlier attempt", bytes(before)),
            Self::Ko => format!("이 중 {} 이전 시도에서 이미 전송됨", topic(&bytes(before))),
        }
    }

    /// The engine there does not take layers without those that it has.
    #[must_use]
    pub const fn brings_whole(self) -> &'static str {
        match self {
            Self::En => "the engine there does not take them so; bringing them whole",
            Self::Ko => "대상 엔진이 일부 레이어만으로는 받지 못해 전체를 전송함",
        }
    }

    /// Why images do not get to a host, and the way out.
    #[must_use]
    pub fn image_fault(self, host: &str, fault: &ImageFault) -> (String, String) {
        let en = self == Self::En;
        let pick = |en_text: String, ko_text: String| if en { en_text } else { ko_text };
        match fault {
            ImageFault::NotSaved(why) => (
                pick(format!("docker save does not hand the images out: {why}"), format!("docker save 실패: {why}")),
                pick("see docker images".to_owned(), "docker images로 확인하세요".to_owned()),
            ),
            ImageFault::NoRoom { place, needs, has } => {
                let (needs, has) = (bytes(*needs), bytes(*has));
                (
                    pick(
                        format!("{host} has too little room for the images: {place} needs {needs}, and has {has}"),
                        format!("{host}: 이미지를 받을 공간 부족. {place}에 필요 {needs}, 남음 {has}"),
                    ),
                    pick(
                        "there, docker system df tells what takes it, and docker image prune frees what nothing names"
                            .to_owned(),
                        "그 서버에서 docker system df로 확인하고, docker image prune으로 이름 없는 이미지를 지우세요"
                            .to_owned(),
                    ),
                )
            }
            ImageFault::Architecture { service, made, path, machine } => {
                let what = match (path, en) {
                    (None, true) => format!("the image of {service} is for {made}"),
                    (None, false) => format!("{service} 이미지는 {made}용"),
                    (Some(path), true) => format!("{path} in the image of {service} is for {made}"),
                    (Some(path), false) => format!("{service} 이미지의 {} {made}용", topic(path)),
                };
                (
                    pick(format!("{what}, and {host} is {machine}"), format!("{what}, {} {machine}", topic(host))),
                    match (path, en) {
                        (None, true) => format!("add this to {service} in the compose file: platform: linux/{machine}"),
                        (None, false) => {
                            format!("compose 파일의 {service}에 추가하세요: platform: linux/{machine}")
                        }
                        (Some(_), true) => format!(
                            "build that file for linux/{machine}, or in the image, with platform: linux/{machine} at {service}"
                        ),
                        (Some(_), false) => format!(
                            "그 파일을 linux/{machine}용으로 빌드하거나, {service}에 platform: linux/{machine} 추가 후 이미지 안에서 빌드하세요"
                        ),
                    },
                )
            }
            ImageFault::CutOff(why) => (
                pick(
                    format!("the way to {host} broke while images were sent: {why}"),
                    format!("{host}: 이미지 전송 중 연결이 끊김: {why}"),
                ),
                pick(
                    "deploy again: what arrived is kept for a day, and the rest is sent".to_owned(),
                    "다시 배포하면 남은 부분부터 이어서 보냅니다 (받은 부분은 하루 동안 보관)".to_owned(),
                ),
            ),
            ImageFault::NotTaken(why) => (
                pick(
                    format!("the engine of {host} does not take the images in: {why}"),
                    format!("{host}: 엔진이 이미지를 받지 못함: {why}"),
                ),
                pick("nothing was changed".to_owned(), "아무것도 바꾸지 않았습니다".to_owned()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_words_and_its_way_out() {
        use RefusedPull::*;
        let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        let mut told = Vec::new();
        for why in [
            NoLogin,
            WrongLogin,
            Denied,
            Stranger,
            NotThere,
            NotForMachine,
            TooMany,
            Plain,
            Certificate,
            Unreachable,
            NoRoom,
        ] {
            let registry = "ghcr.io".to_owned();
            let unfetched = Unfetched::Refused { why, registry, by: "me@vm".to_owned(), said: "no".to_owned() };
            let trouble = Trouble::NoImage("ghcr.io/me/shop:1".to_owned(), unfetched);
            for lang in [Lang::En, Lang::Ko] {
                let (what, out) = (lang.trouble(&trouble), lang.way_out(&trouble).unwrap());
                assert!(what.contains("ghcr.io/me/shop:1"), "{what}");
                assert_eq!((hangul(&what), hangul(&out)), (lang == Lang::Ko, lang == Lang::Ko), "{what}: {out}");
                told.push(what);
            }
        }
        let all = told.len();
        told.sort();
        told.dedup();
        assert_eq!(told.len(), all, "two say the same");
        let faults = [
            ImageFault::NotSaved("no".to_owned()),
            ImageFault::NoRoom { place: "/var/lib/docker".to_owned(), needs: 5_000_000, has: 1 },
            ImageFault::Architecture {
                service: "api".to_owned(),
                made: "arm64".to_owned(),
                path: None,
                machine: "amd64".to_owned(),
            },
            ImageFault::CutOff("no".to_owned()),
            ImageFault::NotTaken("no".to_owned()),
        ];
        for fault in faults {
            let (en, ko) = (Lang::En.image_fault("me@vm", &fault), Lang::Ko.image_fault("me@vm", &fault));
            assert!(!hangul(&en.0) && !hangul(&en.1) && hangul(&ko.0) && hangul(&ko.1), "{en:?} {ko:?}");
        }
    }
}
