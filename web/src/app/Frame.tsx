/** The frame of every page: the rail, the connection's state, and the page itself. */
import { useQuery } from "@tanstack/react-query";
import * as Tooltip from "@radix-ui/react-tooltip";
import { Link, Outlet } from "@tanstack/react-router";
import { History, type LucideIcon, UserCheck, Workflow } from "lucide-react";
import { waitingRunsQuery } from "../api/queries";
import { AppearanceMenu } from "./AppearanceMenu";
import { ConnectionLight } from "./ConnectionLight";
import { Mark } from "./Mark";
import { useLanguage } from "../ui/language";
import { say } from "../words/say";

export function Frame() {
  const language = useLanguage();
  const waiting = useQuery(waitingRunsQuery());
  const approvals = waiting.data?.items.reduce((sum, run) => sum + run.waiting_steps.length, 0) ?? 0;
  return (
    <Tooltip.Provider delayDuration={250}>
      <div className="flex h-dvh flex-col-reverse sm:flex-row">
        <nav aria-label={say("frame.main")} className="flex shrink-0 items-stretch gap-0.5 border-t border-line bg-sunken px-2 py-1 sm:w-48 sm:flex-col sm:border-t-0 sm:border-r sm:px-2.5 sm:py-3">
          <Link to="/" aria-label={say("frame.home")} className="mb-3 hidden items-center gap-2 rounded-control px-2 py-1 text-title font-semibold tracking-tight sm:flex">
            <Mark />
            Loopline
          </Link>
          <RailLink to="/" icon={Workflow} label={say("frame.pipelines")} exact />
          <RailLink to="/runs" icon={History} label={say("frame.runs")} />
          <RailLink to="/approvals" icon={UserCheck} label={say("frame.approvals")} count={approvals} />
          <div className="ml-auto flex items-center gap-1 sm:mt-auto sm:ml-0 sm:justify-between sm:pl-2">
            <ConnectionLight />
            <AppearanceMenu />
          </div>
        </nav>
        <main className="min-h-0 min-w-0 flex-1 overflow-hidden">
          {/* Another language is another page: everything on it is drawn anew. */}
          <Outlet key={language} />
        </main>
      </div>
    </Tooltip.Provider>
  );
}

interface RailLinkProps {
  readonly to: "/" | "/runs" | "/approvals";
  readonly icon: LucideIcon;
  readonly label: string;
  readonly count?: number;
  readonly exact?: boolean;
}

function RailLink({ to, icon: Icon, label, count = 0, exact = false }: RailLinkProps) {
  return (
    <Link
      to={to}
      activeOptions={{ exact, includeSearch: false }}
      aria-label={count > 0 ? say("frame.waiting", { label, count }) : label}
      className="flex h-11 items-center gap-2 rounded-control px-2.5 text-body font-medium text-muted transition-colors hover:bg-hover hover:text-ink sm:h-8 data-[status=active]:bg-[light-dark(#e7e7ee,#23262d)] data-[status=active]:text-ink"
    >
      <Icon aria-hidden size={16} />
      <span className="max-[26rem]:text-small">{label}</span>
      {count > 0 && <span className="ml-auto min-w-5 rounded-full bg-wait-tint px-1.5 text-center text-micro leading-5 font-semibold text-wait-ink tabular-nums">{count}</span>}
    </Link>
  );
}
