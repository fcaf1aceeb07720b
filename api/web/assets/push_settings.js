// Lets this browser get push messages: it asks the reader, subscribes, and tells the API.
import { call } from "./calls.js";
import { say, sayNext } from "./toasts.js";

const WORKER = "/assets/worker/push_worker.js"; // Of no release: its address never changes.
const card = document.getElementById("push");
const button = card.querySelector("[data-push-here]");

function bytesOf(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
}

async function subscribe() {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("not granted");
  const worker = await navigator.serviceWorker.register(WORKER, { scope: "/" });
  await navigator.serviceWorker.ready;
  const known = await worker.pushManager.getSubscription();
  const key = bytesOf(card.dataset.key);
  try {
    return await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch (error) {
    // It subscribed with a key that isn't ours any more.
    if (!known) throw error;
    await known.unsubscribe();
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }
}

async function add() {
  button.setAttribute("aria-busy", "true");
  try {
    const { endpoint, keys } = (await subscribe()).toJSON();
    const answer = await call("POST", "/notifications/browsers", { body: { endpoint, keys } });
    if (!answer.ok) throw new Error(answer.body?.detail);
    sayNext({ text: card.dataset.added });
    location.reload();
  } catch (error) {
    say({ text: `${card.dataset.refused} (${error.message})`, kind: "error" });
  }
  button.removeAttribute("aria-busy");
}

if ("serviceWorker" in navigator && "PushManager" in window) {
  button.hidden = false;
  button.addEventListener("click", add);
}
