/** Sets a secret: a new one, or another value for one that is there. The value goes in and never comes back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { client } from "../../api/client";
import { messageOf } from "../../api/problem";
import { secretsQuery } from "../../api/queries";
import type { SecretSummary } from "../../api/types";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Modal";
import { CONTROL } from "../../ui/SchemaField";
import { say } from "../../words/say";
import { Reach } from "./Reach";

export interface SecretDialogProps {
  readonly project: string;
  /** Null: a new one. */
  readonly secret: SecretSummary | null;
  readonly taken: readonly string[];
  /** Those of the project. */
  readonly pipelines: readonly string[];
  readonly onClose: () => void;
}

export function SecretDialog({ project, secret, taken, pipelines, onClose }: SecretDialogProps) {
  const id = useId();
  const queries = useQueryClient();
  const [name, setName] = useState(secret?.name ?? "");
  const [value, setValue] = useState("");
  const [bound, setBound] = useState<ReadonlySet<string> | null>(secret === null || secret.pipelines.length === 0 ? null : new Set(secret.pipelines));
  const set = useMutation({
    mutationFn: () => client.setSecret(project, name, value, [...(bound ?? [])]),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: secretsQuery(project).queryKey });
      onClose();
    },
  });
  const exists = secret === null && taken.includes(name);
  // One that is bound to a pipeline that has gone keeps it until somebody says otherwise.
  const choices = [...new Set([...pipelines, ...(secret?.pipelines ?? [])])].toSorted();
  const ready = name !== "" && value !== "" && !exists && bound?.size !== 0;
  return (
    <Modal open onClose={onClose} title={secret === null ? say("secrets.new") : say("secrets.replaceOf", { secret: secret.name })} description={say("secrets.dialog.about")}>
      <form
        className="flex min-h-0 flex-col"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) set.mutate();
        }}
      >
        <div className="min-h-0 space-y-4 overflow-auto px-5 py-1">
          {secret === null && (
            <div>
              <label htmlFor={`${id}-name`} className="mb-1 block text-small font-medium">{say("secrets.name")}</label>
              <input id={`${id}-name`} value={name} autoComplete="off" spellCheck={false} aria-invalid={exists} aria-describedby={`${id}-use`} onChange={(event) => {
                  setName(event.target.value.trim());
                  set.reset();
                }} className={`${CONTROL} h-8 font-mono`} />
              {exists ? (
                <p id={`${id}-use`} role="alert" className="mt-1 text-small font-medium text-bad-ink">{say("secrets.exists", { secret: name })}</p>
              ) : (
                <p id={`${id}-use`} className="mt-1 font-mono text-small text-muted">{say("secrets.use", { name: name === "" ? "…" : name })}</p>
              )}
            </div>
          )}
          <div>
            <label htmlFor={`${id}-value`} className="mb-1 block text-small font-medium">{say("secrets.value")}</label>
            {/* Several lines, as keys have them, and none of them to be read over a shoulder. */}
            <textarea id={`${id}-value`} rows={3} value={value} autoComplete="off" spellCheck={false} onChange={(event) => setValue(event.target.value)} className={`${CONTROL} py-1.5 font-mono [-webkit-text-security:disc]`} />
          </div>
          <Reach legend={say("secrets.who")} everywhere={say("secrets.all")} only={say("secrets.some")} choices={choices} picked={bound} onChange={setBound} />
          {set.error !== null && <p role="alert" className="rounded-control border border-bad bg-bad-tint px-3 py-2 text-body text-bad-ink">{messageOf(set.error)}</p>}
        </div>
        <footer className="flex justify-end gap-2 px-5 pt-4 pb-4">
          <Button onClick={onClose}>{say("common.cancel")}</Button>
          <Button type="submit" look="primary" disabled={!ready || set.isPending}>{say("secrets.set")}</Button>
        </footer>
      </form>
    </Modal>
  );
}
