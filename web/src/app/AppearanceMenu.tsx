/** Theme and language, at hand on every page. */
import * as Menu from "@radix-ui/react-dropdown-menu";
import { Check, Languages, type LucideIcon, Monitor } from "lucide-react";
import { changeLanguage, useLanguage } from "../ui/language";
import { changeTheme, type Theme, useTheme } from "../ui/theme";
import { type Language, say } from "../words/say";
import { LANGUAGES, THEMES } from "./appearances";

export function AppearanceMenu() {
  const theme = useTheme();
  const language = useLanguage();
  const Current = THEMES.find((choice) => choice.theme === theme)?.icon ?? Monitor;
  return (
    <Menu.Root>
      <Menu.Trigger aria-label={say("frame.appearance")} title={say("frame.appearance")} className="grid size-8 place-items-center rounded-control text-muted hover:bg-hover hover:text-ink">
        <Current aria-hidden size={15} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content align="end" sideOffset={6} className="z-50 min-w-40 animate-appear rounded-card border border-line bg-raised p-1 shadow-floating">
          <Menu.RadioGroup value={theme} onValueChange={(next) => changeTheme(next as Theme)} aria-label={say("frame.theme")}>
            {THEMES.map(({ theme: value, words, icon }) => (
              <Choice key={value} value={value} icon={icon} name={say(words)} />
            ))}
          </Menu.RadioGroup>
          <Menu.Separator className="my-1 h-px bg-line" />
          <Menu.RadioGroup value={language} onValueChange={(next) => changeLanguage(next as Language)} aria-label={say("frame.language")}>
            {LANGUAGES.map(({ language: value, name, lang }) => (
              <Choice key={value} value={value} icon={Languages} name={name} lang={lang} />
            ))}
          </Menu.RadioGroup>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Choice({ value, icon: Icon, name, lang }: { value: string; icon: LucideIcon; name: string; lang?: string }) {
  return (
    <Menu.RadioItem value={value} {...(lang === undefined ? {} : { lang })} className="flex h-8 cursor-pointer items-center gap-2 rounded-control px-2 text-body outline-none data-[highlighted]:bg-hover">
      <Icon aria-hidden size={14} className="text-faint" />
      {name}
      <Menu.ItemIndicator className="ml-auto"><Check aria-hidden size={14} /></Menu.ItemIndicator>
    </Menu.RadioItem>
  );
}
