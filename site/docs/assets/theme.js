// Loads the theme's program with the reader's first move: pages are read, coloured and followed without it.
(() => {
  const waiting = document.querySelector("script[data-src]");
  const moves = ["pointermove", "pointerdown", "keydown", "wheel", "scroll", "focusin"];
  const search = document.querySelector(".md-search__input");
  let chosen;
  addEventListener("change", ({ target }) => { chosen = target; });

  const wake = () => {
    for (const move of moves) removeEventListener(move, wake, true);
    // It takes every alternate for a translation and asks for its site map: feeds are out of its sight meanwhile.
    const feeds = [...document.querySelectorAll("link[rel=alternate]")];
    for (const feed of feeds) feed.remove();
    const script = document.createElement("script");
    script.src = waiting.dataset.src;
    // What happened before it came is told to it again.
    script.onload = () => {
      document.documentElement.classList.add("awake");
      document.dispatchEvent(new Event("DOMContentLoaded"));
      document.head.append(...feeds);
      if (chosen?.name === "__palette") chosen.dispatchEvent(new Event("change", { bubbles: true }));
      if (search.value) search.dispatchEvent(new Event("keyup"));
    };
    document.head.append(script);
  };
  for (const move of moves) addEventListener(move, wake, { capture: true, passive: true });

  // It gives each block of code a `nav` without a name; to assistive technology they are no landmarks.
  new MutationObserver(() => {
    for (const nav of document.querySelectorAll(".md-code__nav:not([role])")) nav.setAttribute("role", "none");
  }).observe(document.body, { childList: true, subtree: true });
})();
