-- What GoldenStory leaves behind in version write.
PRAGMA user_version = 3;
BEGIN TRANSACTION;

CREATE TABLE cell (
    name  TEXT PRIMARY KEY,   -- What it is; each is one value of a stage.
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE job (
    number INTEGER PRIMARY KEY, -- Other tables name the job by it.
    state  TEXT NOT NULL        -- Its name, its scrape interval, and when it had samples.
) STRICT;
CREATE TABLE registered_host ( -- Hosts that a ServiceEntry has.
    host TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE raw_counter_identity (
    chunk INTEGER PRIMARY KEY,
    keys  BLOB NOT NULL, -- 64-bit integers: hashes of the labels that the proxy exposes.
    pods  BLOB NOT NULL, -- 32-bit integers: hashes of the pods' names; 0 where a series does not tell them.
    jobs  BLOB NOT NULL  -- 32-bit integers: job.number.
) STRICT;
CREATE TABLE raw_counter (
    chunk   INTEGER PRIMARY KEY,
    levels  BLOB NOT NULL, -- 64-bit floating point: the value at the last sample.
    anchors BLOB NOT NULL, -- The value up to which all is settled, where that is another one: the place as a 32-bit integer, and the value as a 64-bit floating point.
    seen    BLOB NOT NULL  -- 32-bit integers: 0 where the last window of all had a sample, else 1 more than the number of the window that had. Empty where all are 0.
) STRICT;
CREATE TABLE raw_series ( -- The names under which Prometheus shows the counters, 512 in a row.
    chunk    INTEGER PRIMARY KEY,
    hashes   BLOB NOT NULL, -- 64-bit integers: hashes of the label sets.
    counters BLOB NOT NULL  -- 32-bit integers: 512 times the chunk of the counter, and the place in it.
) STRICT;
CREATE TABLE odd_raw_counter ( -- Counters whose restart is not settled yet.
    number  INTEGER PRIMARY KEY, -- 512 times the chunk, and the place in it.
    counted REAL NOT NULL,       -- What has been counted since the anchor.
    debt    REAL NOT NULL,       -- What of that was too much. It is counted off against what comes.
    since   INTEGER NOT NULL     -- The anchor's time in milliseconds, where it lies after everyone else's.
) STRICT;
CREATE TABLE name_of_address (
    address TEXT PRIMARY KEY,
    state   TEXT NOT NULL     -- The name, or that there is none, and until when that is good.
) STRICT, WITHOUT ROWID;
CREATE TABLE addresses_of_name (
    name  TEXT NOT NULL,
    type  TEXT NOT NULL, -- A or AAAA.
    state TEXT NOT NULL,
    PRIMARY KEY (name, type)
) STRICT, WITHOUT ROWID;
CREATE TABLE upload_hour ( -- What they send in this hour, 512 groups in a row, because nearly all rows change with each window. upload's number is 512 times the chunk, and the place in it.
    chunk  INTEGER PRIMARY KEY,
    sums   BLOB NOT NULL, -- 64-bit floating point: bytes.
    counts BLOB NOT NULL, -- 64-bit floating point: requests, and connections that ended.
    tops   BLOB NOT NULL  -- 64-bit floating point: the most bytes that one destination got in one window.
) STRICT;
CREATE TABLE spread_upload ( -- What workloads together send in this hour to groups of destinations that each of them met within a day.
    destination_group TEXT PRIMARY KEY,
    state             TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE wanted_destinations ( -- How many pairs of workload and destination wanted a place, to a few percent.
    period    TEXT PRIMARY KEY, -- This day (current), and the one before it.
    registers BLOB NOT NULL     -- A sketch (HyperLogLog).
) STRICT, WITHOUT ROWID;
CREATE TABLE alert ( -- What fires, and what fired within alerting.history.
    fingerprint TEXT NOT NULL, -- As Alertmanager computes it.
    starts_at   TEXT NOT NULL, -- datetime(starts_at) reads it.
    state       TEXT NOT NULL,
    PRIMARY KEY (fingerprint, starts_at)
) STRICT, WITHOUT ROWID;
CREATE TABLE configuration_load ( -- When the configuration was loaded, and what came of it.
    at    TEXT PRIMARY KEY,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE policy_hit ( -- How often each policy decided, and when last.
    policy TEXT PRIMARY KEY, -- Its name.
    state  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE "waiting_increment" ( -- Increments that are counted when their destination has a name.
    metric                    TEXT NOT NULL,
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    address                   TEXT NOT NULL,
    port                      TEXT NOT NULL,
    service                   TEXT NOT NULL,
    host                      TEXT NOT NULL,
    sni                       TEXT NOT NULL,
    route                     TEXT NOT NULL,
    protocol                  TEXT NOT NULL,
    response_code             TEXT NOT NULL,
    response_flags            TEXT NOT NULL,
    facts                     TEXT NOT NULL,
    amount                    REAL NOT NULL,
    since                     TEXT NOT NULL, -- datetime(since) reads it.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, address, port, service, host, sni, metric, route, protocol, response_code, response_flags, facts)
) STRICT, WITHOUT ROWID;
CREATE TABLE "habit" ( -- Since when each workload has been watched. The cell watched says how long all windows together have been.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;
CREATE TABLE "contact" ( -- Whom each workload has talked to.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL, -- A name, or the address or host that the mesh tells.
    first                     INTEGER NOT NULL,
    last                      INTEGER NOT NULL, -- The beginning of the hour.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;
CREATE TABLE "newborn" ( -- How many destinations new workloads of a namespace meet.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace)
) STRICT, WITHOUT ROWID;
CREATE TABLE "metadata_use" ( -- How often those that may ask the metadata service do.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;
CREATE TABLE "episode" ( -- What detectors hold a finding of, or are about to.
    alertname                 TEXT NOT NULL,
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (alertname, source_cluster, source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;
CREATE TABLE "episode_name" ( -- Under which destination an episode holds what the mesh tells.
    alertname                 TEXT NOT NULL,
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    told                      TEXT NOT NULL, -- The address or host that the mesh tells.
    destination               TEXT NOT NULL,
    PRIMARY KEY (alertname, source_cluster, source_workload_namespace, source_workload, told)
) STRICT, WITHOUT ROWID;
CREATE TABLE "probing" ( -- Workloads that lately tried something in vain.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL, -- When they last did, and whether they tried too much.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;
CREATE TABLE "attempt" ( -- What they tried.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    tried                     TEXT NOT NULL,    -- A destination and its port.
    last                      INTEGER NOT NULL, -- Milliseconds since 1970; 0 where it is the time that the state of probing calls latest.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, tried)
) STRICT, WITHOUT ROWID;
CREATE TABLE "upload" ( -- What workloads usually send each group of destinations, and this day's part before this hour. The group of all together is empty.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination_group         TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination_group)
) STRICT, WITHOUT ROWID;
CREATE TABLE "fan_out" ( -- How many destinations workloads talk to in this hour: registers of HyperLogLog.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    registers                 BLOB NOT NULL, -- Of each in use its number in two bytes, little-endian, and its value; or all 1,024, where that is shorter.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;
CREATE TABLE "fan_out_baseline" ( -- How many they usually talk to.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;
CREATE TABLE "pulse" ( -- At which times workloads talk to destinations that they began to talk to after they had been learned.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;
CREATE TABLE "exported_destination" ( -- The counters of each workload and destination. The view exported_counter shows them one by one.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL, -- __other__ for the sum of what has no place.
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination)
) STRICT;
CREATE TABLE "folded_destination" ( -- What has no place, and how much it carried lately.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL,
    weight                    REAL NOT NULL, -- In bytes, as of the hour. Half of it counts an hour later.
    error                     REAL NOT NULL, -- By how much the weight may be too large.
    hour                      INTEGER NOT NULL, -- Hours since 1970.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;

INSERT INTO cell VALUES ('alerts_as_of', '"2026-01-14T02:55:00+00:00"');
INSERT INTO cell VALUES ('budget', '{"counted":{"Requests":2627,"ConnectionsOpened":0,"ConnectionsClosed":0,"UploadBytes":35872202620,"DownloadBytes":0},"retired":{"Requests":0,"ConnectionsOpened":0,"ConnectionsClosed":0,"UploadBytes":1,"DownloadBytes":0},"now":"2026-01-14T02:55:00+00:00","retired_series":1,"placed":13144,"folded":7881,"promoted":0}');
INSERT INTO cell VALUES ('fan_out_hour', '17751098');
INSERT INTO cell VALUES ('poller', '{"baseline_end":"2026-01-05T00:00:00+00:00","last_end":"2026-01-14T02:55:00+00:00","seen_at":"2026-01-14T02:55:00+00:00","excluded":[{"metric":"Requests","reason":"baseline","amount":12}],"first_values":null,"expected":null}');
INSERT INTO cell VALUES ('polling_read', '{"mode":"All","gateways":"cluster.local,istio-system/istio-egressgateway","version":1}');
INSERT INTO cell VALUES ('polling_source', '"83d2ffe411bb8303ab770cecbb2676526c3d85db13588f217d1d3d94a59b60c5"');
INSERT INTO cell VALUES ('raw_counters', '{"hash_key0":1,"hash_key1":2,"last_end":"2026-01-14T02:55:00+00:00","number":2627,"anchor":1768359180000,"inversions":0,"next_sweep":"2026-01-14T03:05:00+00:00"}');
INSERT INTO cell VALUES ('spread_usual', '{"hour":17751098,"days":[0,0,0,0,0,0,0,0,0]}');
INSERT INTO cell VALUES ('upload_hour', '17751098');
INSERT INTO cell VALUES ('watchdog_since', '"2026-01-05T00:05:00+00:00"');
INSERT INTO cell VALUES ('watched', '"9.02:55:00"');
INSERT INTO job VALUES (1, '{"name":"envoy","first_seen":"2026-01-05T00:00:00+00:00","interval":60000,"votes":1000,"active_in":2627,"active":"02:55:00","seen":[648,720,792,864,936,1008,1080,1152,1224,1296,1368,1440,1512,1584,1656,1728,1800,1872,1944,2016,2088,2160,2232,2304,2376,2448,2520,2592]}');
INSERT INTO registered_host VALUES ('api.stripe.com');
INSERT INTO raw_counter_identity VALUES (0, X'B2E682C43E3D70D4B70FB5DF7CF69036', X'0000000000000000', X'0100000001000000');
INSERT INTO raw_counter VALUES (0, X'0000000080A7C9400000000000000840', X'000000000000000080A6C940010000000000000000005940', X'');
INSERT INTO raw_series VALUES (0, X'E07118DF18BFA3C6A8F2F88F55F1BC17', X'0000000001000000');
INSERT INTO odd_raw_counter VALUES (1, 3.0, 0.0, -9223372036854775808);
INSERT INTO name_of_address VALUES ('52.0.0.1', '{"answer":{"state":"Present","name":"api.stripe.com","confirmed":true},"good_until":1768366500,"ask_again":1768362900,"last_used":1768359300}');
INSERT INTO addresses_of_name VALUES ('api.stripe.com', 'A', '{"answer":{"state":"Present","looks":1,"latest":1,"seen":[{"address":"52.0.0.1","at":1768359300}]},"good_until":1768366500,"ask_again":1768362900,"last_used":1768359300}');
INSERT INTO upload_hour VALUES (0, CAST(X'000000000000000000000080BB808B410000000000808B41000000000080F040000000000080F040000000000070B74000000000000024400000000000002440' || zeroblob(4032) AS BLOB), X'00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000', CAST(X'000000000000000000000000000054410000000000005441000000000000904000000000000090400000000000408F4000000000000024400000000000002440' || zeroblob(4032) AS BLOB));
INSERT INTO spread_upload VALUES ('example.com', '{"destination":{"name":"news.example.com","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.com"},"by":[{"source":{"namespace":"shop","name":"cart","cluster":"","values":["","shop","cart"]},"bytes":6000}],"most":[]}');
INSERT INTO spread_upload VALUES ('example.org', '{"destination":{"name":"first.example.org","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.org"},"by":[{"source":{"namespace":"web","name":"young","cluster":"","values":["","web","young"]},"bytes":10}],"most":[]}');
INSERT INTO wanted_destinations VALUES ('before', X'C800024F05013A0804');
INSERT INTO wanted_destinations VALUES ('current', X'C800024F05013A0804');
INSERT INTO alert VALUES ('5c6ae0ee1b08f356', '2026-01-14T02:30:00.0000000Z', '{"fingerprint":"5c6ae0ee1b08f356","labels":{"alertname":"EgressNewDestination","destination":"first.example.org","severity":"info","source_workload":"young","source_workload_namespace":"web"},"annotations":{"address":"203.0.113.9","confirmed":"true","description":"web/young talked to first.example.org (203.0.113.9, port 443; name from reverse DNS, which says whose address it is, not who uses it) by route passthrough, for the first time at 2026-01-14 02:30:00 UTC. So far 10 B were sent there, and 0 B came back. This workload is new, and no other one of its namespace has talked to it.","evidence":"{__name__=~\u0022egress_.\u002B_total\u0022,source_workload_namespace=\u0022web\u0022,source_workload=\u0022young\u0022,destination=\u0022first.example.org\u0022}","expected":"destinations that it used within 35 d","limit_key":"detection.memory","name_source":"ptr","observed":"the first contact in 35 d, 10 B sent out","port":"443","protocol":"tcp","resolves":"It resolves 25 h after the first contact. The destination is known then.","route":"passthrough","runbook_url":"http://127.0.0.1:10098/runbooks/EgressNewDestination","summary":"web/young sent 10 B to a new destination, first.example.org:443"},"starts_at":"2026-01-14T02:30:00+00:00","resolved_at":null,"generator_url":"http://127.0.0.1:10098/alerts/5c6ae0ee1b08f356"}');
INSERT INTO alert VALUES ('7b53c4dbdefb6860', '2026-01-05T00:05:00.0000000Z', '{"fingerprint":"7b53c4dbdefb6860","labels":{"alertname":"EgressAlertsWatchdog","severity":"info"},"annotations":{"description":"EgressAlerts has watched egress and sent alerts since 2026-01-05 00:05:00 UTC. Send this alert to a service that calls you when it stops coming.","evidence":"egress_alerts_last_window_end_timestamp_seconds","runbook_url":"http://127.0.0.1:10098/runbooks/EgressAlertsWatchdog","summary":"EgressAlerts is alive: this alert always fires"},"starts_at":"2026-01-05T00:05:00+00:00","resolved_at":null,"generator_url":"http://127.0.0.1:10098/alerts/7b53c4dbdefb6860"}');
INSERT INTO alert VALUES ('926305e0749b2d9e', '2026-01-14T02:30:00.0000000Z', '{"fingerprint":"926305e0749b2d9e","labels":{"alertname":"EgressNewDestination","destination":"news.example.com","severity":"info","source_workload":"cart","source_workload_namespace":"shop"},"annotations":{"address":"203.0.113.7","confirmed":"true","description":"shop/cart talked to news.example.com (203.0.113.7, port 443; name from reverse DNS, which says whose address it is, not who uses it) by route passthrough, for the first time at 2026-01-14 02:30:00 UTC. So far 5.9 KiB were sent there, and 0 B came back. This workload has been watched for 9.1 d, and what it uses is remembered for 35 d.","evidence":"{__name__=~\u0022egress_.\u002B_total\u0022,source_workload_namespace=\u0022shop\u0022,source_workload=\u0022cart\u0022,destination=\u0022news.example.com\u0022}","expected":"destinations that it used within 35 d","limit_key":"detection.memory","name_source":"ptr","observed":"the first contact in 35 d, 5.9 KiB sent out","port":"443","protocol":"tcp","resolves":"It resolves 25 h after the first contact. The destination is known then.","route":"passthrough","runbook_url":"http://127.0.0.1:10098/runbooks/EgressNewDestination","summary":"shop/cart sent 5.9 KiB to a new destination, news.example.com:443"},"starts_at":"2026-01-14T02:30:00+00:00","resolved_at":null,"generator_url":"http://127.0.0.1:10098/alerts/926305e0749b2d9e"}');
INSERT INTO alert VALUES ('d6502742e813745d', '2026-01-07T10:00:00.0000000Z', '{"fingerprint":"d6502742e813745d","labels":{"alertname":"EgressBlocked","destination":"192.0.2.9","severity":"warning","source_workload":"cart","source_workload_namespace":"shop"},"annotations":{"address":"192.0.2.9","confirmed":"false","description":"Istio refused 0 attempts of shop/cart to reach 192[.]0[.]2[.]9 (port 443; name from reverse DNS, does not resolve back) at 2026-01-07 10:00:00 UTC. No ServiceEntry registers it, so nothing left the mesh. If this traffic is wanted, register the host with a ServiceEntry. If it is not wanted, find out which program in the pod tries it.","evidence":"{__name__=~\u0022egress_.\u002B_total\u0022,source_workload_namespace=\u0022shop\u0022,source_workload=\u0022cart\u0022,destination=\u0022192.0.2.9\u0022,route=\u0022blocked\u0022}","expected":"no attempt","limit_key":"detection.blocked.severity","name_source":"ptr_unconfirmed","observed":"refused 0 times","port":"443","protocol":"tcp","resolves":"It resolves after 10 min without it.","route":"blocked","runbook_url":"http://127.0.0.1:10098/runbooks/EgressBlocked","summary":"shop/cart was blocked from 192[.]0[.]2[.]9:443 (0 attempts)"},"starts_at":"2026-01-07T10:00:00+00:00","resolved_at":"2026-01-07T10:10:00+00:00","generator_url":"http://127.0.0.1:10098/alerts/d6502742e813745d"}');
INSERT INTO alert VALUES ('d6502742e813745d', '2026-01-14T02:55:00.0000000Z', '{"fingerprint":"d6502742e813745d","labels":{"alertname":"EgressBlocked","destination":"192.0.2.9","severity":"warning","source_workload":"cart","source_workload_namespace":"shop"},"annotations":{"address":"192.0.2.9","confirmed":"false","description":"Istio refused 0 attempts of shop/cart to reach 192[.]0[.]2[.]9 (port 443; name from reverse DNS, does not resolve back) at 2026-01-14 02:55:00 UTC. No ServiceEntry registers it, so nothing left the mesh. If this traffic is wanted, register the host with a ServiceEntry. If it is not wanted, find out which program in the pod tries it.","evidence":"{__name__=~\u0022egress_.\u002B_total\u0022,source_workload_namespace=\u0022shop\u0022,source_workload=\u0022cart\u0022,destination=\u0022192.0.2.9\u0022,route=\u0022blocked\u0022}","expected":"no attempt","limit_key":"detection.blocked.severity","name_source":"ptr_unconfirmed","observed":"refused 0 times","port":"443","protocol":"tcp","resolves":"It resolves after 10 min without it.","route":"blocked","runbook_url":"http://127.0.0.1:10098/runbooks/EgressBlocked","summary":"shop/cart was blocked from 192[.]0[.]2[.]9:443 (0 attempts)"},"starts_at":"2026-01-14T02:55:00+00:00","resolved_at":null,"generator_url":"http://127.0.0.1:10098/alerts/d6502742e813745d"}');
INSERT INTO configuration_load VALUES ('2026-01-05T00:00:00.0000000Z', '{"at":"2026-01-05T00:00:00+00:00","version":"0.2.0","error":""}');
INSERT INTO configuration_load VALUES ('2026-01-05T01:00:00.0000000Z', '{"at":"2026-01-05T01:00:00+00:00","version":"0.2.0","error":"unknown key \u0027alertin\u0027"}');
INSERT INTO policy_hit VALUES ('stripe', '{"hits":2627,"since":"2026-01-05T00:05:00+00:00","last_hit":"2026-01-14T02:55:00+00:00"}');
INSERT INTO waiting_increment VALUES ('connections_closed', '', 'shop', 'cart', '203.0.113.8', '443', '', '', '', 'passthrough', 'tcp', '', '', '', 3.0, '2026-01-14T02:55:00.0000000Z');
INSERT INTO habit VALUES ('', 'platform', 'agent', '{"since":"00:05:00","learned_at":"2026-01-06T00:05:00+00:00","news":{"hours":[0,0,0,0,0,0,0,0],"hour":17751098,"days":[0,0,0,0,0,0,0,0]}}');
INSERT INTO habit VALUES ('', 'shop', 'cart', '{"since":"00:05:00","learned_at":"2026-01-06T00:05:00+00:00","news":{"hours":[0,0,1,0,0,0,0,0],"hour":17751098,"today":1,"days":[0,0,0,0,0,0,0,0]}}');
INSERT INTO habit VALUES ('', 'web', 'crawler', '{"since":"00:05:00","learned_at":"2026-01-06T00:05:00+00:00","news":{"hours":[0,0,0,0,0,0,0,0],"hour":17751098,"days":[0,0,0,0,0,0,0,0]}}');
INSERT INTO habit VALUES ('', 'web', 'young', '{"since":"9.02:30:00","learned_at":"2026-01-14T02:30:00+00:00","news":{"hours":[0,0,1,0,0,0,0,0],"hour":17751098,"today":1,"days":[]}}');
INSERT INTO contact VALUES ('', 'platform', 'agent', '169.254.169.254', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'shop', 'cart', '203.0.113.7', 1768357800, 1768356000);
INSERT INTO contact VALUES ('', 'shop', 'cart', '52.0.0.1', -1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'shop', 'cart', 'api.stripe.com', -1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'shop', 'cart', 'news.example.com', 1768357800, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', '198.51.100.1', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', '198.51.100.2', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', '198.51.100.3', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', '198.51.100.4', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', '198.51.100.5', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', '198.51.100.6', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', 'n1.example.org', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', 'n2.example.org', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', 'n3.example.org', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', 'n4.example.org', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', 'n5.example.org', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'crawler', 'n6.example.org', 1767571500, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'young', '203.0.113.9', 1768357800, 1768356000);
INSERT INTO contact VALUES ('', 'web', 'young', 'first.example.org', 1768357800, 1768356000);
INSERT INTO newborn VALUES ('', 'web', '{"hours":[0,0,1,0,0,0,0,0],"hour":17751098,"today":1,"days":[]}');
INSERT INTO metadata_use VALUES ('', 'platform', 'agent', '{"count":11,"hour":17751098,"today":12,"days":[12,12,12,12,12,12,12,12,12]}');
INSERT INTO episode VALUES ('EgressBlocked', '', 'shop', 'cart', '192.0.2.9', '{"flow":{"source":{"namespace":"shop","name":"cart","cluster":"","values":["","shop","cart"]},"to":{"address":"192.0.2.9","port":"443","service":"","host":"","sni":""},"route":"Blocked"},"destination":{"name":"192.0.2.9","source":"PtrUnconfirmed","owner":"","network":"","region":"","domain":"","site":"192.0.2.9"},"first":"2026-01-14T02:55:00+00:00","upload":1,"detail":"","severity":"","last":"2026-01-14T02:55:00+00:00"}');
INSERT INTO episode VALUES ('EgressNewDestination', '', 'shop', 'cart', 'news.example.com', '{"flow":{"source":{"namespace":"shop","name":"cart","cluster":"","values":["","shop","cart"]},"to":{"address":"203.0.113.7","port":"443","service":"","host":"","sni":""}},"destination":{"name":"news.example.com","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.com"},"first":"2026-01-14T02:30:00+00:00","upload":6000,"detail":"9.1 d","severity":"info","last":"2026-01-14T02:55:00+00:00"}');
INSERT INTO episode VALUES ('EgressNewDestination', '', 'web', 'young', 'first.example.org', '{"flow":{"source":{"namespace":"web","name":"young","cluster":"","values":["","web","young"]},"to":{"address":"203.0.113.9","port":"443","service":"","host":"","sni":""}},"destination":{"name":"first.example.org","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.org"},"first":"2026-01-14T02:30:00+00:00","upload":10,"detail":"","severity":"info","last":"2026-01-14T02:30:00+00:00"}');
INSERT INTO episode_name VALUES ('EgressBlocked', '', 'shop', 'cart', '192.0.2.9', '192.0.2.9');
INSERT INTO episode_name VALUES ('EgressNewDestination', '', 'shop', 'cart', '203.0.113.7', 'news.example.com');
INSERT INTO episode_name VALUES ('EgressNewDestination', '', 'web', 'young', '203.0.113.9', 'first.example.org');
INSERT INTO probing VALUES ('', 'shop', 'cart', '{"latest":"2026-01-14T02:55:00+00:00"}');
INSERT INTO attempt VALUES ('', 'shop', 'cart', '192.0.2.9, port 443', 0);
INSERT INTO upload VALUES ('', 'shop', 'cart', '', '{"number":1,"hourly":{"baseline":{"codes":"gICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgID/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////","unit":1024,"next":17751098},"last_hour":17751097},"daily":{"days":[3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1],"next":739629,"carried_since":739628},"level":[],"day_before":125829120,"weight_before":4081704960,"top":"api.stripe.com","top_source":"Ptr","confirmed":true,"is_later":true}');
INSERT INTO upload VALUES ('', 'shop', 'cart', 'example.com', '{"number":5,"begun":17751098,"hourly":{},"level":[],"top":"news.example.com","top_source":"Ptr","confirmed":true,"is_later":true}');
INSERT INTO upload VALUES ('', 'shop', 'cart', 'stripe.com', '{"number":2,"hourly":{"baseline":{"codes":"gICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgICRqoCAgICAgICAgICAgICAgICAgICAgID/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////","unit":1024,"next":17751098},"last_hour":17751097},"daily":{"days":[3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,3.9636173E+09,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1,-1],"next":739629,"carried_since":739628},"level":[],"day_before":125829120,"weight_before":4081704960,"top":"api.stripe.com","top_source":"Ptr","confirmed":true}');
INSERT INTO upload VALUES ('', 'web', 'crawler', '', '{"number":3,"hourly":{},"level":[],"top":"n1.example.org","top_source":"Ptr","confirmed":true}');
INSERT INTO upload VALUES ('', 'web', 'crawler', 'example.org', '{"number":4,"hourly":{},"level":[],"top":"n1.example.org","top_source":"Ptr","confirmed":true}');
INSERT INTO upload VALUES ('', 'web', 'young', '', '{"number":6,"hourly":{},"level":[],"top":"first.example.org","top_source":"Ptr","confirmed":true,"is_later":true}');
INSERT INTO upload VALUES ('', 'web', 'young', 'example.org', '{"number":7,"begun":17751098,"hourly":{},"level":[],"top":"first.example.org","top_source":"Ptr","confirmed":true,"is_later":true}');
INSERT INTO fan_out VALUES ('', 'platform', 'agent', X'0C0001');
INSERT INTO fan_out VALUES ('', 'shop', 'cart', X'B60303CC0301');
INSERT INTO fan_out VALUES ('', 'web', 'crawler', X'C600023201013002018E0204700301900301');
INSERT INTO fan_out VALUES ('', 'web', 'young', X'8C0001');
INSERT INTO fan_out_baseline VALUES ('', 'web', 'crawler', '{"baseline":{"codes":"FhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhb/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////","unit":1,"next":17751098},"last_hour":17751097}');
INSERT INTO pulse VALUES ('', 'shop', 'cart', 'news.example.com', '{"name":"news.example.com","flow":{"source":{"namespace":"shop","name":"cart","cluster":"","values":["","shop","cart"]},"to":{"address":"203.0.113.7","port":"443","service":"","host":"","sni":""}},"destination":{"name":"news.example.com","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.com"},"pulse":{"first":"2026-01-14T02:30:00+00:00","last":"2026-01-14T02:55:00+00:00","last_bytes":1000,"last_exchanges":1,"exchanges":"AAAAAFEsAQAAUSwBAABRLAEAAFEsAQAAUSwBAABR","counts":{"last":213013187,"sums":[5,5,5,1,2,4,8,2,0,0,0,3,0,0,0,-1,0,0,0,-1,0,0,0,-1]}},"severity":""}');
INSERT INTO pulse VALUES ('', 'web', 'young', 'first.example.org', '{"name":"first.example.org","flow":{"source":{"namespace":"web","name":"young","cluster":"","values":["","web","young"]},"to":{"address":"203.0.113.9","port":"443","service":"","host":"","sni":""}},"destination":{"name":"first.example.org","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.org"},"pulse":{"first":"2026-01-14T02:30:00+00:00","last":"2026-01-14T02:30:00+00:00","last_bytes":10,"last_exchanges":1,"exchanges":"AAAAABw=","counts":{"last":213013182,"sums":[0,0,0,1,0,0,0,1,0,0,0,-1,0,0,0,-1,0,0,0,-1,0,0,0,-1]}},"severity":""}');
INSERT INTO exported_destination VALUES ('', 'shop', 'cart', 'api.stripe.com', '{"series":[{"metric":"UploadBytes","route":"Passthrough","protocol":"Tcp","port":"443","response_code":"","response_flags":"","value":35856056320,"last":1768359300,"destination":{"name":"api.stripe.com","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"stripe.com"}}],"weight":125829412.50001743,"weight_hour":17751098,"is_roll_up":false}');
INSERT INTO exported_destination VALUES ('', 'platform', 'agent', 'cloud-metadata', '{"series":[{"metric":"Requests","route":"Passthrough","protocol":"Tcp","port":"443","response_code":"","response_flags":"","value":2627,"last":1768359300,"destination":{"name":"cloud-metadata","source":"Special","confirmed":true,"owner":"","network":"","region":"","domain":"","site":""}}],"weight":24576,"weight_hour":17751098,"is_roll_up":false}');
INSERT INTO exported_destination VALUES ('', 'web', 'crawler', 'n1.example.org', '{"series":[{"metric":"UploadBytes","route":"Passthrough","protocol":"Tcp","port":"443","response_code":"","response_flags":"","value":2690048,"last":1768359300,"destination":{"name":"n1.example.org","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.org"}}],"weight":24576,"weight_hour":17751098,"is_roll_up":false}');
INSERT INTO exported_destination VALUES ('', 'web', 'crawler', 'n2.example.org', '{"series":[{"metric":"UploadBytes","route":"Passthrough","protocol":"Tcp","port":"443","response_code":"","response_flags":"","value":2690048,"last":1768359300,"destination":{"name":"n2.example.org","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.org"}}],"weight":24576,"weight_hour":17751098,"is_roll_up":false}');
INSERT INTO exported_destination VALUES ('', 'web', 'crawler', 'n3.example.org', '{"series":[{"metric":"UploadBytes","route":"Passthrough","protocol":"Tcp","port":"443","response_code":"","response_flags":"","value":2690048,"last":1768359300,"destination":{"name":"n3.example.org","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.org"}}],"weight":24576,"weight_hour":17751098,"is_roll_up":false}');
INSERT INTO exported_destination VALUES ('', 'web', 'crawler', '__other__', '{"series":[{"metric":"UploadBytes","route":"Passthrough","protocol":"Tcp","port":"","response_code":"","response_flags":"","value":8070144,"last":1768359300,"destination":{"name":"__other__","source":"Unknown","confirmed":false,"owner":"","network":"","region":"","domain":"","site":""}}],"weight":0,"weight_hour":0,"is_roll_up":false}');
INSERT INTO exported_destination VALUES ('', 'shop', 'cart', 'news.example.com', '{"series":[{"metric":"UploadBytes","route":"Passthrough","protocol":"Tcp","port":"443","response_code":"","response_flags":"","value":6000,"last":1768359300,"destination":{"name":"news.example.com","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.com"}}],"weight":6000,"weight_hour":17751098,"is_roll_up":false}');
INSERT INTO exported_destination VALUES ('', 'web', 'young', 'first.example.org', '{"series":[{"metric":"UploadBytes","route":"Passthrough","protocol":"Tcp","port":"443","response_code":"","response_flags":"","value":10,"last":1768357800,"destination":{"name":"first.example.org","source":"Ptr","confirmed":true,"owner":"","network":"","region":"","domain":"","site":"example.org"}}],"weight":10,"weight_hour":17751098,"is_roll_up":false}');
INSERT INTO exported_destination VALUES ('', 'shop', 'cart', '192.0.2.9', '{"series":[{"metric":"UploadBytes","route":"Blocked","protocol":"Tcp","port":"443","response_code":"","response_flags":"","value":1,"last":1768359300,"is_new":true,"destination":{"name":"192.0.2.9","source":"PtrUnconfirmed","confirmed":false,"owner":"","network":"","region":"","domain":"","site":"192.0.2.9"}}],"weight":1,"weight_hour":17751098,"is_roll_up":false}');
INSERT INTO folded_destination VALUES ('', 'web', 'crawler', 'n4.example.org', 24576.0, 0.0, 17751098);
INSERT INTO folded_destination VALUES ('', 'web', 'crawler', 'n5.example.org', 24576.0, 0.0, 17751098);
INSERT INTO folded_destination VALUES ('', 'web', 'crawler', 'n6.example.org', 24576.0, 0.0, 17751098);
CREATE VIEW exported_counter AS
SELECT
    series.value ->> 'metric' AS metric,
    source_cluster,
    source_workload_namespace,
    source_workload,
    destination,
    series.value ->> 'port' AS destination_port,
    series.value ->> 'route' AS route,
    series.value ->> 'protocol' AS protocol,
    series.value ->> 'response_code' AS response_code,
    series.value ->> 'response_flags' AS response_flags,
    series.value ->> 'value' AS value,
    series.value ->> 'last' AS last -- When it last grew.
FROM exported_destination, json_each(state, '$.series') AS series;

COMMIT;
