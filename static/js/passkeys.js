// A passkey that was refused, forgotten or timed out: allauth says so by an event, we say it in words.
import { toast } from "./toast.js";
import { say } from "./words.js";

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  toast(say("passkey"));
});
