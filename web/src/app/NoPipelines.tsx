/** The home page without pipelines: samples to start from, and the other ways in. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FilePlus2, GitFork, Rocket, Workflow } from "lucide-react";
import { client } from "../api/client";
import { messageOf, Problem } from "../api/problem";
import { CopyableCommand } from "../ui/CopyableCommand";
import { say } from "../words/say";
import { type Sample, SAMPLES } from "./samples/samples";

const ICONS: Readonly<Record<string, typeof Rocket>> = { release: Rocket, "side-by-side": GitFork, hello: FilePlus2 };

export function NoPipelines() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: (sample: Sample) => client.createPipeline("default", sample.name, sample.yaml),
    onSuccess: ({ project, name }) => {
      void queries.invalidateQueries({ queryKey: ["pipelines"] });
      void navigate({ to: "/pipelines/$project/$name", params: { project, name } });
    },
  });
  return (
    <div className="mx-auto max-w-3xl px-6 py-12">
      <header className="flex items-center gap-3">
        <span className="grid size-10 place-items-center rounded-card border border-line bg-surface text-faint shadow-raised">
          <Workflow aria-hidden size={19} />
        </span>
        <h2 className="text-title font-semibold">{say("home.none")}</h2>
      </header>
      <h3 className="mt-8 text-body font-semibold">{say("home.sample")}</h3>
      <p className="mb-3 text-body text-muted">{say("home.sample.about")}</p>
      <ul className="grid gap-3 sm:grid-cols-3">
        {SAMPLES.map((sample) => {
          const Icon = ICONS[sample.name] ?? Workflow;
          return (
            <li key={sample.name}>
              <button
                type="button"
                disabled={start.isPending}
                onClick={() => start.mutate(sample)}
                className="flex h-full w-full flex-col items-start gap-1 rounded-card border border-line bg-surface p-4 text-left shadow-raised transition-colors hover:border-accent hover:bg-accent-tint disabled:opacity-60"
              >
                <Icon aria-hidden size={18} className="mb-1 text-accent-ink" />
                <span className="text-body font-semibold">{say(sample.title)}</span>
                <span className="text-small text-muted">{say(sample.about)}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {start.error !== null && <p role="alert" className="mt-3 text-body font-medium text-bad-ink">{start.error instanceof Problem && start.error.status === 409 && start.error.slug !== "read-only" ? say("home.exists") : messageOf(start.error)}</p>}
      <div className="mt-10 space-y-3 text-body text-muted">
        <p>{say("home.folder")}</p>
        <CopyableCommand text={"loopline serve --pipelines ./pipelines"} />
        <p>{say("home.curl")}</p>
        <CopyableCommand text={`curl -X PUT \\\n  ${window.location.origin}/api/v1/pipelines/default/hello \\\n  -H 'content-type: application/yaml' \\\n  --data-binary @hello.loopline.yaml`} />
      </div>
    </div>
  );
}
