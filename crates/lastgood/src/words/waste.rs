//! Headings of what goes from a target, in both languages.

use super::Lang;

/// Headings.
pub struct WasteWords {
    /// Of what would go.
    pub goes: &'static str,
    /// Of what went.
    pub gone: &'static str,
    /// Of the folder of state.
    pub folder: &'static str,
    /// Of releases.
    pub releases: &'static str,
    /// Of copies of replaced files.
    pub replaced: &'static str,
    /// Of names of images.
    pub images: &'static str,
    /// Of containers.
    pub containers: &'static str,
    /// Of names of images that a container uses.
    pub in_use: &'static str,
    /// There is nothing.
    pub nothing: &'static str,
}

const EN: WasteWords = WasteWords {
    goes: "goes",
    gone: "removed",
    folder: "ledger, releases and copies",
    releases: "releases",
    replaced: "copies of replaced files",
    images: "names of images",
    containers: "containers that serve nobody",
    in_use: "in use by containers",
    nothing: "nothing to clear away",
};

const KO: WasteWords = WasteWords {
    goes: "제거 예정",
    gone: "제거",
    folder: "배포 기록, 릴리스, 사본",
    releases: "릴리스",
    replaced: "대체된 파일의 사본",
    images: "이미지 이름",
    containers: "서비스하지 않는 컨테이너",
    in_use: "컨테이너가 사용 중",
    nothing: "정리할 것 없음",
};

impl Lang {
    /// Headings of what goes.
    #[must_use]
    pub const fn waste(self) -> &'static WasteWords {
        match self {
            Self::En => &EN,
            Self::Ko => &KO,
        }
    }
}
