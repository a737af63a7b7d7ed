// Runs before the first paint, so that neither the colours nor the sidebar jump.
(() => {
  /** @type {{theme?: string|null, sidebar?: string|null}} */
  let kept = {};
  try {
    kept = { theme: localStorage.getItem("theme"), sidebar: localStorage.getItem("sidebar") };
  } catch {
    // Storage may be forbidden; the page then follows the system.
  }
  const root = document.documentElement;
  if (kept.theme === "light" || kept.theme === "dark") root.dataset.theme = kept.theme;
  if (kept.sidebar === "closed") root.dataset.sidebar = "closed";
  // Who types faster than the page's modules come means to send, not to break the line.
  document.addEventListener("keydown", (event) => {
    const early = event.key === "Enter" && !event.shiftKey && !event.isComposing && root.dataset.ready === undefined;
    if (!early || !(event.target instanceof HTMLTextAreaElement) || event.target.id !== "message") return;
    event.preventDefault();
    root.dataset.early = "send";
  });
})();
