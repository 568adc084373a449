/** `/settings`: how the pages look and speak, kept in this browser, and what Loopline this is. */
import { Languages } from "lucide-react";
import { type ReactNode, useId } from "react";
import { Choice, Choices } from "../../ui/Choices";
import { changeLanguage, useLanguage } from "../../ui/language";
import { changeTheme, useTheme } from "../../ui/theme";
import { say } from "../../words/say";
import { LANGUAGES, THEMES } from "../appearances";
import { Mark } from "../Mark";
import { SettingsFrame } from "../settings/SettingsFrame";

const DESCRIPTION = "/api/v1/openapi.json";

export function SettingsPage() {
  const theme = useTheme();
  const language = useLanguage();
  return (
    <SettingsFrame title={say("frame.settings")}>
      <div className="max-w-3xl space-y-10 px-4 py-8 sm:px-6">
        <Section title={say("settings.look")} about={say("settings.look.about")}>
          <Choices legend={say("frame.theme")}>
            {THEMES.map(({ theme: value, words, icon }) => (
              <Choice key={value} group="theme" icon={icon} label={say(words)} checked={theme === value} onChoose={() => changeTheme(value)} />
            ))}
          </Choices>
          <Choices legend={say("frame.language")}>
            {LANGUAGES.map(({ language: value, name, lang }) => (
              <Choice key={value} group="language" icon={Languages} label={name} lang={lang} checked={language === value} onChoose={() => changeLanguage(value)} />
            ))}
          </Choices>
        </Section>
        <Section title={say("settings.about")}>
          <div className="flex items-center gap-4">
            <Mark />
            <p className="text-body">
              <span className="font-semibold">Loopline</span> <span className="font-mono text-small">{import.meta.env.LOOPLINE_VERSION}</span>
            </p>
          </div>
          <p className="text-body text-muted">
            {say("settings.api")}{" "}
            <a href={DESCRIPTION} target="_blank" rel="noreferrer" className="rounded font-mono text-small text-accent-ink underline">{DESCRIPTION}</a>
          </p>
        </Section>
      </div>
    </SettingsFrame>
  );
}

function Section({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="space-y-4">
      <div>
        <h2 id={id} className="text-title font-semibold">{title}</h2>
        {about !== undefined && <p className="text-body text-muted">{about}</p>}
      </div>
      {children}
    </section>
  );
}
