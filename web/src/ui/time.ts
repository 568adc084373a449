/** Durations and moments in words. Pure: the current time comes in as a value. */
import { say } from "../words/say";


export function durationWords(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))}ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${Math.floor(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** Coarse, for something that ticks: whole seconds only. */
export function elapsedWords(milliseconds: number): string {
  return milliseconds < 60_000 ? `${Math.max(0, Math.floor(milliseconds / 1000))}s` : durationWords(milliseconds);
}

export function agoWords(moment: string, now: number): string {
  const seconds = (now - Date.parse(moment)) / 1000;
  if (seconds < 45) return say("ago.now");
  if (seconds < 3600) return say("ago.minutes", { count: Math.max(1, Math.round(seconds / 60)) });
  if (seconds < 86_400) return say("ago.hours", { count: Math.round(seconds / 3600) });
  if (seconds < 30 * 86_400) return say("ago.days", { count: Math.round(seconds / 86_400) });
  return new Date(moment).toLocaleDateString();
}

export function clockWords(moment: string): string {
  return new Date(moment).toLocaleTimeString(undefined, { hour12: false });
}
