import { expect, it } from "vitest";
import { record, redo, startHistory, undo } from "./history";

const typed = (text: string) => ({ text, label: "Typing", group: "typing-1" });
const command = (text: string) => ({ text, label: "Rename", group: null });

it("joins typing into one step and keeps a command apart", () => {
  let history = startHistory("a");
  for (const text of ["ab", "abc"]) history = record(history, typed(text));
  history = record(history, command("xbc"));
  history = undo(history);
  expect(history.present.text).toBe("abc");
  expect(undo(history).present.text).toBe("a");
  expect(redo(redo(undo(history))).present.text).toBe("xbc");
});

it("forgets the future when something new is typed, and starts a new step after an undo", () => {
  let history = record(record(startHistory("a"), typed("ab")), command("c"));
  history = record(undo(history), typed("abd"));
  expect(history.future).toEqual([]);
  expect(undo(history).present.text).toBe("ab");
});

it("does nothing at either end", () => {
  const history = startHistory("a");
  expect(undo(history)).toBe(history);
  expect(redo(history)).toBe(history);
  expect(record(history, command("a"))).toBe(history);
});
