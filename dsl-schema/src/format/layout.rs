//! From tokens to lines.

use super::block_scalar::with_indentation;
use super::comments::Surroundings;
use super::levels::{Levels, STEP};
use super::lexer::{Lexer, Unclear, is_marker};
use super::page::Page;
use super::token::{Kind, Token};
use super::{multiline, spacing};
use crate::yaml;

/// Lays out a text whose line breaks are line feeds. `None` where it cannot be followed, or would become too large to be
/// read again.
pub(super) fn lay_out(text: &str) -> Option<String> {
    let marks = yaml::marks(text)?;
    let layout = Layout {
        lexer: Lexer::new(text, &marks),
        levels: Levels::default(),
        page: Page::default(),
        before: None,
        waiting: Vec::new(),
        comment_column: None,
    };
    let formatted = layout.run().ok()?;
    (formatted.len() <= yaml::MAX_TEXT_BYTES).then_some(formatted)
}

struct Layout<'a> {
    lexer: Lexer<'a>,
    levels: Levels,
    page: Page,
    /// The last token that is no comment.
    before: Option<Token<'a>>,
    /// Comments on lines of their own: where they go shows with what comes behind them.
    waiting: Vec<Token<'a>>,
    /// The column in the text of the comment that ends the line before, if one does.
    comment_column: Option<usize>,
}

impl<'a> Layout<'a> {
    fn run(mut self) -> Result<String, Unclear> {
        while let Some(token) = self.lexer.next()? {
            match token.kind {
                Kind::Comment if token.first => self.waiting.push(token),
                Kind::Comment => {
                    self.page.trailing_comment(token.text, token.column);
                    self.comment_column = Some(token.column);
                }
                Kind::Body => {
                    self.before = Some(token);
                    if self.body()? == End::WithoutLineBreak {
                        return Ok(self.page.finish_without_line_break());
                    }
                }
                _ => self.put(&token)?,
            }
            if self.page.is_too_large() {
                return Err(Unclear);
            }
        }
        if let Some(around) = self.around_comments() {
            self.put_comments(&around);
        }
        Ok(self.page.finish())
    }

    fn put(&mut self, token: &Token<'a>) -> Result<(), Unclear> {
        let around = self.around_comments();
        let indent = self.levels.enter(token, self.before.map(|before| before.kind), &self.lexer)?;
        if let Some(around) = around {
            self.put_comments(&around.followed_by(token.column, indent));
        }
        match &self.before {
            Some(before) if !token.first => self.page.push(spacing::between(before, token.kind)),
            // Indented, it was a scalar.
            _ if indent == 0 && token.kind == Kind::Plain && is_marker(token.text) => return Err(Unclear),
            _ => self.page.line(indent, token.after_blank),
        }
        match token.kind {
            Kind::Header => self.page.push(&with_indentation(token.text, STEP)),
            Kind::Plain | Kind::Quoted => self.scalar(token.text),
            _ => self.page.push(token.text),
        }
        self.before = Some(*token);
        self.comment_column = None;
        Ok(())
    }

    fn scalar(&mut self, text: &str) {
        for (at, line) in multiline::lines(text).enumerate() {
            match at {
                0 => self.page.push(line),
                _ => self.page.line_of_scalar(self.levels.within_value(), line),
            }
        }
    }

    fn body(&mut self) -> Result<End, Unclear> {
        // Outside of every collection, readers do not agree on what an indentation is relative to.
        let parent = self.levels.column().ok_or(Unclear)?;
        let body = self.lexer.body(parent)?;
        let indent = self.levels.within_value();
        for line in &body.lines {
            self.page.line_of_scalar(indent, line);
        }
        if !body.lines.is_empty() {
            self.comment_column = None;
        }
        if body.ends_in_indentation {
            self.page.line(indent, false);
            return Ok(End::WithoutLineBreak);
        }
        Ok(End::WithLineBreak)
    }

    /// What the comments have before them that wait, if any do.
    fn around_comments(&self) -> Option<Surroundings> {
        (!self.waiting.is_empty()).then(|| Surroundings::behind(&self.levels, self.before.map(|before| before.kind)))
    }

    fn put_comments(&mut self, around: &Surroundings) {
        for comment in std::mem::take(&mut self.waiting) {
            let goes_on = self.comment_column == Some(comment.column)
                && !comment.after_blank
                && around.is_deeper_than_next(comment.column);
            if goes_on {
                self.page.line(0, false);
                self.page.trailing_comment(comment.text, comment.column);
            } else {
                self.page.line(around.indent(comment.column), comment.after_blank);
                self.page.push(comment.text);
                self.comment_column = None;
            }
        }
    }
}

/// How the page ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    WithLineBreak,
    WithoutLineBreak,
}
