/**
 * Brings in a workflow of GitHub Actions: it is pasted or chosen, and stands beside
 * the pipeline that comes of it, which can still be changed before it is stored.
 */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FileUp } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { client } from "../api/client";
import { messageOf, Problem } from "../api/problem";
import { importGithubActions } from "../document/import/githubActions";
import { PipelineDocument } from "../document/pipelineDocument";
import { isPlainMap } from "../document/plainValue";
import { Button } from "../ui/Button";
import { Modal } from "../ui/Modal";
import { CONTROL } from "../ui/SchemaField";
import { useSettled } from "../ui/useSettled";
import { say } from "../words/say";

const AREA = `${CONTROL} min-h-0 flex-1 resize-none py-2 font-mono !text-small leading-5 whitespace-pre`;

export function ImportDialog({ onClose }: { onClose: () => void }) {
  const id = useId();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [source, setSource] = useState("");
  // What was changed by hand stays until another source is given.
  const [changed, setChanged] = useState<{ of: string; yaml: string } | null>(null);
  const result = useMemo(() => (source.trim() === "" ? null : importGithubActions(source)), [source]);
  const yaml = changed !== null && changed.of === source ? changed.yaml : result?.ok === true ? result.yaml : "";
  const settled = useSettled(yaml);
  const validation = useQuery({ queryKey: ["import", settled], queryFn: ({ signal }) => client.validate("default", settled, signal), enabled: settled !== "", staleTime: Number.POSITIVE_INFINITY });
  const errors = settled === yaml ? (validation.data?.diagnostics ?? []).filter(({ severity }) => severity === "error") : [];
  const cannotRun = settled === yaml ? (validation.data?.graph?.unsupported ?? []) : [];
  const store = useMutation({
    mutationFn: () => client.createPipeline("default", nameIn(yaml), yaml),
    onSuccess: ({ project, name }) => {
      void queries.invalidateQueries({ queryKey: ["pipelines"] });
      void navigate({ to: "/pipelines/$project/$name", params: { project, name } });
    },
  });
  const refused = result?.ok === false ? say(result.reason.words, { detail: result.reason.detail }) : null;
  return (
    <Modal open onClose={onClose} title={say("import.title")} description={say("import.how")} full>
      <div className="grid min-h-0 flex-1 gap-4 px-5 max-lg:grid-rows-2 lg:grid-cols-2">
        <div className="flex min-h-0 flex-col">
          <div className="mb-1 flex items-end justify-between gap-3">
            <label htmlFor={`${id}-source`} className="text-small font-medium">{say("import.source")}</label>
            <label className="inline-flex h-7 cursor-pointer items-center gap-1.5 rounded-control border border-line bg-raised px-2.5 text-small font-medium shadow-raised hover:border-edge hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-focus">
              <FileUp aria-hidden size={13} />
              {say("import.file")}
              <input type="file" accept=".yml,.yaml" className="sr-only" onChange={(event) => void event.target.files?.[0]?.text().then(setSource)} />
            </label>
          </div>
          <textarea id={`${id}-source`} value={source} spellCheck={false} aria-invalid={refused !== null} {...(refused === null ? {} : { "aria-describedby": `${id}-refused` })} onChange={(event) => setSource(event.target.value)} className={AREA} />
          {refused !== null && <p id={`${id}-refused`} role="alert" className="mt-1 text-small font-medium text-bad-ink">{refused}</p>}
        </div>
        <div className="flex min-h-0 flex-col">
          <label htmlFor={`${id}-result`} className="mb-1 flex h-7 items-center text-small font-medium">{say("import.result")}</label>
          <textarea id={`${id}-result`} value={yaml} spellCheck={false} disabled={result?.ok !== true} onChange={(event) => setChanged({ of: source, yaml: event.target.value })} className={`${AREA} disabled:bg-sunken`} />
        </div>
      </div>
      <div role="status" aria-label={say("import.news")} className="max-h-40 shrink-0 overflow-auto px-5 pt-3 text-small">
        {result?.ok === true && (
          <>
            {errors.length > 0 && (
              <ul className="mb-2 space-y-0.5 font-medium text-bad-ink">
                {errors.map(({ line, column, message }) => (
                  <li key={`${line}:${column} ${message}`}>{say("editor.line", { line })} {message}</li>
                ))}
              </ul>
            )}
            {cannotRun.length > 0 && <p className="mb-2 text-wait-ink">{say("import.cannotRun", { keys: cannotRun.map(({ feature }) => feature).join(", ") })}</p>}
            {result.notes.length === 0 ? (
              <p className="text-ok-ink">{say("import.whole")}</p>
            ) : (
              <>
                <p className="font-medium">{say("import.lost", { count: result.notes.length })}</p>
                <ul className="mt-1 space-y-0.5 text-muted">
                  {result.notes.map(({ where, what }) => (
                    <li key={`${where} ${what}`} className="truncate">
                      <span className="font-mono font-medium text-ink">{where}</span> <span className="font-mono">{what}</span>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </>
        )}
      </div>
      {store.error !== null && <p role="alert" className="px-5 pt-2 text-body font-medium text-bad-ink">{store.error instanceof Problem && store.error.status === 409 && store.error.slug !== "read-only" ? say("home.exists") : messageOf(store.error)}</p>}
      <footer className="flex justify-end gap-2 px-5 pt-3 pb-4">
        <Button onClick={onClose}>{say("common.cancel")}</Button>
        <Button look="primary" disabled={result?.ok !== true || nameIn(yaml) === "" || errors.length > 0 || store.isPending} onClick={() => store.mutate()}>{say("import.do")}</Button>
      </footer>
    </Modal>
  );
}

function nameIn(yaml: string): string {
  const { value } = PipelineDocument.parse(yaml);
  return isPlainMap(value) && typeof value["name"] === "string" ? value["name"] : "";
}
