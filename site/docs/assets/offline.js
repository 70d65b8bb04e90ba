// From disk no browser starts a worker, so the theme's search gets a hidden frame of this page that acts as one.
globalThis.Worker = class extends EventTarget {
  constructor(address) {
    super();
    const frame = document.createElement("iframe");
    frame.hidden = true;
    document.body.append(frame);
    this.inside = frame.contentWindow;
    this.inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
    const script = frame.contentDocument.createElement("script");
    this.loaded = new Promise((done) => script.addEventListener("load", done));
    script.src = address;
    frame.contentDocument.body.append(script);
  }

  async postMessage(data) {
    await this.loaded;
    this.inside.dispatchEvent(new MessageEvent("message", { data }));
  }
};
