//! Sets of assignments to yes-or-no variables, as reduced ordered decision diagrams.
//!
//! Equal sets are one node, so that two sets are compared by comparing numbers, and an operation that was done before is
//! looked up. Every operation counts its work against an allowance: where that is used up, [`Diagrams::is_over`] says so and
//! the results since are meaningless. Operations recurse once a variable that stands in their operands; whoever builds sets
//! bounds those (see [`super::frontier`]).

/// A variable. Lower ones stand further up in every diagram.
pub(super) type Variable = u32;

/// A set of assignments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Set(u32);

impl Set {
    /// No assignment.
    pub(super) const NONE: Self = Self(0);
    /// Every assignment.
    pub(super) const ALL: Self = Self(1);

    /// Whether no assignment is in it.
    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    fn is_constant(self) -> bool {
        self.0 < 2
    }
}

/// Holds all nodes.
pub(super) struct Diagrams {
    /// Children come before their parents. The first two stand for `NONE` and `ALL`.
    nodes: Vec<Node>,
    /// Numbers of nodes by what they are; open addressing, 0 where nothing is.
    places: Vec<u32>,
    /// Results of operations. What does not fit is overwritten: it only saves work.
    memory: Vec<Remembered>,
    /// Per node: the look at variables in which it was seen last.
    seen: Vec<u32>,
    looks: u32,
    left: u32,
    over: bool,
    spent: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    variable: Variable,
    no: Set,
    yes: Set,
}

#[derive(Debug, Clone, Copy, Default)]
struct Remembered {
    operation: u32,
    a: u32,
    b: u32,
    result: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    And = 1,
    Or,
    Minus,
    Forget,
}

const CONSTANT: Variable = Variable::MAX;

impl Diagrams {
    /// An empty store for about so many operations.
    pub(super) fn new(expected: usize) -> Self {
        let constant = Node { variable: CONSTANT, no: Set::NONE, yes: Set::NONE };
        let size = expected.next_power_of_two().clamp(1 << 8, 1 << 15);
        Self {
            nodes: vec![constant; 2],
            places: vec![0; size],
            memory: vec![Remembered::default(); size],
            seen: Vec::new(),
            looks: 0,
            left: 0,
            over: false,
            spent: 0,
        }
    }

    /// So many nodes may be looked at from now on.
    pub(super) fn allow(&mut self, work: u32) {
        self.left = work;
        self.over = false;
        self.spent = 0;
    }

    /// Whether the allowance is used up, and results since it was given mean nothing.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Nodes looked at since the allowance was given.
    pub(super) fn spent(&self) -> u32 {
        self.spent
    }

    /// The assignments in which the variable is `yes`.
    pub(super) fn variable(&mut self, variable: Variable) -> Set {
        self.node(variable, Set::NONE, Set::ALL)
    }

    /// What is in both.
    pub(super) fn and(&mut self, a: Set, b: Set) -> Set {
        self.apply(Operation::And, a, b)
    }

    /// What is in one of them.
    pub(super) fn or(&mut self, a: Set, b: Set) -> Set {
        self.apply(Operation::Or, a, b)
    }

    /// What is in `a` and not in `b`.
    pub(super) fn minus(&mut self, a: Set, b: Set) -> Set {
        self.apply(Operation::Minus, a, b)
    }

    /// What is not in it.
    pub(super) fn not(&mut self, a: Set) -> Set {
        self.minus(Set::ALL, a)
    }

    /// What is in `a` for some values of `variables`, which ascend.
    pub(super) fn forget(&mut self, a: Set, variables: &[Variable]) -> Set {
        self.spend(variables.len());
        let cube = variables.iter().rev().fold(Set::ALL, |cube, variable| self.node(*variable, Set::NONE, cube));
        self.forget_cube(a, cube)
    }

