import type { Context } from "../context.ts";
import { findPlaces, findStatusApi, type Place, type PlaceInputs } from "../discovery/places.ts";
import type { ExitName } from "../exit-codes.ts";
import { lookAtCodexd, lookAtConductor, lookAtStatusApi, type ServiceLook } from "./look.ts";
import { statusLines } from "./status-text.ts";
import { EXIT_OF_HEALTH, judge, type Looks } from "./verdict.ts";

/** `baa status`. */
export const status = async (context: Context): Promise<ExitName> => {
  const looks = await lookAtServices(context.places());
  const verdict = judge(looks);
  const { out } = context;
  await out.result({ ...verdict, services: looks }, statusLines(verdict, looks, { style: out.style, now: Date.now() }));
  return EXIT_OF_HEALTH[verdict.status];
};

/** All services, each asked by itself; with `--api` whatever answers there. */
export const lookAtServices = (inputs: PlaceInputs): Promise<Looks> => {
  const places = findPlaces(inputs);
  return inputs.flags.api === undefined ? lookAtAll(places, findStatusApi(inputs)) : lookAtOne(places);
};

const lookAtAll = async (places: readonly Place[], statusApi: string): Promise<Looks> => {
  const [conductor, codexd, page] = await Promise.all([
    firstUp(
      places
        .filter(({ kinds }) => kinds.includes("conductor"))
        .map((place) => () => lookAtConductor(place.baseUrl, place.tokenFiles.conductor)),
    ),
    firstUp(
      places
        .filter(({ kinds }) => kinds.includes("codexd"))
        .map((place) => () => lookAtCodexd(place.baseUrl, place.tokenFiles.codexd)),
    ),
    lookAtStatusApi(statusApi),
  ]);
  return { ...(conductor && { conductor }), ...(codexd && { codexd }), statusApi: page };
};

/** With `--api`: whatever it is that answers there. */
const lookAtOne = async ([place]: readonly Place[]): Promise<Looks> => {
  if (place === undefined) return {};
  const conductor = await lookAtConductor(place.baseUrl, place.tokenFiles.conductor);
  if (conductor.state !== "down") return { conductor };
  const codexd = await lookAtCodexd(place.baseUrl, place.tokenFiles.codexd);
  return codexd.state === "down" ? { conductor } : { codexd };
};

/** The first place where it is up; when it is nowhere, what the first one said. */
const firstUp = async (looks: readonly (() => Promise<ServiceLook>)[]): Promise<ServiceLook | undefined> => {
  let first: ServiceLook | undefined;
  for (const look of looks) {
    const seen = await look();
    if (seen.state !== "down") return seen;
    first ??= seen;
  }
  return first;
};
