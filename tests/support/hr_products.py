"""The tables of widely used staffing systems, as far as their ready mappings read them, each with one small staff.

Names and types of tables and columns were read in the products' own definitions; nothing of those is copied. What a
customer has to add stands in a statement of its own.

- Odoo 18: odoo/odoo 18.0 addons/hr_contract/models/hr_contract.py, addons/hr/models/{hr_employee,hr_job,
  hr_department,hr_departure_reason,hr_contract_type,hr_work_location}.py; translated texts are jsonb since 16.0, where
  a department's name is not translated.
- Odoo 19: odoo/odoo 19.0 addons/hr/models/hr_version.py.
- Frappe: frappe/erpnext erpnext/setup/doctype/{employee,company,designation}/*.json; frappe/hrms
  hrms/hr/doctype/{leave_application,leave_type}/*.json; a DocType is the table ``tab`` and its name.
- OrangeHRM: orangehrm/orangehrm installer/dbscript/dbscript-1.sql, src/plugins/orangehrmPimPlugin/entity/{Employee,
  EmpContract,EmployeeTerminationRecord}.php.
- SAP HCM: data dictionary of PA0000, PA0001, PA0002, PA0016 (infotype records with the key PAKEY), T527X and T528T;
  DATS are eight digits, NUMC digits, and what is empty is a blank or zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

IIN: Final = "900101300007"
BIN: Final = "200940000013"
ADDRESS: Final = "Астана, Мәңгілік Ел, 1"


@dataclass(frozen=True, slots=True)
class Product:
    """A product's tables.

    Attributes:
        tables: As the product makes them.
        additions: What the customer adds for Kazakhstan.
        staff: A running contract with an agreement, and one that has ended and lacks its day of signing.
        keys: Of both.
    """

    mapping: str
    tables: str
    additions: str
    staff: str
    keys: tuple[str, str]


_ODOO: Final = """
CREATE TABLE res_partner (id integer PRIMARY KEY, name varchar, vat varchar, street varchar, street2 varchar,
    city varchar);
CREATE TABLE res_company (id integer PRIMARY KEY, name varchar NOT NULL, partner_id integer NOT NULL);
CREATE TABLE hr_job (id integer PRIMARY KEY, name jsonb NOT NULL, company_id integer);
CREATE TABLE hr_department (id integer PRIMARY KEY, name {department} NOT NULL, complete_name varchar);
CREATE TABLE hr_contract_type (id integer PRIMARY KEY, name jsonb NOT NULL, sequence integer);
CREATE TABLE hr_departure_reason (id integer PRIMARY KEY, name jsonb NOT NULL, sequence integer);
CREATE TABLE hr_work_location (id integer PRIMARY KEY, name varchar NOT NULL, address_id integer NOT NULL);
INSERT INTO res_partner (id, name, vat, street, city) VALUES
    (1, 'ТОО', 'KZ200940000013', 'Мәңгілік Ел, 1', 'Астана');
INSERT INTO res_company VALUES (1, 'ТОО', 1);
INSERT INTO hr_work_location VALUES (1, 'Офис', 1);
INSERT INTO hr_contract_type VALUES (1, '{"en_US": "Permanent"}', 1);
"""
_DEPARTMENT: Final = "INSERT INTO hr_department VALUES (3, '{}', 'Завод / Цех № 2');"
_ODOO_ADDITIONS: Final = """
ALTER TABLE hr_job ADD x_usrec_nkz varchar;
ALTER TABLE hr_departure_reason ADD x_usrec_code varchar;
INSERT INTO hr_job (id, name, company_id, x_usrec_nkz) VALUES
    (1, '{"en_US": "Analyst", "ru_RU": "Аналитик", "kk_KZ": "Талдаушы"}', 1, '2511-2-001'),
    (2, '{"en_US": "Developer"}', 1, '2512-0-001');
INSERT INTO hr_departure_reason (id, name, x_usrec_code) VALUES (1, '{"en_US": "Resigned"}', '05');
"""
_ODOO_FIELDS: Final = """
ALTER TABLE {table} ADD x_usrec_contract_date date, ADD x_usrec_signed_on date, ADD x_usrec_conscript varchar,
    ADD x_usrec_place varchar, ADD x_usrec_ds_number varchar, ADD x_usrec_ds_date date,
    ADD x_usrec_ds_signed_on date, ADD x_usrec_ds_begin date;
