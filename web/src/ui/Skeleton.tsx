/** Grey bars in the shape of what is coming. */
import { say } from "../words/say";

export function Skeleton({ rows = 5, className = "h-14" }: { rows?: number; className?: string }) {
  return (
    <div role="status" aria-label={say("log.state.loading")} className="space-y-2 p-4">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={`animate-breathe rounded-card bg-idle-tint ${className}`} />
      ))}
    </div>
  );
}
