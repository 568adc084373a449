//! Where something is declared, and where it is used.

use std::ops::Range;

use super::Document;
use super::mentions::Role;

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The name that was asked about. Bytes of the text.
    pub from: Range<usize>,
    /// The names by which it is declared; several where the file declares it twice.
    pub to: Vec<Range<usize>>,
}

impl Document {
    /// Where the name at a byte is declared: a step, an input, an output, a secret, the alias of an item.
    pub fn definition(&self, offset: usize) -> Option<Definition> {
        let mentions = &self.known()?.mentions;
        let asked = mentions.at(self.offset(offset))?;
        let places = mentions.places(&asked.subject);
        let declared = places.iter().filter(|mention| mention.role == Role::Declares);
        let to: Vec<_> = declared.map(|mention| mention.range.clone()).collect();
        (!to.is_empty()).then(|| Definition { from: asked.range.clone(), to })
    }

    /// Every place that names what the name at a byte names, in the order of the text.
    pub fn references(&self, offset: usize, with_declaration: bool) -> Vec<Range<usize>> {
        let Some(known) = self.known() else { return Vec::new() };
        let Some(asked) = known.mentions.at(self.offset(offset)) else { return Vec::new() };
        let places = known.mentions.places(&asked.subject).into_iter();
        let wanted = places.filter(|mention| with_declaration || mention.role == Role::Uses);
        wanted.map(|mention| mention.range.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `«` stands for the cursor; the places are told as `line:column`.
    fn check(marked: &str, definition: &str, references: &str) {
        let offset = marked.find('«').expect("a cursor");
        let document = Document::new(marked.replace('«', ""), Default::default());
        let told = |range: &Range<usize>| {
            let before = &document.text()[..range.start];
            let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1);
            format!("{}:{column}", before.matches('\n').count())
        };
        let list = |ranges: &[Range<usize>]| ranges.iter().map(told).collect::<Vec<_>>().join(" ");
        let found = document.definition(offset).map(|definition| list(&definition.to)).unwrap_or_default();
        assert_eq!(
            (found.as_str(), list(&document.references(offset, false)).as_str()),
            (definition, references),
            "{marked}"
        );
    }

    #[test]
    fn names_lead_to_their_declaration_and_their_uses() {
        check("steps:\n  a: {run: x}\n  b: {needs: [«a], run: x}\n  c: {needs: a, run: x}\n", "1:2", "2:14 3:13");
        check("steps:\n  «a: {run: x}\n  b: {needs: [a], run: x}\n", "1:2", "2:14");
        check("inputs: {who: {}}\nsteps:\n  a: {run: 'x {{ inputs.wh«o }}'}\n", "0:9", "2:24");
        check(
            "steps:\n  a: {run: x, outputs: {v: stdout}}\n  b: {needs: a, run: x, if: steps.a.outputs.«v == 1}\n",
            "1:24",
            "2:44",
        );
        check("secrets: [T]\nsteps:\n  a: {run: x, env: {A: '{{ secrets.«T }}'}}\n", "0:10", "2:35");
        check("steps:\n  a: {foreach: {items: [1], as: i}, run: 'x {{ «i }}'}\n", "1:32", "1:47");
        check("steps:\n  a: {run: «x}\n", "", "");
        check("steps:\n  a: {needs: «zzz, run: x}\n", "", "1:13");
    }

    #[test]
    fn names_inside_of_steps_and_in_finally_lead_to_their_own() {
        let text = "inputs: {i: {}}\nsteps:\n  a:\n    pipeline:\n      inputs: {i: '{{ inputs.i }}'}\n      steps:\n        a: {run: 'x {{ inputs.i }}', outputs: {v: stdout}}\n        b: {needs: a, if: steps.a.outputs.v == 1, run: x}\n      outputs: {v: steps.a.outputs.v}\n  b: {needs: a, if: steps.a.outputs.v == 1, run: x}\nfinally:\n  c: {if: steps.a.outputs.v == 2, run: x}\n  d: {needs: c, run: x}\n";
        let at = |before: &str| text.replacen(before, &format!("{before}«"), 1);
        // The step inside, and the one around it.
        check(&at("        b: {needs: "), "6:8", "7:19 7:32 8:25");
        check(
            &at("  b: {needs: ").replacen("        b: {needs: «a", "        b: {needs: a", 1).replacen(
                "\n  b: {needs: a",
                "\n  b: {needs: «a",
                1,
            ),
            "2:2",
            "9:13 9:26 11:16",
        );
        // What goes in, inside and outside.
        check(&at("x {{ inputs."), "4:15", "6:30");
        check(&at("inputs: {i: '{{ inputs."), "0:9", "4:29");
        // What comes out.
        check(&at("outputs: {v: steps.a.outputs."), "6:47", "7:42 8:35");
        check(&at("c: {if: steps.a.outputs."), "8:16", "9:36 11:26");
        check(&at("d: {needs: "), "11:2", "12:13");
    }

    #[test]
    fn a_broken_line_does_not_hide_the_others() {
        check("steps:\n  a: {run: x}\n  c: [\n  b: {needs: «a, run: x}\n", "1:2", "3:13");
    }
}
