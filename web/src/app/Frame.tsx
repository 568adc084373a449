/** The frame of every page: the rail, the connection's state, and the page itself. */
import { useQuery } from "@tanstack/react-query";
import * as Tooltip from "@radix-ui/react-tooltip";
import { Link, Outlet } from "@tanstack/react-router";
import { History, type LucideIcon, Settings, UserCheck, Workflow } from "lucide-react";
import { useSyncExternalStore } from "react";
import { waitingRunsQuery } from "../api/queries";
import { session } from "../api/session";
import { AppearanceMenu } from "./AppearanceMenu";
import { ConnectionLight } from "./ConnectionLight";
import { Mark } from "./Mark";
import { LoginPage } from "./pages/LoginPage";
import { PaletteButton } from "./palette/PaletteButton";
import { useLanguage } from "../ui/language";
import { say } from "../words/say";

export function Frame() {
  const language = useLanguage();
  const waiting = useQuery(waitingRunsQuery());
  const asked = useSyncExternalStore(session.subscribe, session.asked);
  const approvals = waiting.data?.items.reduce((sum, run) => sum + run.waiting_steps.length, 0) ?? 0;
  if (asked) return <LoginPage key={language} />;
  return (
    <Tooltip.Provider delayDuration={250}>
      <div className="flex h-dvh flex-col-reverse sm:flex-row">
        <nav aria-label={say("frame.main")} className="flex shrink-0 items-stretch gap-0.5 border-t border-line bg-sunken px-2 py-1 sm:w-48 sm:flex-col sm:border-t-0 sm:border-r sm:px-2.5 sm:py-3">
          <Link to="/" aria-label={say("frame.home")} className="mb-3 hidden items-center gap-2 rounded-control px-2 py-1 text-title font-semibold tracking-tight sm:flex">
            <Mark />
            Loopline
          </Link>
          <PaletteButton key={language} />
          <RailLink to="/" icon={Workflow} label={say("frame.pipelines")} exact />
          <RailLink to="/runs" icon={History} label={say("frame.runs")} />
          <RailLink to="/approvals" icon={UserCheck} label={say("frame.approvals")} count={approvals} />
          <RailLink to="/settings" icon={Settings} label={say("frame.settings")} />
          <div className="ml-auto flex items-center gap-1 sm:mt-auto sm:ml-0 sm:justify-between sm:pl-2">
            <ConnectionLight />
            <span className="hidden sm:block"><AppearanceMenu /></span>
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
  readonly to: "/" | "/runs" | "/approvals" | "/settings";
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
      className="relative flex h-11 flex-1 flex-col items-center justify-center gap-0.5 rounded-control px-1 text-micro font-medium text-muted transition-colors hover:bg-hover hover:text-ink sm:h-8 sm:flex-none sm:flex-row sm:justify-start sm:gap-2 sm:px-2.5 sm:text-body data-[status=active]:bg-[light-dark(#e7e7ee,#23262d)] data-[status=active]:text-ink"
    >
      <Icon aria-hidden size={16} />
      <span>{label}</span>
      {count > 0 && <span className="absolute top-0.5 left-1/2 ml-1.5 min-w-5 rounded-full sm:static sm:ml-auto bg-wait-tint px-1.5 text-center text-micro leading-5 font-semibold text-wait-ink tabular-nums">{count}</span>}
    </Link>
  );
}
