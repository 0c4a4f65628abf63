// How htmx behaves in this shop: signed requests, shown waiting, failures said aloud with what was typed kept.
import { goToSignIn } from "./signin.js";
import { toast } from "./toast.js";
import { say } from "./words.js";

const SHOWN_AFTER = 300;
const SAFE = new Set(["get", "head"]);
const waiting = new WeakMap();

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (SAFE.has(detail.verb)) return;
  detail.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
});

// Waiting is shown after 300 ms, on the very button that was pressed.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  const key = pressed(detail);
  if (!key) return;
  waiting.set(detail.xhr, [key, setTimeout(() => key.setAttribute("aria-busy", "true"), SHOWN_AFTER)]);
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const [key, timer] = waiting.get(detail.xhr) ?? [];
  clearTimeout(timer);
  key?.removeAttribute("aria-busy");
});

function pressed({ elt, requestConfig }) {
  const submitter = requestConfig?.triggeringEvent?.submitter;
  return submitter ?? (elt.matches(".button, .tile, .key") ? elt : null);
}

// A refused form puts the hand where it is needed.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.xhr?.status === 422) detail.elt.querySelector('[aria-invalid="true"]')?.focus();
});

// A refusal that no part of the page had room for.
document.addEventListener("refused", ({ detail }) => toast(detail.message));

document.addEventListener("htmx:sendError", ({ detail }) => failed("unreachable", detail));
document.addEventListener("htmx:timeout", ({ detail }) => failed("slow", detail));
document.addEventListener("htmx:responseError", ({ detail }) => {
  const { status, responseText } = detail.xhr;
  if (status === 401) goToSignIn();
  else if (status === 403 && responseText.includes("csrf-failure")) stale();
  else if (status === 403) toast(say("forbidden"));
  else if (status === 404) toast(say("gone"));
  else failed(status === 429 || status === 503 ? "busy" : "failed", detail);
});

function stale() {
  toast(say("stale"), { label: say("reload"), run: () => location.reload() });
}

// What refreshes itself tries again by itself; only what a person asked for is worth a word.
function failed(words, { requestConfig }) {
  const { elt, triggeringEvent: event } = requestConfig;
  if (event?.type.startsWith("live:") || elt.closest("[data-quiet]")) return;
  toast(say(words), { label: say("again"), run: () => again(elt, event) });
}

// The form still holds its id, so sending it twice counts once.
function again(elt, event) {
  if (!elt.isConnected) return;
  if (elt instanceof HTMLFormElement) elt.requestSubmit(event?.submitter ?? null);
  else window.htmx.trigger(elt, event?.type ?? "click");
}
