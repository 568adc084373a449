// Builds the single-page app that the `loopline` binary embeds.
// No asset is inlined and no script is written into the page: the server's
// content security policy allows files of its own origin only.
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import manifest from "./package.json" with { type: "json" };

const server = process.env["LOOPLINE_SERVER"] ?? "http://127.0.0.1:7878";

export default defineConfig({
  define: { "import.meta.env.LOOPLINE_VERSION": JSON.stringify(manifest.version) },
  plugins: [react(), tailwindcss()],
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
    target: "es2022",
    chunkSizeWarningLimit: 2000,
  },
  server: { proxy: { "/api": { target: server, changeOrigin: true } } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
