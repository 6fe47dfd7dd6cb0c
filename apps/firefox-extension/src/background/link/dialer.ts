import type { BrowserInfo, ServerFrameOf } from "@baa/contracts/firefox";
import { connectionWords } from "../../shared/connection-words.ts";
import type { PopupConnection } from "../../shared/popup-messages.ts";
import type { Settings } from "../settings.ts";
import { type AfterHandshake, Connection, type ConnectionEnd, type Credential, type Socket } from "./connection.ts";
import { Patience, type PatienceStore } from "./patience.ts";
import type { ProbeResult } from "./probe.ts";
import { stepRedial } from "./redial-machine.ts";

/** How often it is looked whether anything answers: the connection is back within 2 s of conductor's return. */
const PROBE_MS = 1_500;

export interface DialerOptions {
  readonly settings: Settings;
  readonly session: PatienceStore;
  readonly backgroundId: string;
  readonly openSocket: (url: string) => Socket;
  readonly probe: (url: string) => Promise<ProbeResult>;
  readonly info: () => Promise<BrowserInfo>;
  readonly onOpen: (connection: Connection, welcome: ServerFrameOf<"welcome">) => void;
  readonly onFrame: (frame: AfterHandshake) => void;
  /** An open connection has ended. `forgotten`: and with it the pairing. */
  readonly onClosed: (o: { readonly forgotten: boolean }) => void;
  /** What `shows` tells has changed. */
  readonly onChange: () => void;
  /** Whether the background is to be woken now and then. */
  readonly keepAwake: (isWanted: boolean) => void;
}

/** The user typed a code; `settle` is told why it did not lead to a pairing, or undefined. */
interface Pairing {
  readonly code: string;
  readonly settle: (error: string | undefined) => void;
}

/**
 * Keeps one connection: probe, dial, wait, again. It rests while there is nothing to prove or the user has to say when,
 * and can be told to look again by anything that wakes the background.
 */
export class Dialer {
  readonly #o: DialerOptions;
  readonly #patience: Patience;
  #shows: PopupConnection = { kind: "connecting", why: "starting" };
  #isRunning = false;
  #isAwake: boolean | undefined;
  #failures = 0;
  #connection: Connection | undefined;
  #pairing: Pairing | undefined;

  constructor(o: DialerOptions) {
    this.#o = o;
    this.#patience = new Patience(o.session);
  }

  /** For the popup and the toolbar. */
  get shows(): PopupConnection {
    return this.#shows;
  }

  /** The open connection. */
  get connection(): Connection | undefined {
    return this.#connection?.isOpen === true ? this.#connection : undefined;
  }

