// <a href="..." data-beside="#place">: where the place is in sight, the page opens in it; elsewhere the link leads on.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-beside]");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (open(link)) event.preventDefault();
});

// A scan that finds one product means it: it opens as if it had been chosen.
let sent = false;
document.addEventListener("submit", (event) => { sent = event.target.role === "search"; });
document.addEventListener("htmx:afterSettle", () => {
  const links = document.querySelectorAll("a[data-beside]");
  if (sent && links.length === 1) open(links[0]);
  sent = false;
});

function open(link) {
  const place = document.querySelector(link.dataset.beside);
  if (!place?.checkVisibility()) return false;
  document.querySelector('.item[aria-current="true"]')?.removeAttribute("aria-current");
  link.closest(".item")?.setAttribute("aria-current", "true");
  window.htmx.ajax("GET", link.getAttribute("href"), { target: place, swap: "innerHTML" });
  return true;
}

// A choice that has no button of its own: <select data-submit>.
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
});
