// The palette: what is typed is asked of the server by htmx; this walks through the answers.
const palette = document.getElementById("palette");
const input = palette?.querySelector("input");
const results = document.getElementById("palette-results");

function mark(hit) {
  for (const each of results.querySelectorAll("[aria-selected]")) each.setAttribute("aria-selected", "false");
  if (!hit) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  hit.setAttribute("aria-selected", "true");
  input.setAttribute("aria-activedescendant", hit.id);
  hit.scrollIntoView({ block: "nearest" });
}

if (palette) {
  palette.addEventListener("opened", () => {
    input.value = "";
    input.dispatchEvent(new Event("palette:open"));
  });
  results.addEventListener("htmx:after:swap", () => mark(results.querySelector(".hit")));
  document.addEventListener("htmx:after:swap", () => {
    if (palette.open) mark(results.querySelector(".hit"));
  });
  input.addEventListener("keydown", (event) => {
    const hits = [...results.querySelectorAll(".hit")];
    const at = hits.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(hits[(at + step + hits.length) % hits.length]);
    } else if (event.key === "Enter" && hits[at]) {
      event.preventDefault();
      hits[at].click();
    }
  });
}
