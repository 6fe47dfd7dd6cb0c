import { useEffect, useRef } from "preact/hooks";
import type { App } from "../state/app.ts";

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["j", "k"], "next and previous session; in the list also ↓ and ↑"],
  [["Enter"], "open the session"],
  [["/"], "search"],
  [["Esc"], "back"],
  [["?"], "this help"],
];

export const HelpDialog = ({ app }: { app: App }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = app.isHelpOpen.value;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} class="card help" aria-labelledby="help" onClose={() => (app.isHelpOpen.value = false)}>
      <h2 id="help">Keys</h2>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        This page only reads. To act, use <code>baa</code>: <code>baa ask</code>, <code>baa chat</code>,{" "}
        <code>baa approve</code>, <code>baa interrupt</code>.
      </p>
      <div class="dialog-actions">
        <button type="button" class="primary" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
};
