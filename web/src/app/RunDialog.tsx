/** Starts a run: a form made from the pipeline's inputs, with the server's objections at the field. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { type ReactNode, useState } from "react";
import { client } from "../api/client";
import { messageOf, Problem } from "../api/problem";
import type { GraphView } from "../api/types";
import { Button } from "../ui/Button";
import { Modal } from "../ui/Modal";
import { SchemaField } from "../ui/SchemaField";
import { fieldOf } from "../ui/schemaField";
import { useSchemaForm } from "../ui/useSchemaForm";
import { say } from "../words/say";

export interface RunDialogProps {
  readonly project: string;
  readonly graph: GraphView;
  readonly name: string;
  readonly note?: string;
  /** This text is run, instead of the stored pipeline. */
  readonly draft?: string;
  /** Above the inputs. */
  readonly head?: ReactNode;
  /** Values to begin with, in place of the defaults. */
  readonly initial?: Readonly<Record<string, unknown>>;
  readonly onClose: () => void;
}

export function RunDialog({ project, name, graph, note, draft, head, initial, onClose }: RunDialogProps) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const fields = graph.inputs.map((input) => fieldOf(input.name, input.schema as Record<string, unknown>, input.required, initial?.[input.name] ?? input.default));
  const form = useSchemaForm(fields);
  const [refusal, setRefusal] = useState<string | null>(null);
  const start = useMutation({
    mutationFn: (inputs: Record<string, unknown>) => (draft === undefined ? client.startRun(project, name, inputs) : client.runDraft(project, draft, inputs)),
    onSuccess: (run) => {
      void queries.invalidateQueries({ queryKey: ["pipelines"] });
      void navigate({ to: "/runs/$id", params: { id: run.id } });
    },
    onError: (error) => {
      if (!(error instanceof Problem) || !form.blame(error.objections)) setRefusal(messageOf(error));
    },
  });
  const empty = fields.length === 0;
  return (
    <Modal open onClose={onClose} title={say("start.title", { name })} description={empty ? say("start.noInputs") : undefined}>
      <form
        className="flex min-h-0 flex-col"
        onSubmit={(event) => {
          event.preventDefault();
          setRefusal(null);
          const inputs = form.read();
          if (inputs !== null) start.mutate(inputs);
        }}
      >
        <div className="min-h-0 space-y-4 overflow-auto px-5 py-1">
          {head}
          {note !== undefined && <p className="rounded-control bg-wait-tint px-3 py-2 text-small text-wait-ink">{note}</p>}
          {fields.map((field) => (
            <SchemaField key={field.name} field={field} text={form.textOf(field)} error={form.errorOf(field)} onChange={(text) => form.change(field, text)} />
          ))}
          {refusal !== null && <p role="alert" className="rounded-control border border-bad bg-bad-tint px-3 py-2 text-body text-bad-ink">{refusal}</p>}
        </div>
        <footer className="flex justify-end gap-2 px-5 pt-4 pb-4">
          <Button onClick={onClose}>{say("common.close")}</Button>
          <Button type="submit" look="primary" disabled={start.isPending} autoFocus={empty}>
            <Play aria-hidden size={13} fill="currentColor" />
            {start.isPending ? say("start.starting") : say("start.start")}
          </Button>
        </footer>
      </form>
    </Modal>
  );
}
