// What a hostile page tries, run by real browsers inside such a page. The one table: the test reads its names and kinds,
// the page runs its functions. Each gets the address to attack and resolves with what the page could read of the
// answer, or `null` for nothing.

const TIMEOUT_MS = 6000;
/** The subprotocol of conductor's bridge to Firefox. */
const BRIDGE = "conductor.firefox.v1";

const readFetch = async (url, init) => {
  const response = await fetch(url, init);
  return response.type === "opaque" || response.type === "opaqueredirect" ? null : readable(response);
};
const readable = async (response) => ({ status: response.status, text: await response.text() });

/** An element that loads `url`: `load` means that the page got something of it. */
const load = (name, set) => (url, o) =>
  new Promise((resolve) => {
    const element = document.createElement(name);
    element.onload = () => resolve({ loaded: name });
    element.onerror = element.onabort = () => resolve(null);
    set(element, url, o);
    document.body.append(element);
  });

/** A frame fires `load` for anything: what counts is whether its document can be read. */
const frame = (name, set) => (url, o) =>
  new Promise((resolve) => {
    const element = document.createElement(name);
    element.onload = () => resolve(readDocument(element));
    element.onerror = () => resolve(null);
    set(element, url, o);
    document.body.append(element);
  });

const readDocument = (element) => {
  try {
    const text = element.contentDocument?.body?.textContent;
    // An object or embed that failed shows an empty document of the page's own.
    return text === undefined || text === "" ? null : { text };
  } catch {
    return null; // another origin's
  }
};

/** Whether it still shows the empty document that it began with. */
const isBlank = (element) => {
  try {
    return element.contentWindow.location.href === "about:blank";
  } catch {
    return false; // another origin's
  }
};

let frames = 0;
/** Submits a form into a frame of its own. */
const form = (set) => (url, o) =>
  new Promise((resolve) => {
    const target = document.createElement("iframe");
    target.name = `frame${frames++}`;
    document.body.append(target);
    const element = document.createElement("form");
    Object.assign(element, { action: url, method: "POST", target: target.name });
    set(element, o);
    document.body.append(element);
    target.onload = () => {
      if (!isBlank(target)) resolve(readDocument(target));
    };
    element.submit();
  });

const field = (element, name, value) => {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name, value });
  element.append(input);
};
/** `text/plain` writes name=value: cut inside the last text of the JSON, so that the equals sign is part of it. */
const jsonForm = (enctype) => (element, o) => {
  element.enctype = enctype;
  field(element, o.body.slice(0, -2), o.body.slice(-2));
};

const socket = (protocols) => (url, o) =>
  new Promise((resolve) => {
    const opened = new WebSocket(url.replace(/^http/, "ws"), protocols(o));
    opened.onmessage = (event) => resolve({ text: String(event.data) });
    opened.onopen = () => resolve({ opened: true });
    opened.onerror = opened.onclose = () => resolve(null);
  });

const eventSource = (url) =>
  new Promise((resolve) => {
    const source = new EventSource(url, { withCredentials: true });
    source.onmessage = source.onopen = () => resolve({ opened: true });
    source.onerror = () => {
      source.close();
      resolve(null);
    };
  });

/** Code that runs in a worker and posts back what it read. */
const worker = (code) => (url, o) =>
  new Promise((resolve) => {
    const text = `const url = ${JSON.stringify(url)}, body = ${JSON.stringify(o.body)};
      (async () => { ${code} })().then((read) => postMessage(read ?? null), () => postMessage(null));`;
    const started = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    started.onmessage = (event) => resolve(event.data);
    started.onerror = () => resolve(null);
  });

const workerSocket = (protocols) => `return new Promise((resolve) => {
  const opened = new WebSocket(url.replace(/^http/, "ws"), ${protocols});
  opened.onopen = () => resolve({ opened: true });
  opened.onerror = () => resolve(null);
});`;

/** Guesses a pairing code: a hello in order, but for its proof. Resolves with the close code. */
const guess = (url) =>
  new Promise((resolve) => {
    const opened = new WebSocket(url.replace(/^http/, "ws"), BRIDGE);
    const random = (count) => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(count))));
    const secret = () => random(32).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const info = { browser: "x", os: "x", extension: "0", manifest: 3, hasAllSites: true };
    opened.onmessage = () => {
      const clientId = `ffx_${"0".repeat(32)}`;
      const names = { t: "hello", proto: 1, clientId, with: "code", backgroundId: "x", info };
      opened.send(JSON.stringify({ ...names, nonce: secret(), mac: secret() }));
    };
    opened.onclose = (event) => resolve(event.code);
  });

const guessOften = async (url) => {
  const codes = [];
  while (codes.length < 6) codes.push(await guess(url));
  return codes;
};

/** The hostile site answers with a redirect to `url`. */
const redirected = (o, url, status = 302) => `${o.site}/redirect?status=${status}&to=${encodeURIComponent(url)}`;

