-- Run once by the PostgreSQL image, as its superuser: the agent's ledger, and a stand-in for the HR system's database
-- with the outbox table and an account that may do in it what the agent needs and no more.
\set ON_ERROR_STOP on
\set ledger_password `cat /run/secrets/ledger-password`
\set hr_password `cat /run/secrets/hr-password`

CREATE ROLE usrec LOGIN PASSWORD :'ledger_password';
CREATE DATABASE usrec OWNER usrec;
REVOKE CONNECT ON DATABASE usrec FROM PUBLIC;

CREATE ROLE usrec_agent LOGIN PASSWORD :'hr_password';
CREATE DATABASE hr;
REVOKE CONNECT ON DATABASE hr FROM PUBLIC;
GRANT CONNECT ON DATABASE hr TO usrec_agent;

\connect hr
\i /schemas/hr-outbox.sql
GRANT SELECT ON usrec_outbox TO usrec_agent;
GRANT UPDATE (taken_at, usrec_state, usrec_code, usrec_message, usrec_findings, usrec_contract_id, usrec_legal_date,
              usrec_record_id, usrec_noted_at) ON usrec_outbox TO usrec_agent;
