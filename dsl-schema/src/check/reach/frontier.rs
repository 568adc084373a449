//! Few variables for many outcomes.
//!
//! How each step ends is an unknown, and a file has thousands of steps. But once all that depends on an unknown is one
//! function that is still needed, only the function's values matter: the unknowns behind it are forgotten, and as many
//! new ones as there are values to choose from take their place. Nothing that can be asked further on is lost by that, since
//! nothing else knows the forgotten ones. Variables that nobody holds are used again, lowest first, so that equal pieces of
//! a file become equal diagrams, which were made before.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::diagram::{Diagrams, Set, Variable};

/// A function of more variables is not made: operations recurse once a variable.
pub(super) const MAX_VARIABLES: usize = 1_000;

/// A choice between values: for each the assignments that lead to it. No assignment leads to two.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) parts: Vec<Set>,
    /// The variables it may depend on, ascending.
    pub(super) over: Vec<Variable>,
}

impl Function {
    /// What leads to one of the chosen parts.
    pub(super) fn any_of(&self, chosen: impl Fn(usize) -> bool, diagrams: &mut Diagrams) -> Set {
        let mut any = Set::NONE;
        for (index, part) in self.parts.iter().enumerate() {
            if chosen(index) {
                any = diagrams.or(any, *part);
            }
        }
        any
    }
}

/// The variables in use.
pub(super) struct Frontier {
    /// Lower ones are not ours, and never forgotten.
    first: Variable,
    /// How many functions hold a variable, from the first on.
    holders: Vec<u32>,
    is_free: Vec<bool>,
    free: BinaryHeap<Reverse<Variable>>,
}

impl Frontier {
    /// Over variables from `first` on.
    pub(super) fn new(first: Variable) -> Self {
        Self { first, holders: Vec::new(), is_free: Vec::new(), free: BinaryHeap::new() }
    }

    /// A variable that nothing depends on.
    pub(super) fn fresh(&mut self) -> Variable {
        match self.free.pop() {
            Some(Reverse(variable)) => {
                let index = self.index(variable);
                self.is_free[index] = false;
                variable
            }
            None => {
                self.holders.push(0);
                self.is_free.push(false);
                self.first + self.holders.len() as Variable - 1
            }
        }
    }

    /// Keeps a function: what it depends on is needed until it is let go.
    pub(super) fn hold(&mut self, function: &Function) {
        for &variable in function.over.iter().filter(|variable| **variable >= self.first) {
            let index = self.index(variable);
            self.holders[index] += 1;
        }
    }

    /// Lets go of a function that was held. What only it knew may be used again, but for what is in `made`, which ascends: the
    /// variables of a function that is being made of it.
    pub(super) fn let_go(&mut self, function: &Function, made: &[Variable]) {
        let first = self.first;
        for &variable in function.over.iter().filter(|variable| **variable >= first) {
            let index = self.index(variable);
            self.holders[index] -= 1;
            if made.binary_search(&variable).is_err() {
                self.set_free(&[variable]);
            }
        }
    }

    /// Gives back variables that nothing holds.
    pub(super) fn set_free(&mut self, variables: &[Variable]) {
        for &variable in variables {
            if !self.is_known(variable) && !self.is_free[self.index(variable)] {
                let index = self.index(variable);
                self.is_free[index] = true;
                self.free.push(Reverse(variable));
            }
        }
    }

    /// The same choices, with what only this function knows forgotten. It is not held yet.
    pub(super) fn narrow(&mut self, function: Function, diagrams: &mut Diagrams) -> Function {
        let (known, own): (Vec<Variable>, Vec<Variable>) =
            function.over.iter().copied().partition(|of| self.is_known(*of));
        let choices = function.parts.iter().filter(|part| !part.is_none()).count().saturating_sub(1);
        if own.len() <= choices {
            return function;
        }
        let ways: Vec<Set> = function.parts.iter().map(|part| diagrams.forget(*part, &own)).collect();
        if diagrams.is_over() {
            return function;
        }
        let mut narrowed = self.choose(&ways, diagrams);
        if diagrams.is_over() {
            self.set_free(&narrowed.over);
            return function;
        }
        self.set_free(&own);
        narrowed.over.extend(known);
        narrowed.over.sort_unstable();
        narrowed
    }

    /// A free choice between values, each possible where its set says so.
    pub(super) fn choose(&mut self, ways: &[Set], diagrams: &mut Diagrams) -> Function {
        let mut function = Function { parts: vec![Set::NONE; ways.len()], over: Vec::new() };
        let mut left = Set::ALL;
        for (index, way) in ways.iter().enumerate().filter(|(_, way)| !way.is_none()) {
            let mut later = Set::NONE;
            for other in &ways[index + 1..] {
                later = diagrams.or(later, *other);
            }
            let mut chosen = diagrams.and(left, *way);
            if !later.is_none() {
                let variable = self.fresh();
                function.over.push(variable);
                let wanted = diagrams.variable(variable);
                let without_choice = diagrams.not(later);
                let free_to = diagrams.or(wanted, without_choice);
                chosen = diagrams.and(chosen, free_to);
            }
            function.parts[index] = chosen;
            left = diagrams.minus(left, chosen);
        }
        function
    }

    fn is_known(&self, variable: Variable) -> bool {
        variable < self.first || self.holders[self.index(variable)] > 0
    }

    fn index(&self, variable: Variable) -> usize {
        (variable - self.first) as usize
    }
}
