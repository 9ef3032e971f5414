//! Verdicts as terminal, Markdown and JSON.

use std::path::PathBuf;

use insta::assert_snapshot;
use lastgood::investigation::Investigation;
use lastgood::render::answer::{Answer, View};
use lastgood::render::mask::Mask;
use lastgood::render::outline::Outline;
use lastgood::render::postmortem::{Fault, Mistake, Template};
use lastgood::render::{html, json, layout, markdown, terminal};
use lastgood::words::Lang;
use lastgood_model::{
    Cause, CauseCode, Confidence, Gap, GapKind, Incident, Note, NoteKind, OnsetKind, Status, Verdict,
};

use crate::ami_502;

fn view(lang: Lang) -> View {
    View { lang, colour: false, unicode: true, width: 80, verbose: false }
}

fn asked() -> Vec<PathBuf> {
    vec!["examples/ami-502".into()]
}

fn shown(found: &Investigation, view: View) -> String {
    let asked = asked();
    let text = terminal::render(Answer { found, asked: &asked }, view);
    for line in text.lines() {
        assert!(layout::width(line) <= 80 || line.contains("journalctl"), "too wide: {line}");
    }
    text
}

fn post_mortem(answer: Answer<'_>, lang: Lang, mask: Option<&mut Mask>) -> String {
    markdown::render(&Outline::new(answer, lang, mask), lang)
}

fn located() -> Cause {
    Cause {
        code: CauseCode::Located,
        component: "-".into(),
        confidence: Confidence::Possible,
        score: 1.0,
        chain: Vec::new(),
        evidence: Vec::new(),
        against: Vec::new(),
    }
}

/// Only two lines are known, twenty minutes apart.
fn two_lines() -> Investigation {
    let mut incident = ami_502::incident();
    incident.onset.recovered = None;
    if let Some(edge) = &mut incident.onset.first_bad {
        edge.at = ami_502::at(11, 26, 28);
    }
    incident.causes = vec![located()];
    incident.scope = lastgood_model::Scope { statuses: vec![502], vhost: Some("-".into()), ..Default::default() };
    incident.impact = lastgood_model::Impact { requests: 1, failed: 1, clients: 1, ..Default::default() };
    incident.detection = None;
    incident.changes.clear();
    incident.cleared.clear();
    incident.traffic = lastgood_model::Traffic::default();
    let missing = ["cloud audit log", "error log", "journal", "unit list"];
    let gaps = missing.map(|what| Gap { what: what.into(), why: GapKind::NotGiven }).to_vec();
    let mut found = ami_502::wrap(Verdict { status: Status::Incident, incidents: vec![incident], notes: vec![], gaps });
    found.traffic = lastgood_model::Traffic::default();
    found
}

fn healthy() -> Investigation {
    let note = NoteKind::Blip { failed: 8, seconds: 9, vhost: "chat".into() };
    let notes = vec![Note { kind: note, at: Some(ami_502::at(10, 0, 0)), reference: Some(ami_502::line(3, 12)) }];
    ami_502::wrap(Verdict { status: Status::Healthy, incidents: vec![], notes, gaps: vec![] })
}

fn undetermined() -> Investigation {
    let gaps = vec![Gap { what: "access log".into(), why: GapKind::NoAccessLog }];
    ami_502::wrap(Verdict { status: Status::Undetermined, incidents: vec![], notes: vec![], gaps })
}

/// One that is over and a bigger one that goes on.
fn two_incidents() -> Investigation {
    let over = ami_502::incident();
    let mut ongoing: Incident = ami_502::incident();
    ongoing.onset.kind = OnsetKind::NoBadSeen;
    ongoing.onset.last_good = ongoing.onset.recovered.take();
    ongoing.onset.first_bad = None;
    ongoing.impact = lastgood_model::Impact::default();
    ongoing.detection = None;
    ongoing.changes.clear();
    ongoing.causes = vec![located()];
    let incidents = vec![over, ongoing];
    ami_502::wrap(Verdict { status: Status::Incident, incidents, notes: vec![], gaps: vec![] })
}

