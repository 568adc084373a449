/** How edited text looks: each case is the text before, a command, and the text after. */
import { describe, expect, it } from "vitest";
import { addStep } from "./addStep";
import { connectSteps, disconnectSteps } from "./connectSteps";
import { deleteSteps } from "./deleteSteps";
import type { EditCommand } from "./editCommand";
import { addLoop, changeLoop, removeLoop } from "./loopEdge";
import { duplicateSteps, pasteSteps } from "./pasteSteps";
import { PipelineDocument } from "./pipelineDocument";
import { setInput } from "./setInput";
import { removeKey, setKey } from "./setKey";
import { copySteps } from "./stepSnippet";
import { applyFix } from "./textFix";

type Make = EditCommand | ((document: PipelineDocument) => EditCommand);

function check(before: string, make: Make, after: string) {
  const document = PipelineDocument.parse(before);
  const command = typeof make === "function" ? make(document) : make;
  expect(command.whyNot(document)).toBeNull();
  const edited = command.apply(document);
  expect(edited.ok && edited.document.text).toBe(after);
}

function refuses(before: string, make: Make, reason: RegExp) {
  const document = PipelineDocument.parse(before);
  expect((typeof make === "function" ? make(document) : make).whyNot(document)).toMatch(reason);
}

const SMALL = `steps:
  build:   # compiles
    run: make   # all

  test:
    # why
    run: make test
`;

describe("adding a step", () => {
  it("puts it behind another one, apart as the others stand", () => {
    check(SMALL, addStep("lint", { run: "make lint" }, { kind: "behind", step: "build" }), SMALL.replace("# all\n", "# all\n\n  lint:\n    needs: build\n    run: make lint\n"));
  });
  it("puts it into an edge, and the condition stays with the outcome that it speaks of", () => {
    check("steps: {a: {run: x}, b: {needs: {a: catch}, run: y}}\n", addStep("m", { sleep: "1s" }, { kind: "between", from: "a", to: "b" }), "steps: {a: {run: x}, m: {needs: {a: catch}, sleep: 1s}, b: {needs: {m: ok}, run: y}}\n");
  });
  it("begins a mapping that is missing or empty", () => {
    check("version: 1\nname: x\n", addStep("a", { run: "true" }, { kind: "alone" }), 'version: 1\nname: x\nsteps:\n  a: {run: "true"}\n'.replace('{run: "true"}', "{run: 'true'}"));
    check("name: x\nsteps: {}   # none\n", addStep("a", { run: "one\ntwo\n" }, { kind: "alone" }), "name: x\nsteps:    # none\n  a:\n    run: |\n      one\n      two\n");
  });
  it("keeps to one line among steps on one line", () => {
    check("steps:\n  a: {run: x}\n  b: {run: y}", addStep("c", { run: "z" }, { kind: "behind", step: "b" }), "steps:\n  a: {run: x}\n  b: {run: y}\n  c: {needs: b, run: z}");
  });
  it("says why not", () => {
    refuses(SMALL, addStep("test", { run: "x" }, { kind: "alone" }), /a step `test` already/);
    refuses(SMALL, addStep("Test", { run: "x" }, { kind: "alone" }), /lowercase/);
    refuses(SMALL, addStep("x", { run: "x" }, { kind: "between", from: "build", to: "test" }), /test does not need build/);
    refuses("steps: {", addStep("x", { run: "x" }, { kind: "alone" }), /does not parse/);
  });
});

