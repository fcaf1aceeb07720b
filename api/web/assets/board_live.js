// What others do appears on the board as it happens. An event says where a card went; all else of it
// is read afresh, so that nobody is shown what they may not see.
const TYPES = ["created", "moved", "hired", "rejected", "withdrawn", "reopened", "assigned"];

export function listen(board) {
  const sign = document.getElementById("board-live");
  const waiting = new Set();
  let isReading = false;

  // The first is read at once; what comes while it is under way is read together after it.
  async function readAll() {
    isReading = true;
    try {
      while (waiting.size) {
        const ids = [...waiting];
        waiting.clear();
        await board.refreshAll(ids, { isChange: () => true });
      }
    } finally {
      isReading = false;
    }
  }

  function hear(event) {
    const told = JSON.parse(event.data);
    if (told.payload.job_id !== undefined && told.payload.job_id !== board.root.dataset.job) return;
    const card = board.cards.get(told.aggregate_id);
    if (card?.pending) {
      // Told of the very move that is under way, or of something else, which is read after it.
      if (told.payload.to_stage_id !== card.stage) board.moving.get(card.id)?.then(() => read(card.id));
      return;
    }
    // Only from where the event saw it: one that comes late must not move it back.
    if (told.type === "application.moved" && card?.stage === told.payload.from_stage_id) {
      Object.assign(card, { stage: told.payload.to_stage_id, since: Date.parse(told.occurred_at), changed: true });
      board.draw();
    }
    read(told.aggregate_id);
  }

  function read(id) {
    waiting.add(id);
    if (!isReading) readAll();
  }

  const source = new EventSource("/api/v1/stream?topics=application");
  for (const type of TYPES) source.addEventListener(`application.${type}`, hear);
  source.addEventListener("gap", () => board.load());
  source.addEventListener("open", () => {
    sign.textContent = board.words.live;
    delete sign.dataset.away;
  });
  source.addEventListener("error", () => {
    sign.textContent = board.words.away;
    sign.dataset.away = "";
  });
  addEventListener("pagehide", () => source.close());
}
