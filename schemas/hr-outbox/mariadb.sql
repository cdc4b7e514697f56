-- Outbox of contract events for usrec-agent. MariaDB 10.6 or newer, InnoDB.
-- THE AGENT DOES NOT READ AN OUTBOX IN THIS DATABASE YET. A row in this table reaches USREC only where something of your
-- own passes it on, such as to the HTTP intake (docs/how-to/http-intake.md). Without that nothing is sent, and the terms
-- of the law run on. No table is needed where the agent looks at the staff by a query (docs/how-to/snapshot.md).
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
-- Texts are utf8mb4 and are compared exactly. Times are UTC without a zone.

CREATE TABLE usrec_outbox (
    -- filled by the HR system
    row_id            bigint AUTO_INCREMENT PRIMARY KEY,                -- numbered by the database
    event_id          varchar(400) NOT NULL,                            -- your own id of the event, for ever the same
    revision          int NOT NULL DEFAULT 1,                           -- 1, then 2, 3, ... with each correction
    event_type        varchar(40),                                      -- conclusion, amendment, termination, ...
    contract_key      varchar(400),                                     -- your own key of the contract, never the IIN
    employer_bin      varchar(40),                                      -- 12 digits: BIN, or IIN of an entrepreneur
    payload           longtext,                                         -- JSON object, see README.md
    withdrawn         boolean NOT NULL DEFAULT 0,                       -- 1 in a new revision: the event is taken back
    entered_at        datetime(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),  -- when HR entered it

    -- filled by what passes the rows on
    taken_at          datetime(6),                                      -- null until the row was passed on
    usrec_state       varchar(20),                                      -- pending, accepted, rejected, invalid, ...
    usrec_code        varchar(20),                                      -- response code of USREC, such as SCSE012
    usrec_message     longtext,                                         -- one sentence for the HR department
    usrec_findings    longtext,                                         -- JSON array: which field to mend, and why
    usrec_contract_id varchar(100),                                     -- the registry's id of the contract
    usrec_record_id   varchar(100),                                     -- the registry's id of this very event
    usrec_legal_date  date,                                             -- last day of the statutory term
    usrec_noted_at    datetime(6),                                      -- when these columns were written

    UNIQUE (event_id, revision),
    INDEX usrec_outbox_waiting (taken_at, row_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Example of an event:
--
--   INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload) VALUES
--     ('HR-2026-000123', 'termination', 'TD-00045-1', '...',
--      '{"termination_date": "2026-11-20", "reason_code": "05"}');
