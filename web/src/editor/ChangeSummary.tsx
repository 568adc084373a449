/** What a save means, in sentences above the text difference. */
import { useMemo } from "react";
import { changeSummary } from "../document/changeSummary";
import { PipelineDocument } from "../document/pipelineDocument";
import { say } from "../words/say";

const MOST = 12;

export function ChangeSummary({ before, after, label = say("save.summary") }: { before: string; after: PipelineDocument; label?: string }) {
  const sentences = useMemo(() => {
    const old = PipelineDocument.parse(before);
    return old.syntaxProblems.length > 0 || after.syntaxProblems.length > 0 ? null : changeSummary(old.value, after.value);
  }, [before, after]);
  if (sentences === null) return null;
  return (
    <ul aria-label={label} className="max-h-40 list-disc overflow-auto px-5 pb-3 pl-9 text-body marker:text-faint">
      {sentences.length === 0 && <li>{say("save.onlyText")}</li>}
      {sentences.slice(0, MOST).map((sentence, at) => (
        <li key={`${at} ${sentence}`} className="[overflow-wrap:anywhere]">{sentence}</li>
      ))}
      {sentences.length > MOST && <li>{say("save.more", { count: sentences.length - MOST })}</li>}
    </ul>
  );
}
