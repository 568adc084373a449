/** Where a new pipeline can come from: a sample, nothing, or a file of another system. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FilePlus2, FileInput, GitFork, type LucideIcon, Rocket, Workflow } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { client } from "../api/client";
import { messageOf, Problem } from "../api/problem";
import { say } from "../words/say";
import { type Sample, SAMPLES } from "./samples/samples";

const ImportDialog = lazy(() => import("./ImportDialog").then((module) => ({ default: module.ImportDialog })));

const ICONS: Readonly<Record<string, typeof Rocket>> = { release: Rocket, "side-by-side": GitFork, hello: FilePlus2 };

export function StartingPoints() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [importing, setImporting] = useState(false);
  const start = useMutation({
    mutationFn: (sample: Sample) => client.createPipeline("default", sample.name, sample.yaml),
    onSuccess: ({ project, name }) => {
      void queries.invalidateQueries({ queryKey: ["pipelines"] });
      void navigate({ to: "/pipelines/$project/$name", params: { project, name } });
    },
  });
  return (
    <>
      <ul className="grid gap-3 sm:grid-cols-2">
        {SAMPLES.map((sample) => (
          <StartingPoint key={sample.name} icon={ICONS[sample.name] ?? Workflow} title={say(sample.title)} about={say(sample.about)} disabled={start.isPending} onClick={() => start.mutate(sample)} />
        ))}
        <StartingPoint icon={FileInput} title={say("import.title")} about={say("import.about")} disabled={start.isPending} onClick={() => setImporting(true)} />
      </ul>
      {start.error !== null && <p role="alert" className="mt-3 text-body font-medium text-bad-ink">{start.error instanceof Problem && start.error.status === 409 && start.error.slug !== "read-only" ? say("home.exists") : messageOf(start.error)}</p>}
      {importing && (
        <Suspense fallback={null}>
          <ImportDialog onClose={() => setImporting(false)} />
        </Suspense>
      )}
    </>
  );
}

function StartingPoint({ icon: Icon, title, about, disabled, onClick }: { icon: LucideIcon; title: string; about: string; disabled: boolean; onClick: () => void }) {
  return (
    <li>
      <button
        type="button"
        disabled={disabled}
        onClick={onClick}
        className="flex h-full w-full flex-col items-start gap-1 rounded-card border border-line bg-surface p-4 text-left shadow-raised transition-colors hover:border-accent hover:bg-accent-tint disabled:opacity-60"
      >
        <Icon aria-hidden size={18} className="mb-1 text-accent-ink" />
        <span className="text-body font-semibold">{title}</span>
        <span className="text-small text-muted">{about}</span>
      </button>
    </li>
  );
}
