// The board of a job: reads its cards from the API, shows those that are in view, and wires what
// moves them. State is here; `board_drag.js`, `board_keys.js` and `board_live.js` act on it.
import { call, callPage } from "./calls.js";
import { say } from "./toasts.js";
import { drawBulk, enableBulk } from "./board_bulk.js";
import { enableDragging } from "./board_drag.js";
import { enableKeys } from "./board_keys.js";
import { listen } from "./board_live.js";

const ROW = 74;
const SPARE = 4;
const DAY = 86_400_000;
const MANY = 25;
const root = document.getElementById("board");
const { words, sources } = JSON.parse(document.getElementById("board-words").textContent);
const template = document.getElementById("card").content.firstElementChild;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

export const board = {
  root, words, fill,
  mayMove: root.dataset.move === "yes",
  mayAssign: root.dataset.assign === "yes" && document.getElementById("card-assign") !== null,
  cards: new Map(),
  selected: new Set(),
  lifted: new Set(),
  moving: new Map(),
  last: null,
  lanes: [...root.querySelectorAll(".lane")].map((element) => ({
    id: element.dataset.stage, kind: element.dataset.kind, element,
    name: element.querySelector("h2").textContent,
    days: Number(element.dataset.days) || null,
    scroller: element.querySelector(".lane-cards"), space: element.querySelector(".lane-space"),
    shown: [], nodes: new Map(),
  })),
  laneOf(id) { return this.lanes.find((lane) => lane.id === id); },
};

const filter = { q: "", assignee: "", source: "" };
let isLoaded = false;
/** Cards of which something was heard since the board was last asked for. */
let newer = new Set();

function cardOf(row) {
  return {
    id: row.id, candidate: row.candidate_id, name: row.candidate_name, stage: row.stage_id,
    since: Date.parse(row.stage_entered_at), version: row.version, source: row.source,
    assigneeId: row.assignee?.member_id ?? null, assignee: row.assignee?.name ?? null,
  };
}

/** Take apart what `api/web/board_cards.py` packs. */
function unpacked({ stages, people, cards }) {
  return cards.map(([id, candidate, name, stage, since, assignee, source, version]) => ({
    id, candidate, name, stage: stages[stage], since, version, source,
    assigneeId: people[assignee]?.[0] ?? null, assignee: people[assignee]?.[1] ?? null,
  }));
}

/** Take in what the API says of an application; it leaves the board when it isn't active. */
board.take = (row, { isChange = false } = {}) => {
  newer.add(row.id);
  if (row.disposition !== "active" || row.job_id !== root.dataset.job) {
    board.cards.delete(row.id);
    board.selected.delete(row.id);
    return;
  }
  const before = board.cards.get(row.id);
  const card = { ...cardOf(row), changed: isChange && before?.version !== row.version, rejecting: before?.rejecting };
  board.cards.set(row.id, card);
};

/** Read one application afresh. */
board.refresh = async (id, options) => {
  const answer = await call("GET", `/applications/${id}`);
  if (answer.ok) board.take(answer.body, options);
  else if (answer.status === 404) {
    newer.add(id);
    board.cards.delete(id);
  }
  board.draw();
};

/** Read several afresh: each by itself, or the whole board when they are many. */
board.refreshAll = async (ids, { isChange = () => false } = {}) => {
  if (ids.length > MANY) await board.load();
  else await Promise.all(ids.map((id) => board.refresh(id, { isChange: isChange(id) })));
};

