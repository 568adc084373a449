//! What the functions take and give. It mirrors `call`.

use super::super::functions::Function;
use super::super::moment::Part;
use super::super::syntax::Node;
use super::check::Check;
use super::{Kinds, Type};

impl<'a> Check<'a> {
    pub(super) fn call(&mut self, node: &Node, function: Function, arguments: &'a [Node]) -> Type {
        let types: Vec<Type> = arguments.iter().map(|argument| self.node(argument)).collect();
        if types.iter().any(Type::is_never) {
            return Type::never();
        }
        for (index, (argument, ty)) in arguments.iter().zip(&types).enumerate() {
            let takes = takes(function, index);
            if self.lacks(ty, takes) {
                let is = ty.kinds().described();
                return match wrong(function, index) {
                    Wrong::Here(because) => self.wrong(node, argument, &format!("{is}{because}")),
                    Wrong::Conversion(target) => {
                        self.fails(node, node, format!("{is} cannot be converted to {target}"), None)
                    }
                };
            }
        }
        gives(function, &types)
    }
}

/// What the argument at `index` can be; the value before the dot is the first one.
fn takes(function: Function, index: usize) -> Kinds {
    match (function, index) {
        (Function::Dyn | Function::Type, _) => Kinds::ALL,
        (Function::Size, _) => Kinds::TEXT | Kinds::LIST | Kinds::MAP,
        (Function::Int, _) => Kinds::NUMBER | Kinds::TEXT | Kinds::TIMESTAMP,
        (Function::Uint | Function::Double, _) => Kinds::NUMBER | Kinds::TEXT,
        (Function::Bool, _) => Kinds::BOOL | Kinds::TEXT,
        (Function::Text, _) => Kinds::ALL.without(Kinds::NULL | Kinds::LIST | Kinds::MAP),
        (Function::Timestamp, _) => Kinds::TIMESTAMP | Kinds::TEXT | Kinds::WHOLE,
        (Function::Duration, _) => Kinds::DURATION | Kinds::TEXT,
        (Function::Get(Part::Hours | Part::Minutes | Part::Seconds | Part::Milliseconds), _) => {
            Kinds::TIMESTAMP | Kinds::DURATION
        }
        (Function::Get(_), _) => Kinds::TIMESTAMP,
        (Function::Join, 0) => Kinds::LIST,
        (Function::Substring, 1 | 2) => Kinds::WHOLE,
        (
            Function::Contains
            | Function::StartsWith
            | Function::EndsWith
            | Function::Matches
            | Function::LowerAscii
            | Function::UpperAscii
            | Function::Trim
            | Function::Replace
            | Function::Split
            | Function::Join
            | Function::Substring
            | Function::IndexOf,
            _,
        ) => Kinds::TEXT,
    }
}

enum Wrong {
    /// The argument is something, and this.
    Here(String),
    /// To this type.
    Conversion(&'static str),
}

fn wrong(function: Function, index: usize) -> Wrong {
    match (function, index) {
        (Function::Size, _) => Wrong::Here(", which has no size".to_owned()),
        (
            Function::Int
            | Function::Uint
            | Function::Double
            | Function::Bool
            | Function::Text
            | Function::Timestamp
            | Function::Duration,
            _,
        ) => Wrong::Conversion(function.name()),
        (Function::Substring, 1 | 2) => Wrong::Here(", not a number".to_owned()),
        (_, 0) => Wrong::Here(format!(" and has no `{}`", function.name())),
        _ => Wrong::Here(", not a string".to_owned()),
    }
}

fn gives(function: Function, arguments: &[Type]) -> Type {
    match function {
        // Whoever writes it knows better than what is declared.
        Function::Dyn => Type::unknown(),
        Function::Type => Type::of_kinds(Kinds::TYPE),
        Function::Size | Function::IndexOf | Function::Int | Function::Get(_) => Type::of_kinds(Kinds::INT),
        Function::Uint => Type::of_kinds(Kinds::UINT),
        Function::Double => Type::of_kinds(Kinds::DOUBLE),
        Function::Contains | Function::StartsWith | Function::EndsWith | Function::Matches | Function::Bool => {
            Type::bool()
        }
        Function::Text => match arguments.first() {
            Some(text) if text.kinds() == Kinds::TEXT => text.clone(),
            _ => Type::text(),
        },
        Function::LowerAscii
        | Function::UpperAscii
        | Function::Trim
        | Function::Replace
        | Function::Join
        | Function::Substring => Type::text(),
        Function::Split => Type::list(Type::text()),
        Function::Timestamp => Type::of_kinds(Kinds::TIMESTAMP),
        Function::Duration => Type::of_kinds(Kinds::DURATION),
    }
}
