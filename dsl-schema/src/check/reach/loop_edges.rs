//! Loop edges that can never fire, because of what must have happened for their step to end.
//!
//! What the words of a `goto` alone tell is said in [`crate::check::loops`].

use super::conditions::Conditions;
use super::ends::{EntryOutlook, can_fail};
use super::sweep::{Answer, Outlook};
use crate::check::loops::{misfit, shadowed};
use crate::decode::{Cx, list};
use crate::diagnostics::{Code, Diagnostic, Place};
use crate::model::{Loop, LoopCondition, Model};

pub(super) fn check(model: &Model<'_>, conditions: &Conditions, outlooks: &[Outlook], cx: &mut Cx) {
    for (at, (step, outlook)) in model.steps.iter().zip(outlooks).enumerate() {
        if outlook.goes == Answer::Never {
            continue;
        }
        let shadowed = shadowed(step);
        for (index, (entry, found)) in step.gotos.iter().zip(&outlook.entries).enumerate() {
            let is_said = misfit(step, entry).is_some() || shadowed[index].is_some();
            let condition = conditions.steps[at].entries[index].as_ref();
            let is_switched_off = condition.is_some_and(|of| of.is_constant == Some(false));
            if found.fires || is_said || is_switched_off {
                continue;
            }
            cx.report(if found.reached { never_holds(step.id, entry, found) } else { never_reached(model, at, index) });
        }
    }
}

fn never_holds(id: &str, entry: &Loop<'_>, found: &EntryOutlook) -> Diagnostic {
    let (place, word) = match entry.condition {
        Some(LoopCondition::If(cel)) => (Place::Value(cel.0.at.clone()), "its `if` is never true"),
        Some(LoopCondition::Until(cel)) => (Place::Value(cel.0.at.clone()), "its `until` is always true"),
        None => (Place::Value(entry.at.clone()), "its condition is never met"),
    };
    let message = format!("this never fires: {word} when `{id}` ends `{}`", entry.on.as_str());
    let help = if found.given.is_empty() {
        "it contradicts what must have happened before".to_owned()
    } else {
        format!("{} holds then", list(&found.given))
    };
    Diagnostic::new(Code::GotoNeverFires, place, message).help(help)
}

fn never_reached(model: &Model<'_>, at: usize, index: usize) -> Diagnostic {
    let step = &model.steps[at];
    let entry = &step.gotos[index];
    let place = Place::Value(entry.at.clone());
    if index == 0 || !can_fail(step) {
        let message = format!("this never fires: `{}` never ends `{}`", step.id, entry.on.as_str());
        let kind = step.kind.map_or("step", crate::model::Kind::key);
        return Diagnostic::new(Code::GotoNeverFires, place, message).help(format!("such a `{kind}` cannot fail"));
    }
    let message = "this entry is never reached: an earlier one fires first, or ends the visit, whenever it could";
    let help = "move it up, or say `on_exhausted: continue` at the earlier one";
    Diagnostic::new(Code::GotoNeverReached, place, message).help(help)
}
