/** The "Inputs and outputs" tab: what the run was given and what it gave. */
import type { RunView } from "../api/types";
import { JsonBlock } from "../ui/JsonBlock";
import { FailureBox } from "./FailureBox";
import { say } from "../words/say";

export function RunInputsOutputs({ run }: { run: RunView }) {
  return (
    <div className="grid h-full content-start gap-6 overflow-auto p-5 lg:grid-cols-2" tabIndex={0} role="region" aria-label={say("io.label")}>
      {run.error != null && (
        <section className="space-y-2 lg:col-span-2">
          <h2 className="text-body font-semibold">{run.error.step == null ? say("io.error") : say("io.errorOf", { step: run.error.step })}</h2>
          <FailureBox failure={run.error} />
        </section>
      )}
      <Part title={say("dry.inputs")} value={run.inputs} none={say("io.noInputs")} />
      <Part title={say("io.outputs")} value={run.outputs} none={say(run.finished_at == null ? "io.outputsLater" : "io.noOutputs")} />
      {Object.keys(run.labels ?? {}).length > 0 && <Part title={say("io.labels")} value={run.labels} none="" />}
    </div>
  );
}

function Part({ title, value, none }: { title: string; value: Record<string, unknown> | null | undefined; none: string }) {
  return (
    <section className="space-y-2">
      <h2 className="text-body font-semibold">{title}</h2>
      {Object.keys(value ?? {}).length === 0 ? <p className="text-body text-muted">{none}</p> : <JsonBlock value={value} />}
    </section>
  );
}
