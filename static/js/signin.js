// Where a request is answered with "who are you?", the way leads to the sign-in page and back.

export function goToSignIn() {
  const door = document.querySelector('meta[name="sign-in"]')?.content || "/";
  const here = location.pathname + location.search;
  location.assign(`${door}?next=${encodeURIComponent(here)}`);
}
