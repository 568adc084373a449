//! Where a cursor stands in an expression or a template: which name is being written.
//!
//! What stands before the cursor is rarely an expression yet, so this reads words and signs only.

/// A name that is being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Typing {
    /// The names before the last dot or bracket.
    pub(crate) path: Vec<String>,
    /// The last name, as far as it is written.
    pub(crate) typed: String,
    /// What may stand here besides a path.
    pub(crate) besides: Besides,
}

/// What may stand in the place of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Besides {
    /// Nothing: it goes on with one.
    Nothing,
    /// A function of CEL.
    Function,
    /// A helper of templates.
    Helper,
    /// A block of templates: `{{#if`.
    Block,
}

/// The name that ends an expression. None where the cursor is in a string or a comment, or behind something without fields.
pub(crate) fn in_cel(source: &str) -> Option<Typing> {
    let tokens = tokens(source, Dialect::Cel)?;
    typing(&tokens, Besides::Function)
}

/// The name that ends a template. None outside of holes.
pub(crate) fn in_template(source: &str) -> Option<Typing> {
    let hole = open_hole(source)?;
    let hole = hole.strip_prefix('~').unwrap_or(hole);
    if let Some(block) = hole.strip_prefix('#')
        && block.chars().all(char::is_alphanumeric)
    {
        return Some(Typing { path: Vec::new(), typed: block.to_owned(), besides: Besides::Block });
    }
    let tokens = tokens(hole, Dialect::Template)?;
    if let [.., Token { kind: Kind::Name, text: "cel", .. }, Token { kind: Kind::OpenText(text), .. }, _] =
        tokens.as_slice()
    {
        return in_cel(text);
    }
    let words = if hole.starts_with(['#', '/']) { Besides::Nothing } else { Besides::Helper };
    typing(&tokens, words)
}

/// What stands in the hole that is open at the end.
fn open_hole(source: &str) -> Option<&str> {
    let mut rest = source;
    loop {
        let open = rest.find("{{")?;
        let escaped = rest[..open].ends_with('\\');
        let inner = &rest[open + 2..];
        if escaped {
            rest = inner;
            continue;
        }
        let Some(end) = end_of_hole(inner) else {
            let comment = inner.trim_start_matches('~').starts_with('!');
            return (!comment).then_some(inner);
        };
        rest = &inner[end..];
    }
}

/// Behind the braces that close a hole.
fn end_of_hole(inner: &str) -> Option<usize> {
    let comment = inner.trim_start_matches('~');
    if comment.starts_with('!') {
        let end = if comment.starts_with("!--") { "--}}" } else { "}}" };
        return inner.find(end).map(|at| at + end.len());
    }
    let mut quote = None;
    let mut chars = inner.char_indices();
    while let Some((at, sign)) = chars.next() {
        match (quote, sign) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), sign) if sign == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(sign),
            (None, '}') if inner[at..].starts_with("}}") => return Some(at + 2),
            (None, _) => {}
        }
    }
    None
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Cel,
    Template,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Name,
    /// A string that is closed.
    Text,
    /// A string in which the source ends, and what it stands for.
    OpenText(String),
    Sign,
}

#[derive(Debug)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    /// White space stands before it.
    apart: bool,
}

/// Words and signs. None in a comment.
fn tokens(source: &str, dialect: Dialect) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut apart = false;
    while let Some(sign) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = if sign.is_whitespace() {
            at += sign.len_utf8();
            apart = true;
            continue;
        } else if sign.is_alphanumeric() || sign == '_' {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Kind::Name, length)
        } else if sign == '"' || sign == '\'' {
            string(rest, sign)
        } else if dialect == Dialect::Cel && rest.starts_with("//") {
            at += rest.find('\n')?;
            continue;
        } else {
            (Kind::Sign, sign.len_utf8())
        };
        tokens.push(Token { kind, text: &rest[..length], apart });
        at += length;
        apart = false;
    }
    // A name that is to come.
    tokens.push(Token { kind: Kind::Sign, text: "", apart });
    Some(tokens)
}

fn string(rest: &str, quote: char) -> (Kind, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, sign)) = chars.next() {
        match sign {
            '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
            sign if sign == quote => return (Kind::Text, at + 1),
            sign => text.push(sign),
        }
    }
    (Kind::OpenText(text), rest.len())
}

