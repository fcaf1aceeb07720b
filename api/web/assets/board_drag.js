// Dragging cards with a mouse, pen or finger. A finger has to rest on the card first, so that it
// can still scroll.
const THRESHOLD = 6;
const REST = 260;
const EDGE = 60;

export function enableDragging(board) {
  let drag = null;

  function laneAt(x, y) {
    const element = document.elementFromPoint(x, y)?.closest(".lane");
    return element ? board.laneOf(element.dataset.stage) : null;
  }

  function begin() {
    const { node, id } = drag;
    drag.ids = board.selected.has(id) ? [...board.selected] : [id];
    const box = node.getBoundingClientRect();
    const ghost = node.cloneNode(true);
    ghost.classList.add("ghost");
    ghost.classList.remove("gliding", "selected");
    ghost.style.width = `${box.width}px`;
    if (drag.ids.length > 1) {
      const count = document.createElement("span");
      count.className = "ghost-count";
      count.textContent = drag.ids.length;
      ghost.append(count);
    }
    drag.ghost = ghost;
    drag.dx = drag.x - box.left;
    drag.dy = drag.y - box.top;
    document.body.append(ghost);
    for (const each of drag.ids) board.lifted.add(each);
    board.draw();
    node.setPointerCapture?.(drag.pointer);
    place(drag.x, drag.y);
  }

  function place(x, y) {
    drag.ghost.style.transform = `translate(${x - drag.dx}px, ${y - drag.dy}px)`;
    const lane = laneAt(x, y);
    if (lane !== drag.lane) {
      drag.lane?.element.classList.remove("over");
      lane?.element.classList.add("over");
      drag.lane = lane;
    }
    const box = board.root.getBoundingClientRect();
    if (x > box.right - EDGE) board.root.scrollLeft += 12;
    else if (x < box.left + EDGE) board.root.scrollLeft -= 12;
  }

  function end({ isDropped }) {
    if (!drag) return;
    clearTimeout(drag.timer);
    const { ghost, lane, ids } = drag;
    drag.lane?.element.classList.remove("over");
    ghost?.remove();
    const wasDragging = Boolean(ghost);
    drag = null;
    if (!wasDragging) return;
    board.lifted.clear();
    board.draw();
    // The click that follows the release is no click.
    addEventListener("click", (event) => { event.stopPropagation(); event.preventDefault(); }, { capture: true, once: true });
    setTimeout(() => dispatchEvent(new Event("click")), 0);
    if (isDropped && lane) board.move(ids, lane);
  }

  board.root.addEventListener("pointerdown", (event) => {
    const node = event.target.closest("[data-card]");
    if (!node || event.button !== 0 || drag) return;
    drag = { node, id: node.dataset.card, pointer: event.pointerId, x: event.clientX, y: event.clientY, lane: null };
    if (event.pointerType === "touch") drag.timer = setTimeout(() => drag && begin(), REST);
  });
  addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    if (drag.ghost) {
      place(event.clientX, event.clientY);
      return;
    }
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > THRESHOLD;
    if (!far) return;
    if (event.pointerType === "touch") end({ isDropped: false });
    else begin();
  });
  addEventListener("pointerup", (event) => {
    if (drag?.pointer === event.pointerId) end({ isDropped: true });
  });
  addEventListener("pointercancel", () => end({ isDropped: false }));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag?.ghost) end({ isDropped: false });
  });
  board.root.addEventListener("touchmove", (event) => { if (drag?.ghost) event.preventDefault(); }, { passive: false });
  board.root.addEventListener("contextmenu", (event) => { if (drag?.ghost) event.preventDefault(); });
  board.root.addEventListener("dragstart", (event) => event.preventDefault());
}
