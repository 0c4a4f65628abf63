// What every page does. Screens load their own modules beside it.
import "./htmx_setup.js";
import "./theme.js";
import "./toast.js";

// Without a listener, Safari on a tablet never shows a thing as pressed (:active).
document.addEventListener("touchstart", () => {}, { passive: true });
