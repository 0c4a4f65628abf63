// One short word over the work, gone after six seconds unless it is being read or touched.
import { say } from "./words.js";

const STAYS = 6000;
let leaving = 0;

// Says `text`; `action` is { label, run } for the one thing that can be done about it.
export function toast(text, action = null) {
  const region = document.getElementById("toasts");
  if (!region) return null;
  const note = document.createElement("p");
  note.className = "toast";
  const words = document.createElement("span");
  words.textContent = text;
  note.append(words);
  if (action) note.append(button(action.label, () => leave(note, action.run)));
  region.replaceChildren(note);
  wait(note);
  return note;
}

function button(label, run) {
  const key = document.createElement("button");
  key.type = "button";
  key.className = "button";
  key.textContent = label;
  key.addEventListener("click", run);
  return key;
}

function leave(note, then) {
  const next = note.nextElementSibling;
  note.remove();
  if (next) show(next);
  then?.();
}

function wait(note) {
  clearTimeout(leaving);
  leaving = setTimeout(() => {
    if (note.matches(":hover, :focus-within")) wait(note);
    else leave(note);
  }, STAYS);
}

function show(note) {
  note.hidden = false;
  wait(note);
}

// What the server wrote into the page waits in turn.
function begin() {
  const [first, ...rest] = document.querySelectorAll("#toasts > .toast");
  rest.forEach((note) => { note.hidden = true; });
  if (first) show(first);
}

// The server may say something beside its answer: HX-Trigger: {"toast": {"text": "..."}}.
document.addEventListener("toast", (event) => {
  const { text, undo } = event.detail;
  const action = undo && { label: say("undo"), run: () => window.htmx.ajax("POST", undo, { swap: "none" }) };
  toast(text, action);
});

document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.target.id === "toasts") begin();
});

begin();