const popup = (features) => (url) =>
  new Promise((resolve) => {
    const opened = window.open(url, "_blank", features);
    if (opened === null) return resolve(null); // a window without an opener, or none
    const started = performance.now();
    const end = (read) => {
      opened.close();
      resolve(read);
    };
    const look = () => {
      try {
        if (opened.location.href !== "about:blank") return end({ text: opened.document.body.textContent });
      } catch {
        return end(null); // it is there, and another origin's
      }
      if (performance.now() - started > TIMEOUT_MS) end(null);
      else setTimeout(look, 20);
    };
    look();
  });

const beacon = async (url, body) => {
  navigator.sendBeacon(url, body);
  return null;
};

const json = (o, more) => ({ method: "POST", headers: { "content-type": "application/json", ...more }, body: o.body });
const withToken = (url, o) => `${url}&token=${o.token}&access_token=${o.token}`;
const stolen = (o) => ({ authorization: `Bearer ${o.token}` });
const simple = (type) => (url, o) =>
  readFetch(url, {
    method: "POST",
    mode: "no-cors",
    credentials: "include",
    body: type === undefined ? new TextEncoder().encode(o.body) : new Blob([o.body], { type }),
  });
const multipart = (o) => {
  const data = new FormData();
  data.append("json", new Blob([o.body], { type: "application/json" }), "a.json");
  data.append("input", "attack");
  return data;
};

/**
 * Which kind of address each goes to, and what it does there. `isHeavy`: makes documents, dear in time, and so not run
 * from everywhere. `isSecureOnly`: a page that is no secure context cannot even try.
 */
