// The search field: letters look for names, digits are codes, "6*" is how many of what comes next.
import { toast } from "./toast.js";
import { word } from "./till_words.js";

const PAUSE = 150; // ms after the last letter; scans never wait
const PREFIX = /^(\d{1,6}(?:[.,]\d{1,3})?)\*(.*)$/;

export class Search {
  // `add({ code | product, name, quantity })` is called for whatever is chosen.
  constructor(field, add) {
    this.field = field;
    this.add = add;
    this.quantity = "1";
    this.wanted = null; // Text whose first hit is taken as soon as it is found.
    field.addEventListener("input", () => this.typed());
    document.addEventListener("htmx:afterSwap", ({ detail }) => {
      if (detail.target.id === "found") this.found();
    });
    document.addEventListener("click", ({ target }) => this.clicked(target.closest("[data-add]")));
  }

  get text() { return this.field.value.trim(); }
  get region() { return document.getElementById("found"); }
  get hits() { return [...this.region.querySelectorAll("[data-add]")]; }

  typed() {
    const prefix = PREFIX.exec(this.field.value);
    if (prefix) {
      this.count(prefix[1]);
      this.field.value = prefix[2];
    } else if (this.field.value.startsWith("*")) {
      this.field.value = this.field.value.slice(1);
      toast(word("bad-prefix"));
    }
    clearTimeout(this.timer);
    this.wanted = null;
    if (!this.text) this.hide();
    else this.timer = setTimeout(() => this.look(), PAUSE);
  }

  look() {
    clearTimeout(this.timer);
    if (this.text) this.field.dispatchEvent(new CustomEvent("look"));
  }

  // An answer came: for what stands in the field now, or too late to matter.
  found() {
    if (this.region.dataset.for !== this.text) {
      if (!this.text) this.hide();
      return;
    }
    if (this.wanted === this.text) this.takeFirst();
  }

  hide() {
    this.region.hidden = true;
    this.region.replaceChildren();
    this.region.dataset.for = "";
  }

  clear() {
    clearTimeout(this.timer);
    this.field.value = "";
    this.wanted = null;
    this.hide();
  }

  // Digits are a code; letters take the first hit, now or as soon as it comes.
  enter() {
    const text = this.text;
    if (!text) return;
    if (/^\d+$/.test(text)) {
      this.clear();
      this.send({ code: text });
    } else if (this.region.dataset.for === text) {
      this.takeFirst();
    } else {
      this.wanted = text;
      this.look();
    }
  }

  takeFirst() {
    const text = this.text;
    const chosen = this.region.querySelector(".is-first") ?? this.hits[0];
    this.wanted = null;
    if (chosen) this.clicked(chosen);
    else {
      this.clear();
      this.send({ code: text });
    }
  }

  clicked(key) {
    if (!key) return;
    const { add: product, name } = key.dataset;
    if (key.closest("#found")) this.clear();
    this.send({ product, name });
  }

  send(what) {
    const quantity = this.quantity;
    this.count("1");
    this.add({ ...what, quantity });
  }

  // A scan, perhaps with a count typed right before it: "6*", or what is left of that.
  scanned(text) {
    const prefix = PREFIX.exec(text);
    if (prefix) this.count(prefix[1]);
    this.send({ code: text.slice(text.lastIndexOf("*") + 1), scanned: true });
  }

  // How many of what comes next; 1 shows nothing.
  count(quantity) {
    this.quantity = quantity.replace(",", ".");
    const chip = document.getElementById("multiplier");
    chip.hidden = this.quantity === "1";
    chip.textContent = chip.hidden ? "" : `${quantity} ×`;
    chip.title = chip.hidden ? "" : word("prefix", { count: quantity });
  }

  // Up and down among the hits. False if there are none to choose from.
  move(by) {
    const hits = this.hits;
    if (!this.text || !hits.length) return false;
    const at = hits.findIndex((hit) => hit.classList.contains("is-first"));
    const next = hits[Math.max(0, Math.min(hits.length - 1, at + by))];
    hits.forEach((hit) => hit.classList.toggle("is-first", hit === next));
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  // Esc: what was typed goes first, then the count. False if there was nothing to take back.
  back() {
    if (this.field.value) this.clear();
    else if (this.quantity !== "1") this.count("1");
    else return false;
    return true;
  }
}
