/** The keys of the selected step as fields, made from the schema. A field that is left writes its one key. */
import { FileCode2 } from "lucide-react";
import { useState } from "react";
import type { EditCommand } from "../document/editCommand";
import type { ExpressionInText } from "../document/expressionAt";
import type { PipelineDocument } from "../document/pipelineDocument";
import { isPlainMap, type Plain } from "../document/plainValue";
import { removeKey, setKey } from "../document/setKey";
import { sectionOf, stepGraph } from "../document/stepGraph";
import { Skeleton } from "../ui/Skeleton";
import { say } from "../words/say";
import { StepFormField } from "./StepFormField";
import { type StepField, stepFields } from "./stepSchema";
import { useStepSchema } from "./useStepSchema";

export interface StepFormProps {
  readonly step: string;
  readonly document: PipelineDocument;
  /** Gives the reason when it is refused. */
  readonly run: (command: EditCommand) => string | null;
  readonly onShowText: () => void;
  /** What is written in the field that has the focus, where the engine computes it. */
  readonly onExpression: (expression: ExpressionInText | null) => void;
}

export function StepForm({ step, document, run, onShowText, onExpression }: StepFormProps) {
  const schema = useStepSchema();
  const [added, setAdded] = useState<readonly string[]>([]);
  const [refusal, setRefusal] = useState<{ field: string; reason: string } | null>(null);
  const body = stepGraph(document.value, sectionOf(document.value, step)).get(step)?.body;
  if (schema === null) return <Skeleton rows={6} className="h-8" />;
  if (body === undefined) return <p className="p-4 text-small text-muted">{say("form.gone")}</p>;
  const fields = stepFields(schema, body);
  const isShown = (field: StepField) => field.required || valueAt(body, field.path) !== undefined || added.includes(field.path.join("."));
  const hidden = fields.filter((field) => !isShown(field));
  const commit = (field: StepField, value: Plain | undefined) => {
    const reason = run(value === undefined ? removeKey(step, field.path) : setKey(step, field.path, value));
    setRefusal(reason === null ? null : { field: field.path.join("."), reason });
  };
  return (
    <form aria-label={say("form.label", { step })} className="min-h-0 flex-1 overflow-auto px-4 py-3" onSubmit={(event) => event.preventDefault()}>
      <h2 className="mb-3 font-mono text-body font-semibold">{step}</h2>
      <div className="space-y-3.5">
        {fields.filter(isShown).map((field) => (
          <StepFormField
            key={`${step} ${field.path.join(".")}`}
            field={field}
            value={valueAt(body, field.path)}
            refusal={refusal?.field === field.path.join(".") ? refusal.reason : null}
            onCommit={(value) => commit(field, value)}
            onShowText={onShowText}
            onWrite={(text) => onExpression(expressionOf(step, field.path, text, body))}
          />
        ))}
      </div>
      <label className="mt-5 block text-small text-muted">
        {say("form.more")}
        <select value="" onChange={(event) => setAdded([...added, event.target.value])} className="mt-1 block h-8 w-full rounded-control border border-edge bg-surface px-2 text-body text-ink">
          <option value="">{say("form.choose")}</option>
          {hidden.map((field) => (
            <option key={field.path.join(".")} value={field.path.join(".")}>{field.path.join(".")}</option>
          ))}
        </select>
      </label>
      <button type="button" onClick={onShowText} className="mt-3 flex items-center gap-1.5 rounded text-small text-muted underline hover:text-ink">
        <FileCode2 aria-hidden size={13} />
        {say("form.inText")}
      </button>
    </form>
  );
}

/** Conditions are CEL; what holds a hole is a template, unless the step says that it has none. */
function expressionOf(step: string, path: readonly string[], source: string, body: Plain): ExpressionInText | null {
  const key = path.at(-1);
  if (key === "if" || key === "until") return source.trim() === "" ? null : { way: "cel", source, step };
  return source.includes("{{") && !(isPlainMap(body) && body["template"] === false) ? { way: "template", source, step } : null;
}

function valueAt(body: Plain, path: readonly string[]): Plain | undefined {
  let value: Plain | undefined = body;
  for (const key of path) value = isPlainMap(value) ? value[key] : undefined;
  return value;
}
