// A scanner types like nobody does: many keys within a blink, then Enter or Tab. So a scan is known by its pace,
// wherever the focus is; what it typed into a field on the way is taken out again.

const GAP = 50; // ms between two keys of a scanner, at most; people need 80 and more
const END = 100; // ms until its Enter
const SHORTEST = 4;

export class Scanner {
  constructor(scanned) {
    this.scanned = scanned;
    this.keys = [];
    document.addEventListener("keydown", (event) => this.heard(event), { capture: true });
  }

  // Whether keys are coming faster than a person types.
  get inBurst() {
    return this.keys.length > 1 && performance.now() - this.keys.at(-1).at < GAP;
  }

  heard(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const now = performance.now();
    if (event.key === "Enter" || event.key === "Tab") {
      this.end(event, now);
    } else if (event.key.length === 1) {
      if (this.keys.length && now - this.keys.at(-1).at > GAP) this.keys = [];
      if (!this.keys.length) this.before = snapshot();
      if (!event.repeat) this.keys.push({ key: event.key, at: now });
    } else if (event.key !== "Shift") {
      this.keys = [];
    }
  }

  end(event, now) {
    const keys = this.keys;
    this.keys = [];
    if (keys.length < SHORTEST || now - keys.at(-1).at > END) return;
    if ((keys.at(-1).at - keys[0].at) / (keys.length - 1) > GAP) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.before?.();
    this.scanned(keys.map(({ key }) => key).join(""));
  }
}

// How to put a field back to what it was before a scan was typed into it.
function snapshot() {
  const field = document.activeElement;
  if (!field?.matches("input, textarea")) return null;
  const { value } = field;
  return () => {
    if (field.value === value) return;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
}
