import { useEffect, useRef, useState } from "preact/hooks";

/** So near the end counts as at the end. */
const NEAR_PX = 48;

/**
 * Keeps a scrolled element at its end while it grows, as long as the reader is there.
 * Returns where to put the two refs, and whether the end is out of sight.
 */
export const useStickToEnd = () => {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isStuck = useRef(true);
  const [isAway, setAway] = useState(false);

  const toEnd = (): void => {
    isStuck.current = true;
    setAway(false);
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  };

  useEffect(() => {
    const element = scroller.current;
    if (!element || !content.current) return undefined;
    let lastTop = 0;
    const onScroll = (): void => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      // Only going up means leaving the end: when the content grows, the end moves away by itself.
      if (scrollHeight - scrollTop - clientHeight < NEAR_PX) isStuck.current = true;
      else if (scrollTop < lastTop) isStuck.current = false;
      lastTop = scrollTop;
      setAway(!isStuck.current);
    };
    const grown = new ResizeObserver(() => {
      if (isStuck.current) element.scrollTop = element.scrollHeight;
    });
    grown.observe(content.current);
    grown.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      grown.disconnect();
      element.removeEventListener("scroll", onScroll);
    };
  }, []);

  return { scroller, content, isAway, toEnd };
};