describe("connecting", () => {
  it("begins, lengthens and shortens needs in each of its shapes", () => {
    check(SMALL, connectSteps("build", "test"), SMALL.replace("  test:\n", "  test:\n    needs: build\n"));
    check("steps: {a: {run: x}, b: {run: x}, c: {needs: 'a', run: y}}\n", connectSteps("b", "c"), "steps: {a: {run: x}, b: {run: x}, c: {needs: ['a', b], run: y}}\n");
    check("steps:\n  a: {run: x}\n  b: {run: x}\n  c:\n    needs:\n    - a   # one\n    run: y\n", connectSteps("b", "c"), "steps:\n  a: {run: x}\n  b: {run: x}\n  c:\n    needs:\n    - a   # one\n    - b\n    run: y\n");
    check("steps: {a: {run: x}, b: {run: x}, c: {needs: [a, b], run: y}}\n", disconnectSteps("a", "c"), "steps: {a: {run: x}, b: {run: x}, c: {needs: [b], run: y}}\n");
    check("steps: {a: {run: x}, c: {needs: {a: catch}, run: y}}\n", disconnectSteps("a", "c"), "steps: {a: {run: x}, c: {run: y}}\n");
  });
  it("keeps a skipped gate shut where conditions are written out", () => {
    check("steps: {a: {run: x}, g: {approval: {message: q}}, c: {needs: {a: always}, run: y}}\n", connectSteps("g", "c"), "steps: {a: {run: x}, g: {approval: {message: q}}, c: {needs: {a: always, g: succeeded}, run: y}}\n");
  });
  it("says why not", () => {
    const line = "steps: {a: {run: x}, b: {needs: a, run: x}, c: {needs: b, run: x}}\n";
    refuses(line, connectSteps("a", "a"), /cannot need itself/);
    refuses(line, connectSteps("a", "b"), /needs a already/);
    refuses(line, connectSteps("c", "a"), /only a loop edge/);
    refuses(line, addLoop("a", { to: "c", max: 1 }), /only goes back/);
    refuses(line, addLoop("c", { to: "a", max: 0 }), /whole number/);
  });
});

describe("loops", () => {
  it("come, change where they stand, and go", () => {
    const with1 = SMALL.replace("run: make test\n", "run: make test\n    needs: build\n");
    check(with1, addLoop("test", { to: "build", on: "failed", max: 5 }), with1.replace("needs: build\n", "needs: build\n    goto: [{to: build, on: failed, max: 5}]\n"));
    const blocks = "steps:\n  a:\n    run: x\n    goto:\n      - to: a   # again\n        max: 2   # twice\n  b: {needs: a, run: y}\n";
    check(blocks, changeLoop("a", 0, { max: 5, on: "succeeded" }), blocks.replace("max: 2", "max: 5").replace("# again\n", "# again\n        on: succeeded\n"));
    check(blocks, addLoop("a", { to: "a", on: "timeout", max: "unlimited" }), blocks.replace("# twice\n", "# twice\n      - to: a\n        on: timeout\n        max: unlimited\n"));
    check(blocks, removeLoop("a", 0), "steps:\n  a:\n    run: x\n  b: {needs: a, run: y}\n");
  });
});

describe("deleting", () => {
  it("closes the gap where that is wanted", () => {
    const line = "steps:\n  a: {run: x}\n\n  b: {needs: a, run: x}   # gone\n\n  # about c\n  c: {needs: [b], run: x, goto: [{to: b, max: 1}]}\n";
    check(line, deleteSteps(["b"], "mend"), "steps:\n  a: {run: x}\n\n  # about c\n  c: {needs: [a], run: x}\n");
    check(line, deleteSteps(["b"], "leave"), line.replace("  b: {needs: a, run: x}   # gone\n\n", ""));
  });
  it("refuses where another place repeats what would go", () => {
    refuses("steps:\n  a: &a {run: x}\n  b: *a\n", deleteSteps(["a"], "mend"), /anchor `&a`/);
  });
});