"""

ODOO_18: Final = Product(
    "odoo-18",
    _ODOO.replace("{department}", "varchar")
    + _DEPARTMENT.replace("{}", "Цех № 2")
    + """
CREATE TABLE hr_employee (id integer PRIMARY KEY, name varchar, active boolean, company_id integer NOT NULL,
    identification_id varchar, work_location_id integer, departure_reason_id integer, departure_date date);
CREATE TABLE hr_contract (id integer PRIMARY KEY, name varchar NOT NULL, active boolean, employee_id integer,
    job_id integer, company_id integer NOT NULL, contract_type_id integer, date_start date NOT NULL, date_end date,
    state varchar, kanban_state varchar, wage numeric NOT NULL, department_id integer);
""",
    _ODOO_ADDITIONS + _ODOO_FIELDS.format(table="hr_contract"),
    """
INSERT INTO hr_employee VALUES (1, 'А', true, 1, '900101300007', 1, NULL, NULL),
    (2, 'Б', false, 1, '900101300007', 1, 1, '2026-11-20'), (3, 'В', true, 1, NULL, NULL, NULL, NULL);
INSERT INTO hr_contract VALUES (7, 'ТД-7', true, 1, 1, 1, 1, '2026-11-18', NULL, 'open', 'normal', 1, 3,
    '2026-11-16', '2026-11-17', '1', NULL, 'ДС-1', '2026-11-19', '2026-11-20', '2026-11-23'),
    (8, 'ТД-8', true, 2, 2, 1, 1, '2024-02-29', NULL, 'close', 'normal', 1, NULL, '2024-02-28', NULL, '1', NULL,
     NULL, NULL, NULL, NULL),
    (9, 'draft', true, 3, 2, 1, 1, '2027-01-01', NULL, 'draft', 'normal', 1, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL, NULL);
""",
    ("7", "8"),
)
ODOO_19: Final = Product(
    "odoo-19",
    _ODOO.replace("{department}", "jsonb")
    + _DEPARTMENT.replace("{}", '{"en_US": "Shop 2", "ru_RU": "Цех № 2"}')
    + """
CREATE TABLE hr_employee (id integer PRIMARY KEY, active boolean, company_id integer, current_version_id integer);
CREATE TABLE hr_version (id integer PRIMARY KEY, active boolean, company_id integer, employee_id integer,
    date_version date NOT NULL, identification_id varchar, job_id integer, work_location_id integer,
    departure_reason_id integer, departure_date date, contract_date_start date, contract_date_end date,
    contract_type_id integer, department_id integer);
""",
    _ODOO_ADDITIONS + "ALTER TABLE hr_version ADD x_usrec_number varchar;" + _ODOO_FIELDS.format(table="hr_version"),
    """
INSERT INTO hr_version VALUES
    (7, true, 1, 1, '2026-11-18', '900101300007', 2, 1, NULL, NULL, '2026-11-18', NULL, 1, NULL, 'ТД-7', '2026-11-16',
     '2026-11-17', '1', NULL, NULL, NULL, NULL, NULL),
    (9, true, 1, 1, '2026-11-20', '900101300007', 1, 1, NULL, NULL, '2026-11-18', NULL, 1, 3, 'ТД-7', '2026-11-16',
     '2026-11-17', '1', NULL, 'ДС-1', '2026-11-19', '2026-11-20', '2026-11-23'),
    (10, true, 1, 1, '2027-06-01', '900101300007', 2, 1, NULL, NULL, '2026-11-18', NULL, 1, NULL, 'ТД-7', '2026-11-16',
     '2026-11-17', '1', NULL, NULL, NULL, NULL, NULL),
    (8, true, 1, 2, '2024-02-29', '900101300007', 2, 1, 1, '2026-11-20', '2024-02-29', NULL, 1, NULL, 'ТД-8',
     '2024-02-28', NULL, '1', NULL, NULL, NULL, NULL, NULL),
    (11, true, 1, NULL, '2026-01-01', NULL, 2, NULL, NULL, NULL, '2026-01-01', NULL, 1, NULL, 'template', NULL, NULL,
     NULL, NULL, NULL, NULL, NULL, NULL),
    (12, true, 1, 3, '2026-01-01', NULL, 2, NULL, NULL, NULL, NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL);
""",
    ("7", "8"),
)

FRAPPE: Final = Product(
    "frappe",
    """
