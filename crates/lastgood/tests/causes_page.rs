//! `docs/CAUSES.md`: every cause with what speaks for and against it and what to do, in both languages. It is made of the texts in
//! `knowledge/causes`, and this test says when it is behind them: `LASTGOOD_WRITE=1 cargo test --test causes_page` writes it anew.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use lastgood::knowledge::{CauseArticle, cause};
use lastgood::words::Lang;
use lastgood_model::CauseCode;

/// Headings of one language.
struct Headings {
    evidence_for: &'static str,
    evidence_against: &'static str,
    remedy: &'static str,
    prevention: &'static str,
}

const ENGLISH: Headings = Headings {
    evidence_for: "speaks for it",
    evidence_against: "speaks against it",
    remedy: "what to do",
    prevention: "so that it stays away",
};
const KOREAN: Headings =
    Headings { evidence_for: "근거", evidence_against: "반증", remedy: "조치", prevention: "예방" };

const HEAD: &str = "# The causes / 원인\n\n\
    Every cause that `lastgood why` can name, by its class: what it looks for, what speaks for it and against it, and what to do.\n\
    `lastgood explain CODE` says the same. A code is never renamed. This page is made of the texts in `knowledge/causes`.\n\n\
    `lastgood why`가 말하는 모든 원인입니다. `lastgood explain CODE --lang ko`로도 볼 수 있습니다.\n";

#[test]
fn the_page_of_causes_says_what_is_known() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CAUSES.md");
    if std::env::var_os("LASTGOOD_WRITE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/CAUSES.md is behind knowledge/causes; LASTGOOD_WRITE=1 cargo test --test causes_page"
    );
}

fn page() -> String {
    let mut classes: BTreeMap<&str, Vec<CauseCode>> = BTreeMap::new();
    for code in CauseCode::ALL {
        classes.entry(code.class()).or_default().push(*code);
    }
    let mut page = String::from(HEAD);
    for (class, codes) in &classes {
        let links = codes.iter().map(|code| format!("[{}](#{})", code.name(), anchor(*code)));
        write!(page, "\n- **{class}**: {}", links.collect::<Vec<_>>().join(" · ")).unwrap();
    }
    page.push('\n');
    for code in classes.values().flatten() {
        write!(page, "\n## {code}\n").unwrap();
        for (lang, headings) in [(Lang::En, &ENGLISH), (Lang::Ko, &KOREAN)] {
            article(&mut page, &cause(*code, lang).unwrap(), headings);
        }
    }
    page
}

/// As GitHub makes it of a heading.
fn anchor(code: CauseCode) -> String {
    code.to_string().replace('/', "")
}

fn article(page: &mut String, article: &CauseArticle, headings: &Headings) {
    write!(page, "\n**{}**. {} {}\n", article.title, article.looks_for, article.why).unwrap();
    for (heading, list) in [
        (headings.evidence_for, &article.evidence_for),
        (headings.evidence_against, &article.evidence_against),
        (headings.remedy, &article.remedy),
        (headings.prevention, &article.prevention),
    ] {
        write!(page, "\n*{heading}*\n\n").unwrap();
        list.iter().for_each(|line| writeln!(page, "- {line}").unwrap());
    }
}
