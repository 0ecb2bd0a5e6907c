-- heaters catalog, schema version 2. Rows are never deleted from clips and clip_events; ids come from counters.
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE counters (name VARCHAR PRIMARY KEY, value BIGINT NOT NULL CHECK (value >= 0));

CREATE TABLE source_videos (
  id BIGINT PRIMARY KEY CHECK (id > 0),
  title VARCHAR NOT NULL,
  origin VARCHAR NOT NULL CHECK (origin IN ('web', 'upload')),
  origin_url VARCHAR,
  sha256 VARCHAR UNIQUE,
  ingest_state VARCHAR NOT NULL CHECK (ingest_state IN ('new', 'downloading', 'downloaded', 'download_failed',
    'preparing', 'prepared', 'prepare_failed', 'detecting', 'ready', 'detect_failed', 'verify_failed', 'parked')),
  parked_from VARCHAR,
  needs_splicing BOOLEAN NOT NULL DEFAULT true,
  allow_truncated BOOLEAN NOT NULL DEFAULT false,
  priority INTEGER NOT NULL DEFAULT 0,
  original_filepath VARCHAR,
  gold_master_filepath VARCHAR,
  proxy_filepath VARCHAR,
  proxy_audio_filepath VARCHAR,
  frame_index_filepath VARCHAR,
  scores_filepath VARCHAR,
  original_bytes BIGINT CHECK (original_bytes > 0),
  master_mode VARCHAR CHECK (master_mode IN ('ffv1', 'source')),
  n_frames BIGINT CHECK (n_frames > 0),
  fps_num BIGINT CHECK (fps_num > 0),
  fps_den BIGINT CHECK (fps_den > 0),
  time_base VARCHAR,
  start_pts BIGINT,
  end_pts BIGINT,
  constant_rate BOOLEAN,
  rotation INTEGER CHECK (rotation IN (0, 90, 180, 270)),
  width INTEGER CHECK (width > 0),
  height INTEGER CHECK (height > 0),
  sar_num INTEGER CHECK (sar_num > 0),
  sar_den INTEGER CHECK (sar_den > 0),
  duration DOUBLE CHECK (duration >= 0),
  probe VARCHAR,
  warnings VARCHAR,
  detector VARCHAR,
  detector_params VARCHAR,
  last_error VARCHAR,
  retry_count INTEGER NOT NULL DEFAULT 0 CHECK (retry_count >= 0),
  verified_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  store VARCHAR, -- where its files lie: NULL for the folder of the workspace, another folder, or s3://bucket/prefix
  CHECK (proxy_filepath IS NULL OR (n_frames IS NOT NULL AND gold_master_filepath IS NOT NULL
    AND frame_index_filepath IS NOT NULL AND scores_filepath IS NOT NULL)),
  CHECK ((ingest_state = 'parked') = (parked_from IS NOT NULL))
);

-- Exact presentation times of the sources whose frames are not exactly evenly spaced.
CREATE TABLE frame_pts (source_video_id BIGINT PRIMARY KEY, pts BIGINT[] NOT NULL);

CREATE TABLE clips (
  id BIGINT PRIMARY KEY CHECK (id > 0),
  clip_no BIGINT NOT NULL CHECK (clip_no > 0),
  source_video_id BIGINT NOT NULL,
  start_frame BIGINT NOT NULL CHECK (start_frame >= 0),
  end_frame BIGINT NOT NULL,
  state VARCHAR NOT NULL CHECK (state IN ('pending', 'approved', 'skipped', 'archived', 'exporting', 'exported',
    'export_failed', 'superseded')),
  is_virtual BOOLEAN NOT NULL DEFAULT true,
  clip_filepath VARCHAR,
  group_id BIGINT,
  version BIGINT NOT NULL DEFAULT 1 CHECK (version > 0),
  label VARCHAR,
  tags VARCHAR[] NOT NULL DEFAULT [],
  note VARCHAR,
  origin VARCHAR NOT NULL DEFAULT 'auto' CHECK (origin IN ('auto', 'human', 'import')),
  detector VARCHAR,
  reviewer VARCHAR,
  decided_at TIMESTAMP,
  CHECK (end_frame > start_frame),
  CHECK (is_virtual OR clip_filepath IS NOT NULL),
  CHECK (state <> 'exported' OR NOT is_virtual)
);

