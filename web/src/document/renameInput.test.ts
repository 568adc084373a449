import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PipelineDocument } from "./pipelineDocument";
import { renameInput } from "./renameInput";

/** Renames `tag` to `version`: every «tag» must change, and nothing else. */
function check(marked: string) {
  const document = PipelineDocument.parse(marked.replace(/«(.*?)»/g, "$1"));
  const command = renameInput("tag", "version");
  expect(command.whyNot(document)).toBeNull();
  const edited = command.apply(document);
  expect(edited.ok && edited.document.text).toBe(marked.replace(/«.*?»/g, "version"));
}

function refuses(text: string, to: string, reason: RegExp, from = "tag") {
  expect(renameInput(from, to).whyNot(PipelineDocument.parse(text))).toMatch(reason);
}

describe("renaming an input", () => {
  it("renames its key, and neither values nor schemas", () => {
    check(`inputs:
  «tag»: {type: string, default: tag, description: "{{ inputs.tag }}"}   # the tag
  tags: {type: array}
  other: {type: object, properties: {tag: {type: string}}}
steps: {tag: {run: echo tag inputs.tag}}
`);
  });

  it("renames in templates of scripts, requests, environments and names", () => {
    check(`run_name: "release {{ inputs.«tag» }}"
labels: {tag: "{{ inputs.«tag» }}"}
env: {TAG: "{{upper inputs.«tag»}}"}
concurrency: {group: "deploy-{{ inputs.«tag» }}", limit: 1}
inputs: {«tag»: {type: string}}
steps:
  a:
    run: |
      echo "{{ inputs.«tag» }}" inputs.tag \\{{ inputs.tag }} {{ steps.tag.inputs.tag }}
  b: {http: {url: "https://x/{{ inputs.«tag» }}", json: {tag: "{{ inputs.[«tag»] }}"}}}
  c: {run: 'echo {{cel "inputs.«tag» + inputs.tags"}}'}
  d: {template: false, run: 'echo {{ inputs.tag }}'}
`);
  });

  it("renames in expressions, but neither in their strings nor in longer names", () => {
    check(`inputs: {«tag»: {type: string}}
steps:
  a:
    if: inputs.«tag» != "inputs.tag" && inputs["«tag»"] != "" && has(inputs.?«tag») && inputs.tags == [] && steps.a.inputs.tag == 1
    set: {t: 'inputs.«tag»', u: '[1].map(inputs, inputs.tag)'}
  b: {needs: a, foreach: {items: "inputs.«tag».split(',')", as: one}, run: x, goto: [{to: a, if: inputs.«tag» == "", max: 1}]}
outputs: {v: inputs.«tag»}
`);
  });

  it("renames what triggers hand in", () => {
    check(`inputs: {«tag»: {type: string}}
triggers:
  schedule:
    - {every: 1h, inputs: {«tag»: nightly}}
  webhook:
    - {provider: github, events: [push], inputs: {«tag»: "{{ event.body.tag }}"}}
steps: {a: {run: x}}
`);
  });

  it("leaves the inputs of children and step types alone", () => {
    check(`inputs: {«tag»: {type: string}}
steps:
  named: {pipeline: {name: other, inputs: {tag: "{{ inputs.«tag» }}"}}}
  typed: {use: deploy, with: {tag: "{{ inputs.«tag» }}"}}
  inside:
    pipeline:
      inputs: {tag: "{{ inputs.«tag» }}"}
      steps: {x: {run: 'echo {{ inputs.tag }}'}}
finally: {last: {run: 'echo {{ inputs.«tag» }}'}}
`);
  });

  it("refuses what cannot be", () => {
    const text = "inputs: {tag: {type: string}, other: {type: string}}\nsteps: {a: {run: x}}\n";
    refuses(text, "other", /already/);
    refuses(text, "9", /letters/);
    refuses(text, "tag", /name already/);
    refuses(text, "x", /no input/, "missing");
    refuses("inputs: [", "x", /parse/);
  });

  it("there and back is the same text", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/), (name) => {
        fc.pre(!["tag", "other"].includes(name));
        const text = 'inputs: {tag: {type: string}, other: {}}   # two\nsteps: {a: {run: "{{ inputs.tag }} {{ inputs.other }}", if: inputs.tag == "x"}}\n';
        const there = renameInput("tag", name).apply(PipelineDocument.parse(text));
        expect(there.ok).toBe(true);
        const back = there.ok ? renameInput(name, "tag").apply(there.document) : there;
        expect(back.ok && back.document.text).toBe(text);
      }),
      { numRuns: 200 },
    );
  });
});
