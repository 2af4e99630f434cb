-- Everything that the service knows as of the end of the last window. The columns named state hold JSON: SELECT state ->> '$.value' reads one field of it.
-- Times in columns are seconds since 1970 in UTC: datetime(last, 'unixepoch') shows them.

CREATE TABLE cell (
    name  TEXT PRIMARY KEY,   -- What it is; each is one value of a stage.
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- 1. Polling: what has been read from Prometheus.

CREATE TABLE job (
    number INTEGER PRIMARY KEY, -- Other tables name the job by it.
    state  TEXT NOT NULL        -- Its name, its scrape interval, and when it had samples.
) STRICT;

CREATE TABLE registered_host ( -- Hosts that a ServiceEntry has.
    host TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The raw counters of all proxies, 512 in a row, because nearly all of them change with each window. Each BLOB is an array of little-endian numbers.
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

-- 2. Naming: what DNS has answered, and what waits for it.

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

CREATE TABLE waiting_increment ( -- Increments that are counted when their destination has a name.
    metric                    TEXT NOT NULL,
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
    PRIMARY KEY (source_workload_namespace, source_workload, address, port, service, host, sni, metric, route, protocol, response_code, response_flags, facts)
) STRICT, WITHOUT ROWID;

-- 3. Detection: what is usual, and what is found. State leaves out what is 0, false, null, or the first of an enumeration.

CREATE TABLE habit ( -- Since when each workload has been watched. The cell watched says how long all windows together have been.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact ( -- Whom each workload has talked to.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL, -- A name, or the address or host that the mesh tells.
    first                     INTEGER NOT NULL,
    last                      INTEGER NOT NULL, -- The beginning of the hour.
    PRIMARY KEY (source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;

CREATE TABLE newborn ( -- How many destinations new workloads of a namespace meet.
    source_workload_namespace TEXT PRIMARY KEY,
    state                     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE metadata_use ( -- How often those that may ask the metadata service do.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

CREATE TABLE episode ( -- What detectors hold a finding of, or are about to.
    alertname                 TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (alertname, source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;

CREATE TABLE episode_name ( -- Under which destination an episode holds what the mesh tells.
    alertname                 TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    told                      TEXT NOT NULL, -- The address or host that the mesh tells.
    destination               TEXT NOT NULL,
    PRIMARY KEY (alertname, source_workload_namespace, source_workload, told)
) STRICT, WITHOUT ROWID;

CREATE TABLE probing ( -- Workloads that lately tried something in vain.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL, -- When they last did, and whether they tried too much.
    PRIMARY KEY (source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt ( -- What they tried.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    tried                     TEXT NOT NULL,    -- A destination and its port.
    last                      INTEGER NOT NULL, -- Milliseconds since 1970; 0 where it is the time that the state of probing calls latest.
    PRIMARY KEY (source_workload_namespace, source_workload, tried)
) STRICT, WITHOUT ROWID;

CREATE TABLE upload ( -- What workloads usually send each group of destinations, and this day's part before this hour. The group of all together is empty.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination_group         TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_workload_namespace, source_workload, destination_group)
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

CREATE TABLE fan_out ( -- How many destinations workloads talk to in this hour: registers of HyperLogLog.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    registers                 BLOB NOT NULL, -- Of each in use its number in two bytes, little-endian, and its value; or all 1,024, where that is shorter.
    PRIMARY KEY (source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

CREATE TABLE fan_out_baseline ( -- How many they usually talk to.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

CREATE TABLE pulse ( -- At which times workloads talk to destinations that they began to talk to after they had been learned.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;

-- 4. Cardinality: what /metrics exports.

CREATE TABLE exported_destination ( -- The counters of each workload and destination. The view exported_counter shows them one by one.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL, -- __other__ for the sum of what has no place.
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_workload_namespace, source_workload, destination)
) STRICT;

CREATE VIEW exported_counter AS
SELECT
    series.value ->> 'metric' AS metric,
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

CREATE TABLE folded_destination ( -- What has no place, and how much it carried lately.
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL,
    weight                    REAL NOT NULL, -- In bytes, as of the hour. Half of it counts an hour later.
    error                     REAL NOT NULL, -- By how much the weight may be too large.
    hour                      INTEGER NOT NULL, -- Hours since 1970.
    PRIMARY KEY (source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;

CREATE TABLE wanted_destinations ( -- How many pairs of workload and destination wanted a place, to a few percent.
    period    TEXT PRIMARY KEY, -- This day (current), and the one before it.
    registers BLOB NOT NULL     -- A sketch (HyperLogLog).
) STRICT, WITHOUT ROWID;

-- 5. Alerting.

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
