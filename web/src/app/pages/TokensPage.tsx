/** `/settings/tokens`: who may reach this server, as what, and how far. */
import { useQuery } from "@tanstack/react-query";
import { IdCard, Plus } from "lucide-react";
import { useState, useSyncExternalStore } from "react";
import { pipelinesQuery, tokensQuery } from "../../api/queries";
import type { Token } from "../../api/types";
import { Ago } from "../../ui/Ago";
import { Button } from "../../ui/Button";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { Notice } from "../../ui/Notice";
import { Skeleton } from "../../ui/Skeleton";
import { useNow } from "../../ui/useNow";
import { say } from "../../words/say";
import { IssuedTokenDialog } from "../settings/IssuedTokenDialog";
import { issuedToken } from "../settings/issuedToken";
import { RevokeTokenDialog } from "../settings/RevokeTokenDialog";
import { SettingsFrame } from "../settings/SettingsFrame";
import { TokenDialog } from "../settings/TokenDialog";
import { isLastAdmin, reachWords, roleWords, standingOf } from "../settings/tokenWords";

export function TokensPage() {
  const tokens = useQuery(tokensQuery());
  const pipelines = useQuery({ ...pipelinesQuery(), refetchInterval: false });
  const issued = useSyncExternalStore(issuedToken.subscribe, issuedToken.held);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const now = useNow(30_000);
  // The latest first, and what is not in force any more behind it.
  const items = (tokens.data?.items ?? []).toReversed().toSorted((a, b) => Number(standingOf(a, now) !== "active") - Number(standingOf(b, now) !== "active"));
  const first = items.length === 0;
  const add = (
    <Button look="primary" onClick={() => setMaking(true)}>
      <Plus aria-hidden size={14} />
      {say("tokens.new")}
    </Button>
  );
  return (
    <SettingsFrame title={say("tokens.title")}>
      {tokens.isPending ? (
        <Skeleton rows={4} />
      ) : tokens.data === undefined ? (
        <FailedToLoad what={say("what.tokens")} error={tokens.error} onRetry={() => void tokens.refetch()} />
      ) : first ? (
        <div className="h-80">
          <Notice icon={IdCard} title={say("tokens.none")}>
            <p className="mb-4">{say("tokens.none.about")}</p>
            {add}
          </Notice>
        </div>
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-3 px-4 py-3 sm:px-6">
            <p className="min-w-0 flex-1 text-body text-muted">{say("tokens.about")}</p>
            {add}
          </div>
          <ul aria-label={say("tokens.title")} className="border-t border-line">
            {items.map((token) => (
              <TokenRow key={token.id} token={token} now={now} onRevoke={() => setRevoking(token)} />
            ))}
          </ul>
        </>
      )}
      {making && <TokenDialog first={first} pipelines={pipelines.data?.items ?? []} onClose={() => setMaking(false)} />}
      {revoking !== null && <RevokeTokenDialog token={revoking} last={isLastAdmin(revoking, items, now)} onClose={() => setRevoking(null)} />}
      {issued !== null && <IssuedTokenDialog issued={issued} />}
    </SettingsFrame>
  );
}

function TokenRow({ token, now, onRevoke }: { token: Token; now: number; onRevoke: () => void }) {
  const standing = standingOf(token, now);
  const active = standing === "active";
  return (
    <li className="flex flex-wrap items-center gap-x-6 gap-y-1 border-b border-line bg-surface px-4 py-2.5 sm:px-6">
      <span className="min-w-0 flex-1 basis-48">
        <span className={`block truncate text-body font-medium ${active ? "" : "text-muted line-through"}`}>{token.name}</span>
        <span className="block truncate text-small text-muted">
          {say("tokens.madeBy", { by: token.created_by })} · <Ago at={token.created_at} />
        </span>
      </span>
      <span className="min-w-0 basis-64">
        <span className="block truncate text-body">{roleWords(token.roles)}</span>
        <span className="block truncate font-mono text-small text-muted" title={token.projects.join(", ")}>{reachWords(token.projects)}</span>
      </span>
      <span className="basis-44 text-small text-muted">
        <span className="block">{active ? (token.expires_at == null ? say("tokens.forever") : say("tokens.until", { date: new Date(token.expires_at).toLocaleDateString() })) : say(`tokens.${standing}`)}</span>
        <span className="block">
          {token.used_at == null ? (
            say("tokens.unused")
          ) : (
            <>
              {say("tokens.used")} <Ago at={token.used_at} />
            </>
          )}
        </span>
      </span>
      <span className="ml-auto flex w-20 justify-end">
        {active && <Button size="small" look="danger" aria-label={say("tokens.revokeOf", { token: token.name })} onClick={onRevoke}>{say("tokens.revoke")}</Button>}
      </span>
    </li>
  );
}
