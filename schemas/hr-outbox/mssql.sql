-- Outbox of contract events for usrec-agent. Microsoft SQL Server 2016 or newer.
-- THE AGENT DOES NOT READ AN OUTBOX IN THIS DATABASE YET. A row in this table reaches USREC only where something of your
-- own passes it on, such as to the HTTP intake (docs/how-to/http-intake.md). Without that nothing is sent, and the terms
-- of the law run on. No table is needed where the agent looks at the staff by a query (docs/how-to/snapshot.md).
-- NOT TESTED against a live server: run it on a copy first.
--
-- For the administrator of the HR database. Run it once. It makes one table and its index and touches nothing else.
-- README.md beside this file says which fields each kind of event needs.
--
-- The HR system inserts a row in the same transaction that changes the contract: both are committed, or neither.
-- Whatever passes the rows on fills the lower columns with the agent's answer, and never deletes a row.
--
-- Nothing here refuses a badly filled event: a mistake must not undo the HR department's own transaction. The agent
-- refuses it when it is passed on, and says which field to mend.
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

    -- filled by what passes the rows on
    taken_at          datetimeoffset(6),                                       -- null until the row was passed on
    usrec_state       nvarchar(20),                                            -- pending, accepted, rejected, invalid, ...
    usrec_code        nvarchar(20),                                            -- response code of USREC, such as SCSE012
    usrec_message     nvarchar(max),                                           -- one sentence for the HR department
    usrec_findings    nvarchar(max),                                           -- JSON array: which field to mend, and why
    usrec_contract_id nvarchar(100),                                           -- the registry's id of the contract
    usrec_record_id   nvarchar(100),                                           -- the registry's id of this very event
    usrec_legal_date  date,                                                    -- last day of the statutory term
    usrec_noted_at    datetimeoffset(6),                                       -- when these columns were written

    CONSTRAINT usrec_outbox_once UNIQUE (event_id, revision)
);

CREATE INDEX usrec_outbox_waiting ON usrec_outbox (row_id) WHERE taken_at IS NULL;

-- Example of an event:
--
--   INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload) VALUES
--     (N'HR-2026-000123', N'termination', N'TD-00045-1', N'...',
--      N'{"termination_date": "2026-11-20", "reason_code": "05"}');
