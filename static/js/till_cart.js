// The cart on the page: what the server last said of it, which line is chosen, and the tools of that line.
import { morph } from "./till_morph.js";
import { ask } from "./till_http.js";
import { misses, waiting } from "./till_rows.js";
import { counted, word } from "./till_words.js";

export class Cart {
  constructor(element, told) {
    this.element = element;
    this.told = told;
    this.list = element.querySelector("#cart-lines");
    this.tools = build("line-tools");
    this.choose(this.lastLine());
  }

  get id() { return this.element.dataset.cart; }
  get url() { return this.element.dataset.url; }
  get register() { return this.element.dataset.register; }
  get version() { return Number(this.element.dataset.version); }
  get attempt() { return this.element.dataset.attempt ?? ""; }
  get state() { return this.element.dataset.state; }
  get parked() { return Number(this.element.dataset.parked); }
  get lines() { return Number(this.element.dataset.lines); }
  get undoable() { return "undoable" in this.element.dataset; }
  get due() { return this.element.querySelector("#due").dataset; }

  // Something to pay for, and nothing in its way.
  get ready() {
    return this.lines > 0 && !Number(this.element.dataset.problems) && !misses().length && !this.attempt;
  }

  // Shows what the server sent, unless something newer stands already. Another cart only if asked for.
  take(section, { other = false } = {}) {
    const sent = section.dataset;
    if (sent.cart !== this.id && !other) return false;
    if (sent.cart === this.id && Number(sent.version) < this.version) return false;
    const before = new Set([...this.list.querySelectorAll("[data-line]")].map((line) => line.id));
    const moved = sent.cart !== this.id;
    const lost = this.element.contains(document.activeElement);
    morph(this.element, section);
    if (moved) history.replaceState(null, "", this.url);
    const touched = sent.touched && document.getElementById(sent.touched);
    if (touched && !before.has(touched.id)) touched.classList.add("line-new");
    if (moved || touched || !this.chosen?.isConnected) {
      this.choose(touched || this.lastLine());
    } else {
      this.arm();
    }
    this.render();
    this.told.changed({ moved, lost: lost && document.activeElement === document.body });
    if (sent.notice) this.told.notice(sent.notice, touched);
    return true;
  }

  async refetch() {
    const { html, status } = await ask(`${this.url}lines/`);
    const section = html.getElementById("cart");
    if (status === 200 && section) this.take(section);
  }

  // What the pay keys say and whether the empty picture stands, whatever the server sent last.
  render() {
    const bad = misses().length + Number(this.element.dataset.problems);
    const late = waiting();
    const pay = document.getElementById("pay-key");
    const words = pay.querySelector("span");
    const asking = Boolean(this.attempt || this.asking);
    const held = Boolean(bad) || asking;
    pay.classList.toggle("button-held", held);
    pay.classList.toggle("button-main", !held);
    if (asking) words.textContent = word("asking-key");
    else if (bad) words.textContent = counted("to-clear", bad);
    else words.textContent = late && !this.lines ? counted("waiting", late) : word("pay");
    const able = !asking && (this.ready || (late > 0 && !held));
    pay.setAttribute("aria-disabled", String(!able && !held));
    document.getElementById("exact-key").setAttribute("aria-disabled", String(!able));
    document.getElementById("cart-empty").hidden = Boolean(this.lines || bad || late);
    this.list.hidden = !(this.lines || bad || late);
  }

  // ---- the chosen line

  lastLine() {
    return [...this.list.querySelectorAll("[data-line]")].at(-1) ?? null;
  }

  choose(line) {
    this.chosen?.removeAttribute("aria-current");
    this.tools.remove();
    this.chosen = line?.matches?.("[data-line]") ? line : null;
    if (!this.chosen) return;
    this.chosen.setAttribute("aria-current", "true");
    this.chosen.append(this.tools);
    this.arm();
    this.chosen.scrollIntoView({ block: "nearest" });
  }

  // The tools say what the line says, unless somebody is typing in them.
  arm() {
    if (!this.chosen) return;
    if (!this.chosen.contains(this.tools)) this.chosen.append(this.tools);
    const { count, name } = this.chosen.dataset;
    const field = this.tools.querySelector("input");
    this.tools.setAttribute("aria-label", name);
    if (document.activeElement !== field) field.value = local(count);
    field.inputMode = "whole" in this.chosen.dataset ? "numeric" : "decimal";
    this.tools.querySelector('[data-do="less"]').disabled = Number(count) <= 1;
    this.say("");
  }

  step(by) {
    const lines = [...this.list.querySelectorAll("[data-line]")];
    if (!lines.length) return;
    const at = this.chosen ? lines.indexOf(this.chosen) + by : lines.length - 1;
    this.choose(lines[Math.max(0, Math.min(lines.length - 1, at))]);
  }

  // A change of this line is on its way for longer than a blink.
  busy(number, waiting) {
    const line = document.getElementById(`line-${number}`);
    if (waiting) line?.setAttribute("aria-busy", "true");
    else line?.removeAttribute("aria-busy");
  }

  // What is wrong with a typed quantity, next to it.
  say(words) {
    const error = this.tools.querySelector(".line-error");
    error.hidden = !words;
    error.querySelector("span").textContent = words;
    this.tools.querySelector("input").toggleAttribute("aria-invalid", Boolean(words));
  }
}

function local(count) {
  const point = (1.5).toLocaleString(document.documentElement.lang || "en").includes(",") ? "," : ".";
  return count.replace(".", point);
}

function build(name) {
  return document.getElementById(name).content.firstElementChild.cloneNode(true);
}
