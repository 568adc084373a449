/** An address that leads nowhere. */
import { Link } from "@tanstack/react-router";
import { Signpost } from "lucide-react";
import { Notice } from "../../ui/Notice";
import { usePageTitle } from "../PageHead";
import { say } from "../../words/say";

export function NotFoundPage() {
  usePageTitle(say("notFound.title"));
  return (
    <Notice icon={Signpost} title={say("notFound.about")}>
      <Link to="/" className="font-medium text-accent-ink underline">{say("notFound.back")}</Link>
    </Notice>
  );
}
