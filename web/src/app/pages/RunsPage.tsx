/** All runs, newest first, by status. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { History } from "lucide-react";
import { runsQuery } from "../../api/queries";
import { Button } from "../../ui/Button";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { Notice } from "../../ui/Notice";
import { Skeleton } from "../../ui/Skeleton";
import { appearanceOf } from "../../ui/statusAppearance";
import { StatusIcon } from "../../ui/StatusIcon";
import { PageHead } from "../PageHead";
import { RunRow } from "../RunRow";
import { RUN_STATUSES } from "../search";
import { say } from "../../words/say";

const route = getRouteApi("/runs");

export function RunsPage() {
  const { status, pipeline } = route.useSearch();
  const runs = useInfiniteQuery(runsQuery({ status, pipeline }));
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="flex h-full flex-col">
      <PageHead title={say("frame.runs")}>
        {pipeline !== undefined && (
          <span className="flex items-center gap-2 text-body text-muted">
            <span className="font-medium text-ink">{say("runs.of", { pipeline })}</span>
            <Link to="/runs" search={status === undefined ? {} : { status }} className="rounded text-small text-accent-ink underline">{say("runs.all")}</Link>
          </span>
        )}
      </PageHead>
      <nav aria-label={say("runs.filter")} className="flex shrink-0 gap-1 overflow-x-auto border-b border-line bg-surface px-3 py-1.5 sm:px-5">
        {[undefined, ...RUN_STATUSES].map((choice) => (
          <Link
            key={choice ?? "all"}
            to="/runs"
            search={{ ...(choice === undefined ? {} : { status: choice }), ...(pipeline === undefined ? {} : { pipeline }) }}
            {...(choice === status ? { "aria-current": "true" as const } : {})}
            activeProps={{}}
            className={`flex h-7 items-center gap-1.5 rounded-full px-2.5 text-small font-medium whitespace-nowrap ${choice === status ? "bg-accent-tint text-accent-ink" : "text-muted hover:bg-hover hover:text-ink"}`}
          >
            {choice !== undefined && <StatusIcon status={choice} size={13} />}
            {choice === undefined ? say("runs.every") : appearanceOf(choice).word}
          </Link>
        ))}
      </nav>
      <div className="min-h-0 flex-1 overflow-auto">
        {runs.isPending ? (
          <Skeleton rows={8} className="h-11" />
        ) : runs.data === undefined ? (
          <FailedToLoad what={say("what.runs")} error={runs.error} onRetry={() => void runs.refetch()} />
        ) : items.length === 0 ? (
          <Notice icon={History} title={status === undefined ? say("runs.none") : say("runs.noneSo", { status: appearanceOf(status).word.toLowerCase() })}>
            {say(status === undefined ? "runs.none.about" : "runs.noneSo.about")}
          </Notice>
        ) : (
          <>
            <ul aria-label={say("frame.runs")}>
              {items.map((run) => (
                <RunRow key={run.id} run={run} />
              ))}
            </ul>
            {runs.hasNextPage && (
              <div className="p-4 text-center">
                <Button onClick={() => void runs.fetchNextPage()} disabled={runs.isFetchingNextPage}>{say("runs.older")}</Button>
              </div>
            )}
          </>
        )}
      </div>
    </div>
  );
}
