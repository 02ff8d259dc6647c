import { awsCli } from './aws-cli.ts'
import { clients } from './clients.ts'
import { conformanceGcs } from './conformance-gcs.ts'
import { conformanceS3 } from './conformance-s3.ts'
import { crashPoints } from './crash-points.ts'
import { differential } from './differential.ts'
import { histories } from './histories.ts'
import { moves } from './moves.ts'
import { nginx } from './nginx.ts'
import { pastedLines } from './pasted-lines.ts'
import { plans } from './plans/plans.ts'
import { postgresConnections } from './postgres-connections.ts'
import { packed } from './packed.ts'
import { powerCut } from './power-cut.ts'
import { randomKills } from './random-kills.ts'
import { sickDisks } from './sick-disks.ts'
import type { VerifyStep } from './step.ts'
import { suite } from './suite.ts'
import { syncOrder } from './sync-order.ts'

/** Everything that is too long, or wants too much of the machine, for `npm test`. */
export const STEPS: readonly VerifyStep[] = [
  awsCli,
  nginx,
  ...pastedLines,
  clients,
  ...conformanceS3,
  ...conformanceGcs,
  syncOrder,
  sickDisks,
  powerCut,
  randomKills,
  histories,
  moves,
  crashPoints,
  packed,
  differential,
  suite({
    name: 'mutants',
    claim:
      'Each of 50 faults planted in the evaluator, the folding, the compilers, the combiner and the printer is found by the differential test.',
    files: ['tools/differential/src/mutants.test.ts'],
    env: { STOWAGE_MUTANTS: 'all' },
  }),
  ...postgresConnections,
  plans,
  suite({
    name: 'races',
    claim: 'Two puts and a delete of one key, 10,000 times on both stores: never a leaked or wrongly collected blob.',
    files: ['packages/core/test/races'],
    env: { STOWAGE_RACE_ROUNDS: '10000' },
  }),
  suite({
    name: 'model',
    claim: 'The engine does what a model of S3 does, over 100,000 random runs on both stores and both backends.',
    files: ['packages/core/test/model'],
    env: { STOWAGE_MODEL_RUNS: '100000' },
  }),
  suite({
    name: 'hostile',
    claim:
      'Made-up requests, framing, documents and signatures: no fault, no hang, nothing is written without a 2xx, no wrong signature is taken.',
    files: ['packages/s3-protocol/test/hostile'],
    env: { STOWAGE_FUZZ_SCALE: '20' },
  }),
]
