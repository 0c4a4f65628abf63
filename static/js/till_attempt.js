// One try to pay: sending, unknown, posted or refused, and shown as just that. Its id is made here before it is
// sent, so that asking about it and sending it again can never sell twice.
import { lower, raise } from "./banner.js";
import { newId } from "./ids.js";
import { play } from "./sounds.js";
import { ask, NoAnswer } from "./till_http.js";
import { word } from "./till_words.js";

const PATIENCE = 10_000;
const SHOWN_AFTER = 300;
const PAUSES = [500, 1000, 2000, 3000, 5000];
const UNHEARD = 2; // answers of "unknown" before sending again is offered

export class Attempt {
  // `told` hears posted, refused and abandoned (outcome, html), failed(words) and asking(unknown).
  constructor(cart, told) {
    this.cart = cart;
    this.told = told;
    this.id = "";
    this.state = "none"; // none, sending, unknown
  }

  get standing() {
    return this.state !== "none";
  }

  // Takes the money: one request, whatever is pressed meanwhile.
  async send(payments, total) {
    if (this.standing) return;
    this.begin(newId());
    this.form = { payments: JSON.stringify(payments), shown_total: total };
    this.keep({ id: this.id, cart: this.cart.id, form: this.form });
    await this.post(this.form);
  }

  // An attempt that another tab sent, or this one before it was loaded again.
  resume(id) {
    if (this.standing) return;
    this.begin(id);
    this.form = {};
    this.wonder();
  }

  // What this tab sent and has no answer to, even if the shop has never heard of it.
  resumeKept() {
    const kept = this.kept();
    if (!kept || kept.cart !== this.cart.id || this.standing) return;
    this.begin(kept.id);
    this.form = kept.form;
    this.wonder();
  }

  begin(id) {
    this.id = id;
    this.state = "sending";
    this.url = this.cart.url;
    this.unheard = 0;
    this.tries = 0;
    lower("refused");
  }

  async post(form) {
    const keys = [...document.querySelectorAll("#take-key, #exact-key")];
    const shown = setTimeout(() => keys.forEach((key) => key.setAttribute("aria-busy", "true")), SHOWN_AFTER);
    try {
      const facts = { attempt: this.id, ...form };
      const answer = await ask(`${this.url}payment/`, { method: "POST", form: facts, patience: PATIENCE });
      this.hear(answer);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.wonder();
    } finally {
      clearTimeout(shown);
      keys.forEach((key) => key.removeAttribute("aria-busy"));
    }
  }

  hear({ html, status, said }) {
    const outcome = html.getElementById("outcome")?.dataset;
    if (!outcome) {
      // Refused before anything was frozen, by something that has no words for a till.
      if (status >= 400 && status < 500 && this.state === "sending") this.end(() => this.told.failed(said));
      else this.wonder();
      return;
    }
    if (outcome.state === "unknown") {
      if (outcome.attempt) this.id = outcome.attempt;
      this.wonder({ heard: true });
    } else {
      this.end(() => this.told[outcome.state](outcome, html));
    }
  }

  end(tell) {
    clearTimeout(this.timer);
    this.state = "none";
    this.keep(null);
    lower("asking");
    this.told.asking(false);
    tell();
  }

  // ---- unknown: ask, and offer to send the same id again once the shop answers that it has not heard of it

  wonder({ heard = false } = {}) {
    if (this.state !== "unknown") {
      this.state = "unknown";
      play("asking");
      this.told.asking(true);
      raise("asking", word("asking"));
    }
    if (heard) this.unheard += 1;
    if (this.unheard === UNHEARD) this.offer();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), PAUSES[Math.min(this.tries, PAUSES.length - 1)]);
    this.tries += 1;
  }

  async look() {
    if (this.state !== "unknown" || this.looking) return;
    this.looking = true;
    try {
      this.hear(await ask(this.address()));
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.wonder();
    } finally {
      this.looking = false;
    }
  }

  offer() {
    const keys = document.createElement("div");
    keys.className = "banner-keys";
    keys.append(
      button(word("resend"), "button-main", () => this.resend()),
      button(word("give-up"), "", () => this.giveUp()),
    );
    raise("asking", word("not-arrived"), { kind: "warn", node: keys });
  }

  // The same id and the same money: posted now, or answered as before.
  async resend() {
    clearTimeout(this.timer);
    this.unheard = 0;
    raise("asking", word("asking"));
    await this.post(this.form);
  }

  async giveUp() {
    clearTimeout(this.timer);
    this.unheard = 0;
    raise("asking", word("asking"));
    try {
      this.hear(await ask(this.address(), { method: "DELETE" }));
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      this.wonder();
    }
  }

  address() {
    return `/till/attempts/${this.id}/?cart=${this.cart.id}`;
  }

  keep(facts) {
    try {
      if (facts) sessionStorage.setItem("till:attempt", JSON.stringify(facts));
      else sessionStorage.removeItem("till:attempt");
    } catch {
      // No room: the cart's row knows its attempt.
    }
  }

  kept() {
    try {
      return JSON.parse(sessionStorage.getItem("till:attempt") ?? "null");
    } catch {
      return null;
    }
  }
}

function button(label, look, run) {
  const key = document.createElement("button");
  key.type = "button";
  key.className = `button ${look}`;
  key.textContent = label;
  key.addEventListener("click", run, { once: true });
  return key;
}
