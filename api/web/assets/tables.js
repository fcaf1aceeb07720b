// A table wider than its place scrolls; then the keyboard has to be able to reach it.
const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
const seen = new WeakSet();

function watch() {
  for (const each of document.querySelectorAll(".table-scroll")) {
    if (seen.has(each)) continue;
    seen.add(each);
    sizes.observe(each);
  }
}

watch();
document.addEventListener("htmx:after:swap", watch);
