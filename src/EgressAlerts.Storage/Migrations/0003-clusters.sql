-- Workloads of several clusters are told apart. A row that lies here already has no cluster: the service gives it one as soon as the telemetry tells clusters.
-- SQLite cannot change a primary key, so each table is made anew.

DROP VIEW exported_counter;

CREATE TABLE waiting_increment_of_cluster ( -- Increments that are counted when their destination has a name.
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

INSERT INTO waiting_increment_of_cluster (source_cluster, metric, source_workload_namespace, source_workload, address, port, service, host, sni, route, protocol, response_code, response_flags, facts, amount, since)
SELECT '', metric, source_workload_namespace, source_workload, address, port, service, host, sni, route, protocol, response_code, response_flags, facts, amount, since FROM waiting_increment;

DROP TABLE waiting_increment;
ALTER TABLE waiting_increment_of_cluster RENAME TO waiting_increment;

CREATE TABLE habit_of_cluster ( -- Since when each workload has been watched. The cell watched says how long all windows together have been.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

INSERT INTO habit_of_cluster (source_cluster, source_workload_namespace, source_workload, state)
SELECT '', source_workload_namespace, source_workload, state FROM habit;

DROP TABLE habit;
ALTER TABLE habit_of_cluster RENAME TO habit;

CREATE TABLE contact_of_cluster ( -- Whom each workload has talked to.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL, -- A name, or the address or host that the mesh tells.
    first                     INTEGER NOT NULL,
    last                      INTEGER NOT NULL, -- The beginning of the hour.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;

INSERT INTO contact_of_cluster (source_cluster, source_workload_namespace, source_workload, destination, first, last)
SELECT '', source_workload_namespace, source_workload, destination, first, last FROM contact;

DROP TABLE contact;
ALTER TABLE contact_of_cluster RENAME TO contact;

CREATE TABLE newborn_of_cluster ( -- How many destinations new workloads of a namespace meet.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace)
) STRICT, WITHOUT ROWID;

INSERT INTO newborn_of_cluster (source_cluster, source_workload_namespace, state)
SELECT '', source_workload_namespace, state FROM newborn;

DROP TABLE newborn;
ALTER TABLE newborn_of_cluster RENAME TO newborn;

CREATE TABLE metadata_use_of_cluster ( -- How often those that may ask the metadata service do.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

INSERT INTO metadata_use_of_cluster (source_cluster, source_workload_namespace, source_workload, state)
SELECT '', source_workload_namespace, source_workload, state FROM metadata_use;

DROP TABLE metadata_use;
ALTER TABLE metadata_use_of_cluster RENAME TO metadata_use;

CREATE TABLE episode_of_cluster ( -- What detectors hold a finding of, or are about to.
    alertname                 TEXT NOT NULL,
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (alertname, source_cluster, source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;

INSERT INTO episode_of_cluster (source_cluster, alertname, source_workload_namespace, source_workload, destination, state)
SELECT '', alertname, source_workload_namespace, source_workload, destination, state FROM episode;

DROP TABLE episode;
ALTER TABLE episode_of_cluster RENAME TO episode;

CREATE TABLE episode_name_of_cluster ( -- Under which destination an episode holds what the mesh tells.
    alertname                 TEXT NOT NULL,
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    told                      TEXT NOT NULL, -- The address or host that the mesh tells.
    destination               TEXT NOT NULL,
    PRIMARY KEY (alertname, source_cluster, source_workload_namespace, source_workload, told)
) STRICT, WITHOUT ROWID;

INSERT INTO episode_name_of_cluster (source_cluster, alertname, source_workload_namespace, source_workload, told, destination)
SELECT '', alertname, source_workload_namespace, source_workload, told, destination FROM episode_name;

DROP TABLE episode_name;
ALTER TABLE episode_name_of_cluster RENAME TO episode_name;

CREATE TABLE probing_of_cluster ( -- Workloads that lately tried something in vain.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL, -- When they last did, and whether they tried too much.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

INSERT INTO probing_of_cluster (source_cluster, source_workload_namespace, source_workload, state)
SELECT '', source_workload_namespace, source_workload, state FROM probing;

DROP TABLE probing;
ALTER TABLE probing_of_cluster RENAME TO probing;

CREATE TABLE attempt_of_cluster ( -- What they tried.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    tried                     TEXT NOT NULL,    -- A destination and its port.
    last                      INTEGER NOT NULL, -- Milliseconds since 1970; 0 where it is the time that the state of probing calls latest.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, tried)
) STRICT, WITHOUT ROWID;

INSERT INTO attempt_of_cluster (source_cluster, source_workload_namespace, source_workload, tried, last)
SELECT '', source_workload_namespace, source_workload, tried, last FROM attempt;

DROP TABLE attempt;
ALTER TABLE attempt_of_cluster RENAME TO attempt;

CREATE TABLE upload_of_cluster ( -- What workloads usually send each group of destinations, and this day's part before this hour. The group of all together is empty.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination_group         TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination_group)
) STRICT, WITHOUT ROWID;

INSERT INTO upload_of_cluster (source_cluster, source_workload_namespace, source_workload, destination_group, state)
SELECT '', source_workload_namespace, source_workload, destination_group, state FROM upload;

DROP TABLE upload;
ALTER TABLE upload_of_cluster RENAME TO upload;

CREATE TABLE fan_out_of_cluster ( -- How many destinations workloads talk to in this hour: registers of HyperLogLog.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    registers                 BLOB NOT NULL, -- Of each in use its number in two bytes, little-endian, and its value; or all 1,024, where that is shorter.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

INSERT INTO fan_out_of_cluster (source_cluster, source_workload_namespace, source_workload, registers)
SELECT '', source_workload_namespace, source_workload, registers FROM fan_out;

DROP TABLE fan_out;
ALTER TABLE fan_out_of_cluster RENAME TO fan_out;

CREATE TABLE fan_out_baseline_of_cluster ( -- How many they usually talk to.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload)
) STRICT, WITHOUT ROWID;

INSERT INTO fan_out_baseline_of_cluster (source_cluster, source_workload_namespace, source_workload, state)
SELECT '', source_workload_namespace, source_workload, state FROM fan_out_baseline;

DROP TABLE fan_out_baseline;
ALTER TABLE fan_out_baseline_of_cluster RENAME TO fan_out_baseline;

CREATE TABLE pulse_of_cluster ( -- At which times workloads talk to destinations that they began to talk to after they had been learned.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL,
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;

INSERT INTO pulse_of_cluster (source_cluster, source_workload_namespace, source_workload, destination, state)
SELECT '', source_workload_namespace, source_workload, destination, state FROM pulse;

DROP TABLE pulse;
ALTER TABLE pulse_of_cluster RENAME TO pulse;

CREATE TABLE exported_destination_of_cluster ( -- The counters of each workload and destination. The view exported_counter shows them one by one.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL, -- __other__ for the sum of what has no place.
    state                     TEXT NOT NULL,
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination)
) STRICT;

INSERT INTO exported_destination_of_cluster (source_cluster, source_workload_namespace, source_workload, destination, state)
SELECT '', source_workload_namespace, source_workload, destination, state FROM exported_destination;

DROP TABLE exported_destination;
ALTER TABLE exported_destination_of_cluster RENAME TO exported_destination;

CREATE TABLE folded_destination_of_cluster ( -- What has no place, and how much it carried lately.
    source_cluster            TEXT NOT NULL,
    source_workload_namespace TEXT NOT NULL,
    source_workload           TEXT NOT NULL,
    destination               TEXT NOT NULL,
    weight                    REAL NOT NULL, -- In bytes, as of the hour. Half of it counts an hour later.
    error                     REAL NOT NULL, -- By how much the weight may be too large.
    hour                      INTEGER NOT NULL, -- Hours since 1970.
    PRIMARY KEY (source_cluster, source_workload_namespace, source_workload, destination)
) STRICT, WITHOUT ROWID;

INSERT INTO folded_destination_of_cluster (source_cluster, source_workload_namespace, source_workload, destination, weight, error, hour)
SELECT '', source_workload_namespace, source_workload, destination, weight, error, hour FROM folded_destination;

DROP TABLE folded_destination;
ALTER TABLE folded_destination_of_cluster RENAME TO folded_destination;

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