  /** Dials unless it does already, or has a reason not to. Anything that wakes the background leads here. */
  ensureConnected(): void {
    if (this.#isRunning) return this.#patience.look();
    this.#isRunning = true;
    void this.#run();
  }

  /** Dials now, whatever kept it from it. */
  connectNow(): void {
    this.#patience.end();
    this.#failures = 0;
    this.ensureConnected();
  }

  /** Dials anew: the address or the credential has changed. */
  redial(): void {
    this.#connection?.close();
    this.connectNow();
  }

  /** Uses a code that the user typed. @returns why it did not lead to a pairing, or undefined. */
  pair(code: string): Promise<string | undefined> {
    this.#pairing?.settle("Another code was typed.");
    return new Promise((resolve) => {
      const settle = (error: string | undefined) => {
        this.#pairing = undefined;
        resolve(error);
      };
      this.#pairing = { code, settle };
      this.redial();
    });
  }

  /** The user ends the pairing: told to conductor when it can be reached, and the key is forgotten in any case. */
  async unpair(): Promise<void> {
    this.connection?.send({ t: "unpair" });
    await this.#o.settings.forgetKey("unpaired");
    this.redial();
  }

  async #run(): Promise<void> {
    await Promise.all([this.#o.settings.load(), this.#patience.load()]);
    if (this.#patience.shows !== undefined) this.#show(this.#patience.shows);
    for (;;) {
      const credential = this.#credential();
      if (credential === undefined) return this.#rest(this.#notPaired());
      if (this.#patience.isHeld) return this.#rest(this.#shows);
      this.#keepAwake(true);
      if (await this.#patience.sleep()) continue; // much may have changed
      if (!(await this.#isUp(credential))) continue;
      // Meanwhile a code may have been typed, or the pairing ended.
      if (this.#credential()?.secret === credential.secret) await this.#dial(credential);
    }
  }

  #rest(shows: PopupConnection): void {
    this.#isRunning = false;
    this.#show(shows);
    this.#keepAwake(false);
  }

  /** Only when it changes: setting the alarm again would put it off. */
  #keepAwake(isWanted: boolean): void {
    if (this.#isAwake === isWanted) return;
    this.#isAwake = isWanted;
    this.#o.keepAwake(isWanted);
  }

  #credential(): Credential | undefined {
    const { key, policyCode } = this.#o.settings;
    if (this.#pairing !== undefined) return { with: "code", secret: this.#pairing.code };
    if (key !== undefined) return { with: "key", secret: key };
    return policyCode === undefined ? undefined : { with: "code", secret: policyCode };
  }

  #notPaired(): PopupConnection {
    const why = this.#o.settings.noKeyWhy;
    return why === "revoked" ? { kind: "revoked" } : { kind: "notPaired", why };
  }

  /** Else it waits for the next probe. */
  async #isUp(credential: Credential): Promise<boolean> {
    const { settings } = this.#o;
    const isEnrolling = credential.with === "code" && this.#pairing === undefined;
    if (isEnrolling) this.#show({ kind: "connecting", why: "enrolling" });
    else if (this.#shows.kind !== "connecting") this.#show({ kind: "connecting", why: "starting" });
    const next = Date.now() + PROBE_MS;
    const found = await this.#o.probe(settings.url);
    if (found === "up") return true;
    this.#failures = 0;
    this.#show({ kind: "connecting", why: found });
    this.#pairing?.settle(this.#words());
    this.#patience.waitUntil(next);
    return false;
  }

  /** One connection, to its end and what follows from it. */
  async #dial(credential: Credential): Promise<void> {
    const pairing = this.#pairing;
    const { end, openMs } = await this.#connect(credential);
    this.#connection = undefined;
    const step = stepRedial({ end, with: credential.with, openMs, failures: this.#failures });
    this.#failures = openMs > 0 ? 0 : this.#failures + 1;
    const { settings } = this.#o;
    if (step.effect === "forgetKey") await settings.forgetKey("revoked").catch(onlyInMemory);
    if (openMs > 0) this.#o.onClosed({ forgotten: settings.key === undefined });
    if (pairing !== undefined && openMs === 0) {
      if (step.effect === "refuseCode") return pairing.settle(WRONG_CODE);
      this.#show(step.shows);
      return pairing.settle(end.phase === "refused" ? NO_PAIRING : this.#words());
    }
    if (step.effect === "refuseCode") await settings.refusePolicyCode().catch(onlyInMemory);
    this.#show(step.shows);
    // Ended by us, because something has changed: dialled at once.
    if (end.code === 0 && end.fault === undefined) return;
    if (step.waitMs === "never") this.#patience.hold(step.shows);
    else this.#patience.waitUntil(Date.now() + step.waitMs, step.shows);
  }

  #connect(credential: Credential): Promise<{ end: ConnectionEnd; openMs: number }> {
    const { settings, backgroundId, info, onOpen, onFrame } = this.#o;
    return new Promise((resolve) => {
      let openedAt: number | undefined;
      const socket = this.#openSocket();
      if (socket === undefined) return resolve({ end: { code: 0, phase: "refused", fault: "no socket" }, openMs: 0 });
      const connection = new Connection({
        socket,
        credential,
        clientId: settings.clientId,
        backgroundId,
        info,
        storeKey: (key) => settings.setKey(key),
        onOpen: (welcome) => {
          openedAt = Date.now();
          this.#patience.end();
          this.#show({ kind: "connected" });
          this.#pairing?.settle(undefined);
          onOpen(connection, welcome);
        },
        onFrame,
        onEnd: (end) => resolve({ end, openMs: openedAt === undefined ? 0 : Math.max(1, Date.now() - openedAt) }),
      });
      this.#connection = connection;
    });
  }

  /** Undefined for an address that Firefox opens none for. */
  #openSocket(): Socket | undefined {
    try {
      return this.#o.openSocket(this.#o.settings.url);
    } catch {
      return undefined; // it says no more than that
    }
  }

  #show(shows: PopupConnection): void {
    if (JSON.stringify(shows) === JSON.stringify(this.#shows)) return;
    this.#shows = shows;
    this.#o.onChange();
  }

  #words(): string {
    const { url, isPaused } = this.#o.settings;
    return connectionWords({ connection: this.#shows, isPaused, url }).why;
  }
}

/** A full disk: it counts for as long as this background lives. */
const onlyInMemory = (): void => undefined;

const WRONG_CODE = "Conductor did not take this code. Type it again, or run `baa firefox pair` for a new one.";
const NO_PAIRING = "No pairing is open at conductor. Run `baa firefox pair` there and type its code here.";
