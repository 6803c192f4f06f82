"""The contract of the API: every operation with its security, parameters, bodies and responses, as OpenAPI 3.1."""
