/** All addresses of the app. The search part holds selection, tabs and pins: a link shows what its sender saw. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Frame } from "./Frame";
import { NotFoundPage } from "./pages/NotFoundPage";
import { PipelinesPage } from "./pages/PipelinesPage";
import { approvalSearch, pipelineSearch, runSearch, runsSearch, secretsSearch } from "./search";

const root = createRootRoute({ component: Frame, notFoundComponent: NotFoundPage });

const pipelines = createRoute({ getParentRoute: () => root, path: "/", component: PipelinesPage });
const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipelines/$project/$name",
  validateSearch: pipelineSearch,
  component: lazyRouteComponent(() => import("./pages/PipelinePage"), "PipelinePage"),
});
const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: runsSearch,
  component: lazyRouteComponent(() => import("./pages/RunsPage"), "RunsPage"),
});
const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$id",
  validateSearch: runSearch,
  component: lazyRouteComponent(() => import("./pages/RunPage"), "RunPage"),
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: "/approvals",
  component: lazyRouteComponent(() => import("./pages/ApprovalsPage"), "ApprovalsPage"),
});
const approval = createRoute({
  getParentRoute: () => root,
  path: "/approvals/$run/$step",
  validateSearch: approvalSearch,
  component: lazyRouteComponent(() => import("./pages/ApprovalPage"), "ApprovalPage"),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("./pages/SettingsPage"), "SettingsPage"),
});
const secrets = createRoute({
  getParentRoute: () => root,
  path: "/settings/secrets",
  validateSearch: secretsSearch,
  component: lazyRouteComponent(() => import("./pages/SecretsPage"), "SecretsPage"),
});
const tokens = createRoute({
  getParentRoute: () => root,
  path: "/settings/tokens",
  component: lazyRouteComponent(() => import("./pages/TokensPage"), "TokensPage"),
});
const keyboard = createRoute({
  getParentRoute: () => root,
  path: "/settings/keyboard",
  component: lazyRouteComponent(() => import("./pages/KeyboardPage"), "KeyboardPage"),
});

export const router = createRouter({ routeTree: root.addChildren([pipelines, pipeline, runs, run, approvals, approval, settings, secrets, tokens, keyboard]), defaultPreload: "intent" });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
