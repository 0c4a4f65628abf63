// Requests of the till. Whatever is asked can be asked again: every change carries an id of its own.
import { goToSignIn } from "./signin.js";

const PATIENCE = 8000;

// No answer that says what happened: the network, a timeout, a server that broke or is too busy.
export class NoAnswer extends Error {}

// Sends and reads a fragment. { status, html, said } of any answer that the shop gave; NoAnswer otherwise.
export async function ask(url, { method = "GET", form = null, patience = PATIENCE } = {}) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), patience);
  try {
    const answer = await fetch(url, {
      method,
      body: form && new URLSearchParams(form),
      headers: { "HX-Request": "true", "X-CSRFToken": token() },
      credentials: "same-origin",
      redirect: "manual",
      cache: "no-store",
      signal: limit.signal,
    });
    return await read(answer);
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    throw new NoAnswer(error.message);
  } finally {
    clearTimeout(timer);
  }
}

async function read(answer) {
  if (answer.status === 401) {
    goToSignIn();
    throw new NoAnswer("signed out");
  }
  if (answer.type === "opaqueredirect" || answer.status === 429 || answer.status >= 500) {
    throw new NoAnswer(`${answer.status}`);
  }
  const held = document.createElement("template");
  held.innerHTML = await answer.text();
  return { status: answer.status, html: held.content, said: said(answer) };
}

// Why not, in words, where the answer is no fragment of the till's.
function said(answer) {
  try {
    return JSON.parse(answer.headers.get("HX-Trigger") ?? "{}").refused?.message ?? "";
  } catch {
    return "";
  }
}

function token() {
  return document.querySelector('meta[name="csrf-token"]').content;
}
