-- Fills the catalog of an empty workspace. Variables: sources, clips (of each source), events.
CREATE OR REPLACE TEMP MACRO ago(span) AS now() AT TIME ZONE 'UTC' - span;
CREATE OR REPLACE TEMP MACRO state_of(i) AS CASE
  WHEN i % 50 = 7 THEN 'parked' WHEN i % 50 = 13 THEN 'prepare_failed' WHEN i % 100 = 21 THEN 'detect_failed'
  WHEN i % 100 = 42 THEN 'downloaded' WHEN i = 99 THEN 'preparing' ELSE 'ready' END;
CREATE OR REPLACE TEMP MACRO error_of(i) AS CASE
  WHEN i % 50 = 7 THEN '/films/film_' || i || '.mp4: not a readable video (the upload or download is incomplete)'
  WHEN i % 50 = 13 THEN i || ' film: prepare: the worker process was killed (out of memory?); `heaters run` tries it again'
  WHEN i % 100 = 21 THEN 'source ' || i || ': the scores end at frame ' || 100 * i || ', before the last one' END;

INSERT INTO source_videos BY NAME
SELECT i AS id,
  CASE WHEN i % 97 = 5 THEN getvariable('long_title') WHEN i % 3 = 0 THEN 'Harbour at night, reel ' || i ELSE 'Interview ' || i END AS title,
  'upload' AS origin, '/films/film_' || i || '.mp4' AS origin_url, lpad(i::VARCHAR, 64, '0') AS sha256,
  state_of(i) AS ingest_state, if(state_of(i) = 'parked', 'downloaded', NULL) AS parked_from, error_of(i) AS last_error,
  if(error_of(i) IS NULL, 0, 1 + i % 3) AS retry_count, 'originals/video_' || i || '.mp4' AS original_filepath,
  800_000_000 AS original_bytes, 1200.0 + 7 * i AS duration,
  '{"projected": {"ffv1": 42000000000, "source": 2100000000}}' AS probe, ago(INTERVAL 40 DAY) AS created_at,
  ago(i * INTERVAL 7 MINUTE) AS updated_at, if(state_of(i) = 'ready', ago(i * INTERVAL 7 MINUTE), NULL) AS verified_at
FROM range(1, getvariable('sources') + 1) r(i);

UPDATE source_videos SET n_frames = 100 * getvariable('clips'), fps_num = 25, fps_den = 1, gold_master_filepath = 'gold_masters/' || id,
  frame_index_filepath = 'metadata/' || id, scores_filepath = 'metadata/s' || id, proxy_filepath = 'review_proxies/' || id
WHERE ingest_state IN ('ready', 'detect_failed');

INSERT INTO clips BY NAME
SELECT (v.id - 1) * getvariable('clips') + k AS id, k AS clip_no, v.id AS source_video_id, (k - 1) * 100 AS start_frame, k * 100 AS end_frame,
  CASE WHEN v.id > 0.9 * getvariable('sources') THEN 'pending' WHEN (v.id + k) % 7 = 0 THEN 'skipped' WHEN k % 11 = 0 THEN 'archived'
    ELSE 'approved' END AS state,
  'heaters' AS detector
FROM source_videos v, range(1, getvariable('clips') + 1) r(k) WHERE v.ingest_state = 'ready';

INSERT INTO clip_events BY NAME
SELECT i AS seq, 'op' || i AS op_id, ago((getvariable('events') - i) * INTERVAL 3 SECOND) AS ts,
  CASE WHEN i % 5 = 0 THEN 'bob' WHEN i % 3 = 0 AND i < 0.8 * getvariable('events') THEN 'Wilhelmina Featherstonehaugh-Cholmondeley'
    ELSE 'ada' END AS reviewer,
  'tab-' || (i % 2) AS session, CASE WHEN i % 20 = 0 THEN 'split' WHEN i % 4 = 0 THEN 'skip' ELSE 'approve' END AS action,
  1 AS source_video_id, [i] AS clip_ids, '[]' AS before, '[]' AS after
FROM range(1, getvariable('events') + 1) r(i);

INSERT INTO leases
SELECT id, source_video_id, if(clip_no <= 10, 'ada', 'bob'), if(clip_no <= 10, 'tab-1', 'tab-0'), 'token-' || (clip_no <= 10),
  ago(INTERVAL '-90' SECOND)
FROM clips WHERE state = 'pending' AND clip_no <= 20 AND source_video_id = (SELECT max(source_video_id) FROM clips);

INSERT INTO meta
SELECT 'session:tab-' || k, '[1, 1, "' || strftime(ago(k * INTERVAL 40 SECOND), '%Y-%m-%dT%H:%M:%S') || '"]' FROM range(0, 2) r(k);

INSERT INTO runs BY NAME
SELECT i AS id, 'run' AS verb, if(i = 9, 'failed', 'done') AS state, 4000 + i AS pid, 'studio' AS host,
  ago((10 - i) * INTERVAL 6 HOUR + INTERVAL 2 HOUR) AS started_at, ago((10 - i) * INTERVAL 6 HOUR + INTERVAL 80 MINUTE) AS finished_at,
  40 + i AS done, if(i = 9, 3, 0) AS failed, 10 AS waiting, 90_000_000_000 + i AS bytes
FROM range(1, 11) r(i);

INSERT INTO jobs BY NAME
SELECT 4 * id + k AS id, 10 AS run_id, ['prepare', 'detect', 'verify'][k] AS stage, 'source:' || id AS subject, 'i' AS input_hash,
  'p' AS params_hash, if(id = 99, 'running', 'done') AS state, 1 AS attempts, ago(INTERVAL 3 HOUR) AS started_at,
  60.0 * (4 - k) + id AS seconds, if(k = 1, 900_000_000, 0) AS bytes
FROM source_videos, range(1, 4) r(k) WHERE ingest_state = 'ready' OR (id = 99 AND k = 1);

INSERT INTO clip_artifacts BY NAME
SELECT 3 * id + k AS id, id AS source_video_id, ['original', 'gold_master', 'review_proxy'][k] AS kind, 'f' || id || k AS uri,
  [800_000_000, 21_000_000_000, 950_000_000][k] AS bytes, 'aa' AS sha256, if(k = 2, 'GLACIER', 'STANDARD') AS storage_class,
  'p' AS params_hash, created_at
FROM source_videos, range(1, 4) r(k);

UPDATE counters SET value = 1_000_000;
