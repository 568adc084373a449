//! What in a template cannot be right, whatever values its names have. It mirrors `eval`.

use std::collections::BTreeMap;

use super::functions::Helper;
use super::syntax::{Block, BlockKind, Expression, ExpressionKind, Hole, Local, Node};
use crate::expr::cel::{Kinds, did_you_mean};
use crate::expr::{ExprError, Type, TypeProblem};

/// What becomes of the value in a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::expr) enum Becomes {
    /// Text among other text.
    Text,
    /// It may keep its type.
    Value,
}

/// What cannot be right in `nodes`, where names are of the types in `names`, in the order of the places.
pub(in crate::expr) fn check_types(
    nodes: &[Node],
    source: &str,
    names: &BTreeMap<String, Type>,
    becomes: Becomes,
) -> Vec<TypeProblem> {
    let mut check = Check { source, names, becomes, elements: Vec::new(), problems: Vec::new() };
    check.nodes(nodes);
    check.problems.sort_by_key(|problem| problem.error.span.as_ref().map(|span| (span.start, span.end)));
    check.problems
}

struct Check<'a> {
    source: &'a str,
    names: &'a BTreeMap<String, Type>,
    becomes: Becomes,
    /// Of the `each` blocks around the current place, the innermost last.
    elements: Vec<Type>,
    problems: Vec<TypeProblem>,
}

impl Check<'_> {
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Text(_) => {}
                Node::Hole(hole) => self.hole(hole),
                Node::Block(block) => self.block(block),
            }
        }
    }

    fn hole(&mut self, hole: &Hole) {
        if hole.value.secret().is_some() {
            return;
        }
        let ty = self.expression(&hole.value, false);
        if self.becomes == Becomes::Text && lacks(&ty, Kinds::TEXT | Kinds::NUMBER | Kinds::BOOL) {
            let message = format!("{} is {}, and has no text", self.quoted(&hole.value), ty.kinds().described());
            let help = if ty.may_be_null() {
                "write `{{default x \"other\"}}` where it may be null"
            } else {
                "use the json helper: `{{json x}}`"
            };
            self.fails(&hole.value, message, Some(help.to_owned()));
        }
    }

    fn block(&mut self, block: &Block) {
        let tested = block.kind != BlockKind::Each;
        let ty = self.expression(&block.subject, tested);
        if tested {
            self.nodes(&block.body);
        } else {
            if lacks(&ty, Kinds::LIST | Kinds::MAP) {
                let message =
                    format!("{} is {}, not a list or a map", self.quoted(&block.subject), ty.kinds().described());
                self.fails(&block.subject, message, None);
            }
            self.elements.push(ty.inside());
            self.nodes(&block.body);
            self.elements.pop();
        }
        self.nodes(&block.otherwise);
    }

    /// `tested`: whether the template copes with the absence of the value.
    fn expression(&mut self, expression: &Expression, tested: bool) -> Type {
        match &expression.kind {
            ExpressionKind::Literal(value) => Type::of_json(value),
            ExpressionKind::Path(path) => match path.split_first().map(|(root, rest)| (self.names.get(root), rest)) {
                Some((Some(ty), rest)) => self.follow(expression, ty.clone(), rest, tested),
                _ => Type::any(),
            },
            ExpressionKind::This(path) => match self.elements.last() {
                Some(ty) => self.follow(expression, ty.clone(), path, tested),
                None => Type::any(),
            },
            ExpressionKind::Local(Local::Index) => Type::number(),
            ExpressionKind::Local(Local::First | Local::Last) => Type::bool(),
            ExpressionKind::Local(Local::Key) => Type::text(),
            ExpressionKind::Call(Helper::Default, arguments) => {
                let mut types = arguments.iter().enumerate().map(|(index, argument)| {
                    let ty = self.expression(argument, tested || index == 0);
                    if index == 0 { ty.only(Kinds::ALL.without(Kinds::NULL)) } else { ty }
                });
                types.next().unwrap_or_else(Type::any).or(types.next().unwrap_or_else(Type::any))
            }
            ExpressionKind::Call(helper, arguments) => self.call(*helper, arguments, tested),
            ExpressionKind::Cel(cel, offset) => {
                let typed = cel.check_types(self.names);
                for mut problem in typed.problems {
                    let placed = |span: std::ops::Range<usize>| match offset {
                        Some(offset) => offset + span.start..offset + span.end,
                        None => expression.span.clone(),
                    };
                    problem.error.span = problem.error.span.map(placed);
                    problem.part = placed(problem.part);
                    self.problems.push(problem);
                }
                typed.ty.as_json()
            }
        }
    }

    fn call(&mut self, helper: Helper, arguments: &[Expression], tested: bool) -> Type {
        for (index, argument) in arguments.iter().enumerate() {
            let ty = self.expression(argument, tested);
            let (takes, what) = match (helper, index) {
                (Helper::Json, _) => continue,
                (Helper::Join, 0) => (Kinds::LIST, "a list"),
                _ => (Kinds::TEXT | Kinds::NUMBER | Kinds::BOOL, "text"),
            };
            // Null is absence, which `default` and `if` cope with.
            if lacks(&ty, takes) && !(tested && ty.may_be_null()) {
                let message = format!("{} is {}, not {what}", self.quoted(argument), ty.kinds().described());
                let help = format!("`{}` is written `{}`", helper.name(), helper.example());
                self.fails(argument, message, Some(help));
            }
        }
        Type::text()
    }

    fn follow(&mut self, expression: &Expression, ty: Type, path: &[String], tested: bool) -> Type {
        let mut ty = ty;
        for segment in path {
            let element = segment.parse::<usize>().is_ok().then(|| ty.only(Kinds::LIST).inside());
            let found =
                ty.field(segment).map_or_else(Type::never, |field| field.ty).or(element.unwrap_or_else(Type::never));
            if found.is_never() && !ty.is_never() && !tested {
                let what = self.quoted(expression);
                let message = match ty.kinds().meets(Kinds::MAP) {
                    true => format!("{what} is never there: there is no key `{segment}`"),
                    false => format!("{what} is never there: {} has no `{segment}`", ty.kinds().described()),
                };
                let help = did_you_mean(segment, ty.keys().filter(|known| known.len() <= 64).take(64));
                self.fails(expression, message, help);
                return Type::any();
            }
            ty = found;
        }
        ty
    }

    fn fails(&mut self, at: &Expression, message: String, help: Option<String>) {
        let error = ExprError { span: Some(at.span.clone()), message, help };
        self.problems.push(TypeProblem::fails(at.span.clone(), error));
    }

    fn quoted(&self, expression: &Expression) -> String {
        match self.source.get(expression.span.clone()) {
            Some(text) if text.len() <= 60 && !text.contains('\n') => format!("`{text}`"),
            _ => "the value".to_owned(),
        }
    }
}

