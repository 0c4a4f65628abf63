// What other tabs and people do to this till. The socket only says that something changed; the page fetches
// what is true now, and does so anyway when it comes back and every so often.
import { goToSignIn } from "./signin.js";

const POLL = 20_000;
const SIGNED_OUT = 4401;
const FINAL = new Set([4403, 4404]);

export class TillLive {
  // `told` hears cart({ cart, version }), shift() and poll().
  constructor(register, told) {
    this.register = register;
    this.told = told;
    this.tries = 0;
    window.addEventListener("online", () => this.join());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.join();
      this.told.poll();
    });
    setInterval(() => { if (!document.hidden) this.told.poll(); }, POLL);
    this.join();
  }

  join() {
    if (this.socket || document.hidden) return;
    clearTimeout(this.retry);
    const url = new URL(`/ws/till/${this.register}/`, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url);
    this.socket.addEventListener("open", () => {
      this.tries = 0;
      this.told.poll();
    });
    this.socket.addEventListener("message", ({ data }) => this.heard(data));
    this.socket.addEventListener("close", ({ code }) => this.closed(code));
  }

  heard(data) {
    const { event, ...facts } = JSON.parse(data);
    this.told[event]?.(facts);
  }

  closed(code) {
    this.socket = null;
    if (code === SIGNED_OUT) goToSignIn();
    if (code === SIGNED_OUT || FINAL.has(code)) return;
    const longest = Math.min(30_000, 1000 * 2 ** this.tries);
    this.tries += 1;
    this.retry = setTimeout(() => this.join(), 500 + Math.random() * longest);
  }
}