    /// The variables that decide whether an assignment is in it, in order.
    pub(super) fn variables(&mut self, of: &[Set]) -> Vec<Variable> {
        self.seen.resize(self.nodes.len(), 0);
        self.looks += 1;
        let mut found = Vec::new();
        let mut open: Vec<Set> = of.to_vec();
        while let Some(at) = open.pop() {
            let is_new = std::mem::replace(&mut self.seen[at.0 as usize], self.looks) != self.looks;
            if at.is_constant() || !is_new || !self.work() {
                continue;
            }
            let node = self.nodes[at.0 as usize];
            found.push(node.variable);
            open.extend([node.no, node.yes]);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// One assignment of a set that is not empty: the variables that it decides. It prefers `no`.
    pub(super) fn example(&self, of: Set) -> Vec<(Variable, bool)> {
        let mut found = Vec::new();
        let mut at = of;
        while !at.is_constant() {
            let node = self.nodes[at.0 as usize];
            let yes = node.no.is_none();
            found.push((node.variable, yes));
            at = if yes { node.yes } else { node.no };
        }
        found
    }

    /// Counts work that is done elsewhere.
    pub(super) fn spend(&mut self, work: usize) {
        let work = u32::try_from(work).unwrap_or(u32::MAX);
        self.over |= self.left < work;
        self.left = self.left.saturating_sub(work);
        self.spent = self.spent.saturating_add(work);
    }

    fn work(&mut self) -> bool {
        self.over |= self.left == 0;
        self.left = self.left.saturating_sub(1);
        self.spent += 1;
        !self.over
    }

    fn apply(&mut self, operation: Operation, a: Set, b: Set) -> Set {
        use Operation as O;
        let (a, b) = match operation {
            O::And if a == b || b == Set::ALL => return a,
            O::And if a == Set::ALL => return b,
            O::And if a.is_none() || b.is_none() => return Set::NONE,
            O::Or if a == b || b.is_none() => return a,
            O::Or if a.is_none() => return b,
            O::Or if a == Set::ALL || b == Set::ALL => return Set::ALL,
            O::Minus if a == b || a.is_none() || b == Set::ALL => return Set::NONE,
            O::Minus if b.is_none() => return a,
            O::And | O::Or => (a.min(b), a.max(b)),
            O::Minus | O::Forget => (a, b),
        };
        if let Some(known) = self.recall(operation, a, b) {
            return known;
        }
        if !self.work() {
            return Set::NONE;
        }
        let (left, right) = (self.nodes[a.0 as usize], self.nodes[b.0 as usize]);
        let variable = left.variable.min(right.variable);
        let (left_no, left_yes) = if left.variable == variable { (left.no, left.yes) } else { (a, a) };
        let (right_no, right_yes) = if right.variable == variable { (right.no, right.yes) } else { (b, b) };
        let no = self.apply(operation, left_no, right_no);
        let yes = self.apply(operation, left_yes, right_yes);
        let result = self.node(variable, no, yes);
        self.remember(operation, a, b, result);
        result
    }

    fn forget_cube(&mut self, a: Set, cube: Set) -> Set {
        let node = self.nodes[a.0 as usize];
        let mut cube = cube;
        while self.nodes[cube.0 as usize].variable < node.variable {
            cube = self.nodes[cube.0 as usize].yes;
        }
        if a.is_constant() || cube == Set::ALL {
            return a;
        }
        if let Some(known) = self.recall(Operation::Forget, a, cube) {
            return known;
        }
        if !self.work() {
            return Set::NONE;
        }
        let no = self.forget_cube(node.no, cube);
        let yes = self.forget_cube(node.yes, cube);
        let result = if self.nodes[cube.0 as usize].variable == node.variable {
            self.or(no, yes)
        } else {
            self.node(node.variable, no, yes)
        };
        self.remember(Operation::Forget, a, cube, result);
        result
    }

    fn node(&mut self, variable: Variable, no: Set, yes: Set) -> Set {
        if no == yes {
            return no;
        }
        let node = Node { variable, no, yes };
        let mut place = self.place_of(node);
        while self.places[place] != 0 {
            if self.nodes[self.places[place] as usize] == node {
                return Set(self.places[place]);
            }
            place = (place + 1) & (self.places.len() - 1);
        }
        let number = self.nodes.len() as u32;
        self.nodes.push(node);
        self.places[place] = number;
        if self.nodes.len() * 2 > self.places.len() {
            self.make_room();
        }
        Set(number)
    }

    fn make_room(&mut self) {
        self.places = vec![0; self.places.len() * 4];
        for number in 2..self.nodes.len() {
            let mut place = self.place_of(self.nodes[number]);
            while self.places[place] != 0 {
                place = (place + 1) & (self.places.len() - 1);
            }
            self.places[place] = number as u32;
        }
    }

    fn place_of(&self, node: Node) -> usize {
        spread(node.variable, node.no.0, node.yes.0) & (self.places.len() - 1)
    }

    fn recall(&self, operation: Operation, a: Set, b: Set) -> Option<Set> {
        let known = self.memory[spread(operation as u32, a.0, b.0) & (self.memory.len() - 1)];
        ((known.operation, known.a, known.b) == (operation as u32, a.0, b.0)).then_some(Set(known.result))
    }

    fn remember(&mut self, operation: Operation, a: Set, b: Set, result: Set) {
        if self.over {
            return;
        }
        let place = spread(operation as u32, a.0, b.0) & (self.memory.len() - 1);
        self.memory[place] = Remembered { operation: operation as u32, a: a.0, b: b.0, result: result.0 };
    }
}

/// Multiplication by odd numbers without a pattern, and the high half of the result, where all bits have met.
fn spread(a: u32, b: u32, c: u32) -> usize {
    let mixed = u64::from(a).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ u64::from(b).wrapping_mul(0xC2B2_AE3D_27D4_EB4F)
        ^ u64::from(c).wrapping_mul(0x1656_67B1_9E37_79F9);
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What an operation on sets is made of.
    #[derive(Debug, Clone)]
    enum Made {
        Variable(Variable),
        And(Box<Made>, Box<Made>),
        Or(Box<Made>, Box<Made>),
        Minus(Box<Made>, Box<Made>),
        Forget(Box<Made>, Vec<Variable>),
    }

    const VARIABLES: u32 = 5;

    fn made() -> impl Strategy<Value = Made> {
        (0..VARIABLES).prop_map(Made::Variable).prop_recursive(5, 24, 2, |inner| {
            let pair = (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
            let some = prop::collection::btree_set(0..VARIABLES, 1..4).prop_map(|some| some.into_iter().collect());
            prop_oneof![
                pair.clone().prop_map(|(a, b)| Made::And(a, b)),
                pair.clone().prop_map(|(a, b)| Made::Or(a, b)),
                pair.prop_map(|(a, b)| Made::Minus(a, b)),
                (inner.prop_map(Box::new), some).prop_map(|(a, some)| Made::Forget(a, some)),
            ]
        })
    }

    fn build(diagrams: &mut Diagrams, made: &Made) -> Set {
        match made {
            Made::Variable(variable) => diagrams.variable(*variable),
            Made::And(a, b) => {
                let (a, b) = (build(diagrams, a), build(diagrams, b));
                diagrams.and(a, b)
            }
            Made::Or(a, b) => {
                let (a, b) = (build(diagrams, a), build(diagrams, b));
                diagrams.or(a, b)
            }
            Made::Minus(a, b) => {
                let (a, b) = (build(diagrams, a), build(diagrams, b));
                diagrams.minus(a, b)
            }
            Made::Forget(a, variables) => {
                let a = build(diagrams, a);
                diagrams.forget(a, variables)
            }
        }
    }

    /// Whether an assignment, one bit a variable, is in it.
    fn holds(made: &Made, bits: u32) -> bool {
        match made {
            Made::Variable(variable) => bits & (1 << variable) != 0,
            Made::And(a, b) => holds(a, bits) && holds(b, bits),
            Made::Or(a, b) => holds(a, bits) || holds(b, bits),
            Made::Minus(a, b) => holds(a, bits) && !holds(b, bits),
            Made::Forget(a, variables) => {
                let mask: u32 = variables.iter().map(|variable| 1 << variable).sum();
                (0..1 << VARIABLES).any(|other| other & !mask == bits & !mask && holds(a, other))
            }
        }
    }

    fn contains(diagrams: &Diagrams, set: Set, bits: u32) -> bool {
        let mut at = set;
        while !at.is_constant() {
            let node = diagrams.nodes[at.0 as usize];
            at = if bits & (1 << node.variable) != 0 { node.yes } else { node.no };
        }
        at == Set::ALL
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn operations_give_what_their_words_say(one in made(), other in made()) {
            let mut diagrams = Diagrams::new(1);
            diagrams.allow(100_000);
            let (set, second) = (build(&mut diagrams, &one), build(&mut diagrams, &other));
            let table: Vec<bool> = (0..1 << VARIABLES).map(|bits| holds(&one, bits)).collect();
            for (bits, expect) in table.iter().enumerate() {
                prop_assert_eq!(contains(&diagrams, set, bits as u32), *expect);
            }
            // Equal sets are one node.
            let equal = (0..1 << VARIABLES).all(|bits| table[bits as usize] == holds(&other, bits));
            prop_assert_eq!(set == second, equal);
            if !set.is_none() {
                let bits = diagrams.example(set).iter().map(|(variable, yes)| u32::from(*yes) << variable).sum();
                prop_assert!(holds(&one, bits));
            }
            prop_assert!(!diagrams.is_over());
        }
    }

    #[test]
    fn work_beyond_the_allowance_is_refused_and_not_remembered() {
        let mut diagrams = Diagrams::new(1);
        diagrams.allow(1_000);
        let odd = (0..10).fold(Set::NONE, |odd, variable| {
            let variable = diagrams.variable(variable);
            let (one, other) = (diagrams.minus(odd, variable), diagrams.minus(variable, odd));
            diagrams.or(one, other)
        });
        let last = diagrams.variable(9);
        diagrams.allow(3);
        diagrams.and(odd, last);
        assert!(diagrams.is_over());
        diagrams.allow(1_000);
        let both = diagrams.and(odd, last);
        assert!(!diagrams.is_over());
        assert_eq!(diagrams.variables(&[both]).len(), 10);
    }
}
