import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { record, startHistory, undo } from "./history";
import { PipelineDocument } from "./pipelineDocument";
import { renameStep } from "./renameStep";

/** Renames `build` to `make`: every «build» must change, and nothing else. */
function check(marked: string) {
  const document = PipelineDocument.parse(marked.replace(/«(.*?)»/g, "$1"));
  const command = renameStep("build", "make");
  expect(command.whyNot(document)).toBeNull();
  const edited = command.apply(document);
  expect(edited.ok && edited.document.text).toBe(marked.replace(/«.*?»/g, "make"));
}

function refuses(text: string, to: string, reason: RegExp, from = "build") {
  expect(renameStep(from, to).whyNot(PipelineDocument.parse(text))).toMatch(reason);
}

describe("renaming a step", () => {
  it("renames needs in every shape", () => {
    check(`steps:
  «build»: {run: x}
  a: {needs: «build»}
  b: {needs: [a, «build»]}
  c: {needs: {«build»: catch, a: ok}}
  d:
    needs:
      - «build» # build
      - builder
  e:
    needs:
      «build»: always   # why build
  f: {needs: {«build»}}
  builder: {run: build}
`);
  });

  it("renames goto targets and conditions", () => {
    check(`steps:
  «build»: {run: x}
  t:
    needs: «build»
    goto: [{to: «build», on: failed, if: 'steps.«build».visit < 3', max: 2}]
`);
  });

  it("renames in CEL, but neither in its strings nor in longer names", () => {
    check(`steps:
  «build»: {run: x}
  t:
    if: steps.«build».status == "steps.build" && steps.buildx.ok && x.steps.build && steps["«build»"].visit > 1 && has(previous.«build».outputs)
    outputs: {n: steps.«build».outputs.n, s: {type: string, description: steps.build}}
    set: {m: 'steps[''«build»''].visit', t: '{{ steps.«build».visit }}'}
    repeat: {until: steps.?«build».visit == 2, max: 3}
  u: {sleep: {until: steps.«build».outputs.at}}
  v: {wait: {signal: build, if: payload.steps.build == steps.«build».outputs.id}}
outputs: {v: steps.«build».outputs.v}
`);
  });

  it("leaves a macro variable called previous alone", () => {
    check(`steps:
  «build»: {run: x}
  t: {if: 'inputs.l.all(previous, previous.build > 1) && previous.«build».visit == 1'}
`);
  });

  it("renames in template holes, helpers and blocks, and nowhere else in a script", () => {
    check(String.raw`steps:
  «build»: {run: x}
  t:
    run: |-
      # steps.build stays
      echo steps.build {{ steps.«build».outputs.n }} {{default steps.«build».outputs.m "steps.build"}}
      {{#if steps.«build».outputs.ok}}yes {{else}}no{{/if}} {{! steps.build }} {{!-- }} steps.build --}}
      {{#each steps.«build».outputs.items}}{{../steps.«build».status}} {{@root.steps.[«build»].visit}}{{/each}}
      \{{ steps.build.x }} {{cel "steps.«build».visit + size(\"steps.build\")"}} {{steps.build-x}} {{ steps.buildx }}
      {{~ join (default previous.«build».outputs.list steps.«build».outputs.list) sep=steps.«build».outputs.sep ~}}
`);
  });

  it("leaves a script that is no template as it stands", () => {
    check(`steps:
  «build»: {run: x}
  t: {template: false, needs: «build», run: 'echo {{ steps.build.x }}'}
`);
  });

  it("renames in http, approval, compensate, fetch, foreach, x-layout and the steps of finally", () => {
    check(`steps:
  «build»: {run: x, compensate: {run: 'undo {{ steps.«build».outputs.v }}', until: «build»}}
  t:
    description: After {{ steps.build }}
    http: {url: 'https://x/{{ steps.«build».outputs.v }}', json: {if: steps.build, k: "{{ steps.«build».v }}"}, expect: {if: steps.«build».visit == 1}}
    fetch: [«build».binary, builder.binary]
  u: {approval: {message: 'Ship {{ steps.«build».outputs.v }}?'}, foreach: {items: steps.«build».outputs.l, as: build}}
  v: {pipeline: {inputs: {a: '{{ steps.«build».x }}'}, steps: {build: {run: x}, q: {needs: build}}}}
finally:
  c: {run: 'echo {{ steps.«build».status }}'}
x-layout: {«build»: [1, 2]}
x-mine: {build: build}
`);
  });

  it("keeps anchors, aliases, merge keys, quotes, CRLF and the byte order mark", () => {
    check(
      `\uFEFFx-base: &base
  needs: ["«build»"]
steps:
  '«build»': {run: x}   # build
  a: {<<: *base, run: y}
  b: {needs: &n «build»}
  c: {needs: *n}
  d: {needs: !!str «build»}
`.replaceAll("\n", "\r\n"),
    );
  });

  it("finds its way through escapes and folded lines", () => {
    check(String.raw`steps:
  "«bu\x69ld»": {run: x}
  t:
    if: "steps[\"«build»\"].visit > 1 &&
      steps.«build».visit
      < 9"
    env:
      A: >+
          folded {{ steps.«build».a }}
          and {{
            steps.«build».b }}

      B: it's {{ steps.«build».c }}
        and {{ steps.«build».d }}
      C: 'it''s {{ steps.«build».c }}'
      D: |2-  # build
          {{ steps.«build».e }}
`.replace(/«bu\\x69ld»/, String.raw`«bu\x69ld»`));
  });

  it("refuses what cannot be a step", () => {
    const text = "steps: {build: {run: x}, a: {run: x}}\nfinally: {c: {run: x}}\n";
    refuses(text, "", /needs a name/);
    refuses(text, "Build", /lowercase/);
    refuses(text, "a-b", /only lowercase/);
    refuses(text, "1a", /starts with/);
    refuses(text, "x".repeat(64), /at most 63/);
    refuses(text, "null", /word of the expression language/);
    refuses(text, "a", /a step `a` already/);
    refuses(text, "c", /There is a step `c` already/);
    refuses(text, "z", /no step `q`/, "q");
    refuses("steps: {build: {run: x}", "z", /does not parse/);
  });

  it("refuses to change a text that an alias lends to something else", () => {
    refuses("steps:\n  build: {run: x}\n  a: {needs: &b build, name: *b}\n", "make", /shared by an anchor/);
  });
});