CREATE TABLE tabCompany (name varchar(140) PRIMARY KEY, tax_id varchar(140)) DEFAULT CHARSET=utf8mb4;
CREATE TABLE tabDesignation (name varchar(140) PRIMARY KEY) DEFAULT CHARSET=utf8mb4;
CREATE TABLE tabEmployee (name varchar(140) PRIMARY KEY, modified datetime(6), docstatus int(1) DEFAULT 0,
    company varchar(140), status varchar(140), designation varchar(140), date_of_joining date, contract_end_date date,
    relieving_date date, reason_for_leaving text, department varchar(140)) DEFAULT CHARSET=utf8mb4;
CREATE TABLE `tabLeave Type` (name varchar(140) PRIMARY KEY) DEFAULT CHARSET=utf8mb4;
CREATE TABLE `tabLeave Application` (name varchar(140) PRIMARY KEY, docstatus int(1) DEFAULT 0, employee varchar(140),
    leave_type varchar(140), from_date date, to_date date, status varchar(140)) DEFAULT CHARSET=utf8mb4;
""",
    """
ALTER TABLE tabDesignation ADD custom_nkz varchar(140);
ALTER TABLE `tabLeave Type` ADD custom_usrec_leave varchar(140);
ALTER TABLE tabEmployee ADD custom_iin varchar(140), ADD custom_contract_number varchar(140),
    ADD custom_contract_date date, ADD custom_signed_on date, ADD custom_term varchar(140),
    ADD custom_conscript varchar(140), ADD custom_work_place varchar(140), ADD custom_ds_number varchar(140),
    ADD custom_ds_date date, ADD custom_ds_signed_on date, ADD custom_ds_begin date,
    ADD custom_reason_code varchar(140);
""",
    """
INSERT INTO tabCompany VALUES ('ТОО', '200940000013');
INSERT INTO tabDesignation VALUES ('Талдаушы', '2511-2-001'), ('Developer', '2512-0-001');
INSERT INTO tabEmployee VALUES
    ('HR-EMP-7', NULL, 0, 'ТОО', 'Active', 'Талдаушы', '2026-11-18', NULL, NULL, NULL, 'Цех № 2', '900101300007',
     'ТД-7', '2026-11-16', '2026-11-17', 'Бессрочный', '1', 'Астана, Мәңгілік Ел, 1', 'ДС-1', '2026-11-19',
     '2026-11-20', '2026-11-23', NULL),
    ('HR-EMP-8', NULL, 0, 'ТОО', 'Left', 'Developer', '2024-02-29', NULL, '2026-11-20', NULL, NULL, '900101300007',
     'ТД-8', '2024-02-28', NULL, 'Бессрочный', '1', 'Астана, Мәңгілік Ел, 1', NULL, NULL, NULL, NULL, '05');
INSERT INTO `tabLeave Type` VALUES ('По уходу', '2'), ('Casual Leave', '');
INSERT INTO `tabLeave Application` VALUES
    ('HR-LAP-1', 1, 'HR-EMP-7', 'По уходу', '2026-12-01', '2027-12-01', 'Approved'),
    ('HR-LAP-2', 1, 'HR-EMP-7', 'Casual Leave', '2026-12-01', '2026-12-02', 'Approved'),
    ('HR-LAP-3', 2, 'HR-EMP-7', 'По уходу', '2027-12-01', '2028-12-01', 'Cancelled');
""",
    ("HR-EMP-7", "HR-EMP-8"),
)
ORANGEHRM: Final = Product(
    "orangehrm",
    """
CREATE TABLE hs_hr_employee (emp_number int(7) PRIMARY KEY, employee_id varchar(50), emp_lastname varchar(100) NOT NULL
    DEFAULT '', emp_status int(13), job_title_code int(7), work_station int(6), joined_date date, termination_id int(4),
    custom1 varchar(250), custom2 varchar(250), custom3 varchar(250), custom4 varchar(250), custom5 varchar(250),
    custom6 varchar(250), custom7 varchar(250), custom8 varchar(250), custom9 varchar(250), custom10 varchar(250),
    purged_at datetime) DEFAULT CHARSET=utf8;
CREATE TABLE hs_hr_emp_contract_extend (emp_number int(7) NOT NULL, econ_extend_id decimal(10,0) NOT NULL,
    econ_extend_start_date datetime, econ_extend_end_date datetime, PRIMARY KEY (emp_number, econ_extend_id));
