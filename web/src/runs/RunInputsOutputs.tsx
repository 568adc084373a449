/** The "Inputs and outputs" tab: what the run was given and what it gave. */
import type { RunView } from "../api/types";
import { JsonBlock } from "../ui/JsonBlock";
import { FailureBox } from "./FailureBox";

export function RunInputsOutputs({ run }: { run: RunView }) {
  return (
    <div className="grid h-full content-start gap-6 overflow-auto p-5 lg:grid-cols-2" tabIndex={0} role="region" aria-label="Inputs and outputs of the run">
      {run.error != null && (
        <section className="space-y-2 lg:col-span-2">
          <h2 className="text-body font-semibold">Error{run.error.step == null ? "" : ` of ${run.error.step}`}</h2>
          <FailureBox failure={run.error} />
        </section>
      )}
      <Part title="Inputs" value={run.inputs} none="The run was started without inputs." />
      <Part title="Outputs" value={run.outputs} none={run.finished_at == null ? "Outputs are set when the run has succeeded." : "The run has no outputs."} />
      {Object.keys(run.labels ?? {}).length > 0 && <Part title="Labels" value={run.labels} none="" />}
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
