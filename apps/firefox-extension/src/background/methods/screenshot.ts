import { FIREFOX_LIMITS, type FirefoxParams, type FirefoxResult } from "@baa/contracts/firefox";
import { injectionFault, throwIfAborted } from "./ask-page.ts";
import { imageSize } from "./image-size.ts";
import { type MethodContext, MethodFault } from "./method.ts";
import { requireSameSite, type TargetTab, targetTab } from "./target-tab.ts";

/** Firefox paints on no longer canvas. */
const SIDE_MAX = 32_767;
/** Four bytes each while it is painted. */
const PIXELS_MAX = 64 * 1024 * 1024;

/**
 * A picture of what the tab shows, or of its whole document; tabs in the background, too. The page must be of the same
 * site after it was taken.
 * @throws MethodFault too_large, tab_closed, permission_missing, page_error and those of targetTab
 */
export const pageScreenshot = async (
  params: FirefoxParams<"page.screenshot">,
  context: MethodContext,
): Promise<FirefoxResult<"page.screenshot">> => {
  const tab = await targetTab(params.tabId, context);
  const rect = params.full ? await documentRect(tab) : undefined;
  throwIfAborted(context.signal);
  const url = await capture(tab, { format: params.format, ...(rect === undefined ? {} : { rect, scale: 1 }) });
  await requireSameSite(tab);
  const data = url.slice(url.indexOf(",") + 1);
  if (data.length > FIREFOX_LIMITS.resultChars) {
    throw new MethodFault("too_large", `The picture has ${data.length} characters as base64.`);
  }
  const size = imageSize(data);
  if (size === undefined) throw new MethodFault("page_error", "Firefox gave no picture of this page.");
  return { mediaType: `image/${params.format}`, data, ...size };
};

const capture = async (tab: TargetTab, options: browser.extensionTypes.ImageDetails): Promise<string> => {
  try {
    return await browser.tabs.captureTab(tab.tabId, options);
  } catch (error) {
    throw injectionFault(error);
  }
};

const documentRect = async (tab: TargetTab): Promise<{ x: 0; y: 0; width: number; height: number }> => {
  const [width = 0, height = 0] = await measure(tab);
  if (width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX) {
    throw new MethodFault(
      "too_large",
      `The document is ${width} x ${height} pixels; a picture has at most ${PIXELS_MAX}, and no side above ${SIDE_MAX}.`,
    );
  }
  return { x: 0, y: 0, width, height };
};

const measure = async (tab: TargetTab): Promise<readonly number[]> => {
  try {
    const [found] = await browser.scripting.executeScript({
      target: { tabId: tab.tabId, frameIds: [0] },
      // Runs in the page: nothing around it is known there.
      func: () => {
        const { documentElement: root, body } = document;
        return [
          Math.max(root.scrollWidth, root.clientWidth),
          Math.max(root.scrollHeight, root.clientHeight, body?.scrollHeight ?? 0),
        ];
      },
    });
    return found?.result as readonly number[];
  } catch (error) {
    throw injectionFault(error);
  }
};
