import type { Pool, PoolClient } from 'pg'
import { SUPABASE_SCHEMA } from '../../../packages/core/test/supabase-schema.ts'
import { createPolicySql } from '../../../packages/core/src/policy/create-policy-sql.ts'
import { policyExpressionSql } from '../../../packages/core/src/policy/policy-expression-sql.ts'
import type { Predicate } from '../../../packages/core/src/policy/predicate.ts'
import type { PolicyRow } from '../../../packages/core/src/policy/predicate-row.ts'
import { BUCKETS, RELATIONS } from './pools.ts'
import { ROLES_SQL } from './principals.ts'
import type { Truth } from './judge.ts'
import type { Outcome } from './outcome.ts'
import type { Case, PolicyRound, Principal, World } from './world.ts'

const TYPES = { text: 'text', int: 'integer', bigint: 'bigint', bool: 'boolean', uuid: 'uuid', timestamptz: 'timestamptz' } as const

/** Real row-level security: policies are installed as `CREATE POLICY`, and statements run as the role. */
export class SupabaseJudge {
  readonly #pool: Pool
  #installed: readonly string[] = []
  #table: World['table'] = 'objects'
  /** Where each row that is there stands among them in the order of their places. */
  #places: readonly number[] = []

  private constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Makes a database of its own on the server. */
  static async open(pool: Pool): Promise<SupabaseJudge> {
    await pool.query(SUPABASE_SCHEMA)
    await pool.query(ROLES_SQL)
    const relations = RELATIONS.map(({ name, columns }) => {
      const listed = Object.entries(columns).map(([column, { type }]) => `${column} ${TYPES[type]}`)
      return `CREATE TABLE ${name} (${listed.join(', ')}); GRANT ALL ON ${name} TO PUBLIC;`
    })
    await pool.query(relations.join('\n'))
    // Ours has no row of a bucket without an owner, and rows whose id is no uuid.
    await pool.query('ALTER TABLE storage.objects DROP CONSTRAINT objects_pkey, ALTER COLUMN id DROP NOT NULL')
    await pool.query(RUN_CASES)
    return new SupabaseJudge(pool)
  }

  async fill({ table, existing, relations }: World): Promise<void> {
    const statements = ['TRUNCATE storage.objects, storage.buckets']
    const values: string[] = []
    const rows = (list: readonly unknown[]): string => `$${values.push(JSON.stringify(list))}::jsonb`
    await this.#pool.query(statements.join(';'))
    if (table === 'objects') {
      await this.#pool.query(
        `INSERT INTO storage.buckets (id, name, owner_id, public) SELECT name, name, account, public FROM jsonb_to_recordset($1) AS x(name text, account text, public boolean)`,
        [JSON.stringify(BUCKETS)],
      )
      await this.#pool.query(
        `INSERT INTO storage.objects (${OBJECT_COLUMNS}) SELECT ${OBJECT_COLUMNS} FROM jsonb_populate_recordset(NULL::storage.objects, ${rows(existing.map(({ row }) => objectJson(row)))})`,
        values,
      )
    } else {
      await this.#pool.query(
        `INSERT INTO storage.buckets SELECT * FROM jsonb_populate_recordset(NULL::storage.buckets, ${rows(existing.map(({ row }) => bucketJson(row)))})`,
        values,
      )
    }
    for (const { name, columns } of RELATIONS) {
      const list = (relations[name] ?? []).map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([column, value]) => [
            column,
            columns[column]?.type === 'timestamptz' && typeof value === 'number' ? new Date(value) : value,
          ]),
        ),
      )
      await this.#pool.query(`TRUNCATE ${name}`)
      await this.#pool.query(`INSERT INTO ${name} SELECT * FROM jsonb_populate_recordset(NULL::${name}, $1)`, [JSON.stringify(list)])
    }
    this.#table = table
    const places = existing.map(({ row }) => `${String(row.bucket_id)} ${String(row.name)}`)
    const sorted = places.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    this.#places = places.map((place) => sorted.indexOf(place))
  }

  async install({ policies }: PolicyRound): Promise<void> {
    const made = policies.map(createPolicySql)
    // What an object says of its bucket is looked up under the policies of the buckets.
    if (this.#table === 'objects') made.push('CREATE POLICY seen ON storage.buckets FOR SELECT USING (true)')
    await this.#pool.query([...this.#installed, ...made].join('\n;'))
    this.#installed = [
      ...policies.map(({ name, table }) => `DROP POLICY ${name} ON storage.${table}`),
      ...(this.#table === 'objects' ? ['DROP POLICY seen ON storage.buckets'] : []),
    ]
  }

  /** Each case in a transaction of its own, so to speak: what it does is undone. */
  async judge(principal: Principal, cases: readonly Case[]): Promise<readonly Outcome[]> {
    const asked = cases.map(({ shape, old, proposed }) => ({
      shape: `${this.#table} ${shape}`,
      bucket: old?.row.bucket_id ?? null,
      name: old?.row.name ?? null,
      proposed: proposed === null ? null : this.#table === 'objects' ? objectJson(proposed.row) : bucketJson(proposed.row),
    }))
    return await this.#as(principal, principal.role, async (client) => {
      const { rows } = await client.query<{ outcomes: Outcome[] }>('SELECT differential.run_cases($1) AS outcomes', [JSON.stringify(asked)])
      return rows[0]?.outcomes ?? []
    })
  }

  /** What Postgres says of conditions as they are printed, of each row that is there; nothing of those that it cannot plan. */
  async probe(principal: Principal, conditions: readonly Predicate[]): Promise<readonly (readonly Truth[])[]> {
    const texts = conditions.map((condition) => policyExpressionSql(condition, this.#table))
    return await this.#as(principal, 'postgres', async (client) => {
      const { rows } = await client.query<{ said: (string | null)[][] }>('SELECT differential.run_probes($1, $2) AS said', [
        JSON.stringify(texts),
        this.#table,
      ])
      return (rows[0]?.said ?? []).map((said) =>
        this.#places.map((at) => said[at]).flatMap((value) => (value === undefined ? [] : [truth(value)])),
      )
    })
  }

  async #as<T>({ context }: Principal, role: string, action: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    try {
      await client.query('BEGIN')
      await client.query(
        `SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true), set_config('storage.operation', $3, true),
          set_config('stowage.account', $4, true), set_config('stowage.ip', $5, true), set_config('stowage.key', $6, true),
          set_config('enable_seqscan', 'off', true)`,
        [
          role,
          context.jwt === null ? '' : JSON.stringify(context.jwt),
          context.operation,
          context.account ?? '',
          context.ip ?? '',
          context.key ?? '',
        ],
      )
      return await action(client)
    } finally {
      await client.query('ROLLBACK')
      client.release()
    }
  }
}