#[test]
fn terminal_en() {
    assert_snapshot!(shown(&ami_502::investigation(), view(Lang::En)));
}

#[test]
fn terminal_ko() {
    assert_snapshot!(shown(&ami_502::investigation(), view(Lang::Ko)));
}

#[test]
fn terminal_verbose_en() {
    assert_snapshot!(shown(&ami_502::investigation(), View { verbose: true, ..view(Lang::En) }));
}

#[test]
fn terminal_ascii_en() {
    let text = shown(&ami_502::investigation(), View { unicode: false, ..view(Lang::En) });
    let picture: Vec<&str> = text.lines().skip(7).take(4).collect();
    assert!(picture.iter().all(|line| line.is_ascii()), "{picture:#?}");
    assert_snapshot!(picture.join("\n"));
}

#[test]
fn terminal_two_lines() {
    let (en, ko) = (shown(&two_lines(), view(Lang::En)), shown(&two_lines(), view(Lang::Ko)));
    assert_snapshot!(format!("{en}\n{ko}"));
}

#[test]
fn terminal_healthy() {
    let (en, ko) = (shown(&healthy(), view(Lang::En)), shown(&healthy(), view(Lang::Ko)));
    assert_snapshot!(format!("{en}\n{ko}"));
}

#[test]
fn terminal_undetermined() {
    let (en, ko) = (shown(&undetermined(), view(Lang::En)), shown(&undetermined(), view(Lang::Ko)));
    assert_snapshot!(format!("{en}\n{ko}"));
}

#[test]
fn terminal_two_incidents() {
    let (en, ko) = (shown(&two_incidents(), view(Lang::En)), shown(&two_incidents(), view(Lang::Ko)));
    assert_snapshot!(format!("{en}\n{ko}"));
}

#[test]
fn the_first_lines_say_everything_and_the_rest_fits_a_screen() {
    for lang in [Lang::En, Lang::Ko] {
        let text = shown(&ami_502::investigation(), view(lang));
        assert!(text.lines().count() <= 40, "{text}");
        let five: Vec<&str> = text.lines().skip(1).take(5).collect();
        for (line, said) in five.iter().zip(["502", "11:07:00", "driver-insu.service", "disabled", "systemctl enable"])
        {
            assert!(line.contains(said), "{line:?} should say {said:?}");
        }
    }
}

#[test]
fn colour_is_only_paint() {
    let found = ami_502::investigation();
    let plain = shown(&found, view(Lang::En));
    let answer = asked();
    let painted = terminal::render(Answer { found: &found, asked: &answer }, View { colour: true, ..view(Lang::En) });
    let mut bare = String::new();
    for part in painted.split('\u{1b}') {
        bare += part.strip_prefix('[').and_then(|part| part.split_once('m')).map_or(part, |(_, text)| text);
    }
    let bare: String = bare.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(bare, plain);
}

#[test]
fn nothing_of_a_log_steers_a_terminal_or_shows_a_secret() {
    let found = ami_502::investigation();
    let asked = asked();
    let answer = Answer { found: &found, asked: &asked };
    let verbose = View { verbose: true, ..view(Lang::En) };
    let all =
        [terminal::render(answer, verbose), post_mortem(answer, Lang::En, None), json::render(answer, Lang::En, None)];
    for text in all {
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        assert!(!text.contains("Q2FyTmF2"), "the encrypted parameter is shown: {text}");
    }
}

#[test]
fn markdown_en() {
    let (found, asked) = (ami_502::investigation(), asked());
    let mut mask = Mask::new(&found.catalogue);
    let text = post_mortem(Answer { found: &found, asked: &asked }, Lang::En, Some(&mut mask));
    assert!(!text.contains("<script"), "{text}");
    assert_snapshot!(text);
}

