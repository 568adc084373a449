/** The icon of a kind of step. Decorative: the kind stands elsewhere in words. */
import { Box, Braces, Clock3, Globe, type LucideIcon, Radio, Split, SquareTerminal, UserCheck } from "lucide-react";

const ICONS: Readonly<Record<string, LucideIcon>> = {
  run: SquareTerminal,
  http: Globe,
  container: Box,
  approval: UserCheck,
  wait: Radio,
  sleep: Clock3,
  pipeline: Split,
  set: Braces,
};

export function StepKindIcon({ kind }: { kind: string }) {
  const Icon = ICONS[kind] ?? Box;
  return <Icon aria-hidden size={14} className="shrink-0 text-faint" />;
}