const OBJECT_COLUMNS = 'id, bucket_id, name, owner, owner_id, version, created_at, updated_at, last_accessed_at, metadata, user_metadata'

function objectJson(row: PolicyRow): Readonly<Record<string, unknown>> {
  const { size: _, etag: _e, content_type: _c, path_tokens: _p, account: _a, public: _u, ...columns } = row
  return withTimes(columns)
}

function bucketJson(row: PolicyRow): Readonly<Record<string, unknown>> {
  const { bucket_id: id, name, owner, owner_id: ownerId, created_at: createdAt, updated_at: updatedAt, public: open } = row
  return withTimes({ id, name, owner, owner_id: ownerId, created_at: createdAt, updated_at: updatedAt, public: open })
}

function withTimes(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, name.endsWith('_at') && typeof value === 'number' ? new Date(value) : value]),
  )
}

const assigned = OBJECT_COLUMNS.split(', ')
  .map((column) => `${column} = excluded.${column}`)
  .join(', ')
const proposedValues = OBJECT_COLUMNS.split(', ')
  .map((column) => `o.${column}`)
  .join(', ')
const insertObject = `INSERT INTO storage.objects (${OBJECT_COLUMNS}) VALUES (${proposedValues})`

function truth(value: string | null): Truth {
  return value === null ? null : value === 'failed' ? 'failed' : value === 'true'
}

