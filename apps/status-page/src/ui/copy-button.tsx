import { useEffect, useState } from "preact/hooks";

/** A command or an id that can be copied. Without the clipboard (plain http from another machine) it is selected. */
export const Copy = ({ text, label }: { text: string; label?: string }) => {
  const [done, setDone] = useState<string | undefined>(undefined);
  useEffect(() => {
    const timer = done === undefined ? undefined : setTimeout(() => setDone(undefined), 2_000);
    return () => clearTimeout(timer);
  }, [done]);
  const onClick = (event: MouseEvent): void => {
    const code = (event.currentTarget as HTMLElement).previousElementSibling;
    void copy(text, code).then((isCopied) => setDone(isCopied ? "Copied" : "Selected"));
  };
  return (
    <span class="copy">
      <code>{text}</code>
      <button type="button" class="small" onClick={onClick} aria-label={`Copy ${label ?? text}`}>
        {done ?? "Copy"}
      </button>
      <span class="sr-only" role="status">
        {done ?? ""}
      </span>
    </span>
  );
};

/** Whether it is in the clipboard; if not, it is selected. */
const copy = async (text: string, shown: Element | null): Promise<boolean> => {
  // Only there over https or on the machine itself, whatever the types say.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  try {
    if (clipboard) {
      await clipboard.writeText(text);
      return true;
    }
  } catch {
    // Not allowed: select it instead.
  }
  if (shown) getSelection()?.selectAllChildren(shown);
  return false;
};
