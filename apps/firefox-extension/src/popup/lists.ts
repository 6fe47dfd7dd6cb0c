import type { SiteRule } from "@baa/contracts/firefox";
import type { CommandLine } from "./command-words.ts";
import { byId, make, setText } from "./elements.ts";
import { KeyedList, type Row } from "./keyed-list.ts";

/** What a button of a row does. */
export type OnSite = (button: HTMLElement, site: string, access: "allowed" | "denied" | null) => void;

const button = (label: string, site: string, o: { class?: string; onClick: (self: HTMLElement) => void }) => {
  const element = make("button", { type: "button", "aria-label": `${label} ${site}`, class: o.class ?? "" }, label);
  element.addEventListener("click", () => o.onClick(element));
  return element;
};

/** Sites that wait for a decision. */
export const askedList = (onSite: OnSite): KeyedList<string> =>
  new KeyedList(byId("asked-list"), {
    keyOf: (site) => site,
    fallback: byId("status-title"),
    newRow: (site): Row<string> => ({
      element: make(
        "li",
        { class: "asked" },
        make("span", { class: "site" }, site),
        make(
          "span",
          { class: "row" },
          button("Allow", site, { class: "grow", onClick: (self) => onSite(self, site, "allowed") }),
          button("Deny", site, { class: "grow", onClick: (self) => onSite(self, site, "denied") }),
        ),
      ),
      update: () => undefined,
    }),
  });

/** Rules that the user or the operator has made. */
export const siteList = (onSite: OnSite): KeyedList<SiteRule> =>
  new KeyedList(byId("sites-list"), {
    keyOf: ({ site }) => site,
    fallback: byId("sites-title"),
    newRow: ({ site }): Row<SiteRule> => {
      const badge = make("span", { class: "badge" });
      return {
        element: make(
          "li",
          { class: "row" },
          make("span", { class: "site grow" }, site),
          badge,
          button("Remove", site, { class: "small", onClick: (self) => onSite(self, site, null) }),
        ),
        update: ({ access }) => {
          setText(badge, access);
          badge.dataset["tone"] = access === "allowed" ? "good" : "bad";
        },
      };
    },
  });

/** What this browser was asked lately. */
export const commandList = (): KeyedList<CommandLine> =>
  new KeyedList(byId("commands-list"), {
    keyOf: ({ id }) => id,
    fallback: byId("commands-list"),
    newRow: (): Row<CommandLine> => {
      const what = make("span", { class: "what grow" });
      const badge = make("span", { class: "badge" });
      const where = make("span", { class: "site grow" });
      const when = make("span", { class: "when" });
      const error = make("p", { class: "hint" });
      return {
        element: make(
          "li",
          { class: "command" },
          make("span", { class: "row" }, what, badge),
          make("span", { class: "row hint" }, where, when),
          error,
        ),
        update: (line) => {
          setText(what, line.what);
          setText(badge, line.state);
          badge.dataset["tone"] = line.tone;
          setText(where, line.where);
          setText(when, line.when);
          setText(error, line.error);
        },
      };
    },
  });