/** Read the whole board. What is heard of or moved meanwhile stays as it is by now. */
board.load = async () => {
  newer = new Set();
  const answer = await callPage(`/jobs/${root.dataset.job}/cards`);
  if (!answer.ok) {
    say({ text: answer.body?.detail ?? words.unread, kind: "error" });
    return;
  }
  const seen = new Map(unpacked(answer.body).map((card) => [card.id, card]));
  for (const [id, card] of board.cards) {
    if (card.pending || newer.has(id)) seen.set(id, card);
    else if (seen.has(id)) seen.get(id).rejecting = card.rejecting;
  }
  for (const id of newer) if (!board.cards.has(id)) seen.delete(id);
  board.cards = seen;
  for (const id of board.selected) if (!seen.has(id)) board.selected.delete(id);
  isLoaded = true;
  board.draw();
  root.dataset.loaded = "yes";
  if (!answer.body.is_complete) say({ text: fill(words.tooMany, { n: seen.size }), kind: "error", seconds: 10 });
};

function fits(card) {
  if (filter.assignee === "nobody" ? card.assigneeId : filter.assignee && card.assigneeId !== filter.assignee) return false;
  if (filter.source && card.source !== filter.source) return false;
  return !filter.q || card.name.toLowerCase().includes(filter.q);
}

const hue = (name) => [...new TextEncoder().encode(name)].reduce((sum, byte) => sum + byte, 0) % 8;
const initials = (name) => {
  const parts = name.split(/\s+/).filter(Boolean);
  return (parts[0]?.[0] ?? "?").toUpperCase() + (parts.length > 1 ? parts.at(-1)[0].toUpperCase() : "");
};

function dress(node, card, lane) {
  const days = Math.max(0, Math.floor((Date.now() - card.since) / DAY));
  const age = days ? fill(words.days, { n: days }) : words.today;
  const isLate = lane.days !== null && days > lane.days;
  node.dataset.card = card.id;
  const link = node.querySelector(".card-name");
  link.textContent = card.name;
  link.title = card.name;
  link.href = `/candidates/${card.candidate}`;
  node.setAttribute("aria-label", `${card.name}, ${age}${card.assignee ? `, ${card.assignee}` : ""}`);
  const owner = node.querySelector(".card-owner");
  const mark = owner.querySelector(".avatar");
  mark.className = card.assignee ? `avatar small hue-${hue(card.assignee)}` : "avatar small nobody";
  mark.textContent = card.assignee ? initials(card.assignee) : "+";
  owner.title = card.assignee ?? words.nobody;
  owner.hidden = !card.assignee && !board.mayAssign;
  node.querySelector(".card-source").textContent = card.rejecting ? words.rejected : sources[card.source] ?? "";
  const badge = node.querySelector(".card-age");
  badge.textContent = age;
  badge.className = `badge card-age ${isLate ? "warn" : ""}`;
  node.classList.toggle("selected", board.selected.has(card.id));
  node.classList.toggle("pending", Boolean(card.pending));
  node.classList.toggle("lifted", board.lifted.has(card.id));
  if (card.changed) {
    node.classList.add("changed");
    node.addEventListener("animationend", () => node.classList.remove("changed"), { once: true });
    card.changed = false;
  }
}

const windowOf = ({ scroller }) => ({ top: scroller.scrollTop, height: scroller.clientHeight });

/** Draw the cards in view. Whoever draws several lanes measures all of them before it changes one. */
function drawLane(lane, { top, height } = windowOf(lane)) {
  const { space, shown, nodes } = lane;
  const begin = Math.max(0, Math.min(top, shown.length * ROW - height));
  const first = Math.max(0, Math.floor(begin / ROW) - SPARE);
  const last = Math.min(shown.length, Math.ceil((begin + height) / ROW) + SPARE);
  const wanted = new Set(shown.slice(first, last).map((card) => card.id));
  for (const [id, node] of nodes) {
    if (!wanted.has(id) && node !== document.activeElement) {
      node.remove();
      nodes.delete(id);
    }
  }
  for (let place = first; place < last; place += 1) {
    const card = shown[place];
    let node = nodes.get(card.id);
    const isNew = !node;
    if (isNew) {
      node = template.cloneNode(true);
      nodes.set(card.id, node);
      space.append(node);
    }
    node.classList.toggle("gliding", !isNew);
    node.style.transform = `translateY(${place * ROW}px)`;
    node.tabIndex = place === 0 ? 0 : -1;
    dress(node, card, lane);
  }
}

