// <live-feed class="chip live" data-url="/ws/stock/HS/" data-refresh="#stock-list"></live-feed>
//
// Keeps a region true while people look at it, and says whether it is. The server sends whole rows, each with
// an id and a data-version; a row takes its place only if it is newer than what stands there. Late, doubled or
// lost messages do no harm: the region fetches itself anew (its hx-trigger is "live:refetch") whenever the socket
// opens, when the server sends an element with data-refetch, and by a slow poll.
import { Rows } from "./live_rows.js";
import { goToSignIn } from "./signin.js";
import { say } from "./words.js";

const POLL = { live: 60_000, joining: 15_000, lost: 15_000 };
const LOOKS = { live: "chip-good", joining: "chip-warn", lost: "chip-bad" };
const SPREAD = 3_000; // every screen of the shop is told to fetch in the same moment
const SIGNED_OUT = 4401;
const NOT_FOR_US = new Set([4403, 4404]); // a role that may not, a store that is not theirs

class LiveFeed extends HTMLElement {
  connectedCallback() {
    this.word = document.createElement("span");
    this.news = document.createElement("span");
    this.news.className = "unseen";
    for (const part of [this.word, this.news]) part.setAttribute("role", "status");
    this.replaceChildren(this.word, this.news);
    this.ended = new AbortController();
    this.rows = new Rows((text) => { this.news.textContent = text; }, this.ended.signal);
    this.tries = 0;
    this.truth = new Date();
    this.listen(this.ended.signal);
    this.state("joining");
    this.pollLater();
    this.join();
  }

  disconnectedCallback() {
    this.ended.abort();
    this.leave();
    for (const timer of [this.poll, this.retry, this.fetching]) clearTimeout(timer);
  }

  listen(signal) {
    document.addEventListener("htmx:afterRequest", (event) => this.fetched(event.detail), { signal });
    window.addEventListener("online", () => this.hurry(), { signal });
    document.addEventListener("visibilitychange", () => this.hurry(), { signal });
  }

  join() {
    clearTimeout(this.retry);
    this.leave();
    const url = new URL(this.dataset.url, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.addEventListener("open", () => this.opened());
    socket.addEventListener("message", (event) => this.heard(event.data));
    socket.addEventListener("close", (event) => { if (this.socket === socket) this.closed(event.code); });
  }

  leave() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  opened() {
    this.tries = 0;
    this.state("live");
    this.refetch();
  }

  heard(html) {
    this.truth = new Date();
    if (this.rows.take(html)) this.fetching ??= setTimeout(() => this.refetch(), Math.random() * SPREAD);
  }

  closed(code) {
    this.socket = null;
    if (code === SIGNED_OUT) { goToSignIn(); return; }
    this.state("lost");
    if (NOT_FOR_US.has(code)) return;
    // Doubling, up to half a minute, and never all tills in the same moment.
    const longest = Math.min(30_000, 1000 * 2 ** this.tries);
    this.tries += 1;
    this.retry = setTimeout(() => this.join(), 500 + Math.random() * longest);
  }

  hurry() {
    if (!this.socket && !document.hidden && navigator.onLine) this.join();
  }

  refetch() {
    clearTimeout(this.fetching);
    this.fetching = null;
    const region = this.region();
    region?.dispatchEvent(new CustomEvent("live:refetch"));
    this.pollLater();
  }

  pollLater() {
    clearTimeout(this.poll);
    this.poll = setTimeout(() => this.refetch(), POLL[this.dataset.state]);
  }

  // The region's own request says whether the shop can be reached, even where a socket only seems open.
  fetched({ requestConfig, successful }) {
    if (!this.dataset.refresh || !requestConfig.elt.matches(this.dataset.refresh)) return;
    if (!successful) { this.state("lost"); return; }
    this.truth = new Date();
    this.rows.settle();
    this.state(this.socket?.readyState === WebSocket.OPEN ? "live" : "joining");
  }

  region() {
    return this.dataset.refresh ? document.querySelector(this.dataset.refresh) : null;
  }

  state(name) {
    const language = document.documentElement.lang || undefined;
    const time = this.truth.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const before = this.dataset.state;
    this.dataset.state = name;
    this.classList.remove(...Object.values(LOOKS));
    this.classList.add(LOOKS[name]);
    const words = say(name, { time });
    if (this.word.textContent !== words) this.word.textContent = words;
    // A socket that fails again and again must not put the poll off for ever.
    if (POLL[before] !== POLL[name]) this.pollLater();
  }
}

customElements.define("live-feed", LiveFeed);
