/** Light, dark, or as the system says. The choice is read again by theme.js before the first paint. */
import * as Menu from "@radix-ui/react-dropdown-menu";
import { Check, Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";

type Theme = "light" | "dark" | "system";

const STORED = "loopline.theme";
const CHOICES = [
  { theme: "light", label: "Light", icon: Sun },
  { theme: "dark", label: "Dark", icon: Moon },
  { theme: "system", label: "As the system", icon: Monitor },
] as const;

export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(() => (document.documentElement.dataset["theme"] as Theme | undefined) ?? "system");
  const choose = (next: Theme) => {
    setTheme(next);
    if (next === "system") {
      delete document.documentElement.dataset["theme"];
      localStorage.removeItem(STORED);
    } else {
      document.documentElement.dataset["theme"] = next;
      localStorage.setItem(STORED, next);
    }
  };
  const Current = CHOICES.find((choice) => choice.theme === theme)?.icon ?? Monitor;
  return (
    <Menu.Root>
      <Menu.Trigger aria-label="Theme" className="grid size-8 place-items-center rounded-control text-muted hover:bg-hover hover:text-ink">
        <Current aria-hidden size={15} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content align="end" sideOffset={6} className="z-50 min-w-40 animate-appear rounded-card border border-line bg-raised p-1 shadow-floating">
          <Menu.RadioGroup value={theme} onValueChange={(next) => choose(next as Theme)}>
            {CHOICES.map(({ theme: value, label, icon: Icon }) => (
              <Menu.RadioItem key={value} value={value} className="flex h-8 cursor-pointer items-center gap-2 rounded-control px-2 text-body outline-none data-[highlighted]:bg-hover">
                <Icon aria-hidden size={14} className="text-faint" />
                {label}
                <Menu.ItemIndicator className="ml-auto"><Check aria-hidden size={14} /></Menu.ItemIndicator>
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
