"""A staff that is no database: tables from an OData service or from files, asked by the same queries."""
