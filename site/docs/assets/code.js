// The theme gives each block of code a `nav` of its own without a name; to assistive technology they are no landmarks.
new MutationObserver(() => {
  for (const nav of document.querySelectorAll(".md-code__nav:not([role])")) nav.setAttribute("role", "none");
}).observe(document.body, { childList: true, subtree: true });