export const ATTACKS = {
  // fetch and XMLHttpRequest
  "fetch GET": { to: "read", run: (url) => readFetch(url) },
  "fetch GET no-cors": { to: "read", run: (url) => readFetch(url, { mode: "no-cors" }) },
  "fetch GET without Referer": {
    to: "read",
    run: (url) => readFetch(url, { mode: "no-cors", referrerPolicy: "no-referrer" }),
  },
  "fetch GET with cookies": { to: "read", run: (url) => readFetch(url, { credentials: "include" }) },
  "fetch GET with a stolen token": { to: "read", run: (url, o) => readFetch(url, { headers: stolen(o) }) },
  "fetch GET with a header of its own": {
    to: "read",
    run: (url) => readFetch(url, { headers: { "x-requested-with": "x" } }),
  },
  "fetch GET, token in the query": { to: "read", run: (url, o) => readFetch(withToken(url, o)) },
  "fetch GET by a redirect": { to: "read", run: (url, o) => readFetch(redirected(o, url), { mode: "no-cors" }) },
  "fetch HEAD": { to: "read", run: (url) => readFetch(url, { method: "HEAD", mode: "no-cors" }) },
  "fetch POST JSON": { to: "write", run: (url, o) => readFetch(url, json(o)) },
  "fetch POST JSON with a stolen token": { to: "write", run: (url, o) => readFetch(url, json(o, stolen(o))) },
  "fetch POST text/plain": { to: "write", run: simple("text/plain") },
  "fetch POST urlencoded": { to: "write", run: simple("application/x-www-form-urlencoded") },
  "fetch POST without a type": { to: "write", run: simple() },
  "fetch POST multipart": {
    to: "write",
    run: (url, o) => readFetch(url, { method: "POST", mode: "no-cors", body: multipart(o) }),
  },
  "fetch POST keepalive": {
    to: "write",
    run: (url, o) => readFetch(url, { method: "POST", mode: "no-cors", keepalive: true, body: o.body }),
  },
  "fetch POST by a 307": {
    to: "write",
    run: (url, o) => readFetch(redirected(o, url, 307), { method: "POST", mode: "no-cors", body: o.body }),
  },
  "fetch PUT": { to: "write", run: (url, o) => readFetch(url, { method: "PUT", body: o.body }) },
  "fetch DELETE": { to: "remove", run: (url) => readFetch(url, { method: "DELETE" }) },
  "fetch DELETE with a stolen token": {
    to: "remove",
    run: (url, o) => readFetch(url, { method: "DELETE", headers: stolen(o) }),
  },
  "XMLHttpRequest POST": {
    to: "write",
    run: (url, o) =>
      new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open("POST", url);
        request.withCredentials = true;
        request.onload = () => resolve({ status: request.status, text: request.responseText });
        request.onerror = () => resolve(null);
        request.send(o.body);
      }),
  },
  // beacons: nothing of the answer ever comes back
  "beacon text/plain": { to: "write", run: (url, o) => beacon(url, o.body) },
  "beacon JSON": { to: "write", run: (url, o) => beacon(url, new Blob([o.body], { type: "application/json" })) },
  "beacon multipart": { to: "write", run: (url, o) => beacon(url, multipart(o)) },
  // what a page loads
  img: { to: "read", run: load("img", (element, url) => (element.src = url)) },
  "img without Referer": {
    to: "read",
    run: load("img", (element, url) => Object.assign(element, { referrerPolicy: "no-referrer", src: url })),
  },
  "img with CORS": {
    to: "read",
    run: load("img", (element, url) => Object.assign(element, { crossOrigin: "use-credentials", src: url })),
  },
  "img by a redirect": { to: "read", run: load("img", (element, url, o) => (element.src = redirected(o, url))) },
  script: { to: "read", run: load("script", (element, url) => (element.src = url)) },
  "module script": {
    to: "read",
    run: load("script", (element, url) => Object.assign(element, { type: "module", src: url })),
  },
  stylesheet: {
    to: "read",
    run: load("link", (element, url) => Object.assign(element, { rel: "stylesheet", href: url })),
  },
  // One browser says `load` for whatever came: it tells the page nothing.
  preload: {
    to: "read",
    run: (url) =>
      load("link", (element) => Object.assign(element, { rel: "preload", as: "fetch", href: url }))(url).then(
        () => null,
      ),
  },
  "CSS background": {
    to: "read",
    run: async (url) => {
      const element = document.createElement("div");
      element.style.cssText = `width: 9px; height: 9px; background: url("${url}")`;
      document.body.append(element);
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return null;
    },
  },
  font: { to: "read", run: async (url) => ({ loaded: (await new FontFace("x", `url("${url}")`).load()).family }) },
  // streams
  EventSource: { to: "stream", run: eventSource },
  WebSocket: { to: "stream", run: socket(() => []) },
  "WebSocket, token as its protocol": { to: "stream", run: socket((o) => ["baa.v1", `bearer.${o.token}`]) },
  "WebSocket, token in the query": { to: "stream", run: (url, o) => socket(() => [])(withToken(url, o)) },
  // conductor's bridge to Firefox
  "WebSocket at the bridge": { to: "bridge", run: socket(() => [BRIDGE]) },
  "WebSocket at the bridge without its protocol": { to: "bridge", run: socket(() => []) },
  "WebSocket at the bridge, token in the query": {
    to: "bridge",
    run: (url, o) => socket(() => [BRIDGE, `bearer.${o.token}`])(withToken(url, o)),
  },
  "worker WebSocket at the bridge": { to: "bridge", run: worker(workerSocket(JSON.stringify(BRIDGE))) },
  "EventSource at the bridge": { to: "bridge", run: eventSource },
  "fetch GET of the bridge": { to: "bridge", run: (url) => readFetch(url, { mode: "no-cors" }) },
  "fetch POST to the bridge": { to: "bridge", run: simple("text/plain") },
  "WebSocket at the bridge that guesses codes": { to: "guess", run: guessOften },
  // workers
  "worker fetch": { to: "write", run: worker("await fetch(url, { method: 'POST', mode: 'no-cors', body })") },
  "worker importScripts": { to: "read", run: worker("importScripts(url); return { loaded: 'script' }") },
  "worker WebSocket": { to: "stream", run: worker(workerSocket("[]")) },
  "service worker fetch": {
    to: "write",
    isSecureOnly: true,
    run: async (url, o) => {
      await navigator.serviceWorker.register("/worker.js");
      const { active } = await navigator.serviceWorker.ready;
      const { port1, port2 } = new MessageChannel();
      active.postMessage({ url, body: o.body }, [port2]);
      return new Promise((resolve) => (port1.onmessage = (event) => resolve(event.data)));
    },
  },
  // documents: forms, frames, windows
  "form urlencoded": { to: "write", isHeavy: true, run: form((element) => field(element, "input", "attack")) },
  "form text/plain with JSON": { to: "write", isHeavy: true, run: form(jsonForm("text/plain")) },
  "form multipart": { to: "write", isHeavy: true, run: form(jsonForm("multipart/form-data")) },
  "form without Referer": {
    to: "write",
    isHeavy: true,
    run: form((element, o) => jsonForm("text/plain")(Object.assign(element, { rel: "noreferrer" }), o)),
  },
  iframe: { to: "read", isHeavy: true, run: frame("iframe", (element, url) => (element.src = url)) },
  "iframe without Referer": {
    to: "read",
    isHeavy: true,
    run: frame("iframe", (element, url) => Object.assign(element, { referrerPolicy: "no-referrer", src: url })),
  },
  "iframe by a redirect": {
    to: "read",
    isHeavy: true,
    run: frame("iframe", (element, url, o) => (element.src = redirected(o, url))),
  },
  object: { to: "read", isHeavy: true, run: frame("object", (element, url) => (element.data = url)) },
  embed: { to: "read", isHeavy: true, run: frame("embed", (element, url) => (element.src = url)) },
  "window.open": { to: "read", isHeavy: true, run: popup("") },
  "window.open without Referer": { to: "read", isHeavy: true, run: popup("noreferrer") },
  "window.open, token in the query": { to: "read", isHeavy: true, run: (url, o) => popup("")(withToken(url, o)) },
};

/**
 * Runs attacks, some at a time, and resolves with what each could read: null, or the proof of a hole.
 * @param cases `{id, name, url, token}`, the token one that the page has stolen
 * @param o `{body, site}`: JSON that a server of ours would act on, and the hostile site
 */
export const runAttacks = async (cases, o) => {
  const queue = [...cases];
  const results = {};
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { run } = ATTACKS[next.name];
      const late = new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS, null));
      // A browser that refuses by an exception has let the page read nothing.
      results[next.id] = await Promise.race([(async () => run(next.url, { ...o, ...next }))().catch(() => null), late]);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  return results;
};
