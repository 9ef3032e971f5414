//! The template engine as lastgood uses it: nothing undefined, and every value escaped for the language that the
//! template is written in, in this one place. Which templates there are: `html` has its own, `postmortem` the user's.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value};

use super::markdown;
use super::quote::clean;

/// What a template writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    /// HTML: text and quoted attributes.
    Html,
    /// Markdown that may be shown as HTML.
    Markdown,
}

/// An engine for this language.
#[must_use]
pub fn engine(markup: Markup) -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    // A tag on a line of its own leaves no line behind.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    if let Ok(syntax) = syntax {
        engine.set_syntax(syntax);
    }
    engine.set_auto_escape_callback(move |_| match markup {
        Markup::Html => AutoEscape::Html,
        Markup::Markdown => AutoEscape::Custom("markdown".into()),
    });
    engine.set_formatter(write_value);
    engine
}

fn write_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = match (value.is_none(), value.is_safe(), state.auto_escape()) {
        (true, _, _) => String::new(),
        (_, true, _) | (_, _, AutoEscape::None) => value.to_string(),
        (_, _, AutoEscape::Html) => html(&shown(&value.to_string())),
        _ => markdown::escape(&shown(&value.to_string())),
    };
    Ok(out.write_str(&text)?)
}

/// Lines in which nothing steers or turns text around.
#[must_use]
pub fn shown(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// Text that means nothing to HTML, also in a quoted attribute.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(markup: Markup, template: &str, value: &str) -> String {
        let context = minijinja::context! { value => value, none => (), number => 7 };
        engine(markup).render_str(template, context).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn values_mean_nothing_to_the_language_of_the_template() {
        let nasty = "</style><script>\"'&`*_\u{1b}";
        assert_eq!(
            render(Markup::Html, "<p title=\"{{ value }}\">{{ value }}</p>", nasty).matches("&lt;/style&gt;").count(),
            2
        );
        assert_eq!(render(Markup::Html, "{{ value }}", "\"'\u{1b}&"), "&quot;&#39;\\x1b&amp;");
        assert_eq!(render(Markup::Markdown, "{{ value }} {{ number }}{{ none }}", "a_b<c"), "a\\_b&lt;c 7");
    }

    #[test]
    fn nothing_is_undefined() {
        assert!(render(Markup::Markdown, "{{ valve }}", "").contains("undefined"));
    }
}
