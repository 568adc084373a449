/** The home page without pipelines: samples to start from, and the other ways in. */
import { Workflow } from "lucide-react";
import { CopyableCommand } from "../ui/CopyableCommand";
import { say } from "../words/say";
import { StartingPoints } from "./StartingPoints";

export function NoPipelines() {
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
      <StartingPoints />
      <div className="mt-10 space-y-3 text-body text-muted">
        <p>{say("home.folder")}</p>
        <CopyableCommand text={"loopline serve --pipelines ./pipelines"} />
        <p>{say("home.curl")}</p>
        <CopyableCommand text={`curl -X PUT \\\n  ${window.location.origin}/api/v1/pipelines/default/hello \\\n  -H 'content-type: application/yaml' \\\n  --data-binary @hello.loopline.yaml`} />
      </div>
    </div>
  );
}