#[test]
fn markdown_ko() {
    let (found, asked) = (ami_502::investigation(), asked());
    let mut mask = Mask::new(&found.catalogue);
    let text = post_mortem(Answer { found: &found, asked: &asked }, Lang::Ko, Some(&mut mask));
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(headings, ["이슈 내용", "제보 일시", "이슈 전말", "로그 확인", "원인", "조치", "502 에러란"]);
    assert_snapshot!(text);
}

fn filled(template: &str, found: &Investigation, lang: Lang) -> Result<String, Mistake> {
    let asked = asked();
    let mut mask = Mask::new(&found.catalogue);
    Template::new(template.to_owned())?.fill(Answer { found, asked: &asked }, lang, Some(&mut mask))
}

#[test]
fn the_templates_that_are_shipped_can_be_filled() {
    let templates = [
        (Lang::En, include_str!("../../../../examples/templates/postmortem.md")),
        (Lang::Ko, include_str!("../../../../examples/templates/postmortem.ko.md")),
    ];
    for (lang, template) in templates {
        for found in [healthy(), undetermined(), two_lines(), two_incidents()] {
            assert!(filled(template, &found, lang).is_ok());
        }
    }
    let both = templates.map(|(lang, template)| filled(template, &ami_502::investigation(), lang).unwrap());
    assert_snapshot!(both.join("\n"));
}

#[test]
fn a_template_sees_the_verdict_and_every_value_is_escaped_and_masked() {
    let mut found = ami_502::investigation();
    found.verdict.incidents[0].causes[0].component = "<b>`x`_\u{202e}".into();
    let fill = |template: &str| filled(template, &found, Lang::En).unwrap();
    assert_eq!(fill("{{ status }} {{ incidents[0].impact.failed }} {{ incidents | length }}"), "incident 1122 1");
    assert_eq!(fill("{{ incidents[0].causes[0].component }}"), "&lt;b&gt;\\`x\\`\\_\\\\u{202e}");
    assert_eq!(fill("{{ incidents[0].causes[0].component | code }}"), "`\\x3cb>\\x60x\\x60_\\u{202e}`");
    let quotes =
        "{% for one in incidents[0].causes[0].evidence %}{{ one.quote | default('') | code }}{% endfor %}{{ report }}";
    assert!(!fill(quotes).contains("198.51.100.7"));
    assert_eq!(
        fill("{{ report }}"),
        post_mortem(Answer { found: &found, asked: &asked() }, Lang::En, Some(&mut Mask::default()))
    );
}

#[test]
fn a_mistake_in_a_template_has_a_line_and_a_name() {
    let found = ami_502::investigation();
    let mistake = |template| filled(template, &found, Lang::En).unwrap_err();
    let undefined = |line, name: &str| Mistake { line, fault: Fault::Undefined(name.into()) };
    assert_eq!(mistake("a\n\n{{ verdct }}"), undefined(3, "verdct"));
    assert_eq!(mistake("{{ incidents[0].sumary }}"), undefined(1, "incidents[0].sumary"));
    assert_eq!(mistake("a\n{{ status | shout }}").line, 2);
    assert_eq!(mistake("a\n\n{% if status %}\n").line, 3);
}

fn page(found: &Investigation, lang: Lang) -> String {
    let asked = asked();
    html::render(Answer { found, asked: &asked }, lang, Some(&mut Mask::new(&found.catalogue))).unwrap()
}

/// Without its style, which says nothing.
fn body(page: &str) -> &str {
    page.split_once("<body>").unwrap().1
}

#[test]
fn html_en() {
    let page = page(&ami_502::investigation(), Lang::En);
    let policy = "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"";
    assert!(page.contains(policy) && page.contains("<html lang=\"en\""), "{page}");
    assert_snapshot!(body(&page));
}

#[test]
fn html_ko() {
    let page = page(&ami_502::investigation(), Lang::Ko);
    assert!(page.contains("<html lang=\"ko\""), "{page}");
    assert_snapshot!(body(&page));
}

