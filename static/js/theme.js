// Light, dark, or as the device has it: kept in a cookie, so that the next page is painted right at once.
// Any button with data-set-theme="light|dark|system" sets it.

const YEAR = 365 * 24 * 3600;

export function setTheme(theme) {
  const root = document.documentElement;
  const fixed = theme === "light" || theme === "dark";
  if (fixed) root.dataset.theme = theme;
  else delete root.dataset.theme;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${fixed ? theme : ""}; Path=/; Max-Age=${fixed ? YEAR : 0}; SameSite=Lax${secure}`;
  mark();
}

function mark() {
  const now = document.documentElement.dataset.theme ?? "system";
  for (const key of document.querySelectorAll("[data-set-theme]")) {
    key.setAttribute("aria-pressed", String(key.dataset.setTheme === now));
  }
}

document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-set-theme]");
  if (key) setTheme(key.dataset.setTheme);
});

mark();
