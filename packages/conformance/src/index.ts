export { backendCases } from './backend/index.ts'
export { runCases } from './case.ts'
export type { Case, RunCasesOptions, Suite, TestFunction, Waiver } from './case.ts'
export type { CaseEvidence, Evidence } from './evidence.ts'
