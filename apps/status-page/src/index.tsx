import "@preact/signals";
import { render } from "preact";
import { createApp } from "./state/app.ts";
import { Page } from "./ui/page.tsx";

const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<Page app={createApp(window)} />, root);
}
