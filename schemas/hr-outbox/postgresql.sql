-- Outbox of contract events for usrec-agent. PostgreSQL 10 or newer.
--
-- For the administrator of the HR database. Run it once, in the schema of the HR system. It makes one table, one index
-- and the triggers that wake the agent, and touches nothing else. README.md beside this file says which fields each kind of event needs.
--
-- The HR system inserts a row in the same transaction that changes the contract: both are committed, or neither.
-- The agent takes each row, sends it to USREC and writes back what became of it. It never deletes a row.
--
-- Nothing here refuses a badly filled event: a mistake must not undo the HR department's own transaction. The agent
-- refuses such a row by itself, says in usrec_findings which field to mend, and goes on with the others.
--
-- A correction is a new row with the same event_id and the next revision.

CREATE TABLE usrec_outbox (
    -- filled by the HR system
    row_id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id          text NOT NULL,                      -- your own id of the event, for ever the same
    revision          integer NOT NULL DEFAULT 1,         -- 1, then 2, 3, ... with each correction
    event_type        text,                               -- conclusion, amendment, termination, ...
    contract_key      text,                               -- your own key of the contract, never the IIN
    employer_bin      text,                               -- 12 digits: BIN, or IIN of an entrepreneur
    payload           text,                               -- JSON object, see README.md; jsonb will do as well
    withdrawn         boolean NOT NULL DEFAULT false,     -- true in a new revision: the event is taken back
    entered_at        timestamptz NOT NULL DEFAULT now(), -- when HR entered it

    -- filled by usrec-agent
    taken_at          timestamptz,                        -- null until the agent has taken the row
    usrec_state       text,                               -- pending, accepted, rejected, invalid, ...
    usrec_code        text,                               -- response code of USREC, such as SCSE012
    usrec_message     text,                               -- one sentence for the HR department
    usrec_findings    text,                               -- JSON array: which field to mend, and why
    usrec_contract_id text,                               -- the registry's id of the contract
    usrec_record_id   text,                               -- the registry's id of this very event
    usrec_legal_date  date,                               -- last day of the statutory term
    usrec_noted_at    timestamptz,                        -- when the agent wrote these columns

    UNIQUE (event_id, revision)
);

CREATE INDEX usrec_outbox_waiting ON usrec_outbox (row_id) WHERE taken_at IS NULL;

-- Wakes the agent as soon as new rows are committed; without it the agent looks every two seconds ([delivery] poll).
-- It tells nothing about the rows. Leave it out where NOTIFY is not wanted: nothing else changes.
CREATE FUNCTION usrec_outbox_ring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('usrec_outbox', '');
    RETURN NULL;
END
$$;
CREATE TRIGGER usrec_outbox_ring AFTER INSERT ON usrec_outbox
    FOR EACH STATEMENT EXECUTE PROCEDURE usrec_outbox_ring();
CREATE TRIGGER usrec_outbox_ring_again AFTER UPDATE ON usrec_outbox
    FOR EACH ROW WHEN (NEW.taken_at IS NULL) EXECUTE PROCEDURE usrec_outbox_ring();

-- Rights. Two accounts are enough; neither owns the table. Example, with hr_app for the HR system:
--
--   CREATE ROLE usrec_agent LOGIN PASSWORD '...';
--   GRANT USAGE ON SCHEMA public TO usrec_agent;
--   GRANT SELECT ON usrec_outbox TO usrec_agent;
--   GRANT UPDATE (taken_at, usrec_state, usrec_code, usrec_message, usrec_findings, usrec_contract_id,
--                 usrec_record_id, usrec_legal_date, usrec_noted_at) ON usrec_outbox TO usrec_agent;
--
--   GRANT INSERT (event_id, revision, event_type, contract_key, employer_bin, payload, withdrawn, entered_at)
--       ON usrec_outbox TO hr_app;
--   GRANT SELECT ON usrec_outbox TO hr_app;
--
-- Where no right to update can be given, leave out the UPDATE line and set the source read-only in the agent's
-- settings. The agent then remembers by itself what it has taken; no status is written back.
--
-- Example of an event:
--
--   INSERT INTO usrec_outbox (event_id, event_type, contract_key, employer_bin, payload) VALUES
--     ('HR-2026-000123', 'termination', 'TD-00045-1', '...', '{"termination_date": "2026-11-20", "reason_code": "05"}');
