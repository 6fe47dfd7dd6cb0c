import { useEffect, useRef, useState } from "preact/hooks";
import type { App } from "../state/app.ts";
import { Spinner } from "./small.tsx";

/** Asks for the token. It goes nowhere but into this tab and the Authorization header. */
export const TokenForm = ({ app }: { app: App }) => {
  const [problem, setProblem] = useState(app.credential.problem.value);
  const [isBusy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  const submit = async (): Promise<void> => {
    const token = input.current?.value.trim() ?? "";
    if (token === "") return setProblem("Paste the token first.");
    setBusy(true);
    const wrong = await app.signIn(token);
    setBusy(false);
    setProblem(wrong);
    if (wrong !== undefined) input.current?.select();
  };

  return (
    <main class="sign-in">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1>
          <Mark /> Codex status
        </h1>
        <p>Paste a token to see what Codex does on this machine. Any token with the scope “read” will do.</p>
        <label for="token">Token</label>
        <input
          id="token"
          ref={input}
          type="password"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={problem !== undefined}
          aria-describedby="token-problem token-help"
        />
        <p id="token-problem" class="problem" role="alert">
          {problem ?? ""}
        </p>
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? <Spinner /> : null} Show the status
        </button>
        <p id="token-help" class="hint">
          On that machine <code>baa token print</code> prints one. It stays in this tab and is gone when the tab closes.
        </p>
      </form>
    </main>
  );
};

export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" />
    <path d="M9 11l5 5-5 5M17 21h6" />
  </svg>
);
