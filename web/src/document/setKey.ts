/** Sets or removes one key of a step, in the quotes and the style in which it stands. */
import { say } from "../words/say";
import { type EditCommand, editCommand } from "./editCommand";
import { type Plain, samePlain } from "./plainValue";
import { sectionOf } from "./stepGraph";
import { placeOfKey } from "./stepKeys";

/** `keys` leads from the step to the value: `["timeout"]`, `["http", "url"]`. */
export const setKey = (step: string, keys: readonly string[], value: Plain): EditCommand =>
  editCommand(
    say("key.set", { step, key: keys.join(".") }),
    (document) => (document.findStep(step) === null ? say("edit.noStep", { step }) : null),
    (editing) => {
      const section = sectionOf(editing.value, step);
      const path = [section, step, ...keys];
      if (samePlain(editing.read(path), value)) return;
      const body = editing.read([section, step]);
      editing.set(path, value, keys.length === 1 ? placeOfKey(body, keys[0] ?? "") : { kind: "last" });
    },
  );

export const removeKey = (step: string, keys: readonly string[]): EditCommand =>
  editCommand(
    say("key.remove", { step, key: keys.join(".") }),
    (document) => (document.findStep(step) === null ? say("edit.noStep", { step }) : null),
    (editing) => {
      const section = sectionOf(editing.value, step);
      const path = [section, step, ...keys];
      if (editing.read(path) !== undefined) editing.remove(path);
    },
  );
