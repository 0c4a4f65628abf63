// <receiving-desk data-found="/stock/receive/found/?store=HS"> around the search: scans go onto the list one after
// the other, in order, however fast they come. The list is kept in this tab until it is posted.
import "./finding.js";
import { play } from "./sounds.js";
import { toast } from "./toast.js";
import { say } from "./words.js";
import { goToSignIn } from "./signin.js";

const TINTED = 4000;
const WAIT = 250;
const PATIENCE = 10_000;

class ReceivingDesk extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector('input[name="q"]');
    this.some = this.querySelector("#some-found");
    this.queue = Promise.resolve();
    this.kept = `receipt:${this.dataset.found}`;
    this.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); this.scan(); });
    this.input.addEventListener("input", () => this.typed());
    document.addEventListener("click", (event) => this.clicked(event));
    document.addEventListener("input", (event) => { if (event.target.closest("#receipt")) this.changed(); });
    document.addEventListener("htmx:afterSwap", (event) => { if (event.target.id === "receipt") this.posted(); });
    this.restore();
    this.changed();
  }

  get list() {
    return document.getElementById("arrived");
  }

  // Enter: what is typed is asked for, the field is free again at once.
  scan() {
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    clearTimeout(this.typing);
    this.ask(text, true);
  }

  typed() {
    clearTimeout(this.typing);
    const text = this.input.value.trim();
    if (text.length < 2) { this.some.replaceChildren(); return; }
    this.typing = setTimeout(() => this.ask(text, false), WAIT);
  }

  ask(text, meant) {
    const answer = this.fetch(text);
    this.queue = this.queue.then(async () => this.take(await answer, text, meant));
  }

  async fetch(text) {
    const url = new URL(this.dataset.found, location.href);
    url.searchParams.set("q", text);
    try {
      const response = await fetch(url, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(PATIENCE) });
      if (response.status === 401) { goToSignIn(); return null; }
      return response.ok ? elements(await response.text()) : null;
    } catch {
      return null;
    }
  }

  take(found, text, meant) {
    if (!found) {
      if (meant) toast(say("unreachable"), { label: say("again"), run: () => this.ask(text, true) });
      return;
    }
    const [first] = found;
    if (!meant) {
      // While typing only a choice is shown; an answer to older letters is none.
      if (this.input.value.trim() === text) this.offer(first, text);
    } else if (first.dataset.some !== undefined) {
      const only = first.querySelectorAll("[data-choose]");
      if (only.length === 1) this.ask(only[0].dataset.choose, true);
      else this.some.replaceChildren(first);
    } else if (first.dataset.miss !== undefined) {
      this.list.prepend(first);
      play("miss");
    } else this.add(first);
  }

  offer(first, text) {
    if (first.dataset.some !== undefined) this.some.replaceChildren(first);
    else if (first.dataset.each === undefined || text.length < 4) this.some.replaceChildren();
  }

  add(line) {
    this.some.replaceChildren();
    const standing = document.getElementById(line.id);
    if (standing) {
      step(standing, number(line.dataset.each) || 1);
      this.list.prepend(standing);
    } else this.list.prepend(line);
    const shown = standing ?? line;
    shown.classList.add("item-moved");
    setTimeout(() => shown.classList.remove("item-moved"), TINTED);
    play("counted");
    this.changed();
  }

  clicked(event) {
    const key = event.target.closest("button");
    if (!key) return;
    const line = key.closest("#arrived > li");
    if (key.dataset.choose) {
      this.input.value = "";
      this.ask(key.dataset.choose, true);
      this.input.focus();
    } else if (line && key.dataset.step) { step(line, Number(key.dataset.step)); this.changed(); }
    else if (line && "remove" in key.dataset) this.remove(line);
  }

  remove(line) {
    const after = line.nextElementSibling;
    line.remove();
    this.changed();
    this.input.focus();
    if (line.dataset.miss !== undefined) return;
    const name = line.querySelector("b").textContent;
    toast(name, { label: say("undo"), run: () => { this.list.insertBefore(line, after?.isConnected ? after : null); this.changed(); } });
  }

  changed() {
    const lines = this.list.querySelectorAll(":scope > [data-each]");
    const post = document.getElementById("post");
    document.getElementById("post-count").textContent = lines.length || "";
    post.setAttribute("aria-disabled", String(!lines.length));
    document.getElementById("receipt").classList.toggle("is-empty", !this.list.children.length);
    this.keep(lines.length);
  }

  keep(count) {
    for (const field of this.list.querySelectorAll("input")) field.setAttribute("value", field.value);
    const id = document.querySelector('#receipt input[name="receipt_id"]').value;
    if (count) sessionStorage.setItem(this.kept, JSON.stringify({ id, html: this.list.innerHTML }));
    else sessionStorage.removeItem(this.kept);
  }

  restore() {
    const kept = sessionStorage.getItem(this.kept);
    if (!kept || this.list.children.length) return;
    const { id, html } = JSON.parse(kept);
    this.list.append(...elements(html));
    document.querySelector('#receipt input[name="receipt_id"]').value = id;
  }

  posted() {
    this.changed();
    if (!this.list.children.length) {
      document.querySelector('input[name="note"]').value = "";
      this.input.focus();
    }
  }
}

function elements(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return [...holder.content.children];
}

// What is typed in the reader's language: its decimal sign may be a comma.
function number(text) {
  return Number(String(text).replace(/\s/g, "").replace(",", "."));
}

function step(line, by) {
  const field = line.querySelector('input[name="quantity"]');
  const now = number(field.value);
  const next = Math.round(((Number.isFinite(now) ? now : 0) + by) * 1000) / 1000;
  if (next > 0) field.value = field.value.includes(",") ? String(next).replace(".", ",") : String(next);
}

customElements.define("receiving-desk", ReceivingDesk);

document.addEventListener("click", (event) => {
  // Nothing on the list: the key says so by being grey, and does nothing.
  if (event.target.closest('#post[aria-disabled="true"]')) event.preventDefault();
}, true);
