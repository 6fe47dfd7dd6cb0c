import { Component, h } from "preact";
import type { ComponentChild, FunctionComponent } from "preact";

const differ = (before: object, after: object): boolean => {
  const names = Object.keys(after);
  if (names.length !== Object.keys(before).length) return true;
  return names.some((name) => Reflect.get(before, name) !== Reflect.get(after, name));
};

/** The component, drawn again only when one of its props is another thing. */
export const memo = <P extends object>(Inner: FunctionComponent<P>) =>
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return differ(this.props, next);
    }
    override render(): ComponentChild {
      return h(Inner, this.props);
    }
  };
