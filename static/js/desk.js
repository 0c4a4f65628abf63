// The till's other rooms: a key for every button, the counts of a return, and the printer.

// data-key holds the keys of a button or link, as the browser names them: "F9 p".
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const key = event.ctrlKey || event.metaKey ? `Ctrl${event.key}` : event.key;
  const meant = key === "CtrlEnter" ? "F9" : key;
  if (meant.length === 1 && event.target.matches("input, select, textarea")) return;
  const thing = document.querySelector(`[data-key~="${CSS.escape(meant)}"]`);
  if (!thing || thing.getAttribute("aria-disabled") === "true") return;
  event.preventDefault();
  thing.click();
});

const deeds = {
  print: () => window.print(),
  less: (key) => step(key, -1),
  more: (key) => step(key, 1),
  reason: (key) => { document.getElementById("reason").value = key.textContent; },
  all: () => steppers().forEach((stepper) => set(stepper, Number(stepper.dataset.most))),
};

document.addEventListener("click", ({ target }) => {
  const key = target.closest("[data-do]");
  if (key) deeds[key.dataset.do]?.(key);
});

function steppers() {
  return [...document.querySelectorAll(".stepper[data-most]")];
}

function step(key, by) {
  const stepper = key.closest(".stepper");
  const now = Number(stepper.querySelector("input").value.replace(",", ".")) || 0;
  set(stepper, Math.min(Math.max(now + by, 0), Number(stepper.dataset.most)));
}

// Three decimals, as quantities have; no floating dust.
function set(stepper, count) {
  const input = stepper.querySelector("input");
  if (input.readOnly) return;
  input.value = String(Number(count.toFixed(3)));
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

// A return that got no answer may have been posted: the form is held as it was sent, and only asks again.
function hold({ detail }) {
  const form = detail.requestConfig?.elt;
  if (form?.id !== "return" || (detail.xhr.status && detail.xhr.status < 500)) return;
  form.querySelectorAll(".desk-rows, .till-pad, [data-do=all]").forEach((part) => { part.inert = true; });
  form.querySelectorAll("[data-first], [data-again]").forEach((words) => { words.hidden = "first" in words.dataset; });
  const banner = document.getElementById("unsure");
  banner.hidden = false;
  banner.focus();
}

["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach((name) => document.addEventListener(name, hold));

if (document.querySelector("[data-print]")) window.addEventListener("load", () => window.print(), { once: true });
