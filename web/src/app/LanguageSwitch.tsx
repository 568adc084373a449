/** English or Simplified Chinese, each in its own words. */
import * as Menu from "@radix-ui/react-dropdown-menu";
import { Check, Languages } from "lucide-react";
import { changeLanguage, useLanguage } from "../ui/language";
import { say } from "../words/say";

const CHOICES = [
  { language: "en", label: "English", lang: "en" },
  { language: "zh", label: "简体中文", lang: "zh-Hans" },
] as const;

export function LanguageSwitch() {
  const chosen = useLanguage();
  return (
    <Menu.Root>
      <Menu.Trigger aria-label={say("frame.language")} className="grid size-8 place-items-center rounded-control text-muted hover:bg-hover hover:text-ink">
        <Languages aria-hidden size={15} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content side="top" align="end" sideOffset={6} className="z-50 min-w-36 animate-appear rounded-control border border-line bg-raised p-1 shadow-floating">
          {CHOICES.map(({ language, label, lang }) => (
            <Menu.Item key={language} lang={lang} onSelect={() => changeLanguage(language)} className="flex cursor-pointer items-center gap-2 rounded px-2 py-1.5 text-body outline-none data-[highlighted]:bg-hover">
              {label}
              {language === chosen && <Check aria-hidden size={13} className="ml-auto text-accent-ink" />}
            </Menu.Item>
          ))}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
