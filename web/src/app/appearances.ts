/** The themes and languages that can be chosen, for the menu, the settings and the palette. */
import { type LucideIcon, Monitor, Moon, Sun } from "lucide-react";
import type { Theme } from "../ui/theme";
import type { Language, Words } from "../words/say";

export const THEMES: readonly { readonly theme: Theme; readonly words: Words; readonly icon: LucideIcon }[] = [
  { theme: "light", words: "frame.light", icon: Sun },
  { theme: "dark", words: "frame.dark", icon: Moon },
  { theme: "system", words: "frame.system", icon: Monitor },
];

/** Each is named in itself: who looks for it may not read the other. */
export const LANGUAGES: readonly { readonly language: Language; readonly name: string; readonly lang: string }[] = [
  { language: "en", name: "English", lang: "en" },
  { language: "zh", name: "简体中文", lang: "zh-Hans" },
];
