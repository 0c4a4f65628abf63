// Rows that arrive over a socket, put in their places. A row being typed into waits until the hand has left it.

const TINTED = 4000;
const REMEMBERED = 15_000; // Longer than any fetch of the region takes.
const TYPED_INTO = "input, textarea, select, [contenteditable]";
const REACHABLE = "a[href], button, input, select, textarea, [tabindex]";

export class Rows {
  constructor(announce, signal) {
    this.announce = announce;
    this.newest = new Map(); // By id: the newest row heard of.
    this.told = new WeakSet();
    document.addEventListener("focusout", () => queueMicrotask(() => this.settle()), { signal });
  }

  // Takes a message in. True if the server asks for the whole region instead.
  take(html) {
    const message = document.createElement("template");
    message.innerHTML = html;
    const rows = [...message.content.children];
    for (const row of rows) {
      const heard = this.newest.get(row.id);
      if (row.id && !(heard && version(heard) >= version(row))) this.newest.set(row.id, row);
    }
    this.settle();
    return rows.some((row) => "refetch" in row.dataset);
  }

  // Puts every row in its place that is newer than what stands there: after a message, and after a fetched
  // region that may have been read before that message was sent.
  settle() {
    for (const [id, row] of this.newest) {
      const standing = document.getElementById(id);
      if (!standing) this.newest.delete(id);
      else if (version(standing) < version(row) && !beingTypedInto(standing)) this.place(standing, row);
    }
  }

  place(standing, row) {
    const fresh = row.cloneNode(true);
    const held = reachable(standing).indexOf(document.activeElement);
    standing.replaceWith(fresh);
    window.htmx?.process(fresh);
    if (held >= 0) reachable(fresh)[held]?.focus({ preventScroll: true });
    tint(fresh);
    this.tell(row);
  }

  // Once per row; and kept a while, for a region that is read before and arrives after it.
  tell(row) {
    if (this.told.has(row)) return;
    this.told.add(row);
    if (row.dataset.say) this.announce(row.dataset.say);
    setTimeout(() => { if (this.newest.get(row.id) === row) this.newest.delete(row.id); }, REMEMBERED);
  }
}

function version(row) {
  return Number(row.dataset.version ?? 0);
}

function beingTypedInto(row) {
  return row.contains(document.activeElement) && document.activeElement.matches(TYPED_INTO);
}

function reachable(row) {
  return [...row.querySelectorAll(REACHABLE)];
}

// Marked for four seconds, with the words why (data-moment); then only the new figure stays.
function tint(row) {
  row.classList.add("item-moved");
  setTimeout(() => {
    row.classList.remove("item-moved");
    for (const words of row.querySelectorAll("[data-moment]")) words.remove();
  }, TINTED);
}
