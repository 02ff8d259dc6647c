import type { Relation } from '@stowage/core/policy'

/** A policy as people have it. */
export interface RealPolicy {
  readonly id: string
  readonly what: string
  readonly sql: string
}

/** The tables that the policies below look into. */
export const REAL_RELATIONS: readonly Relation[] = [
  {
    name: 'public.team_members',
    columns: { team_id: { type: 'text', nullable: false }, user_id: { type: 'text', nullable: true } },
    indexes: [['user_id', 'team_id']],
    kept: 'engine',
  },
  {
    name: 'file_shares',
    columns: { path: { type: 'text', nullable: false }, shared_with: { type: 'text', nullable: true } },
    indexes: [['shared_with', 'path']],
    kept: 'engine',
  },
]

/** The 25 that the specification names: documentation, templates, tests and issues around Supabase Storage. */
export const REAL_POLICIES: readonly RealPolicy[] = [
  { id: 'p01', what: 'public read', sql: `create policy p01 on storage.objects for select to public using (bucket_id = 'public');` },
  { id: 'p02', what: 'authenticated upload to a bucket', sql: `create policy p02 on storage.objects for insert to authenticated with check (bucket_id = 'my');` },
  { id: 'p03', what: '… into one folder', sql: `create policy p03 on storage.objects for insert to authenticated with check (bucket_id = 'my' and (storage.foldername(name))[1] = 'private');` },
  { id: 'p04', what: 'own top-level folder, FOR ALL', sql: `create policy p04 on storage.objects for all to authenticated using (bucket_id = 'my' and (select auth.uid()::text) = (storage.foldername(name))[1]);` },
  { id: 'p05', what: 'read own objects', sql: `create policy p05 on storage.objects for select to authenticated using ((select auth.uid()::text) = owner_id);` },
  { id: 'p06', what: 'delete own objects', sql: `create policy p06 on storage.objects for delete to authenticated using (owner_id = (select auth.uid()::text));` },
  { id: 'p07', what: 'anon jpg in public folder', sql: `create policy p07 on storage.objects for select using (bucket_id = 'my' and storage."extension"(name) = 'jpg' and lower((storage.foldername(name))[1]) = 'public' and auth.role() = 'anon');` },
  { id: 'p08', what: 'nested folder, one user', sql: `create policy p08 on storage.objects for select using (bucket_id = 'my' and (storage.foldername(name))[1] = 'admin' and (storage.foldername(name))[2] = 'assets' and (select auth.uid()::text) = 'd7bed83c-44a0-4a4f-925f-efc384ea1e50');` },
  { id: 'p09', what: 'one file, one user', sql: `create policy p09 on storage.objects for select using (name = 'admin/assets/Costa Rican Frog.jpg' and (select auth.uid()::text) = 'd7bed83c-44a0-4a4f-925f-efc384ea1e50');` },
  { id: 'p10', what: 'by file name', sql: `create policy p10 on storage.objects for select to public using (storage.filename(name) = 'favicon.ico');` },
  { id: 'p11', what: 'extension allow-list', sql: `create policy p11 on storage.objects for insert to authenticated with check (bucket_id = 'my' and storage.extension(name) in ('png','jpg','webp'));` },
  { id: 'p12', what: 'mime type', sql: `create policy p12 on storage.objects for insert to authenticated with check (metadata->>'mimetype' like 'image/%');` },
  { id: 'p13', what: 'size limit', sql: `create policy p13 on storage.objects for insert to authenticated with check ((metadata->>'contentLength')::int <= 100000);` },
  { id: 'p14', what: 'user metadata', sql: `create policy p14 on storage.objects for insert to authenticated with check (user_metadata->>'department' = 'engineering');` },
  { id: 'p15', what: 'membership by EXISTS', sql: `create policy p15 on storage.objects for select to authenticated using (bucket_id = 'team' and exists (select 1 from public.team_members tm where tm.team_id::text = (storage.foldername(objects.name))[1] and tm.user_id = (select auth.uid()::text)));` },
  { id: 'p16', what: 'org claim', sql: `create policy p16 on storage.objects for select to authenticated using ((storage.foldername(name))[1] = (auth.jwt() -> 'app_metadata' ->> 'org_id'));` },
  { id: 'p17', what: 'teams array claim', sql: `create policy p17 on storage.objects for select to authenticated using ((storage.foldername(name))[1] in (select jsonb_array_elements_text(auth.jwt() -> 'app_metadata' -> 'teams')));` },
  { id: 'p18', what: 'custom claim admin', sql: `create policy p18 on storage.objects for all to authenticated using ((auth.jwt() ->> 'user_role') = 'admin');` },
  { id: 'p19', what: 'restrictive MFA', sql: `create policy p19 on storage.objects as restrictive for select to authenticated using ((select auth.jwt() ->> 'aal') = 'aal2');` },
  { id: 'p20', what: 'list only', sql: `create policy p20 on storage.objects for select to authenticated using (storage.allow_only_operation('object.list') and owner_id = (select auth.uid()::text));` },
  { id: 'p21', what: 'no anonymous sign-ins (restrictive) RLS docs', sql: `create policy p21 on storage.objects as restrictive for insert to authenticated with check ((select (auth.jwt() ->> 'is_anonymous')::boolean) is false);` },
  { id: 'p22', what: 'folder IN (subquery)', sql: `create policy p22 on storage.objects for insert to authenticated with check (bucket_id = 'team' and (storage.foldername(name))[1] in (select team_id from public.team_members where user_id = (select auth.uid()::text)));` },
  { id: 'p26', what: 'operations + bucket exclusion', sql: `create policy p26 on storage.objects for select to authenticated using (storage.allow_any_operation(array['object.list','storage.object.get_authenticated']) and bucket_id <> 'secret');` },
  { id: 'p27', what: 'USING ≠ CHECK update', sql: `create policy p27 on storage.objects for update to authenticated using (owner_id = (select auth.uid()::text)) with check (owner_id = (select auth.uid()::text) and bucket_id in ('my','team'));` },
  { id: 'p25', what: 'share table', sql: `create policy p25 on storage.objects for select to authenticated using (exists (select 1 from public.file_shares s where s.path = name and s.shared_with = (select auth.uid()::text)));` },
] // prettier-ignore