CREATE TABLE hs_hr_emp_locations (emp_number int NOT NULL, location_id int NOT NULL,
    PRIMARY KEY (emp_number, location_id));
CREATE TABLE ohrm_organization_gen_info (id int(4) PRIMARY KEY, name varchar(100) NOT NULL, tax_id varchar(30))
    DEFAULT CHARSET=utf8;
CREATE TABLE ohrm_subunit (id int(6) PRIMARY KEY, name varchar(100) NOT NULL, unit_id varchar(100), lft smallint(6),
    rgt smallint(6), level smallint(6)) DEFAULT CHARSET=utf8;
CREATE TABLE ohrm_job_title (id int(13) PRIMARY KEY, job_title varchar(100) NOT NULL, note varchar(400))
    DEFAULT CHARSET=utf8;
CREATE TABLE ohrm_location (id int(11) PRIMARY KEY, name varchar(110) NOT NULL, country_code varchar(3) NOT NULL,
    city varchar(60), address varchar(255)) DEFAULT CHARSET=utf8;
CREATE TABLE ohrm_emp_termination (id int(4) PRIMARY KEY, emp_number int(4), reason_id int(4),
    termination_date date NOT NULL, note varchar(255)) DEFAULT CHARSET=utf8;
CREATE TABLE ohrm_emp_termination_reason (id int(4) PRIMARY KEY, name varchar(100)) DEFAULT CHARSET=utf8;
""",
    "",
    """
INSERT INTO ohrm_organization_gen_info VALUES (1, 'ТОО', '200940000013');
INSERT INTO ohrm_subunit VALUES (3, 'Цех № 2', NULL, 2, 3, 1);
INSERT INTO ohrm_job_title VALUES (1, 'Талдаушы', NULL), (2, 'Developer', NULL);
INSERT INTO ohrm_location VALUES (1, 'Офис', 'KZ', 'Астана', 'Мәңгілік Ел, 1'), (2, 'Склад', 'KZ', 'Астана', '2');
INSERT INTO hs_hr_emp_locations VALUES (7, 1), (7, 2), (8, 1);
INSERT INTO ohrm_emp_termination_reason VALUES (6, 'Resigned');
INSERT INTO ohrm_emp_termination VALUES (1, 8, 6, '2026-11-20', NULL), (2, 7, 6, '2020-01-01', 'an earlier time');
INSERT INTO hs_hr_emp_contract_extend VALUES (8, 1, '2024-02-29', NULL);
INSERT INTO hs_hr_employee VALUES
    (7, '0007', 'А', NULL, 1, 3, '2026-11-18', NULL, '900101300007', 'ТД-7', '16.11.2026', '2026-11-17', '1', 'ДС-1',
     '19.11.2026', '20.11.2026', '23.11.2026', 'Бессрочный', NULL),
    (8, '0008', 'Б', NULL, 2, NULL, '2024-02-29', 1, '900101300007', 'ТД-8', '28.02.2024', '', '1', '', '', '', '',
     'Бессрочный', NULL),
    (9, '0009', 'Purge', NULL, 2, NULL, NULL, NULL, '', '', '', '', '', '', '', '', '', '', '2026-01-01');
""",
    ("7/ТД-7", "8/ТД-8"),
)

_KEY: Final = (
    "MANDT varchar(3), PERNR varchar(8), SUBTY varchar(4), OBJPS varchar(2), SPRPS varchar(1), ENDDA varchar(8),"
    " BEGDA varchar(8), SEQNR varchar(3)"
)
SAP: Final = Product(
    "sap",
    f"""
CREATE TABLE PA0000 ({_KEY}, MASSN varchar(2), MASSG varchar(2), STAT2 varchar(1));
CREATE TABLE PA0001 ({_KEY}, BUKRS varchar(4), WERKS varchar(4), PERSG varchar(1), STELL varchar(8), PLANS varchar(8),
    ORGEH varchar(8));
CREATE TABLE PA0002 ({_KEY}, NACHN varchar(40), VORNA varchar(40), GBDAT varchar(8), PERID varchar(20));
CREATE TABLE PA0016 ({_KEY}, CTTYP varchar(2), CTEDT varchar(8));
CREATE TABLE T528T (MANDT varchar(3), SPRSL varchar(1), OTYPE varchar(2), PLANS varchar(8), ENDDA varchar(8),
    BEGDA varchar(8), PLSTX varchar(25));