function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

board.draw = () => {
  const focused = document.activeElement?.dataset?.card;
  const windows = new Map(board.lanes.map((lane) => [lane, windowOf(lane)]));
  const by = new Map(board.lanes.map((lane) => [lane.id, []]));
  for (const card of board.cards.values()) if (fits(card)) by.get(card.stage)?.push(card);
  for (const lane of board.lanes) {
    lane.shown = by.get(lane.id).sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1));
    for (const [id, node] of lane.nodes) {
      if (board.cards.get(id)?.stage !== lane.id || !fits(board.cards.get(id))) {
        node.remove();
        lane.nodes.delete(id);
      }
    }
    lane.element.querySelector("[data-count]").textContent = isLoaded || lane.shown.length ? lane.shown.length : "…";
    const age = median(lane.shown.map((card) => Math.floor((Date.now() - card.since) / DAY)));
    lane.element.querySelector("[data-median]").textContent = age ? fill(words.median, { n: age }) : "";
    lane.space.style.height = `${lane.shown.length * ROW}px`;
    lane.space.querySelector(".lane-wait")?.remove();
    lane.space.querySelector(".lane-empty")?.remove();
    if (!lane.shown.length && isLoaded) {
      const empty = document.createElement("p");
      empty.className = "lane-empty";
      empty.textContent = board.cards.size || lane !== board.lanes[0] ? words.none : words.first;
      lane.space.append(empty);
    }
    drawLane(lane, windows.get(lane));
  }
  drawBulk(board);
  // A card that goes to another lane takes the focus along.
  if (focused && document.activeElement === document.body) {
    board.laneOf(board.cards.get(focused)?.stage)?.nodes.get(focused)?.focus({ preventScroll: true });
  }
};

for (const lane of board.lanes) {
  let isWaiting = false;
  lane.scroller.addEventListener("scroll", () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => { isWaiting = false; drawLane(lane); });
  }, { passive: true });
}
addEventListener("resize", () => board.lanes.forEach((lane) => drawLane(lane)));

/** Bring a card into the page and return its element. */
board.show = (id) => {
  const card = board.cards.get(id);
  const lane = card && board.laneOf(card.stage);
  if (!lane) return null;
  const place = lane.shown.findIndex((each) => each.id === id);
  const top = place * ROW;
  const { scroller } = lane;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW - scroller.clientHeight;
  drawLane(lane);
  return lane.nodes.get(id) ?? null;
};

board.announce = (text) => { document.getElementById("board-said").textContent = text; };

/** Move cards to a lane: at once on the screen, then for good, or back with the reason. */
board.move = async (ids, lane, { isUndo = false } = {}) => {
  const moves = ids.map((id) => board.cards.get(id)).filter((card) => card && card.stage !== lane.id && !card.pending)
    .map((card) => ({ card, from: card.stage, since: card.since }));
  if (!moves.length) return;
  for (const { card } of moves) Object.assign(card, { stage: lane.id, since: Date.now(), pending: true });
  board.selected.clear();
  board.draw();
  const sent = moves.length === 1 ? moveOne(moves[0], lane, isUndo) : moveMany(moves, lane);
  for (const { card } of moves) board.moving.set(card.id, sent);
  await sent;
  for (const { card } of moves) board.moving.delete(card.id);
};

async function moveOne({ card, from, since }, lane, isUndo) {
  const answer = await call("POST", `/applications/${card.id}/move`, {
    body: { from_stage_id: from, to_stage_id: lane.id },
  });
  card.pending = false;
  if (answer.ok) {
    board.take(answer.body);
    const text = fill(words.moved, { name: card.name, stage: lane.name });
    const undo = isUndo || lane.kind === "hired" ? null : () => board.move([card.id], board.laneOf(from), { isUndo: true });
    say({ text, undo });
    board.draw();
  } else {
    Object.assign(card, { stage: from, since });
    say({ text: answer.body?.detail ?? "", kind: "error", seconds: 10 });
    board.draw();
    if (answer.status === 409 || answer.status === 404) await board.refresh(card.id, { isChange: true });
  }
}

