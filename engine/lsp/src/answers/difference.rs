//! What makes one text of another.

use loopline_dsl::assist::Edit;

/// The lines between those that both texts begin and end with. None where they are the same.
pub(super) fn difference(old: &str, new: &str) -> Option<Edit> {
    if old == new {
        return None;
    }
    let lines = |text: &str| text.split_inclusive('\n').map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(old), lines(new));
    let same = |pairs: &mut dyn Iterator<Item = (&String, &String)>| -> Vec<usize> {
        pairs.take_while(|(a, b)| a == b).map(|(line, _)| line.len()).collect()
    };
    let first = same(&mut before.iter().zip(&after));
    let (rest_before, rest_after) = (&before[first.len()..], &after[first.len()..]);
    let last = same(&mut rest_before.iter().rev().zip(rest_after.iter().rev()));
    let (start, end) = (first.iter().sum::<usize>(), last.iter().sum::<usize>());
    Some(Edit { range: start..old.len() - end, text: new[start..new.len() - end].to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_that_differ_are_replaced() {
        let check = |old: &str, new: &str, expect: Option<(&str, &str)>| {
            let edit = difference(old, new);
            let told = edit.as_ref().map(|edit| (&old[edit.range.clone()], edit.text.as_str()));
            assert_eq!(told, expect, "{old:?} to {new:?}");
        };
        check("a\nb\nc\n", "a\nB\nc\n", Some(("b\n", "B\n")));
        check("a\nb\n", "a\nb\n", None);
        check("a\na\n", "a\n", Some(("a\n", "")));
        check("a", "a\n", Some(("a", "a\n")));
        check("", "a\n", Some(("", "a\n")));
        check("a\nb\nb\nc\n", "a\nb\nx\nb\nc\n", Some(("", "x\n")));
    }
}
