//! What `capture` alone says: what was written, what gave way, and how to look at it again.

use super::{Lang, grouped};
use crate::privacy::stand_ins::Masked;

/// What there is to say of a case that was written.
#[derive(Clone, Copy, Debug)]
pub struct CaptureTold<'a> {
    /// The folder, as it was given.
    pub folder: &'a str,
    /// Files in it.
    pub files: u64,
    /// Lines in them.
    pub lines: u64,
    /// Of these, lines that are blank now.
    pub blanked: u64,
    /// Bytes that it takes.
    pub size: u64,
    /// What gave way.
    pub masked: Masked,
    /// Whether addresses were kept.
    pub with_addresses: bool,
    /// Folders of a case that are absent.
    pub absent: &'a [&'a str],
    /// How to look at it again.
    pub replay: &'a str,
}

impl Lang {
    /// In a few lines.
    #[must_use]
    pub fn captured(self, told: &CaptureTold<'_>) -> Vec<String> {
        let Masked { addresses, mails, secrets, opaque } = told.masked;
        let (files, lines, size) = (grouped(told.files), grouped(told.lines), bytes(told.size));
        let number = grouped;
        let absent = told.absent.join(", ");
        let mut said = match self {
            Self::En => vec![
                format!("wrote {}: files {files}, lines {lines}, {size}", told.folder),
                if told.with_addresses {
                    format!(
                        "masked: secrets {}, long opaque values {}; addresses stand as they were",
                        number(secrets),
                        number(opaque)
                    )
                } else {
                    format!(
                        "masked: addresses {}, mail addresses {}, secrets {}, long opaque values {}",
                        number(addresses),
                        number(mails),
                        number(secrets),
                        number(opaque)
                    )
                },
                format!("not collected by this version: {absent}"),
                "look through it before it leaves the house; names of files, hosts and users are in it".to_owned(),
                format!("again: {}", told.replay),
            ],
            Self::Ko => vec![
                format!("저장: {} (파일 {files}개, {lines}줄, {size})", told.folder),
                if told.with_addresses {
                    format!("가림: 비밀값 {}곳, 긴 불투명 값 {}곳 (주소는 그대로)", number(secrets), number(opaque))
                } else {
                    format!(
                        "가림: 주소 {}개, 메일 주소 {}개, 비밀값 {}곳, 긴 불투명 값 {}곳",
                        number(addresses),
                        number(mails),
                        number(secrets),
                        number(opaque)
                    )
                },
                format!("이 버전에서 수집하지 않음: {absent}"),
                "보내기 전에 내용을 확인하세요. 파일, 호스트, 사용자 이름은 남아 있습니다".to_owned(),
                format!("다시 보기: {}", told.replay),
            ],
        };
        if told.blanked > 0 {
            let blanked = grouped(told.blanked);
            said.insert(
                1,
                match self {
                    Self::En => format!("of these, {blanked} outside of --since and --until are blank"),
                    Self::Ko => format!("이 중 --since, --until 범위 밖의 {blanked}줄은 비움"),
                },
            );
        }
        said
    }
}

/// `12.3 MB`, in powers of 1000.
#[must_use]
pub fn bytes(count: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| count >= *unit) {
        Some((unit, name)) => format!("{}.{} {name}", count / unit, count % unit * 10 / unit),
        None => format!("{count} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_short() {
        assert_eq!([7, 1_250, 12_345_678].map(bytes), ["7 B", "1.2 kB", "12.3 MB"]);
    }
}
