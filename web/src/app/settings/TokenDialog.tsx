/** Makes a token: for whom, as what, how far, how long. The first one of a server is an admin's, and this browser goes on with it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { client } from "../../api/client";
import { messageOf } from "../../api/problem";
import { tokensQuery } from "../../api/queries";
import type { PipelineSummary } from "../../api/types";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Modal";
import { CONTROL } from "../../ui/SchemaField";
import { say } from "../../words/say";
import { issuedToken } from "./issuedToken";
import { Reach } from "./Reach";
import { type Level, LEVELS } from "./tokenWords";

const DAY_MS = 86_400_000;
const LIVES = [30, 90, 365, null] as const;

export interface TokenDialogProps {
  /** There never was one. */
  readonly first: boolean;
  readonly pipelines: readonly Pick<PipelineSummary, "project" | "name">[];
  readonly onClose: () => void;
}

export function TokenDialog({ first, pipelines, onClose }: TokenDialogProps) {
  const id = useId();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [level, setLevel] = useState<Level | null>(first ? "admin" : "operator");
  const [approves, setApproves] = useState(first);
  const [reached, setReached] = useState<ReadonlySet<string> | null>(null);
  const [days, setDays] = useState<number | null>(first ? null : 90);
  const projects = [...new Set(["default", ...pipelines.map(({ project }) => project)])].toSorted();
  const patterns = [...projects.map((project) => `${project}/*`), ...pipelines.map((one) => `${one.project}/${one.name}`).toSorted()];
  const roles = [...(level === null ? [] : [level]), ...(approves ? ["approver"] : [])];
  const ready = name.trim() !== "" && roles.length > 0 && reached?.size !== 0;
  const make = useMutation({
    mutationFn: async () => {
      const issued = await client.createToken({ name: name.trim(), roles, projects: reached === null ? ["*"] : [...reached], expires_at: days === null ? null : new Date(Date.now() + days * DAY_MS).toISOString() });
      // Kept before anything else is asked: from now on the server answers nobody without a token.
      issuedToken.hold(issued);
      if (first) await client.logIn(issued.token);
    },
    onSuccess: () => {
      void queries.invalidateQueries({ predicate: ({ queryKey }) => first || queryKey[0] === tokensQuery().queryKey[0] });
      onClose();
    },
  });
  return (
    <Modal open onClose={onClose} title={say(first ? "tokens.first" : "tokens.new")} description={say(first ? "tokens.first.about" : "tokens.dialog.about")}>
      <form
        className="flex min-h-0 flex-col"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) make.mutate();
        }}
      >
        <div className="min-h-0 space-y-4 overflow-auto px-5 py-1">
          <div>
            <label htmlFor={`${id}-name`} className="mb-1 block text-small font-medium">{say("tokens.name")}</label>
            <input id={`${id}-name`} value={name} maxLength={100} autoComplete="off" spellCheck={false} aria-describedby={`${id}-name-about`} onChange={(event) => setName(event.target.value)} className={`${CONTROL} h-8`} />
            <p id={`${id}-name-about`} className="mt-1 text-small text-muted">{say("tokens.name.about")}</p>
          </div>
          {!first && (
            <>
              <fieldset>
                <legend className="mb-1 text-small font-medium">{say("tokens.role")}</legend>
                {LEVELS.map((one) => (
                  <label key={one} className="flex min-h-8 items-center gap-2">
                    <input type="radio" name={`${id}-role`} checked={level === one} onChange={() => setLevel(one)} />
                    <span>{say(`role.${one}`)} <span className="text-small text-muted">{say(`role.${one}.about`)}</span></span>
                  </label>
                ))}
                <label className="flex min-h-8 items-center gap-2">
                  <input type="radio" name={`${id}-role`} checked={level === null} onChange={() => setLevel(null)} />
                  <span>{say("role.none")} <span className="text-small text-muted">{say("role.none.about")}</span></span>
                </label>
                <label className="mt-1 flex min-h-8 items-center gap-2 border-t border-line pt-1">
                  <input type="checkbox" checked={approves} onChange={(event) => setApproves(event.target.checked)} />
                  <span>{say("role.approver")} <span className="text-small text-muted">{say("role.approver.about")}</span></span>
                </label>
              </fieldset>
              <Reach legend={say("tokens.reach")} everywhere={say("tokens.everything")} only={say("tokens.some")} choices={patterns} picked={reached} onChange={setReached} />
            </>
          )}
          <label className="block">
            <span className="mb-1 block text-small font-medium">{say("tokens.ends")}</span>
            <select value={String(days)} onChange={(event) => setDays(event.target.value === "null" ? null : Number(event.target.value))} className={`${CONTROL} h-8`}>
              {LIVES.map((life) => (
                <option key={life} value={String(life)}>{life === null ? say("tokens.never") : say("tokens.days", { count: life })}</option>
              ))}
            </select>
          </label>
          {make.error !== null && <p role="alert" className="rounded-control border border-bad bg-bad-tint px-3 py-2 text-body text-bad-ink">{messageOf(make.error)}</p>}
        </div>
        <footer className="flex justify-end gap-2 px-5 pt-4 pb-4">
          <Button onClick={onClose}>{say("common.cancel")}</Button>
          <Button type="submit" look="primary" disabled={!ready || make.isPending}>{say("tokens.make")}</Button>
        </footer>
      </form>
    </Modal>
  );
}