/// The path at the end of the tokens. The last token is the empty one behind the source.
fn typing(tokens: &[Token<'_>], besides: Besides) -> Option<Typing> {
    let (end, before) = tokens.split_last()?;
    let (last, before) = match before.split_last() {
        Some((name, before)) if name.kind == Kind::Name && !end.apart => (name.text.to_owned(), before),
        Some((Token { kind: Kind::OpenText(text), .. }, before)) => {
            // `steps["bu`: a name in brackets.
            let (bracket, before) = before.split_last()?;
            let path = (bracket.text == "[").then(|| path(before)).flatten()?;
            return Some(Typing { path, typed: text.clone(), besides: Besides::Nothing });
        }
        _ => (String::new(), before),
    };
    match before.split_last() {
        Some((dot, before)) if dot.text == "." => {
            Some(Typing { path: path(before)?, typed: last, besides: Besides::Nothing })
        }
        // Behind a value there is an operator to come, not a name.
        Some((other, _)) if besides == Besides::Function && ends_value(other) => None,
        Some((other, _)) if besides == Besides::Helper && other.text != "(" => {
            Some(Typing { path: Vec::new(), typed: last, besides: Besides::Nothing })
        }
        _ => Some(Typing { path: Vec::new(), typed: last, besides }),
    }
}

fn ends_value(token: &Token<'_>) -> bool {
    let operator = token.kind == Kind::Name && token.text == "in";
    !operator && (matches!(token.kind, Kind::Name | Kind::Text) || matches!(token.text, ")" | "]" | "}"))
}

/// The names of a path that ends here: `a.b["c"]`.
fn path(mut tokens: &[Token<'_>]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    loop {
        match tokens {
            [rest @ .., open, text, close] if close.text == "]" && open.text == "[" && text.kind == Kind::Text => {
                let inner = text.text.get(1..text.text.len() - 1)?;
                names.push(inner.to_owned());
                tokens = rest;
            }
            [rest @ .., dot, name] if name.kind == Kind::Name && dot.text == "." => {
                names.push(name.text.to_owned());
                tokens = rest;
            }
            [.., name] if name.kind == Kind::Name => {
                names.push(name.text.to_owned());
                names.reverse();
                return Some(names);
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(typing: Option<Typing>) -> String {
        match typing {
            None => "none".to_owned(),
            Some(Typing { path, typed, besides }) => format!("{} {typed:?} {besides:?}", path.join(".")),
        }
    }

    #[test]
    fn a_name_at_the_end_of_an_expression() {
        for (source, expect) in [
            ("", r#" "" Function"#),
            ("inp", r#" "inp" Function"#),
            ("inputs.", r#"inputs "" Nothing"#),
            ("inputs.a && steps.build.out", r#"steps.build "out" Nothing"#),
            ("steps[\"build\"].outputs.v", r#"steps.build.outputs "v" Nothing"#),
            ("steps[\"bu", r#"steps "bu" Nothing"#),
            ("has(steps.", r#"steps "" Nothing"#),
            ("inputs.a in ", r#" "" Function"#),
            ("inputs.a ", "none"),
            ("size(x).", "none"),
            ("\"inputs.", "none"),
            ("x == 'a' && y == 'it\\'s ", "none"),
            ("a // inputs.", "none"),
            ("a // b\n&& inputs.", r#"inputs "" Nothing"#),
            ("[1, 2].", "none"),
            ("!inputs.x ? ste", r#" "ste" Function"#),
        ] {
            assert_eq!(told(in_cel(source)), expect, "{source}");
        }
    }

    #[test]
    fn a_name_in_the_hole_of_a_template() {
        for (source, expect) in [
            ("echo ", "none"),
            ("echo {{", r#" "" Helper"#),
            ("echo {{ inputs.", r#"inputs "" Nothing"#),
            ("{{ a }} {{~ steps.a.", r#"steps.a "" Nothing"#),
            ("{{ a }} b", "none"),
            ("\\{{ inputs.", "none"),
            ("{{! inputs.", "none"),
            ("{{!-- }} --}} {{ inputs.", r#"inputs "" Nothing"#),
            ("{{default inputs.a ", r#" "" Nothing"#),
            ("{{default inputs.a \"x", "none"),
            ("{{upper (def", r#" "def" Helper"#),
            ("{{cel \"inputs.", r#"inputs "" Nothing"#),
            ("{{cel \"a == \\\"b\\\" && inp", r#" "inp" Function"#),
            ("{{ cel \"}}\" }} {{ x.", r#"x "" Nothing"#),
            ("{{#i", r#" "i" Block"#),
            ("{{#if inputs.", r#"inputs "" Nothing"#),
            ("{{ steps[\"a", r#"steps "a" Nothing"#),
        ] {
            assert_eq!(told(in_template(source)), expect, "{source}");
        }
    }
}
