/** Everything that the palette of commands can find: asked of the page when it opens, the rest read from the server. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { History, IdCard, KeyRound, Languages, Settings, UserCheck, Workflow } from "lucide-react";
import { useMemo, useState } from "react";
import { client } from "../../api/client";
import { pipelinesQuery } from "../../api/queries";
import { changeLanguage } from "../../ui/language";
import { offeredHere } from "../../ui/pageCommands";
import { appearanceOf } from "../../ui/statusAppearance";
import { StatusIcon } from "../../ui/StatusIcon";
import { StepKindIcon } from "../../ui/StepKindIcon";
import { changeTheme } from "../../ui/theme";
import { say } from "../../words/say";
import { LANGUAGES, THEMES } from "../appearances";
import type { PaletteItem } from "./paletteItems";

const ICON = { "aria-hidden": true, size: 14 } as const;
const PAGES = [
  { to: "/", label: "frame.pipelines", icon: Workflow },
  { to: "/runs", label: "frame.runs", icon: History },
  { to: "/approvals", label: "frame.approvals", icon: UserCheck },
  { to: "/settings", label: "frame.settings", icon: Settings },
  { to: "/settings/secrets", label: "secrets.title", icon: KeyRound },
  { to: "/settings/tokens", label: "tokens.title", icon: IdCard },
] as const;

export function usePaletteItems(): { readonly items: readonly PaletteItem[]; readonly loading: boolean } {
  const navigate = useNavigate();
  const [here] = useState(offeredHere);
  const pipelines = useQuery({ ...pipelinesQuery(), refetchInterval: false, staleTime: 4_000 });
  const runs = useQuery({ queryKey: ["palette", "runs"], queryFn: () => client.runs({ limit: 100 }), staleTime: 4_000 });
  const items = useMemo<PaletteItem[]>(
    () => [
      ...here.commands.map(({ id, icon: Icon, ...command }) => ({ ...command, key: `command-${id}`, group: say("palette.here"), icon: <Icon {...ICON} /> })),
      ...here.steps.map(({ id, kind, about, perform }) => ({ key: `step-${id}`, group: say("palette.steps"), label: id, detail: about, mono: true, icon: <StepKindIcon kind={kind} />, perform })),
      ...PAGES.map(({ to, label, icon: Icon }) => ({ key: `page-${to}`, group: say("palette.goTo"), label: say(label), icon: <Icon {...ICON} />, perform: () => void navigate({ to }) })),
      ...(pipelines.data?.items ?? []).map(({ project, name, description }) => ({
        key: `pipeline-${project}/${name}`,
        group: say("frame.pipelines"),
        label: project === "default" ? name : `${project}/${name}`,
        ...(description === null ? {} : { detail: description }),
        icon: <Workflow {...ICON} />,
        perform: () => void navigate({ to: "/pipelines/$project/$name", params: { project, name } }),
      })),
      ...(runs.data?.items ?? []).map((run) => ({
        key: `run-${run.id}`,
        group: say("frame.runs"),
        label: `${run.pipeline} #${run.number}`,
        detail: appearanceOf(run.status).word,
        alsoFoundBy: run.id,
        icon: <StatusIcon status={run.status} size={14} />,
        perform: () => void navigate({ to: "/runs/$id", params: { id: run.id } }),
      })),
      ...THEMES.map(({ theme, words, icon: Icon }) => ({ key: `theme-${theme}`, group: say("frame.appearance"), label: say("palette.theme", { theme: say(words) }), alsoFoundBy: theme, icon: <Icon {...ICON} />, perform: () => changeTheme(theme) })),
      ...LANGUAGES.map(({ language, name }) => ({ key: `language-${language}`, group: say("frame.appearance"), label: say("palette.language", { language: name }), icon: <Languages {...ICON} />, perform: () => changeLanguage(language) })),
    ],
    [here, pipelines.data, runs.data, navigate],
  );
  return { items, loading: pipelines.isPending || runs.isPending };
}