#[test]
fn html_without_and_with_two_incidents() {
    let pages = [healthy(), undetermined(), two_lines()].map(|found| body(&page(&found, Lang::En)).to_owned());
    assert_snapshot!(pages.join("\n"));
    let two = page(&two_incidents(), Lang::En);
    let place = |id: &str| two.find(&format!("<article id=\"incident-{id}\"")).unwrap();
    assert!(place("2") < place("1"), "what goes on comes first");
    assert_eq!(two.matches("<h1").count(), 1);
}

#[test]
fn a_page_asks_for_nothing_and_runs_nothing() {
    let mut found = ami_502::investigation();
    let nasty = "</title></style><script>alert(1)</script><img src=x onerror=\"alert(1)\"> \u{202e}'";
    for incident in &mut found.verdict.incidents {
        incident.scope.vhost = Some(nasty.into());
        incident.scope.paths = vec![nasty.into()];
        incident.impact.agents = vec![(nasty.into(), 7)];
        incident.causes[0].component = nasty.into();
    }
    found.files[0].display = nasty.into();
    for lang in [Lang::En, Lang::Ko] {
        let page = page(&found, lang);
        for tag in ["<script", "<img", "<link", "<iframe", "src=\"", "href=", "url(http", "@import"] {
            assert!(!page.contains(tag), "{tag}: {page}");
        }
        assert!(!page.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        assert_eq!(page.matches("</style>").count(), 1, "{page}");
    }
}

#[test]
fn a_report_names_no_address_unless_asked() {
    let (found, asked) = (ami_502::investigation(), asked());
    let answer = Answer { found: &found, asked: &asked };
    let addresses = ["203.0.113.124", "198.51.100.7", "kim@mail.example"];
    for lang in [Lang::En, Lang::Ko] {
        let masked = [
            post_mortem(answer, lang, Some(&mut Mask::new(&found.catalogue))),
            json::render(answer, lang, Some(&mut Mask::new(&found.catalogue))),
            page(&found, lang),
        ];
        for text in masked {
            assert!(addresses.iter().all(|address| !text.contains(address)), "{text}");
            assert!(text.contains("client-1"), "{text}");
        }
    }
    let plain = post_mortem(answer, Lang::En, None);
    assert!(addresses.iter().all(|address| plain.contains(address)), "{plain}");
}

#[test]
fn json_en() {
    let (found, asked) = (ami_502::investigation(), asked());
    assert_snapshot!(json::render(Answer { found: &found, asked: &asked }, Lang::En, None));
}

#[test]
fn every_quote_stands_verbatim_in_its_line() {
    let (found, asked) = (ami_502::investigation(), asked());
    let text = json::render(Answer { found: &found, asked: &asked }, Lang::En, None);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let lines: Vec<&Vec<u8>> = found.quotes.values().collect();
    let evidence = document["incidents"][0]["causes"][0]["evidence"].as_array().unwrap();
    assert!(!evidence.is_empty());
    for quote in evidence.iter().filter_map(|evidence| evidence["quote"].as_str()) {
        let holds = |line: &&&Vec<u8>| {
            quote
                .split('…')
                .filter(|piece| !piece.is_empty())
                .all(|piece| line.windows(piece.len()).any(|part| part == piece.as_bytes()))
        };
        assert!(lines.iter().any(|line| holds(&line)), "{quote}");
    }
}

#[test]
fn confirmed_is_said_only_where_it_is() {
    let mut found = ami_502::investigation();
    for incident in &mut found.verdict.incidents {
        incident.causes[0].confidence = Confidence::Likely;
    }
    let asked = asked();
    let answer = Answer { found: &found, asked: &asked };
    for (lang, word) in [(Lang::En, "confirmed"), (Lang::Ko, "확정")] {
        assert!(!post_mortem(answer, lang, None).contains(word));
        assert!(!html::render(answer, lang, None).unwrap().contains(word));
        assert!(!terminal::render(answer, View { verbose: true, ..view(lang) }).contains(word));
    }
    // The other language's words never show.
    assert!(!post_mortem(answer, Lang::En, None).chars().any(|c| ('가'..='힣').contains(&c)));
}
