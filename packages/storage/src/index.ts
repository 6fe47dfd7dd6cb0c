export { readChecked, type ReadCheckedOptions, writeChecked } from "./file/checked-json.ts";
export { type Checkpoint, readCheckpoint, type ReadCheckpoint, writeCheckpoint } from "./file/checkpoint.ts";
export { DamagedFileError } from "./file/damaged-file.ts";
export { type DurableWriteOptions, type FileContent, writeFileDurable } from "./file/durable-write.ts";
export type { Generation, Read } from "./file/generations.ts";
export {
  createPrivateFile,
  ensurePrivateDir,
  ensurePrivateDirDurable,
  PermissionFault,
  readPrivateFile,
} from "./file/private.ts";
export { fileState } from "./file/file-state.ts";
export { syncDirectory } from "./file/install-steps.ts";
export { ensurePrivateToken } from "./file/private-token.ts";
export { writeFileDurableSliced } from "./file/sliced-write.ts";
export { acquireLock, type Lock, LockHeldError, type LockHolder, type LockOptions } from "./lock/lock.ts";
export { type LockProbe, probeLock } from "./lock/probe-lock.ts";
export { type Database, openDatabase, type OpenDatabaseOptions, type Row, type Statement } from "./sqlite/database.ts";
export type { SqlValue } from "./sqlite/engine.ts";
export { bootId } from "./log/boot-id.ts";
export { LogClosedError, LogDamagedError, StorageFullError } from "./log/errors.ts";
export { EventLog } from "./log/event-log.ts";
export type { ForgetOptions, ForgetResult } from "./log/forget.ts";
export type { EventLogOptions } from "./log/options.ts";
export { rebuildLog } from "./log/rebuild-log.ts";
export { planRebuild, type PlanRebuildOptions, type RebuildPlan } from "./log/rebuild-plan.ts";
export { readStoredLog, type StoredLog, type StoredRecord } from "./log/stored-log.ts";
export { type LogReport, type SegmentReport, verifyLog } from "./log/verify-log.ts";
export type {
  EventHead,
  Frame,
  LogDamage,
  LogGap,
  LogRecordInput,
  LogRetention,
  LogState,
  ReadLimit,
  ReadResult,
} from "./log/types.ts";
