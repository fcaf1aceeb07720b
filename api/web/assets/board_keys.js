// The board from the keyboard: arrows walk, Space picks up and puts down, x selects, a assigns, Enter
// opens.
export function enableKeys(board) {
  let carried = null;

  const focusOn = (id) => board.show(id)?.focus();

  function step(card, key) {
    const lane = board.laneOf(card.stage);
    const place = lane.shown.findIndex((each) => each.id === card.id);
    if (key === "ArrowUp" || key === "ArrowDown") {
      const next = lane.shown[place + (key === "ArrowDown" ? 1 : -1)];
      if (next) focusOn(next.id);
      return;
    }
    const way = key === "ArrowRight" ? 1 : -1;
    for (let at = board.lanes.indexOf(lane) + way; board.lanes[at]; at += way) {
      const other = board.lanes[at];
      if (other.shown.length) {
        focusOn(other.shown[Math.min(place, other.shown.length - 1)].id);
        return;
      }
    }
  }

  function aim(lane) {
    carried.lane?.element.classList.remove("over");
    carried.lane = lane;
    lane.element.classList.add("over");
    lane.element.scrollIntoView({ inline: "nearest", block: "nearest" });
    board.announce(board.fill(board.words.over, { stage: lane.name, n: lane.shown.length }));
  }

  function letGo() {
    carried.lane.element.classList.remove("over");
    board.lifted.clear();
    carried = null;
    board.draw();
  }

  async function carry(event, card) {
    if (event.key === "Escape") {
      letGo();
      board.announce(board.words.dropped);
      focusOn(card.id);
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const at = board.lanes.indexOf(carried.lane) + (event.key === "ArrowRight" ? 1 : -1);
      if (board.lanes[at]) aim(board.lanes[at]);
    } else if (event.key === " " || event.key === "Enter") {
      const { ids, lane } = carried;
      letGo();
      const moving = board.move(ids, lane);
      focusOn(card.id);
      await moving;
      focusOn(card.id);
    } else return;
    event.preventDefault();
  }

  board.root.addEventListener("keydown", (event) => {
    const node = event.target.closest("[data-card]");
    const card = node && board.cards.get(node.dataset.card);
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target !== node) return;
    if (carried) {
      carry(event, card);
      return;
    }
    if (event.key.startsWith("Arrow")) step(card, event.key);
    else if (event.key === "Enter") node.querySelector("a").click();
    else if (event.key === "x" || event.key === "X") board.select(card.id, { upTo: event.shiftKey });
    else if (event.key === "a" && board.mayAssign) board.askAssignee(card.id);
    else if (event.key === " " && board.mayMove) {
      const ids = board.selected.has(card.id) ? [...board.selected] : [card.id];
      carried = { ids, lane: null };
      for (const id of ids) board.lifted.add(id);
      board.draw();
      aim(board.laneOf(card.stage));
      board.announce(board.fill(board.words.picked, { name: card.name }));
    } else return;
    event.preventDefault();
  });
}
