// Shows, in its form, what is answered only once: an API key, the link of an invitation. Where it
// was mailed instead, the form's `.mailed` says so.
import { say } from "./toasts.js";

document.addEventListener("sent", (event) => {
  const form = event.target;
  const name = form.dataset.reveals;
  if (!name) return;
  const secret = event.detail[name];
  const part = form.querySelector(secret ? ".revealed" : ".mailed");
  if (secret) part.querySelector("[data-secret]").textContent = secret;
  part.hidden = false;
  form.querySelector("[type=submit]").hidden = true;
  form.closest("dialog")?.addEventListener("close", () => location.reload(), { once: true });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("[data-secret]").textContent);
  say({ text: button.dataset.said ?? "✓" });
});

document.addEventListener("change", (event) => {
  if (event.target.dataset.submits !== undefined) event.target.form.requestSubmit();
});