/** And those beside them, for what the 25 do not use. */
export const MORE_POLICIES: readonly RealPolicy[] = [
  { id: 'p23', what: 'starts_with', sql: `create policy p23 on storage.objects for select using (starts_with(name, 'public/'));` },
  { id: 'p24', what: 'the second folder', sql: `create policy p24 on storage.objects for select to authenticated using ((storage.foldername(name))[2] = (select auth.uid()::text));` },
  { id: 'p28', what: 'any folder', sql: `create policy p28 on storage.objects for select to authenticated using ((select auth.uid()::text) = any (storage.foldername(name)));` },
  { id: 'p29', what: 'path_tokens', sql: `create policy p29 on storage.objects for select using (path_tokens[1] = 'public');` },
  { id: 'p30', what: 'a name in JSON', sql: `create policy p30 on storage.objects for select to authenticated using ((auth.jwt() -> 'app_metadata' -> 'teams') ? (storage.foldername(name))[1]);` },
  { id: 'p31', what: 'LIKE with an escaped percent', sql: `create policy p31 on storage.objects for select using (name like 'a\\%b/%');` },
  { id: 'p32', what: 'NOT LIKE', sql: `create policy p32 on storage.objects for select using (name not like '%.exe');` },
  { id: 'p33', what: 'LIKE with an escape of its own', sql: `create policy p33 on storage.objects for select using (name like 'a#_b\\%%' escape '#');` },
  { id: 'p34', what: 'COALESCE', sql: `create policy p34 on storage.objects for select using (coalesce(user_metadata ->> 'visibility', 'private') = 'public');` },
  { id: 'p35', what: 'IS DISTINCT FROM', sql: `create policy p35 on storage.objects for select using (owner_id is distinct from 'nobody' and version is not distinct from null);` },
  { id: 'p36', what: 'NOT IN a list', sql: `create policy p36 on storage.objects for select using (bucket_id not in ('secret', 'backup'));` },
  { id: 'p37', what: 'NOT IN a query', sql: `create policy p37 on storage.objects for select to authenticated using ((storage.foldername(name))[1] not in (select team_id from public.team_members where user_id = 'x'));` },
  { id: 'p38', what: 'IS NOT TRUE', sql: `create policy p38 on storage.objects for select using ((user_metadata ->> 'hidden' = 'yes') is not true);` },
  { id: 'p39', what: 'an order of texts', sql: `create policy p39 on storage.objects for select using (name > 'm' collate "C" and name <= 'p');` },
  { id: 'p40', what: 'ILIKE, BETWEEN and an array', sql: `create policy p40 on storage.objects for select using (name ilike '%.JPG' or created_at between '2026-01-01 00:00:00+00' and now() or bucket_id = any (array['a', 'b']));` },
] // prettier-ignore