/// Whether no value of `ty` is of these kinds. What never comes to be lacks nothing.
fn lacks(ty: &Type, kinds: Kinds) -> bool {
    !ty.is_never() && !ty.kinds().meets(kinds)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::expr::{Dialect, Script, Template};

    fn names() -> BTreeMap<String, Type> {
        let inputs = Type::of_schema(&json!({
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "count": {"type": "integer"},
                "none": {"type": "null"},
                "note": {"type": ["string", "null"]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "hosts": {"type": "array", "items": {
                    "type": "object", "properties": {"ip": {"type": "string"}}, "additionalProperties": false,
                }},
            },
        }));
        BTreeMap::from([("inputs".to_owned(), inputs)])
    }

    fn said(source: &str, problems: Vec<TypeProblem>) -> Vec<String> {
        let place = |problem: &TypeProblem| problem.error.span.clone().and_then(|span| source.get(span));
        problems.iter().map(|problem| format!("{}: {}", place(problem).unwrap_or("?"), problem.error.message)).collect()
    }

    fn check(source: &str, expect: &[&str]) {
        let template = Template::new(source);
        assert_eq!(template.check(), Ok(()), "{source}");
        assert_eq!(said(source, template.check_types(&names())), expect, "{source}");
    }

    #[test]
    fn what_a_template_can_never_render_is_told() {
        check("a {{ inputs.tags }}", &["inputs.tags: `inputs.tags` is a list, and has no text"]);
        check("a {{ inputs.none }}", &["inputs.none: `inputs.none` is null, and has no text"]);
        check("{{#each inputs.name}}a{{/each}}", &["inputs.name: `inputs.name` is a string, not a list or a map"]);
        check("{{upper inputs.tags}}", &["inputs.tags: `inputs.tags` is a list, not text"]);
        check("{{join inputs.name \",\"}}", &["inputs.name: `inputs.name` is a string, not a list"]);
        check(
            "{{ inputs.name.first }}",
            &["inputs.name.first: `inputs.name.first` is never there: a string has no `first`"],
        );
        check(
            "{{#each inputs.hosts}}{{ this.ipp }}{{/each}}",
            &["this.ipp: `this.ipp` is never there: there is no key `ipp`"],
        );
        check("{{#each inputs.hosts}}{{ this }}{{/each}}", &["this: `this` is a map, and has no text"]);
        check(
            "{{cel \"inputs.count + inputs.name\"}}",
            &["inputs.count + inputs.name: `+` does not work on a number and a string"],
        );
        check(
            "{{#if (cel \"inputs.count == 'x'\")}}a{{/if}}",
            &["inputs.count == 'x': `inputs.count` is a number and `'x'` is a string: this is always false"],
        );
    }

    #[test]
    fn what_may_be_rendered_is_not_told() {
        for source in [
            "{{ inputs.tags }}",
            "a {{json inputs.tags}} {{ inputs.tags.0 }} {{ inputs.count }} {{ inputs.note }} {{ inputs.other.x }} {{ x.y }}",
            "{{default inputs.none \"a\"}} {{default inputs.name.x \"a\"}} {{default (upper inputs.none) \"a\"}}",
            "{{#if inputs.name.x}}a{{/if}}{{#unless inputs.tags}}a{{/unless}}{{#if (upper inputs.none)}}a{{/if}}",
            "{{#each inputs.tags}}{{this}}{{@index}}{{#if @first}}a{{/if}}{{/each}}",
            "{{#each inputs}}{{@key}}{{/each}}",
            "{{cel \"inputs.note == null ? 'x' : inputs.note + 'x'\"}}",
        ] {
            check(source, &[]);
        }
    }

    #[test]
    fn holes_of_scripts_become_text() {
        let source = "echo {{ inputs.tags }}\n{{#each inputs.count}}x{{/each}}";
        let script = Script::new(source, Dialect::Posix);
        assert_eq!(
            said(source, script.check_types(&names())),
            [
                "inputs.tags: `inputs.tags` is a list, and has no text",
                "inputs.count: `inputs.count` is a number, not a list or a map"
            ]
        );
        let single = Script::new("{{ inputs.tags }}", Dialect::Posix);
        assert_eq!(single.check_types(&names()).len(), 1);
        assert_eq!(Script::raw(source, Dialect::Posix).check_types(&names()), []);
    }
}
