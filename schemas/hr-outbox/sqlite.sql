-- Outbox of contract events for usrec-agent. SQLite 3.8 or newer.
--
-- For the administrator of the HR database. Run it once. It makes one table and one index and touches nothing else.
-- README.md beside this file says which fields each kind of event needs.
--
-- The HR system inserts a row in the same transaction that changes the contract: both are committed, or neither.
-- The agent takes each row, sends it to USREC and writes back what became of it. It never deletes a row.
--
-- Nothing here refuses a badly filled event: a mistake must not undo the HR department's own transaction. The agent
-- refuses such a row by itself, says in usrec_findings which field to mend, and goes on with the others.
--
-- A correction is a new row with the same event_id and the next revision.
--
-- Times are text, ISO 8601 with an offset or Z. SQLite has no accounts: who may read or write the file and its
-- directory is decided by the operating system. An agent that may only read it is set read-only in its settings.

CREATE TABLE usrec_outbox (
    -- filled by the HR system
    row_id            INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id          TEXT NOT NULL,                -- your own id of the event, for ever the same
    revision          INTEGER NOT NULL DEFAULT 1,   -- 1, then 2, 3, ... with each correction
    event_type        TEXT,                         -- conclusion, amendment, termination, ...
    contract_key      TEXT,                         -- your own key of the contract, never the IIN
    employer_bin      TEXT,                         -- 12 digits: BIN, or IIN of an entrepreneur
    payload           TEXT,                         -- JSON object, see README.md
    withdrawn         INTEGER NOT NULL DEFAULT 0,   -- 1 in a new revision: the event is taken back
    entered_at        TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), -- when HR entered it

    -- filled by usrec-agent
    taken_at          TEXT,                         -- null until the agent has taken the row
    usrec_state       TEXT,                         -- pending, accepted, rejected, invalid, ...
    usrec_code        TEXT,                         -- response code of USREC, such as SCSE012
    usrec_message     TEXT,                         -- one sentence for the HR department
    usrec_findings    TEXT,                         -- JSON array: which field to mend, and why
    usrec_contract_id TEXT,                         -- the registry's id of the contract
    usrec_record_id   TEXT,                         -- the registry's id of this very event
    usrec_legal_date  TEXT,                         -- last day of the statutory term, YYYY-MM-DD
    usrec_noted_at    TEXT,                         -- when the agent wrote these columns

    UNIQUE (event_id, revision)
);

CREATE INDEX usrec_outbox_waiting ON usrec_outbox (row_id) WHERE taken_at IS NULL;

-- Example of an event:
--
--   INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload) VALUES
--     ('HR-2026-000123', 'termination', 'TD-00045-1', '...', '{"termination_date": "2026-11-20", "reason_code": "05"}');
