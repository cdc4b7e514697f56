-- Outbox of contract events for usrec-agent. MariaDB 10.6 or newer, InnoDB.
-- The agent reads it with the driver PyMySQL (extra mariadb). MySQL 8.0 or newer understands the same SQL except for
-- DEFAULT (UTC_TIMESTAMP(6)) before 8.0.13; it was NOT TESTED: usrec source conformance tries it.
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

    -- filled by usrec-agent
    taken_at          datetime(6),                                      -- null until the agent has taken the row
    usrec_state       varchar(20),                                      -- pending, accepted, rejected, invalid, ...
    usrec_code        varchar(20),                                      -- response code of USREC, such as SCSE012
    usrec_message     longtext,                                         -- one sentence for the HR department
    usrec_findings    longtext,                                         -- JSON array: which field to mend, and why
    usrec_contract_id varchar(100),                                     -- the registry's id of the contract
    usrec_record_id   varchar(100),                                     -- the registry's id of this very event
    usrec_legal_date  date,                                             -- last day of the statutory term
    usrec_noted_at    datetime(6),                                      -- when the agent wrote these columns

    UNIQUE (event_id, revision),
    INDEX usrec_outbox_waiting (taken_at, row_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Example of an event:
--
--   INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload) VALUES
--     ('HR-2026-000123', 'termination', 'TD-00045-1', '...',
--      '{"termination_date": "2026-11-20", "reason_code": "05"}');
