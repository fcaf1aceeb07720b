// Light, dark or as the system says; side bar wide or narrow. Both are kept in this browser.
const THEMES = ["system", "light", "dark"];

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-next]")) {
    const now = localStorage.getItem("theme") ?? "system";
    localStorage.setItem("theme", THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
  } else if (event.target.closest("[data-slim]")) {
    const slim = localStorage.getItem("side") === "slim";
    localStorage.setItem("side", slim ? "wide" : "slim");
  } else {
    return;
  }
  document.dispatchEvent(new Event("theme"));
});
