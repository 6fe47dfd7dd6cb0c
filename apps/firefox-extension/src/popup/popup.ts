import { readState } from "./background.ts";
import { newAct, onSiteOf, wireControls } from "./controls.ts";
import { byId } from "./elements.ts";
import { popupView } from "./popup-view.ts";
import { newRenderer } from "./render.ts";

/** How often the state is asked for while the popup is open. */
const REFRESH_MS = 500;

/** Shows the state now and from now on. */
const start = async (): Promise<void> => {
  /** Counts actions: what was asked before one does not show what it has done. */
  let actions = 0;
  let isAsking = false;
  const refresh = async (): Promise<void> => {
    isAsking = true;
    const asked = actions;
    const state = await readState();
    if (asked !== actions) return;
    isAsking = false;
    if (state !== undefined) render(popupView(state, Date.now()));
  };
  const act = newAct(() => {
    actions += 1;
    void refresh();
  });
  const render = newRenderer(onSiteOf(act));
  wireControls(act);
  await refresh();
  if (!byId("pair").hidden) byId("code").focus();
  setInterval(() => {
    if (!isAsking) void refresh();
  }, REFRESH_MS);
};

void start();