describe("copies", () => {
  it("carry their comments, and speak of themselves by their new name", () => {
    const text = "steps:\n    poll:   # asks\n        # again\n        run: ask\n        repeat: {until: steps.poll.outputs.done, max: 3}\n";
    check(text, (document) => duplicateSteps(document, ["poll"]), `${text}    poll_2:   # asks\n        # again\n        run: ask\n        repeat: {until: steps.poll_2.outputs.done, max: 3}\n`);
  });
  it("go through the clipboard as YAML, into another file too", () => {
    const from = PipelineDocument.parse("steps:\n  a:\n    run: |\n      one\n\n      two\n  b: {needs: a, run: x}   # b\n");
    expect(copySteps(from, ["b", "a"])).toBe("a:\n  run: |\n    one\n\n    two\nb: {needs: a, run: x}   # b\n");
    check("steps:\n a:\n  run: y\n", (document) => pasteSteps(document, copySteps(from, ["a", "b"]), null), "steps:\n a:\n  run: y\n a_2:\n   run: |\n     one\n\n     two\n b: {needs: a_2, run: x}   # b\n");
  });
  it("spell out what they would share", () => {
    check("steps:\n  a: &a\n    run: x\n  b: {<<: *a, needs: a}\n", (document) => duplicateSteps(document, ["b"]), "steps:\n  a: &a\n    run: x\n  b: {<<: *a, needs: a}\n  b_2:\n    needs: a\n    run: x\n");
    refuses("steps: {}\n", (document) => pasteSteps(document, "hello", null), /no steps/);
  });
});

describe("keys", () => {
  it("keep their quotes, their style and their comments", () => {
    check("steps:\n  a:\n    run: 'x'   # c\n    timeout: 5m\n", setKey("a", ["run"], "it's"), "steps:\n  a:\n    run: 'it''s'   # c\n    timeout: 5m\n");
    check("steps:\n  a:\n    run: |   # c\n      one\n      two\n\n  b: {run: y}\n", setKey("a", ["run"], "one\n2\n"), "steps:\n  a:\n    run: |   # c\n      one\n      2\n\n  b: {run: y}\n");
    check("steps:\n  a:\n    run: x   # c\n", setKey("a", ["run"], "x\ny\n"), "steps:\n  a:\n    run: |   # c\n      x\n      y\n");
    check("steps:\n  a:\n    run: x\n", setKey("a", ["name"], "12"), 'steps:\n  a:\n    name: \'12\'\n    run: x\n');
    check("steps:\n  a:\n    http: {url: 'https://x'}\n", setKey("a", ["http", "url"], "https://y"), "steps:\n  a:\n    http: {url: 'https://y'}\n");
    check("steps:\n  a:\n    run: x\n    env: {A: b}   # e\n    timeout: 1m\n", removeKey("a", ["env"]), "steps:\n  a:\n    run: x\n    timeout: 1m\n");
  });
  it("override what is merged, and refuse to change what is lent", () => {
    const merged = "x-base: &base {timeout: 5m}\nsteps:\n  a: {<<: *base, run: x}\n  b: {<<: *base, run: y}\n";
    check(merged, setKey("a", ["timeout"], "1m"), merged.replace("*base, run: x}", "*base, run: x, timeout: 1m}"));
    refuses(merged, removeKey("a", ["timeout"]), /merge key/);
    refuses("steps:\n  a: {run: x, needs: &n [b]}\n  b: {run: x}\n  c: {run: x, needs: *n}\n  d: {run: x}\n", connectSteps("d", "a"), /anchor `&n`/);
    refuses("steps:\n  a: {run: x, needs: &n [b]}\n  b: {run: x}\n  c: {run: x, needs: *n}\n  d: {run: x}\n", connectSteps("d", "c"), /alias, `\*n`/);
  });
  it("set inputs above the steps", () => {
    check("name: x\n\n# the steps\nsteps: {a: {run: x}}\n", setInput("go", { type: "boolean", default: true }), "name: x\ninputs:\n  go: {type: boolean, default: true}\n\n# the steps\nsteps: {a: {run: x}}\n");
  });
});

it("applies a fix where the compiler counts characters, not units", () => {
  check("a: 1\nname: 🚀x\n", applyFix({ title: "Call it y", line: 2, column: 8, length: 1, text: "y" }), "a: 1\nname: 🚀y\n");
});