describe("any rename on ugly YAML", () => {
  const ugly = fc
    .record({
      eol: fc.constantFrom("\n", "\r\n"),
      bom: fc.constantFrom("", "\uFEFF"),
      key: fc.constantFrom("build", "'build'", '"build"', "? build\n ", "&k build"),
      needs: fc.constantFrom("build", "[build]", "[ build , other ]", "{build: ok}", "{ 'build' : catch }", "\n      - build", "\n      build: ok # build", "&n build", '"build"'),
      cel: fc.constantFrom("steps.build.visit > 1", "'steps[\"build\"].x == ''build'''", '"steps.build.x == \'steps.build\'"', ">-\n      steps.build.x\n      > 2", "|\n      steps.build.x // steps.build\n      > 2", "steps.builds.x"),
      script: fc.constantFrom("echo {{ steps.build.x }} # build", "|\n      echo build\n      echo '{{ default steps.build.x \"build\" }}'\n\n", ">2-\n      {{#if steps.build.x}}build\n        {{/if}}", "\"a \\\"{{ steps.build.x }}\\\" \\\n      b\""),
      comment: fc.constantFrom("", "# build", "  # steps.build {{ steps.build.x }}", "\t# tab", ""),
      trailing: fc.constantFrom("", "\n", "\n\n\n", "\n...\n", "  "),
      spaces: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ eol, bom, key, needs, cel, script, comment, trailing, spaces }) => {
      const gap = " ".repeat(spaces);
      const entry = key.startsWith("?") ? `  ${key} :${gap}{run: x}` : `  ${key}:${gap}{run: x}`;
      const lines = ["version: 1", comment, "steps:", entry, comment, "  other: {run: build}", "  t:", `    needs:${gap}${needs}`, comment, `    if:${gap}${cel}`, `    run:${gap}${script}`];
      return bom + lines.join("\n").concat(trailing).replaceAll("\n", eol);
    });

  it("keeps every untouched line, byte for byte, and undo gives the text back", () => {
    fc.assert(
      fc.property(ugly, (text) => {
        const document = PipelineDocument.parse(text);
        fc.pre(document.syntaxProblems.length === 0);
        const command = renameStep("build", "make");
        expect(command.whyNot(document)).toBeNull();
        const edited = command.apply(document);
        if (!edited.ok) throw new Error(edited.reason);
        const before = text.split("\n");
        const after = edited.document.text.split("\n");
        expect(after.length).toBe(before.length);
        after.forEach((line, at) => {
          if (line === before[at]) return;
          expect(before[at]).toContain("build");
          // Whatever changed on a line is the name alone.
          expect(line.replaceAll("make", "build")).toBe(before[at]);
        });
        expect(edited.document.hasStep("make")).toBe(true);
        const back = edited.document.renameStep("make", "build");
        expect(back.ok && back.document.text).toBe(text);
        const history = record(startHistory(text), { text: edited.document.text, label: command.label, group: null });
        expect(undo(history).present.text).toBe(text);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});
