/** Asks for a token, in place of the page that was wanted: the address stays, and with it what is shown afterwards. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { LogIn } from "lucide-react";
import { useId, useState } from "react";
import { client } from "../../api/client";
import { messageOf, Problem } from "../../api/problem";
import { Button } from "../../ui/Button";
import { CopyableCommand } from "../../ui/CopyableCommand";
import { CONTROL } from "../../ui/SchemaField";
import { say } from "../../words/say";
import { AppearanceMenu } from "../AppearanceMenu";
import { Mark } from "../Mark";
import { usePageTitle } from "../PageHead";

export function LoginPage() {
  const id = useId();
  const queries = useQueryClient();
  const [token, setToken] = useState("");
  usePageTitle(say("login.title"));
  // What was refused meanwhile is asked anew.
  const logIn = useMutation({ mutationFn: () => client.logIn(token.trim()), onSuccess: () => queries.resetQueries() });
  const refused = logIn.error instanceof Problem && (logIn.error.status === 401 || logIn.error.status === 403);
  return (
    <main className="relative grid min-h-dvh place-items-center px-4 py-10">
      <div className="absolute top-3 right-3"><AppearanceMenu /></div>
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-2.5">
          <Mark />
          <h1 className="text-page font-semibold tracking-tight">{say("login.title")}</h1>
        </div>
        <form
          className="rounded-card border border-line bg-surface p-5 shadow-raised"
          onSubmit={(event) => {
            event.preventDefault();
            if (token.trim() !== "") logIn.mutate();
          }}
        >
          <label htmlFor={id} className="mb-1 block text-small font-medium">{say("login.token")}</label>
          <input id={id} type="password" autoFocus autoComplete="current-password" spellCheck={false} value={token} aria-invalid={refused} aria-describedby={`${id}-about`} onChange={(event) => setToken(event.target.value)} className={`${CONTROL} h-9 font-mono`} />
          {logIn.error === null ? (
            <p id={`${id}-about`} className="mt-1.5 text-small text-muted">{say("login.about")}</p>
          ) : (
            <p id={`${id}-about`} role="alert" className="mt-1.5 text-small font-medium text-bad-ink">{refused ? say("login.refused") : messageOf(logIn.error)}</p>
          )}
          <Button type="submit" look="primary" disabled={token.trim() === "" || logIn.isPending} className="mt-4 w-full">
            <LogIn aria-hidden size={14} />
            {say(logIn.isPending ? "login.checking" : "login.do")}
          </Button>
        </form>
        <div className="mt-6 space-y-2 text-small text-muted">
          <p>{say("login.make")}</p>
          <CopyableCommand text="loopline token create NAME --role operator" />
        </div>
      </div>
    </main>
  );
}