/** A case ends by an exception of our own that carries its outcome, so that whatever it did is undone. */
const RUN_CASES = `
  CREATE SCHEMA differential;
  GRANT USAGE ON SCHEMA differential TO PUBLIC;
  CREATE FUNCTION differential.run_cases(cases jsonb) RETURNS text[] LANGUAGE plpgsql AS $f$
  DECLARE
    asked jsonb; outcomes text[] := '{}'; outcome text; n bigint; o storage.objects; b storage.buckets; at_bucket text; at_name text;
  BEGIN
    FOR asked IN SELECT * FROM jsonb_array_elements(cases) LOOP
      at_bucket := asked ->> 'bucket';
      at_name := asked ->> 'name';
      IF asked ->> 'shape' LIKE 'objects %' THEN o := jsonb_populate_record(NULL::storage.objects, nullif(asked -> 'proposed', 'null'));
      ELSE b := jsonb_populate_record(NULL::storage.buckets, nullif(asked -> 'proposed', 'null')); END IF;
      BEGIN
        outcome := 'allowed';
        CASE asked ->> 'shape'
        WHEN 'objects select' THEN
          SELECT count(*) INTO n FROM storage.objects x WHERE x.bucket_id = at_bucket AND x.name = at_name;
          IF n = 0 THEN outcome := 'absent'; END IF;
        WHEN 'objects list' THEN
          SELECT 'rows ' || coalesce(string_agg(x.bucket_id || ' ' || x.name, '|' ORDER BY (x.bucket_id || ' ' || x.name) COLLATE "C"), '') INTO outcome FROM storage.objects x;
        WHEN 'objects insert' THEN ${insertObject};
        WHEN 'objects insert-returning' THEN ${insertObject} RETURNING length(name) INTO n;
        WHEN 'objects do-nothing' THEN ${insertObject} ON CONFLICT DO NOTHING;
        WHEN 'objects do-nothing-target' THEN ${insertObject} ON CONFLICT (bucket_id, name) DO NOTHING;
        WHEN 'objects upsert' THEN ${insertObject} ON CONFLICT (bucket_id, name) DO UPDATE SET ${assigned} RETURNING length(name) INTO n;
        WHEN 'objects update' THEN
          UPDATE storage.objects x SET (${OBJECT_COLUMNS}) = ROW(${proposedValues}) WHERE x.bucket_id = at_bucket AND x.name = at_name;
          GET DIAGNOSTICS n = ROW_COUNT;
          IF n = 0 THEN outcome := 'absent'; END IF;
        WHEN 'objects delete' THEN
          DELETE FROM storage.objects x WHERE x.bucket_id = at_bucket AND x.name = at_name;
          GET DIAGNOSTICS n = ROW_COUNT;
          IF n = 0 THEN outcome := 'absent'; END IF;
        WHEN 'objects copy', 'objects copy-upsert' THEN
          SELECT count(*) INTO n FROM storage.objects x WHERE x.bucket_id = at_bucket AND x.name = at_name;
          IF n = 0 THEN outcome := 'absent';
          ELSIF asked ->> 'shape' = 'objects copy' THEN ${insertObject};
          ELSE ${insertObject} ON CONFLICT (bucket_id, name) DO UPDATE SET ${assigned} RETURNING length(name) INTO n;
          END IF;
        WHEN 'buckets select' THEN
          SELECT count(*) INTO n FROM storage.buckets x WHERE x.id = at_bucket;
          IF n = 0 THEN outcome := 'absent'; END IF;
        WHEN 'buckets list' THEN
          SELECT 'rows ' || coalesce(string_agg(x.id || ' ' || x.name, '|' ORDER BY (x.id || ' ' || x.name) COLLATE "C"), '') INTO outcome FROM storage.buckets x;
        WHEN 'buckets insert' THEN INSERT INTO storage.buckets VALUES (b.*);
        WHEN 'buckets update' THEN
          UPDATE storage.buckets x SET public = x.public WHERE x.id = at_bucket;
          GET DIAGNOSTICS n = ROW_COUNT;
          IF n = 0 THEN outcome := 'absent'; END IF;
        WHEN 'buckets delete' THEN
          DELETE FROM storage.buckets x WHERE x.id = at_bucket;
          GET DIAGNOSTICS n = ROW_COUNT;
          IF n = 0 THEN outcome := 'absent'; END IF;
        END CASE;
        RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = outcome;
      EXCEPTION
        WHEN SQLSTATE 'ZZ000' THEN outcome := SQLERRM;
        WHEN insufficient_privilege THEN outcome := 'denied';
        WHEN unique_violation THEN outcome := 'taken';
        -- Input that a type refuses, a value out of range, an escape at the end, no array, field 0: what predicates may fail with.
        WHEN SQLSTATE '22P02' OR SQLSTATE '22003' OR SQLSTATE '22025' OR SQLSTATE '22023' THEN outcome := 'failed';
        -- A fault of Postgres' own planner over conditions without a column, in 18 at least: it says nothing of the policy.
        WHEN internal_error THEN
          IF SQLERRM <> 'cannot cope with variable-free clause' THEN RAISE; END IF;
          outcome := 'unplanned';
      END;
      outcomes := outcomes || outcome;
    END LOOP;
    RETURN outcomes;
  END $f$;
  CREATE FUNCTION differential.run_probes(expressions jsonb, at_table text) RETURNS jsonb LANGUAGE plpgsql AS $f$
  DECLARE
    expression text; said text[]; one text; place text; result jsonb := '[]';
    place_of text := CASE at_table WHEN 'objects' THEN 'bucket_id' ELSE 'id' END || ' || '' '' || name';
  BEGIN
    FOR expression IN SELECT * FROM jsonb_array_elements_text(expressions) LOOP
      BEGIN
        EXECUTE format('SELECT array_agg((%s)::text ORDER BY (%s) COLLATE "C") FROM storage.%I', expression, place_of, at_table) INTO said;
      EXCEPTION
        WHEN internal_error THEN
          IF SQLERRM <> 'cannot cope with variable-free clause' THEN RAISE; END IF;
          said := '{}';
        WHEN SQLSTATE '22P02' OR SQLSTATE '22003' OR SQLSTATE '22025' OR SQLSTATE '22023' THEN
          said := '{}';
          FOR place IN EXECUTE format('SELECT %s FROM storage.%I ORDER BY (%1$s) COLLATE "C"', place_of, at_table) LOOP
            BEGIN
              EXECUTE format('SELECT (%s)::text FROM storage.%I WHERE (%s) = $1', expression, at_table, place_of) INTO one USING place;
            EXCEPTION WHEN SQLSTATE '22P02' OR SQLSTATE '22003' OR SQLSTATE '22025' OR SQLSTATE '22023' THEN one := 'failed';
            END;
            said := said || one;
          END LOOP;
      END;
      result := result || jsonb_build_array(to_jsonb(said));
    END LOOP;
    RETURN result;
  END $f$;`
