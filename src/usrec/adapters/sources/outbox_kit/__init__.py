"""SQL for the administrator of an HR database: the outbox table, rights for the agent, triggers that fill the table."""
