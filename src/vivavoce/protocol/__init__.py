"""The wire contract: requests, responses and messages, shared by server and client."""
