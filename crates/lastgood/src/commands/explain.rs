//! `lastgood explain`: what a cause or a status means in general. Nothing of one incident.

use clap::Args;
use lastgood_diagnose::nearest::distance;
use lastgood_model::CauseCode;

use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::io::Io;
use crate::knowledge;
use crate::render::answer::View;
use crate::render::layout::{Ink, Line, pad, width, wrap};
use crate::words::{ArticleWords, Lang};

/// What a cause or an HTTP status means.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A code such as reboot/not-started-after-reboot, its name alone, or a status such as 502; without one, a list
    #[arg(value_name = "CODE|STATUS")]
    pub topic: Option<String>,
}

/// Runs it.
pub fn run(args: &ExplainArgs, view: View, io: &mut Io<'_>) -> anyhow::Result<Exit> {
    let lines = match &args.topic {
        None => contents(view.lang),
        Some(topic) => {
            article(topic, view).ok_or_else(|| Complaint::Topic { given: topic.clone(), near: near(topic) })?
        }
    };
    let text: String = lines.iter().map(|line| line.render(view.colour) + "\n").collect();
    io.answer(&text)?;
    Ok(Exit::Good)
}

fn article(topic: &str, view: View) -> Option<Vec<Line>> {
    let topic = topic.trim().to_ascii_lowercase();
    if let Some(code) = CauseCode::find(&topic) {
        return cause(code, view);
    }
    // `9` is how some write nginx's `009`.
    let status = format!("{topic:0>3}");
    let article = knowledge::status(&status, view.lang)?;
    let mut lines = vec![Line::of(Ink::Strong, format!("{status} {}", article.title))];
    for sentence in [&article.meaning, &article.producer] {
        lines.extend(wrap(sentence, view.width).into_iter().map(|line| Line::of(Ink::Plain, line)));
    }
    Some(lines)
}

fn cause(code: CauseCode, view: View) -> Option<Vec<Line>> {
    let article = knowledge::cause(code, view.lang)?;
    let words: &ArticleWords = view.lang.article();
    let mut lines = vec![Line::of(Ink::Strong, code.to_string()), Line::of(Ink::Plain, article.title), Line::default()];
    for (heading, text) in [(words.looks_for, article.looks_for), (words.why, article.why)] {
        lines.push(Line::of(Ink::Strong, heading));
        lines.extend(wrap(&text, view.width - 2).into_iter().map(|line| Line::of(Ink::Plain, format!("  {line}"))));
    }
    for (heading, items) in [
        (words.evidence_for, article.evidence_for),
        (words.evidence_against, article.evidence_against),
        (words.remedy, article.remedy),
        (words.prevention, article.prevention),
    ] {
        lines.push(Line::of(Ink::Strong, heading));
        for item in items {
            let wrapped = wrap(&item, view.width - 4).into_iter().enumerate();
            let mark = |index| if index == 0 { "  - " } else { "    " };
            lines.extend(wrapped.map(|(index, line)| Line::of(Ink::Plain, format!("{}{line}", mark(index)))));
        }
    }
    Some(lines)
}

/// Everything that is explained.
fn contents(lang: Lang) -> Vec<Line> {
    let codes = CauseCode::ALL
        .iter()
        .map(|code| (code.to_string(), knowledge::cause(*code, lang).map(|article| article.title).unwrap_or_default()));
    let statuses = knowledge::known_statuses().map(|status| {
        (status.to_owned(), knowledge::status(status, lang).map(|article| article.title.clone()).unwrap_or_default())
    });
    let entries: Vec<(String, String)> = codes.chain(statuses).collect();
    let margin = entries.iter().map(|(name, _)| width(name)).max().unwrap_or(0) + 2;
    let line = |(name, title): (String, String)| Line::of(Ink::Strong, pad(&name, margin)).and(Ink::Plain, title);
    entries.into_iter().map(line).collect()
}

/// Codes that look like what was typed, nearest first.
fn near(topic: &str) -> Vec<String> {
    let topic = topic.trim().to_ascii_lowercase();
    let name = topic.rsplit('/').next().unwrap_or_default();
    let mut found: Vec<(usize, String)> = Vec::new();
    for code in CauseCode::ALL {
        let part = name.len() > 2 && (code.name().contains(name) || code.class() == name);
        let away = if part { 0 } else { distance(name, code.name()) };
        if away <= code.name().len() / 3 {
            found.push((away, code.to_string()));
        }
    }
    for status in knowledge::known_statuses() {
        let away = distance(name, status);
        if name.len() == 3 && away == 1 {
            found.push((away, status.to_owned()));
        }
    }
    found.sort();
    found.into_iter().map(|(_, name)| name).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first() {
        assert_eq!(near("oom-kil"), ["memory/oom-kill"]);
        assert_eq!(near("not-started"), ["reboot/not-started-after-reboot"]);
        assert_eq!(near("network/dns"), ["network/dns-failure"]);
        assert_eq!(near("505"), ["500", "501", "502"]);
        assert!(near("tomato").is_empty());
    }
}
