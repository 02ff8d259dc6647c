-- A Supabase project's policies, as they stand in its migrations.
ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users see their own folder" ON storage.objects
  FOR SELECT TO authenticated
  USING (bucket_id = 'photos' AND (storage.foldername(name))[1] = (SELECT auth.uid()::text));

CREATE POLICY "Users upload pictures to their own folder" ON storage.objects
  FOR INSERT TO authenticated
  WITH CHECK (
    bucket_id = 'photos'
    AND (storage.foldername(name))[1] = (SELECT auth.uid()::text)
    AND storage.extension(name) IN ('png', 'jpg', 'webp')
  );

CREATE POLICY "Users delete what they uploaded" ON storage.objects
  FOR DELETE TO authenticated
  USING (owner_id = (SELECT auth.uid()::text));

CREATE POLICY "Only with a second factor" ON storage.objects
  AS RESTRICTIVE FOR DELETE TO authenticated
  USING ((SELECT auth.jwt() ->> 'aal') = 'aal2');

CREATE POLICY "Support sees what users say it may" ON storage.objects
  FOR SELECT TO support
  USING (user_metadata ->> 'shared-with' = 'support');
