/** The one button. `primary` once per view at most; `danger` for what cannot be taken back. */
import type { ComponentProps } from "react";

type Look = "primary" | "secondary" | "quiet" | "danger" | "approve";

const LOOKS: Readonly<Record<Look, string>> = {
  primary: "bg-accent text-white hover:brightness-110 shadow-raised",
  approve: "bg-[light-dark(#1f7a50,#237f55)] text-white hover:brightness-110 shadow-raised",
  secondary: "bg-raised text-ink border border-line hover:bg-hover hover:border-edge shadow-raised",
  quiet: "text-muted hover:bg-hover hover:text-ink",
  danger: "bg-raised text-bad-ink border border-line hover:bg-bad-tint hover:border-bad shadow-raised",
};

export interface ButtonProps extends ComponentProps<"button"> {
  readonly look?: Look;
  readonly size?: "small" | "normal";
}

export function Button({ look = "secondary", size = "normal", className = "", type = "button", ...rest }: ButtonProps) {
  const height = size === "small" ? "h-7 px-2.5 text-small" : "h-8 px-3 text-body";
  return (
    <button
      type={type}
      className={`inline-flex shrink-0 items-center justify-center gap-1.5 rounded-control font-medium whitespace-nowrap transition-colors duration-100 disabled:opacity-50 ${height} ${LOOKS[look]} ${className}`}
      {...rest}
    />
  );
}
