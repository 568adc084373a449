/** The outputs of a step's visit, or the error with which it ended. */
import { PackageOpen } from "lucide-react";
import type { StepView } from "../api/types";
import { Notice } from "../ui/Notice";
import { FailureBox } from "./FailureBox";
import { recordOf } from "../ui/canvas/runOverlay";
import { say } from "../words/say";

export function StepOutputs({ step, visit }: { step: StepView; visit: number | null }) {
  const current = visit === step.visit;
  const record = visit === null ? undefined : recordOf(step, visit);
  const error = (current ? step.error : null) ?? record?.error ?? null;
  const outputs = (current && Object.keys(step.outputs ?? {}).length > 0 ? step.outputs : record?.outputs) ?? {};
  const skipped = (current ? step.skip_reason : null) ?? record?.skip_reason ?? null;
  const names = Object.keys(outputs);
  if (error === null && names.length === 0) {
    return <Notice icon={PackageOpen} title={say(skipped === null ? "outputs.none" : "status.skipped")}>{say(skipped === null ? "outputs.none.about" : `skip.${skipped}`)}</Notice>;
  }
  return (
    <div className="h-full space-y-4 overflow-auto p-4" tabIndex={0} role="region" aria-label={say("outputs.label")}>
      {error !== null && <FailureBox failure={error} />}
      {names.length > 0 && (
        <table className="w-full max-w-3xl text-left text-body">
          <caption className="sr-only">{say("io.outputs")}</caption>
          <tbody>
            {names.map((name) => (
              <tr key={name} className="border-b border-line align-top last:border-b-0">
                <th scope="row" className="w-48 py-1.5 pr-4 font-mono text-small font-medium text-muted">{name}</th>
                <td className="py-1.5 font-mono text-small [overflow-wrap:anywhere] whitespace-pre-wrap">{typeof outputs[name] === "string" ? outputs[name] : JSON.stringify(outputs[name], null, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
