// A scanner types like nobody does: many keys within a blink, then Enter or Tab. So a scan is known by its pace,
// wherever the focus is; what it typed into a field on the way is taken out again. The pace is the keyboard's
// own (timeStamp), so that a busy page does not tear a code apart.

const PACE = 45; // ms between two keys of a scanner, in the middle of its gaps; people need 80 and more
const PAUSE = 60; // ms of silence that end what was typed before; a scanner that stumbles is still quicker
const END = 100; // ms until its Enter
const SHORTEST = 4;

export class Scanner {
  constructor(scanned) {
    this.scanned = scanned;
    this.keys = [];
    this.ended = -END;
    document.addEventListener("keydown", (event) => this.heard(event), { capture: true });
  }

  // Whether keys are coming faster than a person types, or a scan has just ended.
  get inBurst() {
    const now = performance.now();
    return now - this.ended < END || (this.keys.length > 1 && now - this.keys.at(-1).at < PAUSE);
  }

  heard(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.key === "Enter" || event.key === "Tab") this.end(event);
    else if (event.key.length === 1) this.noted(event);
    else if (event.key !== "Shift") this.keys = [];
  }

  noted({ key, timeStamp: at, repeat }) {
    if (this.keys.length && at - this.keys.at(-1).at > PAUSE) this.keys = [];
    if (!this.keys.length) this.before = snapshot();
    if (!repeat) this.keys.push({ key, at });
  }

  end(event) {
    const keys = this.keys;
    this.keys = [];
    if (keys.length < SHORTEST || event.timeStamp - keys.at(-1).at > END) return;
    if (middle(keys.slice(1).map(({ at }, index) => at - keys[index].at)) > PACE) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.before();
    this.ended = performance.now();
    this.scanned(keys.map(({ key }) => key).join(""));
  }
}

function middle(gaps) {
  return gaps.sort((one, other) => one - other)[gaps.length >> 1];
}

// How to put back what fields held before a scan was typed: the one with the focus, and the search, which takes
// whatever is typed into nothing.
function snapshot() {
  const focused = document.activeElement?.matches("input, textarea") ? document.activeElement : null;
  const fields = new Set([focused, document.getElementById("search")].filter(Boolean));
  const before = [...fields].map((field) => [field, field.value]);
  return () => {
    for (const [field, value] of before) {
      if (field.value === value) continue;
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
}
