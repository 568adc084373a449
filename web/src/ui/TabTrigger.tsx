/** One tab of a row of tabs. */
import * as Tabs from "@radix-ui/react-tabs";
import type { ReactNode } from "react";

export function TabTrigger({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Tabs.Trigger
      value={value}
      className="relative flex h-9 items-center gap-1.5 px-2.5 text-body font-medium whitespace-nowrap text-muted hover:text-ink focus-visible:outline-offset-[-3px] data-[state=active]:text-ink data-[state=active]:after:absolute data-[state=active]:after:inset-x-2 data-[state=active]:after:bottom-[-1px] data-[state=active]:after:h-0.5 data-[state=active]:after:rounded-full data-[state=active]:after:bg-accent"
    >
      {children}
    </Tabs.Trigger>
  );
}
