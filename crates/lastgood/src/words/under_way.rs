//! What is said of a rollout that goes on, in both languages.

use lastgood_model::rollout::UnderWay;

use super::Lang;

impl Lang {
    /// Which release, by whom, and how far it came. Since when stands beside it.
    #[must_use]
    pub fn under_way(self, rollout: &UnderWay) -> String {
        let release = rollout.release.short();
        let mut said = match (self, rollout.back, &*rollout.who) {
            (Self::En, false, "") => format!("{release} is being brought out"),
            (Self::En, false, who) => format!("{who} brings {release} out"),
            (Self::En, true, "") => format!("{release} is being taken back"),
            (Self::En, true, who) => format!("{who} brought {release} out, and it is being taken back"),
            (Self::Ko, false, "") => format!("{release} 배포 진행 중"),
            (Self::Ko, false, who) => format!("{release} 배포 진행 중 ({who})"),
            (Self::Ko, true, "") => format!("{release} 배포를 되돌리는 중"),
            (Self::Ko, true, who) => format!("{release} 배포를 되돌리는 중 ({who})"),
        };
        if let Some(act) = &rollout.act {
            said += match self {
                Self::En => "; at the step: ",
                Self::Ko => ", 현재 단계: ",
            };
            said += &self.act(act);
        }
        said
    }

    /// The same where something is judged: what it changes is not, meanwhile.
    #[must_use]
    pub fn not_judged(self, rollout: &UnderWay) -> String {
        let said = self.under_way(rollout);
        if rollout.services.is_empty() {
            return said;
        }
        let services = rollout.services.join(", ");
        match self {
            Self::En => {
                format!("{said}. What it does to {services} meanwhile is not judged here; it judges that itself")
            }
            Self::Ko => format!("{said}. 그동안 {services} 상태는 배포가 직접 확인하므로 여기서 판단하지 않음"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lastgood_model::UnixMs;
    use lastgood_model::rollout::{Action, ReleaseId};

    use super::*;

    #[test]
    fn who_does_what_and_how_far_it_came() {
        let service = || Arc::<str>::from("app");
        let release = ReleaseId("3f2a91c0ab12".into());
        let rollout = UnderWay {
            number: 4,
            who: "kim@laptop".into(),
            since: UnixMs(0),
            release: release.clone(),
            services: vec![service()],
            act: Some(Action::Gate { service: service(), release }),
            back: false,
        };
        let back = UnderWay { who: "".into(), back: true, act: None, ..rollout.clone() };
        assert_eq!(
            [Lang::En.not_judged(&rollout), Lang::En.under_way(&back)],
            [
                "kim@laptop brings 3f2a91c0ab out; at the step: app is well, and stays so. What it does to app meanwhile is not judged \
                 here; it judges that itself",
                "3f2a91c0ab is being taken back"
            ]
        );
        assert_eq!(
            [Lang::Ko.not_judged(&rollout), Lang::Ko.under_way(&back)],
            [
                "3f2a91c0ab 배포 진행 중 (kim@laptop), 현재 단계: app: 정상 상태 유지 확인. 그동안 app 상태는 배포가 직접 확인하므로 여기서 \
                 판단하지 않음",
                "3f2a91c0ab 배포를 되돌리는 중"
            ]
        );
    }
}
