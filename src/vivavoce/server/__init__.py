"""The server: composition, REST, the socket."""
