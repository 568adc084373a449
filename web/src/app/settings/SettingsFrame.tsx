/** The head of all pages of settings, with the way from one to the other. */
import { Link } from "@tanstack/react-router";
import { IdCard, KeyRound, Keyboard, type LucideIcon, SlidersHorizontal } from "lucide-react";
import type { ReactNode } from "react";
import { say } from "../../words/say";
import { PageHead } from "../PageHead";

export function SettingsFrame({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="flex h-full flex-col">
      <PageHead title={title} />
      <nav aria-label={say("frame.settings")} className="flex shrink-0 gap-1 overflow-x-auto border-b border-line bg-surface px-3 py-1.5 sm:px-5">
        <SettingsLink to="/settings" icon={SlidersHorizontal} label={say("settings.general")} />
        <SettingsLink to="/settings/secrets" icon={KeyRound} label={say("secrets.title")} />
        <SettingsLink to="/settings/tokens" icon={IdCard} label={say("tokens.title")} />
        <SettingsLink to="/settings/keyboard" icon={Keyboard} label={say("settings.keyboard")} />
      </nav>
      <div className="min-h-0 flex-1 overflow-auto">{children}</div>
    </div>
  );
}

function SettingsLink({ to, icon: Icon, label }: { to: "/settings" | "/settings/secrets" | "/settings/tokens" | "/settings/keyboard"; icon: LucideIcon; label: string }) {
  return (
    <Link
      to={to}
      activeOptions={{ exact: true, includeSearch: false }}
      className="flex h-7 items-center gap-1.5 rounded-full px-2.5 text-small font-medium whitespace-nowrap text-muted hover:bg-hover hover:text-ink data-[status=active]:bg-accent-tint data-[status=active]:text-accent-ink"
    >
      <Icon aria-hidden size={13} />
      {label}
    </Link>
  );
}