async function moveMany(moves, lane) {
  const answer = await call("POST", "/bulk-moves", {
    body: {
      moves: moves.map(({ card, from }) => ({ application_id: card.id, from_stage_id: from })),
      to_stage_id: lane.id,
    },
  });
  for (const { card } of moves) card.pending = false;
  if (!answer.ok) {
    for (const { card, from, since } of moves) Object.assign(card, { stage: from, since });
    say({ text: answer.body?.detail ?? "", kind: "error", seconds: 10 });
    board.draw();
    return;
  }
  const lost = answer.body.items.filter((item) => item.result !== "moved").map((item) => item.application_id);
  say({ text: fill(words.movedMany, { n: answer.body.moved, stage: lane.name }) });
  if (lost.length) say({ text: fill(words.conflict, { n: lost.length }), kind: "error", seconds: 10 });
  await board.refreshAll(moves.map(({ card }) => card.id), { isChange: (id) => lost.includes(id) });
}

board.select = (id, { upTo = false } = {}) => {
  if (!board.mayMove) return;
  const card = board.cards.get(id);
  const { shown } = board.laneOf(card.stage);
  const from = shown.findIndex((each) => each.id === board.last);
  const to = shown.findIndex((each) => each.id === id);
  if (upTo && from >= 0) {
    for (const each of shown.slice(Math.min(from, to), Math.max(from, to) + 1)) board.selected.add(each.id);
  } else if (!board.selected.delete(id)) board.selected.add(id);
  board.last = id;
  board.draw();
};

// The filters are kept in the address.
function setFilter(changes) {
  Object.assign(filter, changes);
  const asked = new URLSearchParams(Object.entries(filter).filter(([, value]) => value));
  history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
  for (const button of document.querySelectorAll("[data-assignee]")) {
    button.setAttribute("aria-pressed", String(button.dataset.assignee === filter.assignee));
  }
  // What is no longer seen is no longer selected, so that nobody is moved or rejected unseen.
  for (const id of board.selected) if (board.cards.has(id) && !fits(board.cards.get(id))) board.selected.delete(id);
  const picked = document.getElementById("board-assignee");
  if (picked) picked.value = filter.assignee === "nobody" ? "" : filter.assignee;
  board.draw();
}
document.getElementById("board-q").addEventListener("input", (event) => setFilter({ q: event.target.value.trim().toLowerCase() }));
document.getElementById("board-source").addEventListener("change", (event) => setFilter({ source: event.target.value }));
document.getElementById("board-assignee")?.addEventListener("change", (event) => setFilter({ assignee: event.target.value }));
document.getElementById("board-filters").addEventListener("click", (event) => {
  const button = event.target.closest("[data-assignee]");
  if (button) setFilter({ assignee: button.dataset.assignee });
});
root.addEventListener("click", (event) => {
  const node = event.target.closest("[data-card]");
  if (!node || (event.target.closest("a") && !event.shiftKey)) return;
  if (event.target.closest("button")) return;
  event.preventDefault();
  board.select(node.dataset.card, { upTo: event.shiftKey });
});

const asked = new URLSearchParams(location.search);
document.getElementById("board-q").value = asked.get("q") ?? "";
document.getElementById("board-source").value = asked.get("source") ?? "";
setFilter({ q: asked.get("q") ?? "", assignee: asked.get("assignee") ?? "", source: asked.get("source") ?? "" });
enableKeys(board);
if (board.mayMove) {
  enableDragging(board);
  enableBulk(board);
}
listen(board);
board.load();
