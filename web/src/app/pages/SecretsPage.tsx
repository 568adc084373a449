/** `/settings/secrets`: the secrets of a project by name. Values are set and replaced here, and shown nowhere. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { pipelinesQuery, secretsQuery } from "../../api/queries";
import type { SecretSummary } from "../../api/types";
import { Ago } from "../../ui/Ago";
import { Button } from "../../ui/Button";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { Notice } from "../../ui/Notice";
import { CONTROL } from "../../ui/SchemaField";
import { Skeleton } from "../../ui/Skeleton";
import { say } from "../../words/say";
import { RemoveSecretDialog } from "../settings/RemoveSecretDialog";
import { SecretDialog } from "../settings/SecretDialog";
import { SettingsFrame } from "../settings/SettingsFrame";

const route = getRouteApi("/settings/secrets");

type Open = { readonly kind: "set"; readonly secret: SecretSummary | null } | { readonly kind: "remove"; readonly secret: SecretSummary } | null;

export function SecretsPage() {
  const { project = "default" } = route.useSearch();
  const navigate = route.useNavigate();
  const secrets = useQuery(secretsQuery(project));
  const pipelines = useQuery({ ...pipelinesQuery(), refetchInterval: false });
  const [open, setOpen] = useState<Open>(null);
  const projects = [...new Set(["default", project, ...(pipelines.data?.items ?? []).map((one) => one.project)])].toSorted();
  const names = (pipelines.data?.items ?? []).filter((one) => one.project === project).map((one) => one.name);
  const items = secrets.data?.items ?? [];
  const add = (
    <Button look="primary" onClick={() => setOpen({ kind: "set", secret: null })}>
      <Plus aria-hidden size={14} />
      {say("secrets.new")}
    </Button>
  );
  return (
    <SettingsFrame title={say("secrets.title")}>
      {secrets.isPending ? (
        <Skeleton rows={4} />
      ) : secrets.data === undefined ? (
        <FailedToLoad what={say("what.secrets")} error={secrets.error} onRetry={() => void secrets.refetch()} />
      ) : (
        <>
          {(items.length > 0 || projects.length > 1) && (
            <div className="flex flex-wrap items-center gap-3 px-4 py-3 sm:px-6">
              {projects.length > 1 && (
                <label className="flex items-center gap-2 text-small text-muted">
                  {say("secrets.project")}
                  <select value={project} onChange={(event) => void navigate({ search: event.target.value === "default" ? {} : { project: event.target.value } })} className={`${CONTROL} h-8 !w-auto`}>
                    {projects.map((one) => (
                      <option key={one} value={one}>{one}</option>
                    ))}
                  </select>
                </label>
              )}
              <p className="min-w-0 flex-1 text-body text-muted">{say("secrets.about")}</p>
              {items.length > 0 && add}
            </div>
          )}
          {items.length === 0 ? (
            <div className="h-80">
              <Notice icon={KeyRound} title={say("secrets.none")}>
                <p className="mb-4">{say("secrets.none.about")}</p>
                {add}
              </Notice>
            </div>
          ) : (
            <ul aria-label={say("secrets.title")} className="border-t border-line">
              {items.map((secret) => (
                <SecretRow key={secret.name} secret={secret} onReplace={() => setOpen({ kind: "set", secret })} onRemove={() => setOpen({ kind: "remove", secret })} />
              ))}
            </ul>
          )}
        </>
      )}
      {open?.kind === "set" && <SecretDialog project={project} secret={open.secret} taken={items.map(({ name }) => name)} pipelines={names} onClose={() => setOpen(null)} />}
      {open?.kind === "remove" && <RemoveSecretDialog secret={open.secret} onClose={() => setOpen(null)} />}
    </SettingsFrame>
  );
}

function SecretRow({ secret, onReplace, onRemove }: { secret: SecretSummary; onReplace: () => void; onRemove: () => void }) {
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-1 border-b border-line bg-surface px-4 py-2.5 sm:px-6">
      <span className="min-w-0 flex-1 basis-48 truncate font-mono text-body font-medium">{secret.name}</span>
      <span className="min-w-0 basis-64 truncate text-small text-muted">
        {secret.pipelines.length === 0 ? say("secrets.all") : say("secrets.only", { pipelines: secret.pipelines.join(", ") })}
      </span>
      <span className="basis-44 text-small text-muted">
        {say("secrets.setBy", { by: secret.updated_by })} · <Ago at={secret.updated_at} />
      </span>
      <span className="ml-auto flex gap-2">
        <Button size="small" aria-label={say("secrets.replaceOf", { secret: secret.name })} onClick={onReplace}>{say("secrets.replace")}</Button>
        <Button size="small" look="danger" aria-label={say("secrets.removeOf", { secret: secret.name })} onClick={onRemove}>{say("common.remove")}</Button>
      </span>
    </li>
  );
}
