// Returns what in a page could act and is not ours; of a page that is only parsed, where its HTML is given.
(html) => {
  const page = html ? new DOMParser().parseFromString(html, "text/html") : document;
  const forbidden = [
    "iframe, object, embed, applet, frame, frameset, portal, base, style, isindex, plaintext, xmp, textarea",
    "svg script, math script, foreignObject, animate, set, image, video, audio, marquee, custom-pwn",
    "meta[http-equiv]:not([http-equiv='Content-Security-Policy']), link:not([type], [rel=canonical])[href^='http'], img[src^='http']",
    "[ping], [srcdoc], [autofocus], [formaction], form[action]",
    html ? "[style]" : "[style*=url], [style*=expression]", // the theme sets heights
  ];
  const found = [...page.querySelectorAll(forbidden.join(", "))].map((part) => part.outerHTML.slice(0, 200));
  for (const part of page.querySelectorAll("*"))
    for (const { name, value } of part.attributes) {
      const acts = /^(href|src|xlink:href|action|data)$/.test(name) && /^\s*((java|vb)script:|data:.)/i.test(value.replace("data:,", ""));
      if (acts || name.startsWith("on")) found.push(`${name}=${value}`);
    }
  for (const script of page.querySelectorAll("script:not([type])")) {
    const isFile = /^[./]*assets\//.test(script.getAttribute("src") ?? "");
    if (!isFile && !/__md_(get|scope)/.test(script.text)) found.push(script.outerHTML.slice(0, 200));
  }
  return found;
}
