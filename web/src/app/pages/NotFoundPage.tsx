/** An address that leads nowhere. */
import { Link } from "@tanstack/react-router";
import { Signpost } from "lucide-react";
import { Notice } from "../../ui/Notice";
import { usePageTitle } from "../PageHead";

export function NotFoundPage() {
  usePageTitle("Not found");
  return (
    <Notice icon={Signpost} title="Nothing lives at this address">
      Go back to the <Link to="/" className="font-medium text-accent-ink underline">pipelines</Link>.
    </Notice>
  );
}
