// The bell: counts as things happen, in all tabs alike. One tab of a browser listens to the live
// stream and tells the others; when it closes, another one takes over. An event says how many are
// unread and nothing of what they say: that is read afresh, so that nobody is shown what they may
// not see any more.
import { call } from "./calls.js";
import { say } from "./toasts.js";

const LOADED_AT_ONCE = 30; // Rows of the page of all; with more of them open, it is left alone.
const POP_UPS = 3;
const TRY_AGAIN = 30_000;
const SAID_AFTER = 400; // A screen reader says one number of several that come in a rush.
const SHOWN_APART = 250; // Between two looks at the lists that are open, in a rush.
const FRESH = 5_000; // For so long what the page says of the count is news of the stream's place.

const bell = document.getElementById("bell");
if (bell) start();

function start() {
  const words = bell.dataset;
  const panel = document.getElementById("bell-panel");
  const line = new BroadcastChannel(`notifications:${words.member}`);
  const waiting = new Set();
  let unread = Number(words.unread);
  let source = null;
  let release = null;
  let popping = null;
  let saying = null;
  let shownAt = -SHOWN_APART;
  let showing = null;

  function name(count) {
    if (!count) return words.name;
    return count === 1 ? words.one : words.many.replace("{count}", count > 99 ? "99+" : count);
  }

  function setUnread(count, { aloud = true } = {}) {
    const badge = bell.querySelector(".bell-count");
    const shown = count > 99 ? "99+" : String(count);
    if (badge.textContent !== shown || badge.hidden !== (count === 0)) {
      badge.textContent = shown;
      badge.hidden = count === 0;
    }
    const summary = bell.querySelector("summary");
    if (summary.getAttribute("aria-label") !== name(count)) summary.setAttribute("aria-label", name(count));
    if (aloud && count > unread) {
      saying ??= setTimeout(() => {
        saying = null;
        document.getElementById("bell-said").textContent = name(unread);
      }, SAID_AFTER);
    }
    unread = count;
  }

  // Lists that are on the page.

  async function showLatest() {
    await htmx.ajax("GET", "/notifications/latest", { target: panel, swap: "innerMorph" });
  }

  function showAgain() {
    const left = shownAt + SHOWN_APART - performance.now();
    showing ??= setTimeout(showNow, Math.max(0, left));
  }

  async function showNow() {
    showing = null;
    shownAt = performance.now();
    if (bell.open) showLatest();
    const list = document.querySelector("#notices[data-live]");
    if (!list || list.querySelectorAll("li[id]").length > LOADED_AT_ONCE) return;
    await htmx.ajax("GET", location.pathname + location.search, { target: list, swap: "innerMorph" });
    noteSeen();
  }

  /** The list of every type was looked at, as the bell's panel is: nothing of it goes on elsewhere. */
  function noteSeen() {
    if (document.visibilityState !== "visible" || new URLSearchParams(location.search).get("type")) return;
    if (document.querySelector("#notices [data-unread]")) call("POST", "/notifications/seen", { body: {} });
  }

  async function count() {
    const answer = await call("GET", "/notifications?unread=true&limit=1");
    if (answer.ok) tell({ kind: "counted", unread: answer.body.unread });
  }

  // What is new shows itself, on pages that are looked at.

  function popUp(id) {
    if (document.visibilityState !== "visible" || bell.open) return;
    waiting.add(id);
    popping ??= setTimeout(showNew, 120);
  }

  async function showNew() {
    const ids = new Set(waiting);
    waiting.clear();
    const answer = await call("GET", "/notifications?unread=true&limit=10");
    popping = null;
    if (waiting.size) popping = setTimeout(showNew, 1000);
    if (!answer.ok) return;
    const fresh = answer.body.items.filter((each) => ids.has(each.id));
    // In a rush those that are read now stay, and the bell counts the others.
    const room = POP_UPS - document.querySelectorAll("#toasts .toast").length;
    const shown = fresh.slice(0, Math.max(0, room));
    const left = fresh.length > shown.length ? ids.size - shown.length : 0;
    for (const each of shown.toReversed()) {
      const more = left && each === shown[0] ? `, ${words.more.replace("{count}", left)}` : "";
      say({ text: sentence(each) + more, link: each.link, seconds: 5, opened: () => read([each.id]) });
    }
  }

  function sentence(each) {
    return each.message ? `${each.title} · ${each.message}` : each.title;
  }

  // Marking.

  function read(ids) {
    // The page may be left at once: the browser sends it nevertheless.
    fetch("/api/v1/notifications/read", {
      method: "POST", keepalive: true, body: JSON.stringify({ ids }),
      headers: {
        "Content-Type": "application/json", "X-Intellimatch-Request": "1",
        "Idempotency-Key": crypto.randomUUID(),
      },
    }).catch(() => {});
  }

  async function mark(body, button) {
    button.setAttribute("aria-busy", "true");
    const answer = await call("POST", "/notifications/read", { body });
    button.removeAttribute("aria-busy");
    if (!answer.ok) {
      say({ text: answer.body?.detail ?? words.failed, kind: "error" });
      return;
    }
    tell({ kind: "counted", unread: answer.body.unread });
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-notification]");
    if (link && link.closest("[data-unread]")) read([link.dataset.notification]);
    const one = event.target.closest("[data-read]");
    if (one) mark({ ids: [one.dataset.read] }, one);
    const all = event.target.closest("[data-read-all]");
    if (all) {
      const type = all.dataset.chosen === undefined ? "" : document.querySelector("form.filters [name=type]").value;
      mark({ all: true, type: type || null }, all);
    }
  });

  // What was read here or elsewhere needn't stand among this browser's push messages any longer.

  async function takeAway() {
    const worker = await navigator.serviceWorker?.getRegistration("/");
    const shown = (await worker?.getNotifications()) ?? [];
    if (!shown.length) return;
    const answer = await call("GET", "/notifications?unread=true&limit=200");
    if (!answer.ok) return;
    const left = new Set(answer.body.items.map((each) => each.id));
    for (const each of shown) if (!left.has(each.tag)) each.close();
  }

  bell.addEventListener("toggle", async () => {
    if (!bell.open) return;
    await showLatest();
    if (panel.querySelector("[data-unread]")) call("POST", "/notifications/seen", { body: {} });
  });

  // A link in a mail leads here: whoever opens the page has read what it is about.
  const mailed = new URL(location.href);
  if (mailed.searchParams.has("notification")) {
    read([mailed.searchParams.get("notification")]);
    mailed.searchParams.delete("notification");
    history.replaceState(history.state, "", mailed);
  }

  // What is heard, here or by way of another tab.

  function hear(told) {
    if (told.unread !== undefined) setUnread(told.unread);
    if (told.kind === "created" && told.popsUp) popUp(told.id);
    if (told.kind !== "seen") showAgain();
    if (told.kind === "read") takeAway();
  }

  function tell(told) {
    line.postMessage(told);
    hear(told);
  }

  line.addEventListener("message", (event) => hear(event.data));

  function listen(after) {
    source = new EventSource(`/api/v1/stream?topics=notification${after}`);
    for (const kind of ["created", "read", "seen"]) {
      source.addEventListener(`notification.${kind}`, (event) => {
        const { aggregate_id: id, payload } = JSON.parse(event.data);
        tell({ kind, id, unread: payload.unread, popsUp: payload.pops_up });
      });
    }
    source.addEventListener("ready", count);
    source.addEventListener("gap", count);
    source.addEventListener("error", () => {
      // The browser comes again by itself unless it was refused.
      if (source?.readyState === EventSource.CLOSED) setTimeout(() => source && listen(""), TRY_AGAIN);
    });
  }

  function lead() {
    const began = performance.now();
    const place = () => (words.position && performance.now() - began < FRESH ? `&after=${words.position}` : "");
    if (!navigator.locks) {
      listen(place());
      return;
    }
    navigator.locks.request(`notifications:${words.member}`, () => {
      listen(place());
      return new Promise((done) => { release = done; });
    });
  }

  setUnread(unread, { aloud: false });
  lead();
  takeAway();
  noteSeen();
  document.addEventListener("visibilitychange", noteSeen);
  addEventListener("pagehide", () => {
    source?.close();
    source = null;
    release?.();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    words.position = "";
    lead();
    count();
  });
}
