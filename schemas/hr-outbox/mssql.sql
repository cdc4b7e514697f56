-- Outbox of contract events for usrec-agent. Microsoft SQL Server 2016 or newer.
-- NOT TESTED against a live server, neither this SQL nor the agent's reading (docs/how-to/databases.md): run it on a copy
-- first, then usrec source conformance.
--
-- For the administrator of the HR database. Run it once. It makes one table and its index and touches nothing else.
-- README.md beside this file says which fields each kind of event needs.
--
-- The HR system inserts a row in the same transaction that changes the contract: both are committed, or neither.
-- The agent takes each row, sends it to USREC and writes back what became of it. It never deletes a row.
--
-- Nothing here refuses a badly filled event: a mistake must not undo the HR department's own transaction. The agent
-- refuses such a row by itself, says in usrec_findings which field to mend, and goes on with the others.
--
-- A correction is a new row with the same event_id and the next revision. Rows may be committed in any order.
--
-- Texts are Unicode (nvarchar): write N'...' for every text, or Kazakh letters are lost. Keys are compared exactly, whatever
-- the collation of the database.

CREATE TABLE usrec_outbox (
    -- filled by the HR system
    row_id            bigint IDENTITY(1, 1) PRIMARY KEY,                       -- numbered by the database
    event_id          nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL,  -- your own id of the event, for ever the same
    revision          int NOT NULL DEFAULT 1,                                  -- 1, then 2, 3, ... with each correction
    event_type        nvarchar(40),                                            -- conclusion, amendment, termination, ...
    contract_key      nvarchar(400) COLLATE Latin1_General_100_BIN2,           -- your own key of the contract, never the IIN
    employer_bin      nvarchar(40),                                            -- 12 digits: BIN, or IIN of an entrepreneur
    payload           nvarchar(max),                                           -- JSON object, see README.md
    withdrawn         bit NOT NULL DEFAULT 0,                                  -- 1 in a new revision: the event is taken back
    entered_at        datetimeoffset(6) NOT NULL DEFAULT SYSDATETIMEOFFSET(),  -- when HR entered it

    -- filled by usrec-agent
    taken_at          datetimeoffset(6),                                       -- null until the agent has taken the row
    usrec_state       nvarchar(20),                                            -- pending, accepted, rejected, invalid, ...
    usrec_code        nvarchar(20),                                            -- response code of USREC, such as SCSE012
    usrec_message     nvarchar(max),                                           -- one sentence for the HR department
    usrec_findings    nvarchar(max),                                           -- JSON array: which field to mend, and why
    usrec_contract_id nvarchar(100),                                           -- the registry's id of the contract
    usrec_record_id   nvarchar(100),                                           -- the registry's id of this very event
    usrec_legal_date  date,                                                    -- last day of the statutory term
    usrec_noted_at    datetimeoffset(6),                                       -- when the agent wrote these columns

    CONSTRAINT usrec_outbox_once UNIQUE (event_id, revision)
);

-- Not a filtered index: with one, sessions that set QUOTED_IDENTIFIER OFF could insert nothing (error 1934).
CREATE INDEX usrec_outbox_waiting ON usrec_outbox (taken_at, row_id);

-- Example of an event:
--
--   INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload) VALUES
--     (N'HR-2026-000123', N'termination', N'TD-00045-1', N'...',
--      N'{"termination_date": "2026-11-20", "reason_code": "05"}');