CREATE TABLE clip_events (
  seq BIGINT PRIMARY KEY,
  op_id VARCHAR NOT NULL UNIQUE,
  ts TIMESTAMP NOT NULL,
  reviewer VARCHAR NOT NULL,
  session VARCHAR,
  action VARCHAR NOT NULL,
  source_video_id BIGINT,
  clip_ids BIGINT[] NOT NULL,
  frame BIGINT,
  before VARCHAR NOT NULL USING COMPRESSION zstd,
  after VARCHAR NOT NULL USING COMPRESSION zstd,
  undoes VARCHAR,
  undone_by BIGINT
);

CREATE TABLE leases (
  clip_id BIGINT PRIMARY KEY,
  source_video_id BIGINT NOT NULL,
  reviewer VARCHAR NOT NULL,
  session VARCHAR,
  token VARCHAR NOT NULL,
  expires_at TIMESTAMP NOT NULL
);

CREATE TABLE runs (
  id BIGINT PRIMARY KEY,
  verb VARCHAR NOT NULL,
  state VARCHAR NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted', 'died')),
  pid BIGINT NOT NULL,
  host VARCHAR NOT NULL,
  started_at TIMESTAMP NOT NULL,
  finished_at TIMESTAMP,
  done INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  waiting INTEGER NOT NULL DEFAULT 0,
  bytes BIGINT NOT NULL DEFAULT 0,
  report VARCHAR
);

CREATE TABLE jobs (
  id BIGINT PRIMARY KEY,
  run_id BIGINT,
  stage VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  input_hash VARCHAR NOT NULL,
  params_hash VARCHAR NOT NULL,
  state VARCHAR NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  attempts INTEGER NOT NULL CHECK (attempts > 0),
  error VARCHAR,
  started_at TIMESTAMP NOT NULL,
  finished_at TIMESTAMP,
  seconds DOUBLE,
  bytes BIGINT,
  UNIQUE (stage, subject, input_hash, params_hash)
);

CREATE TABLE clip_artifacts (
  id BIGINT PRIMARY KEY,
  source_video_id BIGINT NOT NULL,
  clip_id BIGINT,
  frame BIGINT,
  kind VARCHAR NOT NULL CHECK (kind IN ('original', 'gold_master', 'review_proxy', 'proxy_audio', 'frame_index',
    'frame_scores', 'source_keyframe', 'final_clip', 'manifest')),
  uri VARCHAR NOT NULL,
  bytes BIGINT NOT NULL CHECK (bytes > 0),
  sha256 VARCHAR NOT NULL,
  storage_class VARCHAR NOT NULL DEFAULT 'STANDARD',
  params_hash VARCHAR NOT NULL,
  state VARCHAR NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'superseded')),
  created_at TIMESTAMP NOT NULL
);

-- Seconds count from the first picture; a frame's time is its exact presentation time, never frame / rate for uneven ones.
CREATE VIEW clips_with_cut_points AS
SELECT c.*, v.title, {
    'start_frame': c.start_frame,
    'end_frame': c.end_frame,
    'start_time': CASE WHEN p.pts IS NULL THEN c.start_frame * v.fps_den / v.fps_num
      ELSE (p.pts[c.start_frame + 1] - v.start_pts) * split_part(v.time_base, '/', 1)::BIGINT / split_part(v.time_base, '/', 2)::BIGINT END,
    'end_time': CASE WHEN p.pts IS NULL THEN c.end_frame * v.fps_den / v.fps_num
      WHEN c.end_frame = v.n_frames THEN v.duration
      ELSE (p.pts[c.end_frame + 1] - v.start_pts) * split_part(v.time_base, '/', 1)::BIGINT / split_part(v.time_base, '/', 2)::BIGINT END
  } AS cut_points
FROM clips c JOIN source_videos v ON v.id = c.source_video_id LEFT JOIN frame_pts p ON p.source_video_id = c.source_video_id;

INSERT INTO counters VALUES ('source_videos', 0), ('clips', 0), ('clip_events', 0), ('runs', 0), ('jobs', 0), ('clip_artifacts', 0);
INSERT INTO meta VALUES ('schema_version', '2');
