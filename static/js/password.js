// <password-field>: shows what is typed when asked, and says when the capitals are locked.
// Around an input, a button[data-show] and a [data-caps] line.
import { say } from "./words.js";

class PasswordField extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.show = this.querySelector("[data-show]");
    this.caps = this.querySelector("[data-caps]");
    if (!this.input || !this.show) return;
    this.show.hidden = false;
    this.show.addEventListener("click", () => this.reveal(this.input.type === "password"));
    this.input.form?.addEventListener("submit", () => this.reveal(false)); // Browsers keep what they hide.
    for (const moment of ["keydown", "keyup"]) {
      this.input.addEventListener(moment, (event) => this.watch(event));
    }
    this.input.addEventListener("blur", () => { if (this.caps) this.caps.hidden = true; });
  }

  reveal(shown) {
    this.input.type = shown ? "text" : "password";
    this.show.setAttribute("aria-pressed", String(shown));
    this.show.textContent = say(shown ? "hide" : "show");
  }

  watch(event) {
    if (this.caps) this.caps.hidden = !event.getModifierState?.("CapsLock");
  }
}

customElements.define("password-field", PasswordField);
