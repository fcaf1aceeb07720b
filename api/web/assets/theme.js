// Sets the theme and the width of the side bar before anything is painted. Not a module, because
// modules wait until the page is parsed. `toggle.js` changes what is kept here.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const kept = localStorage.getItem("theme");
    root.dataset.theme = kept === "light" || kept === "dark" ? kept : dark.matches ? "dark" : "light";
    root.dataset.side = localStorage.getItem("side") === "slim" ? "slim" : "wide";
  };
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  document.addEventListener("theme", apply);
  apply();
})();