CREATE TABLE T527X (MANDT varchar(3), SPRSL varchar(1), ORGEH varchar(8), ENDDA varchar(8), BEGDA varchar(8),
    ORGTX varchar(25));
""",
    f"""
CREATE TABLE PA9001 ({_KEY}, ZZNUMBER varchar(40), ZZDATE varchar(8), ZZSIGNED varchar(8), ZZBEGIN varchar(8),
    ZZCONSCR varchar(10), ZZPLACE varchar(255), ZZDSNUMBER varchar(40), ZZDSDATE varchar(8), ZZDSSIGNED varchar(8),
    ZZDSBEGIN varchar(8));
""",
    """
INSERT INTO T528T VALUES ('100', 'R', 'S', '50000001', '99991231', '19000101', 'Талдаушы'),
    ('100', 'E', 'S', '50000001', '99991231', '19000101', 'Analyst'),
    ('100', 'R', 'S', '50000002', '99991231', '19000101', 'Developer');
INSERT INTO T527X VALUES ('100', 'R', '40000003', '99991231', '19000101', 'Цех № 2'),
    ('100', 'E', '40000003', '99991231', '19000101', 'Shop 2');
INSERT INTO PA0002 VALUES ('100', '00000007', ' ', ' ', ' ', '99991231', '19900101', '000', 'А', 'А', '19900101',
    '900101300007'),
    ('100', '00000008', ' ', ' ', ' ', '20250101', '19900101', '000', 'Б', 'Б', '19900101', 'an old name'),
    ('100', '00000008', ' ', ' ', ' ', '99991231', '20250102', '000', 'Б', 'Б', '19900101', '900101300007');
INSERT INTO PA0000 VALUES ('100', '00000007', ' ', ' ', ' ', '20241231', '20200101', '000', '01', '01', '3'),
    ('100', '00000007', ' ', ' ', ' ', '20261117', '20250101', '000', '10', '09', '0'),
    ('100', '00000007', ' ', ' ', ' ', '99991231', '20261118', '000', '12', '01', '3'),
    ('100', '00000008', ' ', ' ', ' ', '20261120', '20240229', '000', '01', '01', '3'),
    ('100', '00000008', ' ', ' ', ' ', '99991231', '20261121', '000', '10', '02', '0'),
    ('200', '00000007', ' ', ' ', ' ', '99991231', '20261119', '000', '10', '02', '0');
INSERT INTO PA0001 VALUES
    ('100', '00000007', ' ', ' ', ' ', '20261119', '20261118', '000', 'KZ01', '1', '1', '60000002', '50000002',
     '00000000'),
    ('100', '00000007', ' ', ' ', ' ', '99991231', '20261120', '000', 'KZ01', '1', '1', '60000001', '50000001',
     '40000003'),
    ('100', '00000007', ' ', ' ', 'X', '99991231', '20261119', '000', 'KZ01', '1', '1', '60000009', '50000009',
     '00000000'),
    ('100', '00000008', ' ', ' ', ' ', '20261120', '20240229', '000', 'KZ01', '1', '1', '60000002', '50000002',
     '00000000');
INSERT INTO PA0016 VALUES ('100', '00000007', ' ', ' ', ' ', '99991231', '20261118', '000', '01', '00000000'),
    ('100', '00000008', ' ', ' ', ' ', '99991231', '20240229', '000', '01', '99991231');
INSERT INTO PA9001 VALUES
    ('100', '00000007', ' ', ' ', ' ', '20261119', '20261118', '000', 'ТД-7', '20261116', '20261117', '20261118', '1',
     'Астана, Мәңгілік Ел, 1', ' ', '00000000', '00000000', '00000000'),
    ('100', '00000007', ' ', ' ', ' ', '99991231', '20261120', '000', 'ТД-7', '20261116', '20261117', '20261118', '1',
     'Астана, Мәңгілік Ел, 1', 'ДС-1', '20261119', '20261120', '20261123'),
    ('100', '00000008', ' ', ' ', ' ', '99991231', '20240229', '000', 'ТД-8', '20240228', '00000000', '20240229', '1',
     'Астана, Мәңгілік Ел, 1', ' ', '00000000', '00000000', '00000000');
""",
    ("00000007/ТД-7", "00000008/ТД-8"),
)
